#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Downloads the packages of a card image and what they depend on, and prints the folder with them. apt
# works in a folder of its own, so that the packages and architectures of this machine do not change.
# Nothing is installed and no program of a package runs. Needs no root.
#   fetch.sh ARCHITECTURE NAME PACKAGES LEFT-OUT
# PACKAGES and LEFT-OUT are lists of words. Packages of LEFT-OUT are treated as if they were installed:
# what depends on them is satisfied, but they are not downloaded.
#   CACHE     the folder in which downloads and lists are kept
#   OFFLINE   set: the lists of the last time are used, and nothing is downloaded that is there already
#   MIRROR    the archive, in place of the one that this machine's apt uses; for example a
#             snapshot of one day, http://snapshot.debian.org/archive/debian/20261121T000000Z
set -eu -o pipefail
arch=$1 name=$2 packages=$3 left_out=$4
suite=trixie
apt=$CACHE/$name
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$CACHE/debs/partial"

request="$arch $packages / $left_out"
if [ -n "${OFFLINE:-}" ] && [ "$(cat "$apt/request" 2>/dev/null)" = "$request" ]; then
	echo "$apt/files"
	exit 0
fi
rm -f "$apt/request"
keyring=
for k in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
	[ ! -e "$k" ] || keyring=$k
done
options="arch=$arch${keyring:+ signed-by=$keyring}"
if [ -n "${MIRROR:-}" ]; then
	echo "deb [$options check-valid-until=no] $MIRROR $suite main non-free-firmware" >"$apt/sources.list"
else
	# The archives that this machine uses can be reached: the same hosts, with this suite.
	# shellcheck source=/dev/null
	host_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(ORIGIN) $(SITE) $(RELEASE)' 'Created-By: Packages' | sort -u |
		awk -v host="$host_suite" -v suite="$suite" -v options="$options" '
		$1 == "Debian" && ($3 == host || $3 == host "-updates" || $3 == host "-security") {
			sub("^" host, suite, $3)
			print "deb [" options "]", $2, $3, "main non-free-firmware"
		}' >"$apt/sources.list"
fi
[ -s "$apt/sources.list" ] || {
	echo "fetch.sh: apt knows no Debian archive here; name one: MIRROR=http://deb.debian.org/debian" >&2
	exit 1
}
{
	cat <<-C
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Dir::State "$apt";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		Dir::Cache::archives "$CACHE/debs";
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Debug::NoLocking "true";
	C
	apt-config dump | grep -E '^Acquire::(https?|ftp|Check|Retries|ForceIPv|Allow)[^"]* "[^"]' || true
} >"$apt/conf"
# One package that is "installed" and provides what is left out.
: >"$apt/status"
[ -z "$left_out" ] || cat >"$apt/status" <<-S
	Package: left-out
	Status: install ok installed
	Architecture: $arch
	Multi-Arch: foreign
	Maintainer: nobody <nobody@localhost>
	Version: 1
	Description: what a card image does not need
	Provides: $(printf '%s\n' $left_out | sed 's/$/ (= 99:9)/' | paste -sd,)
S

fetch() {
	APT_CONFIG=$apt/conf apt-get "$@" >"$apt/log" 2>&1 || {
		tail -n 20 "$apt/log" >&2
		echo "fetch.sh: apt-get $1 for $arch failed" >&2
		exit 1
	}
}
if [ -z "${OFFLINE:-}" ] || [ -z "$(ls "$apt"/lists/*Packages* 2>/dev/null)" ]; then
	fetch update
fi
# shellcheck disable=SC2086 # words
{
	fetch install -y --download-only $packages
	APT_CONFIG=$apt/conf apt-get install -y --print-uris -o Dir::Cache::archives="$apt/archives" $packages |
		awk '$1 ~ /^.(http|file|https):/ { print $2 }' | LC_ALL=C sort >"$apt/files"
}
while read -r deb; do
	[ -e "$CACHE/debs/$deb" ] || {
		echo "fetch.sh: $deb was not downloaded, see $apt/log" >&2
		exit 1
	}
done <"$apt/files"
echo "$request" >"$apt/request"
echo "$apt/files"
