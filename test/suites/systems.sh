#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the systems that later suites boot or build in, unless they are kept from an earlier run.
#   systems.sh bookworm|trixie|package
# package: the systems for the Debian package, only this machine's own release unless FULL=1.
set -u
what=${1:?usage: systems.sh bookworm|trixie|package}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

make_system() { # NAME COMMAND...
	local name=$1 begun=$SECONDS
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok - $name: it is there ($((SECONDS - begun)) s)"
	else
		echo "not ok - $name: it is there"
		tail -n 30 "$log" | sed 's/^/# /'
	fi
}

case $what in
bookworm | trixie)
	make_system "guest with $what" test/e2e/image.sh "$what"
	;;
package)
	# shellcheck source=/dev/null
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	make_system "$own without the package's libraries" test/deb/system.sh fresh "$own"
	if [ -n "${FULL:-}" ]; then
		for suite in bookworm trixie; do
			[ "$suite" = "$own" ] ||
				make_system "$suite without the package's libraries" test/deb/system.sh fresh "$suite"
			make_system "$suite with what building the package needs" test/deb/system.sh build "$suite"
		done
	fi
	;;
*)
	echo "usage: systems.sh bookworm|trixie|package" >&2
	exit 2
	;;
esac
