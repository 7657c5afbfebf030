#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A drive nobody touches: the host burns and ejects, again and again, and finds a blank each
# time. Each disc has its name and a checksum that holds. Then a host that does not eject, a
# daemon that is killed, a card that is full, and one that gives back something else.
. ./lib.sh

sum_holds() { (cd "$1" && sha256sum --strict -c "$2.sha256"); }
at_rest() { [ "$(state burned.state)" = '' ]; }
image_is() { [ "$(state image)" = "$1" ]; }
# xorriso adds 150 blocks, growisofs nothing; the rest of 32 KiB is zeros.
same_begin() { cmp -n "$(stat -c %s "$1")" "$1" "$2"; }
# See t_burn.sh.
[ "$SPEED" != super ] || export GLIBC_TUNABLES=glibc.malloc.mmap_threshold=16384

make_iso HOLIDAY 16 "$work/holiday.iso"
make_iso PARTY 17 "$work/party.iso"

# ---- three burns, and no hand in between but the host's ----
config extra='burned: { move = "label"; checksum = true; blank = true; };'
drive_up
dmesg_mark catch
check "nothing was put in, and there is a blank" wait_for 15 blank_seen
is "its name is the service's own" "$(state image)" blank-1.iso
# caught NAME IMAGE COMMAND...: the host's, the eject being one of them or not
caught() {
	local name=$1 iso=$2
	shift 2
	lines=40 check "$name: burned" "$@" || return
	check "$name: the host ejects it" eject "/dev/$sr"
	check "$name: it has its name" wait_for 30 test -e "$media/$name"
	check "$name: it has its checksum" wait_for 60 test -e "$media/$name.sha256"
	check "$name: it is the image" same_begin "$iso" "$media/$name"
	check "$name: sha256sum -c" sum_holds "$media" "$name"
	check "$name: the host sees the next blank" wait_for 20 blank_seen
	check "$name: and may burn it" wait_for 5 state_is state blank
	wait_for_udev
}
d=/dev/$sr
caught HOLIDAY.iso "$work/holiday.iso" growisofs -dvd-compat -Z "$d=$work/holiday.iso"
caught PARTY.iso "$work/party.iso" xorriso -as cdrecord -v dev="$d" "$work/party.iso"
caught HOLIDAY-2.iso "$work/holiday.iso" growisofs -dvd-compat -Z "$d=$work/holiday.iso"
text=$(mmcgadgetctl status)
like "status tells of the last one" "$text" 'burned +HOLIDAY-2.iso is verified, SHA-256 [0-9a-f]{64}'
text=$(mmcgadgetctl list)
like "list has them" "$text" '^HOLIDAY.iso ' '^HOLIDAY-2.iso ' '^PARTY.iso ' '^blank-[12].iso .* drive0$'
unlike "and nothing else" "$text" 'sha256' mmcgadget DAMAGED
dmesg_clean "the kernel has nothing to say" catch

# ---- the daemon stops, or is killed as by a power cut ----
blank=$(state image)
check "stops" daemon_stop
wait_for 10 have_drives 0
check "starts" daemon_start
is "the same blank is in the drive" "$(state image)" "$blank"
mmcgadgetctl insert PARTY.iso >/dev/null
sync_seen() { grep -q '^image PARTY.iso$' "$media/.mmcgadget-drive0.mmcdisc"; }
check "it is written down" wait_for 10 sync_seen
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
check "killed, starts again" daemon_start
is "the disc is back" "$(state image)" PARTY.iso
check "and the host has it" wait_for 30 has_label sr0 PARTY
mmcgadgetctl eject --force >/dev/null
check "stops after an eject" daemon_stop
check "starts empty" daemon_start
is "no disc" "$(state state)" empty
check "stops" daemon_stop
wait_for 10 have_drives 0

