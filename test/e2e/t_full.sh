#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For FULL=1: burns 1 GB and prints speed, CPU time and memory; then burns a disc to its last block.
. ./lib.sh

drive_up
dmesg_mark full
d=/dev/$sr
capacity=2295104

cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$daemon_pid/stat"; }
timed() { # NAME BYTES COMMAND...
	local name=$1 bytes=$2 t0 c0 ms
	shift 2
	c0=$(cpu) t0=$(date +%s%3N)
	lines=30 check "$name" "$@"
	ms=$(($(date +%s%3N) - t0))
	echo "#   $name: $ms ms, $((bytes / ms)) kB/s, daemon $(($(cpu) - c0)) ms of CPU," \
		"$(awk '/^VmHWM/ { print $2 }' "/proc/$daemon_pid/status") kB at most"
}

make_iso GIGA 1000 "$work/giga.iso"
size=$(stat -c %s "$work/giga.iso")
mmcgadgetctl blank giga.img >/dev/null
wait_for 15 blank_seen
timed "growisofs burns 1 GB" "$size" growisofs -dvd-compat -Z "$d=$work/giga.iso"
check "the board's file is the image" cmp -n "$size" "$work/giga.iso" "$media/giga.img"
echo 3 >/proc/sys/vm/drop_caches
timed "the host reads 1 GB back" "$size" cmp -n "$size" "$work/giga.iso" "$d"
rm -f "$work/giga.iso"

# A sparse source, in which some blocks hold their own address as text.
truncate -s $((capacity * 2048)) "$work/whole.img"
for lba in 0 1000000 2097152 $((capacity - 1)); do
	printf 'block %d %2048s' "$lba" '' | head -c 2048 |
		dd of="$work/whole.img" bs=2048 seek="$lba" conv=notrunc status=none
done
mmcgadgetctl blank whole.img >/dev/null
wait_for 15 blank_seen
is "a blank's room" "$(state free_blocks)" "$capacity"
# sg_dd writes most of the disc in commands of 1 MB: growisofs writes 32 KB at a time, which takes too
# long in an emulated machine. Then growisofs finds the open track, resumes it, and burns to the end.
most=$((capacity - 32768))
check "commands of 1 MB are possible" allow_large_commands
timed "$most blocks in commands of 1 MB" $((most * 2048)) \
	sg_dd if="$work/whole.img" of="$sg" bs=2048 bpt=512 count="$most" verbose=0
is "the next writable address is after them" "$(state nwa)" "$most"
timed "growisofs resumes and burns to block $capacity" $((32768 * 2048)) \
	growisofs -Z "$d=$work/whole.img"
is "no room is left" "$(state free_blocks) $(state recorded_blocks)" "0 $capacity"
is "the file on the board has every block" "$(stat -c %s "$media/whole.img")" $((capacity * 2048))
text=$(sg_raw -s 2048 -i /dev/zero "$sg" 2a 00 00 23 05 40 00 00 01 00 2>&1)
like "one more block is refused" "$text" 'out of range|[Ii]nvalid address|Illegal Request|Data Protect'
timed "the whole disc reads back" $((capacity * 2048)) cmp "$work/whole.img" "$d"
truncate -s $(((capacity + 1) * 2048)) "$work/whole.img"
mmcgadgetctl blank more.img >/dev/null
wait_for 15 blank_seen
check_not "growisofs sees that one block more does not fit" growisofs -Z "$d=$work/whole.img"
dmesg_clean "the kernel log is clean" full
check "the daemon ends with 0" daemon_stop
finish
