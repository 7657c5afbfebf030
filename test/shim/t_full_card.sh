#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The card is smaller than the disc: the program is told, what was recorded stays, and the disc can be used.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need growisofs "growisofs on a full card" || exit 0
need dvd+rw-mediainfo "dvd+rw-mediainfo on a full card" || exit 0
make_sources
drive

# There is room for 1024 blocks.
card_is_full() { ask fault write enospc from=1024 end=12219392 >/dev/null; }
card_has_room() { ask fault none >/dev/null; }
# told NAME: the program met the error of the first block that did not fit, and what came before is there.
told() {
	check "$1: WRITE fails, medium error" sent 'WRITE\(1[02]\) .* CHECK 3/0c/00'
	check "$1: what was recorded equals the source" cmp -n $((1024 * 2048)) "$W/disc.iso" "$W/x.iso"
	check "$1: the file has not grown" test "$(stat -c %s "$W/disc.iso")" -le $((1024 * 2048))
}
# medium NAME REGEX...: dvd+rw-mediainfo reports this disc.
medium() {
	name=$1
	shift
	run dvd+rw-mediainfo /dev/sr0
	check "$name: dvd+rw-mediainfo: exit code 0" exits 0
	check "$name: dvd+rw-mediainfo: reports it" says "$@"
}

blank dvd-r
card_is_full
run growisofs -Z /dev/sr0="$W/x.iso"
told "growisofs, DVD-R"
check "growisofs, DVD-R: complains" says ':-\[ WRITE@LBA=400h failed with SK=3h'
medium "growisofs, DVD-R" 'Disc status: +appendable' 'Number of Sessions: +2$' 'Free Blocks: +2297472\*2KB' \
	'READ CAPACITY: +1024\*2048'
card_has_room
run growisofs -Z /dev/sr0="$W/x.iso"
check "growisofs, DVD-R, then there is room: it is not blank" fails

if need cdrskin "cdrskin on a full card"; then
	blank dvd-r
	card_is_full
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	check "cdrskin, DVD-R, disc-at-once: fails" fails
	told "cdrskin, DVD-R, disc-at-once"
	check "cdrskin, DVD-R, disc-at-once: not complete" state profile=0011 finalised=0 recorded=1024
	medium "cdrskin, DVD-R, disc-at-once" 'Disc status: +appendable' 'State of Last Session: +incomplete' \
		'Track State: +partial' 'Free Blocks: +616\*2KB' 'Track Size: +1640\*2KB' 'Last Recorded Address: +1023'
	blank bd-r
	run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
	check "cdrskin, BD-R: fails" fails
	told "cdrskin, BD-R"
	medium "cdrskin, BD-R" 'Mounted Media: +41h'
	card_has_room
fi

blank dvd+rw
card_is_full
run growisofs -Z /dev/sr0="$W/x.iso"
told "growisofs, DVD+RW"
medium "growisofs, DVD+RW" 'Disc status: +complete' 'READ CAPACITY: +2295104\*2048'
card_has_room
run growisofs -use-the-force-luke=tty -Z /dev/sr0="$W/x.iso"
check "growisofs, DVD+RW, then there is room: exit code 0" exits 0
check "growisofs, DVD+RW, then there is room: file on disk equals the source" \
	holds "$W/disc.iso" "$W/x.iso" 32767
