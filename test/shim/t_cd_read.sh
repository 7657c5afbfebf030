#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that read and rip compact discs: a mixed disc, in one file and in one file per track; an audio
# disc with CD-Text, MCN, ISRC and indexes; a CD-Extra. What they read must be the files' bytes.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
# shellcheck source=test/shim/cd.sh
. test/shim/cd.sh
drive
cd=/dev/sr0
# Takes the unit attention of the new drive, so that each disc below is met in the same way.
shim dd if=$cd of=/dev/null count=0 2>/dev/null

# ---- the discs ------------------------------------------------------------------------------------
sectors mode1 0 300 >"$W/track1.bin"
sectors audio 300 380 >"$W/track2.bin"
sectors audio 680 350 >"$W/track3.bin"
cat "$W/track1.bin" "$W/track2.bin" "$W/track3.bin" >"$W/mixed.bin"
# The same disc, mixed, in a file for each track, as archives of discs keep it: a pregap is in the file of its
# track.
cat >"$W/tracks.cue" <<END
CATALOG 4006381333931
FILE "track1.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
FILE "track2.bin" BINARY
  TRACK 02 AUDIO
    ISRC DEAAA0000001
    INDEX 00 00:00:00
    INDEX 01 00:02:00
FILE "track3.bin" BINARY
  TRACK 03 AUDIO
    ISRC DEAAA0000002
    INDEX 01 00:00:00
    INDEX 02 00:03:00
END
cat >"$W/mixed.cue" <<END
CATALOG 4006381333931
FILE "mixed.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    ISRC DEAAA0000001
    INDEX 00 00:04:00
    INDEX 01 00:06:00
  TRACK 03 AUDIO
    ISRC DEAAA0000002
    INDEX 01 00:09:05
    INDEX 02 00:12:05
END
sectors audio 0 750 >"$W/audio.bin"
cat >"$W/audio.cue" <<END
CATALOG 4006381333931
PERFORMER "The Band"
TITLE "The Album"
FILE "audio.bin" BINARY
  TRACK 01 AUDIO
    TITLE "First"
    PERFORMER "Singer One"
    ISRC DEAAA0000001
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Second"
    PERFORMER "Singer Two"
    ISRC DEAAA0000002
    INDEX 00 00:04:00
    INDEX 01 00:06:00
    INDEX 02 00:08:00
END
# The second session begins 11400 sectors after the end of the first one.
sectors xa 12150 300 >"$W/extra.bin"
sectors xa 12150 300 16 2336 >"$W/extra.2336"
cat >"$W/extra.cue" <<END
FILE "audio.bin" BINARY
  TRACK 01 AUDIO
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:04:00
    INDEX 01 00:06:00
REM SESSION 02
FILE "extra.bin" BINARY
  TRACK 03 MODE2/2352
    INDEX 01 00:00:00
END
sed 's/extra.bin/extra.2336/; s/2352/2336/' "$W/extra.cue" >"$W/short.cue"

# The log without the names of the programs: commands and the beginnings of answers.
wires() { sed 's/^[^ ]* //' "$W/log"; }

# samples_of FILE: prints the samples of an image that cdrdao has read, which has them big-endian.
samples_of() { dd if="$1" conv=swab status=none; }

