#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD-RW, sequential: erased by each program that can, and burned again.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
head -c $((1641 * 2048)) /dev/urandom >"$W/y.iso"
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
	run growisofs -M /dev/sr0 -R -quiet -graft-points third="$W/d2"
	check "DVD-RW, growisofs -M again: exit code 0" exits 0
	check "DVD-RW, growisofs -M again: three sessions" state profile=0014 appendable=1 sessions=4 tracks=4
	if need xorriso "DVD-RW, growisofs -M: files of all sessions"; then
		run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/all"
		check "DVD-RW, growisofs -M: files of the second session" cmp "$W/all/b.bin" "$W/d2/b.bin"
		check "DVD-RW, growisofs -M: files of the third session" cmp "$W/all/third/b.bin" "$W/d2/b.bin"
	fi
	run growisofs -Z /dev/sr0="$W/x.iso"
	check "DVD-RW, growisofs -Z on an appendable disc: refused" fails
	run dvd+rw-format -blank /dev/sr0
	erased "dvd+rw-format -blank" 11
	burn
	run dvd+rw-format -blank=full /dev/sr0
	erased "dvd+rw-format -blank=full" 10
	run growisofs -use-the-force-luke=dummy -Z /dev/sr0="$W/x.iso"
	check "DVD-RW, growisofs dummy: exit code 0" exits 0
	check "DVD-RW, growisofs dummy: the disc stays blank" is_blank
	run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "DVD-RW, growisofs -dvd-compat: complete, and still a DVD-RW" state profile=0014 finalised=1 readable=1648
	check "DVD-RW, growisofs -dvd-compat: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" 32767
	run growisofs -M /dev/sr0 -R -quiet "$W/d2"
	check "DVD-RW, growisofs -M on a complete disc: refused" fails
	run dvd+rw-format -blank /dev/sr0
	erased "dvd+rw-format -blank, complete disc" 11
	run growisofs -use-the-force-luke=dao -Z /dev/sr0="$W/y.iso"
	check "DVD-RW, growisofs dao: complete, and still a DVD-RW" state profile=0014 finalised=1 readable=1641
	check "DVD-RW, growisofs dao: file on disk equals the source" cmp "$W/disc.iso" "$W/y.iso"
	reinsert
	check "DVD-RW, growisofs dao: the same when the disc is inserted again" \
		state profile=0014 finalised=1 readable=1641
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
	run cdrskin dev=/dev/sr0 -v -multi "$W/y.iso"
	check "DVD-RW, cdrskin -multi again: appendable" state profile=0014 appendable=1 sessions=3 tracks=3
	check "DVD-RW, cdrskin -multi again: reads back through the block device" reads_back
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
	run wodim dev=/dev/sr0 -gracetime=2 blank=fast
	run wodim dev=/dev/sr0 -dummy -gracetime=2 "$W/x.iso"
	check "DVD-RW, wodim -dummy: the disc stays blank" is_blank
	run wodim dev=/dev/sr0 -packet -v -gracetime=2 "$W/x.iso"
	check "DVD-RW, wodim -packet: exit code 0" exits 0
	check "DVD-RW, wodim -packet: complete" state profile=0014 finalised=1 readable=1640
	check "DVD-RW, wodim -packet: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
	# A disc that is written once cannot be erased.
	blank dvd-r
	run wodim dev=/dev/sr0 -gracetime=2 blank=fast
	check "DVD-R, wodim blank=fast: fails" fails
fi
