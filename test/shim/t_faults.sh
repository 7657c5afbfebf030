#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults on request, as the CI of a burning program would use them: each program meets the same fault in
# its own way, and whatever it is told, the image holds what was acknowledged.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive

# fault LINE...: these are the faults from now on.
fault() {
	ask faults clear >/dev/null
	for line in "$@"; do
		ask faults add "$line" >/dev/null
	done
}
# struck N: so many commands of the program have met a fault.
struck() { [ "$(grep -c '!FAULT' "$W/log")" = "$1" ]; }
# recorded BLOCKS: the image begins with so many blocks of the source, and has no more than PAD beside them.
recorded() {
	[ "$(stat -c %s "$W/disc.iso")" -le $((($1 + ${2:-0}) * 2048)) ] &&
		cmp -n $(($1 * 2048)) "$W/disc.iso" "$W/x.iso"
}

# ---- a block that cannot be written ---------------------------------------------------------
if need growisofs "growisofs, write error"; then
	blank
	fault 'write-error 500'
	run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs, write error: complains" \
		says ':-\[ WRITE@LBA=1f0h failed with SK=3h/WRITE ERROR\]' 'write failed: Input/output error'
	check "growisofs, write error: exits with 0 all the same" exits 0
	check "growisofs, write error: one command met it" struck 1
	check "growisofs, write error: finalises what it has" state finalised=1 recorded=500 faults=1
	check "growisofs, write error: =img up to the block" recorded 500
	blank
	fault 'sense 3/0c/00 op 5b nth 1'
	run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs, CLOSE fails once: complains" says ':-\[ CLOSE TRACK failed with SK=3h/WRITE ERROR\]'
	check "growisofs, CLOSE fails once: its next one finalises" state finalised=1
	check "growisofs, CLOSE fails once: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" 32767
	blank
	fault 'vanish op 2a after 20'
	run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs, the disc vanishes: fails" fails
	check "growisofs, the disc vanishes: complains" \
		says ':-\[ WRITE@LBA=140h failed with SK=2h/MEDIUM NOT PRESENT'
	check "growisofs, the disc vanishes: it is out" state profile=0000 loaded=0 ejected=0
	check "growisofs, the disc vanishes: =img up to there" recorded 320
	fault
	ask insert "$W/disc.iso" >/dev/null
	check "growisofs, the disc vanishes: in again, it goes on there" state recorded=320 nwa=320 finalised=0
	blank
	fault 'not-ready times 3'
	run growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs, not ready for three commands: exit code 0" exits 0
	check "growisofs, not ready for three commands: met all three" struck 3
	check "growisofs, not ready for three commands: =img" holds "$W/disc.iso" "$W/x.iso" 32767
fi
if need xorriso "xorriso, write error"; then
	blank
	fault 'write-error 500'
	run xorriso -as cdrecord -v dev=/dev/sr0 "$W/x.iso"
	check "xorriso, write error: exit code 5" exits 5
	check "xorriso, write error: names sense and blocks" \
		says 'SCSI error on write\(496,16\): \[3 0C 00\] Medium error' 'aborting : -abort_on'
	check "xorriso, write error: leaves the disc open" state finalised=0 appendable=1 recorded=500
	check "xorriso, write error: =img up to the block" recorded 500
	blank
	fault 'sense 3/0c/00 op 5b nth 1'
	run xorriso -as cdrecord -v dev=/dev/sr0 "$W/x.iso"
	check "xorriso, CLOSE fails once: exit code 5" exits 5
	check "xorriso, CLOSE fails once: says so" says 'Failed to close track \(1\)\. SCSI error : \[3 0C 00\]'
	blank
	fault 'vanish op 2a after 20'
	run xorriso -as cdrecord -v dev=/dev/sr0 "$W/x.iso"
	check "xorriso, the disc vanishes: exit code 5" exits 5
	check "xorriso, the disc vanishes: says so" says 'SCSI error on write\(320,16\): \[2 3A 01\]'
	check "xorriso, the disc vanishes: =img up to there" recorded 320
