#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DVD-R of one and two layers: incremental recording, sessions and disc-at-once by every burner.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
head -c $((1641 * 2048)) /dev/urandom >"$W/y.iso"
drive

# burned NAME BLOCKS: a burn with exit code 0 whose disc is complete, has BLOCKS blocks and reads back.
burned() {
	check "$1: exit code 0" exits 0
	check "$1: complete, $2 blocks" state profile=0010 finalised=1 sessions=1 tracks=1 "readable=$2" locked=0
	check "$1: reads back through the block device" reads_back
}
no_close() { ! grep 'CLOSE TRACK.SESSION' "$W/log"; }
# The last WRITE of growisofs has a whole buffer, and a CDB of fewer blocks.
short_write() { grep -q 'WRITE(10) .* OUT 32768 -> GOOD '"$1"' !Ho>Do' "$W/log"; }

if need growisofs "DVD-R, growisofs" && need dvd+rw-mediainfo "DVD-R, dvd+rw-mediainfo"; then
	blank dvd-r
	run dvd+rw-mediainfo /dev/sr0
	check "DVD-R, dvd+rw-mediainfo, blank: exit code 0" exits 0
	check "DVD-R, dvd+rw-mediainfo, blank: reports a blank DVD-R" says \
		'Mounted Media: +11h, DVD-R Sequential' 'Media ID: +MMCGADGT-R01' 'Disc status: +blank' \
		'Track State: +invisible incremental' 'Free Blocks: +2298496\*2KB' \
		'Media Book Type: +25h, DVD-R book' 'Write Speed #3: +4.0x'
	check "DVD-R, dvd+rw-mediainfo, blank: nothing refused, every data phase fits" wire_clean
	run growisofs -use-the-force-luke=dummy -Z /dev/sr0="$W/x.iso"
	check "DVD-R, growisofs dummy: exit code 0" exits 0
	check "DVD-R, growisofs dummy: the disc stays blank" state profile=0011 blank=1 recorded=0
	run growisofs -Z /dev/sr0 -R -quiet "$W/d1"
	check "DVD-R, growisofs -Z: exit code 0" exits 0
	check "DVD-R, growisofs -Z: appendable" state profile=0011 appendable=1 sessions=2 tracks=2 nwa=1648
	run growisofs -Z /dev/sr0="$W/x.iso"
	check "DVD-R, growisofs -Z on an appendable disc: refused" fails
	check "DVD-R, growisofs -Z on an appendable disc: changes nothing" state sessions=2 nwa=1648
	reinsert
	run growisofs -M /dev/sr0 -R -quiet "$W/d2"
	check "DVD-R, growisofs -M: exit code 0" exits 0
	run growisofs -M /dev/sr0 -R -quiet /etc/hostname
	check "DVD-R, growisofs -M again: exit code 0" exits 0
	check "DVD-R, growisofs -M again: three sessions" state profile=0011 appendable=1 sessions=4 tracks=4
	check "DVD-R, growisofs -M again: nothing refused, every data phase fits" wire_clean
	run dvd+rw-mediainfo /dev/sr0
	check "DVD-R, dvd+rw-mediainfo, three sessions: reports them" says 'Disc status: +appendable' \
		'Number of Sessions: +4$' 'Track State: +complete incremental' 'Track#2 +: +14@1648' \
		'Multi-session Info: +#3@2176'
	if need xorriso "DVD-R, growisofs -M: files of all sessions"; then
		run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/all"
		check "DVD-R, growisofs -M: files of the first session" cmp "$W/all/a.bin" "$W/d1/a.bin"
		check "DVD-R, growisofs -M: files of the second session" cmp "$W/all/b.bin" "$W/d2/b.bin"
		check "DVD-R, growisofs -M: files of the third session" test -f "$W/all/hostname"
	fi
	blank dvd-r
	run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	good_burn "DVD-R, growisofs -dvd-compat" "$W/x.iso" 32767
	burned "DVD-R, growisofs -dvd-compat" 1648
	run growisofs -M /dev/sr0 -R -quiet "$W/d2"
	check "DVD-R, growisofs -M on a complete disc: refused" fails
	blank dvd-r
	run growisofs -use-the-force-luke=dao -Z /dev/sr0="$W/x.iso"
	burned "DVD-R, growisofs dao" 1640
	check "DVD-R, growisofs dao: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
	check "DVD-R, growisofs dao: SYNCHRONIZE CACHE completes the disc" no_close
	check "DVD-R, growisofs dao: the last blocks come in a larger transfer" short_write 16384
	blank dvd-r
	run growisofs -use-the-force-luke=dao -Z /dev/sr0="$W/y.iso"
	burned "DVD-R, growisofs dao, odd size" 1641
	check "DVD-R, growisofs dao, odd size: file on disk equals the source" cmp "$W/disc.iso" "$W/y.iso"
	check "DVD-R, growisofs dao, odd size: the last blocks come in a larger transfer" short_write 18432
