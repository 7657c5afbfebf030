#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page (mmcgadget-web) as the shipped service, in front of the real daemon, on a card that takes 60 ms for
# each write (device-mapper's delay target). A burn goes on while discs are uploaded at full speed and one is
# downloaded: all are compared. A small card gets full beside a burn. Then discs are uploaded from the PC, over the gadget's
# network, beside another burn, and many connections are held from there. What the page's sandbox forbids is tried from
# inside. The power is cut in an upload: what has not reached the card is lost, and the upload goes on from what was saved.
# shellcheck disable=SC2154 # media and work are lib.sh's
. ./lib.sh

url=http://127.0.0.1:8080
api=$url/api/v1
card=/srv/discs # as in mmcgadget.conf(5)
small_card=/srv/small
unit=mmcgadget-web.service
dropin=/run/systemd/system/$unit.d
socket_dropin=/run/systemd/system/mmcgadget-web.socket.d
json='Content-Type: application/json'
call() { curl -sS -m 120 -H "Authorization: Bearer $token" "$@"; }
# As call, in the background, so that $! is that of curl.
call_exec() { exec curl -sS -m 120 -H "Authorization: Bearer $token" "$@"; }
# status ARGUMENT...: the status of a request; the body is in $work/body.
status() { call -o "$work/body" -w '%{http_code}' "$@"; }
offset_of() { ctl --json uploads | jq -r "[.uploads[] | select(.image == \"$1\") | .offset][0] // empty"; }
web_pid() { systemctl show -P MainPID $unit; }
web_ended() { [ "$(web_pid)" = 0 ]; }

# ---- the card ----
map() { # TABLE: what the card is from now on
	dmsetup suspend --nolockfs --noflush card
	dmsetup reload card --table "$1"
	dmsetup resume --noudevsync --noudevrules card
}
udc_load
truncate -s 8G "$work/fs.img" # a blank keeps 4.7 GB of it; what is not written takes no room
modprobe -a loop dm-delay
disk=$(losetup -f --show "$work/fs.img")
sectors=$(blockdev --getsz "$disk")
good="0 $sectors delay $disk 0 0 $disk 0 60"
check "a slow card is made" dmsetup create card --table "$good"
mkfs.ext4 -q -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 -J size=16 /dev/mapper/card
mkdir -p "$card"
mount -o noatime,noinit_itable /dev/mapper/card "$card" || finish
allow_media_folder "$card"
truncate -s 256M "$work/small.img"
mkfs.ext4 -q -m 0 "$work/small.img"
mkdir -p $small_card
mount -o loop "$work/small.img" $small_card || finish
allow_media_folder $small_card
ip link set lo up

make_iso BURN 20 "$work/burn.iso"
make_iso FULL 28 "$work/full.iso"
head -c 3000000 /dev/urandom >"$work/small"
head -c 12000000 /dev/urandom >"$work/large"
head -c 4000000 "$work/large" >"$work/begin"

# ---- the page ----
systemd-sysusers mmcgadget-web.conf 2>"$work/log" # in this job alone: with its user, the daemon has one socket more
echo 'correct horse' | ctl web password >"$work/log" 2>&1
token=$(ctl web token add job 2>"$work/log" | tail -n 1)
echo 'idle = 2;' >/etc/mmcgadget/web.conf
config extra="drives = ( { name = \"drive0\"; media = \"$card\"; } );"
drive_up
dmesg_mark page
like "its next step is to listen" "$(ctl web)" 'off: nothing listens; next: sudo systemctl enable --now mmcgadget-web.socket$'
check "its socket is there" systemctl start mmcgadget-web.socket
like "then it is on" "$(ctl web)" '^the web page is on$'
is "the first connection starts it" "$(status "$api/status")" 200
is "status: as of mmcgadgetctl" "$(jq -c '.drives[0].name, .drives[0].state' "$work/body")" \
	"$(ctl --json status | jq -c '.drives[0].name, .drives[0].state')"

