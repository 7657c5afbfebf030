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
apt=$dir/apt
mkdir -p "$dir/root" "$apt/lists/partial" "$apt/archives/partial"

# The archive that this machine uses can be reached. Only the release itself is used: its updates, and
# archives that are not Debian's, may not have this architecture.
keyring=
for k in /usr/share/keyrings/debian-archive-keyring.pgp \
	/usr/share/keyrings/debian-archive-keyring.gpg; do
	[ ! -e "$k" ] || keyring=$k
done
# shellcheck disable=SC2016 # apt's own variables
apt-get indextargets --format '$(CODENAME) $(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)' \
	'Created-By: Packages' | sort -u |
	awk -v suite="$suite" -v options="arch=$arch${keyring:+ signed-by=$keyring}" '
	$1 == suite && $2 == "Debian" { print "deb [" options "]", $3, $4, $5 }' >"$apt/sources.list"
[ -s "$apt/sources.list" ] || {
	echo "sysroot.sh: apt knows no Debian archive here (apt-get indextargets is empty)" >&2
	exit 1
}

# This script uses its own directories for apt, except the one with passwords for the archive. Of this
# machine's apt settings it uses only those about fetching, and none of the hooks.
{
	cat <<-C
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Dir::State "$apt";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
	C
	apt-config dump | grep -E '^Acquire::(https?|ftp|Check|Retries|ForceIPv|Allow)[^"]* "[^"]' || true
} >"$apt/conf"
: >"$apt/status"
fetch() {
	APT_CONFIG=$apt/conf apt-get "$@" >"$apt/log" 2>&1 || {
		tail -n 20 "$apt/log" >&2
		echo "sysroot.sh: apt-get $1 for $arch failed" >&2
		exit 1
	}
}
fetch update
# shellcheck disable=SC2086 # a list of words
fetch install -y --download-only $packages

# From Debian 13 on /lib is a link to /usr/lib. With such a link the libraries of both are found.
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