# ---- mixed: each program on the disc of three files, then on its twin ------------------------------
rip() { # NAME FILE.wav: the WAV that a program made of track 2 has its samples
	check "$1: exit code 0" exits 0
	check "$1: the samples are those of the file" has_samples "$2" "$W/samples2"
}
part "$W/track2.bin" 150 230 >"$W/samples2"
for disc in tracks mixed; do
	insert "$W/$disc.cue"
	check "$disc: a CD-ROM with three tracks" state profile=0008 finalised=1 tracks=3 sessions=1 readable=1030
	if need cd-info "cd-info, $disc"; then
		run cd-info --no-cddb -C $cd
		check "cd-info, $disc: exit code 0" exits 0
		check "cd-info, $disc: tracks and their addresses" says ' 1: 00:02:00  000000 data ' \
			' 2: 00:08:00  000450 audio ' ' 3: 00:11:05  000680 audio ' '170: 00:15:55  001030 leadout'
		check "cd-info, $disc: MCN and ISRC" says 'MCN\): 4006381333931$' '2 ISRC: DEAAA0000001$' \
			'3 ISRC: DEAAA0000002$'
		wires >"$W/$disc.cd-info"
	fi
	if need cdrdao "cdrdao, $disc"; then
		run cdrdao disk-info --device $cd
		check "cdrdao disk-info, $disc: a CD-ROM of three tracks" says '^CD-R medium +: n/a' \
			'^Toc Type +: CD-DA or CD-ROM' '^Sessions +: 1' '^Last Track +: 3'
		run cdrdao read-toc --device $cd "$W/$disc.toc"
		check "cdrdao read-toc, $disc: exit code 0" exits 0
		check "cdrdao read-toc, $disc: finds pregap and index in the subchannel" says \
			'^Found pre-gap: 00:02:00' '^Found index 2 at: 00:03:00' 'catalogue number'
		check "cdrdao read-toc, $disc: MCN and ISRC" test \
			"$(grep -cE '^(CATALOG "4006381333931"|ISRC "DEAAA000000[12]")$' "$W/$disc.toc")" = 3
		wires >"$W/$disc.read-toc"
		rm -f "$W/read.bin" "$W/read.toc"
		run cdrdao read-cd --read-raw --paranoia-mode 0 --device $cd --datafile "$W/read.bin" "$W/read.toc"
		check "cdrdao read-cd, $disc: exit code 0" exits 0
		check "cdrdao read-cd, $disc: the data track" cmp -n $((300 * 2352)) "$W/read.bin" "$W/mixed.bin"
		tail -c +$((300 * 2352 + 1)) "$W/read.bin" >"$W/read.audio"
		samples_of "$W/read.audio" >"$W/read.samples"
		part "$W/mixed.bin" 450 580 >"$W/want.samples"
		check "cdrdao read-cd, $disc: the audio tracks" cmp "$W/read.samples" "$W/want.samples"
		wires >"$W/$disc.read-cd"
	fi
	if need cdparanoia "cdparanoia, $disc"; then
		run cdparanoia -d $cd -Q
		check "cdparanoia -Q, $disc: the audio tracks" says ' 2\. +230 .* 450 ' ' 3\. +350 .* 680 '
		run cdparanoia -d $cd 2 "$W/cdparanoia.wav"
		rip "cdparanoia, $disc" "$W/cdparanoia.wav"
	fi
	if need cd-paranoia "cd-paranoia, $disc"; then
		run cd-paranoia -d $cd 2 "$W/cd-paranoia.wav"
		rip "cd-paranoia, $disc" "$W/cd-paranoia.wav"
	fi
	if need icedax "icedax, $disc"; then
		run icedax -D $cd -J -g -H -v all
		check "icedax -J, $disc: exit code 0" exits 0
		check "icedax -J, $disc: MCN, ISRC" says '^Media catalog number: 4006381333931' \
			'T: +2 ISRC: DE-AAA-00-00001' 'T: +3 ISRC: DE-AAA-00-00002'
		check "icedax -J, $disc: index 2 of track 3" says '^T03 I01 0+$' '^T03 I02 0+225$'
		run icedax -D $cd -t 2 -O wav -H "$W/icedax.wav"
		rip "icedax, $disc" "$W/icedax.wav"
		wires >"$W/$disc.icedax"
	fi
	if need readom "readom -clone, $disc"; then
		run readom dev=$cd -clone f="$W/clone"
		check "readom -clone, $disc: exit code 0" exits 0
		check "readom -clone, $disc: each sector with its subchannel" test \
			"$(stat -c %s "$W/clone")" = $((1030 * 2448))
		mv "$W/clone" "$W/$disc.clone"
	fi
