#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD-RW: erased by each program that can, and burned again.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive

# The disc is a blank DVD-RW, and its file is empty.
is_blank() { state profile=0014 blank=1 appendable=1 recorded=0 free=2298496 && test ! -s "$W/disc.iso"; }
# erased NAME CDB: the program has sent this BLANK, which erased the disc; incremental recording works then.
erased() {
	check "DVD-RW, $1: exit code 0" exits 0
	check "DVD-RW, $1: sends BLANK" sent "BLANK \\[a1 $2 00 .* GOOD"
	check "DVD-RW, $1: the disc is a blank DVD-RW" is_blank
}
# burn: records a session that others can follow, by the first burner that is installed.
burn() {
	if command -v growisofs >/dev/null; then
		run growisofs -Z /dev/sr0="$W/x.iso"
	else
		run cdrskin dev=/dev/sr0 -multi "$W/x.iso"
	fi
	check "DVD-RW, a session after that: appendable, no disc-at-once" \
		state profile=0014 appendable=1 sessions=2 tracks=2 nwa=1648
	check "DVD-RW, a session after that: reads back through the block device" reads_back
}

blank dvd-rw
burn
if need growisofs "DVD-RW, growisofs" && need dvd+rw-format "DVD-RW, dvd+rw-format"; then
	run growisofs -M /dev/sr0 -R -quiet "$W/d2"
	check "DVD-RW, growisofs -M: exit code 0" exits 0
	check "DVD-RW, growisofs -M: two sessions" state profile=0014 appendable=1 sessions=3 tracks=3
	run growisofs -Z /dev/sr0="$W/x.iso"
	check "DVD-RW, growisofs -Z on an appendable disc: refused" fails
	run dvd+rw-format -blank /dev/sr0
	erased "dvd+rw-format -blank" 11
	burn
	run dvd+rw-format -blank=full /dev/sr0
	erased "dvd+rw-format -blank=full" 10
	run growisofs -use-the-force-luke=dao -Z /dev/sr0="$W/x.iso"
	check "DVD-RW, growisofs dao: complete, and still a DVD-RW" state profile=0014 finalised=1 readable=1640
	check "DVD-RW, growisofs dao: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
	reinsert
	check "DVD-RW, growisofs dao: the same when the disc is inserted again" \
		state profile=0014 finalised=1 readable=1640
	run dvd+rw-mediainfo /dev/sr0
	check "DVD-RW, dvd+rw-mediainfo, complete: reports it" says 'Mounted Media: +14h, DVD-RW Sequential' \
		'Disc status: +complete' 'Media Book Type: +32h, DVD-RW book'
fi
if need cdrskin "DVD-RW, cdrskin"; then
	run cdrskin dev=/dev/sr0 -v blank=fast
	erased "cdrskin blank=fast" 10
	burn
	run cdrskin dev=/dev/sr0 -v blank=all
	erased "cdrskin blank=all" 10
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	check "DVD-RW, cdrskin: complete" state profile=0014 finalised=1 readable=1640
	run cdrskin dev=/dev/sr0 -v blank=deformat_sequential_quickest
	erased "cdrskin blank=deformat_sequential_quickest" 11
	run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
	check "DVD-RW, cdrskin -multi: appendable" state profile=0014 appendable=1 sessions=2 tracks=2
fi
if need xorriso "DVD-RW, xorriso"; then
	run xorriso -outdev /dev/sr0 -blank fast
	erased "xorriso -blank fast" 10
	run xorriso -outdev /dev/sr0 -map "$W/d1" /d1 -commit -map "$W/d2" /d2 -commit
	check "DVD-RW, xorriso -commit twice: exit code 0" exits 0
	check "DVD-RW, xorriso -commit twice: appendable" state profile=0014 appendable=1 sessions=3 tracks=3
