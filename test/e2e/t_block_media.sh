#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD+RW, DVD-RAM and BD-RE as the kernel uses them: opened for writing, with a file system, mounted, written,
# unmounted and checked. Linux sends no SYNCHRONIZE CACHE for a mounted DVD-RAM. Other parts of the test: the
# kernel polls for events between formats, the board loses its power, and its card becomes full.
. ./lib.sh

modprobe -a ext4 udf vfat loop dm-mod
mkdir -p /mnt "$work/files"
head -c 1000001 /dev/urandom >"$work/files/large.bin"
for i in 0 1 2 3 4 5 6 7 8 9; do
	head -c $((i * 777)) /dev/urandom >"$work/files/small$i"
done

# Another card, which is small enough to become full, and whose power can be cut. It is mounted in the media folder.
card=$media/card
truncate -s 24M "$work/card.raw"
mkfs.ext4 -q "$work/card.raw"
loop=$(losetup -f --show "$work/card.raw")
sectors=$(blockdev --getsz "$loop")
check "a small card is made" dmsetup create card --table "0 $sectors linear $loop 0"
mkdir -p "$card"
mount -o noatime /dev/mapper/card "$card" || finish
chgrp mmcgadget "$card" && chmod 2775 "$card"

config extra="behaviour: { sync_seconds = 1; };"
drive_up
dmesg_mark block
d=/dev/$sr
events=$work/events
: >"$events"
stdbuf -oL udevadm monitor --kernel --property --subsystem-match=block >>"$events" &
monitor=$!
trap 'kill $monitor 2>/dev/null' EXIT
# The kernel asks for the size when a program opens the device after the change.
size_seen() { [ "$(size_of "$sr")" = "$1" ]; }
# media_events: the changes of the disc that the kernel has announced.
media_events() { grep -c '^DISK_MEDIA_CHANGE=1' "$events"; }
media_event_seen() { [ "$(media_events)" -gt 0 ]; }
# The drive has one event for a change, and one attention (6/28/00). The kernel makes one event of both,
# or two: if a program's open met the attention after a poll had read the event.
announced() { [ "$(media_events)" = 1 ] || [ "$(media_events)" = 2 ]; }

# fill NAME MKFS...: a file system on the disc that is in the drive, with files.
fill() {
	local name=$1
	shift
	wipefs -qa "$d" # mount would find the old file system, too
	check "$name: $1" "$@" "$d"
	check "$name: mounted for writing" mount -o rw "$d" /mnt
	check "$name: files are copied to it" cp -r "$work/files" /mnt/one
	check "$name: unmounted" umount /mnt
	wait_for 10 state_is unsynced_blocks 0
	is "$name: all is on the card after the last close" "$(state unsynced_blocks)" 0
}
# swap NAME BLOCKS PROPERTY: removes the disc and inserts it again. udev must have PROPERTY then: a desktop
# (udisks) shows what udev has of a disc after a change.
swap() {
	local name=$1 blocks=$2
	wait_for_udev
	: >"$events"
	check "$name: ejected from the board" ctl eject --force
	wait_for 10 media_event_seen
	check "$name: the removal is announced ($(media_events))" announced
	: >"$events"
	check "$name: inserted again" ctl insert "$name.img"
	wait_for 30 size_seen $((blocks * 2048))
	sleep 5 # more than twice the kernel's interval of polls
	check "$name: the insertion is announced, not again and again ($(media_events))" announced
	wait_for_udev
	check "$name: udev has $3" udev_has "$sr" "$3"
}
# used NAME: checks that the disc that was inserted again has the same files, and writes others.
used() {
	local name=$1
	check "$name: mounted again" mount -o rw "$d" /mnt
	check "$name: the files are as they were" diff -r "$work/files" /mnt/one
	check "$name: some are removed, and others written" \
		sh -c "rm -r /mnt/one/small[0-4] && cp -r '$work/files' /mnt/two && sync"
	check "$name: the files are there" diff -r "$work/files" /mnt/two
	check "$name: unmounted again" umount /mnt
}

