#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes a new version of this card's system beside the one that runs. Discs and settings stay. The new
# one starts once for a trial; if the drive does not come up then, the next start takes the old one.
#   mmcgadget-update FILE      mmcgadget-BOARD.update
#   mmcgadget-update --commit  run soon after each start: ends a trial, if there is one. A version on trial is
#                              kept if the daemon answers; otherwise the board restarts
set -eu
export PATH="${CARD_PATH:-/usr/sbin:/usr/bin}" LC_ALL=C
card=${CARD:-/usr/lib/mmcgadget-card}
boot=${BOOT:-/boot/firmware}

die() {
	echo "mmcgadget-update: $*" >&2
	exit 1
}
slot_running() {
	case " $(cat "${CMDLINE:-/proc/cmdline}") " in *' mmcgadget.slot=b '*) echo b ;; *) echo a ;; esac
}
writable() {
	! mountpoint -q "$boot" || mount -o remount,rw "$boot" || die "$boot cannot be written"
}
read_only() {
	! mountpoint -q "$boot" || {
		sync "$boot" || true
		mount -o remount,ro "$boot" || true
	}
}
start_next() { sh "$card/next.sh" "$1" "$boot"; } # a or b
trial() { # a, b, or - for none: only one byte changes
	printf %s "$1" | dd of="$boot/trial.txt" bs=1 seek=6 conv=notrunc,fsync 2>/dev/null
}

# report.sh writes to the same partition, and makes the partition read-only afterwards.
exec 9>"${LOCK:-/run/mmcgadget-card.lock}"
flock 9

now=$(slot_running)
if [ "${1:-}" = --commit ]; then
	tried=$(cut -c7 "$boot/trial.txt")
	[ "$tried" != - ] || exit 0
	# Only a daemon that answers counts. Without one, the board restarts with the old version: init.sh has made
	# that the next to start.
	if [ "$tried" = "$now" ]; then
		end=$(($(cut -d. -f1 /proc/uptime) + ${WAIT:-60}))
		until timeout 10 mmcgadgetctl status >/dev/null 2>&1; do
			if [ "$(cut -d. -f1 /proc/uptime)" -ge "$end" ]; then
				echo "mmcgadget-update: the new version does not start the drive; the old one starts now" >&2
				# Not "reboot", which here is busybox's: at its signal systemd only executes itself again.
				# shellcheck disable=SC2086 # words
				exec ${REBOOT:-systemctl reboot}
			fi
			sleep 1
		done
	fi
	trap read_only EXIT
	writable
	if [ "$tried" = "$now" ]; then
		start_next "$now"
		trial -
		echo "mmcgadget-update: version $(cat "$card/version") works and is kept"
	else
		trial -
		echo "mmcgadget-update: the new version did not start the drive; this is the old one" >&2
	fi
	exit 0
fi
[ $# = 1 ] && [ -r "$1" ] || die 'usage: mmcgadget-update FILE (mmcgadget-BOARD.update; copy it to the board first)'
file=$1
member() { tar -x -O -f "$file" "$1" 2>/dev/null; }
board=$(member board) || die "$file is not a file with a name in .update"
[ "$board" = "$(cat "$card/board")" ] || die "$file is for $board, and this card is for $(cat "$card/board")"
tried=$(cut -c7 "$boot/trial.txt")
case $tried in
-) ;;
"$now") die 'this version is on trial itself; try again in two minutes' ;;
*) die 'an earlier update waits for its trial; restart the board first' ;;
esac
[ "$now" = a ] && next=b || next=a
system=${SYSTEM:-}
if [ -z "$system" ]; then
	fat=$(awk -v boot="$boot" '$2 == boot { print $1 }' /proc/mounts)
	[ "$next" = b ] && system=${fat%1}4 || system=${fat%1}2
	[ -b "$system" ] || die "there is no $system"
	room=$(cat "/sys/class/block/${system#/dev/}/size")
else
	room=$(($(stat -c %s "$system") / 512))
fi
size=$(tar -t -v -f "$file" root.erofs | awk '{ print $3 }')
[ "$size" -gt 0 ] && [ "$size" -le $((room * 512)) ] || die "the system in $file does not fit"

trap 'rm -rf "$boot/$next.new"; read_only' EXIT
writable
rm -rf "$boot/$next.new"
mkdir "$boot/$next.new"
echo "writing version $(member version) to slot $next"
member root.erofs | dd of="$system" bs=1M iflag=fullblock conv=notrunc,fsync 2>/dev/null
for name in $(member names); do
	mkdir -p "$(dirname "$boot/$next.new/$name")"
	member "boot/$name" >"$boot/$next.new/$name" || die "$boot is full, or $file is not whole"
done
# What the card gives back counts, not what was written to it.
sync
[ ! -w /proc/sys/vm/drop_caches ] || echo 3 >/proc/sys/vm/drop_caches
for name in $(member names); do
	[ "$(sha256sum <"$boot/$next.new/$name" | cut -d' ' -f1)" = "$(member sums | awk -v name="boot/$name" '$2 == name { print $1 }')" ] ||
		die "$name is damaged, in $file or on the card; this version stays"
done
[ "$(head -c "$size" "$system" | sha256sum | cut -d' ' -f1)" = "$(member sums | awk '$2 == "root.erofs" { print $1 }')" ] ||
	die "the system is damaged, in $file or on the card; this version stays"

# The card keeps its signature, by which its parts are found.
signature=$(sed 's/.*mmcgadget.disk=\([0-9a-f]*\).*/\1/' "${CMDLINE:-/proc/cmdline}")
sed -i -e "s/mmcgadget.disk=[0-9a-f]*/mmcgadget.disk=$signature/" -e "s/mmcgadget.slot=[ab]/mmcgadget.slot=$next/" \
	"$boot/$next.new/cmdline.txt"
rm -rf "${boot:?}/$next"
mv "$boot/$next.new" "$boot/$next"
sync
trial $next
start_next $next
echo "The new version starts at the next start: \"systemctl reboot\", or take the power away."
