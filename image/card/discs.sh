#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the partition of the discs on the rest of the card, at the first boot. Prints what the user has
# to know; exits with 1 if there is no such partition afterwards.
#   discs.sh DISK PARTITION   DISK may be a file (tests); the kernel is then told nothing
# A power cut may come at any moment, therefore three steps: an entry of type da in the MBR, a file
# system, type 83. The type is the commit: only a partition of type da is ever formatted, so that discs
# are never lost because a file system cannot be read.
set -eu
disk=$1 discs=$2
sector=512 type_at=482 # of the third entry
start=${DISCS_START:-$(cat /usr/lib/mmcgadget-card/discs-start)}

type_of() { hexdump -v -s $type_at -n 1 -e '1/1 "%02x"' "$disk"; }
table() { # SFDISK-ARGUMENT...: changes the MBR. It does not tell the kernel: known() does.
	# sfdisk warns that the partition is not there yet: what it says is printed only if it fails.
	said=$(sfdisk --quiet --no-reread --no-tell-kernel "$@" 2>&1) || {
		echo "The discs: the card's table of partitions cannot be written: $said"
		exit 1
	}
	sync "$disk"
}
known() { # tells the kernel of the partition, if it does not know it; partx can while others are mounted
	[ ! -b "$disk" ] || [ -b "$discs" ] || partx --add --nr 3 "$disk"
}
number_at() { # OFFSET: a number of four bytes of the MBR
	hexdump -v -s "$1" -n 4 -e '1/4 "%u"' "$disk"
}

if [ -b "$disk" ]; then
	size=$(cat "/sys/block/${disk#/dev/}/size")
else
	size=$(($(stat -c %s "$disk") / sector))
fi
case $(type_of) in
00)
	if [ $((size - start)) -lt 131072 ]; then
		echo "The discs: there is no room for them on this card, which has $((size / 2048)) MB. Use a larger one."
		exit 1
	fi
	echo "$start,+,da" | table -N 3 "$disk"
	;;
esac
case $(type_of) in
da)
	first=$(number_at 486) count=$(number_at 490)
	# An entry that begins before the rest of the card, or ends after the card, was not made here: it could
	# cover the system.
	if [ "$first" -lt "$start" ] || [ $((first + count)) -gt "$size" ]; then
		echo "The discs: the third partition of this card was not made by this system. Write the card again."
		exit 1
	fi
	# Not mke2fs: busybox would run its own. On a card, mkfs.ext4 gets the device of the partition, because the
	# whole card is in use; in a file, the place of the partition.
	if [ -b "$disk" ]; then
		known
		target=$discs where=nodiscard
	else
		target=$disk where=nodiscard,offset=$((first * sector))
	fi
	mkfs.ext4 -q -F -F -L MMCDISCS -m 0 -i 262144 -E "$where,lazy_itable_init=1,lazy_journal_init=1" \
		"$target" $((count / 2))k >/dev/null
	sync "$target"
	table --part-type "$disk" 3 83
	;;
83) ;;
*)
	echo "The discs: the third partition of this card has an unknown type, and is left alone."
	exit 1
	;;
esac
known