fi

if need cdrskin "DVD-R, cdrskin"; then
	blank dvd-r
	run cdrskin dev=/dev/sr0 -v -minfo
	check "DVD-R, cdrskin -minfo, blank: reports a blank DVD-R" says 'Product Id: +MMCGADGT-R01' \
		'Mounted media type: +DVD-R sequential recording' 'disk status: +empty'
	run cdrskin dev=/dev/sr0 -v -dummy "$W/x.iso"
	check "DVD-R, cdrskin -dummy: exit code 0" exits 0
	check "DVD-R, cdrskin -dummy: the disc stays blank" state profile=0011 blank=1 recorded=0
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	burned "DVD-R, cdrskin" 1640
	check "DVD-R, cdrskin: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
	check "DVD-R, cdrskin: SYNCHRONIZE CACHE completes the disc" no_close
	blank dvd-r
	run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
	good_burn "DVD-R, cdrskin -multi" "$W/x.iso" 32767
	run cdrskin dev=/dev/sr0 -v -multi "$W/y.iso"
	check "DVD-R, cdrskin -multi again: exit code 0" exits 0
	check "DVD-R, cdrskin -multi again: appendable" state profile=0011 appendable=1 sessions=3 tracks=3
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	check "DVD-R, cdrskin, last session: complete" state profile=0010 finalised=1 sessions=3 tracks=3
fi

if need xorriso "DVD-R, xorriso"; then
	blank dvd-r
	run xorriso -outdev /dev/sr0 -map "$W/d1" /d1 -commit -map "$W/d2" /d2 -commit
	check "DVD-R, xorriso -commit twice: exit code 0" exits 0
	check "DVD-R, xorriso -commit twice: appendable" state profile=0011 appendable=1 sessions=3 tracks=3
	rm -rf "$W/all"
	run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/all"
	check "DVD-R, xorriso -extract: files of the first session" diff -r "$W/d1" "$W/all/d1"
	check "DVD-R, xorriso -extract: files of the second session" diff -r "$W/d2" "$W/all/d2"
fi

if need wodim "DVD-R, wodim"; then
	blank dvd-r
	run wodim dev=/dev/sr0 -dummy -gracetime=2 "$W/x.iso"
	check "DVD-R, wodim -dummy: exit code 0" exits 0
	check "DVD-R, wodim -dummy: the disc stays blank" state profile=0011 blank=1 recorded=0
	run wodim dev=/dev/sr0 -dao -v -gracetime=2 "$W/x.iso"
	burned "DVD-R, wodim -dao" 1640
	check "DVD-R, wodim -dao: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
	check "DVD-R, wodim -dao: SYNCHRONIZE CACHE completes the disc" no_close
	blank dvd-r
	run wodim dev=/dev/sr0 -packet -v -gracetime=2 "$W/x.iso"
	burned "DVD-R, wodim -packet" 1640
	check "DVD-R, wodim -packet: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
