#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All tests, one suite after the other; the last lines count. Run by "make check".
# With CI or NO_SKIP set, a skipped test is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
export O
TAP_TOTALS=$(mktemp)
export TAP_TOTALS
trap 'rm -f "$TAP_TOTALS"' EXIT
jobs=$(nproc)
failed_suites=()
started=$(date +%s)

run() {
	local name=$1 begin
	shift
	begin=$(date +%s)
	printf '\n==== %s\n' "$name"
	"$@" || failed_suites+=("$name")
	printf -- '---- %s: %d s\n' "$name" $(($(date +%s) - begin))
}

# Systems that the suites want later are made meanwhile, where they are not kept from last time; what
# goes wrong is told there.
for suite in bookworm trixie; do
	for make in "deb/system.sh build" "deb/system.sh fresh" e2e/image.sh; do
		# shellcheck disable=SC2086 # words
		nice test/$make $suite
	done
done >/dev/null 2>&1 &

# Sources and builds first: what does not compile needs no test.
run source test/tap.sh test/suites/source.sh
run layers test/tap.sh test/suites/layers.sh
run build test/tap.sh test/suites/build.sh
run unit make --no-print-directory -j"$jobs" O="$O" unit
run unit-sanitized make --no-print-directory -j"$jobs" O="$O" sanitize
run unit-valgrind make --no-print-directory -j"$jobs" O="$O" valgrind
run daemon make --no-print-directory -j"$jobs" O="$O" daemon-test
run docs make --no-print-directory -j"$jobs" O="$O" docs-test
run shim make --no-print-directory -j"$jobs" O="$O" shim-test
run fuzz test/tap.sh test/suites/fuzz.sh
run deb make --no-print-directory O="$O" deb-test
run arch make --no-print-directory O="$O" arch-test
run guest make --no-print-directory -j"$jobs" O="$O" guest-test
run bench make --no-print-directory O="$O" bench-check

passed=$(awk '{ n += $2 } END { print n + 0 }' "$TAP_TOTALS")
failed=$(awk '{ n += $3 } END { print n + 0 }' "$TAP_TOTALS")
skipped=$(awk '{ n += $4 } END { print n + 0 }' "$TAP_TOTALS")
# A suite that could not even start counts too.
if [ "${#failed_suites[@]}" -gt 0 ] && [ "$failed" = 0 ]; then
	failed=${#failed_suites[@]}
fi
printf '\n%d minutes\n' $((($(date +%s) - started + 59) / 60))
[ "${#failed_suites[@]}" = 0 ] || printf 'failed: %s\n' "${failed_suites[*]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] || exit 1
if [ -n "${CI:-}${NO_SKIP:-}" ] && [ "$skipped" != 0 ]; then
	exit 1
fi
