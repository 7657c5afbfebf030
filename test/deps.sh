#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs through apt what is missing for:
#   build    the programs: compiler and libraries
#   unit     "make unit"
#   deb      "make deb", the Debian package
#   demo     "make demo" in a virtual machine; demo-board: on a board
#   check    "make check"
#   image    "make image", a card image for a board
#   all      every test, "make check-full"
#   deps.sh --list SET   prints the names only
# For Debian 12 and 13 and their derivatives. Does nothing when nothing is missing.
set -eu
list=''
if [ "${1:-}" = --list ]; then
	list=1
	shift
fi
what=${1:-}

build="gcc libc6-dev make pkg-config"
daemon="libusbgx-dev libaio-dev libconfig-dev libsystemd-dev libjansson-dev libblkid-dev nettle-dev libflac-dev libmicrohttpd-dev libcrypt-dev kmod mount"
unit="libcmocka-dev"
firmware='' others_firmware=''
guest="mmdebstrap debian-archive-keyring gpg gpgv e2fsprogs util-linux coreutils busybox-static"
case $(dpkg --print-architecture) in
amd64)
	guest="$guest qemu-system-x86 seabios"
	firmware="ovmf libusbredirparser-dev mtools"
	others_firmware="qemu-efi-aarch64 u-boot-qemu qemu-system-ppc"
	;;
arm64) guest="$guest qemu-system-arm" ;;
esac
# Other machines: an emulator, and compilers for all but this one.
others="qemu-user gcc-arm-linux-gnueabi gcc-i686-linux-gnu gcc-s390x-linux-gnu"
boards="gcc-arm-linux-gnueabihf"
case $(dpkg --print-architecture) in
arm64) aarch64=gcc ;;
*) aarch64=gcc-aarch64-linux-gnu ;;
esac
boards="$boards $aarch64"
burners="growisofs dvd+rw-tools wodim cdrskin xorriso genisoimage sg3-utils libcdio-utils udftools udev
	cdrdao cdparanoia cd-paranoia icedax cuetools"
package="build-essential debhelper fakeroot"
# What the scripts of the card image need, and what makes the image of it.
card="fdisk device-tree-compiler busybox-static e2fsprogs"
image="$card fakeroot git make pkg-config dpkg-dev debian-archive-keyring cpio dosfstools erofs-utils kmod mtools
	systemd xz-utils zstd"
tools="clang shellcheck mandoc man-db jq python3 lintian zsh fish curl"

# The page of mmcgadget-web is tested in it.
browser="chromium chromium-driver python3-selenium"

# The sanitizers' and libFuzzer's run time is a package per clang version.
clang_runtime() {
	{ dpkg-query -W -f '${Depends}\n' clang 2>/dev/null || true
		apt-cache show --no-all-versions clang 2>/dev/null || true; } |
		sed -n 's/.*\bclang-\([0-9][0-9]*\)\b.*/libclang-rt-\1-dev/p' | head -n 1
}

# Packages that only some tests need. If this release or architecture does not have one of them, the
# others are installed without it.
optional=''
case $what in
build) want="$build $daemon" ;;
unit) want="$build $unit" ;;
demo) want="$build $daemon $guest" ;;
demo-board) want="$build $daemon genisoimage" ;;
deb) want="$build $daemon $unit $package" ;;
image) want="$image $boards gcc-arm-linux-gnueabi" ;;
check | all)
	want="$build $daemon $unit $guest $firmware $package $card"
	optional="$others $burners $tools"
	[ "$what" = check ] || optional="$optional $browser $boards $image $others_firmware qemu-system-arm valgrind"
	;;
*)
	echo "usage: deps.sh [--list] build|unit|deb|demo|demo-board|image|check|all" >&2
	exit 2
	;;
esac
if [ -n "$list" ]; then
	# shellcheck disable=SC2086 # lists of words
	printf '%s\n' $want $optional
	exit 0
fi

missing() {
	for p in "$@"; do
		s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) || s=
		# Multi-arch packages may be listed once per architecture.
		case $s in *not-installed*) s= ;; esac
		case $s in *installed*) ;; *) printf '%s ' "$p" ;; esac
	done
}

is_available() { apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'; }

# available PACKAGE...: prints those that apt can install; says which it cannot.
available() {
	for p in "$@"; do
		if is_available "$p"; then
			printf '%s ' "$p"
		else
			echo "deps.sh: this system has no package $p; the tests that need it will fail" >&2
		fi
	done
}

need_root() {
	[ "$(id -u)" = 0 ] && return
	echo "missing packages: $*" >&2
	echo "run 'sudo test/deps.sh $what', or install them with apt-get" >&2
	exit 1
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; }

# say_size PACKAGE...: prints how many packages apt would install, and their size.
say_size() {
	LC_ALL=C apt install --assume-no "$@" 2>/dev/null | awk '
		/newly installed/ { count = $3 }
		/^Need to get/ { sub(/^Need to get /, ""); sub(/( of archives)?\.$/, ""); get = $0 }
		/^After this operation/ { sub(/^[^,]*, /, ""); sub(/ of additional.*/, ""); disk = $0 }
		END {
			if (count != "")
				printf "%s packages%s%s\n", count, get != "" ? ", " get " to download" : "",
					disk != "" ? ", " disk " on the disk" : ""
		}'
}

install() {
	need_root "$@"
	echo "installing for \"$what\": $*"
	say_size "$@"
	case $what in
	check | all) echo "(only to build and install mmcgadget: sudo test/deps.sh build)" ;;
	esac
	apt install -y "$@" >"$log" 2>&1 || {
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
lacking=$(missing $want) more=$(missing $optional)
if [ -n "$lacking$more" ]; then
	need_root "$lacking$more"
	update
fi
# The package of clang's run time is known when apt knows clang.
case $what in
check | all)
	runtime=$(clang_runtime)
	if [ -n "$runtime" ] && [ -n "$(missing "$runtime")" ]; then
		[ -n "$lacking$more" ] || update
		more="$more$runtime"
	fi
	;;
esac
# shellcheck disable=SC2086
[ -z "$more" ] || lacking="$lacking$(available $more)"
# For CHDs of compact discs: Debian 13 has the library, and 12 has not.
case $what in
unit | image) ;;
*) ! is_available libchdr-dev || lacking="$lacking$(missing libchdr-dev)" ;;
esac
# shellcheck disable=SC2086
[ -z "$lacking" ] || install $lacking
