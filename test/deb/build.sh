#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the package in a system that may be thrown away, as root inside of it, with what it says
# it needs for that and no more; then lintian. Prints TAP without numbers.
#   build.sh MMCGADGET.dsc   the packages come to be beside it
set -u
dsc=${1:?usage: build.sh MMCGADGET.dsc}
cd "$(dirname "$dsc")" || exit 1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
log=$(mktemp)
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		tail -n 25 "$log" | sed 's/^/# /'
	fi
}
build() { dpkg-source -x "$dsc" tree && cd tree && dpkg-buildpackage -us -uc -b; }

check 'what it needs to be built can be installed' apt-get -y -q --no-install-recommends build-dep "./${dsc##*/}"
check 'it builds with that' build
cd "$(dirname "$dsc")" || exit 1
rm -rf tree
check 'lintian can be installed' apt-get -y -q --no-install-recommends install lintian
check 'lintian sees neither errors nor warnings' lintian --allow-root --fail-on error,warning ./*.changes "$dsc"
