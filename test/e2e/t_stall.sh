#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A card that stalls during a burn: three times, the last time while the disc is closed, each write takes
# two seconds for a while (device-mapper's delay target). The burn must only take longer. The card is
# mounted with "sync": otherwise the page cache would hold all of this disc, and no write would wait.
. ./lib.sh

stall_ms=2000
held_ms=4000 # each stall must delay the burner by at least this: one command waits for data and inode

delay() { # MILLISECONDS for each write
	dmsetup suspend --nolockfs card
	dmsetup reload card --table "0 $sectors delay $loop 0 0 $loop 0 $1"
	# Without udev's rules: their programs would read the card and delay this command.
	dmsetup resume --noudevsync --noudevrules card
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }
written() { stat -c %s "$card/$1.img" 2>/dev/null || echo 0; }
has_written() { [ "$(written "$1")" -ge "$2" ]; }
burning() { kill -0 "$burner" 2>/dev/null; }
state_of() { # DRIVE
	mmcgadgetctl --json status | jq -r ".drives[] | select(.name == \"$1\") | \"\(.phase_errors) \(.resets)\""
}
many_turs() {
	for _ in $(seq 20); do sg_turs "$(host_sg "$b")" || return 1; done
}
answers() { timeout 1 mmcgadgetctl status; }

# burn NAME: starts a burn on a new blank in the background
burn() {
	check "$1: a blank is inserted" ctl blank "$1.img" drive=card
	check "$1: the host sees a blank" wait_for 10 blank_seen "$a" || finish
	began=$(now_ms)
	growisofs -dvd-compat -Z "/dev/$a=$work/image.iso" >"$work/$1.log" 2>&1 &
	burner=$!
}
burned() { # NAME: waits for the end of the burn and checks the disc; sets $took
	check "$1: the burn succeeds" wait "$burner" || tail -n 5 "$work/$1.log" | sed 's/^/#   /'
	took=$(($(now_ms) - began))
	echo "#   $1: $((size / 1000)) kB in $took ms"
	wait_for_udev
	is "$1: no phase error, no reset" "$(state_of card)" "0 0"
	check "$1: the file on the card equals the image" cmp -n "$size" "$work/image.iso" "$card/$1.img"
	check "$1: the host sees the disc" wait_for 10 has_label "$a" CARD
	check "$1: the host reads the image back" cmp -n "$size" "$work/image.iso" "/dev/$a"
}
# stall NAME BYTES: when that many bytes are written, stalls the card for long enough
stall() {
	local before
	check "$1: $2 bytes are written" wait_for 60 has_written "$1" "$2" || return
	delay $stall_ms
	before=$(written "$1")
	# A second without progress, for "the burner waits" below.
	sleep 1
	check "stalled at $before: status answers" answers
	check "stalled at $before: the other drive: TEST UNIT READY" many_turs
	check "stalled at $before: the other drive: reads" cmp -n "$(stat -c %s "$media/other.iso")" "$media/other.iso" "/dev/$b"
	check "stalled at $before: the burner waits" waits "$1" "$before" || ls -l "$card"
	sleep $((held_ms / 1000))
	delay 0
}
# waits NAME BYTES: the burner has written at most two commands more than BYTES.
waits() { burning && [ "$(written "$1")" -le $(($2 + 131072)) ]; }

card=$work/card
make_iso CARD 10 "$work/image.iso"
make_iso OTHER 4 "$media/other.iso"
size=$(stat -c %s "$work/image.iso")
truncate -s 64M "$work/fs.img"
mkfs.ext4 -q -O ^has_journal "$work/fs.img"
modprobe -a loop dm-delay
loop=$(losetup -f --show "$work/fs.img")
sectors=$(blockdev --getsz "$loop")
check "a card that can stall is made" dmsetup create card --table "0 $sectors delay $loop 0 0 $loop 0 0"
mkdir -p "$card"
mount -o noatime,sync /dev/mapper/card "$card" || finish
allow_media_folder "$card"

udc_load
dmesg_mark stall
config extra="drives = ( { name = \"card\"; media = \"$card\"; },
	{ name = \"other\"; image = \"other.iso\"; } );"
daemon_start
check "the host sees two drives" wait_for 30 have_drives 2 || finish
b=$(drive_of OTHER)
for a in $(host_drives); do [ "$a" = "$b" ] || break; done

burn quick
burned quick
quick=$took

burn stalled
stall stalled $((size / 8))
stall stalled $((size / 2))
# This stall covers the last blocks and all writes of the closing; it lasts until the end of the burn.
check "stalled: nearly all is written" wait_for 60 has_written stalled $((size - 262144))
delay $stall_ms
check "stalled at the end: status answers" answers
check "stalled at the end: the other drive: TEST UNIT READY" many_turs
check "stalled at the end: the burner waits" burning
burned stalled
delay 0
echo "#   held up for $((took - quick)) ms"
check "the burner was held up by each stall" [ $((took - quick)) -ge $((3 * held_ms)) ]

check "the daemon ends" daemon_stop
umount "$card"
dmsetup remove card
losetup -d "$loop"
dmesg_clean "the kernel log is clean" stall
finish
