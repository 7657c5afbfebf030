#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compact discs and the kernel: a cue sheet with a data track and two audio tracks, resolved inside the
# sandbox of the shipped service; an audio CD; and an ISO image as a CD-ROM.
# shellcheck disable=SC2154 # media and work are lib.sh's
. ./lib.sh

# sectors LABEL N: prints N audio sectors, no two of which are alike.
sectors() {
	awk -v l="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n * 147; i++)
			printf "%-8s%08d", l, i
	}'
}
make_iso MIXED 2 "$media/mixed 1.bin"
blocks=$(($(stat -c %s "$media/mixed 1.bin") / 2048))
sectors TWO 600 >"$media/mixed 2.bin"
sectors THREE 450 >"$media/mixed 3.bin"
cat >"$media/mixed.cue" <<'END'
FILE "mixed 1.bin" BINARY
  TRACK 01 MODE1/2048
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
property() { udevadm info "$d" | grep -qx "E: $1"; }

# ---- a disc with data and audio tracks ----
text=$(mmcgadgetctl insert broken.cue 2>&1)
like "a cue sheet without its file: the answer names it" "$text" 'gone\.bin'
check "a cue sheet is inserted" mmcgadgetctl insert mixed.cue
check "mixed: udev sees a CD with its tracks" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=2
check "mixed: one data track" property ID_CDROM_MEDIA_TRACK_COUNT_DATA=1
check "mixed: it is a CD" property ID_CDROM_MEDIA_CD=1
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
check_not "mixed: READ CD behind the last track" read_cd $((blocks + 1050)) 1
like "mixed: the sense says out of range" "$(cat "$work/read_cd.log")" '[Ll]ogical block address out of range'
check "mixed: cd-info" timeout 120 cd-info --no-cddb -C "$d"
like "mixed: cd-info shows the three tracks" "$(cat "$work/check.log")" ' 1: 00:02:00 .* data ' ' 2: .* audio ' ' 3: .* audio '
check "mixed: cd-read of track 3" timeout 120 cd-read -m audio --just-hex -s $((blocks + 600)) -e $((blocks + 600)) -C "$d"

# ---- swapped for an audio CD under a reader ----
dd if="$d" of=/dev/null bs=2048 count=100 iflag=direct status=none 2>/dev/null &
check "an audio CD is inserted" mmcgadgetctl insert audio.cue
check "audio: udev sees it" wait_for 15 property ID_CDROM_MEDIA_TRACK_COUNT_AUDIO=1
check_not "audio: no data track" property ID_CDROM_MEDIA_TRACK_COUNT_DATA=1
check "audio: READ CD" same_sectors 0 27 "$media/audio.bin" 0
check_not "audio: the kernel reads no blocks of it" timeout 60 dd if="$d" of=/dev/null bs=2048 count=1 status=none
is "audio: no reset, no phase error" "$(state resets) $(state phase_errors)" "0 0"

# ---- an image as a CD ----
check "an image is inserted as a CD" mmcgadgetctl insert plain.iso as=cd
check "as a CD: udev sees it" wait_for 15 property ID_FS_LABEL=PLAIN
check "as a CD: it is one" property ID_CDROM_MEDIA_CD=1
check "as a CD: it reads right" cmp "$media/plain.iso" "$d"
check "the next time it is a DVD" mmcgadgetctl insert plain.iso as=dvd
check "as a DVD: udev sees it" wait_for 15 property ID_CDROM_MEDIA_DVD=1
dmesg_clean "the kernel's log is clean" cd
check_not "no resolver is left" pgrep -f mmcgadget-resolver
check "the daemon stops" daemon_stop
finish
