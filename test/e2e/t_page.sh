#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page (mmcgadget-web) as the shipped service, in front of the real daemon, on a card that takes 60 ms for
# each write (device-mapper's delay target). A burn goes on while discs are uploaded at full speed and one is
# downloaded: all are compared. What its sandbox forbids is tried from inside. The power is cut in an upload:
# whatever the card has not got is lost, and the upload goes on behind what was saved.
# shellcheck disable=SC2154 # media and work are lib.sh's
. ./lib.sh

url=http://127.0.0.1:8080
api=$url/api/v1
card=$work/card
unit=mmcgadget-web.service
dropin=/run/systemd/system/$unit.d
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
ip link set lo up

make_iso BURN 10 "$work/burn.iso"
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
check "its socket is there" systemctl start mmcgadget-web.socket
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

# ---- a burn goes first ----
is "a blank, by the page" "$(status -H "$json" -d '{"name":"disc.img"}' "$api/drives/drive0/blank")" 200
check "the host sees it" wait_for 20 blank_seen || finish
is "a disc is uploaded" "$(status -T "$work/small" "$api/images/first.iso/content")" 201
call_exec -N "$api/events" >"$work/events" 2>&1 &
listener=$!
growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso" >"$work/burn.log" 2>&1 &
burner=$!
got() { call "$api/images/first.iso/content" | cmp - "$work/small" && echo same; }
sent=0
while kill -0 $burner 2>/dev/null; do
	sent=$((sent + 1))
	echo "$(status -T "$work/small" "$api/images/up-$sent.iso/content") $(got)" >>"$work/sent"
done
check "the burn succeeds" wait $burner || tail -n 5 "$work/burn.log" | sed 's/^/#   /'
wait_for_udev
is "no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
size=$(stat -c %s "$work/burn.iso")
check "the disc on the card equals the image" cmp -n "$size" "$work/burn.iso" "$card/disc.img"
check "the host sees the disc" wait_for 10 has_label "$sr" BURN
check "the host reads the image back" cmp -n "$size" "$work/burn.iso" "/dev/$sr"
is "each upload and download beside it was good" "$(sort -u "$work/sent")" "201 same"
echo "#   $sent uploads of 3 MB beside a burn of $((size / 1000)) kB"
uploads_are_the_same() {
	local f
	for f in "$card"/up-*.iso; do cmp "$work/small" "$f" || return 1; done
}
check "each upload is the same on the card" uploads_are_the_same
check "the events told of the burn" wait_for 10 grep -q '"recorded_blocks":[1-9]' "$work/events"
check "and of its end" wait_for 10 grep -q '"state":"complete"' "$work/events"
kill $listener
is "what is loaded is not deleted" "$(status -X DELETE "$api/images/disc.img")" 423
is "eject, by the page" "$(status -X POST "$api/drives/drive0/eject")" 200
rm -f "$card"/up-*.iso

# ---- what it may not do ----
# A descriptor that is for reading only: who may write to the file can open it again.
call_exec --limit-rate 100k -o "$work/held" "$api/images/first.iso/content" &
download=$!
# shellcheck disable=SC2012 # it is a link, and its name a number
held() { ls -l "/proc/$(web_pid)/fd" | sed -n 's,.* \([0-9]*\) -> .*/first.iso$,\1,p'; }
is_held() { [ -n "$(held)" ]; }
check "a download holds the disc" wait_for 10 is_held
pid=$(web_pid)
check "at most 8 MiB are resident" awk '/^VmRSS/ { print; exit $2 > 8192 }' "/proc/$pid/status"
is "it is in no group but its own" "$(awk '/^(Gid|Groups)/ { for (i = 2; i <= NF; i++) print $i }' "/proc/$pid/status" | sort -u)" \
	"$(id -g mmcgadget-web)"
reopen() { # GROUP
	# shellcheck disable=SC2016 # the inner shell's
	setpriv --reuid mmcgadget-web --regid mmcgadget-web --groups "$1" sh -c ': <>"$1"' sh "/proc/$pid/fd/$(held)"
}
check_not "it cannot be opened again for writing" reopen mmcgadget-web
check "who is in the group mmcgadget could" reopen mmcgadget
kill $download
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
try("a file in /etc", open(my $e, ">", "/etc/mmcgadget/probe"));
try("a file in /run", open(my $r, ">", "/run/probe"));
try("the password for writing", open(my $w, ">>", "/etc/mmcgadget/web.passwd"));
try("a disk", open(my $b, "<", "/dev/vda"));
try("FunctionFS", opendir(my $f, "/run/mmcgadget-usb"));
P
chmod 644 /run/probe.pl
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
part_grows() { [ "$(stat -c %s "$card/.mmcgadget-$id.part")" -gt $((saved + 1000000)) ]; }
check "more of it is on its way" wait_for 60 part_grows
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
check "and the burned one" cmp -n "$size" "$work/burn.iso" "$card/disc.img"

systemctl stop mmcgadget-web.socket $unit
check "the daemon ends" daemon_stop
umount "$card"
dmsetup remove card
losetup -d "$disk"
rm -f /etc/mmcgadget/web.* /run/probe.pl
dmesg_clean "the kernel log is clean" page
finish
