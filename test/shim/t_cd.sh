#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that read compact discs, on an image that is shown as a CD-ROM.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive
ask insert "$W/x.iso" cd >/dev/null
check "the drive has a CD-ROM" state profile=0008

# user_data_is FILE UNIT: FILE has UNIT bytes for each block of the image, and in the first and each 37th sector
# after it, the 2048 bytes from byte 16 on are that block.
user_data_is() {
	sectors=$(($(stat -c %s "$1") / $2))
	[ $((sectors * 2048)) = "$(stat -c %s "$W/x.iso")" ] || { echo "# $sectors sectors"; return 1; }
	n=0
	while [ $n -lt "$sectors" ]; do
		cmp -n 2048 -i $((n * $2 + 16)):$((n * 2048)) "$1" "$W/x.iso" || return 1
		n=$((n + 37))
	done
}

cdrom_id=/lib/udev/cdrom_id
[ -x "$cdrom_id" ] || cdrom_id=/usr/lib/udev/cdrom_id
if need "$cdrom_id" "cdrom_id"; then
	run "$cdrom_id" --debug /dev/sr0
	check "cdrom_id: a complete CD with a data track" says '^ID_CDROM_MEDIA_CD=1$' \
		'media status: complete' '^ID_CDROM_MEDIA_TRACK_COUNT_DATA=1$'
	check "cdrom_id: nothing refused, every data phase fits" wire_clean
fi

# libcdio asks for page 2Ah with length 0 and a buffer of 256.
if need cd-info "cd-info"; then
	run cd-info -C /dev/sr0
	check "cd-info: exit code 0" exits 0
	check "cd-info: a CD-ROM with one track" says 'Disc mode is listed as: CD-DATA .Mode 1' \
		'^ +1: 00:02:00  000000 data +false'
	check "cd-info: nothing refused, every data phase fits" wire_clean 'MODE SENSE.6. .*!Hi>Dn'
fi

# Bytes 16 to 2063 of a raw sector are a block of the image.
if need readom "readom -clone"; then
	run readom dev=/dev/sr0 -clone f="$W/clone"
	check "readom -clone: exit code 0" exits 0
	check "readom -clone: raw sectors have the user data of the image" user_data_is "$W/clone" 2448
	run readom dev=/dev/sr0 f="$W/plain"
	check "readom: exit code 0" exits 0
	check "readom: the copy is the image" cmp "$W/plain" "$W/x.iso"
fi

if need wodim "wodim -toc"; then
	run wodim dev=/dev/sr0 -toc
	check "wodim -toc: exit code 0" exits 0
	check "wodim -toc: one track" says '^first: 1 last 1$' '^track: +1 lba: +0 .* control: 4'
fi

# Without the word it is a DVD-ROM again.
ask insert "$W/x.iso" >/dev/null
check "the same image as a DVD-ROM" state profile=0010
exit 0
