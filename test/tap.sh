#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tap.sh SUITE [ARGUMENT]...: runs a suite that prints TAP, counts its results, and closes with a line
# "N passed, N failed, N skipped". Exits with 1 when a test failed, and when there was none.
# TAP_TOTALS names a file that gets one line of counts per suite (for test/check.sh).
set -u
suite=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ "$suite" "$@"; echo "TAP-EXIT $?"; } 2>&1 | tee "$log" | grep --line-buffered -v '^TAP-EXIT '
rc=$(sed -n 's/^TAP-EXIT //p' "$log" | tail -n 1)
# Lines may be indented: some suites print the output of another one. "# SKIP" as in TAP.
counts=$(awk '
	/^[ \t]*ok / { if (tolower($0) ~ /# *skip/) s++; else p++ }
	/^[ \t]*not ok / { f++ }
	END { printf "%d %d %d", p, f, s }' "$log")
# shellcheck disable=SC2086
set -- $counts
passed=$1 failed=$2 skipped=$3
if [ "$rc" != 0 ] && [ "$failed" = 0 ]; then
	echo "not ok - $suite ended with exit code $rc"
	failed=1
fi
if [ $((passed + failed + skipped)) = 0 ]; then
	echo "not ok - $suite ran no test"
	failed=1
fi
[ -n "${TAP_TOTALS:-}" ] && echo "$suite $passed $failed $skipped" >>"$TAP_TOTALS"
echo "$passed passed, $failed failed, $skipped skipped"
# Not below test/check.sh, which does it once, at its end.
[ -n "${TAP_TOTALS:-}" ] || "$(dirname "$0")/owner.sh" --hand-back "${O:-build}" "${O:-build}"-*
[ "$failed" = 0 ]
