#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the root of the card before systemd: gives the board its identity, applies mmcgadget.txt, makes
# or checks the partition of the discs and mounts it. Whatever fails here, systemd and the drive start.
#   prepare.sh DISK PARTITION-OF-THE-DISCS
# What it writes goes to RAM, with three exceptions: the partition of the discs; its entry in the MBR, at the
# first boot; and the report on the first partition, if its text has changed.
export PATH=/usr/sbin:/usr/bin LC_ALL=C
disk=$1 discs=$2
card=/usr/lib/mmcgadget-card
media=/var/lib/mmcgadget
messages=/run/mmcgadget-card.messages
mount -t tmpfs -o mode=755,nosuid,nodev,size=20% tmpfs /run

# The machine ID is the same at each boot and differs from other boards', although it is stored nowhere. (It is
# a random one only if neither the board nor the card has a number.) If the board has no serial number, that of
# the USB device is made of the machine ID.
number=''
for file in /sys/firmware/devicetree/base/serial-number "/sys/block/${disk#/dev/}/device/cid" \
	"/sys/block/${disk#/dev/}/serial" /proc/sys/kernel/random/uuid; do
	case $number in # a number of zeros is none, as the daemon's gadget_serial.c has it
	*[!0]*) ;;
	*) number=$(cat "$file" 2>/dev/null | tr -d '\000') ;;
	esac
done
number=$(printf %s "$number" | sha256sum)
printf '%.32s\n' "$number" >/etc/machine-id

sh $card/settings.sh /boot/firmware/mmcgadget.txt / >$messages

# Repairs that need an answer may cost a disc, and nobody is here to answer: then the discs can only be read.
if ! sh $card/discs.sh "$disk" "$discs"; then
	echo "The discs: the partition for them could not be made. The drive has no discs."
elif [ "$(cat "/sys/block/${disk#/dev/}/ro")" = 1 ]; then
	echo "The discs: this card is read-only: its switch is set, or it is worn out. Nothing can be burned."
	mount -t ext4 -o ro,noload "$discs" $media 2>/dev/null || echo "  They cannot be read either."
elif e2fsck -p "$discs" >/run/mmcgadget-card.fsck 2>&1 || [ $? -lt 4 ]; then
	/usr/bin/mount -t ext4 -o noatime,lazytime,errors=remount-ro "$discs" $media
else
	if mount -t ext4 -o ro,noload "$discs" $media 2>/dev/null; then
		echo "The discs: their file system is damaged. They can be read, and nothing can be burned."
	else
		echo "The discs: their file system cannot be read. The drive has no discs."
	fi
	echo "  On a Linux PC, \"sudo e2fsck /dev/sdX3\" repairs it (the third partition of this card)."
fi >>$messages 2>&1

if mountpoint -q $media && [ -w $media ]; then
	if [ ! -e $media/.system ]; then
		# The first boot: the drive starts with a blank, so that a PC can burn at once.
		chgrp mmcgadget $media
		chmod 2775 $media
		touch $media/disc-1.iso
		chown mmcgadget:mmcgadget $media/disc-1.iso
		chmod 664 $media/disc-1.iso
		sync -f $media/disc-1.iso
		mkdir -m 700 $media/.system
	fi
fi
# Most boards have no clock: time goes on where it was last seen.
seen=$(sh $card/clock.sh $media)
[ "$seen" -le "$(date +%s)" ] || date -s "@$seen" >/dev/null
sh $card/report.sh /boot/firmware/mmcgadget-report.txt settings $messages
