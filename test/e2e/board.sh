#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts that run in the machines of machines.sh: a board with its card, the daemon,
# the discs.
# shellcheck disable=SC2034 # variables are for the scripts that source this
set -u
media=/var/lib/mmcgadget
conf=/etc/mmcgadget/test.conf
# shellcheck source=/dev/null
. /out/env
# shellcheck source=test/e2e/wait_for.sh
. ./wait_for.sh

say() { echo "$*"; }
bad() {
	echo "not ok - $*"
	tail -n 15 /run/daemon.log 2>/dev/null | sed 's/^/#   /'
}
# look: sets state, nwa, recorded, sessions and tracks from the drive's status.
look() {
	read -r state nwa recorded sessions tracks < <(mmcgadgetctl --json status |
		jq -r '.drives[0] | [.state, .nwa, .recorded_blocks, .sessions, .tracks] | @tsv')
}

board_up() { # mounts the card and loads the UDC
	mkdir -p "$media" "${conf%/*}"
	mount -t ext4 /dev/vdb "$media" || bad "the card can be mounted"
	case ${UDC_MODULE:-dummy_hcd} in
	dummy_hcd) modprobe dummy_hcd is_high_speed=1 ;;
	*) modprobe "$UDC_MODULE" ;;
	esac
	modprobe libcomposite
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
}
network_up() { # ADDRESS: of the only network card
	modprobe virtio_net
	wait_for 10 test -e /sys/class/net/eth0
	ip link set lo up
	ip link set eth0 up
	ip address add "$1/24" dev eth0
}
daemon_up() { # [IMAGE]: starts the daemon, with a disc in its drive
	local image=''
	[ -z "${1:-}" ] || image="image = \"$1\";"
	cat >"$conf" <<-END
		control: { group = ""; };
		drives = ( { name = "drive0"; $image } );
		${BEHAVIOUR:-}
	END
	mmcgadgetd -c "$conf" >>/run/daemon.log 2>&1 &
	daemon=$!
	wait_for 30 mmcgadgetctl status || bad "the daemon starts"
}
host_up() { # loads the host's drivers, if board and PC are one machine
	modprobe -a usb_storage sg sr_mod
	wait_for 60 test -b /dev/sr0 || bad "the host sees the drive"
}
board_down() {
	kill "$daemon" && wait "$daemon" || bad "the daemon ends with 0"
	umount "$media" || bad "the card can be unmounted"
}

# growisofs without a terminal refuses a disc on which it sees an ISO header, even the header that
# it wrote itself before the cut. The scripts that resume a burn answer for the terminal:
# -use-the-force-luke=tty.

# newest: prints the number of the newest of disc1.img, disc2.img... on the card, 0 = none.
newest() {
	local n=0
	while [ -e "$media/disc$((n + 1)).img" ]; do
		n=$((n + 1))
	done
	echo "$n"
}
# image_of N: prints the image for disc N: image1.iso for odd numbers, image2.iso for even ones.
image_of() { echo "/out/image$((($1 + 1) % 2 + 1)).iso"; }
blocks_of() { echo $(($(stat -c %s "$(image_of "$1")") / 2048)); }
# prefix_good N BLOCKS: the first BLOCKS of disc N equal its image; after the image's end come the
# zeros with which burners pad to 32 KiB.
prefix_good() {
	local size fill=0
	size=$(stat -c %s "$(image_of "$1")")
	if [ $(($2 * 2048)) -gt "$size" ]; then fill=$(($2 * 2048 - size)); fi
	[ "$fill" -lt 32768 ] && cmp -n $(($2 * 2048 - fill)) "$media/disc$1.img" "$(image_of "$1")" &&
		cmp -n "$fill" -i "$size:0" "$media/disc$1.img" /dev/zero
}
# whole N: disc N is its image, followed by at most the burner's zeros up to the next 32 KiB.
whole() {
	local want got
	want=$(stat -c %s "$(image_of "$1")")
	got=$(stat -c %s "$media/disc$1.img")
	[ "$got" -ge "$want" ] && [ "$got" -le $(((want + 32767) / 32768 * 32768)) ] &&
		cmp -n "$want" "$media/disc$1.img" "$(image_of "$1")" &&
		cmp -n $((got - want)) -i "$want:0" "$media/disc$1.img" /dev/zero
}
