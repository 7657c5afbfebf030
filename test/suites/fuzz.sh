#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzzer for a short while; "make fuzz FUZZ_SECONDS=600" is the long run.
O=${O:-build}
export O FUZZ_SECONDS="${FUZZ_SECONDS:-20}"
for source in test/fuzz/fuzz_*.c; do
	make -s O="$O" "$O/test/fuzz/$(basename "$source" .c)" || exit 1
done
make -s O="$O" "$O/test/fuzz/seeds/engine" "$O/test/fuzz/seeds/bot" || exit 1
exec test/fuzz/run.sh
