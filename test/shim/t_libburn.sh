#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cdrskin and xorriso, which both use libburn.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need cdrskin "cdrskin" || exit 0
make_sources
drive

# query NAME REGEX...: checks that a query succeeded and printed matches of these expressions.
query() {
	check "$1: exit code 0" exits 0
	check "$1: nothing refused, every data phase fits" wire_clean
	n=$1
	shift
	check "$n: reports the right values" says "$@"
}

run cdrskin dev=/dev/sr0 -minfo
check "cdrskin -minfo, no disc: gives the reason" says 'There is no disc at all in the drive'
check "cdrskin -minfo, no disc: fails" fails

blank
run cdrskin --devices
query "cdrskin --devices" "dev='/dev/sr0' +rwrw.. : +'MMCGADGT' +'DVD BURNER'"
run cdrskin dev=/dev/sr0 -minfo
query "cdrskin -minfo, blank" 'Mounted media type: +DVD\+R$' 'Disk Is not erasable' \
	'disk status: +empty' \
	'session status: +empty' 'number of sessions: +1$' 'Next writable address: +0' \
	'Remaining writable size: +2295104'
run cdrskin dev=/dev/sr0 -v -toc
query "cdrskin -toc, blank" 'Media summary: 0 sessions, 0 tracks, blank DVD\+R'
run cdrskin dev=/dev/sr0 -atip
query "cdrskin -atip, blank" 'book type: +DVD\+R' 'Product Id: +MMCGADGT/R01' '\(16\.0x\)'
run cdrskin dev=/dev/sr0 --list_speeds
query "cdrskin --list_speeds" 'Write speed +: +22160k' 'Write speed +: +11080k' \
	'Write speed +: +5540k' \
	'Write speed +: +3324k' 'Write speed H: +22160k'
run cdrskin dev=/dev/sr0 --tell_media_space
query "cdrskin --tell_media_space" '^2295104$'

run cdrskin dev=/dev/sr0 -v -dummy "$W/x.iso"
check "cdrskin -dummy: refused, as the drive knows no test write" says \
	'simulation of write job not supported'
check "cdrskin -dummy: the disc stays blank" state blank=1 recorded=0
run cdrskin dev=/dev/sr0 -v "$W/x.iso"
good_burn "cdrskin" "$W/x.iso" 32767
check "cdrskin: the disc is a DVD-ROM now" state profile=0010 finalised=1 sessions=1 tracks=1 locked=0
check "cdrskin: reserves, closes the track, then finalises" sent 'RESERVE TRACK .* GOOD' \
	'CLOSE TRACK.SESSION \[5b 01 01' 'CLOSE TRACK.SESSION \[5b 01 05'
run cdrskin dev=/dev/sr0 -minfo
query "cdrskin -minfo, finalised" 'Mounted media type: +DVD-ROM' 'disk status: +complete' \
	'1 +1 Data +0 +1647 +1648'

blank
run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
good_burn "cdrskin -multi" "$W/x.iso" 32767
check "cdrskin -multi: stays appendable" state profile=001b appendable=1 sessions=2 tracks=2 \
	nwa=1648
cp "$W/disc.iso" "$W/first"
reinsert
run cdrskin dev=/dev/sr0 -v -tao -multi padsize=32s "$W/x.iso"
check "cdrskin -tao -multi padsize, second session: exit code 0" exits 0
check "cdrskin -tao -multi padsize, second session: nothing refused, every data phase fits" \
	wire_clean
check "cdrskin -tao -multi padsize, second session: begins at the next writable address" \
	says 'Starting new track at sector: 1648'
check "cdrskin -tao -multi padsize, second session: appendable" state profile=001b sessions=3 \
	nwa=3328
check "cdrskin -tao -multi padsize, second session: the first session is unchanged" \
	cmp -n "$(stat -c %s "$W/first")" "$W/first" "$W/disc.iso"
tail -c +3375105 "$W/disc.iso" >"$W/second"
check "cdrskin -tao -multi padsize, second session: its data equals the source" \
	holds "$W/second" "$W/x.iso" $((32 * 2048 + 32767))
run cdrskin dev=/dev/sr0 -v -toc
query "cdrskin -toc, two sessions" 'track: +2 lba: +1648' 'track:lout lba: +3328' \
	'Media summary: 2 sessions, 2 tracks, appendable DVD\+R'
run cdrskin dev=/dev/sr0 -minfo
query "cdrskin -minfo, two sessions" 'disk status: +incomplete/appendable' \
	'number of sessions: +3$' \
	'Next writable address: +3328' 'Remaining writable size: +2291776'
run cdrskin dev=/dev/sr0 -msinfo
query "cdrskin -msinfo, two sessions" '^1648,3328$'
run cdrskin dev=/dev/sr0 -v -sao "$W/x.iso"
check "cdrskin -sao on an appendable disc: refused by cdrskin" says 'SAO works only on blank media'
run cdrskin dev=/dev/sr0 -v "$W/x.iso"
check "cdrskin, third session, not -multi: exit code 0" exits 0
check "cdrskin, third session, not -multi: finalises the disc" \
	state profile=0010 finalised=1 sessions=3 tracks=3
reinsert
check "cdrskin, three sessions: the disc has all of them when it is inserted again" \
	state profile=0010 finalised=1 sessions=3 tracks=3
run cdrskin dev=/dev/sr0 -v -toc
query "cdrskin -toc, three sessions on a DVD-ROM" 'track: +1 lba: +0 ' 'track: +2 lba: +1648' \
	'track: +3 lba: +3328'

blank
run cdrskin dev=/dev/sr0 -v -sao speed=4 "$W/x.iso"
good_burn "cdrskin -sao speed=4" "$W/x.iso" 32767
check "cdrskin -sao speed=4: the disc is a DVD-ROM now" state profile=0010 finalised=1
check "cdrskin -sao speed=4: sets the speed by SET STREAMING" sent 'SET STREAMING .* GOOD'

drive dvd+r
blank
run cdrskin dev=/dev/sr0 -v "$W/x.iso"
good_burn "cdrskin, finalised stays DVD+R" "$W/x.iso" 32767
check "cdrskin, finalised stays DVD+R: profile 001Bh" state profile=001b finalised=1
run cdrskin dev=/dev/sr0 -minfo
query "cdrskin -minfo, complete DVD+R" 'Mounted media type: +DVD\+R$' 'disk status: +complete' \
	'1 +1 Data +0 +1647 +1648'
