#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# xorriso: sessions, media check, its cdrecord mode.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need xorriso "xorriso" || exit 0
make_sources
drive

blank
run xorriso -outdev /dev/sr0 -toc -list_profiles all -list_speeds -tell_media_space
check "xorriso, blank: exit code 0" exits 0
check "xorriso, blank: nothing refused, every data phase fits" wire_clean
check "xorriso, blank: reports a blank DVD+R" says 'Media current: DVD\+R$' 'Media status : is blank' \
	'Media summary: 0 sessions, 0 data blocks, 0 data, 4483m free' \
	'0x001B \(DVD\+R\) \(current\)' '0x0010 \(DVD-ROM\)' 'Media space +: 2295104s' \
	'Write speed +: +22160k' 'Write speed L: +3324k' 'Write speed H: +22160k'

run xorriso -outdev /dev/sr0 -map "$W/d1" /d1 -commit -map "$W/d2" /d2 -commit
check "xorriso -commit twice: exit code 0" exits 0
check "xorriso -commit twice: nothing refused, every data phase fits" wire_clean
check "xorriso -commit twice: reports both addresses" says 'Written to medium : .* at LBA 0$' \
	'Written to medium : .* at LBA 1648$' 'Media status : is written , is appendable' \
	'Media summary: 2 sessions, 2176 data blocks' 'completed successfully'
check "xorriso -commit twice: appendable" state profile=001b appendable=1 sessions=3 tracks=3 \
	nwa=2176
reinsert
run xorriso -dev /dev/sr0 -map "$W/d2" /d3 -commit
check "xorriso, third session after the disc was inserted again: exit code 0" exits 0
check "xorriso, third session after the disc was inserted again: appendable" state profile=001b \
	appendable=1 sessions=4 tracks=4 nwa=2704
reinsert
run xorriso -indev /dev/sr0 -check_media --
check "xorriso -check_media: exit code 0" exits 0
check "xorriso -check_media: the first two sessions are good" says ' 0 , +1648 , \+ good' \
	' 1648 , +528 , \+ good'
check "xorriso -check_media: nothing bad" output_lacks 'Media region.* - '
rm -rf "$W/both"
run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/both"
check "xorriso -extract: files of the first session" diff -r "$W/d1" "$W/both/d1"
check "xorriso -extract: files of the second session" diff -r "$W/d2" "$W/both/d2"
check "xorriso -extract: files of the third session" diff -r "$W/d2" "$W/both/d3"

blank
run xorriso -as cdrecord -v dev=/dev/sr0 blank=as_needed padsize=0 "$W/x.iso"
good_burn "xorriso -as cdrecord" "$W/x.iso" 32767
check "xorriso -as cdrecord: xorriso sees a DVD-ROM" says 'Media current: DVD-ROM' \
	'Media status : is written , is closed'
check "xorriso -as cdrecord: finalised" state profile=0010 finalised=1

blank
run xorriso -outdev /dev/sr0 -map "$W/d1" /d1 -close on -commit_eject out
check "xorriso -commit_eject: exit code 0" exits 0
check "xorriso -commit_eject: the tray is open" state loaded=0 ejected=1 profile=0000
check "xorriso -commit_eject: nothing refused, every data phase fits" wire_clean
run xorriso -osirrox on -indev /dev/sr0 -extract / "$W/one"
check "xorriso -indev after an eject: loads the same disc" diff -r "$W/d1" "$W/one/d1"
check "xorriso -indev after an eject: the disc is a DVD-ROM" says 'Media current: DVD-ROM'
