#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the guest of one Debian suite, once, and prints its directory:
#   tree/      the root file system; the daemon is built in it, with the suite's libraries
#   root.img   the same as an ext4 file system; a boot writes to an overlay that is thrown away
#   vmlinuz initrd
# The directory is in ${MMCGADGET_CACHE:-/var/cache/mmcgadget}; its name contains a hash of the
# recipe. Needs root.
set -eu
suite=${1:?usage: image.sh SUITE}
arch=$(dpkg --print-architecture)
# shellcheck source=test/cached.sh
. "$(dirname "$0")/../cached.sh"

# Increase this when a change below is not in the list of packages.
recipe=2

packages="systemd systemd-sysv udev kmod initramfs-tools zstd procps psmisc
	gcc make pkg-config libc6-dev
	libusbgx-dev libaio-dev libconfig-dev libsystemd-dev libjansson-dev libblkid-dev nettle-dev libflac-dev libcmocka-dev
	libusb-1.0-0-dev
	growisofs dvd+rw-tools wodim cdrskin xorriso genisoimage sg3-utils libcdio-utils cdparanoia
	usbutils eject jq e2fsprogs udftools dosfstools strace
	iproute2 usbredirect usbip dmsetup
	libmicrohttpd-dev libcrypt-dev curl"
# Debian 12 has no library for CHDs.
[ "$suite" = bookworm ] || packages="$packages libchdr-dev"
case $arch in
amd64 | arm64) packages="linux-image-$arch $packages" ;;
*)
	echo "image.sh: there is no guest for $arch" >&2
	exit 1
	;;
esac
# shellcheck disable=SC2086
packages=$(printf '%s\n' $packages | sort | paste -sd,)
if cached "guest-$suite" "$recipe" "$suite" "$arch" "$packages"; then
	echo "$dir"
	exit 0
fi
making "the $suite guest"

set -- --include="$packages"
# The initial RAM disk has only what QEMU's disk needs, because it is unpacked in emulation
# at every boot.
# shellcheck disable=SC2016
set -- "$@" --essential-hook='
	mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
	echo MODULES=list >"$1/etc/initramfs-tools/conf.d/guest"
	printf "%s\n" virtio_pci virtio_mmio virtio_blk ext4 >"$1/usr/share/initramfs-tools/modules.d/guest"
	printf "%s\n" "#!/bin/sh" "exit 101" >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"'
# shellcheck disable=SC2016
set -- "$@" --customize-hook='
	rm -f "$1/usr/sbin/policy-rc.d"
	mkdir -p "$1/src" "$1/build" "$1/out"
	echo guest >"$1/etc/hostname"
	cat >"$1/etc/systemd/system/job.target" <<-END
		[Unit]
		Description=Run a list of jobs, then power off
		Requires=job.service
		Wants=systemd-udevd.service systemd-udev-trigger.service systemd-tmpfiles-setup.service
		AllowIsolate=yes
	END
	cat >"$1/etc/systemd/system/job.service" <<-END
		[Unit]
		Description=The jobs in the share
		DefaultDependencies=no
		After=systemd-udevd.service systemd-udev-trigger.service systemd-tmpfiles-setup.service systemd-journald.service
		SuccessAction=poweroff-force
		FailureAction=poweroff-force
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		StandardInput=null
		IgnoreSIGPIPE=no
		ExecStart=/usr/local/sbin/guest-job
	END
	cat >"$1/usr/local/sbin/guest-job" <<-END
		#!/bin/sh
		modprobe -a 9pnet_virtio 9p
		o=trans=virtio,version=9p2000.L,msize=262144
		# Under load the shares may appear after this begins.
		n=0
		until [ "\$(ls -d /sys/bus/virtio/drivers/9pnet_virtio/virtio* 2>/dev/null | wc -l)" -ge 3 ] || [ \$n = 600 ]; do
			n=\$((n + 1))
			sleep 0.1
		done
		mount -t 9p -o \$o out /out && mount -t 9p -o ro,\$o src /src && mount -t 9p -o ro,\$o build /build &&
			sh /out/start || {
			echo "guest-job: no shares, or the jobs ended with \$?; waited \$n times"
			dmesg | tail -n 20
		} >/dev/console 2>&1
		sync
	END
	chmod 755 "$1/usr/local/sbin/guest-job"
	ln -sf /dev/null "$1/etc/systemd/system/apt-daily.timer"
	ln -sf /dev/null "$1/etc/systemd/system/apt-daily-upgrade.timer"
	ln -sf /dev/null "$1/etc/systemd/system/e2scrub_reap.service"'

debian "$suite" "$@"
bootable 12G
made
