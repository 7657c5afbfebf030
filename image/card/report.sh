#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Keeps a report on the first partition of the card, which a PC can read: what is wrong with
# mmcgadget.txt, and what the doctor last found; or what "mmcgadgetctl report" prints, as it is. The card is
# written only if the text has changed. The file has a fixed size and is overwritten in place, so that only
# its blocks and its time change. A card that is read-only keeps the report that it has; that is no failure.
#   report.sh FILE PART TEXT   PART is "settings" or "doctor", or "whole"; TEXT is a file with its new text
set -u
file=$1 part=$2 text=$3
[ "$part" = whole ] && size=131072 || size=8192
line='-------- what the doctor found'
folder=${file%/*}

# mmcgadget-update also makes the partition writable for a while. The lock keeps one of the two from making
# it read-only while the other still writes.
exec 9>"${LOCK:-/run/mmcgadget-card.lock}"
flock 9

old() { sed -e 's/[[:space:]]*$//' "$file" 2>/dev/null; }
both_parts() {
	case $part in
	settings)
		settings=$(cat "$text")
		doctor=$(old | sed "1,/^$line/d")
		[ -n "$settings" ] || settings='mmcgadget.txt is as it should be.'
		;;
	*)
		settings=$(old | sed -e '1,2d' -e "/^$line/,\$d")
		doctor=$(cat "$text")
		;;
	esac
	echo 'Report of the DVD burner on this card. It is rewritten only when the findings change.'
	echo
	printf '%s\n' "$settings"
	printf '%s\n' "$line"
	printf '%s\n' "$doctor"
}
if [ "$part" != whole ]; then
	new=$(both_parts)
elif [ "$(wc -c <"$text")" -lt $size ]; then
	new=$(cat "$text")
else
	last='The rest of this report has no room here.'
	new=$(head -c $((size - ${#last} - 2)) "$text")
	new="$new
$last"
fi
new=$(printf %s "$new" | head -c $((size - 1)))
[ "$(old)" != "$(printf '%s\n' "$new" | sed -e 's/[[:space:]]*$//')" ] || exit 0

# failed STATUS TEXT: ends with that status, unless TEXT, of mount or dd, says that the card is read-only: its
# switch is set, or it is worn out.
failed() {
	echo "$2" >&2
	case $2 in
	*write-protected* | *'Read-only file system'*) echo "$file stays as it is, because the card is read-only" >&2 ;;
	*) exit "$1" ;;
	esac
	exit 0
}
! mountpoint -q "$folder" || error=$(mount -o remount,rw "$folder" 2>&1) || failed 1 "$error"
# Blank lines fill the rest.
error=$({
	printf '%s\n' "$new"
	head -c "$size" /dev/zero | tr '\000' '\n'
} | head -c "$size" | dd of="$file" bs="$size" iflag=fullblock conv=notrunc,fsync 2>&1)
status=$?
! mountpoint -q "$folder" || mount -o remount,ro "$folder"
[ $status = 0 ] || failed $status "$error"
