#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD-RAM: dvd+rw-tools, libburn, wodim and udev. growisofs writes it through the block device of the
# kernel, which is a matter of test/e2e/t_block_media.sh.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need dvd+rw-format "dvd+rw-format, DVD-RAM" || exit 0
make_sources
drive

used() {
	check "$1: exit code 0" exits 0
	check "$1: no complaint" no_complaints
	check "$1: nothing refused, every data phase fits" wire_clean
}

# has FILE: the disc begins with the file, read as the kernel would.
has() {
	blocks=$((($(stat -c %s "$1") + 2047) / 2048))
	shim dd if=/dev/sr0 of="$W/part" bs=2048 count="$blocks" 2>/dev/null &&
		cmp -n "$(stat -c %s "$1")" "$W/part" "$1"
}

# formatted BLOCKS SPARE: dvd+rw-mediainfo shows that size and that supplementary spare area.
formatted() {
	run dvd+rw-mediainfo /dev/sr0
	exits 0 && no_complaints && wire_clean && says 'Mounted Media: +12h, DVD-RAM$' \
		'Disc status: +others?' "READ CAPACITY: +$1\\*2048=" "formatted:[[:space:]]+$1\\*2048=" \
		'Primary SA: +12800/12800=100' "Supplementary SA: +$2" \
		'Persistent Write Protection is off'
}

blank dvd-ram
check "dvd+rw-mediainfo, new: formatted" formatted 2236704 58368/58368=100
cdrom_id=/lib/udev/cdrom_id
[ -x "$cdrom_id" ] || cdrom_id=/usr/lib/udev/cdrom_id
if need "$cdrom_id" "cdrom_id, DVD-RAM"; then
	run "$cdrom_id" --debug /dev/sr0
	check "cdrom_id, never written: looks blank" says '^ID_CDROM_MEDIA_DVD_RAM=1$' \
		'^ID_CDROM_MEDIA_STATE=blank$'
fi
if need cdrskin "cdrskin, DVD-RAM"; then
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	used "cdrskin"
	check "cdrskin: =img" has "$W/x.iso"
	run cdrskin dev=/dev/sr0 -v stream_recording=on "$W/x.iso"
	used "cdrskin stream_recording=on"
	check "cdrskin stream_recording=on: uses WRITE(12) with Streaming" sent \
		'WRITE\(12\) \[aa 00 .* 80 00\] .* GOOD'
	check "cdrskin stream_recording=on: =img" has "$W/x.iso"
	[ -x "$cdrom_id" ] && run "$cdrom_id" --debug /dev/sr0 && check \
		"cdrom_id, written: neither blank nor complete" says '^ID_CDROM_MEDIA_STATE=other$'
	run cdrskin dev=/dev/sr0 -v blank=format_defectmgt_max
	check "cdrskin blank=format_defectmgt_max: nothing refused" wire_clean
fi
run dvd+rw-format -format=full /dev/sr0
used "dvd+rw-format -format=full"
check "dvd+rw-format -format=full: formats it" sent 'FORMAT UNIT \[04 .* GOOD'
check "dvd+rw-format -format=full: the data is gone" test ! -s "$W/disc.iso"
# For -ssa it sends a CDB of 2 bytes, which Linux refuses since version 5.18 and older ones send. The
# drive takes it: test/script/format-unit-short-cdb.cdb.
run dvd+rw-format -ssa=none /dev/sr0
check "dvd+rw-format -ssa=none: Linux refuses the CDB, and the disc stays as it was" \
	formatted 2236704 58368/58368=100
if need wodim "wodim, DVD-RAM"; then
	run wodim dev=/dev/sr0 -s -gracetime=2 -dao "$W/x.iso"
	check "wodim -dao: exit code 0" exits 0
	# It takes the disc for a CD, and first tries to write the gap before its track.
	check "wodim -dao: no command unknown, every data phase fits" wire_clean
	check "wodim -dao: =img" has "$W/x.iso"
fi
if need xorriso "xorriso, DVD-RAM"; then
	run xorriso -outdev /dev/sr0 -blank as_needed -map "$W/d1" / -commit
	used "xorriso"
	run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/back"
	check "xorriso: =files" diff -r "$W/d1" "$W/back"
fi
