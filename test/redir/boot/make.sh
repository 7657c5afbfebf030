#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes an ISO image from which a BIOS and UEFI boot programs that say on the serial port whether they were
# read right (bios.S, uefi.S).
#   make.sh IMAGE
set -eu
here=$(dirname "$0")
image=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/disc"
for program in bios uefi; do
	gcc -c -I "$here" -o "$dir/$program.o" "$here/$program.S"
	objcopy -O binary -j .text "$dir/$program.o" "$dir/disc/$program.bin"
done
truncate -s 1440K "$dir/disc/efi.img"
mformat -i "$dir/disc/efi.img" -f 1440 ::
mmd -i "$dir/disc/efi.img" ::/EFI ::/EFI/BOOT
mcopy -i "$dir/disc/efi.img" "$dir/disc/uefi.bin" ::/EFI/BOOT/BOOTX64.EFI
xorriso -as mkisofs -quiet -V BOOT -o "$image" -b bios.bin -no-emul-boot -boot-load-size 4 -boot-info-table \
	-eltorito-alt-boot -e efi.img -no-emul-boot "$dir/disc"
