#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest itself, without mmcgadgetd: UDC, host controller, usb-storage, sr and udev, with the kernel's
# CD-ROM gadget as the drive. If this fails, no other job can work.
. ./lib.sh

udc_load
check "a UDC is there" udc_present
make_iso SMOKE 4 "$work/smoke.iso"
g=/sys/kernel/config/usb_gadget/smoke
mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/mass_storage.0
echo 0x1d6b >$g/idVendor
echo 0x0104 >$g/idProduct
echo 0123456789AB >$g/strings/0x409/serialnumber
echo 1 >$g/functions/mass_storage.0/lun.0/cdrom
echo "$work/smoke.iso" >$g/functions/mass_storage.0/lun.0/file
ln -s $g/functions/mass_storage.0 $g/configs/c.1/
ls /sys/class/udc >$g/UDC
check "the host sees a drive" wait_for 30 have_drives 1
# shellcheck disable=SC2153 # comes with the boot
case $SPEED in
super) speed=5000 ;;
full) speed=12 ;;
*) speed=480 ;;
esac
check "the device has the speed of this boot" grep -qx "$speed" /sys/bus/usb/devices/*-1/speed
check "udev and blkid know the disc" wait_for 10 has_label sr0 SMOKE
check "the host reads the image" cmp "$work/smoke.iso" /dev/sr0
echo >$g/UDC
rm $g/configs/c.1/mass_storage.0
rmdir $g/functions/mass_storage.0 $g/configs/c.1 $g/strings/0x409 $g
check "dummy_hcd can be unloaded" wait_for 10 udc_unload
finish
