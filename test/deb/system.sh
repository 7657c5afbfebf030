#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a system of a Debian suite in which the package is tried, once, and prints its directory:
#   system.sh build SUITE   tree/   the build dependencies of debian/control, and lintian; with FULL=1 those
#                                   for the boards as well, with compilers; nothing else
#   system.sh fresh SUITE   tree/   a running Debian and the burners. The dependencies of the
#                                   package are not installed: they are in /srv/packages, the only
#                                   archive of this system
#                           root.img vmlinuz initrd   the same, to be booted
#   system.sh plain SUITE   tree/   a Debian as a new user has it, with sudo and systemd. What git and
#                                   test/deps.sh install is in /srv/packages, the only archive
# Needs root and, for the making, the network.
set -eu
kind=${1:-} suite=${2:-}
case $kind:$suite in
build:?* | fresh:?* | plain:?*) ;;
*)
	sed -n '3,13s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
top=$(cd "$(dirname "$0")/../.." && pwd)
arch=$(dpkg --print-architecture)
# shellcheck source=test/cached.sh
. "$top/test/cached.sh"

# Increase this when a change below is not in the lists.
recipe=1

# The package for boards is built with FULL=1 alone.
boards=''
[ -z "${FULL:-}" ] || boards=$(printf '%s\n' arm64 armhf | grep -vx "$arch" | paste -sd' ')
needed=$(sed -n '/^Build-Depends:/,/^[^ ]*:/s/^ //p' "$top/debian/control")
# Alternatives are for Debian 12, which does not have the first.
[ "$suite" != bookworm ] || needed=$(echo "$needed" | grep -v '|')
libraries=$(echo "$needed" | sed -n 's/^\([a-z0-9.-]*-dev\).*/\1/p' | paste -sd' ')
packages="linux-image-$arch systemd systemd-sysv udev kmod initramfs-tools zstd procps dbus
	growisofs wodim xorriso eject jq
	man-db bash-completion binutils"
# shellcheck disable=SC2086 # words
packages=$(printf '%s\n' $packages | sort | paste -sd,)

case $kind in
build) set -- "$boards" "$needed" ;;
fresh) set -- "$packages" "$libraries" ;;
plain)
	packages=systemd,sudo,man-db,util-linux
	set -- "$packages" "$(for s in build unit deb; do "$top/test/deps.sh" --list $s; done | sort -u | paste -sd' ')"
	wanted=$2
	;;
esac
if cached "deb-$kind-$suite" "$recipe" "$suite" "$arch" "$@"; then
	echo "$dir"
	exit 0
fi
making "the $suite system, $kind"

# Makes a hook, which mmdebstrap runs with its tree as $1.
hook() { # NAME, its text from standard input
	{
		printf '#!/bin/sh\nset -eu\n'
		cat
	} >"$dir/$1"
	chmod 755 "$dir/$1"
}
apt='DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -y -q --no-install-recommends'
case $kind in
build)
	# apt needs only the control file.
	hook customize <<-END
		mkdir -p "\$1/source/debian"
		cp '$top/debian/control' "\$1/source/debian/"
		$apt build-dep /source
		for board in $boards; do
			$apt build-dep -P cross,nocheck -a "\$board" /source
			$apt install "crossbuild-essential-\$board"
		done
		$apt install lintian
		rm -rf "\$1/source"
	END
	# Libraries of all architectures must have the same version.
	export RELEASE_ONLY=1
	set -- --architectures="$(echo "$arch $boards" | xargs | tr ' ' ,)"
	;;
fresh)
	# As in the guests of image.sh: only what QEMU's disk and shares need.
	hook essential <<-'END'
		mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
		echo MODULES=list >"$1/etc/initramfs-tools/conf.d/guest"
		printf '%s\n' virtio_pci virtio_mmio virtio_blk ext4 >"$1/usr/share/initramfs-tools/modules.d/guest"
		printf '%s\n' '#!/bin/sh' 'exit 101' >"$1/usr/sbin/policy-rc.d"
		chmod 755 "$1/usr/sbin/policy-rc.d"
	END
	# The libraries come as dependencies of the -dev packages, since their own names differ by suite.
	# Without auto-update: the index of manual pages would be made at each installation, slowly in
	# emulation.
	hook customize <<-END
		rm -f "\$1/usr/sbin/policy-rc.d" "\$1/var/lib/man-db/auto-update"
		$apt clean
		$apt install --download-only $libraries
		mkdir -p "\$1/srv/packages" "\$1/out"
		mv "\$1"/var/cache/apt/archives/*.deb "\$1/srv/packages/"
		rm -f "\$1"/srv/packages/*-dev_*.deb
		(cd "\$1/srv/packages" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
		rm -rf "\$1"/etc/apt/sources.list.d/* "\$1"/etc/apt/apt.conf.d/99mmdebstrap
		echo 'deb [trusted=yes] file:/srv/packages ./' >"\$1/etc/apt/sources.list"
		echo guest >"\$1/etc/hostname"
		for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer man-db.timer e2scrub_reap.service; do
			ln -sf /dev/null "\$1/etc/systemd/system/\$unit"
		done
		cat >"\$1/etc/systemd/system/job.service" <<-UNIT
			[Unit]
			Description=The job in the share
			[Service]
			StandardInput=null
			IgnoreSIGPIPE=no
			ExecStart=/usr/local/sbin/guest-job
			[Install]
			WantedBy=multi-user.target
		UNIT
		mkdir -p "\$1/etc/systemd/system/multi-user.target.wants"
		ln -s ../job.service "\$1/etc/systemd/system/multi-user.target.wants/"
		cat >"\$1/usr/local/sbin/guest-job" <<-'JOB'
			#!/bin/sh
			modprobe -a 9pnet_virtio 9p
			mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /out && exec bash /out/start
		JOB
		chmod 755 "\$1/usr/local/sbin/guest-job"
	END
	set -- --include="$packages" --essential-hook="$dir/essential"
	;;
plain)
	# The index has to be made outside of the system, which has no dpkg-dev yet.
	hook customize <<-END
		$apt clean
		$apt install --download-only git $wanted
		mkdir -p "\$1/srv/packages"
		mv "\$1"/var/cache/apt/archives/*.deb "\$1/srv/packages/"
		(cd "\$1/srv/packages" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
		rm -rf "\$1"/etc/apt/sources.list.d/* "\$1"/etc/apt/apt.conf.d/99mmdebstrap
		echo 'deb [trusted=yes] file:/srv/packages ./' >"\$1/etc/apt/sources.list"
		chroot "\$1" useradd -m -s /bin/bash pi
		echo 'pi ALL=(ALL) NOPASSWD: ALL' >"\$1/etc/sudoers.d/pi"
	END
	set -- --include="$packages"
	;;
esac
debian "$suite" "$@" --customize-hook="$dir/customize"
[ "$kind" != fresh ] || bootable 4G
made
