#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that burn several sessions, and that erase a CD-RW.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
# shellcheck source=test/shim/cd.sh
. test/shim/cd.sh
make_songs
make_sources
drive
cd=/dev/sr0

# session N IMAGE: the blocks of the disc from N on are those of the image.
session() {
	shim dd if="$cd" of="$W/back" bs=2048 skip="$1" count=$(($(stat -c %s "$2") / 2048)) iflag=fullblock 2>/dev/null &&
		cmp "$W/back" "$2"
}

# ---- sessions of data -----------------------------------------------------------------------------
# The next session begins 11400 blocks after the lead-out of the first one, 6900 after that of others.
if need wodim "wodim -multi, CD-R"; then
	blank cd-r
	run wodim dev=$cd -multi -tao -gracetime=2 -data "$W/data.iso"
	burned "wodim -multi"
	check "wodim -multi: appendable" state profile=0009 appendable=1 finalised=0 sessions=2 tracks=2 readable=312
	reinsert
	run wodim dev=$cd -msinfo
	check "wodim -msinfo: where the next session begins" says '^0,11712$'
	run wodim dev=$cd -multi -tao -gracetime=2 -data "$W/data.iso"
	burned "wodim -multi, second session"
	check "wodim -multi, second session: appendable" state profile=0009 appendable=1 sessions=3 readable=12024
	run wodim dev=$cd -msinfo
	check "wodim -msinfo: of three sessions" says '^11712,18924$'
	run wodim dev=$cd -tao -gracetime=2 -data "$W/data.iso"
	burned "wodim, third session, not -multi"
	check "wodim, third session, not -multi: complete" state profile=0009 finalised=1 sessions=3 tracks=3 readable=19236
	reinsert
	run wodim dev=$cd -toc
	check "wodim -toc: three tracks" says 'track: +1 lba: +0 ' 'track: +2 lba: +11712 ' 'track: +3 lba: +18924 ' \
		'track:lout lba: +19236 '
	for lba in 0 11712 18924; do
		check "wodim, three sessions: the data at $lba" session $lba "$W/data.iso"
	done
fi
if need cdrskin "cdrskin -multi, CD-R"; then
	blank cd-r
	run cdrskin dev=$cd -multi -tao "$W/data.iso"
	burned "cdrskin -multi"
	check "cdrskin -multi: appendable" state profile=0009 appendable=1 sessions=2
	reinsert
	# It asks as for session at once, and there the pregap belongs to the session.
	run cdrskin dev=$cd -msinfo
	check "cdrskin -msinfo" says '^0,11562$'
	run cdrskin dev=$cd -tao "$W/data.iso"
	burned "cdrskin, second session"
	check "cdrskin, second session: complete" state profile=0009 finalised=1 sessions=2 tracks=2
	check "cdrskin, second session: its data" session 11712 "$W/data.iso"
	run cdrskin dev=$cd -minfo
	check "cdrskin -minfo: a complete CD-R" says 'Mounted media type: +CD-R$' 'disk status: +complete' \
		'1 +1 Data +0 ' '2 +2 Data +11712 '
fi
if need xorriso "xorriso, CD-R"; then
	blank cd-r
	run xorriso -outdev $cd -volid FIRST -map "$W/d2" /first -commit
	burned "xorriso"
	check "xorriso: appendable" state profile=0009 appendable=1 sessions=2
	reinsert
	run xorriso -dev $cd -volid SECOND -map "$W/d1/a.bin" /a.bin -commit
	burned "xorriso, second session"
	reinsert
	run xorriso -outdev $cd -toc
	check "xorriso -toc: two sessions" says 'Media current: CD-R' 'Media summary: 2 sessions'
	rm -rf "$W/x"
	run xorriso -osirrox on -indev $cd -extract / "$W/x"
	check "xorriso, two sessions: the files of the first one" cmp "$W/x/first/b.bin" "$W/d2/b.bin"
	check "xorriso, two sessions: the files of the second one" cmp "$W/x/a.bin" "$W/d1/a.bin"
	run xorriso -dev $cd -close on -map "$W/d2/b.bin" /c.bin -commit
	burned "xorriso -close on"
	check "xorriso -close on: complete" state profile=0009 finalised=1 sessions=3 tracks=3
fi

# ---- songs, then data: a CD-Extra ------------------------------------------------------------------
if need cdrdao "cdrdao --multi"; then
	cat >"$W/songs.toc" <<-END
	CD_ROM_XA
	TRACK AUDIO
	FILE "$W/one.wav" 0
	TRACK AUDIO
	FILE "$W/two.wav" 0
	END
	sectors xa 0 310 24 2048 >"$W/xa.iso"
	cat >"$W/xa.toc" <<-END
	CD_ROM_XA
	TRACK MODE2_FORM1
	DATAFILE "$W/xa.iso"
	END
	blank cd-r
	run cdrdao write --device $cd -n --multi "$W/songs.toc"
	burned "cdrdao --multi"
	check "cdrdao --multi: appendable" state profile=0009 appendable=1 sessions=2 readable=650
	reinsert
	run cdrdao write --device $cd -n "$W/xa.toc"
	burned "cdrdao, second session"
	check "cdrdao, second session: complete" state profile=0009 finalised=1 sessions=2 tracks=3 readable=12360
	reinsert
	run cdrdao disk-info --device $cd
	check "cdrdao disk-info: two sessions" says '^Sessions +: 2' '^Appendable +: no'
	rips "cdrdao, two sessions" 2 "$W/two.pcm"
	check "cdrdao, two sessions: the data" session 12050 "$W/xa.iso"
	if need cd-info "cdrdao, two sessions: cd-info"; then
		run cd-info --no-cddb -C $cd
		check "cdrdao, two sessions: cd-info sees a CD-Extra" says 'CD-Plus/Extra' '^Last CD Session LSN: 12050'
	fi
