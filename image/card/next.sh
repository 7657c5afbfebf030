#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the system of one slot the next to start. Only one byte changes, so that after a power cut the file
# has the old slot or the new one.
#   next.sh SLOT FOLDER   SLOT is a or b; FOLDER is where the first partition is mounted, writable
# The firmware of a Raspberry Pi reads slot.txt; U-Boot, on other boards, reads extlinux.conf.
file=$2/slot.txt at=10
[ -e "$file" ] || file=$2/extlinux/extlinux.conf at=8
printf %s "$1" | dd of="$file" bs=1 seek=$at conv=notrunc,fsync 2>/dev/null
