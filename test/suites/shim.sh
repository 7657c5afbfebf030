#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Unmodified burning programs on the engine, without USB. Each script has a drive of its own, so the
# scripts run at the same time: the burning programs sleep most of the time.
set -u
O=${O:-build}
export O
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for t in test/shim/t_*.sh; do
	"$t" >"$dir/$(basename "$t" .sh)" 2>&1 &
	echo "$! $(basename "$t" .sh)" >>"$dir/jobs"
done
bad=0
while read -r pid name; do
	wait "$pid" || { bad=1; echo "not ok - $name ended with code $?" >>"$dir/$name"; }
done <"$dir/jobs"
while read -r pid name; do
	echo "# $name"
	cat "$dir/$name"
done <"$dir/jobs" | awk '
	/^(not )?ok - / { n++; sub(/ok - /, "ok " n " - ") }
	{ print }
	END { print "1.." n }'
exit "$bad"
