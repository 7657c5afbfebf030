#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The benchmark, compared to the recorded one: docs/performance.md. BENCH_SUITE=bookworm has kernel 6.1.
set -u
O=${O:-build}
export O
suite=${BENCH_SUITE:-trixie}
recorded=test/bench/recorded-$suite-$(dpkg --print-architecture).tsv
began=$SECONDS

if [ ! -e "$recorded" ]; then
	echo "# nothing is recorded for $suite on this architecture (make bench-record)"
	recorded=/dev/null # that it ends, and the daemon's memory, is checked all the same
fi
test/bench/bench.sh --suite "$suite" 2>&1 | sed 's/^/# /'
if [ "${PIPESTATUS[0]}" != 0 ]; then
	echo "not ok 1 - the benchmark ran to its end"
	exit 1
fi
echo "# took $((SECONDS - began)) s"
awk -f test/bench/check.awk "$recorded" "$O/bench/$suite/results.tsv" | awk '
	/^(not )?ok - / { n++; sub(/ok - /, "ok " n " - ") }
	{ print }
	END { print "1.." n }'
