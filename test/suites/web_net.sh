#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mmcgadget-web beside the daemon without USB, as others in the network meet it: how many connections they get, how long
# these may be silent, which networks are let in. And a card that gets full beside a burn. Runs in a network and with
# mounts of its own, for which it needs root.
set -u
if [ -z "${INSIDE:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo 'ok 1 - the page in a network # SKIP needs root'
		echo '1..1'
		exit 0
	fi
	INSIDE=1 exec unshare --net --mount --propagation private "$0"
fi
. test/web/lib.sh

if ! [ -x "$O/mmcgadget-web" ]; then
	echo 'ok 1 - mmcgadget-web # SKIP libmicrohttpd is not installed'
	echo '1..1'
	exit 0
fi
# Loopback gets 127.0.0.1 by itself, and here all addresses of 10.0.0.0/8 as well. To the page, a client that has one of
# these is another machine.
python3 - <<'P'
import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def set(call, name, value):
    fcntl.ioctl(s, call, struct.pack("16s24s", name, value))
def address(text):
    return struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(text))
set(0x8914, b"lo", struct.pack("H", 0x49))       # SIOCSIFFLAGS: up, running
set(0x8916, b"lo:1", address("10.55.0.1"))       # SIOCSIFADDR
set(0x891c, b"lo:1", address("255.0.0.0"))       # SIOCSIFNETMASK
P
wire=http://10.55.0.1:8080
also_at=(10.55.0.1:8080)
again() { # LINE: starts the program again, with LINE in its configuration
	kill "$web"
	wait "$web" 2>/dev/null
	sed -i '/^allow/d' "$S/web.conf"
	echo "$1" >>"$S/web.conf"
	web_run
}
mkdir "$S/media"
# So small that no burn takes room before it needs it (src/media/blocks_ahead.h).
mount -t tmpfs -o size=70m,mode=777 card "$S/media"
web_start || {
	echo 'not ok 1 - mmcgadget-web starts'
	sed 's/^/# /' "$S/daemon.log" "$S/web.log"
	exit 1
}
log_in
lets_in() { [ "$(curl -s -m 20 --interface "$1" -o "$S/null" -w '%{http_code}' "$wire/api/v1/health")" = 204 ]; } # ADDRESS
board_itself() { [ "$(code /api/v1/health)" = 204 ]; }
not() { ! "$@"; }
wait_for() { # COMMAND...: 60 s at most
	local end=$((SECONDS + 60))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}
lines() { wc -l <"$S/held"; }
has_lines() { [ "$(lines)" -ge "$1" ]; }
# while_held COMMAND NUMBER MOST ADDRESS...: passes if COMMAND does while hold.pl holds NUMBER connections from each
# ADDRESS, of which the page leaves MOST open in all. If a slow machine took so long that the page closed some of these
# before COMMAND ended, all of it is done again.
while_held() {
	local rc
	for _ in 1 2 3 4 5 6; do
		: >"$S/held"
		perl test/web/hold.pl 10.55.0.1:8080 "${@:2}" >"$S/held" 2>&1 &
		holder=$!
		pids+=("$holder")
		wait_for has_lines 1
		"$1"
		rc=$?
		if [ "$(lines)" = 1 ] && [ "$(<"$S/held")" != late ]; then
			return $rc
		fi
		echo 'too late, again'
		wait $holder
	done
	return 1
}
one_address() {
	same 16 "$(head -n 1 "$S/held")" && not lets_in 10.55.0.2 && lets_in 10.55.0.3
}
all_addresses() {
	same 252 "$(head -n 1 "$S/held")" && not lets_in 10.55.0.2 && board_itself
}

echo '# connections whose headers never end'
check 'a neighbour is let in' lets_in 10.55.0.2
check 'an address gets 16 of 17 connections and no further one, another address gets one' while_held one_address 17 16 10.55.0.2
wait_for has_lines 3
seconds=$(tail -n 1 "$S/held")
check "all are closed after $seconds s, 9 at least" test "$(lines)" = 3 -a "$seconds" -ge 9
check 'then the address is let in again' lets_in 10.55.0.2
# shellcheck disable=SC2046 # words
check '16 addresses get 252 of 256 connections, another address gets none, the board itself gets one' \
	while_held all_addresses 16 252 $(seq -f 10.55.0.%g 3 18)
