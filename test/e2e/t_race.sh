#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Swaps while readers read: no read may hold two discs, the daemon lives and does not grow.
. ./functions.sh

swaps=${SWAPS:-200}
reader=/build/test/e2e/u_reader
blocks=4096
for i in 1 2 3 4; do
	"$reader" make "$media/race$i.iso" "$i" "$blocks"
done
config extra='behaviour: { swap_gap = 50; };'
drive_up
dmesg_mark race

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon_pid/status"; }

# swap N: the board takes the disc, locked or not, and puts the next one in.
swap() {
	mmcgadgetctl eject --force >/dev/null && mmcgadgetctl insert "race$(($1 % 4 + 1)).iso" >/dev/null
}

swap 0
sleep 3
readers=''
for mode in read read sg sg; do
	case $mode in
	read) dev=/dev/$sr ;;
	sg) dev=$sg ;;
	esac
	"$reader" "$mode" "$dev" 3600 "$blocks" >"$work/reader$(wc -w <<<"$readers").log" 2>&1 &
	readers="$readers $!"
done
bad=0
began=$SECONDS
for ((n = 1; n <= swaps; n++)); do
	swap "$n" || bad=$((bad + 1))
	# Not always at the same place of the host's reaction.
	sleep "0.$((RANDOM % 4))"
	[ "$n" != 20 ] || before=$(rss)
done
after=$(rss)
echo "#   $swaps swaps in $((SECONDS - began)) s, resident $before kB after 20 swaps, $after kB at the end"
is "every swap was accepted" "$bad" 0
check "the daemon lives" daemon_alive
check "its memory is flat" test "$after" -le $((before + 512))
# A quiet end: every reader gets some reads of the last disc.
sleep 3
i=0
for pid in $readers; do
	kill -INT "$pid"
	wait "$pid"
	is "reader $i: every successful read was of one disc" $? 0
	sed 's/^/  /' "$work/reader$i.log"
	like "reader $i: saw all four discs" "$(cat "$work/reader$i.log")" '1:[0-9]+ 2:[0-9]+ 3:[0-9]+ 4:[0-9]+'
	i=$((i + 1))
done
check "the last disc reads whole" cmp "$media/race$((swaps % 4 + 1)).iso" "/dev/$sr"
# udev is far behind by now, event after event of discs that have long gone.
began=$SECONDS
check "udev catches up" udevadm settle --timeout=240
echo "#   that took $((SECONDS - began)) s"
is "no phase error" "$(state phase_errors)" 0
dmesg_clean "the kernel log is clean" race
check "the daemon ends with 0" daemon_stop
finish
