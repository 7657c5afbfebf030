#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD+RW: dvd+rw-tools, libburn, wodim and udev on an unformatted, a formatted and a used disc.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need growisofs "growisofs, DVD+RW" || exit 0
need dvd+rw-format "dvd+rw-format, DVD+RW" || exit 0
make_sources
drive

# background N: READ DISC INFORMATION shows an erasable disc with that state of background format.
background() {
	run dvd+rw-mediainfo /dev/sr0
	exits 0 && no_complaints && wire_clean && says 'Mounted Media: +1Ah, DVD\+RW$' \
		'Media ID: +MMCGADGT/W01' &&
		grep -qE "READ DISC INFORMATION .* : 00 20 1[0e] 01 01 01 01 2$1" "$W/log"
}

# used NAME: the checks after every program that writes.
used() {
	check "$1: exit code 0" exits 0
	check "$1: no complaint" no_complaints
	check "$1: nothing refused, every data phase fits" wire_clean
}

# has FILE BLOCK: the disc has the file from that block on, read as the kernel would.
has() {
	blocks=$((($(stat -c %s "$1") + 2047) / 2048))
	shim dd if=/dev/sr0 of="$W/part" bs=2048 skip="$2" count="$blocks" 2>/dev/null &&
		cmp -n "$(stat -c %s "$1")" "$W/part" "$1"
}

blank dvd+rw
check "dvd+rw-mediainfo, unformatted: blank, no background format" background 0
check "dvd+rw-mediainfo, unformatted: reports it" says 'Disc status: +blank' \
	'unformatted:[[:space:]]+2295104\*2048=' '26h\(0\):[[:space:]]+2295104\*2048='
run dvd+rw-booktype -inq -media /dev/sr0
check "dvd+rw-booktype -inq -media: exit code 0" exits 0
check "dvd+rw-booktype -inq -media: DVD+RW" says 'Book Type Field is 92h: DVD\+RW'
check "dvd+rw-booktype -inq -media: nothing refused, every data phase fits" wire_clean
cdrom_id=/lib/udev/cdrom_id
[ -x "$cdrom_id" ] || cdrom_id=/usr/lib/udev/cdrom_id
if need "$cdrom_id" "cdrom_id, DVD+RW"; then
	run "$cdrom_id" --debug /dev/sr0
	check "cdrom_id, unformatted: a blank DVD+RW" says '^ID_CDROM_MEDIA_DVD_PLUS_RW=1$' \
		'^ID_CDROM_MEDIA_STATE=blank$'
fi
if need wodim "wodim, DVD+RW"; then
	run wodim dev=/dev/sr0 -s -gracetime=2 "$W/x.iso"
	check "wodim, unformatted: refused as by other drives" exits 254
	check "wodim, unformatted: the disc stays as it was" background 0
fi

run dvd+rw-format /dev/sr0
used "dvd+rw-format"
check "dvd+rw-format: stops the background format" sent 'FORMAT UNIT \[04 11 .* GOOD' \
	'CLOSE TRACK.SESSION \[5b 01 00' 'CLOSE TRACK.SESSION \[5b 01 02'
check "dvd+rw-format: formatted, background format suspended" background 1
check "dvd+rw-format: the whole disc can be read" says 'READ CAPACITY: +2295104\*2048=' \
	'Disc status: +complete'
[ -x "$cdrom_id" ] && run "$cdrom_id" --debug /dev/sr0 && check \
	"cdrom_id, formatted and never written: looks blank" says '^ID_CDROM_MEDIA_STATE=blank$'
run dvd+rw-format /dev/sr0
check "dvd+rw-format, again without -force: only gives advice" says 'already formatted|-force'
check "dvd+rw-format, again without -force: sends no FORMAT UNIT" fails_to sent 'FORMAT UNIT'

run growisofs -Z /dev/sr0="$W/x.iso"
used "growisofs -Z image, formatted"
check "growisofs -Z image, formatted: =img" has "$W/x.iso" 0
check "growisofs -Z image, formatted: the image is the file, padded to less than a further 32 KiB" \
	holds "$W/disc.iso" "$W/x.iso" 32767
