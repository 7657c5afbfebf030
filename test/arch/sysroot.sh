#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unpacks the libraries of another Debian architecture, once, and prints their directory: a root for the
# cross compiler (--sysroot) and for the emulator (-L). The packages and architectures of this machine do
# not change, since apt works in that directory.
# It is in ${MMCGADGET_CACHE:-/var/cache/mmcgadget}; its name contains a hash of the recipe.
set -eu -o pipefail
arch=${1:?usage: sysroot.sh ARCHITECTURE (as Debian calls it)}
# shellcheck source=test/cached.sh
. "$(dirname "$0")/../cached.sh"
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

# Increase when something below changes that is not in the list of packages.
recipe=1

packages="libc6-dev libcmocka-dev
	libusbgx-dev libaio-dev libconfig-dev libsystemd-dev libjansson-dev libblkid-dev nettle-dev libflac-dev
	libmicrohttpd-dev libcrypt-dev"
if cached "arch-$arch" "$recipe $suite $arch $packages"; then
	echo "$dir/root"
	exit 0
fi
mkdir -p "$dir/root" "$dir/apt"

# Only the release itself is used: its updates, and archives that are not Debian's, may not have this
# architecture.
# shellcheck source=image/apt.sh
. "$(dirname "$0")/../../image/apt.sh"
apt_targets | awk -v suite="$suite" -v options="$(apt_options "$arch")" '
	$1 == suite && $2 == "Debian" { print "deb [" options "]", $3, $4, $5 }' >"$dir/apt/sources.list"
apt_begin "$dir/apt" "$arch" "$dir/apt/archives"
apt_run update
# shellcheck disable=SC2086 # a list of words
apt_run install -y --download-only $packages

# Debian 12 has packages with libraries in /lib; from Debian 13 on all are in /usr/lib. With this link both
# are found.
mkdir -p "$dir/root/usr/lib"
ln -s usr/lib "$dir/root/lib"
for deb in "$apt"/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir/root"
done
# Absolute links would lead out of the directory.
find "$dir/root" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
	ln -sfrT "$dir/root$target" "$link"
done
# Without this file the emulated loader would read the one of this machine.
mkdir -p "$dir/root/etc"
: >"$dir/root/etc/ld.so.cache"
rm -rf "$apt"
touch "$dir/complete"
echo "$dir/root"
