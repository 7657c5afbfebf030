#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compact discs and the kernel: a cue sheet with a data track and two audio tracks, resolved inside the
# sandbox of the shipped service; an audio CD; an ISO image as a CD-ROM; and CD-Rs that are burned.
# shellcheck disable=SC2154 # media and work are lib.sh's
. ./lib.sh

# sectors LABEL N: prints N audio sectors, no two of which are alike.
sectors() {
	awk -v l="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n * 147; i++)
			printf "%-8s%08d", l, i
	}'
}
u_cdrom=/build/test/e2e/u_cdrom
make_iso MIXED 2 "$work/mixed.iso"
blocks=$(($(stat -c %s "$work/mixed.iso") / 2048))
"$u_cdrom" wrap <"$work/mixed.iso" >"$media/mixed 1.bin"
sectors TWO 600 >"$media/mixed 2.bin"
sectors THREE 450 >"$media/mixed 3.bin"
cat >"$media/mixed.cue" <<'END'
CATALOG 4006381333931
FILE "mixed 1.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
FILE "mixed 2.bin" BINARY
  TRACK 02 AUDIO
    INDEX 00 00:00:00
    INDEX 01 00:02:00
FILE "mixed 3.bin" BINARY
  TRACK 03 AUDIO
    INDEX 01 00:00:00
END
sectors ONE 500 >"$media/audio.bin"
printf 'FILE "audio.bin" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n' >"$media/audio.cue"
printf 'FILE "gone.bin" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n' >"$media/broken.cue"
make_iso PLAIN 1 "$media/plain.iso"
# A CD-Extra: the second session begins 11400 blocks after the songs, and its file system knows that.
mkdir -p "$work/extra"
seq 1000 >"$work/extra/extra.txt"
genisoimage -quiet -C 0,11900 -V EXTRA -o "$media/extra 2.bin" "$work/extra"
cat >"$media/extra.cue" <<'END'
FILE "audio.bin" BINARY
  TRACK 01 AUDIO
    INDEX 01 00:00:00
REM SESSION 02
FILE "extra 2.bin" BINARY
  TRACK 02 MODE1/2048
    INDEX 01 00:00:00
END
mkdir -p "$work/mnt"
drive_up
d=/dev/$sr
dmesg_mark cd

# read_cd LBA COUNT: the whole sectors, by READ CD.
read_cd() {
	sg_raw -r $((2352 * $2)) -o "$work/sectors" "$sg" be 00 \
		"$(printf '%02x' $(($1 >> 24 & 255)))" "$(printf '%02x' $(($1 >> 16 & 255)))" \
		"$(printf '%02x' $(($1 >> 8 & 255)))" "$(printf '%02x' $(($1 & 255)))" \
		00 00 "$(printf '%02x' "$2")" f8 00 00 >"$work/read_cd.log" 2>&1
}
# same_sectors LBA COUNT FILE SKIP: READ CD gives the sectors of the file from SKIP on.
same_sectors() {
	read_cd "$1" "$2" && cmp "$work/sectors" <(tail -c "+$(($4 * 2352 + 1))" "$3" | head -c $((2352 * $2)))
}
# msf BLOCK: its time on the disc.
msf() { printf '%02d:%02d:%02d' $((($1 + 150) / 4500)) $((($1 + 150) / 75 % 60)) $((($1 + 150) % 75)); }
# kernel_reads audio|raw LBA COUNT FILE SKIP: the kernel's ioctl gives the sectors of the file from SKIP on.
kernel_reads() {
	"$u_cdrom" "$1" "$d" "$2" "$3" >"$work/sectors" &&
		cmp "$work/sectors" <(tail -c "+$(($5 * 2352 + 1))" "$4" | head -c $((2352 * $3)))
}
# le32 N: prints 4 bytes, the least first.
le32() {
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}
# wav SAMPLES WAV: makes a WAV file of samples of 44.1 kHz, 16 bits, stereo.
wav() {
	local bytes
	bytes=$(stat -c %s "$1")
	{
		printf 'RIFF'
		le32 $((bytes + 36))
		printf 'WAVEfmt \020\000\000\000\001\000\002\000'
		le32 44100
		le32 176400
		printf '\004\000\020\000data'
		le32 "$bytes"
		cat "$1"
	} >"$2"
}
property() { udev_has "$sr" "$1"; }

# The session begins 11400 blocks after the end of the first one, and so beyond its data.
last_session_is_second() {
	local offset
	offset=$(udevadm info "$d" | sed -n 's/^E: ID_CDROM_MEDIA_SESSION_LAST_OFFSET=//p')
	[ "${offset:-0}" -gt $((11400 * 2048)) ]
}

