#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The demonstration of "make demo", in the guest. Ends at the first step that fails.
. ./lib.sh

step() { printf '\n==> %s\n' "$*"; }
show() { sed 's/^/    /'; }
must() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$work/must.log" 2>&1; then
		echo "    $what: yes"
	else
		echo "    $what: NO ($*)"
		tail -n 20 "$work/must.log" "$daemon_log" | show
		exit 1
	fi
}
board() {
	printf '    board$ echo %s >%s/control\n' "$*" "$run"
	echo "$*" >"$run/control"
}
media_state() { udevadm info "/dev/$sr" | grep -q "ID_CDROM_MEDIA_STATE=$1\$"; }
no_media() { ! udevadm info "/dev/$sr" | grep -q '^E: ID_CDROM_MEDIA=1'; }
# begins_with COPY FILE: a burned copy can be longer, because burning programs pad.
begins_with() { cmp -n "$(stat -c %s "$2")" "$1" "$2"; }

make_iso HOLIDAY 32 "$work/holiday.iso"
make_iso INSTALLER 4 "$media/installer.iso"
make_iso DRIVERS 4 "$media/drivers.iso"

step "The board starts mmcgadgetd; the PC sees a DVD burner on USB"
drive_up
lsusb | grep 1d6b:0104 | show
dmesg | grep -E 'scsi [0-9:]+ CD-ROM|\[sr0\]' | sed 's/^[^]]*] //' | show

step "A blank is inserted"
board blank holiday-copy.iso
must "the PC sees a blank DVD+R" wait_for 15 media_state blank

step "The PC burns it with growisofs"
echo "    pc\$ growisofs -dvd-compat -Z /dev/$sr=holiday.iso"
echo "    board\$ mmcgadgetctl watch"
mmcgadgetctl watch > >(show) &
watch=$!
began=$SECONDS
if ! growisofs -dvd-compat -Z "/dev/$sr=$work/holiday.iso" >"$work/burn.log" 2>&1; then
	tail -n 20 "$work/burn.log" | show
	exit 1
fi
kill -INT "$watch"
wait "$watch"
grep -E 'flushing|closing' "$work/burn.log" | show
echo "    $(($(stat -c %s "$work/holiday.iso") / 1000000)) MB in $((SECONDS - began)) s (an emulated machine)"

step "The disc has become a DVD-ROM; it is verified"
must "the PC sees the disc HOLIDAY" wait_for 15 has_label "$sr" HOLIDAY
must "what the PC reads is what it burned" begins_with "/dev/$sr" "$work/holiday.iso"
must "the file on the board is the same ISO image" begins_with "$media/holiday-copy.iso" "$work/holiday.iso"
mmcgadgetctl status | show

step "Discs are swapped under the PC's eyes"
for i in "installer INSTALLER" "drivers DRIVERS" "holiday-copy HOLIDAY"; do
	# shellcheck disable=SC2086 # two words
	set -- $i
	board insert "$1.iso"
	must "the PC sees $2" wait_for 15 has_label "$sr" "$2"
done

step "The PC ejects, and loads again"
must "eject /dev/$sr" eject "/dev/$sr"
must "the PC sees no disc" wait_for 15 no_media
must "eject -t /dev/$sr" eject -t "/dev/$sr"
must "the same disc is back" wait_for 15 has_label "$sr" HOLIDAY

step "The board ejects"
board eject
must "the PC sees no disc" wait_for 15 no_media

step "mmcgadgetd ends and takes the drive away"
must "it ends cleanly" daemon_stop
must "the PC sees no drive any more" wait_for 15 have_drives 0
must "the PC's kernel had no complaint" sh -c '! dmesg | grep -E "reset .*USB device|WARNING:|Oops"'
printf '\nAll steps worked.\n'
