#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the package as root in a temporary system that has only the build dependencies; then runs
# lintian. Prints TAP without numbers.
#   build.sh MMCGADGET.dsc [ARCHITECTURE]   lib.sh is beside the .dsc; the packages are put there
set -u
dsc=${1:?usage: build.sh MMCGADGET.dsc [ARCHITECTURE]}
arch=${2:-}
here=$(cd "$(dirname "$dsc")" && pwd)
cd "$here" || exit 1
dsc=${dsc##*/}
# shellcheck source=test/deb/lib.sh
. ./lib.sh

own=$(dpkg --print-architecture)
[ "$arch" != "$own" ] || arch=''
cross=(${arch:+-a"$arch" -Pcross,nocheck})
needed() {
	local text
	text=$(apt -s build-dep "${cross[@]}" "./$dsc" 2>&1) || text="Inst: $text"
	no grep '^Inst' <<<"$text"
}
build() { dpkg-source -x "$dsc" /tmp/tree && cd /tmp/tree && dpkg-buildpackage -us -uc -b "${cross[@]}"; }
place() { cp /tmp/*.deb /tmp/*.changes /tmp/*.buildinfo "$here/"; }

check 'the build dependencies are installed' needed
check 'the package can be built' build
check 'the build has made packages' place
cd "$here" || exit 1
check 'lintian sees neither errors nor warnings' \
	lintian --allow-root --fail-on error,warning ./*"_${arch:-$own}.changes"
