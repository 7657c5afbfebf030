#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD+RW and DVD-RAM as the kernel uses them: opened for writing, with a file system, mounted, written,
# unmounted and checked. Nobody sends SYNCHRONIZE CACHE for a mounted DVD-RAM. And formats beside the
# kernel's event polling.
. ./lib.sh

modprobe -a ext4
mkdir -p /mnt "$work/files"
head -c 3000001 /dev/urandom >"$work/files/large.bin"
for i in 0 1 2 3 4 5 6 7 8 9; do
	head -c $((i * 777)) /dev/urandom >"$work/files/small$i"
done

drive_up
dmesg_mark block
d=/dev/$sr
# The kernel asks for the size when a program opens the device after the change.
size_seen() { [ "$(size_of "$sr")" = "$1" ]; }

# round NAME BLOCKS MKFS...: a file system on the disc, used and used again.
round() {
	local name=$1 blocks=$2
	shift 2
	wait_for 30 size_seen $((blocks * 2048))
	is "$name: the kernel sees its size" "$(size_of "$sr")" $((blocks * 2048))
	check "$name: $1" "$@" "$d"
	check "$name: mounted for writing" mount -o rw "$d" /mnt
	check "$name: files are copied to it" cp -r "$work/files" /mnt/one
	check "$name: unmounted" umount /mnt
	wait_for 10 state_is unsynced_blocks 0
	is "$name: all is on the card after the last close" "$(state unsynced_blocks)" 0
	check "$name: ejected from the board" ctl eject --force
	check "$name: inserted again" ctl insert "$name.img"
	wait_for 30 size_seen $((blocks * 2048))
	check "$name: mounted again" mount -o rw "$d" /mnt
	check "$name: the files are as they were" diff -r "$work/files" /mnt/one
	check "$name: some are removed, and others written" \
		sh -c "rm -r /mnt/one/small[0-4] && cp -r '$work/files' /mnt/two && sync"
	check "$name: the files are there" diff -r "$work/files" /mnt/two
	check "$name: unmounted again" umount /mnt
}

# ---- DVD-RAM: new and formatted ----
check "a DVD-RAM is made" ctl blank dvd-ram.img type=dvd-ram
round dvd-ram 2236704 mkfs.ext4 -q -b 2048
check "dvd-ram: fsck finds nothing" e2fsck -f -n "$d"
# growisofs writes a DVD-RAM through the block device.
make_iso RAM 3 "$work/ram.iso"
blocks=$(($(stat -c %s "$work/ram.iso") / 2048))
check "dvd-ram: growisofs -Z" growisofs -use-the-force-luke=notray,tty -Z "$d=$work/ram.iso"
wait_for_udev
check "dvd-ram: what growisofs wrote is what the image has" \
	cmp -n $((blocks * 2048)) "$work/ram.iso" "$media/dvd-ram.img"
check "dvd-ram: ejected" ctl eject --force

# ---- DVD+RW: formatted by the host, then the same ----
check "a DVD+RW is made" ctl blank dvd+rw.img type=dvd+rw
wait_for 30 blank_seen
check "dvd+rw: dvd+rw-format" dvd+rw-format "$d"
round dvd+rw 2295104 mkfs.ext4 -q -b 2048
check "dvd+rw: fsck finds nothing" e2fsck -f -n "$d"

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
check "the daemon stops" daemon_stop
finish
