#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# wodim and readom.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need wodim "wodim" || exit 0
make_sources
drive

close_then_sync() {
	sed -n '/CLOSE TRACK.SESSION \[5b 00 02/,$p' "$W/log" |
		grep -m1 'wodim SYNCHRONIZE CACHE' | grep -q 'GOOD'
}

# wodim sends commands for compact discs that the engine's table does not have: 01h, 3Ch, 44h, E5h.
blank
run wodim dev=/dev/sr0 -checkdrive
check "wodim -checkdrive: exit code 0" exits 0
check "wodim -checkdrive: recognises a DVD burner" says 'Generic mmc2 DVD-R/DVD-RW' \
	'Using generic SCSI-3/mmc DVD-R\(W\) driver \(mmc_mdvd\)'
check "wodim -checkdrive: nothing refused, every data phase fits" wire_clean
run wodim dev=/dev/sr0 -prcap
check "wodim -prcap: exit code 0" exits 0
check "wodim -prcap: reads page 2Ah right" says 'Does write CD-R media' 'Does write DVD-R media' \
	'Does read DVD-ROM media' 'Does support test writing' 'Loading mechanism type: tray' \
	'Does support Buffer-Underrun-Free recording' 'Is not currently in a media-locked state' \
	'Maximum read  speed: 22160 kB/s' 'Current write speed: 22160 kB/s' \
	'Buffer size in KB: 2048' \
	'Number of supported write speeds: 4' 'Write speed # 3: +3324 kB/s'
check "wodim -prcap: nothing refused, every data phase fits" wire_clean
run wodim dev=/dev/sr0 -toc
check "wodim -toc, blank: no table of contents" says 'Cannot read TOC header'
run wodim dev=/dev/sr0 -dummy -gracetime=2 "$W/x.iso"
check "wodim -dummy: exit code 0" exits 0
check "wodim -dummy: the whole burn is run" sent 'RESERVE TRACK .* GOOD' 'WRITE.10. .* GOOD' \
	'CLOSE TRACK.SESSION .* GOOD'
check "wodim -dummy: nothing refused, every data phase fits" wire_clean
check "wodim -dummy: the disc stays blank" state profile=001b blank=1 recorded=0 sessions=1 tracks=1
check "wodim -dummy: the file stays empty" test ! -s "$W/disc.iso"

run wodim dev=/dev/sr0 -v -gracetime=2 "$W/x.iso"
good_burn "wodim" "$W/x.iso" 0
check "wodim: reserves the size" sent 'RESERVE TRACK .* GOOD'
check "wodim: SYNCHRONIZE CACHE after CLOSE SESSION works at once" close_then_sync
check "wodim: no trouble with the cache" output_lacks 'Trouble'
check "wodim: stays appendable, as it never finalises" \
	state profile=001b appendable=1 sessions=2 tracks=2 readable=1640 nwa=1648 locked=0
run wodim dev=/dev/sr0 -toc
check "wodim -toc: exit code 0" exits 0
check "wodim -toc: track and lead-out" says 'track: +1 lba: +0 ' 'track:lout lba: +1640 '
run wodim dev=/dev/sr0 -msinfo
# wodim reads only the track of block 0, so it finds no next session.
check "wodim -msinfo: exit code 0" exits 0
check "wodim -msinfo: prints 0,0, as for every DVD+R" says '^0,0$'
run wodim dev=/dev/sr0 -gracetime=2 "$W/x.iso"
check "wodim on an appendable disc: fails, it can only write from block 0" fails
check "wodim on an appendable disc: 5/21/02" says 'invalid address for write'
check "wodim on an appendable disc: changes nothing" \
	state profile=001b appendable=1 sessions=2 tracks=2 readable=1640 nwa=1648 free=2293456

if need readom "readom"; then
	run readom dev=/dev/sr0 f="$W/o.iso"
	check "readom: exit code 0" exits 0
	check "readom: the disc read equals the source" cmp "$W/o.iso" "$W/x.iso"
	check "readom: nothing refused, every data phase fits" wire_clean
	run readom dev=/dev/sr0 sectors=0-100 f="$W/o.iso"
	check "readom sectors=0-100: exit code 0" exits 0
	head -c 204800 "$W/x.iso" >"$W/head"
	check "readom sectors=0-100: 100 blocks" cmp "$W/o.iso" "$W/head"
fi

blank
run wodim dev=/dev/sr0 -dao -v -gracetime=2 "$W/x.iso"
good_burn "wodim -dao" "$W/x.iso" 0
check "wodim -dao: stays appendable" state profile=001b appendable=1 sessions=2
blank
run wodim dev=/dev/sr0 -multi -v -gracetime=2 "$W/x.iso"
good_burn "wodim -multi" "$W/x.iso" 0
check "wodim -multi: stays appendable" state profile=001b appendable=1 sessions=2

ask eject >/dev/null
run wodim dev=/dev/sr0 -v -gracetime=2 "$W/x.iso"
check "wodim without a disc: fails" fails
