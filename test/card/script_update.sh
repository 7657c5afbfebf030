# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test: updates it, if there is a disk with an update, and reports.
export PATH=/usr/sbin:/usr/bin HOME=/root
say() { echo "CARD $*"; }
tries=0
until [ "$(cat /sys/class/udc/*/state 2>/dev/null)" = configured ] || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
say slot "$(sed 's/.*mmcgadget.slot=\(.\).*/\1/' /proc/cmdline) $(cat /sys/class/udc/*/state)"
say mounted "$(awk '$2 == "/var/lib/mmcgadget" { print $3, $4 }' /proc/mounts)"
say up
for d in /sys/block/vd*; do
	[ "$(cat "$d/serial")" != update ] || update=${d##*/}
done
if [ -n "${update:-}" ]; then
	mkdir -p /run/update
	mount -t ext4 -o ro "/dev/$update" /run/update
	mmcgadget-update /run/update/card.update
	say update $?
	sync
	say off
	exit 0
fi
until [ "$(cut -c7 /boot/firmware/trial.txt)" = - ]; do sleep 1; done
sync
say trial -