done
# A reader cannot tell in how many files a disc is.
for what in cd-info read-toc read-cd icedax clone; do
	[ -s "$W/mixed.$what" ] || continue
	check "$what: one file or three, the same conversation" cmp "$W/tracks.$what" "$W/mixed.$what"
done

# ---- the same disc as an image of CloneCD, whose .sub has the subchannels ---------------------------
cp "$W/mixed.bin" "$W/clone.img"
{
	printf '[CloneCD]\nVersion=3\n[Disc]\nTocEntries=6\nSessions=1\nCATALOG=4006381333931\n'
	# The PLBA of an entry is the address of its PMin, PSec and PFrame.
	entry() { printf '[Entry %d]\nSession=1\nPoint=0x%s\nADR=0x01\nControl=0x0%d\nPLBA=%d\n' "$@"; }
	entry 0 a0 4 4350
	entry 1 a1 0 13350
	entry 2 a2 0 1030
	entry 3 01 4 0
	entry 4 02 0 450
	entry 5 03 0 680
	printf '[TRACK 1]\nMODE=1\nINDEX 1=0\n[TRACK 2]\nMODE=0\nISRC=DEAAA0000001\nINDEX 0=300\nINDEX 1=450\n'
	printf '[TRACK 3]\nMODE=0\nISRC=DEAAA0000002\nINDEX 1=680\nINDEX 2=905\n'
} >"$W/clone.ccd"
if need readom "readom -clone of an image with subchannels"; then
	# The subchannels that the drive made for the cue sheet are in a file now.
	sectors split <"$W/mixed.clone" >"$W/clone.sub"
	insert "$W/clone.ccd"
	check "ccd: a CD-ROM with three tracks" state profile=0008 finalised=1 tracks=3 sessions=1 readable=1030
	run readom dev=$cd -clone f="$W/clone"
	check "readom -clone, ccd: sectors and subchannels of the file" cmp "$W/clone" "$W/mixed.clone"
	if need cdrdao "cdrdao, ccd"; then
		run cdrdao read-toc --device $cd "$W/ccd.toc"
		check "cdrdao read-toc, ccd: pregap, index, MCN and ISRC from the file" cmp "$W/ccd.toc" "$W/mixed.toc"
	fi
	# Subchannels that no drive makes.
	sectors sub 1030 >"$W/clone.sub"
	sectors clone 1030 <"$W/mixed.bin" >"$W/want"
	insert "$W/clone.ccd"
	run readom dev=$cd -clone f="$W/clone"
	check "readom -clone, ccd: exit code 0" exits 0
	check "readom -clone, ccd: the subchannels as they are in the file" cmp "$W/clone" "$W/want"
	# A file that does not fit is left out.
	truncate -s -1 "$W/clone.sub"
	insert "$W/clone.ccd"
	run readom dev=$cd -clone f="$W/clone"
	check "readom -clone, ccd: without its .sub the disc reads" cmp "$W/clone" "$W/mixed.clone"
fi
insert "$W/mixed.cue"

# cd-read and dd get sectors of the kind that they ask for; for others they get an error.
if need cd-read "cd-read"; then
	run cd-read -m audio --just-hex --no-header -s 450 -e 451 -C $cd
	check "cd-read: audio sectors" says '0x0000: 4c42 4120 3030 3030 3031 6332 '
	run cd-read -m any --just-hex --no-header -s 16 -e 16 -C $cd
	check "cd-read: a sector of the data track" says '0x0000: 0002 1601 4c42 4120 3030 3030 3030 3130 '
	run cd-read -m audio --just-hex --no-header -s 16 -e 16 -C $cd
	check "cd-read: data is no audio: 5/64/00" sent 'READ CD .* CHECK 5/64/00'