fi

# Two layers. growisofs takes an image that one layer holds for a mistake, and libburn makes no sessions there.
blank dvd-r-dl
if need dvd+rw-mediainfo "DVD-R DL, dvd+rw-mediainfo"; then
	run dvd+rw-mediainfo /dev/sr0
	check "DVD-R DL, dvd+rw-mediainfo: exit code 0" exits 0
	check "DVD-R DL, dvd+rw-mediainfo: reports a blank of two layers" says \
		'Mounted Media: +15h, DVD-R Dual Layer Sequential' 'Disc status: +blank' \
		'Media ID: +MMCGADGT-R01' 'Free Blocks: +4171712\*2KB'
fi
if need growisofs "DVD-R DL, growisofs"; then
	run growisofs -Z /dev/sr0="$W/x.iso"
	check "DVD-R DL, growisofs, small image: refused by growisofs" says 'more than 50% of space will be'
	check "DVD-R DL, growisofs, small image: the disc stays blank" state profile=0015 blank=1 recorded=0
	# It takes the sector in which layer 0 ends, 30000h + 2085856 - 1, for the blocks of that layer.
	truncate -s $((2282463 * 2048)) "$W/big.iso"
	for at in 0 2085855 2282460; do
		dd if="$W/y.iso" of="$W/big.iso" bs=2048 seek=$at count=3 conv=notrunc 2>/dev/null
	done
	run growisofs -Z /dev/sr0="$W/big.iso"
	check "DVD-R DL, growisofs, 2282463 blocks: refused by growisofs" says 'more than 50% of space will be'
	check "DVD-R DL, growisofs, 2282463 blocks: nothing was written" fails_to sent 'WRITE.1'
	check "DVD-R DL, growisofs, 2282463 blocks: the disc stays blank" state profile=0015 blank=1 recorded=0
	truncate -s $((2282464 * 2048)) "$W/big.iso"
	if [ -n "${FULL:-}" ]; then
		run growisofs -Z /dev/sr0="$W/big.iso"
		check "DVD-R DL, growisofs, 2282464 blocks: exit code 0" exits 0
		check "DVD-R DL, growisofs, 2282464 blocks: complete" state profile=0010 finalised=1 sessions=1 \
			tracks=1 readable=2282464
		check "DVD-R DL, growisofs, 2282464 blocks: file on disk equals the source" cmp "$W/disc.iso" "$W/big.iso"
	else
		# The card is full after 16 MiB.
		ask fault write enospc from=8192 end=4171712 >/dev/null
		run growisofs -Z /dev/sr0="$W/big.iso"
		ask fault none >/dev/null
		check "DVD-R DL, growisofs, 2282464 blocks: writes until the card is full" says ':-\[ WRITE@LBA=2000h failed'
		# It closes the session all the same.
		check "DVD-R DL, growisofs, 2282464 blocks: what was written is a whole disc" \
			state profile=0010 finalised=1 sessions=1 tracks=1 readable=8192
		check "DVD-R DL, growisofs, 2282464 blocks: equals the source so far" \
			cmp -n $((8192 * 2048)) "$W/disc.iso" "$W/big.iso"
	fi
	rm -f "$W/big.iso"
	blank dvd-r-dl
fi
if need cdrskin "DVD-R DL, cdrskin"; then
	run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
	check "DVD-R DL, cdrskin -multi: refused by libburn" fails
	check "DVD-R DL, cdrskin -multi: the disc stays blank" state profile=0015 blank=1 recorded=0
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	burned "DVD-R DL, cdrskin" 1640
	check "DVD-R DL, cdrskin: file on disk equals the source" cmp "$W/disc.iso" "$W/x.iso"
fi
if need wodim "DVD-R DL, wodim"; then
	blank dvd-r-dl
	run wodim dev=/dev/sr0 -dao -v -gracetime=2 "$W/x.iso"
	burned "DVD-R DL, wodim -dao" 1640
fi
