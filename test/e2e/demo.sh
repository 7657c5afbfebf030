#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "make demo". On a board: the drive comes up on its USB device controller. Anywhere
# else: board and PC are one virtual machine, in which the demonstration runs. What this
# needs is checked before anything is installed.
#   demo.sh [--vm] [--check]   --vm: the virtual machine in any case
#                              --check: only says what would be done, or why it cannot
# DEMO_ROOT stands before the paths that tell what this machine is (tests).
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
root=${DEMO_ROOT:-}
vm='' check=''
for word in "$@"; do
	case $word in
	--vm) vm=1 ;;
	--check) check=1 ;;
	*)
		sed -n '6,8s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done
say() { printf '%s\n' "$*"; }
stop() { # LINE...
	printf '%s\n' "$@" >&2
	exit 1
}
has_controller() { [ -n "$(ls "$root/sys/class/udc" 2>/dev/null)" ]; }

# board_row MODEL: prints from the doctor's table of boards, for a model that it knows: the kind, the
# port (empty if none can be a device), the page, one per line.
board_row() {
	awk -v model="$1" '
		/^#define [A-Z_]+ +"/ { name = $2; value[name] = $0; gsub(/^[^"]*"|"[^"]*$/, "", value[name]) }
		/^\t\{ "/ { row = "" }
		{ row = row $0 }
		/\.page = / && !found {
			split(row, text, "\"")
			if (text[2] == "" || !index(model, text[2]))
				next
			split(text[3], word, ", *")
			port = word[3] ~ /^[A-Z_]+$/ && word[3] != "NULL" ? value[word[3]] : word[3] == "" ? text[4] : ""
			page = $0
			gsub(/.*\.page = "|".*/, "", page)
			printf "%s\n%s\n%s\n", word[2], port, page
			found = 1
		}' "$top/src/ctl/doctor_board.c"
}

# A board whose port is not a device port yet: no virtual machine can replace that step.
ask_board() {
	local model kind port page config ctl line
	[ -e "$root/proc/device-tree/model" ] || return 0
	model=$(tr -d '\0' <"$root/proc/device-tree/model")
	{ read -r kind && IFS= read -r port && read -r page; } < <(board_row "$model") || return 0
	say "This is a board: $model."
	if [ -z "$port" ]; then
		stop "All its USB ports are behind a hub or an Ethernet chip, so it can never be a drive; $page has the boards" \
			"that can. To see the demo in a virtual machine (64-bit systems only): sudo make demo VM=1"
	fi
	say "Its USB port ($port) is not a device port yet: /sys/class/udc is empty."
	for ctl in "$O/mmcgadgetctl" "$(command -v mmcgadgetctl)"; do
		if [ -z "$root" ] && [ -x "$ctl" ]; then
			"$ctl" doctor || true
			exit 1
		fi
	done
	say "Do this first:"
	if [ "$kind" = BOARD_PI ]; then
		config=/boot/firmware/config.txt
		[ -e "$root$config" ] || config=/boot/config.txt
		line=$(sed -n 's/^#define LINE  *"\(.*\)"$/\1/p' "$top/src/ctl/doctor.c")
		if grep -qs "^$line" "$root$config"; then
			say "  $config has the line $line. If you have just written it, reboot: sudo reboot"
			say "  If you have rebooted since, the line is in a section of another board; $page says more."
		else
			say "  printf '\\n[all]\\n$line\\n' | sudo tee -a $config"
			say "  sudo reboot"
		fi
	else
		say "  $page says what makes it one."
	fi
	stop "Then: sudo make demo. What is wrong in detail: sudo test/deps.sh build && make && build/mmcgadgetctl doctor" \
		"To see the demo in a virtual machine nevertheless (64-bit, 2.5 GB of free memory): sudo make demo VM=1"
}

# The virtual machine: its architecture, memory, and room for its packages and its disk.
ask_machine() {
	local arch memory cache room made
	arch=$(dpkg --print-architecture)
	case $arch in
	amd64 | arm64) ;;
	*) stop "There is no virtual machine for $arch; the demo needs a 64-bit system (amd64, arm64)." ;;
	esac
	memory=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' "$root/proc/meminfo")
	[ "$memory" -ge 2500 ] ||
		stop "The virtual machine needs 2500 MB of free memory; $memory MB are free here."
	cache=${MMCGADGET_CACHE:-/var/cache/mmcgadget}
	made=$(echo "$cache/guest-$suite"-*/complete)
	while [ ! -d "$cache" ]; do cache=$(dirname "$cache"); done
	room=$(df -Pm "$cache" | awk 'NR == 2 { print $4 }')
	[ -e "$made" ] || [ "$room" -ge 3000 ] ||
		stop "The virtual machine needs 3000 MB below $cache, once; $room MB are free there." \
			"MMCGADGET_CACHE=FOLDER takes another folder: sudo make demo MMCGADGET_CACHE=FOLDER"
}

on_board() {
	local dir programs
	mkdir -p "$O/demo/media"
	programs=$(cd "$O" && pwd)
	dir=$programs/demo
	local controller seen_by
	controller=$(cd /sys/class/udc && echo *)
	# dummy_hcd joins the controller to a host controller of the same machine.
	case $controller in
	dummy_udc*) seen_by="Nothing is to be connected: dummy_hcd makes this PC itself see" ;;
	*) seen_by="Connect that port to a PC. The PC will see" ;;
	esac
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

		This machine has a USB device controller: $controller
		$seen_by:
		  - a USB DVD burner, "MMCGADGT DVD BURNER";
		  - in it a disc labelled MMCGADGET_DEMO with one file, README.TXT.

		In a second terminal here, as root:
		  $programs/mmcgadgetctl status
		  $programs/mmcgadgetctl blank mydisc.iso     a blank DVD+R; burn it with the PC's own program
		  $programs/mmcgadgetctl insert demo.iso      the first disc again
		  $programs/mmcgadgetctl eject
		What the PC burned is then in $dir/media/mydisc.iso, a plain ISO image.
		Ctrl-C ends the demo and takes the drive away.

	END
	"$O/mmcgadgetd" -c "$dir/demo.conf"
}

in_guest() {
	local rc began=$SECONDS
	if has_controller; then
		say "Board and PC are one virtual machine, as asked for:"
	else
		say "This machine has no USB device controller, so board and PC are one virtual machine:"
	fi
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

# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
case $suite in
bookworm | trixie) ;;
*) suite=trixie ;;
esac
if [ -z "$vm" ] && has_controller; then
	way=on_board set=demo-board
else
	way=in_guest set=demo
	[ -n "$vm" ] || ask_board >&2
	ask_machine
fi
if [ -n "$check" ]; then
	say "$way"
	exit 0
fi
[ "$(id -u)" = 0 ] || stop "the demo needs root: sudo make demo"
"$top/test/deps.sh" "$set"
make -C "$top" --no-print-directory O="$O" all
# At the end, the files that root has made in the build directory are given to the owner of the tree.
trap : INT # the daemon and the guest end by themselves
trap '"$top/test/owner.sh" --hand-back "$O"' EXIT
$way
