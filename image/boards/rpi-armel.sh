# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
# Raspberry Pi with the first processor (ARMv6) whose USB port can be a device: Zero, Zero W, A, A+, CM1.
title='Raspberry Pi Zero, Zero W, A, A+, CM1'
arch=armel
triplet=arm-linux-gnueabi
# Code for the processor of these boards, without its floating-point unit, which Debian's armel does not use.
optimisation='-O2 -march=armv6kz -marm'
kernel_package=linux-image-rpi
firmware_packages='raspi-firmware firmware-brcm80211'
boot_kind=rpi
# The chips of these boards' Wi-Fi, of which there has to be firmware.
wifi_chips='brcmfmac43430'
trees=
tree_names='bcm2835-rpi-zero=bcm2708-rpi-zero bcm2835-rpi-zero-w=bcm2708-rpi-zero-w bcm2835-rpi-a=bcm2708-rpi-b
	bcm2835-rpi-a-plus=bcm2708-rpi-b-plus bcm2835-rpi-cm1-io1=bcm2708-rpi-cm'
firmware_files='bootcode.bin start.elf fixup.dat start_cd.elf fixup_cd.dat'
firmware_settings=
# The drivers of the card, the USB port and the watchdog are built into this kernel.
boot_modules='crc32c_generic erofs overlay nls_cp437 nls_ascii vfat ext4 libcomposite usb_f_fs'
module_folders='crypto arch/arm/crypto lib/crypto net/rfkill net/wireless drivers/usb/common drivers/usb/phy
	drivers/net/wireless/broadcom/brcm80211'
modules_by_name='usb_f_acm usb_f_ncm usb_f_ecm nls_utf8 nls_iso8859_1 autofs4'
consoles='console=tty0'
