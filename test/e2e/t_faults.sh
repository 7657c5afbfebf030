#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults on request over USB: the kernel and the burner meet them, and the drive works when they are gone.
. ./lib.sh

make_iso SOURCE 4 "$media/source.iso"
config drives='{ name = "drive0"; faults = true; }'
drive_up
dmesg_mark faults

# tur: TEST UNIT READY, without the kernel's disc driver.
tur() { sg_raw "$sg" 00 00 00 00 00 00; }
struck() { mmcgadgetctl --json fault list | jq -r '.faults[0].struck'; }

# ---- a block that cannot be written ----
check "a write error is requested" ctl fault add write-error 500
check "a blank is inserted" ctl blank disc.iso
check "the host sees the blank" wait_for 15 blank_seen
# growisofs reports the failed WRITE, closes the disc, and then exits with 0.
check "write error: growisofs ends" timeout 200 sh -c \
	"growisofs -dvd-compat -Z '/dev/$sr=$media/source.iso' >'$work/burn.log' 2>&1; exit 0"
like "write error: growisofs reports it" "$(cat "$work/burn.log")" ':-\[ WRITE@LBA=1f0h failed with SK=3h'
is "write error: the disc ends before the block" "$(state recorded_blocks) $(state state)" "500 complete"
check "write error: it has struck" test "$(struck)" -ge 1
is "write error: no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
like "write error: the log says so" "$(cat "$daemon_log")" 'the fault "write-error 500" has struck'
check "write error: the disc is ejected" ctl eject --force
check "write error: the file has what was recorded" cmp -n 1024000 "$media/disc.iso" "$media/source.iso"
check "the faults are cleared" ctl fault clear

# ---- a slow drive, one that is not ready, a disc that vanishes ----
check "a disc is inserted" ctl insert source.iso
check "the host reads it" wait_for 15 has_label "$sr" SOURCE
check "a slow command is requested" ctl fault add slow 1500 ms op 00 times 1
began=$(date +%s%N)
check "slow: the next TEST UNIT READY succeeds, the kernel's or this one" tur
check "slow: the daemon answers" ctl status
# If the kernel's poll met the fault, this command waited behind it.
check "slow: it took its time" test $((($(date +%s%N) - began) / 1000000)) -ge 1000
is "slow: it has struck once" "$(struck)" 1
check "not ready is requested" ctl fault set not-ready for 4 s
check_not "not ready: TEST UNIT READY fails" tur
check "not ready: it ends by itself" wait_for 20 tur
check "a disc that vanishes is requested" ctl fault set vanish
tur >/dev/null 2>&1
check "vanished: the drive is empty" wait_for 10 state_is image ''
check_not "vanished: TEST UNIT READY fails" tur
check "vanished: the host has noticed" wait_for 15 sh -c "! blkid -p /dev/$sr >/dev/null 2>&1"
check "the faults are cleared again" ctl fault clear
check "the disc is inserted again" ctl insert source.iso
check "the host reads it as before" wait_for 15 has_label "$sr" SOURCE
check "its data is whole" cmp -n "$(stat -c %s "$media/source.iso")" "$media/source.iso" "/dev/$sr"
is "no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
check "the daemon ends with 0" daemon_stop
finish
