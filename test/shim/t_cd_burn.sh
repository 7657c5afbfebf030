#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that burn a CD-R: songs and data, track at once and session at once, with CD-Text; and what
# other programs find on these discs.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
# shellcheck source=test/shim/cd.sh
. test/shim/cd.sh
make_songs
drive
cd=/dev/sr0

# songs NAME START FIRST SECOND: two tracks were burned, the second begins there; after them are that many
# silent sectors; the disc is complete.
songs() {
	burned "$1"
	check "$1: a complete CD-R with two tracks" state profile=0009 finalised=1 sessions=1 tracks=2
	check "$1: the first song is in the file" has_part "$W/disc.iso" 0 "$W/one.pcm"
	check "$1: the second song is in the file" has_part "$W/disc.iso" "$2" "$W/two.pcm"
	reinsert
	check "$1: the same disc when it is inserted again" state profile=0009 finalised=1 sessions=1 tracks=2
	rips "$1" 1 "$W/one.pcm" "$3"
	rips "$1" 2 "$W/two.pcm" "$4"
}

# image NAME PAD: the disc is a plain image of the data.
image() {
	burned "$1"
	check "$1: a complete CD-R" state profile=0009 finalised=1 sessions=1 tracks=1
	check "$1: the file is the image" holds "$W/disc.iso" "$W/data.iso" "$2"
	reinsert
	check "$1: the same disc when it is inserted again" state profile=0009 finalised=1 sessions=1 tracks=1
	shim dd if=$cd of="$W/back" bs=64k iflag=fullblock 2>/dev/null
	check "$1: reads back through the block device" holds "$W/back" "$W/data.iso" "$2"
}

# same_main CLONE RAW: the sectors of an image with subchannels are those of a file without.
same_main() {
	[ "$(stat -c %s "$1")" = $(($(stat -c %s "$2") / 2352 * 2448)) ] || return 1
	sectors main <"$1" | cmp - "$2"
}

# ---- a blank --------------------------------------------------------------------------------------
blank cd-r
check "a blank CD-R" state profile=0009 blank=1 appendable=1 finalised=0 tracks=1 sessions=1
if need wodim "wodim -atip"; then
	run wodim dev=$cd -atip
	check "wodim -atip: 80 minutes, not erasable" says 'ATIP start of lead out: 359849 \(79:59/74\)' \
		'Is not erasable' 'Using generic SCSI-3/mmc +CD-R/CD-RW driver'
	run wodim dev=$cd -checkdrive
	check "wodim -checkdrive: the modes that there are" says '^Supported modes: TAO SAO$'
fi
if need cdrskin "cdrskin -minfo, blank CD-R"; then
	run cdrskin dev=$cd -minfo
	check "cdrskin -minfo: a blank CD-R" says 'Mounted media type: +CD-R$' 'disk status: +empty' \
		'ATIP start of lead out: +359849'
fi
if need cdrdao "cdrdao disk-info, blank CD-R"; then
	run cdrdao disk-info --device $cd
	check "cdrdao disk-info: an empty CD-R of 80 minutes" says '^CD-RW +: no' '^Total Capacity +: 79:57:74 .359849 blocks' \
		'^CD-R empty +: yes'
fi
if need cdrdao "cdrdao"; then
	cat >"$W/songs.toc" <<-END
	CD_DA
	CATALOG "4006381333931"
	CD_TEXT {
	  LANGUAGE_MAP { 0 : EN }
	  LANGUAGE 0 { TITLE "The Album" PERFORMER "The Band" }
	}
	TRACK AUDIO
	ISRC "DEAAA0000001"
	CD_TEXT { LANGUAGE 0 { TITLE "First" PERFORMER "Singer One" } }
	FILE "$W/one.wav" 0
	TRACK AUDIO
	ISRC "DEAAA0000002"
	CD_TEXT { LANGUAGE 0 { TITLE "Second" PERFORMER "Singer Two" } }
	PREGAP 0:2:0
	FILE "$W/two.wav" 0
	END
fi

# ---- burns that are none --------------------------------------------------------------------------
if need wodim "wodim -dummy"; then
	run wodim dev=$cd -dummy -tao -gracetime=2 -audio "$W/one.wav"
	burned "wodim -dummy -tao"
	check "wodim -dummy -tao: the disc stays blank" state profile=0009 blank=1 recorded=0
	run wodim dev=$cd -dummy -dao -gracetime=2 -audio "$W/one.wav"
	burned "wodim -dummy -dao"
	check "wodim -dummy -dao: the disc stays blank" state profile=0009 blank=1 recorded=0
	check "wodim -dummy: the file stays empty" test ! -s "$W/disc.iso"
