#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A check of the shim itself: with one command refused (5/20/00) the burners must fail or complain,
# as they do on real hardware. If they did not, the other scripts would prove nothing.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive

# without OPCODE COMMAND...: runs the burner on a blank while the drive refuses this operation code.
without() {
	blank
	ask refuse "$1" >/dev/null
	shift
	run "$@"
	ask refuse >/dev/null
}

if need growisofs "growisofs with a command refused"; then
	without 1e growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs without PREVENT ALLOW: fails" fails
	check "growisofs without PREVENT ALLOW: the disc stays blank" state blank=1
	check "growisofs without PREVENT ALLOW: the log shows it" sent \
		'PREVENT ALLOW .* CHECK 5/20/00 .*!REFUSED'
	without 5b growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs without CLOSE: the disc is not closed" state finalised=0 sessions=1 \
		recorded=1648
	check "growisofs without CLOSE: complains" says ':-\[ CLOSE'
	without 55 growisofs -dvd-compat -Z /dev/sr0="$W/x.iso"
	check "growisofs without MODE SELECT(10): fails" fails
fi
if need cdrskin "cdrskin with a command refused"; then
	without 53 cdrskin dev=/dev/sr0 "$W/x.iso"
	check "cdrskin without RESERVE TRACK: fails" exits 10
	check "cdrskin without RESERVE TRACK: the disc stays blank" state blank=1
fi
if need wodim "wodim with a command refused"; then
	without bb wodim dev=/dev/sr0 -s -gracetime=2 "$W/x.iso"
	check "wodim without SET CD SPEED: fails" fails
	check "wodim without SET CD SPEED: the disc stays blank" state blank=1
	without 35 wodim dev=/dev/sr0 -s -gracetime=2 "$W/x.iso"
	check "wodim without SYNCHRONIZE CACHE: code 254" exits 254
fi
