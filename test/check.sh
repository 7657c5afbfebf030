#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all suites; ends with the minutes of each suite and a line of counts, which CI reads.
# Run by "make check"; with FULL=1 ("make check-full") the suites also repeat what varies only by
# Debian release, speed, architecture, count or seed (docs/hacking.md has the table).
# With CI or NO_SKIP set, a skipped test is a failure.
#   LANES="bookworm burners"   only these lanes (bookworm, trixie, compute, burners): a check-full takes
#                              hours on two cores, and its lanes can run one after the other
#   CONTINUE=1                 goes on with a check of the same commit that was ended, or that failed: what has
#                              passed is not run again
#
# Suites run in lanes at the same time: guests wait for polls and burners for much of their time, and
# meanwhile the compilers use the processors. The output of a suite is printed as a whole when the
# suite ends.
set -u
cd "$(dirname "$0")/.." || exit 1
export O=${O:-build} FULL=${FULL:-}
# Kept here of each suite: its output (NAME.log), its seconds (NAME.minutes), its counts of results
# (NAME.counts), and whether it has passed (NAME.passed).
work=$O/check
# What is checked, if the tree has no changes.
checked=$([ -n "$(git status --porcelain 2>&1)" ] || echo "$(git rev-parse HEAD)${FULL:+ full}")
test/owner.sh --begin "$O"
if [ -n "${CONTINUE:-}" ]; then
	if [ -z "$checked" ] || [ "$checked" != "$(cat "$work/checked" 2>/dev/null)" ]; then
		echo "CONTINUE: $work has no check of this commit, or the tree has changes since" >&2
		exit 2
	fi
	for file in "$work"/*.log; do
		[ -e "${file%.log}.passed" ] || rm -f "${file%.log}".*
	done
	rm -f "$work"/lane-* "$work"/*.done "$work/failed"
else
	rm -rf "$work"
	mkdir -p "$work"
	echo "$checked" >"$work/checked"
	: >"$work/seconds" # of each part that has ended
fi
work=$(cd "$work" && pwd)
jobs=$(nproc)
started=$SECONDS
make=(make --no-print-directory -j"$jobs" O="$O")
exec 8>"$work/lock"

say() { # LINE...: prints the lines together, without output of other lanes between them
	flock 8
	printf '%s\n' "$@"
	flock -u 8
}

# suite NAME COMMAND...: runs a suite, prints its output and time; it has failed if the command fails.
suite() {
	local name=$1 begun=$SECONDS rc=0 wall cpu TIMEFORMAT='%U %S'
	shift
	if [ -e "$work/$name.passed" ]; then
		say "     $name has passed before"
		: >"$work/$name.done"
		return
	fi
	export TAP_TOTALS=$work/$name.counts
	say "     $name begins"
	{ time "$@" </dev/null >"$work/$name.log" 2>&1 8>&- || rc=$?; } 2>"$work/$name.time"
	wall=$((SECONDS - begun))
	cpu=$(awk 'END { printf "%.0f", $1 + $2 }' "$work/$name.time")
	echo "$wall $cpu $name" >"$work/$name.minutes"
	if [ "$rc" = 0 ]; then : >"$work/$name.passed"; else echo "$name" >>"$work/failed"; fi
	say '' "==== $name" "$(cat "$work/$name.log")" "---- $name: $wall s, $cpu s of CPU"
	: >"$work/$name.done"
}

tap() { # NAME SCRIPT [ARGUMENT]...: a suite that prints TAP itself
	suite "$1" test/tap.sh "${@:2}"
}

# after SUITE LANE: waits until the suite has ended, or its lane has ended without it.
after() {
	until [ -e "$work/$1.done" ] || [ -e "$work/lane-$2.over" ]; do
		sleep 1
	done
}

# guests RELEASE: the boots of a release, each as a suite of its own.
guests() {
	local boot
	for boot in $(test/suites/guest.sh boots "$1"); do
		GUESTS=$boot tap "guest-${boot/\//-}" test/suites/guest.sh
	done
}

# The lanes of the guests, of which two run at a time. Suites that use the same build of mmcgadget for a
# guest are in one lane; the benchmark uses the build for Debian 13.
lane_bookworm() {
	tap systems-bookworm test/suites/systems.sh bookworm
	guests bookworm
	tap power test/suites/guest.sh power
	tap two-machines test/suites/guest.sh two_machines
	if [ -n "$FULL" ]; then
		tap two-machines-usbip test/suites/guest.sh two_machines_usbip
	else
		tap deb test/suites/deb.sh
	fi
}
lane_trixie() {
	tap systems-trixie test/suites/systems.sh trixie
	guests trixie
	tap bench test/suites/bench.sh
	# The other lane has the longer half of a check-full.
	[ -z "$FULL" ] || tap deb test/suites/deb.sh
}

# Suites that compute, those with the clearest messages first. They give way to the guests, which have
# time limits and determine how long the check takes.
lane_compute() {
	renice -n 5 "$BASHPID" >/dev/null
	tap source test/suites/source.sh
	tap build test/suites/build.sh
	tap layers test/suites/layers.sh
	tap first-steps test/suites/first_steps.sh
	suite unit "${make[@]}" unit
	renice -n 0 "$BASHPID" >/dev/null # these suites have time limits, too
	suite daemon "${make[@]}" daemon-test
	BROWSER=${FULL:-no} suite page "${make[@]}" page-test
	suite docs "${make[@]}" docs-test
	suite web "${make[@]}" web-test
	tap card test/suites/card.sh
	renice -n 10 "$BASHPID" >/dev/null
	tap systems-package test/suites/systems.sh package
	if [ -z "$FULL" ]; then
		WRAP='env' suite unit-sanitized "${make[@]}" sanitize # the longest tests are shortened
	else
		suite unit-sanitized "${make[@]}" sanitize
		suite web-sanitized "${make[@]}" sanitize-web
		suite unit-valgrind "${make[@]}" valgrind
	fi
	tap fuzz test/suites/fuzz.sh
	tap arch test/suites/arch.sh
}

# The burners on the engine sleep for most of their time, and so does the firmware.
lane_burners() {
	after build compute
	suite shim "${make[@]}" shim-test
	# The firmware is one for amd64.
	[ "$(uname -m)" != x86_64 ] || suite firmware "${make[@]}" firmware-test
	[ -n "$FULL" ] || return 0
	tap card-guest test/suites/card_guest.sh
	# The other images, as far as the time of a check allows.
	BOARD=armhf PARTS='first burn half' CUTS=4 tap card-guest-armhf test/suites/card_guest.sh
	BOARD=rpi-armel PARTS=build tap card-armel test/suites/card_guest.sh
}

set -m # each lane is a process group of its own, and can be ended with all that it started
lanes=()
read -ra names <<<"${LANES:-bookworm trixie compute burners}"
for lane in "${names[@]}"; do
	declare -F "lane_$lane" >/dev/null || { echo "no lane $lane: bookworm, trixie, compute, burners" >&2; exit 2; }
done
for lane in bookworm trixie compute burners; do # one that does not run is not waited for
	[[ " ${names[*]} " == *" $lane "* ]] || : >"$work/lane-$lane.over"
done
for lane in "${names[@]}"; do
	{
		("lane_$lane" && : >"$work/lane-$lane.whole")
		: >"$work/lane-$lane.over"
	} &
	lanes+=($!)
done
set +m
end() {
	for lane in "${lanes[@]}"; do
		kill -- "-$lane"
	done 2>/dev/null
}
trap 'end; echo $((SECONDS - started)) >>"$work/seconds"; test/owner.sh --hand-back "$O" "$O"-*' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
wait "${lanes[@]}"
for lane in "${names[@]}"; do
	[ -e "$work/lane-$lane.whole" ] || echo "lane-$lane" >>"$work/failed"
done

printf '\n%7s %7s  %s\n' minutes 'of CPU' suite
sort -rn "$work"/*.minutes | awk '
	{ printf "%7.1f %7.1f  %s\n", $1 / 60, $2 / 60, $3; cpu += $2 }
	END { printf "%7s %7.1f  %s\n", "", cpu / 60, "all suites" }'
awk -v now=$((SECONDS - started)) '
	{ before += $1 }
	END { printf "\n%d minutes%s\n", (before + now + 59) / 60, NR ? ", in " NR + 1 " parts" : "" }
	' "$work/seconds"
[ -z "${LANES:-}" ] || echo "only the lanes: $LANES"
read -r passed failed skipped < <(awk '{ p += $2; f += $3; s += $4 } END { print p + 0, f + 0, s + 0 }' "$work"/*.counts)
# Each failure or skip again, with the first lines that say why: a record of CI may keep the end alone.
(cd "$work" && awk '
	FNR == 1 { more = 0 }
	/^[ \t]*not ok|^[ \t]*ok .*# *SKIP/ {
		suite = FILENAME
		sub(/\.log$/, "", suite)
		sub(/^[ \t]+/, "")
		print suite ": " $0
		more = /^not ok/ ? 12 : 0
		next
	}
	/^[ \t]*#/ && more-- > 0 { print "    " substr($0, 1, 160); next }
	{ more = 0 }' ./*.log | sed 's,^\./,,')
# The first of each suite once more, since what fails first is often why the rest fails: the last 2,000
# characters of a run are what every record of CI keeps.
[ "$failed$skipped" = 00 ] || (cd "$work" && awk '
	function finish() { if (n > 1) print suite ": and " n - 1 " more" }
	FNR == 1 { finish(); n = more = 0; suite = FILENAME; gsub(/^\.\/|\.log$/, "", suite) }
	/^[ \t]*not ok|^[ \t]*ok .*# *SKIP/ {
		sub(/^[ \t]+/, "")
		more = 0
		if (n++ == 0) {
			print suite ": " substr($0, 1, 150)
			more = 8
		}
		next
	}
	/^[ \t]*#.*# state:/ || (/^[ \t]*#/ && more-- > 0) { print "    " substr($0, 1, 120); next }
	{ more = 0 }
	END { finish() }' ./*.log)
# A suite that could not even start counts too.
if [ -s "$work/failed" ]; then
	printf 'failed: %s\n' "$(paste -sd' ' "$work/failed")"
	[ "$failed" != 0 ] || failed=$(wc -l <"$work/failed")
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] || exit 1
[ -z "${CI:-}${NO_SKIP:-}" ] || [ "$skipped" = 0 ]