# ---- what nobody should send, with this release's libmicrohttpd ----
raw() { # TEXT: the first line of the answer
	exec 9<>/dev/tcp/127.0.0.1/8080 || return 1
	printf '%b' "$1" | dd bs=64k iflag=fullblock status=none >&9
	timeout 20 head -n 1 <&9 | tr -d '\r'
	exec 9>&-
}
while IFS='|' read -r name want text; do
	like "$name" "$(raw "$text")" "^HTTP/1\.1 ($want) "
done < <(grep -v '^#' /src/test/web/refused.rows)
without_login() { curl -sS -m 60 --path-as-is -o /dev/null -w '%{http_code}' "$@"; }
is "a path with %00" "$(without_login "$url/%00x")" 401
is "the same after log-in" "$(status --path-as-is "$url/%00x")" 404
many=()
for i in $(seq 70); do many+=(-H "X-H$i: a"); done
is "70 headers" "$(without_login "${many[@]}" "$url/")" 431
is "a header of 70 kB" "$(without_login -H "X-Long: $(head -c 70000 /dev/zero | tr '\0' x)" "$url/")" 431

# ---- every route, with this release's libmicrohttpd ----
# The names and the id that are put into the paths do not exist, so that nothing happens.
is "the list of routes" "$(status "$api/help")" 200
jq -r '.routes[] | [.method, .path, .login, .effect] | @tsv' "$work/body" |
	sed 's/NAME/nothing-%3f.iso/; s/DRIVE/nothing/; s/\bID\b/0000000000000000/' >"$work/routes"
check "it has at least 38 routes" test "$(wc -l <"$work/routes")" -ge 38
# all_routes WHICH OPTION=VALUE...: the statuses of these routes, asked with these options by one curl.
all_routes() {
	local line out=''
	while IFS=$'\t' read -r method path login effect; do
		[ "$1" != login ] || [ "$login" = true ] || continue
		[ "$1" != effect ] || [ "$effect" = true ] || continue
		for line in "url = \"$url$path\"" "request = $method" "header = \"Content-Length: 0\"" "${@:2}" \
			"output = /dev/null" 'write-out = "%{http_code}\n"' 'path-as-is' 'max-time = 60'; do
			out+=$line$'\n'
		done
		out+=$'next\n'
	done <"$work/routes"
	curl -sS -K - <<<"${out%next*}" | sort | uniq -c | xargs
}
routes() { awk -F'\t' -v k="$1" '$k == "true"' "$work/routes" | wc -l; }
is "each without a log-in" "$(all_routes login)" "$(routes 3) 401"
is "each on another host" "$(all_routes all 'header = "Host: evil.test"')" "$(wc -l <"$work/routes") 421"
is "each with an effect from another site" "$(all_routes effect 'header = "Origin: http://evil.test"' \
	"header = \"Authorization: Bearer $token\"")" "$(routes 4) 403"