fi
run dd if=$cd of="$W/data" bs=2048 count=300
sectors mode1 0 300 16 2048 >"$W/want.data"
check "the data track through the block device" cmp "$W/data" "$W/want.data"
run dd if=$cd of="$W/data" bs=2048 skip=450 count=1
check "an audio track through the block device: an error" fails

# The kernel's ioctls, as the shim carries them out: what players ask for. t_cd.sh has them with the kernel.
u_cdrom=$O/test/e2e/u_cdrom
# kernel_reads audio|raw LBA COUNT: the ioctl gives the sectors of the disc.
kernel_reads() {
	shim "$u_cdrom" "$1" $cd "$2" "$3" >"$W/data" 2>"$W/out" || { sed 's/^/# /' "$W/out"; return 1; }
	part "$W/mixed.bin" "$2" "$3" | cmp - "$W/data"
}
run "$u_cdrom" toc $cd
check "CDROMREADTOCENTRY: tracks, by block and by time" says '^1: control 4, 0, 00:02:00$' \
	'^2: control 0, 450, 00:08:00$' '^3: control 0, 680, 00:11:05$' '^170: control 0, 1030, 00:15:55$'
check "CDROMREADAUDIO: from a pregap over a track" kernel_reads audio 400 200
check "CDROMREADAUDIO: to the end of the disc" kernel_reads audio 1000 30
check "CDROMREADAUDIO of data: an error" fails_to kernel_reads audio 16 1
check "CDROMREADRAW: data, with EDC and ECC" kernel_reads raw 290 10
check "CDROMREADRAW: audio" kernel_reads raw 680 3
check "CDROMREADRAW past the end of the disc: an error" fails_to kernel_reads raw 1030 1
# The device stays open while the disc is swapped, so that the second READ TOC meets the unit attention.
{
	until [ -s "$W/twice" ]; do sleep 0.01; done
	insert "$W/audio.cue"
	echo
} | shim "$u_cdrom" twice $cd >"$W/twice" 2>&1
check "CDROMREADTOCHDR, the disc was swapped: that of the new disc" grep -q '^1: control 0, 0,' "$W/twice"
blank cd-r
run "$u_cdrom" toc $cd
check "CDROMREADTOCHDR of a blank: EIO" says '^CDROMREADTOCHDR: Input/output error$'

# ---- audio ----------------------------------------------------------------------------------------
insert "$W/audio.cue"
if need cd-info "cd-info, audio"; then
	run cd-info --no-cddb -C $cd
	check "cd-info, audio: an audio CD" says 'Disc mode is listed as: CD-DA' 'MCN\): 4006381333931$' \
		' 2: 00:08:00  000450 audio ' '170: 00:12:00  000750 leadout'
	check "cd-info, audio: CD-Text" says 'TITLE: The Album' 'PERFORMER: The Band' 'TITLE: Second' \
		'PERFORMER: Singer Two'
fi
if need cdrdao "cdrdao, audio"; then
	run cdrdao read-toc --device $cd "$W/audio.toc"
	check "cdrdao read-toc, audio: exit code 0" exits 0
	check "cdrdao read-toc, audio: pregap, index" says '^Found pre-gap: 00:02:00' '^Found index 2 at: 00:02:00'
	check "cdrdao read-toc, audio: CD-Text" test \
		"$(grep -cE '^ +(TITLE|PERFORMER) "(The (Album|Band)|First|Second|Singer (One|Two))"$' "$W/audio.toc")" = 6
	check "cdrdao read-toc, audio: MCN and ISRC" test \
		"$(grep -cE '^(CATALOG "4006381333931"|ISRC "DEAAA000000[12]")$' "$W/audio.toc")" = 3
	rm -f "$W/read.bin" "$W/read.toc"
	run cdrdao read-cd --device $cd --datafile "$W/read.bin" "$W/read.toc"
	check "cdrdao read-cd, audio: exit code 0" exits 0
	samples_of "$W/read.bin" >"$W/read.samples"
	check "cdrdao read-cd, audio: the samples" cmp "$W/read.samples" "$W/audio.bin"
