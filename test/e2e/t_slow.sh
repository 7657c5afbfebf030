#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A card that takes 9 s for every read (device-mapper's delay target). Only the host's READ waits for it:
# control commands, the other drive and an eject work during the slow read.
. ./lib.sh

delay() { # MILLISECONDS for each read
	dmsetup suspend slow
	dmsetup reload slow --table "0 $sectors delay $loop 0 $1 $loop 0 0"
	# Without udev's rules: their programs would read the card and delay this command.
	dmsetup resume --noudevsync --noudevrules slow
}
# Drops the image from the page cache; the file system's own blocks stay.
forget() {
	sync "$slow/slow.iso"
	dd if="$slow/slow.iso" iflag=nocache count=0 status=none
}
# read_slowly FIRST COUNT: reads blocks of 64 KiB into $work/got in the background
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
check "a card with a delay is made" dmsetup create slow --table "0 $sectors delay $loop 0 0 $loop 0 0"
mkdir -p "$slow"
mount -o noatime /dev/mapper/slow "$slow" || finish
cp "$work/slow.iso" "$slow/"
allow_media_folder "$slow"

udc_load
dmesg_mark slow
config extra="drives = ( { name = \"slow\"; media = \"$slow\"; image = \"slow.iso\"; },
	{ name = \"fast\"; image = \"fast.iso\"; } );"
daemon_start
check "the host sees two drives" wait_for 30 have_drives 2 || finish
a=$(drive_of SLOW) b=$(drive_of FAST)

forget
delay 9000
read_slowly 100 1
sleep 0.5 # the read is on its way; it takes 9 s
check "status answers during a slow read" ctl status
check "the other drive: TEST UNIT READY" many_turs
check "the other drive: reads" cmp -n "$(stat -c %s "$media/fast.iso")" "$media/fast.iso" "/dev/$b"
check "the slow read is still waiting after that" read_waits
check "the slow read returns the right blocks" got_right 100 1

forget
read_slowly 150 1
sleep 0.5 # as above
check "the disc is removed during a slow read" ctl eject --force drive=slow
check "the disc was removed before the read ended" read_waits
check "the slow read returns the blocks of the removed disc" got_right 150 1
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
