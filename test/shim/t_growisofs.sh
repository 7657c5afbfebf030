#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# growisofs and dvd+rw-mediainfo.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need growisofs "growisofs" || exit 0
need dvd+rw-mediainfo "dvd+rw-mediainfo" || exit 0
make_sources
drive

mediainfo() {
	run dvd+rw-mediainfo /dev/sr0
	check "dvd+rw-mediainfo, $1: exit code 0" exits 0
	check "dvd+rw-mediainfo, $1: no complaint" no_complaints
	check "dvd+rw-mediainfo, $1: nothing refused, every data phase fits" wire_clean
}

blank
mediainfo "blank"
check "dvd+rw-mediainfo, blank: reports a blank DVD+R" says 'Mounted Media: +1Bh, DVD\+R$' \
	'Media ID: +MMCGADGT/R01' \
	'Write Speed #3:' 'Disc status: +blank' 'Number of Sessions: +1$' \
	'State of Last Session: empty' \
	'"Next" Track: +1$' 'Number of Tracks: +1$' 'Track State: +blank' \
	'Next Writable Address: 0\*2KB' 'Free Blocks: +2295104\*2KB' 'READ CAPACITY: +0\*2048=0'
check "dvd+rw-mediainfo, blank: no table of contents" output_lacks 'FABRICATED TOC'

run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
good_burn "growisofs -dvd-compat -Z image" "$W/x.iso" 32767
check "growisofs -dvd-compat -Z image: reports each step" \
	says 'builtin_dd' 'flushing cache' 'closing track' 'closing disc'
check "growisofs -dvd-compat -Z image: the disc is a DVD-ROM now" \
	state profile=0010 finalised=1 appendable=0 sessions=1 tracks=1 locked=0
mediainfo "finalised"
check "dvd+rw-mediainfo, finalised: reports a complete DVD-ROM" says 'Mounted Media: +10h, DVD-ROM' \
	'Legacy lead-out at: +1648\*2KB'
run growisofs -Z /dev/sr0="$W/x.iso"
check "growisofs -Z on a finalised disc: refused" fails
check "growisofs -Z on a finalised disc: gives the reason" says \
	':-\( .*media is not recognized as recordable'

blank
# An appendable DVD+R ends with an empty session of one track for the next burn: these are counted, too.
run growisofs -Z /dev/sr0 -R -quiet "$W/d1"
check "growisofs -Z tree: exit code 0" exits 0
check "growisofs -Z tree: no complaint" no_complaints
check "growisofs -Z tree: closes the session" says 'closing session'
check "growisofs -Z tree: stays an appendable DVD+R" \
	state profile=001b finalised=0 appendable=1 blank=0 sessions=2 tracks=2 nwa=1648
check "growisofs -Z tree: nothing refused, every data phase fits" wire_clean
mediainfo "appendable"
check "dvd+rw-mediainfo, appendable: reports an appendable DVD+R" says 'Mounted Media: +1Bh' \
	'Disc status: +appendable' \
	'Number of Sessions: +2$' 'State of Last Session: empty' 'Track State: +partial/complete' \
	'Track State: +blank' 'FABRICATED TOC' 'Track#1 +: +14@0' 'Multi-session Info: +#1@0'
run growisofs -Z /dev/sr0="$W/x.iso"
check "growisofs -Z on an appendable disc: refused without a terminal" fails
check "growisofs -Z on an appendable disc: changes nothing" state sessions=2 nwa=1648
reinsert
check "growisofs -Z tree: the disc is still appendable when it is inserted again" \
	state profile=001b appendable=1 sessions=2 tracks=2 nwa=1648
run growisofs -M /dev/sr0 -R -quiet "$W/d2"
check "growisofs -M tree: exit code 0" exits 0
check "growisofs -M tree: no complaint" no_complaints
check "growisofs -M tree: found the first session" says 'Rock Ridge signatures found' \
	'closing session'
check "growisofs -M tree: two sessions and an empty one" state profile=001b appendable=1 sessions=3 tracks=3
check "growisofs -M tree: nothing refused, every data phase fits" wire_clean
check "growisofs -M tree: reads back through the block device" reads_back
mediainfo "two sessions"
check "dvd+rw-mediainfo, two sessions: reports two sessions" says 'Number of Sessions: +3$' \
	'Track#2 +: +14@1648' \
	'Multi-session Info: +#2@1648'