fi
if need icedax "icedax, audio"; then
	run icedax -D $cd -J -g -H -v all
	check "icedax -J, audio: CD-Text and index" says "^Album title: 'The Album' from 'The Band'" \
		"title 'Second' from 'Singer Two'" '^T02 I02 0+150$'
fi
if need cdparanoia "cdparanoia, audio"; then
	# From the first sample to the last one of the disc, over the pregap.
	run cdparanoia -d $cd 1- "$W/all.wav"
	check "cdparanoia, audio: exit code 0" exits 0
	check "cdparanoia, audio: the whole disc" has_samples "$W/all.wav" "$W/audio.bin"
fi
check "audio: the kernel has no block to read" fails_to shim dd if=$cd of="$W/data" bs=2048 count=1 2>/dev/null

# ---- CD-Extra -------------------------------------------------------------------------------------
for disc in extra short; do
	insert "$W/$disc.cue"
	check "$disc: two sessions" state profile=0008 tracks=3 sessions=2 readable=12450
	if need cd-info "cd-info, $disc"; then
		run cd-info --no-cddb -C $cd
		check "cd-info, $disc: a CD-Extra" says 'CD-Plus/Extra' '^Last CD Session LSN: 12150' \
			' 2: 00:08:00  000450 audio ' ' 3: 02:44:00  012150 data '
		wires >"$W/$disc.cd-info"
	fi
	if need cdrdao "cdrdao, $disc"; then
		run cdrdao disk-info --device $cd
		check "cdrdao disk-info, $disc: two sessions, XA" says '^Toc Type +: CD-ROM XA' '^Sessions +: 2'
		rm -f "$W/read.bin" "$W/read.toc"
		run cdrdao read-cd --read-raw --session 2 --device $cd --datafile "$W/read.bin" "$W/read.toc"
		check "cdrdao read-cd, session 2 of $disc: exit code 0" exits 0
		check "cdrdao read-cd, session 2 of $disc: form 1 and form 2" cmp "$W/read.bin" "$W/extra.bin"
		wires >"$W/$disc.read-cd"
	fi
done
for what in cd-info read-cd; do
	[ -s "$W/short.$what" ] || continue
	check "$what: sectors stored with their sync or without, the same conversation" cmp "$W/extra.$what" "$W/short.$what"
done
if need cdparanoia "cdparanoia, extra"; then
	run cdparanoia -d $cd 1-2 "$W/all.wav"
	check "cdparanoia, extra: exit code 0" exits 0
	check "cdparanoia, extra: session 1" has_samples "$W/all.wav" "$W/audio.bin"
fi
# ---- songs that are swapped for data under a reader -------------------------------------------------
# reader: reads until a read fails, and prints "good" for each that got the samples of the songs, then "ended";
# "mixed" and no more if a read got others.
reader() {
	while shim "$u_cdrom" audio $cd 0 600 >"$W/reader.audio" 2>/dev/null; do
		part "$W/audio.bin" 0 600 | cmp -s - "$W/reader.audio" || { echo mixed; return; }
		echo good
	done
	echo ended
}
insert "$W/audio.cue"
shim dd if=$cd of=/dev/null count=0 2>/dev/null
reader >"$W/reader" &
reading=$!
until [ -s "$W/reader" ]; do sleep 0.01; done
insert "$W/mixed.cue"
wait $reading
check "swapped under a reader: it read songs" grep -q '^good$' "$W/reader"
check "swapped under a reader: it read nothing else, and then an error" fails_to grep -q mixed "$W/reader"
shim dd if=$cd of="$W/data" bs=2048 count=300 2>/dev/null
check "swapped under a reader: the data of the new disc" cmp "$W/data" "$W/want.data"
exit 0
