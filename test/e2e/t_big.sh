#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disc of 6 GB, beyond the limits of other gadgets: 2.2 GB, 4 GiB.
. ./lib.sh

blocks=3000000
truncate -s $((blocks * 2048)) "$media/big.iso"
# Each marked block holds its own address as text.
marks="0 1048575 1048576 1100000 2097151 2097152 2295104 $((blocks - 1))"
mark() { printf 'block %d %2048s' "$1" '' | head -c 2048; }
for lba in $marks; do
	mark "$lba" | dd of="$media/big.iso" bs=2048 seek="$lba" conv=notrunc status=none
done
drive_up
dmesg_mark big
check "a disc of 6 GB is inserted" mmcgadgetctl insert big.iso
size_is() { [ "$(size_of "$sr")" = "$1" ]; }
check "the host knows its size" wait_for 10 size_is $((blocks * 2048))
for lba in $marks; do
	dd if="/dev/$sr" bs=2048 skip="$lba" count=1 iflag=direct status=none >"$work/block" 2>&1
	check "block $lba reads right" cmp "$work/block" <(mark "$lba")
done
check_not "there is no block after the last" sg_raw -r 2048 "$sg" 28 00 00 2d c6 c0 00 00 01 00
check "READ(12) reads the last block" sg_raw -r 2048 -o "$work/block" "$sg" \
	a8 00 00 2d c6 bf 00 00 00 01 00 00
check "READ(12): the last block is right" cmp "$work/block" <(mark $((blocks - 1)))
dmesg_clean "the kernel log is clean" big
check "the daemon ends with 0" daemon_stop
finish
