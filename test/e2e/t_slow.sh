#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A card that takes 9 s for every read (device-mapper's delay target): only the command that needs the
# block waits for it. Everything else is done during a slow read; afterwards the read still waits.
. ./lib.sh

delay() { # MILLISECONDS for each read
	dmsetup suspend slow
	dmsetup reload slow --table "0 $sectors delay $loop 0 $1 $loop 0 0"
	# Without udev's rules, which would read the card and delay this.
	dmsetup resume --noudevsync --noudevrules slow
}
# Drops the image from the page cache; the file system's own blocks stay.
forget() {
	sync "$slow/slow.iso"
	dd if="$slow/slow.iso" iflag=nocache count=0 status=none
}
# read_slowly FIRST COUNT: in the background, blocks of 64 KiB, into $work/got
read_slowly() {
	dd if="/dev/$a" of="$work/got" bs=64k skip="$1" count="$2" iflag=direct status=none &
	reader=$!
}
read_waits() { kill -0 "$reader" 2>/dev/null; }
got_right() { # FIRST COUNT
	wait "$reader" && cmp "$work/got" <(dd if="$work/slow.iso" bs=64k skip="$1" count="$2" status=none)
}
many_turs() {
	for _ in $(seq 20); do sg_turs "$(host_sg "$b")" || return 1; done
}

slow=$work/slow
make_iso SLOW 16 "$work/slow.iso"
make_iso FAST 8 "$media/fast.iso"
truncate -s 64M "$work/fs.img"
mkfs.ext4 -q -O ^has_journal "$work/fs.img"
modprobe -a loop dm-delay
loop=$(losetup -f --show "$work/fs.img")
sectors=$(blockdev --getsz "$loop")
check "a card that can be slow" dmsetup create slow --table "0 $sectors delay $loop 0 0 $loop 0 0"
mkdir -p "$slow"
mount -o noatime /dev/mapper/slow "$slow" || finish
cp "$work/slow.iso" "$slow/"
allow_media_folder "$slow"

udc_load
dmesg_mark slow
config extra="drives = ( { name = \"slow\"; media = \"$slow\"; image = \"slow.iso\"; },
	{ name = \"fast\"; image = \"fast.iso\"; } );"
daemon_start
check "two drives" wait_for 30 have_drives 2 || finish
a=$(drive_of SLOW) b=$(drive_of FAST)

forget
delay 9000
read_slowly 100 1
sleep 0.5 # the read is on its way; it takes 9 s
check "status" ctl status
check "the other drive: TEST UNIT READY" many_turs
check "the other drive: reads" cmp -n "$(stat -c %s "$media/fast.iso")" "$media/fast.iso" "/dev/$b"
check "the slow read still waits after that" read_waits
check "the slow read brings the right blocks" got_right 100 1

forget
read_slowly 150 1
sleep 0.5
check "the disc is removed during a slow read" ctl eject --force drive=slow
check "the disc was removed before the read ended" read_waits
check "the read ends on its disc" got_right 150 1
delay 0
check "the disc is inserted again" ctl insert slow.iso drive=slow
check "the host sees the disc" wait_for 30 has_label "$a" SLOW

forget
delay 5
check "read from the first block to the last" cmp -n "$(stat -c %s "$work/slow.iso")" "$work/slow.iso" "/dev/$a"
delay 0
check "the daemon ends" daemon_stop
umount "$slow"
dmsetup remove slow
losetup -d "$loop"
dmesg_clean "the kernel log is clean" slow
finish
