#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs that examine a disc on a desktop: cdrom_id and blkid of udev, libcdio, blockdev.
# Each state once: no disc, blank, appendable, finalised, an image.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive
cdrom_id=/lib/udev/cdrom_id
[ -x "$cdrom_id" ] || cdrom_id=/usr/lib/udev/cdrom_id

# id NAME REGEX...
id() {
	need "$cdrom_id" "cdrom_id, $1" || return
	run "$cdrom_id" --debug /dev/sr0
	check "cdrom_id, $1: exit code 0" exits 0
	check "cdrom_id, $1: nothing refused, every data phase fits" wire_clean
	n=$1
	shift
	check "cdrom_id, $n: properties" says '^ID_CDROM=1$' '^ID_CDROM_DVD=1$' \
		'^ID_CDROM_DVD_PLUS_R=1$' "$@"
}

# libcdio asks for page 2Ah with length 0 and a buffer of 256.
cdio() {
	need cd-info "cd-info, $1" || return
	run cd-info -C /dev/sr0
	check "cd-info, $1: exit code 0" exits 0
	check "cd-info, $1: nothing refused, every data phase fits" wire_clean \
		'MODE SENSE.6. .*!Hi>Dn'
	check "cd-info, $1: disc mode" says "Disc mode is listed as: $2\$" 'Vendor +: MMCGADGT'
	run cd-drive /dev/sr0
	check "cd-drive, $1: exit code 0" exits 0
	# libcdio never looks at the last entry of the profile list.
	case $2 in
	DVD-ROM) current='Read only DVD - on' ;;
	*) current='DVD.R - DVD Recordable - on' ;;
	esac
	check "cd-drive, $1: current profile" says "$current"
	check "cd-drive, $1: features" says 'DVD\+R Feature' 'Removable Medium Feature' \
		'can be locked'
	check "cd-drive, $1: nothing refused, every data phase fits" wire_clean \
		'MODE SENSE.6. .*!Hi>Dn'
}

size() {
	need blockdev "blockdev, $1" || return
	run blockdev --getsize64 /dev/sr0
	check "blockdev --getsize64, $1" says "^$2\$"
}

label() {
	need blkid "blkid, $1" || return
	run blkid -p /dev/sr0
	check "blkid, $1: label" says " LABEL=\"$2\"" 'TYPE="iso9660"'
}

id "no disc"
check "cdrom_id, no disc: no medium" output_lacks '^ID_CDROM_MEDIA'
if need cd-info "cd-info, no disc"; then
	run cd-info -C /dev/sr0
	check "cd-info, no disc: fails" fails
fi

blank
id "blank" '^ID_CDROM_MEDIA=1$' '^ID_CDROM_MEDIA_DVD_PLUS_R=1$' '^ID_CDROM_MEDIA_STATE=blank$' \
	'^ID_CDROM_MEDIA_SESSION_NEXT=1$' '^ID_CDROM_MEDIA_SESSION_COUNT=1$' \
	'^ID_CDROM_MEDIA_TRACK_COUNT=1$'
check "cdrom_id, blank: no data track, or blkid would be run" output_lacks 'TRACK_COUNT_DATA'
cdio "blank" 'DVD\+R'

if need wodim "appendable"; then
	shim wodim dev=/dev/sr0 -s -gracetime=2 "$W/x.iso" >/dev/null 2>&1
	id "appendable" '^ID_CDROM_MEDIA_STATE=appendable$' '^ID_CDROM_MEDIA_SESSION_NEXT=2$' \
		'^ID_CDROM_MEDIA_TRACK_COUNT_DATA=1$'
	cdio "appendable" 'DVD\+R'
	size "appendable" 3358720
	label "appendable" SHIMTEST
fi
if need cdrskin "finalised"; then
	shim cdrskin dev=/dev/sr0 "$W/x.iso" >/dev/null 2>&1
	id "finalised" '^ID_CDROM_MEDIA_DVD=1$' '^ID_CDROM_MEDIA_STATE=complete$' \
		'^ID_CDROM_MEDIA_TRACK_COUNT_DATA=2$' '^ID_CDROM_MEDIA_SESSION_LAST_OFFSET=3375104$'
	cdio "finalised" 'DVD-ROM'
	size "finalised" 6750208
fi

ask insert "$W/x.iso" >/dev/null
id "image" '^ID_CDROM_MEDIA_DVD=1$' '^ID_CDROM_MEDIA_STATE=complete$' \
	'^ID_CDROM_MEDIA_TRACK_COUNT_DATA=1$' \
	'^ID_CDROM_MEDIA_SESSION_COUNT=1$'
cdio "image" 'DVD-ROM'
size "image" 3358720
label "image" SHIMTEST
if need mmc-tool "mmc-tool"; then
	run mmc-tool --inquiry --drive-cap --speed-KB=5540 /dev/sr0
	check "mmc-tool: exit code 0" exits 0
	check "mmc-tool: inquiry and speed" says 'Model +: DVD BURNER' 'mmc_set_speed.*successful'
	# libcdio gives SET CD SPEED a data-out buffer it has no use for.
	check "mmc-tool: nothing refused, every data phase fits" wire_clean 'SET CD SPEED .*!Ho>Dn'
fi

# A swap under a program that keeps the device open: the next open sees the new disc.
truncate -s 4096000 "$W/y.iso"
if need blockdev "swap under an open descriptor"; then
	run sh -c "exec 9</dev/sr0; blockdev --getsize64 /dev/sr0
		LD_PRELOAD='' $O/mmcshimd --ask $W/socket insert $W/y.iso
		blockdev --getsize64 /dev/sr0"
	check "swap under an open descriptor: old size, then new" says '^3358720$' '^4096000$'
fi

# exec keeps the PID and the open descriptors; the program that follows opens the device beside them.
ask insert "$W/x.iso" >/dev/null
run sh -c 'exec 9</dev/sr0; exec dd if=/dev/sr0 bs=2048 skip=16 count=1 of="$1"' sh "$W/block"
check "open beside a descriptor from before the exec: exit code 0" exits 0
check "open beside a descriptor from before the exec: reads the disc" cmp -n 2048 "$W/block" "$W/x.iso" 0 32768