fi
if need cdrdao "cdrdao simulate"; then
	run cdrdao simulate --device $cd -n "$W/songs.toc"
	check "cdrdao simulate: exit code 0" exits 0
	check "cdrdao simulate: the disc stays blank" state profile=0009 blank=1 recorded=0
	check "cdrdao simulate: the file stays empty" test ! -s "$W/disc.iso"
fi
if need cdrskin "cdrskin -dummy, CD-R"; then
	run cdrskin dev=$cd -dummy -tao -audio "$W/one.wav"
	burned "cdrskin -dummy"
	check "cdrskin -dummy: the disc stays blank" state profile=0009 blank=1 recorded=0
fi

# ---- songs ----------------------------------------------------------------------------------------
# Track at once: two blocks of run-out, and 150 of pause.
if need wodim "wodim, songs"; then
	blank cd-r
	run wodim dev=$cd -tao -gracetime=2 -audio "$W/one.wav" "$W/two.wav"
	songs "wodim -tao" 452 152 2
	check "wodim -tao: ends after the run-out" state readable=804
	# wodim lets the pause of the second song begin in the first one.
	blank cd-r
	run wodim dev=$cd -dao -gracetime=2 -audio "$W/one.wav" "$W/two.wav"
	check "wodim -dao: the disc closes itself after its last sector" sent 'SEND CUE SHEET .* GOOD'
	check "wodim -dao: without a CLOSE" fails_to grep -q 'CLOSE TRACK' "$W/log"
	songs "wodim -dao" 300 0 0
fi
if need cdrskin "cdrskin, songs"; then
	blank cd-r
	run cdrskin dev=$cd -tao -audio "$W/one.wav" "$W/two.wav"
	songs "cdrskin -tao" 452 152 2
	blank cd-r
	run cdrskin dev=$cd -sao -audio "$W/one.wav" "$W/two.wav"
	check "cdrskin -sao: the disc closes itself, without a CLOSE" fails_to grep -q 'CLOSE TRACK' "$W/log"
	songs "cdrskin -sao" 300 0 0
fi
if need cdrdao "cdrdao, songs"; then
	blank cd-r
	run cdrdao write --device $cd -n "$W/songs.toc"
	songs "cdrdao write" 450 150 0
fi

# A cue sheet that cdrskin reads itself.
if need cdrskin "cdrskin cuefile="; then
	cat "$W/one.pcm" "$W/two.pcm" >"$W/both.bin"
	cat >"$W/both.cue" <<-END
		FILE "$W/both.bin" BINARY
		  TRACK 01 AUDIO
		    INDEX 01 00:00:00
		  TRACK 02 AUDIO
		    INDEX 01 00:04:00
	END
	blank cd-r
	run cdrskin dev=$cd -sao cuefile="$W/both.cue"
	songs "cdrskin cuefile=" 300 0 0
fi

# ---- CD-Text, ISRC, MCN ---------------------------------------------------------------------------
# texts NAME: what cd-info and icedax find.
texts() {
	check "$1: a complete CD-R with two tracks" state profile=0009 finalised=1 sessions=1 tracks=2
	reinsert
	need cd-info "$1: cd-info" || return
	run cd-info --no-cddb -C $cd
	check "$1: cd-info finds the titles" says 'TITLE: The Album' 'PERFORMER: The Band' 'TITLE: First' \
		'PERFORMER: Singer One' 'TITLE: Second' 'PERFORMER: Singer Two'
	check "$1: cd-info finds MCN and ISRC" says 'MCN\): 4006381333931$' '1 ISRC: DEAAA0000001$' \
		'2 ISRC: DEAAA0000002$'
}
if need cdrdao "cdrdao, CD-Text"; then
	blank cd-r
	run cdrdao write --device $cd -n --driver generic-mmc:0x10 "$W/songs.toc"
	burned "cdrdao, CD-Text"
	texts "cdrdao, CD-Text"
	# wodim burns the files that icedax reads from that disc.
	if need icedax "wodim, CD-Text" && need wodim "wodim, CD-Text"; then
		run env -C "$W" icedax -D $cd -B -v all -O wav audio.wav
		check "icedax -B: exit code 0" exits 0
		blank cd-r
		run wodim dev=$cd -dao -text -useinfo -gracetime=2 -audio "$W/audio_01.wav" "$W/audio_02.wav"
		burned "wodim -text -useinfo"
		texts "wodim -text -useinfo"
	fi