# ---- a disc with data and audio tracks ----
text=$(mmcgadgetctl insert broken.cue 2>&1)
like "a cue sheet without its file: the answer names it" "$text" 'gone\.bin'
check "a cue sheet is inserted" mmcgadgetctl insert mixed.cue
check "mixed: udev sees a CD with its tracks" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=2
check "mixed: one data track" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_DATA=1
check "mixed: it is a CD" wait_for 15 property ID_CDROM_MEDIA_CD=1
check "mixed: blkid reads the label" has_label "$sr" MIXED
list=$(mmcgadgetctl list)
like "mixed: one line in the list" "$list" 'mixed\.cue .*1 data and 2 audio tracks'
unlike "mixed: its files have no lines" "$list" 'mixed [123]'
check "mixed: the data track is mounted" mount -o ro "$d" "$work/mnt"
check "mixed: its file reads right" cmp "$work/mnt/DATA.BIN" <(
	awk 'BEGIN {
		pad = sprintf("%1000s", "")
		for (i = 0; i < 2048; i++)
			printf "%-16s%08d%s", "MIXED", i, substr(pad, 1, 1000)
	}'
)
check "mixed: umount" umount "$work/mnt"
check "mixed: READ CD of track 2" same_sectors $((blocks + 150)) 20 "$media/mixed 2.bin" 150
check "mixed: READ CD over the end of track 2" same_sectors $((blocks + 590)) 10 "$media/mixed 2.bin" 590
check "mixed: READ CD of track 3" same_sectors $((blocks + 600)) 27 "$media/mixed 3.bin" 0
check_not "mixed: READ CD past the last track" read_cd $((blocks + 1050)) 1
like "mixed: the sense says out of range" "$(cat "$work/read_cd.log")" '[Ll]ogical block address out of range'
check "mixed: cd-info" timeout 120 cd-info --no-cddb -C "$d"
like "mixed: cd-info shows the three tracks" "$(cat "$work/check.log")" ' 1: 00:02:00 .* data ' ' 2: .* audio ' ' 3: .* audio '
# CDROM_GET_MCN, an ioctl of the kernel.
like "mixed: the kernel has its MCN" "$(timeout 120 cd-info --no-cddb --access-mode=IOCTL -C "$d" 2>&1)" '4006381333931'
check "mixed: cd-read of track 3" timeout 120 cd-read -m audio --just-hex -s $((blocks + 600)) -e $((blocks + 600)) -C "$d"
# What players and rippers ask the kernel for.
is "mixed: CDROMREADTOCENTRY" "$("$u_cdrom" toc "$d" 2>&1)" "1: control 4, 0, 00:02:00
2: control 0, $((blocks + 150)), $(msf $((blocks + 150)))
3: control 0, $((blocks + 600)), $(msf $((blocks + 600)))
170: control 0, $((blocks + 1050)), $(msf $((blocks + 1050)))"
check "mixed: CDROMREADAUDIO of track 2" kernel_reads audio $((blocks + 150)) 60 "$media/mixed 2.bin" 150
check "mixed: CDROMREADAUDIO to the end of track 3" kernel_reads audio $((blocks + 1010)) 40 "$media/mixed 3.bin" 410
check_not "mixed: CDROMREADAUDIO of data" "$u_cdrom" audio "$d" 16 1
check "mixed: CDROMREADRAW of data" kernel_reads raw 16 5 "$media/mixed 1.bin" 16
check "mixed: CDROMREADRAW of audio" kernel_reads raw $((blocks + 600)) 5 "$media/mixed 3.bin" 0
check_not "mixed: CDROMREADRAW past the last track" "$u_cdrom" raw "$d" $((blocks + 1050)) 1

# ---- swapped for an audio CD under a reader ----
dd if="$d" of=/dev/null bs=2048 count=100 iflag=direct status=none 2>/dev/null &
check "an audio CD is inserted" mmcgadgetctl insert audio.cue
check "audio: udev sees it" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=1
check_not "audio: no data track" property ID_CDROM_MEDIA_TRACK_COUNT_DATA=1
check "audio: READ CD" same_sectors 0 27 "$media/audio.bin" 0
is "audio: CDROMREADTOCENTRY" "$("$u_cdrom" toc "$d" 2>&1)" "1: control 0, 0, 00:02:00
170: control 0, 500, 00:08:50"
check "audio: CDROMREADAUDIO of the whole disc" kernel_reads audio 0 500 "$media/audio.bin" 0
check_not "audio: the kernel reads no blocks of it" timeout 60 dd if="$d" of=/dev/null bs=2048 count=1 status=none
is "audio: no reset, no phase error" "$(state resets) $(state phase_errors)" "0 0"

# ---- a CD-Extra: the last session counts ----
check "a CD-Extra is inserted" mmcgadgetctl insert extra.cue
check "extra: udev sees two sessions" wait_for 15 property ID_CDROM_MEDIA_SESSION_COUNT=2
check "extra: a song" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=1
check "extra: blkid reads the label" wait_for 15 has_label "$sr" EXTRA
check "extra: the second session is mounted" mount -o ro "$d" "$work/mnt"
check "extra: its file reads right" cmp "$work/mnt/extra.txt" "$work/extra/extra.txt"
check "extra: umount" umount "$work/mnt"