if need xorriso "growisofs -M tree: files of the first session"; then
	run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/both"
	check "growisofs -M tree: files of the first session" \
		cmp "$W/both/a.bin" "$W/d1/a.bin"
	check "growisofs -M tree: files of the second session" cmp "$W/both/b.bin" "$W/d2/b.bin"
fi

blank
run growisofs -speed=4 -use-the-force-luke=notray -dvd-compat -Z /dev/sr0="$W/x.iso"
good_burn "growisofs -speed=4" "$W/x.iso" 32767
check "growisofs -speed=4: sets the speed and reads it back" says '"Current Write Speed" is 4\.'
check "growisofs -speed=4: sets the speed by SET STREAMING" sent 'growisofs SET STREAMING .* GOOD'

blank
run sh -c "growisofs -dvd-compat -Z /dev/sr0=/dev/fd/0 <$W/x.iso"
good_burn "growisofs -Z from a pipe" "$W/x.iso" 32767

# growisofs is killed in mid-burn and started again: it resumes where it stopped.
recorded() { ask status | sed 's/.* recorded=\([0-9]*\).*/\1/'; }
blank
mkfifo "$W/slow"
{ head -c 2500000 "$W/x.iso"; exec sleep 60; } >"$W/slow" 2>/dev/null &
feeder=$!
# growisofs writes nothing before its buffer is full: 32 MB, unless an option sets a smaller size.
MMCSHIM_SOCKET=$W/socket LD_PRELOAD=$lib growisofs -use-the-force-luke=bufsize:1m \
	-Z /dev/sr0=/dev/fd/0 <"$W/slow" >"$W/out" 2>&1 &
burner=$!
tries=200
while [ "$(recorded)" -lt 1000 ] && [ "$tries" -gt 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
kill -9 "$burner"
kill "$feeder"
wait "$burner" 2>/dev/null
check "growisofs killed in mid-burn: the disc is neither locked nor closed" \
	state locked=0 appendable=1 blank=0 sessions=1 readable=0
far=$(recorded)
reinsert
check "growisofs killed in mid-burn: the disc is the same after it is inserted again" \
	state profile=001b appendable=1 blank=0 sessions=1 "recorded=$far" "nwa=$far"
# The ISO header is readable now; on a terminal growisofs warns of that and continues.
run growisofs -use-the-force-luke=tty -dvd-compat -Z /dev/sr0="$W/x.iso"
check "growisofs started again: resumes" says ':-\? resuming track#1 from LBA#1[0-9]+$'
good_burn "growisofs started again" "$W/x.iso" 32767
check "growisofs started again: finalised" state profile=0010 finalised=1 tracks=1

blank
truncate -s 4800000000 "$W/big.iso"
run growisofs -Z /dev/sr0="$W/big.iso"
check "growisofs -Z of 4.8 GB: refused" fails
check "growisofs -Z of 4.8 GB: gives the reason" says ':-\('
check "growisofs -Z of 4.8 GB: the disc stays blank" state blank=1 recorded=0
rm -f "$W/big.iso"

# The image has 1640 blocks, and growisofs pads it to 1648: a disc of that size, then one of 16 blocks less.
blank 1648
run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
check "growisofs to the last block of a disc: exit code 0" exits 0
check "growisofs to the last block of a disc: file on disk equals the source" \
	holds "$W/disc.iso" "$W/x.iso" 32767
check "growisofs to the last block of a disc: finalised" state profile=0010 readable=1648
blank 1632
run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
check "growisofs of an image 8 blocks too large: refused" fails
check "growisofs of an image 8 blocks too large: the disc stays blank" state blank=1 recorded=0

# A finalised disc stays a DVD+R.
drive dvd+r
blank
run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
good_burn "growisofs -dvd-compat, finalised stays DVD+R" "$W/x.iso" 32767
check "growisofs -dvd-compat, finalised stays DVD+R: complete, profile 001Bh" \
	state profile=001b finalised=1 appendable=0 sessions=1 tracks=1
mediainfo "complete DVD+R"
check "dvd+rw-mediainfo, complete DVD+R: reports a complete DVD+R" says 'Mounted Media: +1Bh' \
	'Disc status: +complete' \
	'State of Last Session: complete' 'Number of Tracks: +1$' 'Track State: +partial/complete' \
	'Last Recorded Address: 1647\*2KB' 'READ CAPACITY: +1648\*2048'
