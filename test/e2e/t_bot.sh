#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bulk-Only Transport as only a program of ours speaks it: wrong on purpose.
. ./functions.sh

drive_up
check "a blank goes in" mmcgadgetctl blank bot.img
settle
sleep 2
lsusb -v -d 1d6b:0104 >"$work/lsusb" 2>&1
like "descriptors: mass storage, SCSI, Bulk-Only" "$(cat "$work/lsusb")" \
	'bInterfaceClass +8 ' 'bInterfaceSubClass +6 ' 'bInterfaceProtocol +80 ' 'bNumEndpoints +2'
serial=$(cat /sys/bus/usb/devices/*-1/serial)
like "serial number: 12 or more digits 0-9 A-F" "$serial" '^[0-9A-F]{12,}$'
dmesg_mark bot
/build/test/e2e/u_bot 1d6b 0104 >"$work/bot.log" 2>&1
rc=$?
cat "$work/bot.log"
count=$(grep -c '^\(not \)\?ok' "$work/bot.log")
is "the program ends with 0" "$rc" 0
check "usb-storage takes the drive back" wait_for 20 have_drives 1
check "the daemon lives" daemon_alive
sr=$(host_drives | head -n 1)
make_iso AFTER 1 "$media/after.iso"
check "a disc goes in" mmcgadgetctl insert after.iso
check "the host reads it" wait_for 10 has_label "$sr" AFTER
# A reset by the SCSI layer, in the middle of nothing.
sg=$(host_sg "$sr")
check "SCSI device reset" sg_reset --device "$sg"
check "the host still reads" wait_for 10 cmp "$media/after.iso" "/dev/$sr"
check "the daemon ends with 0" daemon_stop
finish
