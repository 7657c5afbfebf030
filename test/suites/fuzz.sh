#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzzer for a short while, with FULL=1 for a minute; "make fuzz FUZZ_SECONDS=600" is the
# long run.
O=${O:-build}
seconds=5
[ -z "${FULL:-}" ] || seconds=60
export O FUZZ_SECONDS="${FUZZ_SECONDS:-$seconds}"
make -s -j"$(nproc)" O="$O" fuzzers || exit 1
exec test/fuzz/run.sh
