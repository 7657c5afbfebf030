#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest, from the share of the guest's host: installs the build, runs the jobs, saves the
# kernel log. The run fails if the kernel complained.
set -u
PATH=/build/test/e2e:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C HOME=/root
# shellcheck source=/dev/null
. /out/env
export SUITE SPEED FULL SWAPS IDLE KILLS
dmesg -n 1
# With each "daemon-reload" systemd would run a dozen generators, whose units only a boot needs.
# udev would run pktsetup, of udftools, for each drive.
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
	ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done
for rule in /usr/lib/udev/rules.d/*pktsetup*; do
	[ ! -e "$rule" ] || ln -sf /dev/null "/etc/udev/rules.d/${rule##*/}"
done
udevadm settle --timeout=60
# After a boot that QEMU's emulation killed, guest.sh boots again with the jobs that are left.
rc=$(cat /out/failed 2>/dev/null || echo 0)
# The output goes to a channel to which neither the kernel nor systemd writes. udev makes the link to it.
tries=600
until [ -c /dev/virtio-ports/job ] || [ "$tries" = 0 ]; do
	tries=$((tries - 1))
	sleep 0.2
done
if [ -c /dev/virtio-ports/job ]; then
	exec >/dev/virtio-ports/job 2>&1
else # whoever counts the results sees none of them
	exec >/dev/console 2>&1
	echo 'not ok - the guest has the port to which results go'
	rc=1
fi
if [ -n "$WITH_BUILD" ] && [ -d /build/dest ]; then
	tar -C /build/dest -cf - . | tar -C / --keep-directory-symlink --no-same-owner -xf -
	systemd-sysusers mmcgadget.conf
fi
# state_of_machine: prints what may explain a failure that is not the job's: a processor of the emulated machine
# without timers, a task that hangs in the kernel, events that udev does not get done.
state_of_machine() {
	for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
		timeout -s KILL 20 taskset -c "${cpu##*cpu}" sleep 0.1 || echo "# state: no timer on ${cpu##*/}"
	done
	for task in /proc/[0-9]*; do
		case $(cut -d' ' -f3 "$task/stat" 2>/dev/null) in
		D) echo "# state: hangs: $(cat "$task/comm") $(grep -o '^\[<0>\] [^+]*' "$task/stack" | cut -c 7- | head -n 5 | xargs)" ;;
		esac
	done
	udevadm settle --timeout=10 || echo "# state: udev is busy: $(pgrep -a udev-worker | wc -l) workers"
	echo "# state: UDC $(ls /sys/class/udc), $(cat /sys/class/udc/*/state); host: $(echo /sys/bus/usb/devices/*-*)"
	dmesg | tail -n 4 | sed 's/^/# state: /'
}
told=''
for job in /out/jobs/*; do
	name=${job##*/}
	name=${name#??-}
	began=$(cut -d. -f1 /proc/uptime)
	echo "# job ${name%.sh}"
	echo "mmcgadget: job $name" >/dev/kmsg
	if ! (cd /src/test/e2e && exec bash "$job") 2>&1 </dev/null; then
		rc=1
		echo 1 >/out/failed
		[ -n "$told" ] || state_of_machine 2>/dev/null
		told=1
	fi
	echo "# $name took $(($(cut -d. -f1 /proc/uptime) - began)) s"
	dmesg >/out/dmesg.txt
	echo "${job##*/}" >>/out/ended
done
# Each job checks the part of the kernel log that it caused; this checks all of it, and the logs of earlier boots.
echo "# job kernel"
if grep -E 'WARNING:|BUG:|Oops|Call Trace|disagree continuously|blocked for more than' /out/dmesg*.txt; then
	echo "not ok - the kernel had no complaint in the whole run"
	rc=1
else
	echo "ok - the kernel had no complaint in the whole run"
fi
echo "$rc" >/out/rc
sync
