#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzzer for a short while; "make fuzz FUZZ_SECONDS=600" is the long run.
O=${O:-build}
n=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for f in test/fuzz/fuzz_*.c; do
	name=$(basename "$f" .c)
	n=$((n + 1))
	if ! make -s O="$O" "$O/test/fuzz/$name" >"$log" 2>&1; then
		echo "not ok $n - $name builds"
		tail -n 20 "$log" | sed 's/^/# /'
		continue
	fi
	corpus=$(mktemp -d)
	if "$O/test/fuzz/$name" -max_total_time="${FUZZ_SECONDS:-20}" -artifact_prefix="$corpus/" \
		"$corpus" "test/fuzz/corpus/${name#fuzz_}" >"$log" 2>&1; then
		echo "ok $n - $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$log")"
	else
		echo "not ok $n - $name"
		tail -n 40 "$log" | sed 's/^/# /'
	fi
	rm -rf "$corpus"
done
echo "1..$n"
