#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The board of two_machines_usbip.sh: eight drives on a controller of usbip-vudc, and mmcgadget-usbip for
# each connection, as its socket unit starts it. It reports the progress of the burn in the first drive, and
# when a PC has the drives. Files that appear in /out are orders: next, restart, stop.
# shellcheck disable=SC2154 # state, nwa, recorded and daemon are board.sh's
UDC_MODULE=usbip-vudc
. ./board.sh

board_up
drives='{ name = "drive0"; }'
for n in 1 2 3 4 5 6 7; do
	mkdir -p "$media/$n"
	drives+=", { name = \"drive$n\"; media = \"$media/$n\"; }"
done
daemon_on() {
	cat >"$conf" <<-END
		control: { group = ""; };
		drives = ( $drives );
		behaviour: { sync_mb = 1; sync_seconds = 1; };
	END
	mmcgadgetd -c "$conf" >>/run/daemon.log 2>&1 &
	daemon=$!
	wait_for 30 mmcgadgetctl status >/dev/null || bad "the daemon starts"
}
daemon_on
network_up 10.9.0.1
listen() {
	systemd-socket-activate --listen=10.9.0.1:3240 --accept --inetd /usr/lib/mmcgadget/mmcgadget-usbip
}
listen </dev/null 2>&1 | sed -un 's/^mmcgadget-usbip: /#   mmcgadget-usbip: /p' &
disc=0
touch /out/next
say ready

# The controller's state: 1 is free, 2 is in use.
vudc() { cat /sys/devices/platform/usbip-vudc.0/usbip_status; }
reported='' was=''
until [ -e /out/stop ]; do
	if [ -e /out/next ]; then
		rm -f /out/next
		disc=$((disc + 1)) reported=''
		mmcgadgetctl eject --force drive=drive0 >/dev/null
		mmcgadgetctl blank "disc$disc.img" drive=drive0 >/dev/null || bad "disc $disc: a blank is inserted"
		say blank "$disc"
	fi
	if [ -e /out/restart ]; then
		rm -f /out/restart
		kill "$daemon" && wait "$daemon" || bad "the daemon ends with 0"
		daemon_on
		say restarted
	fi
	look
	if [ "$state $recorded" != "$reported" ]; then
		reported="$state $recorded"
		say at "$disc" "$recorded" "$state" "$nwa"
	fi
	now=$(vudc)
	if [ "$now" != "$was" ]; then
		was=$now
		say controller "$now" "$(cut -d. -f1 /proc/uptime)"
	fi
	sleep 0.2
done
for ((i = 1; i <= disc; i++)); do
	mmcgadgetctl eject --force drive=drive0 >/dev/null
	mmcgadgetctl insert "disc$i.img" drive=drive0 >/dev/null || bad "disc $i is inserted again"
	look
	[ "$state" = complete ] || bad "disc $i: complete at the end, not $state"
	whole "$i" || bad "disc $i equals its image at the end"
done
board_down
say end "$disc"