# ---- a host that does not eject; it locks the drive, and lets go ----
rm -f "$media"/* "$media"/.mmc*
config extra='burned: { move = "date"; checksum = true; blank = true; idle = 12; };'
drive_up
d=/dev/$sr
check "a host that does not eject: a blank" wait_for 15 blank_seen
lines=40 check "a host that does not eject: burned" growisofs -use-the-force-luke=notray -dvd-compat -Z "$d=$work/party.iso"
# growisofs has undone the host's lock behind its kernel's back, and a mount that is quicker
# than udev does not bring it back.
check "it locks the drive" eject -i on "$d"
check "it mounts the disc" wait_for 10 mount -o ro "$d" /mnt
is "the disc that was burned" "$(state image) $(state state)" "blank-1.iso complete"
sleep 20 # longer than "idle"
is "locked, it stays" "$(state image) $(state state)" "blank-1.iso complete"
umount /mnt
eject -i off "$d"
is "unlocked, too, for a while" "$(state image) $(state state)" "blank-1.iso complete"
dated() { ls "$media"/20??-??-??-??????.iso || ls "$media"/19??-??-??-??????.iso; }
check "then it goes" wait_for 40 dated
check "and the host sees the next blank" wait_for 20 blank_seen
wait_for 60 at_rest
name=$(basename "$(dated)")
check "$name is the image" same_begin "$work/party.iso" "$media/$name"
check "sha256sum -c" sum_holds "$media" "$name"
mmcgadgetctl eject --force >/dev/null
check "stops" daemon_stop
wait_for 10 have_drives 0

# ---- a card that has room for one disc ----
small=$work/small
mkdir -p "$small"
truncate -s 80M "$work/small.img"
mke2fs -q -t ext4 "$work/small.img"
modprobe loop
loop=$(losetup -f --show "$work/small.img")
mount "$loop" "$small"
media_elsewhere "$small"
config drives="{ name = \"drive0\"; media = \"$small\"; }" \
	extra='burned: { move = "label"; checksum = true; blank = true; };'
dd if=/dev/zero of="$small/filler" bs=1M count=22 status=none
drive_up
d=/dev/$sr
check "a small card: a blank" wait_for 15 blank_seen
lines=40 check "a small card: burned" growisofs -dvd-compat -Z "$d=$work/holiday.iso"
eject "$d"
no_room() { state burned.problem | grep -q 'no room for another blank'; }
check "a full card is told" wait_for 30 no_room
like "and shown" "$(mmcgadgetctl status)" 'burned +PROBLEM: no room for another blank in '
is "the disc stays in the drive" "$(state image) $(state state)" "blank-1.iso ejected"
check "and is whole" same_begin "$work/holiday.iso" "$small/blank-1.iso"

# What lies on the card is damaged, while memory has it as it was burned.
block=$(filefrag -b1024 -v "$small/blank-1.iso" | awk '/^ *0:/ { sub(/\.\..*/, "", $4); print $4 }')
check "the disc's place on the card is known ($block)" test "${block:-0}" -gt 0
sync
at=$((block * 1024 + 40960))
check "it is there" cmp -n 4096 -i "$at:40960" "$work/small.img" "$small/blank-1.iso"
printf 'the card lies' | dd of="$work/small.img" bs=1 seek="$at" conv=notrunc status=none
rm "$small/filler"
check "with room again it gets its name" wait_for 40 test -e "$small/HOLIDAY.iso"
check "and a blank follows" wait_for 20 blank_seen
lies() { state burned.problem | grep -q 'STORAGE GAVE BACK OTHER DATA'; }
check "what the card gives back is not what was burned: told" wait_for 60 lies
like "and listed" "$(mmcgadgetctl list)" '^HOLIDAY.iso .*DAMAGED: storage gave back other data'
check_not "sha256sum -c finds it, too" sum_holds "$small" HOLIDAY.iso
like "who wants it is warned" "$(mmcgadgetctl insert HOLIDAY.iso)" 'inserted HOLIDAY.iso .*other data than was burned'
check "the file is kept" test -s "$small/HOLIDAY.iso"
check "stops" daemon_stop
umount "$small"
losetup -d "$loop"
finish
