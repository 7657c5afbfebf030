# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
# Boards with a 32-bit ARMv7 processor that U-Boot starts: BeagleBones, and boards with an Allwinner processor.
title='BeagleBone, Orange Pi Zero, PC Plus, NanoPi NEO, Banana Pi, Cubieboard, OLinuXino'
arch=armhf
triplet=arm-linux-gnueabihf
optimisation='-O2'
kernel_package=linux-image-armmp
firmware_packages=
loader_packages='u-boot-omap u-boot-sunxi'
boot_kind=uboot
trees=
# BeagleBones, whose U-Boot asks the board which it is; the rest is Allwinner's.
tree_names='am335x-bone am335x-boneblack am335x-boneblack-wireless am335x-boneblue am335x-bonegreen
	am335x-bonegreen-wireless am335x-pocketbeagle am335x-sancloud-bbe
	sun8i-h2-plus-orangepi-zero sun8i-h3-nanopi-neo sun8i-h3-orangepi-pc-plus sun7i-a20-bananapi sun4i-a10-cubieboard
	sun7i-a20-cubieboard2 sun7i-a20-cubietruck sun4i-a10-olinuxino-lime sun7i-a20-olinuxino-lime
	sun7i-a20-olinuxino-lime2 sun7i-a20-olinuxino-micro'
# Each Allwinner board has a U-Boot of its own, which its owner copies to the card (docs/card.md).
loaders='orangepi_zero nanopi_neo orangepi_pc_plus Bananapi Cubieboard Cubieboard2 Cubietruck A10-OLinuXino-Lime
	A20-OLinuXino-Lime A20-OLinuXino-Lime2 A20-OLinuXino_MICRO'
# In the order of use: what feeds the card, the card, the USB port, file systems, the gadget, the watchdog.
boot_modules='gpio-regulator tps65217 i2c-mv64xxx axp20x-regulator omap_hsmmc sdhci-omap sunxi-mmc phy-generic
	phy-am335x-control phy-am335x cppi41 musb_dsps phy-sun4i-usb sunxi crc32c_generic erofs overlay nls_cp437 nls_ascii
	vfat ext4 libcomposite usb_f_fs omap_wdt sunxi_wdt'
module_folders='crypto arch/arm/crypto lib/crypto drivers/clk/sunxi-ng drivers/mmc/core drivers/usb/common drivers/usb/musb drivers/usb/phy
	drivers/phy/allwinner'
modules_by_name='usb_f_acm usb_f_ncm usb_f_ecm nls_utf8 nls_iso8859_1 autofs4 cpufreq-dt sun8i_thermal'
consoles='console=ttyS0,115200'
