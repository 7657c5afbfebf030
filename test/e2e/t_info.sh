#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The usual programs' reports about no disc, a blank, an appendable disc and a finalised disc.
. ./lib.sh

drive_up
dmesg_mark info
d=/dev/$sr

# output_of COMMAND...: prints the command's output and errors, and "EXIT CODE n" if it fails.
output_of() { "$@" 2>&1 || echo "EXIT CODE $?"; }
props() { udevadm info "$d" | sed -n 's/^E: //p'; }
media_state() { props | grep -q "^ID_CDROM_MEDIA_STATE=$1\$"; }
no_media() { ! props | grep -q '^ID_CDROM_MEDIA=1'; }

# ---- no disc ----
check "no disc: udev sees no disc" wait_for 5 no_media
text=$(output_of sg_raw "$sg" 00 00 00 00 00 00)
like "no disc: TEST UNIT READY reports no medium" "$text" 'Not Ready' '[Mm]edium not present'
text=$(sg_inq "$sg" 2>&1)
like "sg_inq: reports a removable optical drive, version 0" "$text" 'PDT=5|cd/dvd' 'RMB=1' 'version=0x00'
text=$(output_of sg_inq --vpd --page=sn "$sg")
like "sg_inq --vpd: refused" "$text" 'EXIT CODE|invalid|[Ii]llegal'
text=$(output_of sg_luns "$sg")
unlike "sg_luns: no transport error" "$text" 'transport|Transport'
for page in 0x01 0x05 0x2a; do
	text=$(output_of sg_modes -p "$page" "$sg")
	unlike "sg_modes: reads page $page" "$text" 'EXIT CODE'
done
text=$(output_of sg_modes -6 -p 0x2a "$sg")
unlike "sg_modes -6: reads page 0x2a" "$text" 'EXIT CODE'
text=$(output_of sg_logs "$sg")
like "sg_logs: refused as an invalid command (5/20/00)" "$text" 'EXIT CODE 9$'
unlike "sg_logs: no transport error" "$text" '[Tt]ransport'
text=$(output_of wodim dev="$d" -prcap)
like "wodim -prcap: reports a burner" "$text" 'Does write CD-R media' 'Does write DVD-R media' 'Does read DVD-ROM media'
text=$(output_of cdrskin --devices)
like "cdrskin finds the drive" "$text" "dev='$d'"

# ---- blank ----
mmcgadgetctl blank blank.img >/dev/null
check "blank: udev reports a blank disc" wait_for 10 media_state blank
text=$(props)
like "blank: cdrom_id reports a blank DVD+R" "$text" '^ID_CDROM_DVD_PLUS_R=1' '^ID_CDROM_MEDIA=1' \
	'^ID_CDROM_MEDIA_DVD_PLUS_R=1' '^ID_CDROM_MEDIA_SESSION_NEXT=1' \
	'^ID_CDROM_MEDIA_SESSION_COUNT=1' '^ID_CDROM_MEDIA_TRACK_COUNT=1'
unlike "blank: cdrom_id counts no data track" "$text" TRACK_COUNT_DATA
check_not "blank: blkid finds nothing" blkid -p "$d"
text=$(output_of dvd+rw-mediainfo "$d")
like "blank: dvd+rw-mediainfo reports an empty DVD+R" "$text" 'Mounted Media: +1Bh, DVD\+R' 'Media ID: +[^ ]' \
	'Write Speed #3:' 'Disc status: +blank' 'Number of Sessions: +1' \
	'State of Last Session: empty' '"Next" Track: +1' 'Number of Tracks: +1' \
	'TRACK INFORMATION\[#1\]' 'Track State: +blank' 'Next Writable Address: 0\*2KB' \
	'Free Blocks: +2295104\*2KB' 'READ CAPACITY: +0\*2048=0'
unlike "blank: dvd+rw-mediainfo has no complaint" "$text" ':-\(' ':-\[' 'EXIT CODE' 'FABRICATED'
text=$(output_of cdrskin dev="$d" -v -minfo)
like "blank: cdrskin -minfo reports an empty DVD+R" "$text" 'Mounted media type: +DVD\+R' 'Disk Is not erasable' \
	'disk status: +empty' 'session status: +empty' 'Next writable address: +0' \
	'Remaining writable size: +2295104'
text=$(output_of xorriso -outdev "$d" -toc)
like "blank: xorriso -toc reports a blank DVD+R" "$text" 'Media current: DVD\+R' 'Media status : is blank' \
	'0 sessions, 0 data blocks'
text=$(output_of sg_get_config "$sg")
like "blank: sg_get_config reports DVD+R" "$text" 'profile: DVD\+R' 'DVD\+R \[feature|DVD\+R feature|DVD\+R$'
unlike "blank: sg_get_config has no complaint" "$text" 'EXIT CODE' 'truncated'
text=$(output_of sg_get_config --rt=2 --starting=0x2b "$sg")
like "blank: sg_get_config --rt=2 reports feature 002Bh" "$text" '\[0x2b\]'
check "blank: sg_get_config --rt=2 reports no other feature" [ "$(grep -c '\[0x' <<<"$text")" = 1 ]
text=$(output_of sg_readcap "$sg")
like "blank: READ CAPACITY reports block 0 as the last one" "$text" '[Ll]ast.*(LBA|block address)=0 '

