#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The properties that udev's cdrom_id gives a disc of each type in each state: what a desktop knows of it.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
# shellcheck source=test/shim/cd.sh
. test/shim/cd.sh
cdrom_id=/lib/udev/cdrom_id
[ -x "$cdrom_id" ] || cdrom_id=/usr/lib/udev/cdrom_id
need "$cdrom_id" "cdrom_id on each medium" || exit 0
need sg_raw "cdrom_id on each medium: sg3-utils" || exit 0
drive
head -c 65536 /dev/urandom >"$W/blocks"

# properties NAME PROPERTY...: cdrom_id gives the disc these ID_CDROM_MEDIA_... and no others.
properties() {
	name=$1
	shift
	run "$cdrom_id" --debug /dev/sr0
	check "cdrom_id, $name: exit code 0" exits 0
	check "cdrom_id, $name: nothing refused, every data phase fits" wire_clean
	sed -n 's/^ID_CDROM_MEDIA_//p' "$W/out" | sort >"$W/got"
	printf '%s\n' "$@" | sort >"$W/wanted"
	check "cdrom_id, $name: properties" diff "$W/wanted" "$W/got"
}
# format BLOCKS TYPE PARAMETER: FORMAT UNIT; hexadecimal
format() {
	for byte in 00 02 00 08 $(echo "$1$2$3" | sed 's/../& /g'); do
		# shellcheck disable=SC2059 # an octal escape
		printf "\\$(printf %03o "0x$byte")"
	done >"$W/list"
	shim sg_raw -s 12 -i "$W/list" /dev/sr0 04 11 00 00 00 00 >"$W/raw" 2>&1 || cat "$W/raw"
}
# record: WRITE(10) of blocks 0 to 31, which are not zeros. cdrom_id reads as many of a rewritable disc, and
# gives up if there are fewer.
record() {
	shim sg_raw -s 65536 -i "$W/blocks" /dev/sr0 2a 00 00 00 00 00 00 00 20 00 >"$W/raw" 2>&1 || cat "$W/raw"
}
# closed FUNCTION...: CLOSE TRACK/SESSION, which close the first track
closed() {
	for f; do
		shim sg_raw /dev/sr0 5b 00 "$f" 00 00 01 00 00 00 00 >"$W/raw" 2>&1 || cat "$W/raw"
	done
}
# write_page BYTE: MODE SELECT of page 05h: track at once, data; the byte has the multi-session bits.
write_page() {
	make_page_05 101 "$(printf %03o $((0x$1 | 4)))"
	shim sg_raw -s 60 -i "$W/page" /dev/sr0 55 10 00 00 00 00 00 00 3c 00 >"$W/raw" 2>&1 || cat "$W/raw"
}
synchronized() { shim sg_raw /dev/sr0 35 00 00 00 00 00 00 00 00 00 >"$W/raw" 2>&1 || cat "$W/raw"; }
blank_of_tracks='STATE=blank SESSION_NEXT=1 SESSION_COUNT=1 TRACK_COUNT=1'
appendable='STATE=appendable SESSION_NEXT=2 SESSION_COUNT=2 TRACK_COUNT=2 TRACK_COUNT_DATA=1'
one_track='SESSION_COUNT=1 TRACK_COUNT=1 TRACK_COUNT_DATA=1'
complete="STATE=complete $one_track"

# shellcheck disable=SC2086 # lists of properties
{
	for t in dvd+r:DVD_PLUS_R dvd+r-dl:DVD_PLUS_R_DL dvd-r:DVD_R \
		'dvd-r-dl:DVD_R_DL_SEQ=1 DVD_R_DL' 'dvd-rw:DVD_RW_SEQ=1 DVD_RW' \
		'bd-r:BD_R_SRM=1 BD_R' 'bd-r-dl:BD_R_SRM=1 BD_R'; do
		type=${t%%:*}
		blank "$type"
		properties "$type, blank" ${t#*:}=1 $blank_of_tracks
		record
		case $type in
		dvd+r* | bd-r*)
			closed 1 2
			properties "$type, appendable" ${t#*:}=1 $appendable
			;;
		*) closed 3 ;;
		esac
		[ "$type" = dvd-rw ] && properties "$type, complete" ${t#*:}=1 $complete
	done
	for type in dvd+r dvd-r bd-r; do
		blank $type
		record
		case $type in
		dvd-r) closed 3 ;;
		*) closed 1 6 ;;
		esac
		[ $type = bd-r ] && t=BD || t=DVD
		properties "$type, finalised" $t=1 $complete
	done
	blank dvd-rw
	format 00000000 54 000010
	properties "dvd-rw, intermediate" DVD_RW_RO=1 DVD_RW=1 STATE=blank SESSION_COUNT=1 TRACK_COUNT=1
	record
	closed 2
	properties "dvd-rw, restricted overwrite" DVD_RW_RO=1 DVD_RW=1 $complete
	format 00231020 00 000800
	properties "dvd-rw, formatted and never written" DVD_RW_RO=1 DVD_RW=1 STATE=blank $one_track
	blank dvd+rw
	properties "dvd+rw, unformatted" DVD_PLUS_RW=1 $blank_of_tracks
	format 00230540 98 000000
	properties "dvd+rw, formatted and never written" DVD_PLUS_RW=1 STATE=blank $one_track
	record
	properties "dvd+rw, written" DVD_PLUS_RW=1 $complete
	blank dvd-ram
	properties "dvd-ram, never written" DVD_RAM=1 STATE=blank $one_track
	record
	properties "dvd-ram, written" DVD_RAM=1 STATE=other $one_track
	blank bd-re
	properties "bd-re, unformatted" BD_RE=1 $blank_of_tracks
	format 00b47400 c0 003000
	properties "bd-re, formatted" BD_RE=1 $complete
	blank bd-re-dl
	properties "bd-re-dl, unformatted" BD_RE=1 $blank_of_tracks

	# The nine states of a compact disc. Of one that was never recorded, cdrom_id says no state.
	for t in cd-r:CD_R cd-rw:CD_RW; do
		type=${t%%:*}
		blank $type
		properties "$type, blank" ${t#*:}=1 $blank_of_tracks
		write_page c0
		record
		synchronized
		closed 2
		properties "$type, appendable" ${t#*:}=1 $appendable
		blank $type
		write_page 00
		record
		synchronized
		closed 2
		properties "$type, complete" ${t#*:}=1 $complete
	done
	sectors mode1 0 300 16 2048 >"$W/data.iso"
	sectors audio 0 300 >"$W/song.bin"
	printf 'FILE "song.bin" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n' >"$W/audio.cue"
	{
		printf 'FILE "data.iso" BINARY\n TRACK 01 MODE1/2048\n  INDEX 01 00:00:00\n'
		printf 'FILE "song.bin" BINARY\n TRACK 02 AUDIO\n  INDEX 01 00:00:00\n'
	} >"$W/mixed.cue"
	insert "$W/data.iso" cd
	properties "CD-ROM, data" CD=1 $one_track
	insert "$W/audio.cue"
	properties "CD-ROM, audio" CD=1 SESSION_COUNT=1 TRACK_COUNT=1 TRACK_COUNT_AUDIO=1
	insert "$W/mixed.cue"
	properties "CD-ROM, data and audio" CD=1 SESSION_COUNT=1 TRACK_COUNT=2 TRACK_COUNT_DATA=1 \
		TRACK_COUNT_AUDIO=1
}
