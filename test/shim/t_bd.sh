#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Blu-ray discs: dvd+rw-tools, cdrskin and xorriso on BD-R, BD-RE and BD-ROM.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need growisofs "growisofs on BD" || exit 0
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
	check "dvd+rw-mediainfo, $1: nothing refused, every data phase fits" wire_clean
}

# blank_bd TYPE [BLOCKS]
blank_bd() {
	type=$1
	shift
	blank "$@" "$type"
}

blank_bd bd-r
mediainfo "blank BD-R"
check "dvd+rw-mediainfo, blank BD-R: reports it" says 'Mounted Media: +41h, BD-R SRM$' \
	'Media ID: +MMCGAD/R01' 'Current Write Speed: +12\.0x4495=53952' 'Write Speed #5: +2\.0x' \
	'Disc status: +blank' 'Track State: +invisible incremental' \
	'Free Blocks: +12219392\*2KB' 'READ CAPACITY: +0\*2048=0'
blank_bd bd-r-dl
mediainfo "blank BD-R DL"
check "dvd+rw-mediainfo, blank BD-R DL: reports twice the blocks" says 'Mounted Media: +41h' \
	'Free Blocks: +24438784\*2KB'

# growisofs, without a spare area: three sessions
blank_bd bd-r
run growisofs -use-the-force-luke=spare:none -Z /dev/sr0="$W/x.iso"
check "growisofs -Z on BD-R: exit code 0" exits 0
check "growisofs -Z on BD-R: no complaint" no_complaints
check "growisofs -Z on BD-R: nothing refused, every data phase fits" wire_clean
check "growisofs -Z on BD-R: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" $PAD
check "growisofs -Z on BD-R: reads back through the block device" reads_back
check "growisofs -Z on BD-R: closes the session, 32 blocks aligned" \
	state profile=0041 appendable=1 sessions=2 tracks=2 nwa=1664
reinsert
run growisofs -use-the-force-luke=spare:none -M /dev/sr0 -R -quiet "$W/d2"
check "growisofs -M on BD-R: exit code 0" exits 0
check "growisofs -M on BD-R: no complaint" no_complaints
check "growisofs -M on BD-R: two sessions" state profile=0041 appendable=1 sessions=3 tracks=3
run growisofs -use-the-force-luke=spare:none -M /dev/sr0 -R -quiet -graft-points e="$W/d2"
check "growisofs -M on BD-R again: exit code 0" exits 0
check "growisofs -M on BD-R again: three sessions" state profile=0041 sessions=4 tracks=4
check "growisofs -M on BD-R: reads back through the block device" reads_back
mediainfo "BD-R with sessions"
check "dvd+rw-mediainfo, BD-R with sessions: reports them" says 'Disc status: +appendable' \
	'Number of Sessions: +4$' 'Track#2 +: +14@1664' 'Track State: +complete incremental'
run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/both"
check "growisofs on BD-R: files of the first session" cmp "$W/both/a.bin" "$W/d1/a.bin"
check "growisofs on BD-R: files of the second session" cmp "$W/both/b.bin" "$W/d2/b.bin"
check "growisofs on BD-R: files of the third session" cmp "$W/both/e/b.bin" "$W/d2/b.bin"

# growisofs by default: formats for pseudo-overwrite, and closes tracks alone
blank_bd bd-r
run growisofs -Z /dev/sr0="$W/x.iso"
check "growisofs -Z on BD-R, default: exit code 0" exits 0
check "growisofs -Z on BD-R, default: no complaint" no_complaints
check "growisofs -Z on BD-R, default: formats it and closes the track alone" says \
	'pre-formatting blank BD-R for 24\.[78]GB' 'closing track'
check "growisofs -Z on BD-R, default: FORMAT UNIT and one CLOSE" sent 'FORMAT UNIT .* GOOD' \
	'CLOSE TRACK.SESSION \[5b 01 01'
check "growisofs -Z on BD-R, default: nothing refused, every data phase fits" wire_clean
check "growisofs -Z on BD-R, default: the session is closed" \
	state profile=0041 appendable=1 sessions=2 tracks=2 nwa=1664
check "growisofs -Z on BD-R, default: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" $PAD
reinsert
run growisofs -M /dev/sr0 -R -quiet "$W/d2"
check "growisofs -M on BD-R, default: exit code 0" exits 0
check "growisofs -M on BD-R, default: two sessions" state profile=0041 appendable=1 sessions=3 tracks=3
mediainfo "formatted BD-R"
check "dvd+rw-mediainfo, formatted BD-R: reports its spare area" says 'Spare Area: +131072/131072=100\.0% free' \
	'Number of Sessions: +3$'
run cdrskin dev=/dev/sr0 -v -multi "$W/x.iso"
check "cdrskin -multi on a BD-R that growisofs formatted: exit code 0" exits 0
check "cdrskin -multi on a BD-R that growisofs formatted: three sessions" state sessions=4 tracks=4
run xorriso -dev /dev/sr0 -map "$W/d2" /e -commit
check "xorriso on a BD-R that growisofs formatted: exit code 0" exits 0
check "xorriso on a BD-R that growisofs formatted: four sessions" state sessions=5 tracks=5
blank_bd bd-r
run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
check "growisofs -dvd-compat on BD-R: exit code 0" exits 0
check "growisofs -dvd-compat on BD-R: the session is closed" state appendable=1 sessions=2 nwa=1664
blank_bd bd-r
run growisofs -use-the-force-luke=spare:min -Z /dev/sr0="$W/x.iso"
check "growisofs spare:min on BD-R: exit code 0" exits 0
check "growisofs spare:min on BD-R: the session is closed" state appendable=1 sessions=2 nwa=1664
# xorriso formats for sequential recording alone
blank_bd bd-r
run xorriso -outdev /dev/sr0 -format as_needed -map "$W/d1" /d1 -commit
check "xorriso -format as_needed on BD-R: exit code 0" exits 0
check "xorriso -format as_needed on BD-R: formats it" says 'Formatting done'
check "xorriso -format as_needed on BD-R: one session" state profile=0041 appendable=1 sessions=2
run xorriso -outdev /dev/sr0 -format as_needed
check "xorriso -format as_needed on a recorded BD-R: changes nothing" state appendable=1 sessions=2

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
mediainfo "BD-ROM"
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
check "xorriso on BD-R: nothing refused, every data phase fits" wire_clean
check "xorriso on BD-R: two sessions" state profile=0041 appendable=1 sessions=3
run xorriso -indev /dev/sr0 -check_media --
check "xorriso -check_media on BD-R: both sessions are good" says ' 0 , +1664 , \+ good' \
	' 1664 , +[0-9]+ , \+ good'

