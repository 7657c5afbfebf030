#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD-RW, restricted overwrite: formatted, grown, overwritten, and sequential again.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
head -c $((1641 * 2048)) /dev/urandom >"$W/y.iso"
drive

# The disc is a blank DVD-RW, and its file is empty.
is_blank() { state profile=0014 blank=1 appendable=1 recorded=0 free=2298496 && test ! -s "$W/disc.iso"; }
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
	# An image that is larger than what is formatted: it grows first. Then two sessions, the volume
	# descriptors of which come to block 16 as well.
	genisoimage -quiet -R -V LARGER -graft-points -o "$W/z.iso" big="$W/d1" more="$W/y.iso"
	run growisofs -use-the-force-luke=tty -Z /dev/sr0="$W/z.iso"
	check "DVD-RW formatted, growisofs -Z, larger: exit code 0" exits 0
	check "DVD-RW formatted, growisofs -Z, larger: grows it" sent 'FORMAT UNIT .* GOOD 12 : .* 4c 00 00 10'
	check "DVD-RW formatted, growisofs -Z, larger: file on disk equals the source" \
		holds "$W/disc.iso" "$W/z.iso" 32767
	run growisofs -M /dev/sr0 -R -quiet -graft-points second="$W/d2"
	check "DVD-RW formatted, growisofs -Z, larger, then -M: exit code 0" exits 0
	check "DVD-RW formatted, growisofs -Z, larger, then -M: writes block 16" \
		sent 'WRITE.10. \[2a 00 00 00 00 10 00 00 10 00.* GOOD'
	run growisofs -M /dev/sr0 -R -quiet -graft-points third="$W/d2"
	check "DVD-RW formatted, growisofs -Z, larger, then -M again: exit code 0" exits 0
	if need xorriso "DVD-RW formatted, growisofs: files of all sessions"; then
		rm -rf "$W/all"
		run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/all"
		check "DVD-RW formatted, growisofs: =img, first session" cmp "$W/all/big/a.bin" "$W/d1/a.bin"
		check "DVD-RW formatted, growisofs: =img, first session, end" cmp "$W/all/more" "$W/y.iso"
		check "DVD-RW formatted, growisofs: =img, second session" cmp "$W/all/second/b.bin" "$W/d2/b.bin"
		check "DVD-RW formatted, growisofs: =img, third session" cmp "$W/all/third/b.bin" "$W/d2/b.bin"
	fi
	run dvd+rw-format -force=full /dev/sr0
	check "DVD-RW, dvd+rw-format -force=full: all of the disc" is_formatted 2297888
	shim dd if=/dev/sr0 of="$W/part" bs=2048 skip=2297872 count=16 2>/dev/null
	check "DVD-RW, dvd+rw-format -force=full: reads as zeros to its end" cmp -n 32768 "$W/part" /dev/zero
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