# ---- DVD-RAM: new and formatted ----
check "a DVD-RAM is made" ctl blank dvd-ram.img type=dvd-ram
wait_for 30 size_seen $((2236704 * 2048))
is "dvd-ram: the kernel sees its size" "$(size_of "$sr")" $((2236704 * 2048))
if [ -n "${FULL:-}" ]; then
	fill dvd-ram mkudffs
	fill dvd-ram mkfs.vfat
	check "dvd-ram: fsck.vfat finds nothing" fsck.vfat -n "$d"
fi
fill dvd-ram mkfs.ext4 -q -b 2048
swap dvd-ram 2236704 ID_CDROM_MEDIA_DVD_RAM=1
used dvd-ram
check "dvd-ram: fsck finds nothing" e2fsck -f -n "$d"
# growisofs writes a DVD-RAM through the block device.
make_iso RAM 3 "$work/ram.iso"
blocks=$(($(stat -c %s "$work/ram.iso") / 2048))
check "dvd-ram: growisofs -Z" growisofs -use-the-force-luke=notray,tty -Z "$d=$work/ram.iso"
wait_for_udev
check "dvd-ram: the image has what growisofs wrote" \
	cmp -n $((blocks * 2048)) "$work/ram.iso" "$media/dvd-ram.img"
check "dvd-ram: ejected" ctl eject --force

# ---- DVD+RW: formatted by the host, then the same ----
check "a DVD+RW is made" ctl blank dvd+rw.img type=dvd+rw
wait_for 30 blank_seen
is "dvd+rw: the kernel sees one block of a blank" "$(size_of "$sr")" 2048
check_not "dvd+rw: a blank is not mounted" mount -o ro "$d" /mnt
check "dvd+rw: dvd+rw-format" dvd+rw-format "$d"
wait_for 30 size_seen $((2295104 * 2048))
is "dvd+rw: the kernel sees its size" "$(size_of "$sr")" $((2295104 * 2048))
[ -z "${FULL:-}" ] || fill dvd+rw mkudffs --media-type=dvdrw
fill dvd+rw mkfs.ext4 -q -b 2048
swap dvd+rw 2295104 ID_CDROM_MEDIA_DVD_PLUS_RW=1
used dvd+rw
check "dvd+rw: fsck finds nothing" e2fsck -f -n "$d"
check "dvd+rw: ejected" ctl eject --force

# ---- BD-RE of two layers, formatted without a spare area: UDF has structures in its last blocks ----
check "a BD-RE is made" ctl blank bd-re.img type=bd-re-dl
wait_for 30 blank_seen
check "bd-re: formatted" sg_raw -s 12 -i <(printf '\000\202\000\010\001\164\350\000\304\000\010\000') "$d" \
	04 11 00 00 00 00
wait_for 30 size_seen $((24438784 * 2048))
is "bd-re: the kernel sees its size" "$(size_of "$sr")" $((24438784 * 2048))
fill bd-re mkudffs --media-type=hd --blocksize=2048
is "bd-re: the image is as long as the disc" "$(stat -c %s "$media/bd-re.img")" $((24438784 * 2048))
swap bd-re 24438784 ID_CDROM_MEDIA_BD_RE=1
used bd-re
check "bd-re: ejected" ctl eject --force
check "the DVD+RW is inserted again" ctl insert dvd+rw.img
wait_for 30 size_seen $((2295104 * 2048))

# ---- more than ten formats, with the kernel polling between them ----
dmesg_mark formats
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	sg_raw -s 12 -i <(printf '\000\002\000\010\377\377\377\377\230\000\000\000') "$d" \
		04 11 00 00 00 00 >"$work/sg_raw" 2>&1 || fail "format $i"
	sleep 3 # longer than the kernel's interval of polls: each event is read before the next format
done
wait_for_udev
unlike "the kernel still trusts the drive's events after 12 formats" "$(dmesg_since 'mark formats')" \
	'disagree continuously'
check "dvd+rw: ejected after 12 formats" ctl eject --force
make_iso AFTER 1 "$media/after.iso"
check "an ISO is inserted" ctl insert after.iso
check "the kernel sees it by itself" wait_for 10 has_label "$sr" AFTER
dmesg_clean "the kernel logs no trouble" block