wait_for has_lines 3
check 'then another address gets one again' lets_in 10.55.0.2
check 'the log has at most one line a minute about refused connections' test "$(grep -c 'refused .* connection' "$S/web.log")" -le $((1 + SECONDS / 60))

echo '# networks'
: >"$S/web.log"
again ''
check 'who is in another network is not let in' not lets_in 10.56.0.2
check 'the log says why' grep -q 'refused 1 connection, the last one from 10.56.0.2: allow in web.conf does not name this network' "$S/web.log"
again 'allow = ( "10.56.0.0/24" );'
check 'its network in allow is' lets_in 10.56.0.2
check 'a network that allow does not name is not' not lets_in 10.56.1.2
check 'not even that of the board' not lets_in 10.55.0.2
check 'the board itself always is' board_itself
again ''

echo '# a card that gets full beside a burn'
json='Content-Type: application/json'
name=/api/v1/images
head -c 3000000 /dev/urandom >"$S/x"
drive() { token /api/v1/status >"$S/null" && body ".drives[0].$1"; }
check 'a blank may be larger than the card' same 200 "$(token -H "$json" -d '{"name":"burn.iso"}' /api/v1/drives/drive0/blank)"
check 'until it is known where a burn ends, all room is kept for it' same 507 "$(token -T "$S/x" $name/early.iso/content)"
check 'the answer has the code no-room' same no-room "$(body .code)"
# A volume of 10000 blocks (ECMA-119 8.4), of which the PC has sent 2000.
python3 - "$S" <<'P'
import os, sys
image = bytearray(os.urandom(10000 * 2048))
volume = bytearray(2048)
volume[0:7], volume[40:44], volume[80:88] = b"\1CD001\1", b"FULL", (10000).to_bytes(4, "little") + (10000).to_bytes(4, "big")
volume[128:132] = b"\0\x08\x08\0"
image[16 * 2048:18 * 2048] = volume + b"\xffCD001\1" + bytes(2041)
for name, part in ("image", image), ("first", image[:2000 * 2048]), ("rest", image[2000 * 2048:]):
    with open(sys.argv[1] + "/" + name, "wb") as f:
        f.write(part)
P
host() { "$O/test/web/fake_daemon" --host "$S" "$@"; }
host burn drive0 file="$S/first" >"$S/null"
check 'the PC has sent a part of a burn' same 'ok: drive0: 2000 blocks burned' "$(host wait drive0)"
check 'then it is known where that burn ends' same 10000 "$(drive burn_end)"
is_saved() { [ "$(drive unsynced_blocks)" = 0 ]; }
check 'that part is on the card' wait_for is_saved
# Leaves free: the rest of the burn, the 32 MiB that no upload gets, and room for three uploads.
fallocate -l $(($(drive card_free_bytes) - 8000 * 2048 - (32 << 20) - 9500000)) "$S/media/others"
for i in $(seq 5); do
	token -T "$S/x" $name/beside-$i.iso/content
	echo
done >"$S/sent"
check 'three uploads have room beside it, and no more' same '201 201 201 507 507' "$(xargs <"$S/sent")"
host burn drive0 file="$S/rest" rate=8000 finalise >"$S/null"
host wait drive0 >"$S/burned" &
burner=$!
# Each upload is larger than the drive's buffer, whose blocks have not taken their room on the card yet.
head -c 20000000 /dev/zero >"$S/large"
while kill -0 $burner 2>/dev/null; do
	token -T "$S/large" $name/more.iso/content
	echo
done >"$S/sent"
wait $burner
check 'the burn goes on, and succeeds' same 'ok: drive0: 8000 blocks burned' "$(cat "$S/burned")"
check 'each upload during the burn is refused' same 507 "$(sort -u "$S/sent" | xargs)"
check 'the disc is what the PC has sent' cmp -n $((10000 * 2048)) "$S/image" "$S/media/burn.iso"
all_are_whole() {
	local f
	for f in "$S"/media/beside-*.iso; do cmp "$S/x" "$f" || return 1; done
	[ -z "$(find "$S/media" -name '*.part')" ]
}
check 'the accepted uploads are whole, and no part file is left of the others' all_are_whole
rm "$S/media/others"
check 'with room again, an upload is accepted' same 201 "$(token -T "$S/x" $name/late.iso/content)"
kill "$daemon" && wait "$daemon" 2>/dev/null
umount -l "$S/media"
echo "1..$n"