# ---- a burn goes first ----
# burn IMAGE: burns the image to the blank in the drive; $work/took has how long that took, in ms. Four times the speed
# of a DVD are asked for.
burn() {
	local begun rc
	begun=$(date +%s%N)
	growisofs -speed=4 -dvd-compat -Z "/dev/$sr=$1" >"$work/burn.log" 2>&1
	rc=$?
	echo $((($(date +%s%N) - begun) / 1000000)) >"$work/took"
	return $rc
}
rate() { echo $(($(stat -c %s "$1") / $(<"$work/took"))); } # IMAGE: kB/s
# is_burned NAME IMAGE LABEL FILE: the burn that runs as $burner ends well, and card and host have the image.
is_burned() {
	local size
	size=$(stat -c %s "$2")
	check "$1: the burn succeeds" wait $burner || tail -n 5 "$work/burn.log" | sed 's/^/#   /'
	wait_for_udev
	is "$1: no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
	check "$1: the disc on the card equals the image" cmp -n "$size" "$2" "$4"
	check "$1: the host sees the disc" wait_for 60 has_label "$sr" "$3"
	check "$1: the host reads the image back" cmp -n "$size" "$2" "/dev/$sr"
}
# burn_beside NAME DISC COMMAND: burns the image on the blank in the drive, whose file is DISC, and meanwhile runs the
# command again and again, with a number each time, to upload and download. All that it prints is in $work/sent. NAME
# begins the names of the checks.
burn_beside() {
	local n=0
	check "$1: the host sees the blank" wait_for 20 blank_seen || finish
	burn "$work/burn.iso" &
	burner=$!
	while kill -0 $burner 2>/dev/null || [ $n -lt 2 ]; do
		n=$((n + 1))
		"$3" $n
	done >"$work/sent"
	is_burned "$1" "$work/burn.iso" BURN "$card/$2"
	echo "#   $1: $n uploads beside a burn at $(rate "$work/burn.iso") kB/s; alone it had $alone kB/s"
	# They share the processors of the guest, too, which may be emulated.
	check "$1: it has at least a tenth of the speed that it had alone" [ "$(rate "$work/burn.iso")" -ge $((alone / 10)) ]
}
is "a blank for a burn alone" "$(status -H "$json" -d '{"name":"alone.img"}' "$api/drives/drive0/blank")" 200
check "alone: the host sees the blank" wait_for 20 blank_seen || finish
burn "$work/burn.iso" &
burner=$!
is_burned "alone" "$work/burn.iso" BURN "$card/alone.img"
alone=$(rate "$work/burn.iso")
is "alone: eject" "$(status -X POST "$api/drives/drive0/eject")" 200
is "a blank, by the page" "$(status -H "$json" -d '{"name":"disc.img"}' "$api/drives/drive0/blank")" 200
is "a disc is uploaded" "$(status -T "$work/small" "$api/images/first.iso/content")" 201
# stamp FILE: copies standard input to the file, with the time before each line.
stamp() { while IFS= read -r line; do echo "$EPOCHREALTIME $line"; done >"$1"; }
call_exec -N "$api/events" > >(stamp "$work/events") &
listener=$!
mmcgadgetctl --json watch > >(stamp "$work/watch") &
watcher=$!
got() { call "$api/images/first.iso/content" | cmp - "$work/small" && echo same; }
send_and_get() { echo "$(status -T "$work/small" "$api/images/up-$1.iso/content") $(got)"; }
burn_beside "a burn" disc.img send_and_get
is "each upload and download beside it was good" "$(sort -u "$work/sent")" "201 same"
uploads_are_the_same() {
	local f
	for f in "$card"/up-*.iso; do cmp "$work/small" "$f" || return 1; done
}
check "each upload is the same on the card" uploads_are_the_same
check "the events told of the burn" wait_for 60 grep -q '"recorded_blocks":[1-9]' "$work/events"
check "and of its end" wait_for 60 grep -q '"state":"complete"' "$work/events"
kill -INT $watcher
kill $listener
wait $watcher
# What "mmcgadgetctl watch" said during the burn, and what the page's events had said 2.5 s before it at the latest, and
# had 2.5 s after it at the earliest; and of the rates, the nearest. No block is counted twice, so that neither may have
# more than the other had later.
jq -n --slurpfile watch <(sed -n 's/^\([0-9.]*\) \({.*\)/{"at":\1,"line":\2}/p' "$work/watch") \
	--slurpfile page <(sed -n 's/^\([0-9.]*\) data: \(.*\)/{"at":\1,"line":\2}/p' "$work/events") '
	[$page[] | select(.line.drive | type == "object") | {at} + .line.drive] as $page |
	[$watch[] | {at} + .line | select(.activity == "burning" and .recorded_blocks > 0 and .burn_end > 0) | . as $w | {
		at: $w.recorded_blocks, end: $w.burn_end, rate: $w.write_kb_s,
		before: ([$page[] | select(.at < $w.at - 2.5).recorded_blocks] | max // 0),
		after: ([$page[] | select(.at > $w.at + 2.5).recorded_blocks] | min // $w.burn_end),
		near: ($page | min_by(.at - $w.at | fabs) | {at: .recorded_blocks, end: .burn_end, rate: .burn_rate_kb_s})}]' >"$work/both"
jq -c '.[] | [.before, .at, .after, .near.at, .end, .near.end, .rate, .near.rate]' "$work/both" | sed 's/^/#   events beside watch: /'
check "watch told of the burn" jq -e 'length >= 2' "$work/both"
check "and the page's events the same progress" jq -e 'all(.before <= .at and .at <= .after)' "$work/both"
check "towards the same end" jq -e 'all(.near.end == .end or .near.end == null)' "$work/both"
check "at the same rate, more or less" jq -e '[.[] | select(.rate > 0 and .near.rate > 0) | .near.rate / .rate] | sort |
	length > 0 and .[length / 2 | floor] > 0.5 and .[length / 2 | floor] < 2' "$work/both"
is "what is loaded is not deleted" "$(status -X DELETE "$api/images/disc.img")" 423
is "eject, by the page" "$(status -X POST "$api/drives/drive0/eject")" 200
rm -f "$card"/up-*.iso

# ---- a card that gets full beside a burn ----
# What a burn was promised is kept: uploads take the rest, to the last byte that they may have, and then they are
# refused.
page_answers() { [ "$(status "$api/status")" = 200 ]; }
daemon_stop
wait_for 20 have_drives 0
config extra="drives = ( { name = \"drive0\"; media = \"$small_card\"; } );"
drive_up
check "full: the page has the daemon again" wait_for 20 page_answers
is "full: a blank that is larger than the card" "$(status -H "$json" -d '{"name":"full.img"}' "$api/drives/drive0/blank")" 200
like "full: its answer says so" "$(jq -r .message "$work/body")" 'only [0-9.]+ MB are free in .*, a full disc takes 4.70 GB'
check "full: the host sees the blank" wait_for 20 blank_seen || finish
is "full: all is kept for a disc whose end is not known" "$(status -T "$work/small" "$api/images/early.iso/content")" 507
is "full: with a code" "$(jq -r .code "$work/body")" no-room
# The burn, the 32 MiB that always stay, and room for three uploads; a fourth would not even fit with the room that the
# drive's buffer of 2 MiB has not taken yet. On so small a card a burn takes no room before it needs it
# (src/media/blocks_ahead.h).
fill=$(($(state card_free_bytes) - $(stat -c %s "$work/full.iso") - (32 << 20) - 9500000))
check "full: others fill the card" fallocate -l $fill $small_card/others
burn "$work/full.iso" &
burner=$!
end_is_known() { [ "$(state burn_end)" -gt 0 ] && [ "$(state recorded_blocks)" -gt 0 ]; }
put() { status -T "$work/small" "$api/images/beside-$1.iso/content"; } # NUMBER
check "full: the burn is under way" wait_for 60 end_is_known
# However slow the uploads are, they come before the end of the burn.
pkill -STOP -x growisofs
answers=$(for n in 1 2 3 4 5; do put $n && echo; done | xargs)
is "full: three uploads have room, and no more" "$answers" "201 201 201 507 507"
is "full: that was in the middle of the burn" "$(state 'recorded_blocks < .drives[0].burn_end')" true
pkill -CONT -x growisofs
# These are larger than the drive's buffer, whose blocks have not taken their room yet.
while kill -0 $burner 2>/dev/null; do
	status -T "$work/large" "$api/images/beside-6.iso/content" && echo
done >"$work/sent"
echo "#   full: $(wc -l <"$work/sent") more were tried while the burn went on"
is "full: they were refused" "$(sort -u "$work/sent" | xargs)" 507
is_burned "full" "$work/full.iso" FULL $small_card/full.img
others_are_whole() {
	local f
	for f in $small_card/beside-*.iso; do cmp "$work/small" "$f" || return 1; done
	[ "$(find $small_card -name '*.part' | wc -l)" = 0 ]
}
check "full: what was taken is whole, and nothing is left of the others" others_are_whole
echo "#   full: $(state card_free_bytes) bytes are free"
rm $small_card/others
is "full: with room again, an upload is taken" "$(status -T "$work/small" "$api/images/late.iso/content")" 201
is "full: eject" "$(status -X POST "$api/drives/drive0/eject")" 200
check "full: the burned disc is the same after that" cmp -n "$(stat -c %s "$work/full.iso")" "$work/full.iso" $small_card/full.img

# ---- from the PC, over the USB network ----
# The PC's end is in a network namespace, so that packets go over the bus.
wire=http://10.55.0.1
session() { ip netns exec pc curl -sS -m 120 -b "$work/jar" -H 'X-Mmcgadget: 1' "$@"; }
wire_status() { session -o "$work/body" -w '%{http_code}' "$@"; }
wire_offset() { # ID
	session -I "$wire/api/v1/uploads/$1" | sed -n 's/^Upload-Offset: \([0-9]*\)\r$/\1/p'
}
pc_end() { # the PC's end of the network
	local d
	for d in /sys/class/net/*; do
		[ "$d/device/driver" -ef /sys/bus/usb/drivers/cdc_ncm ] && echo "${d##*/}" && return
	done
	return 1
}
pc_is_there() { have_drives 1 && pc_end; }
plug_pc() { # gives both ends of the cable their addresses, as services of board and PC do
	local end
	check "$1: the PC has the network" wait_for 60 pc_is_there || finish
	ip netns del pc 2>/dev/null
	ip netns add pc
	end=$(pc_end)
	ip link set "$end" netns pc
	ip -n pc addr add 10.55.0.2/24 dev "$end"
	ip -n pc link set "$end" up
	end=$(ctl --json status | jq -r '.functions[0].node')
	ip addr add 10.55.0.1/24 dev "$end"
	ip link set "$end" up
}
health() { [ "$(wire_status -m 5 "$wire${1:-}/api/v1/health")" = 204 ]; }
listens() { grep -q ' 0100370A:0050 00000000:0000 0A ' /proc/net/tcp; } # 10.55.0.1, port 80
mkdir -p $socket_dropin
sed -n '/^\*\*The PC at the cable/,/^\*\*Which/s/^    //p' /src/docs/web.md >$socket_dropin/job.conf
systemctl daemon-reload
systemctl stop mmcgadget-web.socket $unit
check_not "nobody listens to the PC at first" listens
check "it does, before there is a network" systemctl start mmcgadget-web.socket && check "as docs/web.md says" listens
daemon_stop
wait_for 20 have_drives 0
config extra="functions = ( { type = \"ncm\"; } ); drives = ( { name = \"drive0\"; media = \"$card\"; } );"
drive_up
plug_pc "cable"
check "cable: the PC reaches the page" wait_for 30 health
check_not "cable: but not the port of the board alone" health :8080
# ---- many connections, and those of others ----
from() { [ "$(ip netns exec pc curl -sS -m 30 --interface "$1" -o /dev/null -w '%{http_code}' "$wire/api/v1/health")" = 204 ]; } # ADDRESS
board_itself() { [ "$(without_login "$api/health")" = 204 ]; }
lines() { wc -l <"$work/lines"; }
has_lines() { [ "$(lines)" -ge "$1" ]; }
# Passes if an address gets 16 of 17 connections whose headers never end, and then no further one, but another address
# does. Where the page has closed the first before that was seen, after 10 s, all of it is done again.
has_16_connections() {
	for _ in 1 2 3; do
		: >"$work/lines"
		ip netns exec pc perl /src/test/web/hold.pl 10.55.0.1:80 17 16 10.55.0.2 >"$work/lines" 2>&1 &
		wait_for 30 has_lines 1
		is_held_in_part && [ "$(lines)" = 1 ] && return
		wait $!
	done
	cat "$work/lines"
	return 1
}
is_held_in_part() { [ "$(head -n 1 "$work/lines")" = 16 ] && ! from 10.55.0.2 && from 10.55.0.3; }
end=$(ip -n pc -o -4 addr show to 10.55.0.2 | awk '{ print $2 }')
ip -n pc addr add 10.55.0.3/24 dev "$end"
check "an address has 16 of 17 connections, and no further one; another address has" has_16_connections
check "headers that never end are waited for no longer than a while" wait_for 60 has_lines 3
check "$(tail -n 1 "$work/lines") s, 9 at least" [ "$(tail -n 1 "$work/lines")" -ge 9 ]
check "then the address has a connection again" wait_for 60 from 10.55.0.2
# An address of another network.
ip -n pc addr add 10.56.0.2/32 dev "$end"
ip route add 10.56.0.2 dev "$(ctl --json status | jq -r '.functions[0].node')"
check "the page ends without connections" wait_for 20 web_ended
check_not "who is in another network is not let in" from 10.56.0.2
says_why() {
	journalctl -u $unit --no-pager -o cat |
		grep -x 'refused 1 connection, the last one from 10.56.0.2: allow in web.conf does not name this network'
}
check "the log says why" wait_for 60 says_why
echo 'allow = ( "10.56.0.0/24" );' >>/etc/mmcgadget/web.conf
check "the page ends again" wait_for 20 web_ended
check "with that network in allow, it is" from 10.56.0.2
check_not "and the one of the board is not" from 10.55.0.2
check "the board itself always is" board_itself
sed -i '/^allow/d' /etc/mmcgadget/web.conf
check "the page ends once more" wait_for 20 web_ended
is "cable: without a log-in" "$(wire_status "$wire/api/v1/status")" 401
is "cable: by another name" "$(wire_status -H 'Host: evil.test' "$wire/")" 421
is "cable: with a wrong password" "$(wire_status -H "$json" -d '{"password":"wrong"}' "$wire/api/v1/session")" 401
is "cable: log in" "$(wire_status -c "$work/jar" -H "$json" -d '{"password":"correct horse"}' "$wire/api/v1/session")" 204
is "cable: a blank" "$(wire_status -H "$json" -d '{"name":"wire.img"}' "$wire/api/v1/drives/drive0/blank")" 200
# The page is killed in the first upload, which goes on where it was; the others are whole.
upload_killed() {
	local id from
	wire_status -H "$json" -d '{"name":"wire-1.iso","size":12000000}' "$wire/api/v1/uploads" >"$work/log"
	id=$(jq -r .id "$work/body")
	ip netns exec pc curl -sS -m 120 -b "$work/jar" -H 'X-Mmcgadget: 1' --limit-rate 1M -X PATCH \
		-H 'Upload-Offset: 0' -T "$work/large" "$wire/api/v1/uploads/$id" >"$work/log" 2>&1 &
	part_has "$id" 1000000 && systemctl kill -s KILL $unit
	wait $!
	from=$(wire_offset "$id")
	wire_status -C "$from" -T "$work/large" "$wire/api/v1/images/wire-1.iso/content"
	echo " killed, went on at $from"
}
part_has() { wait_for 60 part_is_larger "$@"; }
part_is_larger() { [ "$(stat -c %s "$card/.mmcgadget-$1.part")" -gt "$2" ]; }
send_by_wire() {
	if [ "$1" = 1 ]; then
		upload_killed
	else
		echo "$(wire_status -T "$work/large" "$wire/api/v1/images/wire-$1.iso/content") whole"
	fi
}
begun=$(date +%s%N)
burn_beside "cable" wire.img send_by_wire
took=$((($(date +%s%N) - begun) / 1000000))
like "cable: an upload survives a kill of the page" "$(cat "$work/sent")" '^201 killed, went on at [0-9]+$'
is "cable: all others were good" "$(grep -v killed "$work/sent" | sort -u)" "201 whole"
is "cable: each is the same by its SHA-256" "$(sha256sum "$card"/wire-*.iso | cut -d' ' -f1 | sort -u)" \
	"$(sha256sum "$work/large" | cut -d' ' -f1)"
echo "#   cable: $(($(cat "$card"/wire-*.iso | wc -c) / took)) kB/s of uploads: $(xargs <"$work/sent")"
check "cable: a download" cmp "$work/small" <(session "$wire/api/v1/images/first.iso/content")
is "cable: eject" "$(wire_status -X POST "$wire/api/v1/drives/drive0/eject")" 200
rm -f "$card"/wire-*.iso

# ---- what it may not do ----
# A descriptor that is for reading only: who may write to the file can open it again. The disc is larger than what
# the buffers of a connection can take (10 MB), so that the page has it open all the time.
truncate -s 64M "$card/held.iso"
chgrp mmcgadget "$card/held.iso"
chmod 664 "$card/held.iso"
call_exec --limit-rate 100k -o "$work/held" "$api/images/held.iso/content" &
download=$!
# shellcheck disable=SC2012 # it is a link, and its name a number
held() { ls -l "/proc/$(web_pid)/fd" | sed -n 's,.* \([0-9]*\) -> .*/held.iso$,\1,p'; }
is_held() { [ -n "$(held)" ]; }
check "a download holds the disc" wait_for 60 is_held
pid=$(web_pid)
check "at most 8 MiB are resident" awk '/^VmRSS/ { print; exit $2 > 8192 }' "/proc/$pid/status"
is "it is in no group but its own" "$(awk '/^(Gid|Groups)/ { for (i = 2; i <= NF; i++) print $i }' "/proc/$pid/status" | sort -u)" \
	"$(id -g mmcgadget-web)"
reopen() { # GROUP
	# shellcheck disable=SC2016 # the inner shell's
	setpriv --reuid mmcgadget-web --regid mmcgadget-web --groups "$1" sh -c ': <>"$1"' sh "/proc/$pid/fd/$(held)"
}
check_not "the disc cannot be opened again for writing" reopen mmcgadget-web
check "a member of the group mmcgadget could" reopen mmcgadget
kill $download
rm "$card/held.iso"
check "without a connection it ends" wait_for 20 web_ended
cat >/run/probe.pl <<'P'
use Socket;
open(OUT, ">", "/var/lib/mmcgadget-web/probe") or die;
sub try { my ($what, $done) = @_; print OUT "$what: ", ($done ? "yes" : "no"), "\n"; }
sub reach { my $s; socket($s, AF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un($_[0])) }
try("the daemon's socket for the page", reach("/run/mmcgadget/web"));
try("that for its group", reach("/run/mmcgadget/socket"));
try("IPv4", socket(my $four, AF_INET, SOCK_STREAM, 0));
try("IPv6", socket(my $six, AF_INET6, SOCK_STREAM, 0));
try("packets", socket(my $raw, 17, SOCK_RAW, 0));
try("the media folder", opendir(my $d, "/var/lib/mmcgadget"));
try("another media folder", opendir(my $c, "/srv/discs"));
try("a disc in it that everybody may read", open(my $i, "<", "/srv/discs/first.iso"));
try("a file in /etc", open(my $e, ">", "/etc/mmcgadget/probe"));
try("a file in /run", open(my $r, ">", "/run/probe"));
try("the password for writing", open(my $w, ">>", "/etc/mmcgadget/web.passwd"));
try("a disk", open(my $b, "<", "/dev/vda"));
try("FunctionFS", opendir(my $f, "/run/mmcgadget-usb"));
P
chmod 644 /run/probe.pl
chmod 644 "$card/first.iso"
check "outside of its sandbox, its user could read a disc" \
	setpriv --reuid mmcgadget-web --regid mmcgadget-web --clear-groups cmp "$work/small" "$card/first.iso"
mkdir -p $dropin
printf '%s\n' '[Service]' Type=oneshot Restart=no ExecStart= 'ExecStart=/usr/bin/perl /run/probe.pl' >$dropin/job.conf
systemctl daemon-reload
check "its sandbox can be tried" systemctl start $unit || journalctl -u $unit --no-pager -n 10 | sed 's/^/#   /'
is "it reaches the daemon, and nothing else" "$(grep ': yes' /var/lib/mmcgadget-web/probe)" "the daemon's socket for the page: yes"
is "all of it was tried" "$(grep -c . /var/lib/mmcgadget-web/probe)" "$(grep -c '^try' /run/probe.pl)"
rm -r $dropin
systemctl daemon-reload
score=$(systemd-analyze security --no-pager $unit | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
check "systemd-analyze security: $score, at most 1.5" awk -v s="$score" 'BEGIN { exit !(s != "" && s <= 1.5) }'

# ---- a power cut in an upload ----
is "an upload is begun" "$(status -H "$json" -d '{"name":"large.iso","size":12000000}' "$api/uploads")" 201
id=$(jq -r .id "$work/body")
is "a part of it is saved" "$(status -X PATCH -H 'Upload-Offset: 0' -T "$work/begin" "$api/uploads/$id")" 204
saved=$(offset_of large.iso)
tail -c +$((saved + 1)) "$work/large" >"$work/rest"
call_exec --limit-rate 1M -X PATCH -H "Upload-Offset: $saved" -T "$work/rest" "$api/uploads/$id" >"$work/log" 2>&1 &
sender=$!
check "more of it is on its way" part_has "$id" $((saved + 1000000))
map "0 $sectors error" # what comes from now on does not reach the card
systemctl kill -s KILL mmcgadgetd
systemctl kill -s KILL $unit
wait $sender
systemctl stop mmcgadget-web.socket $unit
wait_for 20 have_drives 0
umount -l "$card"
check "the card is taken out" wait_for 20 dmsetup remove card
dmsetup create card --table "$good"
check "and is good after the cut" mount -o noatime,noinit_itable /dev/mapper/card "$card" || finish
systemctl reset-failed mmcgadgetd $unit 2>/dev/null
daemon_start
check "the page is back" systemctl start mmcgadget-web.socket
now=$(offset_of large.iso)
check "the upload goes on at $now, where $saved bytes were saved" [ "${now:-0}" -ge "$saved" ]
is "curl -C goes on there" "$(status -C "$now" -T "$work/large" "$api/images/large.iso/content")" 201
check "the disc is the same" cmp "$work/large" "$card/large.iso"
check "and the one of before" cmp "$work/small" "$card/first.iso"
size=$(stat -c %s "$work/burn.iso")
check "and the burned one" cmp -n "$size" "$work/burn.iso" "$card/disc.img"
check "and the one that was burned beside the network" cmp -n "$size" "$work/burn.iso" "$card/wire.img"

plug_pc "after the cut"
check "after the cut: the PC reaches the page" wait_for 30 health
ip netns del pc
systemctl stop mmcgadget-web.socket $unit
check "the daemon ends" daemon_stop
umount "$card" $small_card
rmdir "$card" $small_card
dmsetup remove card
losetup -d "$disk"
rm -rf /etc/mmcgadget/web.* /run/probe.pl $socket_dropin
systemctl daemon-reload
dmesg_clean "the kernel log is clean" page
finish