fi
if need wodim "wodim, write error"; then
	blank cd-r
	fault 'write-error 500'
	run wodim -v dev=/dev/sr0 -tao "$W/x.iso"
	check "wodim, CD-R, write error: exit code 254" exits 254
	check "wodim, CD-R, write error: names sense and block" \
		says 'Sense Code: 0x0C Qual 0x00 \(write error\)' 'Sense flags: Blk 500 \(valid\)' \
		'A write error occured'
	check "wodim, CD-R, write error: fixates what it has" state finalised=1 readable=502
	check "wodim, CD-R, write error: =img up to the block" recorded 500 2
	blank cd-r
	fault 'sense 3/0c/00 op 5b nth 1'
	run wodim -v dev=/dev/sr0 -tao "$W/x.iso"
	check "wodim, CD-R, CLOSE fails once: exit code 254" exits 254
	check "wodim, CD-R, CLOSE fails once: cannot fixate" says 'wodim: Cannot fixate disk'
	check "wodim, CD-R, CLOSE fails once: the disc stays open" state finalised=0 appendable=1
fi
if need cdrskin "cdrskin, two discs"; then
	blank
	fault 'write-error 100-200 times 1'
	run cdrskin dev=/dev/sr0 "$W/x.iso"
	check "cdrskin, one write error: fails" fails
	blank
	run cdrskin dev=/dev/sr0 "$W/x.iso"
	check "cdrskin, on the next disc, then it is over: exit code 0" exits 0
	check "cdrskin, on the next disc: =img" holds "$W/disc.iso" "$W/x.iso" 307200
	check "cdrskin: faults list says so" test "$(ask faults list)" = \
		'write-error 100-200 times 1 # over, struck 1'
fi

# ---- blocks that cannot be read -------------------------------------------------------------
ask eject force >/dev/null
ask insert "$W/x.iso" >/dev/null
fault 'read-error 700-701'
run dd if=/dev/sr0 of="$W/back" bs=2048
check "dd, read error: fails" fails
check "dd, read error: has what comes before" test "$(stat -c %s "$W/back")" = $((700 * 2048))
check "dd, read error: sense and cause are in the log" sent 'READ.10. .* CHECK 3/11/05 .*!FAULT read-error 700-701'
fault 'slow 20 ms times 5' 'not-ready for 1 s'
run dd if=/dev/sr0 of="$W/back" bs=2048 count=64
sleep 1 # the fault's own time
run dd if=/dev/sr0 of="$W/back" bs=2048 count=64
check "dd, then the time of not-ready is up: exit code 0" exits 0
check "dd, slow: =img" cmp -n 131072 "$W/back" "$W/x.iso"

# ---- files and words ------------------------------------------------------------------------
printf '# a test\nslow 1 ms\nread-error x\n' >"$W/bad"
printf '# a test\nread-error 16\n' >"$W/good"
fault 'slow 2 ms'
check "a file with a wrong line: it is named" test "$(ask faults load "$W/bad")" = \
	"$W/bad: line 3: read-error takes BLOCK or BLOCK-LAST, in decimal, not \"x\""
check "a file with a wrong line: nothing has changed" test "$(ask faults list)" = 'slow 2 ms # struck 0'
# shim_with ARG...: mmcgadget-shim itself.
shim_with() { timeout 100 "$O/mmcgadget-shim" --insert "$W/x.iso" "$@" >"$W/out" 2>&1; }
shim_with --faults "$W/bad" true
rc=$?
check "mmcgadget-shim --faults, a wrong line: exit code 125" exits 125
check "mmcgadget-shim --faults, a wrong line: says which" says 'bad: line 3: read-error takes'
shim_with --faults "$W/none" true
rc=$?
check "mmcgadget-shim --faults, no file: exit code 125" exits 125
MMCSHIM_FAULTS=$W/good shim_with --status "$W/status" dd if=/dev/sr0 of=/dev/null bs=2048 count=32
rc=$?
check "MMCSHIM_FAULTS: the program fails" exits 1
check "MMCSHIM_FAULTS: the status counts it" grep -q '"faults":[1-9]' "$W/status"
MMCSHIM_FAULTS=$W/good shim_with sh -c "cd '$W' && '$PWD/$O/mmcgadget-shim' --ask faults load bad"
rc=$?
check "--ask faults load: a relative name is the asker's" says "^$W/bad: line 3"
check "--ask faults load: exit code 1" exits 1
check "--ask faults help: lists the faults" test "$(ask faults help | grep -c '^[a-z-]* ')" -ge 13
