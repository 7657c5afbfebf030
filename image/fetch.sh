#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Downloads the packages of a card image and what they depend on into $CACHE/debs, and prints the path of a
# file with their names, one in each line. apt works in a folder of its own, $CACHE/NAME, so that the packages
# and architectures of this machine do not change.
# Nothing is installed and no program of a package runs. Needs no root.
#   fetch.sh ARCHITECTURE NAME PACKAGES LEFT-OUT
# PACKAGES and LEFT-OUT are lists of words. Packages of LEFT-OUT are treated as if they were installed:
# what depends on them is satisfied, but they are not downloaded.
#   CACHE     the folder in which downloads and lists are kept
#   OFFLINE   set: takes apt's lists of the last time, and downloads packages only if others are asked for
#   MIRROR    the archive, in place of the one that this machine's apt uses; for example a
#             snapshot of one day, http://snapshot.debian.org/archive/debian/20261121T000000Z
#   SUITE     the name of Debian 13 in the archive, if not "trixie": a mirror whose lists under that name do
#             not fit its packages may have good ones under the other name, "stable". If neither SUITE nor
#             MIRROR is set, this script then tries "stable" itself
set -eu -o pipefail
arch=$1 name=$2 packages=$3 left_out=$4
suite=${SUITE:-trixie}
# shellcheck source=image/apt.sh
. "$(dirname "$0")/apt.sh"
folder=$CACHE/$name
mkdir -p "$folder/archives/partial"

# not_whole FAILURE: reports it, and tries once more if the mirror is incomplete. That happens first to
# architectures that few people use: the list of packages is older than its signature, or names packages that
# are gone.
not_whole() {
	echo "fetch.sh: $1 for $arch from: $(awk '{ print $(NF - 3), $(NF - 2) }' "$folder/sources.list" | paste -sd,)" >&2
	grep -qE '404 |unexpected size|Hash Sum' "$folder/log" || exit 1
	echo "fetch.sh: the archive's lists and its packages of $arch do not fit each other." >&2
	if [ -z "${SUITE:-}${MIRROR:-}" ]; then
		echo 'fetch.sh: once more, with the lists of "stable"' >&2
		SUITE=stable exec "$0" "$arch" "$name" "$packages" "$left_out"
	fi
	echo "fetch.sh: try later, or take the archive of a day on which they did: MIRROR=http://snapshot.debian.org/archive/debian/20261121T000000Z" >&2
	exit 1
}
request="$arch $packages / $left_out"
if [ -n "${OFFLINE:-}" ] && [ "$(cat "$folder/request" 2>/dev/null)" = "$request" ]; then
	echo "$folder/files"
	exit 0
fi
rm -f "$folder/request"
options=$(apt_options "$arch")
if [ -n "${MIRROR:-}" ]; then
	echo "deb [$options check-valid-until=no] $MIRROR $suite main non-free-firmware" >"$folder/sources.list"
else
	# The same hosts as this machine's, with this suite.
	# shellcheck source=/dev/null
	host_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt_targets | awk -v host="$host_suite" -v suite="$suite" -v options="$options" '
		$2 == "Debian" && ($4 == host || $4 == host "-updates" || $4 == host "-security") {
			sub("^" host, suite, $4)
			print "deb [" options "]", $3, $4, "main non-free-firmware"
		}' | sort -u >"$folder/sources.list"
fi
apt_begin "$folder" "$arch" "$CACHE/debs" || {
	echo "fetch.sh: name an archive: MIRROR=http://deb.debian.org/debian" >&2
	exit 1
}
# One package that is "installed" and provides what is left out.
# shellcheck disable=SC2086 # words
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

if [ -z "${OFFLINE:-}" ] || [ -z "$(ls "$apt"/lists/*Packages* 2>/dev/null)" ]; then
	(apt_run update) || not_whole 'the lists of packages could not be fetched'
fi
other=$(awk '$1 == "Codename:" && $2 !~ /^trixie/ { print $2 }' "$apt"/lists/*Release | sort -u | paste -sd' ')
[ -z "$other" ] || {
	echo "fetch.sh: $suite is $other here, and the card's system is Debian 13, trixie" >&2
	exit 1
}
# shellcheck disable=SC2086 # words
{
	(apt_run install -y --download-only $packages) || not_whole 'packages could not be fetched'
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
