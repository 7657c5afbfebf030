#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs through apt what is missing for: check ("make check"), all (every test, "make
# check-full"), demo, unit, deb (to build the Debian package).
# For Debian 12 and 13 and their derivatives. Does nothing when nothing is missing.
set -eu
what=${1:-all}

build="gcc libc6-dev make pkg-config"
daemon="libusbgx-dev libaio-dev libconfig-dev libsystemd-dev libjansson-dev libblkid-dev nettle-dev kmod mount"
unit="libcmocka-dev"
firmware=
guest="mmdebstrap debian-archive-keyring gpg gpgv e2fsprogs util-linux coreutils busybox-static"
case $(dpkg --print-architecture) in
amd64)
	guest="$guest qemu-system-x86 seabios"
	firmware="ovmf libusbredirparser-dev"
	;;
arm64) guest="$guest qemu-system-arm" ;;
esac
# Other machines: an emulator, and compilers for all but this one.
others="qemu-user gcc-arm-linux-gnueabi gcc-i686-linux-gnu gcc-s390x-linux-gnu"
boards="gcc-arm-linux-gnueabihf"
case $(dpkg --print-architecture) in
arm64) ;;
*) boards="$boards gcc-aarch64-linux-gnu" ;;
esac
burners="growisofs dvd+rw-tools wodim cdrskin xorriso genisoimage sg3-utils libcdio-utils udev"
package="debhelper dpkg-dev fakeroot lintian"
tools="clang shellcheck mandoc man-db jq python3"

# The sanitizers' and libFuzzer's run time is a package per clang version.
clang_runtime() {
	{ dpkg-query -W -f '${Depends}\n' clang 2>/dev/null || true
		apt-cache show --no-all-versions clang 2>/dev/null || true; } |
		sed -n 's/.*\bclang-\([0-9][0-9]*\)\b.*/libclang-rt-\1-dev/p' | head -n 1
}

boards_udc() { [ -n "$(ls /sys/class/udc 2>/dev/null)" ]; }

case $what in
unit) want="$build $unit" ;;
demo)
	want="$build $daemon"
	# A board shows the drive on its own UDC; it needs no guest.
	if boards_udc; then want="$want genisoimage"; else want="$want $guest"; fi
	;;
deb) want="$build $daemon $unit $package" ;;
check | all)
	want="$build $daemon $unit $guest $firmware $others $burners $package $tools"
	[ "$what" = check ] || want="$want $boards valgrind"
	;;
*)
	echo "usage: deps.sh check|all|demo|unit|deb" >&2
	exit 2
	;;
esac

missing() {
	for p in "$@"; do
		s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) || s=
		# Multi-arch packages may be listed once per architecture.
		case $s in *not-installed*) s= ;; esac
		case $s in *installed*) ;; *) printf '%s ' "$p" ;; esac
	done
}

need_root() {
	[ "$(id -u)" = 0 ] && return
	echo "missing packages: $*" >&2
	echo "run 'sudo make deps', or install them with apt-get" >&2
	exit 1
}

install() {
	need_root "$@"
	echo "installing: $*"
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		-o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		echo "deps.sh: apt-get could not install: $*" >&2
		exit 1
	}
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
update() {
	apt-get update >"$log" 2>&1 || {
		cat "$log" >&2
		echo "deps.sh: apt-get update failed" >&2
		exit 1
	}
}

# shellcheck disable=SC2086 # lists of words
lacking=$(missing $want)
if [ -n "$lacking" ]; then
	need_root "$lacking"
	update
fi
# The package of clang's run time is known when apt knows clang.
case $what in
check | all)
	runtime=$(clang_runtime)
	if [ -n "$runtime" ] && [ -n "$(missing "$runtime")" ]; then
		[ -n "$lacking" ] || update
		lacking="$lacking$runtime"
	fi
	;;
esac
# shellcheck disable=SC2086
[ -z "$lacking" ] || install $lacking