# ---- appendable, then finalised, by the host ----
make_iso INFO 2 "$work/info.iso"
lines=40 check "appendable: the burn succeeds" growisofs -use-the-force-luke=notray -Z "$d=$work/info.iso"
eject -t "$d"
check "appendable: udev reports an appendable disc" wait_for 10 media_state appendable
text=$(props)
like "appendable: cdrom_id reports one data track and a second session" "$text" '^ID_CDROM_MEDIA_SESSION_NEXT=2' '^ID_CDROM_MEDIA_TRACK_COUNT_DATA=1' \
	'^ID_FS_LABEL=INFO'
text=$(output_of dvd+rw-mediainfo "$d")
like "appendable: dvd+rw-mediainfo reports an appendable disc" "$text" 'DVD\+R' 'Disc status: +appendable' 'FABRICATED TOC' \
	'Track State: +(partial|complete)' 'Track State: +blank' 'Multi-session Info: +#1@0'
unlike "appendable: dvd+rw-mediainfo has no complaint" "$text" ':-\(' ':-\[' 'EXIT CODE'
text=$(output_of cdrskin dev="$d" -v -minfo)
like "appendable: cdrskin -minfo reports an appendable disc" "$text" 'disk status: +incomplete/appendable'

mmcgadgetctl blank final.img >/dev/null
check "the host sees the next blank" wait_for 10 media_state blank
lines=40 check "finalised: the burn succeeds" growisofs -dvd-compat -Z "$d=$work/info.iso"
wait_for_udev
check "finalised: udev reports a complete disc" wait_for 10 media_state complete
text=$(props)
like "finalised: cdrom_id reports one session and one data track" "$text" '^ID_CDROM_MEDIA_TRACK_COUNT_DATA=1' '^ID_FS_LABEL=INFO' \
	'^ID_CDROM_MEDIA_SESSION_LAST_OFFSET=0|^ID_CDROM_MEDIA_SESSION_COUNT=1'
text=$(output_of dvd+rw-mediainfo "$d")
like "finalised: dvd+rw-mediainfo reports a DVD-ROM" "$text" 'Mounted Media: +10h, DVD-ROM' 'lead-out at: +1056\*2KB'
unlike "finalised: dvd+rw-mediainfo has no complaint" "$text" ':-\(' ':-\[' 'EXIT CODE'
text=$(output_of cdrskin dev="$d" -v -minfo)
like "finalised: cdrskin -minfo reports a complete disc" "$text" 'disk status: +complete'
text=$(output_of sg_get_config "$sg")
like "finalised: sg_get_config reports DVD-ROM" "$text" 'profile: DVD-ROM'
text=$(output_of cd-info --dvd --no-device-info --no-cddb -C "$d")
like "cd-info: reports a DVD-ROM with ISO 9660" "$text" 'Disc mode is listed as: DVD-ROM' 'ISO 9660'
unlike "cd-info has no complaint" "$text" 'EXIT CODE' "can't get"
check "readom reads the disc" readom dev="$d" f="$work/readom.iso"
check "readom's copy is the image" cmp -n "$(stat -c %s "$work/info.iso")" "$work/info.iso" "$work/readom.iso"
check "sg_dd reads the disc" sg_dd if="$d" of="$work/sg.iso" bs=2048 bpt=16 blk_sgio=1 \
	count=$(($(stat -c %s "$work/info.iso") / 2048))
check "sg_dd's copy is the image" cmp "$work/info.iso" "$work/sg.iso"

# Commands that other hosts try are refused with sense data.
for cdb in "85 08 0e 00 00 00 01 00 00 00 00 00 00 00 ec 00" \
	"4d 00 40 00 00 00 00 02 00 00" "f2 00 00 00 00 00"; do
	# shellcheck disable=SC2086
	text=$(sg_raw -r 512 "$sg" $cdb 2>&1)
	like "opcode ${cdb%% *}h is refused" "$text" 'Invalid command operation code'
done
text=$(sg_opcodes "$sg" 2>&1)
unlike "sg_opcodes: no transport error" "$text" '[Tt]ransport'

# ---- finalised = "dvd+r": a finalised disc stays a DVD+R ----
daemon_stop
config extra='behaviour: { finalised = "dvd+r"; };'
check "finalised = dvd+r: the daemon starts" daemon_start
check "finalised = dvd+r: the host sees the drive" wait_for 30 have_drives 1
mmcgadgetctl blank plus.img >/dev/null
check "finalised = dvd+r: the host sees the blank" wait_for 10 media_state blank
lines=40 check "finalised = dvd+r: the burn succeeds" growisofs -dvd-compat -use-the-force-luke=notray -Z "$d=$work/info.iso"
check "finalised = dvd+r: udev reports a complete disc" wait_for 10 media_state complete
text=$(output_of dvd+rw-mediainfo "$d")
like "finalised = dvd+r: dvd+rw-mediainfo reports a complete DVD+R" "$text" 'Mounted Media: +1Bh, DVD\+R' 'Disc status: +complete' \
	'State of Last Session: +complete' 'Track State: +(partial/)?complete'
unlike "finalised = dvd+r: dvd+rw-mediainfo has no complaint" "$text" ':-\(' ':-\[' 'EXIT CODE'
text=$(output_of cdrskin dev="$d" -v -minfo)
like "finalised = dvd+r: cdrskin -minfo reports a complete DVD+R" "$text" 'Mounted media type: +DVD\+R' 'disk status: +complete'
check "finalised = dvd+r: the host reads the disc" cmp -n "$(stat -c %s "$work/info.iso")" "$d" "$work/info.iso"
dmesg_clean "the kernel log is clean" info
check "the daemon ends with 0" daemon_stop
finish
