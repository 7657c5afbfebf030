# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
# Raspberry Pi with a 64-bit processor whose USB port can be a device: Zero 2 W, 3A+, CM3, 4B, 400, CM4.
title='Raspberry Pi Zero 2 W, 3A+, CM3, 4B, 400, CM4'
arch=arm64
triplet=aarch64-linux-gnu
optimisation='-O2'
kernel_package=linux-image-arm64
firmware_packages='raspi-firmware firmware-brcm80211'
boot_kind=rpi
# The chips of these boards' Wi-Fi, of which there has to be firmware.
wifi_chips='brcmfmac43430 brcmfmac43455 brcmfmac43456'
# trees: the directory of the device trees in the kernel's package. tree_names: NAME=OTHER,... where NAME is
# the name of a tree there, and the OTHERs are its names in Raspberry Pi's own kernel, which some versions of
# the firmware look for instead.
trees=broadcom
tree_names='bcm2837-rpi-zero-2-w=bcm2710-rpi-zero-2-w,bcm2710-rpi-zero-2 bcm2837-rpi-3-a-plus=bcm2710-rpi-3-b-plus
	bcm2837-rpi-cm3-io3=bcm2710-rpi-cm3 bcm2711-rpi-4-b= bcm2711-rpi-400= bcm2711-rpi-cm4-io=bcm2711-rpi-cm4'
firmware_files='bootcode.bin start.elf fixup.dat start_cd.elf fixup_cd.dat start4.elf fixup4.dat start4cd.elf fixup4cd.dat'
firmware_settings='arm_64bit=1'
# In the order of use: the card, the USB port, file systems, the gadget, the watchdog.
boot_modules='fixed gpio-regulator bcm2835 sdhci-iproc phy-generic dwc2 crc32c_generic erofs overlay nls_cp437 nls_ascii vfat ext4
	libcomposite usb_f_fs bcm2835_wdt'
# The rest of the modules. The kernel requests ciphers by name, and modules.dep does not list them, so the whole
# of crypto is included.
module_folders='crypto arch lib/crypto net/rfkill net/wireless drivers/clk/bcm drivers/phy/broadcom drivers/soc/bcm
	drivers/thermal/broadcom drivers/mmc/core drivers/usb/common drivers/usb/dwc2 drivers/usb/phy
	drivers/net/wireless/broadcom/brcm80211'
modules_by_name='usb_f_acm usb_f_ncm usb_f_ecm nls_utf8 nls_iso8859_1 raspberrypi_cpufreq bcm2835_rng iproc_rng200
	reset_raspberrypi autofs4'
consoles='console=tty0'
