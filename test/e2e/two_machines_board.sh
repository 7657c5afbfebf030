#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The board of two_machines.sh. Its drive goes to the machine that connects to port 4000. It reports
# the progress of the burn. When the file /out/next appears it inserts another blank; /out/stop ends it.
. ./board.sh

BEHAVIOUR='behaviour: { sync_mb = 1; sync_seconds = 1; };'
board_up
disc=$(newest)
if [ "$disc" = 0 ]; then
	daemon_up
	touch /out/next
else
	daemon_up "disc$disc.img"
	look
	say found "$disc" "$state" "$nwa" "$recorded" "$sessions" "$(stat -c %s "$media/disc$disc.img")"
	if prefix_good "$disc" "$nwa"; then say same "$disc" "$nwa"; else say differs "$disc" "$nwa"; fi
fi

network_up 10.0.2.15
ip route add default via 10.0.2.2
usb_id() {
	local d
	for d in /sys/bus/usb/devices/*; do
		grep -qs mmcgadget "$d/manufacturer" || continue
		id=$(cat "$d/idVendor"):$(cat "$d/idProduct")
		return
	done
	return 1
}
id=''
wait_for 20 usb_id || bad "the drive is on the board's own bus"
# usbredirect serves one connection and ends when the PC does; then it is started again.
while :; do
	usbredirect --device "$id" --as 0.0.0.0:4000
	echo "ends with $?"
	sleep 0.5 # not at once, if it fails
done 2>&1 </dev/null | sed -u 's/^/#   usbredirect: /' &
redirect=$!
# usbredirect may not notice that the PC died: then its connection stays in CLOSE_WAIT (08).
hung() { grep -q ':0FA0 [0-9A-F]*:[0-9A-F]* 08 ' /proc/net/tcp; }
say ready "$id"

reported=''
until [ -e /out/stop ]; do
	if [ -e /out/next ]; then
		rm -f /out/next
		disc=$((disc + 1)) reported=''
		mmcgadgetctl eject --force >/dev/null
		mmcgadgetctl blank "disc$disc.img" >/dev/null || bad "disc $disc: a blank is inserted"
		say blank "$disc"
	fi
	if hung && sleep 1 && hung; then
		pkill -9 -x usbredirect
	fi
	look
	if [ "$state $recorded" != "$reported" ]; then
		reported="$state $recorded"
		say at "$disc" "$recorded" "$state" "$nwa"
	fi
	sleep 0.2
done
for ((i = 1; i <= disc; i++)); do
	mmcgadgetctl eject --force >/dev/null
	mmcgadgetctl insert "disc$i.img" >/dev/null || bad "disc $i is inserted again"
	look
	[ "$state" = complete ] || bad "disc $i: complete at the end, not $state"
	whole "$i" || bad "disc $i equals its image at the end"
done
kill "$redirect"
pkill -9 -x usbredirect
board_down
say end "$disc"