fi
if need cdrskin "cdrskin, CD-Text"; then
	cat >"$W/sheet" <<-END
	Input Sheet Version = 0.7T
	Text Code = 8859
	Language Code = English
	UPC / EAN = 4006381333931
	Album Title = The Album
	Artist Name = The Band
	First Track Number = 1
	Last Track Number = 2
	Track 01 Title = First
	Track 01 Artist = Singer One
	ISRC 01 = DEAAA0000001
	Track 02 Title = Second
	Track 02 Artist = Singer Two
	ISRC 02 = DEAAA0000002
	END
	blank cd-r
	run cdrskin dev=$cd -sao input_sheet_v07t="$W/sheet" -audio "$W/one.wav" "$W/two.wav"
	burned "cdrskin input_sheet_v07t"
	texts "cdrskin input_sheet_v07t"
fi

# ---- data -----------------------------------------------------------------------------------------
if need wodim "wodim, data"; then
	blank cd-r
	run wodim dev=$cd -tao -gracetime=2 -data "$W/data.iso"
	image "wodim -tao -data" 4096
	blank cd-r
	run wodim dev=$cd -dao -gracetime=2 -data "$W/data.iso"
	image "wodim -dao -data" 0
fi
if need cdrskin "cdrskin, data"; then
	blank cd-r
	run cdrskin dev=$cd -tao "$W/data.iso"
	image "cdrskin -tao" 4096
	blank cd-r
	run cdrskin dev=$cd -sao "$W/data.iso"
	image "cdrskin -sao" 0
fi
if need readom "readom, burned data"; then
	run readom dev=$cd f="$W/plain"
	check "readom, burned data: the copy is the image" cmp "$W/plain" "$W/data.iso"
	run readom dev=$cd -clone f="$W/clone"
	check "readom -clone, burned data: exit code 0" exits 0
	# Each sector has 96 bytes of subchannel after it.
	sectors mode1 0 310 >"$W/want"
	check "readom -clone, burned data: the sectors, with EDC and ECC" same_main "$W/clone" "$W/want"
fi

# ---- data and songs -------------------------------------------------------------------------------
if need wodim "wodim, data and songs"; then
	blank cd-r
	run wodim dev=$cd -tao -gracetime=2 -data "$W/data.iso" -audio "$W/two.wav"
	burned "wodim -tao, data and a song"
	check "wodim -tao, data and a song: two tracks" state profile=0009 finalised=1 tracks=2
	reinsert
	rips "wodim -tao, data and a song" 2 "$W/two.pcm" 2
	run dd if=$cd of="$W/back" bs=2048 count=310
	check "wodim -tao, data and a song: the data" cmp "$W/back" "$W/data.iso"
fi
# libburn refuses to mix both session at once.
if need wodim "wodim -dao, data and songs"; then
	blank cd-r
	run wodim dev=$cd -dao -gracetime=2 -data "$W/data.iso" -audio "$W/two.wav"
	burned "wodim -dao, data and a song"
	check "wodim -dao, data and a song: two tracks" state profile=0009 finalised=1 sessions=1 tracks=2
	check "wodim -dao, data and a song: without a CLOSE" fails_to grep -q 'CLOSE TRACK' "$W/log"
	reinsert
	rips "wodim -dao, data and a song" 2 "$W/two.pcm"
	run dd if=$cd of="$W/back" bs=2048 count=310
	check "wodim -dao, data and a song: the data" cmp "$W/back" "$W/data.iso"
fi
if need cdrdao "cdrdao, data and songs"; then
	cat >"$W/mixed.toc" <<-END
	CD_ROM
	TRACK MODE1
	DATAFILE "$W/data.iso"
	ZERO MODE1 0:2:0
	TRACK AUDIO
	ISRC "DEAAA0000002"
	PREGAP 0:2:0
	FILE "$W/two.wav" 0
	END
	blank cd-r
	run cdrdao write --device $cd -n "$W/mixed.toc"
	burned "cdrdao, data and a song"
	check "cdrdao, data and a song: two tracks" state profile=0009 finalised=1 tracks=2
	reinsert
	rips "cdrdao, data and a song" 2 "$W/two.pcm"
	rm -f "$W/read.bin" "$W/read.toc"
	run cdrdao read-cd --read-raw --paranoia-mode 0 --device $cd --datafile "$W/read.bin" "$W/read.toc"
	check "cdrdao read-cd of that disc: exit code 0" exits 0
	# The image that cdrdao writes has audio big-endian, and leaves out a silent pregap of a song.
	sectors mode1 0 310 >"$W/want"
	check "cdrdao read-cd of that disc: the data, with EDC and ECC" cmp -n $((310 * 2352)) "$W/read.bin" "$W/want"
	tail -c +$((310 * 2352 + 1)) "$W/read.bin" | tail -c $((350 * 2352)) | dd conv=swab status=none >"$W/back"
	check "cdrdao read-cd of that disc: the song" cmp "$W/back" "$W/two.pcm"
fi
exit 0