# BD-RE: growisofs formats it before its first session, then overwrites
blank_bd bd-re
mediainfo "blank BD-RE"
check "dvd+rw-mediainfo, blank BD-RE: reports it" says 'Mounted Media: +43h, BD-RE$' \
	'Media ID: +MMCGAD/W01' 'Disc status: +blank' 'unformatted:[[:space:]]+12219392' '31h\(800\):[[:space:]]+12219392'
run cdrskin dev=/dev/sr0 -v "$W/x.iso"
check "cdrskin on an unformatted BD-RE: refused" fails
check "cdrskin on an unformatted BD-RE: changes nothing" state profile=0043 readable=0
run growisofs -Z /dev/sr0="$W/x.iso"
check "growisofs -Z on BD-RE: exit code 0" exits 0
check "growisofs -Z on BD-RE: no complaint" no_complaints
check "growisofs -Z on BD-RE: formats it" sent 'FORMAT UNIT .* GOOD'
check "growisofs -Z on BD-RE: nothing refused, every data phase fits" wire_clean
check "growisofs -Z on BD-RE: smallest spare area" state profile=0043 readable=12088320
check "growisofs -Z on BD-RE: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" $PAD
reinsert
run growisofs -M /dev/sr0 -R -quiet "$W/d2"
check "growisofs -M on BD-RE: exit code 0" exits 0
check "growisofs -M on BD-RE: no complaint" no_complaints
rm -rf "$W/both"
run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/both"
check "growisofs on BD-RE: files of the first session" cmp "$W/both/a.bin" "$W/d1/a.bin"
check "growisofs on BD-RE: files of the second session" cmp "$W/both/b.bin" "$W/d2/b.bin"
mediainfo "formatted BD-RE"
check "dvd+rw-mediainfo, formatted BD-RE: reports it" says 'Disc status: +complete' \
	'Spare Area: +131072/131072=100\.0% free' 'formatted:[[:space:]]+12088320' 'READ CAPACITY: +12088320\*2048'
run cdrskin dev=/dev/sr0 -v stream_recording=on "$W/x.iso"
check "cdrskin stream_recording on BD-RE: exit code 0" exits 0
check "cdrskin stream_recording on BD-RE: writes with the streaming bit" sent 'WRITE.12. \[aa .* 80 00\]'
cp "$W/disc.iso" "$W/whole"
truncate -s "$(stat -c %s "$W/x.iso")" "$W/whole"
check "cdrskin stream_recording on BD-RE: the image begins with the source" cmp "$W/whole" "$W/x.iso"

# dvd+rw-format and libburn format a BD-RE themselves
blank_bd bd-re
run dvd+rw-format /dev/sr0
check "dvd+rw-format on BD-RE: exit code 0" exits 0
check "dvd+rw-format on BD-RE: default spare area" state profile=0043 readable=11826176
run dvd+rw-format -force=full /dev/sr0
check "dvd+rw-format -force=full on BD-RE: exit code 0" exits 0
check "dvd+rw-format -force=full on BD-RE: nothing refused" wire_clean
blank_bd bd-re-dl
run cdrskin dev=/dev/sr0 -v blank=format_if_needed "$W/x.iso"
check "cdrskin blank=format_if_needed on BD-RE DL: exit code 0" exits 0
check "cdrskin blank=format_if_needed on BD-RE DL: default spare area" state profile=0043 readable=23652352
blank_bd bd-re
run xorriso -outdev /dev/sr0 -format without_spare -map "$W/d1" /d1 -commit
check "xorriso -format without_spare on BD-RE: exit code 0" exits 0
check "xorriso -format without_spare on BD-RE: all of the disc" state profile=0043 readable=12219392
rm -rf "$W/one"
run xorriso -osirrox on -indev /dev/sr0 -extract /d1 "$W/one"
check "xorriso on BD-RE: the files" diff -r "$W/d1" "$W/one"
blank_bd bd-re
run growisofs -use-the-force-luke=spare:none -Z /dev/sr0="$W/x.iso"
check "growisofs spare:none on BD-RE: exit code 0" exits 0
check "growisofs spare:none on BD-RE: all of the disc" state readable=12219392

# An image that no DVD can hold: a BD-ROM
ask eject force >/dev/null
truncate -s 9000000000 "$W/disc.iso.big"
dd if="$W/x.iso" of="$W/disc.iso.big" conv=notrunc bs=1M 2>/dev/null
ask insert "$W/disc.iso.big" >/dev/null
check "an image of 9 GB: a BD-ROM" state profile=0040 finalised=1 readable=4394532
mediainfo "BD-ROM of 9 GB"
run xorriso -indev /dev/sr0 -toc
check "xorriso -toc, BD-ROM of 9 GB: names it" says 'Media current: BD-ROM'
