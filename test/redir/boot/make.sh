#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes an ISO image from which a BIOS and UEFI boot programs that say on the serial port whether they were
# read right (bios.S, uefi.S).
#   make.sh IMAGE [LBA]   LBA: the programs and all but the volume descriptors are past this block, which is
#                         a multiple of 16, with zeros before them: a sparse file
# AARCH64=COMPILER: with a program for UEFI on arm64 as well (uefi_aa64.S).
set -eu
here=$(dirname "$0")
image=$1
lba=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/disc"
program() { # NAME COMPILER
	"$2" -c -I "$here" -o "$dir/$1.o" "$here/$1.S"
	"${2%gcc}objcopy" -O binary -j .text "$dir/$1.o" "$dir/disc/$1.bin"
}
program bios gcc
program uefi gcc
truncate -s 1440K "$dir/disc/efi.img"
mformat -i "$dir/disc/efi.img" -f 1440 ::
mmd -i "$dir/disc/efi.img" ::/EFI ::/EFI/BOOT
mcopy -i "$dir/disc/efi.img" "$dir/disc/uefi.bin" ::/EFI/BOOT/BOOTX64.EFI
if [ -n "${AARCH64:-}" ]; then
	program uefi_aa64 "$AARCH64"
	mcopy -i "$dir/disc/efi.img" "$dir/disc/uefi_aa64.bin" ::/EFI/BOOT/BOOTAA64.EFI
fi
if [ -z "$lba" ]; then
	xorriso -as mkisofs -quiet -V BOOT -o "$image" -b bios.bin -no-emul-boot -boot-load-size 4 -boot-info-table \
		-eltorito-alt-boot -e efi.img -no-emul-boot "$dir/disc"
	exit
fi
# A second session that begins there, without a first one; as growisofs does, its volume descriptors are copied
# to where hosts look for them.
genisoimage -quiet -V BOOT -o "$dir/session" -C "0,$lba" -b bios.bin -no-emul-boot -boot-load-size 4 -boot-info-table \
	-eltorito-alt-boot -e efi.img -no-emul-boot "$dir/disc"
rm -f "$image"
dd if="$dir/session" of="$image" bs=32k seek=$((lba / 16)) conv=sparse status=none
dd if="$dir/session" of="$image" bs=2k skip=16 seek=16 count=16 conv=notrunc status=none
truncate -s %2048 "$image"
