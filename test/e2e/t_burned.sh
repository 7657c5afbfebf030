#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The key "burned". The host burns and ejects without a control command, and finds a new blank; the disc
# is renamed and has the right checksum. Then: a full card, and a card that returns other data than was
# written. With FULL=1 also: a second burn, a daemon that is restarted and killed, and a host that does
# not eject.
. ./lib.sh

checksum_matches() { (cd "$1" && sha256sum --strict -c "$2.sha256"); }
no_disc_in_work() { [ "$(state burned.state)" = '' ]; }
image_is() { [ "$(state image)" = "$1" ]; }
# The file begins with the image. xorriso adds 150 blocks, and burning programs pad to 32 KiB with zeros.
begins_with() { cmp -n "$(stat -c %s "$1")" "$1" "$2"; }
# dummy_hcd refuses xorriso's buffer at super speed: see t_burn.sh.
[ "$SPEED" != super ] || export GLIBC_TUNABLES=glibc.malloc.mmap_threshold=16384

make_iso HOLIDAY 16 "$work/holiday.iso"
[ -z "$FULL" ] || make_iso PARTY 17 "$work/party.iso"

# ---- burns without a command to the board ----
config extra='burned: { move = "label"; checksum = true; blank = true; };'
drive_up
dmesg_mark burned
check "the drive starts with a blank" wait_for 15 blank_seen
is "the daemon has named the blank" "$(state image)" blank-1.iso
# burn_and_eject NAME IMAGE COMMAND...: the host burns IMAGE by COMMAND and ejects; the disc must be
# renamed to NAME.
burn_and_eject() {
	local name=$1 iso=$2
	shift 2
	lines=40 check "$name: the burn succeeds" "$@" || return
	check "$name: the host ejects it" eject "/dev/$sr"
	check "$name: the disc is renamed" wait_for 30 test -e "$media/$name"
	check "$name: its checksum is written" wait_for 60 test -e "$media/$name.sha256"
	check "$name: the file equals the image" begins_with "$iso" "$media/$name"
	check "$name: the checksum is right" checksum_matches "$media" "$name"
	check "$name: the host sees the next blank" wait_for 20 blank_seen
	check "$name: the blank is in the drive" wait_for 5 state_is state blank
	wait_for_udev
}
d=/dev/$sr
burn_and_eject HOLIDAY.iso "$work/holiday.iso" growisofs -dvd-compat -Z "$d=$work/holiday.iso"
last=HOLIDAY.iso
if [ -n "$FULL" ]; then
	burn_and_eject PARTY.iso "$work/party.iso" xorriso -as cdrecord -v dev="$d" "$work/party.iso"
	last=PARTY.iso
fi
# test/daemon/drive/t_burned.c tests that a second disc of the same label becomes HOLIDAY-2.iso.
text=$(mmcgadgetctl status)
like "status: the last disc and its checksum" "$text" "burned +$last is verified, SHA-256 [0-9a-f]{64}"
text=$(mmcgadgetctl list)
like "list: the discs and the blank" "$text" '^HOLIDAY.iso ' "^$last " '^blank-[12].iso .* drive0$'
unlike "list: no other files" "$text" 'sha256' mmcgadget DAMAGED
dmesg_clean "the kernel log is clean" burned

# ---- the daemon stops, and is killed ----
blank=$(state image)
check "the daemon ends with 0" daemon_stop
wait_for 10 have_drives 0

# test/daemon has these restarts, too; here the daemon is the service, and a host uses the drive.
restarts() {
	check "the daemon starts again" daemon_start
	is "restarted: the same blank is in the drive" "$(state image)" "$blank"
	mmcgadgetctl insert PARTY.iso >/dev/null
	recorded() { grep -q '^image PARTY.iso$' "$media/.mmcgadget-drive0.mmcdisc"; }
	check "the drive record names the new disc" wait_for 10 recorded
	kill -9 "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	check "killed: the daemon starts again" daemon_start
	is "killed: the disc is in the drive" "$(state image)" PARTY.iso
	check "killed: the host sees the disc" wait_for 30 has_label sr0 PARTY
	mmcgadgetctl eject --force >/dev/null
	check "ejected: the daemon ends with 0" daemon_stop
	check "ejected: the daemon starts again" daemon_start
	is "ejected: the drive is empty after the start" "$(state state)" empty
	check "ejected: the daemon ends with 0 again" daemon_stop
	wait_for 10 have_drives 0
}

