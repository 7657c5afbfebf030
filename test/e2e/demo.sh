#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "make demo". On a board: the drive comes up on its USB device controller. Anywhere
# else: board and PC are one virtual machine, in which the demonstration runs.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
say() { printf '%s\n' "$*"; }
[ "$(id -u)" = 0 ] || {
	say "the demo needs root: sudo make demo" >&2
	exit 1
}

on_board() {
	local dir=$O/demo
	mkdir -p "$dir/media"
	dir=$(cd "$dir" && pwd)
	modprobe libcomposite 2>/dev/null || true
	if [ ! -e "$dir/media/demo.iso" ]; then
		mkdir -p "$dir/content"
		say "This file came from the board $(hostname)." >"$dir/content/README.TXT"
		genisoimage -quiet -R -J -V MMCGADGET_DEMO -o "$dir/media/demo.iso" "$dir/content"
	fi
	cat >"$dir/demo.conf" <<-END
		# Written by "make demo".
		control: { group = ""; };
		drives = ( { name = "drive0"; media = "$dir/media"; image = "demo.iso"; } );
	END
	cat <<-END

		This board has a USB device controller: $(cd /sys/class/udc && echo *)
		Connect that port to a PC. The PC will see:
		  - a USB DVD burner, "MMCGADGT DVD BURNER";
		  - in it a disc labelled MMCGADGET_DEMO with one file, README.TXT.

		In a second terminal here, as root:
		  $PWD/$O/mmcgadgetctl status
		  $PWD/$O/mmcgadgetctl blank mydisc.iso     a blank DVD+R; burn it with the PC's own program
		  $PWD/$O/mmcgadgetctl insert demo.iso      the first disc again
		  $PWD/$O/mmcgadgetctl eject
		What the PC burned is then in $dir/media/mydisc.iso, a plain ISO image.
		Ctrl-C ends the demo and takes the drive away.

	END
	exec "$O/mmcgadgetd" -c "$dir/demo.conf"
}

in_guest() {
	local suite rc began=$SECONDS
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	case $suite in
	bookworm | trixie) ;;
	*) suite=trixie ;;
	esac
	say "This machine has no USB device controller, so board and PC are one virtual machine:"
	say "Debian's stock kernel with dummy_hcd, a device controller wired to a host controller."
	say "[1/3] the guest's disk image ($suite)"
	"$top/test/e2e/image.sh" "$suite" >/dev/null
	say "[2/3] mmcgadget, built for the guest"
	"$top/test/e2e/build.sh" "$suite" >/dev/null
	say "[3/3] boot (about 20 seconds)"
	"$top/test/e2e/guest.sh" --suite "$suite" --timeout 500 --job "$top/test/e2e/demo_guest.sh" |
		grep --line-buffered -v '^# job\|^# demo_guest\|^ok - the kernel'
	rc=${PIPESTATUS[0]}
	say "The demo took $((SECONDS - began)) s."
	return "$rc"
}

if [ -n "$(ls /sys/class/udc 2>/dev/null)" ]; then
	on_board
else
	in_guest
fi