# ---- a CHD: data, and a song whose sectors have one sample each, which is 50 and the sector ----
cp /src/test/fuzz/corpus/chd/cdzl "$media/game.chd"
if [ -e /usr/include/libchdr/chd.h ]; then
	check "a CHD is inserted" mmcgadgetctl insert game.chd
	check "CHD: udev sees its songs" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=2
	check "CHD: one data track" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_DATA=1
	awk 'BEGIN {
		for (i = 0; i < 27; i++)
			for (k = 0; k < 1176; k++)
				printf "%c%c", 50 + i, 1
	}' | tr '\001' '\000' >"$work/song.chd"
	check "CHD: READ CD of the first song" same_sectors 191 27 "$work/song.chd" 0
	check "CHD: its tests in this release" env -C /src O=/build /build/test/daemon/compact/t_chd
else
	like "a CHD is refused: the answer names the library" "$(mmcgadgetctl insert game.chd 2>&1)" 'libchdr-dev'
fi

# ---- an image as a CD ----
check "an image is inserted as a CD" mmcgadgetctl insert plain.iso as=cd
check "as a CD: udev sees it" wait_for 15 property ID_FS_LABEL=PLAIN
check "as a CD: it is one" wait_for 15 property ID_CDROM_MEDIA_CD=1
check "as a CD: it reads right" cmp "$media/plain.iso" "$d"
check "the next time it is a DVD" mmcgadgetctl insert plain.iso as=dvd
check "as a DVD: udev sees it" wait_for 15 property ID_CDROM_MEDIA_DVD=1

# ---- a CD-R: data and a song, track at once ----
sectors SONG 400 >"$work/song.pcm"
wav "$work/song.pcm" "$work/song.wav"
check "a blank CD-R is made" mmcgadgetctl blank mix.iso type=cd-r
check "blank CD-R: udev sees one" wait_for 15 property ID_CDROM_MEDIA_CD_R=1
check "blank CD-R: udev sees that it is blank" wait_for 15 blank_seen
check "data and a song are burned" timeout 300 wodim dev="$d" -tao -gracetime=2 -data "$media/plain.iso" -audio "$work/song.wav"
check "burned: udev sees a complete CD-R" wait_for 15 property ID_CDROM_MEDIA_STATE=complete
check "burned: it is a CD-R still" wait_for 15 property ID_CDROM_MEDIA_CD_R=1
check "burned: a data track" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_DATA=1
check "burned: an audio track" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=1
check "burned: blkid reads the label" wait_for 15 has_label "$sr" PLAIN
check "burned: the data track is mounted" mount -o ro "$d" "$work/mnt"
check "burned: its file reads right" test "$(stat -c %s "$work/mnt/DATA.BIN")" = 1048576
check "burned: umount" umount "$work/mnt"
check "burned: the data" cmp -n "$(stat -c %s "$media/plain.iso")" "$media/plain.iso" "$d"
check "burned: the song is ripped" timeout 300 cdparanoia -d "$d" 2 "$work/rip.wav"
# A track that was recorded track-at-once ends with two run-out blocks.
check "burned: it is the song, and silence" cmp <(tail -c +45 "$work/rip.wav") \
	<(cat "$work/song.pcm" && head -c 4704 /dev/zero)
like "burned: the list says what it is" "$(mmcgadgetctl list)" 'mix.*1 data and 1 audio track'

# ---- a CD-R of two sessions ----
mkdir -p "$work/first" "$work/second"
seq 100000 >"$work/first/one.txt"
seq 200000 >"$work/second/two.txt"
check "another blank CD-R is made" mmcgadgetctl blank sessions.iso type=cd-r
check "sessions: udev sees the blank" wait_for 15 blank_seen
check "sessions: the first one" timeout 300 xorriso -outdev "$d" -volid SESSIONS -map "$work/first" / -commit
check "sessions: udev sees that one more can follow" wait_for 15 property ID_CDROM_MEDIA_STATE=appendable
check "sessions: the second one" timeout 300 xorriso -dev "$d" -map "$work/second" / -commit
check "sessions: udev sees where the last one begins" wait_for 15 last_session_is_second
check "sessions: the last one is mounted" mount -o ro "$d" "$work/mnt"
check "sessions: it has the file of the first one" cmp "$work/first/one.txt" "$work/mnt/one.txt"
check "sessions: it has its own file" cmp "$work/second/two.txt" "$work/mnt/two.txt"
check "sessions: umount" umount "$work/mnt"
is "burned: no reset, no phase error" "$(state resets) $(state phase_errors)" "0 0"
dmesg_clean "the kernel's log is clean" cd
check_not "no resolver is left" pgrep -f mmcgadget-resolver
check "the daemon stops" daemon_stop
finish
