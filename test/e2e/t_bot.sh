#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bulk-Only Transport with mistakes that no driver makes: u_bot speaks it through usbfs.
. ./lib.sh

# u_bot [short TEST...]: runs the program u_bot on a new blank; its results count as this job's.
u_bot() {
	local log=$work/u_bot.log rc n bad
	check "a blank is inserted${1:+, behaviour.stall = \"$1\"}" mmcgadgetctl blank "bot${1:-}.img"
	wait_for 15 blank_seen "$(host_drives | head -n 1)"
	wait_for_udev
	/build/test/e2e/u_bot 1d6b 0104 "$@" >"$log" 2>&1
	rc=$?
	n=$(grep -c '^\(not \)\?ok' "$log")
	bad=$(grep -c '^not ok' "$log")
	awk -v n="$count" '/^(not )?ok/ { sub(/ok [0-9]+/, "ok " ++n) } { print }' "$log"
	count=$((count + n))
	failures=$((failures + bad))
	is "u_bot${1:+ $1} ends with 0" "$rc" 0
	check "usb-storage takes the drive back" wait_for 20 have_drives 1
	wait_for_udev # udev's programs open the drive, which locks it
	check "the daemon is alive" daemon_alive
}

drive_up
lsusb -v -d 1d6b:0104 >"$work/lsusb" 2>&1
like "lsusb reads mass storage, SCSI, Bulk-Only" "$(cat "$work/lsusb")" \
	'bInterfaceClass +8 ' 'bInterfaceSubClass +6 ' 'bInterfaceProtocol +80 ' 'bNumEndpoints +2'
dmesg_mark bot
u_bot
sr=$(host_drives | head -n 1)
make_iso AFTER 1 "$media/after.iso"
check "a disc is inserted" mmcgadgetctl insert after.iso
check "the host reads the disc" wait_for 10 has_label "$sr" AFTER
# A reset by the SCSI layer while no command is in flight.
sg=$(host_sg "$sr")
check "SCSI device reset" sg_reset --device "$sg"
check "the host still reads the disc" wait_for 10 cmp "$media/after.iso" "/dev/$sr"
check "the daemon ends with 0" daemon_stop
# Some of the tests again with bulk-in halted after short data.
config extra='behaviour: { stall = "short"; };'
if check "the daemon starts again" daemon_start && wait_for 30 have_drives 1; then
	u_bot short cases broken halts
fi
check "the daemon ends with 0" daemon_stop
finish
