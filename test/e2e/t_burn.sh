#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unmodified burners burn ISO images on blanks. The blocks that the host reads back, and the image file
# on the board, must equal the burned image.
. ./lib.sh

mb=16
[ -z "${FULL:-}" ] || mb=32
make_iso EVEN "$mb" "$work/even.iso"
make_iso ODD $((mb + 1)) "$work/odd.iso" 5000
# Two sizes: a multiple of 32 KiB, to which burners pad, and one that is not.
size=$(stat -c %s "$work/even.iso")
[ $((size % 32768)) = 0 ] || truncate -s $(((size / 32768 + 1) * 32768)) "$work/even.iso"
while [ $(($(stat -c %s "$work/odd.iso") % 32768)) = 0 ]; do
	head -c 2048 /dev/zero >>"$work/odd.iso"
done

drive_up
dmesg_mark burn

size_seen() { [ "$(size_of "$sr")" = "$1" ]; }

# The file on the board is the image and zeros up to the next 32 KiB at most. xorriso first appends $padding
# bytes of zeros: 300 KiB (150 blocks) by default.
padding=0
same_file() { # IMAGE FILE
	local want got
	want=$(stat -c %s "$1")
	got=$(stat -c %s "$2")
	cmp -n "$want" "$1" "$2" || return 1
	if [ "$got" -lt "$want" ] || [ "$got" -gt $(((want + padding + 32767) / 32768 * 32768)) ]; then
		echo "size $got for an image of $want"
		return 1
	fi
	# What was allocated ahead has been given back; the file system's own blocks take some KiB.
	if [ $(($(stat -c %b "$2") * 512)) -gt $((got + 262144)) ]; then
		echo "$(stat -c %b "$2") blocks of 512 bytes for $got bytes"
		return 1
	fi
	cmp -n $((got - want)) -i "$want:0" "$2" /dev/zero
}

same_disc() { # IMAGE
	local n
	n=$(($(stat -c %s "$1") / 2048))
	dd if="/dev/$sr" bs=2048 count="$n" status=none | cmp - "$1"
}

# At super speed dummy_hcd accepts a scatter-gather list only if every part except the last is a multiple
# of 1024 bytes, but usb-storage asks for buffers aligned to 512 (see the comment in its scsiglue.c).
# xorriso's buffer happens to be at 512 modulo 1024: the transfer fails with -EINVAL before anything is
# sent, and the port is reset. xHCI has no such rule. With this setting malloc() maps the buffer by itself,
# at 16 modulo 4096; then the kernel copies the buffer, and the transfer succeeds.
[ "$SPEED" != super ] || export GLIBC_TUNABLES=glibc.malloc.mmap_threshold=16384

# burn NAME IMAGE STATE COMMAND...
burn() {
	local name=$1 iso=$2 want=$3 began
	shift 3
	check "$name: a blank is inserted" mmcgadgetctl blank "$name.img" || return
	check "$name: the host sees a blank" wait_for 10 blank_seen || return
	began=$(date +%s%N)
	lines=40 check "$name: exit code 0" "$@"
	echo "#   $name: $(($(stat -c %s "$iso") / 1000)) kB in $((($(date +%s%N) - began) / 1000000)) ms"
	tail -n 3 "$work/check.log" | tr '\r' '\n' | tail -n 3 | sed 's/^/#   /'
	wait_for_udev
	# A finalised disc is a DVD-ROM at once.
	is "$name: the disc is $want" "$(state state) $(state medium)" \
		"$want $([ "$want" = complete ] && echo dvd-rom || echo dvd+r)"
	check "$name: the file on the board is the image" same_file "$iso" "$media/$name.img"
	# The tray is not opened, so the host must notice by itself that the disc is no blank any more.
	check "$name: blkid shows the label" wait_for 5 has_label "$sr" "$(blkid -p -o value -s LABEL "$iso")"
	wait_for_udev
	check "$name: the host's size is that of the disc" wait_for 5 size_seen "$(stat -c %s "$media/$name.img")" ||
		echo "#   $(size_of "$sr") instead of $(stat -c %s "$media/$name.img")"
	check "$name: the host reads the image back" same_disc "$iso"
	is "$name: no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
	check "$name: the host mounts the disc" mount -o ro "/dev/$sr" /mnt && umount /mnt
}

d=/dev/$sr
burn growisofs-compat "$work/even.iso" complete growisofs -dvd-compat -Z "$d=$work/even.iso"
burn growisofs "$work/odd.iso" appendable growisofs -Z "$d=$work/odd.iso"
burn cdrskin "$work/odd.iso" complete cdrskin -v dev="$d" "$work/odd.iso"
padding=307200
burn xorriso "$work/even.iso" complete xorriso -as cdrecord -v dev="$d" "$work/even.iso"
padding=0
burn wodim "$work/odd.iso" appendable wodim -v -dao dev="$d" "$work/odd.iso"
# A finalised disc is a DVD-ROM when it is inserted again, too.
check "a finalised disc is inserted again" mmcgadgetctl insert cdrskin.img
is "the finalised disc has profile 10h" "$(state profile) $(state medium)" "16 dvd-rom"

dmesg_clean "the kernel log is clean" burn
check "the daemon ends with 0" daemon_stop
finish