fi
if need wodim "DVD-RW, wodim"; then
	run wodim dev=/dev/sr0 -gracetime=2 blank=fast
	erased "wodim blank=fast" 01
	burn
	run wodim dev=/dev/sr0 -gracetime=2 blank=all
	erased "wodim blank=all" 00
	burn
	run wodim dev=/dev/sr0 blank=fast -dao -gracetime=2 "$W/x.iso"
	check "DVD-RW, wodim blank=fast -dao: exit code 0" exits 0
	check "DVD-RW, wodim blank=fast -dao: complete" state profile=0014 finalised=1 readable=1640
	check "DVD-RW, wodim blank=fast -dao: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
	# A disc that is written once cannot be erased.
	blank dvd-r
	run wodim dev=/dev/sr0 -gracetime=2 blank=fast
	check "DVD-R, wodim blank=fast: fails" fails
fi

# Restricted overwrite: formatted, grown, overwritten, and back.
is_formatted() { state profile=0013 finalised=1 sessions=1 tracks=1 "readable=$1"; }
blank dvd-rw
if need growisofs "DVD-RW formatted, growisofs" && need dvd+rw-format "DVD-RW formatted, dvd+rw-format"; then
	run dvd+rw-format -force /dev/sr0
	check "DVD-RW, dvd+rw-format -force: exit code 0" exits 0
	check "DVD-RW, dvd+rw-format -force: the intermediate state" state profile=0013 finalised=0 free=2297888
	run growisofs -Z /dev/sr0="$W/x.iso"
	check "DVD-RW formatted, growisofs -Z: exit code 0" exits 0
	check "DVD-RW formatted, growisofs -Z: as large as the image" is_formatted 1648
	check "DVD-RW formatted, growisofs -Z: reads back through the block device" reads_back
	run growisofs -M /dev/sr0 -R -quiet "$W/d2"
	check "DVD-RW formatted, growisofs -M: exit code 0" exits 0
	run growisofs -M /dev/sr0 -R -quiet /etc/hostname
	check "DVD-RW formatted, growisofs -M again: has grown" is_formatted 2352
	reinsert
	run dvd+rw-mediainfo /dev/sr0
	check "DVD-RW formatted, dvd+rw-mediainfo: reports it" says 'Mounted Media: +13h, DVD-RW Restricted Overwrite' \
		'formatted:.*2352\*2048' '13h\(10\):.*2295536\*2048' 'Fixed Packet Size: +16\*2KB'
	run dvd+rw-format -force=full /dev/sr0
	check "DVD-RW, dvd+rw-format -force=full: all of the disc" is_formatted 2297888
	run dvd+rw-format -blank /dev/sr0
	check "DVD-RW, dvd+rw-format -blank: sequential again" is_blank
fi
if need cdrskin "DVD-RW formatted, cdrskin"; then
	run cdrskin dev=/dev/sr0 -v blank=format_overwrite_quickest
	check "DVD-RW, cdrskin format_overwrite_quickest: exit code 0" exits 0
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	check "DVD-RW formatted, cdrskin: exit code 0" exits 0
	check "DVD-RW formatted, cdrskin: as large as the image" is_formatted 1648
	check "DVD-RW formatted, cdrskin: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" 32767
	if need wodim "DVD-RW formatted, wodim"; then
		run wodim dev=/dev/sr0 -dao -gracetime=2 "$W/x.iso"
		check "DVD-RW formatted, wodim -dao: exit code 0" exits 0
		check "DVD-RW formatted, wodim -dao: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" 32767
	fi
	run cdrskin dev=/dev/sr0 -v blank=deformat_sequential_quickest
	check "DVD-RW, cdrskin deformat_sequential_quickest: sequential again" is_blank
fi
if need xorriso "DVD-RW formatted, xorriso"; then
	run xorriso -outdev /dev/sr0 -format as_needed -map "$W/d1" /d1 -commit -map "$W/d2" /d2 -commit
	check "DVD-RW, xorriso -format as_needed: exit code 0" exits 0
	check "DVD-RW, xorriso -format as_needed: all of the disc" is_formatted 2297888
fi
