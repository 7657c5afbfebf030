#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every fuzzer that is built ("make fuzzers") for $FUZZ_SECONDS (default 60). New inputs go to
# $O/fuzz/NAME, the corpus in the tree stays as it is. Prints TAP.
set -u
O=${O:-build}
seconds=${FUZZ_SECONDS:-60}
n=0
bad=0
for program in "$O-fuzz"/test/fuzz/fuzz_*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	n=$((n + 1))
	name=${program##*/fuzz_}
	work=$O/fuzz/$name
	mkdir -p "$work"
	set -- "$work" "test/fuzz/corpus/$name"
	[ ! -d "$O/test/fuzz/seeds/$name" ] || set -- "$@" "$O/test/fuzz/seeds/$name"
	# More than the longest line of the control language.
	max=2048
	case $name in control | cue | ccd | toc | chd) max=8192 ;; esac
	if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len="$max" \
		-print_final_stats=1 -artifact_prefix="$work-" \
		"$@" >"$work.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log")
		echo "ok $n - fuzz_$name for $seconds s, $runs inputs"
	else
		bad=1
		echo "not ok $n - fuzz_$name, see $work.log"
		grep -m 4 -E 'ERROR|SUMMARY|runtime error|MUST' "$work.log" | cut -c 1-150 | sed 's/^/# /'
		# The input, for those who have nothing but this output: base64 -d >FOLDER/FILE, then replay_NAME FOLDER.
		for input in "$work"-*; do
			[ ! -f "$input" ] || base64 -w 150 "$input" | head -n 40 | sed 's/^/# /'
		done
		tail -n 40 "$work.log" | sed 's/^/# /'
	fi
done
echo "1..$n"
[ "$n" -gt 0 ] || echo "not ok - no fuzzer is built in $O-fuzz"
exit "$bad"
