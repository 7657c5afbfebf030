#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The PC of two_machines.sh: burns the images named in $DISCS, each until it is on its disc, and
# compares what the drive then gives. Whatever happens to the drive, it tells and goes on.
. ./board.sh

modprobe -a xhci_pci usb_storage sg sr_mod
drive() { # the drive that is there now, with a disc in it
	local d
	for d in /dev/sr*; do
		[ -b "$d" ] && sg_turs "$d" >/dev/null 2>&1 && dev=$d && return
	done
	return 1
}
# A disc that takes data; the one that was read last is not.
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
		say burn "$disc" "$dev"
		growisofs -use-the-force-luke=tty -dvd-compat -Z "$dev=$image" >/run/burn.log 2>&1
		rc=$?
		# growisofs ends with 0 after some errors; what the disc is says more.
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
