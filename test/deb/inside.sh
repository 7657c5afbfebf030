#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a command as root in a system made by system.sh, with FOLDER as its /deb and without a network.
# What the command changes elsewhere in the system is kept in memory and dropped at its end. Needs root.
#   inside.sh TREE FOLDER COMMAND...
set -eu
tree=${1:?usage: inside.sh TREE FOLDER COMMAND...}
folder=${2:?usage: inside.sh TREE FOLDER COMMAND...}
shift 2
over=$(mktemp -d)
trap 'rmdir "$over"' EXIT

# Mounts and processes are in namespaces of their own and end with them.
# shellcheck disable=SC2016 # the inner shell's variables
unshare --mount --propagation private --net --pid --fork --kill-child sh -eu -c '
	tree=$1 folder=$2 over=$3
	shift 3
	mount -t tmpfs -o mode=755 over "$over"
	mkdir "$over/upper" "$over/work" "$over/root"
	mount -t overlay -o "lowerdir=$tree,upperdir=$over/upper,workdir=$over/work" over "$over/root"
	mkdir "$over/root/deb"
	mount --bind "$folder" "$over/root/deb"
	mount --bind /dev "$over/root/dev"
	mount -t proc proc "$over/root/proc"
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive chroot "$over/root" "$@"' sh "$tree" "$folder" "$over" "$@"
