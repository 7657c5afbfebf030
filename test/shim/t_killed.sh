#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The process that has the drive is killed after each step of a disc's life. What happens if it dies
# within a step is a matter of test/unit/disc/t_powercut*.c: they let it die at each operation on storage.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need sg_raw "a drive that is killed: sg3-utils" || exit 0
head -c 65536 /dev/urandom >"$W/blocks"
printf '\000\002\000\010\000\000\000\000\124\000\000\020' >"$W/quick"
printf '\000\002\000\010\000\000\000\000\114\000\000\020' >"$W/grow"
printf '\000\002\000\010\000\043\005\100\230\000\000\000' >"$W/plus"
printf '\000\002\000\010\000\270\164\000\310\000\000\000' >"$W/pow"
head -c 102400 /dev/zero >"$W/pregap"
# A cue sheet of one data track: lead-in, pregap, start, and the lead-out at block 32.
printf '\101\000\000\024\000\000\000\000\101\001\000\020\000\000\000\000' >"$W/sheet"
printf '\101\001\001\020\000\000\002\000\101\252\001\024\000\000\002\040' >>"$W/sheet"

send() { shim sg_raw "$@" >"$W/raw" 2>&1 || { echo "# failed: sg_raw $*"; sed 's/^/# /' "$W/raw"; }; }

# killed: kills the drive, and inserts the disc into a new one
killed() {
	kill -9 "$server"
	wait "$server" 2>/dev/null
	server=''
	drive
	# The type is that of a disc without a state: one that is as new.
	ask insert "$W/disc.iso" >/dev/null || ask blank "$W/disc.iso" "$type" >/dev/null
}

# step NAME STATE... -- SG_RAW-ARGUMENT...: the disc is in this state after the command, and also if the
# drive is killed then.
step() {
	name=$1
	shift
	wanted=''
	while [ "$1" != -- ]; do
		wanted="$wanted $1"
		shift
	done
	shift
	send "$@"
	# shellcheck disable=SC2086 # words
	check "$name" state $wanted
	killed
	# shellcheck disable=SC2086
	check "$name, killed: the same" state $wanted
}
format() { printf '%s ' -s 12 -i "$1" /dev/sr0 04 11 00 00 00 00; }
write() { printf '%s ' -s 32768 -i "$W/blocks" /dev/sr0 2a 00 00 00 00 "$1" 00 00 10 00; }
close_() { echo /dev/sr0 5b 00 "$1" 00 00 "$2" 00 00 00 00; }
# page OCTAL: MODE SELECT of page 05h, data; the byte has the write type.
page() {
	make_page_05 "$1" 004
	send -s 60 -i "$W/page" /dev/sr0 55 10 00 00 00 00 00 00 3c 00
}
SYNC='/dev/sr0 35 00 00 00 00 00 00 00 00 00'
BLANK='/dev/sr0 a1 11 00 00 00 00 00 00 00 00 00 00'

drive
# shellcheck disable=SC2046,SC2086 # words
{
	type=dvd-rw
	blank $type
	step "DVD-RW: new" profile=0014 recorded=0 -- $SYNC
	send $(write 00)
	step "DVD-RW: a burn begins" profile=0014 recorded=16 nwa=16 -- $SYNC
	step "DVD-RW: CLOSE TRACK" profile=0014 recorded=16 tracks=2 sessions=1 -- $(close_ 01 01)
	step "DVD-RW: BLANK" profile=0014 blank=1 recorded=0 free=2298496 -- $BLANK
	step "DVD-RW: FORMAT to the intermediate state" profile=0013 recorded=0 free=2297888 -- $(format "$W/quick")
	send $(write 00)
	step "DVD-RW: intermediate, written" profile=0013 recorded=16 -- $SYNC
	step "DVD-RW: CLOSE SESSION" profile=0013 finalised=1 readable=16 -- $(close_ 02 00)
	check "DVD-RW: CLOSE SESSION, killed: the data" cmp -n 32768 "$W/disc.iso" "$W/blocks"
	step "DVD-RW: FORMAT that grows" profile=0013 finalised=0 recorded=16 -- $(format "$W/grow")
	step "DVD-RW: BLANK of a formatted one" profile=0014 blank=1 recorded=0 -- $BLANK
	check "DVD-RW: BLANK, killed: no data" test ! -s "$W/disc.iso"

	type=dvd+rw
	blank $type
	step "DVD+RW: FORMAT" profile=001a readable=2295104 -- $(format "$W/plus")
	send $(write 20)
	step "DVD+RW: WRITE and CLOSE" profile=001a readable=2295104 -- $(close_ 02 00)
	check "DVD+RW: WRITE and CLOSE, killed: the data" cmp -n 32768 -i 65536:0 "$W/disc.iso" "$W/blocks"
	step "DVD+RW: FORMAT again" profile=001a readable=2295104 -- $(format "$W/plus")
	check "DVD+RW: FORMAT again, killed: no data" test ! -s "$W/disc.iso"

	type=bd-r
	blank $type
	step "BD-R: FORMAT" profile=0041 blank=1 free=12088320 -- $(format "$W/pow")
	send $(write 00)
	step "BD-R: CLOSE TRACK closes the session" profile=0041 sessions=2 tracks=2 nwa=32 -- $(close_ 01 01)
	step "BD-R: finalised" profile=0040 finalised=1 sessions=1 -- $(close_ 06 00)

	type=dvd-r
	blank $type
	send $(write 00)
	step "DVD-R: CLOSE 3" profile=0010 finalised=1 readable=16 -- $(close_ 03 00)

	type=cd-r
	blank $type
	page 101
	step "CD-R, track at once: a burn begins" profile=0009 recorded=16 nwa=16 tracks=1 -- $(write 00)
	page 101
	step "CD-R, track at once: it goes on" profile=0009 recorded=32 nwa=32 tracks=1 -- $(write 10)
	step "CD-R, track at once: the track is closed" profile=0009 nwa=184 tracks=2 sessions=1 -- $SYNC
	step "CD-R, track at once: finalised" profile=0009 finalised=1 readable=34 -- $(close_ 02 00)
	check "CD-R, track at once, killed: the data" cmp -n 32768 -i 32768:0 "$W/disc.iso" "$W/blocks"

	# A data track of 32 blocks, whose pregap comes first.
	blank $type
	page 102
	send -s 32 -i "$W/sheet" /dev/sr0 5d 00 00 00 00 00 00 00 20 00
	for lba in 6a 9c ce; do
		send -s 102400 -i "$W/pregap" /dev/sr0 2a 00 ff ff ff $lba 00 00 32 00
	done
	send $(write 00)
	step "CD-R, session at once: half of the track" profile=0009 finalised=0 recorded=16 nwa=16 -- $SYNC
	send $(write 10)
	step "CD-R, session at once: complete" profile=0009 finalised=1 readable=32 sessions=1 -- $SYNC
	check "CD-R, session at once, killed: the data" cmp -n 32768 -i 32768:0 "$W/disc.iso" "$W/blocks"

	type=cd-rw
	blank $type
	page 101
	send $(write 00)
	send $SYNC
	step "CD-RW: finalised" profile=000a finalised=1 readable=18 -- $(close_ 02 00)
	step "CD-RW: BLANK" profile=000a blank=1 recorded=0 -- $BLANK
	check "CD-RW: BLANK, killed: no data" test ! -s "$W/disc.iso"
}