fi

if need cdrdao "cdrdao --multi, XA"; then
	blank cd-r
	run cdrdao write --device $cd -n --multi "$W/xa.toc"
	burned "cdrdao --multi, XA"
	reinsert
	run cdrdao write --device $cd -n "$W/xa.toc"
	burned "cdrdao --multi, XA, second session"
	check "cdrdao --multi, XA, second session: complete" state profile=0009 finalised=1 sessions=2 tracks=2 readable=12020
	run cdrdao disk-info --device $cd
	check "cdrdao disk-info: XA" says '^Toc Type +: CD-ROM XA' '^Sessions +: 2'
	for lba in 0 11710; do
		check "cdrdao --multi, XA: the data at $lba" session $lba "$W/xa.iso"
	done
fi

# ---- CD-RW ----------------------------------------------------------------------------------------
# fresh NAME: the CD-RW is blank again, and its file empty.
fresh() {
	burned "$1"
	check "$1: the disc is blank" state profile=000a blank=1 appendable=1 recorded=0 sessions=1 tracks=1
	check "$1: the file is empty" test ! -s "$W/disc.iso"
}
# burn: something to erase.
burn() {
	run cdrskin dev=$cd -tao "$W/data.iso"
	check "$1: a CD-RW that is burned" state profile=000a finalised=1 tracks=1
}
blank cd-rw
check "a blank CD-RW" state profile=000a blank=1
if need cdrskin "programs that erase a CD-RW"; then
	run cdrskin dev=$cd -minfo
	check "cdrskin -minfo: a blank CD-RW" says 'Mounted media type: +CD-RW$' 'Disk Is erasable' 'disk status: +empty'
	for mode in fast all; do
		burn "cdrskin blank=$mode"
		run cdrskin dev=$cd blank=$mode
		fresh "cdrskin blank=$mode"
		if need wodim "wodim blank=$mode"; then
			burn "wodim blank=$mode"
			run wodim dev=$cd -gracetime=2 blank=$mode
			fresh "wodim blank=$mode"
		fi
	done
	if need cdrdao "cdrdao blank"; then
		for mode in minimal full; do
			burn "cdrdao blank $mode"
			run cdrdao blank --device $cd --blank-mode $mode
			fresh "cdrdao blank $mode"
		done
	fi
	if need xorriso "xorriso -blank"; then
		burn "xorriso -blank"
		run xorriso -outdev $cd -blank fast
		fresh "xorriso -blank"
	fi
	# Blank as needed, and burn, in one go.
	burn "cdrskin blank=as_needed"
	run cdrskin dev=$cd blank=as_needed -sao -audio "$W/one.wav"
	burned "cdrskin blank=as_needed"
	check "cdrskin blank=as_needed: burned again" state profile=000a finalised=1 tracks=1
	check "cdrskin blank=as_needed: the song" has_part "$W/disc.iso" 0 "$W/one.pcm"
	reinsert
	rips "a CD-RW" 1 "$W/one.pcm"
	# ATA PASS-THROUGH(12) has the operation code of BLANK; udev and smartctl send it.
	if need sg_raw "ATA PASS-THROUGH(12)"; then
		cp "$W/disc.iso" "$W/before"
		run sg_raw -r 512 $cd a1 08 2e 00 01 00 00 00 00 ec 00 00
		check "ATA PASS-THROUGH(12) is no BLANK: refused" sent 'BLANK .* CHECK 5/2'
		check "ATA PASS-THROUGH(12) is no BLANK: nothing changes" state profile=000a finalised=1 tracks=1
		check "ATA PASS-THROUGH(12) is no BLANK: nor does the file" cmp "$W/before" "$W/disc.iso"
	fi
	# A CD-R is not erased.
	blank cd-r
	run cdrskin dev=$cd -tao "$W/data.iso"
	if need sg_raw "BLANK of a CD-R"; then
		run sg_raw $cd a1 01 00 00 00 00 00 00 00 00 00 00
		check "BLANK of a CD-R: refused" fails
		check "BLANK of a CD-R: nothing changes" state profile=0009 finalised=1 tracks=1
	fi
	run cdrskin dev=$cd blank=fast
	check "cdrskin blank=fast of a CD-R: fails" fails
	check "cdrskin blank=fast of a CD-R: the image stays" holds "$W/disc.iso" "$W/data.iso" 4096
fi
exit 0