# ---- a host that does not eject: it locks the drive, and unlocks it ----
does_not_eject() {
	rm -f "$media"/* "$media"/.mmc*
	config extra='burned: { move = "date"; checksum = true; blank = true; idle = 12; };'
	drive_up
	d=/dev/$sr
	check "a host that does not eject: the host sees a blank" wait_for 15 blank_seen
	lines=40 check "a host that does not eject: the burn succeeds" growisofs -use-the-force-luke=notray -dvd-compat -Z "$d=$work/party.iso"
	# growisofs unlocked the drive by a command of its own, which the kernel did not notice. The kernel
	# believes that the drive is still locked, so a mount would not lock it: "eject -i on" does.
	check "a host that does not eject: it locks the drive" eject -i on "$d"
	check "a host that does not eject: it mounts the disc" wait_for 10 mount -o ro "$d" /mnt
	is "a host that does not eject: the burned disc is in the drive" "$(state image) $(state state)" "blank-1.iso complete"
	sleep 20 # longer than "idle"
	is "locked: the disc stays in the drive" "$(state image) $(state state)" "blank-1.iso complete"
	umount /mnt
	eject -i off "$d"
	is "unlocked: the disc stays until it was idle for long enough" "$(state image) $(state state)" "blank-1.iso complete"
	dated() { ls "$media"/20??-??-??-??????.iso || ls "$media"/19??-??-??-??????.iso; }
	check "idle: the disc is renamed" wait_for 40 dated
	check "idle: the host sees the next blank" wait_for 20 blank_seen
	wait_for 60 no_disc_in_work
	name=$(basename "$(dated)")
	check "$name: the file equals the image" begins_with "$work/party.iso" "$media/$name"
	check "$name: the checksum is right" checksum_matches "$media" "$name"
	mmcgadgetctl eject --force >/dev/null
	check "the daemon ends with 0" daemon_stop
	wait_for 10 have_drives 0
}

if [ -n "$FULL" ]; then
	restarts
	does_not_eject
fi
rm -f "$media"/* "$media"/.mmc*

# ---- a card that has room for one disc ----
small=$work/small
mkdir -p "$small"
truncate -s 80M "$work/small.img"
mke2fs -q -t ext4 "$work/small.img"
modprobe loop
loop=$(losetup -f --show "$work/small.img")
mount "$loop" "$small"
allow_media_folder "$small"
config drives="{ name = \"drive0\"; media = \"$small\"; }" \
	extra='burned: { move = "label"; checksum = true; blank = true; };'
dd if=/dev/zero of="$small/filler" bs=1M count=22 status=none
drive_up
d=/dev/$sr
check "a small card: the host sees a blank" wait_for 15 blank_seen
lines=40 check "a small card: the burn succeeds" growisofs -dvd-compat -Z "$d=$work/holiday.iso"
eject "$d"
no_room() { state burned.problem | grep -q 'no room for another blank'; }
check "a full card: status --json has the problem" wait_for 30 no_room
like "a full card: status shows the problem" "$(mmcgadgetctl status)" 'burned +PROBLEM: no room for another blank in '
is "a full card: the disc stays in the drive" "$(state image) $(state state)" "blank-1.iso ejected"
check "a full card: the disc equals the image" begins_with "$work/holiday.iso" "$small/blank-1.iso"

# The data on the card is changed; the page cache still has the burned data.
block=$(filefrag -b1024 -v "$small/blank-1.iso" | awk '/^ *0:/ { sub(/\.\..*/, "", $4); print $4 }')
check "the disc's place on the card is known ($block)" test "${block:-0}" -gt 0
sync
at=$((block * 1024 + 40960))
check "the disc's data is at that place" cmp -n 4096 -i "$at:40960" "$work/small.img" "$small/blank-1.iso"
printf 'the card lies' | dd of="$work/small.img" bs=1 seek="$at" conv=notrunc status=none
rm "$small/filler"
check "with room again: the disc is renamed" wait_for 40 test -e "$small/HOLIDAY.iso"
check "with room again: the host sees a blank" wait_for 20 blank_seen
mismatch_reported() { state burned.problem | grep -q 'THE CARD RETURNED OTHER DATA'; }
check "changed on the card: status --json has the problem" wait_for 60 mismatch_reported
like "changed on the card: list marks the disc" "$(mmcgadgetctl list)" '^HOLIDAY.iso .*DAMAGED: the card returned other data'
check_not "changed on the card: the checksum does not match the file" checksum_matches "$small" HOLIDAY.iso
like "changed on the card: insert warns" "$(mmcgadgetctl insert HOLIDAY.iso)" 'inserted HOLIDAY.iso .*other data than was burned'
check "changed on the card: the file is kept" test -s "$small/HOLIDAY.iso"
check "the daemon ends with 0" daemon_stop
umount "$small"
losetup -d "$loop"
finish
