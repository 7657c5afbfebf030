#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The PC of two_machines.sh, or, with $REMOTE (the board's address), of two_machines_usbip.sh. It burns the images
# for the discs in $DISCS, repeating each until the burn succeeds, and compares the disc that it then reads. It
# reports errors of the drive and continues. $DRIVES: so many drives are expected, one if not set.
. ./board.sh

modprobe -a xhci_pci usb_storage sg sr_mod
if [ -n "${REMOTE:-}" ]; then
	network_up 10.9.0.2
	/src/docs/examples/mmcgadget-attach "$REMOTE" 2>&1 </dev/null | sed -u 's/^/#   /' &
fi
drive() { # sets dev to the drive that is ready now
	local d
	for d in /dev/sr*; do
		[ -b "$d" ] && sg_turs "$d" >/dev/null 2>&1 && dev=$d && return
	done
	return 1
}
# writable: the disc in the drive can be burned, so it is not the one that was read last.
writable() {
	drive && dvd+rw-mediainfo "$dev" 2>/dev/null | grep -Eq 'Disc status: +(blank|appendable)'
}
same_disc() { # IMAGE
	cmp -n "$(stat -c %s "$1")" "$1" <(dd if="$dev" iflag=direct bs=64k status=none)
}

say up
for disc in $DISCS; do
	image=$(image_of "$disc")
	rc=1
	while [ "$rc" != 0 ]; do
		until writable; do
			sleep 0.5
		done
		# The first drive can be written to before Linux has found the others.
		tries=0
		until [ "$(find /sys/block -name 'sr*' | wc -l)" -ge "${DRIVES:-1}" ] || [ $((tries += 1)) -gt 120 ]; do
			sleep 0.5
		done
		say "# drives $(find /sys/block -name 'sr*' | wc -l)"
		say burn "$disc" "$dev"
		growisofs -use-the-force-luke=tty -dvd-compat -Z "$dev=$image" >/run/burn.log 2>&1
		rc=$?
		# growisofs ends with 0 after some errors, but prints ":-[" for each.
		if grep -q ':-\[' /run/burn.log; then
			[ "$rc" != 0 ] || rc=255
		fi
		say burner "$disc" "$rc" "$(grep -c 'resuming track#' /run/burn.log)"
		[ "$rc" = 0 ] || tail -n 6 /run/burn.log | tr '\r' '\n' | tail -n 6 | sed 's/^/#   /'
		say alive "$(cut -d. -f1 /proc/uptime)"
	done
	if wait_for 20 drive && same_disc "$image"; then
		say read "$disc" same
	else
		say read "$disc" differs
	fi
done
say end
