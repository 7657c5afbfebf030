#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the SD card image for a board, as a file, from Debian 13's packages and this tree's programs:
#   build.sh BOARD   BOARD is a name from image/boards; the image is build/image/mmcgadget-BOARD.img.xz
# It writes to no device, runs no program of another architecture, and needs no root: without root it
# works under fakeroot, so that the files of the image can belong to root. The same packages and the same
# tree give the same bytes.
#   O=build        the build directory
#   OFFLINE=1      uses the packages that were downloaded before
#   MIRROR=URL, SUITE=stable   take the packages from there (image/fetch.sh)
#   SOURCES=1      also downloads the sources of all packages; anyone who publishes an image must offer them
#   MMCGADGET_CACHE=DIR   where downloads are kept
set -eu -o pipefail
cd "$(dirname "$0")/.."
top=$PWD
board=${1:-}
[ -n "$board" ] && [ -e "image/boards/$board.sh" ] || {
	echo "usage: make image BOARD=NAME, where NAME is one of:" >&2
	for f in image/boards/*.sh; do
		# shellcheck source=/dev/null
		(. "$f" && printf '  %-10s %s\n' "$(basename "$f" .sh)" "$title" >&2)
	done
	exit 2
}
# shellcheck source=image/boards/rpi-arm64.sh
. "image/boards/$board.sh"
for tool in apt-get dpkg-deb mkfs.erofs mkfs.vfat mcopy sfdisk dtc fdtoverlay fdtput depmod cpio zstd xz systemd-sysusers "$triplet-gcc"; do
	command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || {
		echo "image/build.sh: no $tool; sudo test/deps.sh image installs what is needed" >&2
		exit 1
	}
done
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" != 0 ] && [ -z "${FAKEROOTKEY:-}" ]; then
	exec fakeroot -- "$0" "$@"
fi
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
export LC_ALL=C TZ=UTC
umask 022
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -S Timestamp)}
export SOURCE_DATE_EPOCH

our_version=$(dpkg-parsechangelog -S Version | sed 's/-[^-]*$//')
our_version=$our_version$(debian/version.sh "$our_version")

cache=${MMCGADGET_CACHE:-}
if [ -z "$cache" ]; then
	cache=/var/cache/mmcgadget
	{ mkdir -p "$cache" && [ -w "$cache" ]; } 2>/dev/null && [ -z "${FAKEROOTKEY:-}" ] ||
		cache=${XDG_CACHE_HOME:-$HOME/.cache}/mmcgadget
fi
export CACHE=$cache/image
mkdir -p "$CACHE"
out=$(mkdir -p "${O:-build}/image" && cd "${O:-build}/image" && pwd)
work=$out/$board
root=$work/root boot=$work/fat
rm -rf "$work/root" "$work/fat" "$work/ram"
mkdir -p "$root" "$boot" "$work/ram"
began=$SECONDS
step() { printf '%4d s  %s\n' $((SECONDS - began)) "$*"; }

# The layout of the card, in sectors of 512 bytes. Never change it: cards that are in use have this layout,
# and updates and the partition of the discs, which begins at discs_start, depend on it.
fat_start=8192 fat_size=262144
slot_size=393216
slot_a=$((fat_start + fat_size))
slot_b=$((slot_a + slot_size))
discs_start=$((slot_b + slot_size))

# shellcheck source=image/packages.sh
. image/packages.sh
# shellcheck source=image/system.sh
. image/system.sh
# shellcheck source=image/card.sh
. image/card.sh

main() {
	step "packages of Debian 13, $arch"
	get_packages
	step 'unpacking'
	unpack_packages
	step 'mmcgadget'
	build_programs
	step 'the system'
	make_system
	step 'kernel, initial RAM disk'
	make_boot
	step 'the card'
	make_card
	step 'compressing'
	make_files
	step 'done'
	ls -l "$out/mmcgadget-$board".*
	exit
}
main
