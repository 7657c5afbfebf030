#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Blu-ray discs: dvd+rw-mediainfo, cdrskin and xorriso on BD-R and BD-ROM.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need dvd+rw-mediainfo "dvd+rw-mediainfo on BD" || exit 0
need cdrskin "cdrskin on BD" || exit 0
need xorriso "xorriso on BD" || exit 0
make_sources
drive

# Pads to a cluster of 32 blocks.
PAD=65535

mediainfo() {
	run dvd+rw-mediainfo /dev/sr0
	check "dvd+rw-mediainfo, $1: exit code 0" exits 0
	check "dvd+rw-mediainfo, $1: no complaint" no_complaints
	check "dvd+rw-mediainfo, $1: nothing refused, every data phase fits" \
		wire_clean "${2:-}"
}

# blank_bd TYPE [BLOCKS]
blank_bd() {
	type=$1
	shift
	blank "$@" "$type"
}

blank_bd bd-r
# It asks for the spare area of every BD, and this one has none.
mediainfo "blank BD-R" 'READ DISC STRUCTURE .*5/24/00'
check "dvd+rw-mediainfo, blank BD-R: reports it" says 'Mounted Media: +41h, BD-R SRM$' \
	'Media ID: +MMCGAD/R01' 'Current Write Speed: +12\.0x4495=53952' 'Write Speed #5: +2\.0x' \
	'Disc status: +blank' 'Track State: +invisible incremental' \
	'Free Blocks: +12219392\*2KB' 'READ CAPACITY: +0\*2048=0'
blank_bd bd-r-dl
mediainfo "blank BD-R DL" 'READ DISC STRUCTURE .*5/24/00'
check "dvd+rw-mediainfo, blank BD-R DL: reports twice the blocks" says 'Mounted Media: +41h' \
	'Free Blocks: +24438784\*2KB'

# cdrskin: finalised in one session
blank_bd bd-r
run cdrskin dev=/dev/sr0 -v "$W/x.iso"
good_burn "cdrskin on BD-R" "$W/x.iso" $PAD
check "cdrskin on BD-R: the disc is a BD-ROM now" state profile=0040 finalised=1 sessions=1 tracks=1
check "cdrskin on BD-R: reserves whole clusters, closes the track, finalises" \
	sent 'RESERVE TRACK \[53 00 00 00 00 00 00 06 80' 'CLOSE TRACK.SESSION \[5b 01 01' \
	'CLOSE TRACK.SESSION \[5b 01 06'
reinsert
check "cdrskin on BD-R: it is a BD-ROM when it is inserted again" state profile=0040 finalised=1
run cdrskin dev=/dev/sr0 -minfo
check "cdrskin -minfo, BD-ROM: exit code 0" exits 0
check "cdrskin -minfo, BD-ROM: names it" says 'Mounted media type: +BD-ROM' 'disk status: +complete'
mediainfo "BD-ROM" 'READ DISC STRUCTURE .*5/24/00'
check "dvd+rw-mediainfo, BD-ROM: names it" says 'Mounted Media: +40h, BD-ROM'

# cdrskin: two sessions, streaming; then xorriso goes on and finalises
blank_bd bd-r-dl
run cdrskin dev=/dev/sr0 -v -multi stream_recording=on "$W/x.iso"
good_burn "cdrskin -multi stream_recording on BD-R DL" "$W/x.iso" $PAD
check "cdrskin stream_recording on BD-R DL: writes with the streaming bit" \
	sent 'WRITE.12. \[aa 00 00 00 00 00 00 00 00 20 80 00'
check "cdrskin -multi on BD-R DL: stays appendable" state profile=0041 appendable=1 sessions=2 nwa=1664
run cdrskin dev=/dev/sr0 -v -atip
check "cdrskin -atip on BD-R DL: media id" says 'Product Id: +MMCGAD/R01'
run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
check "cdrskin -multi on BD-R DL again: exit code 0" exits 0
check "cdrskin -multi on BD-R DL again: two sessions" state profile=0041 sessions=3 nwa=3328
run xorriso -as cdrecord -v dev=/dev/sr0 -multi padsize=0 "$W/x.iso"
check "xorriso -as cdrecord -multi on BD-R DL: exit code 0" exits 0
check "xorriso -as cdrecord -multi on BD-R DL: three sessions" state profile=0041 sessions=4 nwa=4992
run xorriso -as cdrecord -v dev=/dev/sr0 padsize=0 "$W/x.iso"
check "xorriso -as cdrecord on BD-R DL: exit code 0" exits 0
check "xorriso -as cdrecord on BD-R DL: a BD-ROM of four sessions" \
	state profile=0040 finalised=1 sessions=4 tracks=4
reinsert
check "xorriso on BD-R DL: it has all sessions when it is inserted again" \
	state profile=0040 finalised=1 sessions=4 tracks=4

# xorriso: growing sessions
blank_bd bd-r
run xorriso -outdev /dev/sr0 -toc -list_profiles all -map "$W/d1" /d1 -commit -map "$W/d2" /d2 -commit
check "xorriso on BD-R: exit code 0" exits 0
check "xorriso on BD-R: names it" says 'Media current: BD-R sequential recording' \
	'0x0041 \(BD-R sequential recording\) \(current\)' 'Media status : is blank'
check "xorriso on BD-R: nothing refused, every data phase fits" wire_clean 'READ DISC STRUCTURE .*5/24/00'
check "xorriso on BD-R: two sessions" state profile=0041 appendable=1 sessions=3
run xorriso -indev /dev/sr0 -check_media --
check "xorriso -check_media on BD-R: both sessions are good" says ' 0 , +1664 , \+ good' \
	' 1664 , +[0-9]+ , \+ good'

# An image that no DVD can hold: a BD-ROM
ask eject force >/dev/null
truncate -s 9000000000 "$W/disc.iso.big"
dd if="$W/x.iso" of="$W/disc.iso.big" conv=notrunc bs=1M 2>/dev/null
ask insert "$W/disc.iso.big" >/dev/null
check "an image of 9 GB: a BD-ROM" state profile=0040 finalised=1 readable=4394532
mediainfo "BD-ROM of 9 GB" 'READ DISC STRUCTURE .*5/24/00'
run xorriso -indev /dev/sr0 -toc
check "xorriso -toc, BD-ROM of 9 GB: names it" says 'Media current: BD-ROM'
