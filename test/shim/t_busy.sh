#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that format or erase a disc on a drive that is NOT READY for a while afterwards. The engine
# itself never is: it has done all of the work before its status.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
drive
ask busy 3 >/dev/null

# waited NAME SENSE: the program met NOT READY with this sense three times, and went on to the end.
waited() {
	check "$1: exit code 0" exits 0
	check "$1: no complaint" no_complaints
	check "$1: met NOT READY three times, while it waited" test \
		"$(grep -c 'CHECK 2/04/' "$W/log") $(grep -cE "(TEST UNIT READY|REQUEST SENSE) .* CHECK $2 " "$W/log")" = '3 3'
}

if need dvd+rw-format "dvd+rw-format on a busy drive"; then
	blank dvd+rw
	run dvd+rw-format /dev/sr0
	waited "dvd+rw-format, DVD+RW" 2/04/04
	check "dvd+rw-format, DVD+RW: formatted" state profile=001a readable=2295104
	blank dvd-rw
	run dvd+rw-format -blank /dev/sr0
	waited "dvd+rw-format -blank, DVD-RW" 2/04/07
	check "dvd+rw-format -blank, DVD-RW: blank" state profile=0014 blank=1
	blank dvd-ram
	run dvd+rw-format -format=full /dev/sr0
	waited "dvd+rw-format -format=full, DVD-RAM" 2/04/04
fi
if need growisofs "growisofs on a busy drive"; then
	for type in dvd+rw bd-re bd-r; do
		blank $type
		run growisofs -Z /dev/sr0="$W/x.iso"
		waited "growisofs -Z, $type" 2/04/04
		check "growisofs -Z, $type: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" 65535
	done
fi
if need cdrskin "cdrskin on a busy drive"; then
	blank dvd+rw
	run cdrskin dev=/dev/sr0 -v "$W/x.iso"
	waited "cdrskin, DVD+RW" 2/04/04
	check "cdrskin, DVD+RW: file on disk equals the source" holds "$W/disc.iso" "$W/x.iso" 32767
	blank dvd-rw
	run cdrskin dev=/dev/sr0 -v blank=format_overwrite_quickest "$W/x.iso"
	waited "cdrskin format_overwrite_quickest and a burn, DVD-RW" 2/04/04
	check "cdrskin format_overwrite_quickest and a burn, DVD-RW: =img" holds "$W/disc.iso" "$W/x.iso" 32767
	run cdrskin dev=/dev/sr0 -v blank=deformat_sequential_quickest
	waited "cdrskin deformat_sequential_quickest, DVD-RW" 2/04/07
	check "cdrskin deformat_sequential_quickest, DVD-RW: blank" state profile=0014 blank=1
fi