# ---- the power fails during writes of 4 KiB at random places ----
units=512 # of 4 KiB, on the disc
places() { # FIRST COUNT: prints COUNT even numbers below $units, scattered, from the FIRST one of that order on
	awk -v i="$1" -v n="$2" -v u=$units 'BEGIN { for (; n > 0; n--) print i++ * 7919 % (u / 2) * 2 }'
}
# write_new FIRST COUNT: copies these units of the file "new" to the same units of the disc.
write_new() {
	local u
	for u in $(places "$1" "$2"); do
		[ ! -e "$work/stop" ] || return 0
		dd if="$work/new" of="$d" bs=4k skip="$u" seek="$u" count=1 oflag=direct conv=notrunc \
			status=none || return 1
	done
}
write_on() { # writes until the file "stop" exists
	while [ ! -e "$work/stop" ]; do write_new 24 200 || return 1; done
}
# changed: prints the units at which the disc, read to the file "got", differs from "old".
changed() { cmp -l "$work/old" "$work/got" | awk '{ u = int(($1 - 1) / 4096); if (!(u in seen)) print u; seen[u] = 1 }'; }
# not_new FIRST COUNT: prints those of these units at which the disc differs from "new".
not_new() {
	local u
	for u in $(places "$1" "$2"); do
		cmp -s -i $((u * 4096)) -n 4096 "$work/new" "$work/got" || echo "$u"
	done
}
head -c $((units * 4096)) /dev/urandom >"$work/old"
head -c $((units * 4096)) /dev/urandom >"$work/new"
check "cut: a DVD+RW is made on the small card" ctl blank card/cut.img type=dvd+rw
wait_for 30 blank_seen
check "cut: dvd+rw-format" dvd+rw-format "$d"
wait_for 30 size_seen $((2295104 * 2048))
exec 8<"$d" # keeps the device open, as a mount does: Linux flushes a DVD+RW when the last program closes it
check "cut: all of it is written" dd if="$work/old" of="$d" bs=64k oflag=direct conv=notrunc status=none
check "cut: writes of 4 KiB" write_new 0 24
check "cut: the disc is flushed when it is idle" wait_for 10 state_is unsynced_blocks 0
write_on 8<&- &
writer=$!
sleep 1.5 # some of these writes are flushed then, some are not
dmsetup suspend --nolockfs card
check "cut: the power fails while the host writes" kill -0 "$writer"
cp --sparse=always "$work/card.raw" "$work/cut.raw"
dmsetup resume --noudevsync card
touch "$work/stop"
check "cut: the writes after the power cut do not fail" wait "$writer"
exec 8<&-
check "cut: ejected" ctl eject --force
mkdir -p "$work/after"
check "cut: the card as it was at the cut is mounted" mount -o loop "$work/cut.raw" "$work/after"
cp -p "$work/after/cut.img"* "$media/"
check "cut: its file system is sound" sh -c "umount '$work/after' && e2fsck -f -n '$work/cut.raw'"
check "cut: the disc is inserted" ctl insert cut.img
check "cut: the kernel sees a formatted disc" wait_for 30 size_seen $((2295104 * 2048))
dd if="$d" of="$work/got" bs=64k count=$((units / 16)) iflag=direct status=none
is "cut: all flushed units are on the disc" "$(not_new 0 24)" ""
changed | sort >"$work/changed"
is "cut: no unit is changed that the host did not write" "$(places 0 224 | sort | comm -13 - "$work/changed")" ""
echo "#   cut: $(wc -l <"$work/changed") of 224 places were on the card"
check "cut: ejected again" ctl eject --force
rm -f "$card"/cut* "$media"/cut*

# ---- a card without room ----
check "full: a DVD-RAM is made on the small card" ctl blank card/full.img type=dvd-ram
wait_for 30 size_seen $((2236704 * 2048))
fill full mkfs.vfat -s 16 # large clusters: a small table
check "full: mounted" mount -o rw "$d" /mnt
check_not "full: a file that is larger than the card fails" \
	dd if=/dev/urandom of=/mnt/large bs=1M count=40 conv=fsync status=none
check "full: umount ends" timeout 60 umount /mnt
check "full: mounted again" mount -o ro "$d" /mnt
check "full: the files that were there before are whole" diff -r "$work/files" /mnt/one
umount /mnt
like "full: the board says why" "$(cat "$daemon_log")" 'No space left on device'
check "full: ejected" ctl eject --force

check "the daemon stops" daemon_stop
umount "$card"
dmsetup remove card
losetup -d "$loop"
finish
