#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# sg3-utils: single commands, mode pages, and data phases that break the rules of Bulk-Only.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive
ask insert "$W/x.iso" >/dev/null

run "$O/test/shim/sg_io" /dev/sr0 "$W/x.iso"
grep -E '^(not )?ok - ' "$W/out"
check "sg_io: ran to its end" says '^(not )?ok - SG_IO: writev'
check "sg_io: nothing refused, every data phase fits" wire_clean
check "CDROM_SELECT_SPEED, 8: 1416 kB/s for reads, and nothing for writes" sent 'SET CD SPEED .bb 00 05 88 00 00 '

blank dvd+r-dl
run "$O/test/shim/sg_io" /dev/sr0
grep -E '^(not )?ok - ' "$W/out"
check "sg_io, two layers: ran to its end" says '^(not )?ok - SG_IO: DVD_READ_STRUCT of a fifth layer'
ask eject force >/dev/null
ask insert "$W/x.iso" >/dev/null
cp "$W/x.iso" "$W/disc.iso"
need sg_raw "sg3-utils" || exit 0

# works NAME REGEX... -- PROGRAM ARG...: checks that the program succeeds and its output matches.
works() {
	name=$1
	shift
	set -f
	pattern=''
	while [ "$1" != -- ]; do
		pattern="$pattern
$1"
		shift
	done
	shift
	run "$@"
	check "$name: exit code 0" exits 0
	check "$name: nothing refused, every data phase fits" wire_clean
	IFS='
'
	# shellcheck disable=SC2086
	check "$name: prints the expected text" says ${pattern#?}
	unset IFS
	set +f
}

works "sg_inq" 'PDT=5  RMB=1' 'version=0x00' 'MMCGADGT' 'DVD BURNER' -- sg_inq -v /dev/sr0
run sg_inq --vpd --page=sn /dev/sr0
check "sg_inq --vpd: illegal request" exits 5
works "sg_turs" 'Completed 100 Test Unit Ready commands with 0 errors' -- sg_turs -v -n 100 /dev/sr0
works "sg_requests" 'Sense key: No Sense' -- sg_requests -v --num=3 /dev/sr0
works "sg_get_config, DVD-ROM" 'Current profile: DVD-ROM' 'profile: DVD\+R , currentP=0' \
	'profile: DVD-ROM , currentP=1' 'Serial number|serial number: 0123456789AB' \
	-- sg_get_config /dev/sr0
works "sg_get_config --current, DVD-ROM" 'DVD read feature' 'Real time streaming' \
	-- sg_get_config --current /dev/sr0
check "sg_get_config --current, DVD-ROM: no DVD+R feature" output_lacks 'DVD\+R feature'
works "sg_modes -a" 'Read-Write error recovery' 'Write parameters' 'Power condition' 'Timeout' \
	'2a 2e 3b 37' -- sg_modes -a /dev/sr0
works "sg_modes -6" 'MODE SENSE\(6\)' '2a 2e 3b 37' -- sg_modes -6 -p 0x2a /dev/sr0
works "sg_modes --control=1" '05 32 ff ff' -- sg_modes --control=1 -p 5 /dev/sr0
run sg_modes -c 3 /dev/sr0
check "sg_modes -c 3: illegal request" exits 5
check "sg_modes -c 3: 5/39/00" sent 'CHECK 5/39/00'
works "sg_wr_mode" '05 32 40 05' -- sg_wr_mode -p 5 /dev/sr0

# put_page OCTAL: writes mode page 05h with byte 2 set to OCTAL. It uses sg_raw, because sg_wr_mode 1.48
# does not accept the contents of a page.
put_page() {
	shim sg_raw -r 60 -b -o "$W/page" /dev/sr0 5a 08 05 00 00 00 00 00 3c 00 >/dev/null 2>&1
	{ printf '\0\0\0\0\0\0\0\0'; head -c 10 "$W/page" | tail -c 2; printf %b "\\0$1"
		tail -c 49 "$W/page"; } >"$W/list"
	run sg_raw -s 60 -i "$W/list" /dev/sr0 55 10 00 00 00 00 00 00 3c 00
}
put_page 102
check "sg_raw, MODE SELECT(10) of page 05h: accepted" exits 0
works "sg_modes, after MODE SELECT: the page has changed" '05 32 42 05' -- sg_modes -p 5 /dev/sr0
put_page 104
check "sg_raw, MODE SELECT(10) with layer jump: refused with 5/26/00" sent 'CHECK 5/26/00'
works "sg_modes, after a refused MODE SELECT: the page is unchanged" '05 32 42 05' -- sg_modes -p 5 /dev/sr0
works "sg_readcap" 'Number of logical blocks=1640' 'Logical block length=2048' -- sg_readcap \
	-v /dev/sr0
works "sg_luns" '1 lun entry' -- sg_luns /dev/sr0
run sg_dd if=/dev/sr0 bs=2048 bpt=16 blk_sgio=1 of="$W/o.iso"
check "sg_dd: reads the image" cmp "$W/o.iso" "$W/x.iso"
run sg_dd if=/dev/sr0 bs=2048 bpt=16 cdbsz=12 blk_sgio=1 of="$W/o.iso"
check "sg_dd, cdbsz=12: reads the image" cmp "$W/o.iso" "$W/x.iso"
check "sg_dd, cdbsz=12: sends READ(12), which succeeds" sent 'READ\(12\) .* GOOD'

# Commands that are not in the engine's table get 5/20/00.
for p in sg_logs sg_senddiag sg_rbuf; do
	run "$p" /dev/sr0
	check "$p: refused with 5/20/00" sent 'unknown .* CHECK 5/20/00'
done
run sg_opcodes /dev/sr0
check "sg_opcodes: refused with 5/20/00 or 5/24/00" sent 'sg_opcodes .* CHECK 5/2[04]/00'

# Lock, eject, load. The node is kept open, because the last close would unlock the drive.
run sh -c 'exec 9</dev/sr0
	sg_prevent --prevent=1 /dev/sr0
	sg_start --eject /dev/sr0 && echo "ejected a locked disc"
	sg_prevent --allow /dev/sr0
	sg_start --eject /dev/sr0 && echo "ejected"'
check "sg_start --eject, after unlocking: succeeds" says '^ejected$'
check "sg_start --eject, locked: fails" output_lacks 'ejected a locked disc'
check "sg_start --eject, locked: refused with 5/53/02" sent 'START STOP UNIT .* CHECK 5/53/02'
check "sg_start --eject: the tray is open, no disc is loaded" state loaded=0 ejected=1
run sg_raw /dev/sr0 00 00 00 00 00 00
check "TEST UNIT READY, ejected: not ready" exits 2
check "TEST UNIT READY, ejected: refused with 2/3A/01" sent 'sg_raw TEST UNIT READY .* CHECK 2/3a/01'
run sg_start --load /dev/sr0
check "sg_start --load: the same disc is back" state loaded=1 readable=1640 profile=0010
check "sg_start --load: reads as before" reads_back

# Buffers of other sizes than the command's data. Where Bulk-Only would end in a phase error, the shim must
# report it; a longer buffer is allowed.
run sg_raw -r 8 /dev/sr0 4a 01 00 00 10 00 00 00 08 00
check "sg_raw, GET EVENT of 8 into 8 bytes: exit code 0" exits 0
run sg_raw -r 4 /dev/sr0 12 00 00 00 24 00
check "sg_raw, INQUIRY of 36 into 4 bytes: flagged" sent '!Hi<Di'
check "sg_raw, INQUIRY of 36 into 4 bytes: a transport error" fails
run sg_raw /dev/sr0 12 00 00 00 24 00
check "sg_raw, INQUIRY without a buffer: flagged" sent '!Hn<Di'
run sg_raw -s 36 -i "$W/x.iso" /dev/sr0 12 00 00 00 24 00
check "sg_raw, INQUIRY with data out: flagged" sent '!Ho<>Di'
run sg_raw -r 36 /dev/sr0 00 00 00 00 00 00
check "sg_raw, TEST UNIT READY that expects data: GOOD, no data" sent \
	'TEST UNIT READY .* GOOD 0 !Hi>Dn'
run sg_raw -r 252 /dev/sr0 12 00 00 00 fc 00
check "sg_raw, INQUIRY of 252: 36 bytes" sent 'IN 252 -> GOOD 36'
check "sg_raw, INQUIRY of 252: not flagged" wire_clean
run sg_raw -r 2048 /dev/sr0 28 00 00 00 06 68 00 00 01 00
check "sg_raw, READ(10) past the end: refused with 5/21/00" sent 'READ.10. .* CHECK 5/21/00'

blank
run sg_get_config --rt=2 --starting=0x2b /dev/sr0
check "sg_get_config, blank DVD+R: exit code 0" exits 0
check "sg_get_config, blank DVD+R: feature 002Bh, current, writes" says 'Current profile: DVD\+R' \
	'DVD\+R feature' 'current=1' 'Write=1'
run sg_readcap /dev/sr0
check "sg_readcap, blank: reports LBA 0 as the last one" says 'Last (LBA|logical block address)=0 '
run sg_raw -r 2048 /dev/sr0 28 00 00 00 00 00 00 00 01 00
check "sg_raw, READ(10) of a blank disc: reads block 0, which READ CAPACITY reports" exits 0
run sg_raw -r 2048 /dev/sr0 28 00 00 00 00 01 00 00 01 00
check "sg_raw, READ(10) of a blank disc: any other block is refused" sent 'READ.10. .* CHECK '
run sg_raw -s 2048 -i "$W/x.iso" /dev/sr0 2a 00 00 00 00 10 00 00 01 00
check "sg_raw, WRITE(10) anywhere but the next writable address: refused with 5/21/02" sent 'CHECK 5/21/02'
check "sg_raw, WRITE(10) anywhere but the next writable address: changes nothing" state blank=1 \
	nwa=0