[ -x "$cdrom_id" ] && run "$cdrom_id" --debug /dev/sr0 && check \
	"cdrom_id, written: complete" says '^ID_CDROM_MEDIA_STATE=complete$'

blank dvd+rw
run growisofs -Z /dev/sr0 -R -quiet "$W/d1"
used "growisofs -Z tree, unformatted"
check "growisofs -Z tree, unformatted: formats it itself" sent 'FORMAT UNIT \[04 11 .* GOOD'
run growisofs -M /dev/sr0 -R -quiet "$W/d2"
used "growisofs -M tree"
reinsert
run growisofs -M /dev/sr0 -R -quiet -graft-points "third=$W/d2"
used "growisofs -M tree, after the disc was inserted again"
check "growisofs -M tree, after the disc was inserted again: background format suspended" background 1
if need xorriso "growisofs -M tree: files of all"; then
	run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/all"
	check "growisofs -M tree: files of the first" cmp "$W/all/a.bin" "$W/d1/a.bin"
	check "growisofs -M tree: files of the second" cmp "$W/all/b.bin" "$W/d2/b.bin"
	check "growisofs -M tree: files of the third" cmp "$W/all/third/b.bin" "$W/d2/b.bin"
fi
run dvd+rw-format -lead-out /dev/sr0
used "dvd+rw-format -lead-out"
check "dvd+rw-format -lead-out: restarts the format" sent 'FORMAT UNIT \[04 11 .* GOOD'
check "dvd+rw-format -lead-out: keeps the data" test "$(stat -c %s "$W/disc.iso")" -gt 3000000
run dvd+rw-format -force /dev/sr0
used "dvd+rw-format -force"
check "dvd+rw-format -force: the data is gone" test ! -s "$W/disc.iso"
run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
used "growisofs -dvd-compat -Z image"
check "growisofs -dvd-compat -Z image: =img" has "$W/x.iso" 0

if need cdrskin "cdrskin, DVD+RW"; then
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	used "cdrskin, formatted"
	check "cdrskin, formatted: =img" has "$W/x.iso" 0
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	used "cdrskin, used"
	blank dvd+rw
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	used "cdrskin, unformatted"
	check "cdrskin, unformatted: =img" has "$W/x.iso" 0
	run cdrskin dev=/dev/sr0 -minfo
	check "cdrskin -minfo: reports an erasable DVD+RW" says 'Mounted media type: +DVD\+RW$' \
		'Disk Is erasable'
	run cdrskin dev=/dev/sr0 -atip
	check "cdrskin -atip: book type and media id" says 'book type: +DVD\+RW' \
		'Product Id: +MMCGADGT/W01'
fi
if need xorriso "xorriso, DVD+RW"; then
	blank dvd+rw
	run xorriso -outdev /dev/sr0 -format as_needed
	used "xorriso -format as_needed"
	run xorriso -outdev /dev/sr0 -format full
	used "xorriso -format full"
	check "xorriso -format full: formats it" sent 'FORMAT UNIT \[04 11 .* GOOD'
	sed -i '1,/FORMAT UNIT/d' "$W/log"
	check "xorriso -format full: nothing failed after it" fails_to sent 'CHECK'
	for n in 1 2 3; do
		run xorriso -dev /dev/sr0 -map "$W/d2" "/s$n" -commit
		used "xorriso, session $n"
	done
	run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/grown"
	for n in 1 2 3; do
		check "xorriso, session $n: =files" diff -r "$W/d2" "$W/grown/s$n"
	done
	run xorriso -outdev /dev/sr0 -blank as_needed -map "$W/d1" / -commit
	used "xorriso -blank as_needed and a new session"
fi
if command -v wodim >/dev/null; then
	run wodim dev=/dev/sr0 -s -gracetime=2 "$W/x.iso"
	used "wodim, formatted"
	check "wodim, formatted: =img" has "$W/x.iso" 0
fi
