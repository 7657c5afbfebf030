#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every program test/unit/ROOM/t_*, and replays every fuzzer's corpus. They are built before ("make
# unit-build"). WRAP goes before each program (valgrind). ONLY="t_a t_b": only these.
set -u
O=${O:-build}
export CMOCKA_MESSAGE_OUTPUT=TAP
read -ra wrap <<<"${WRAP:-}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# A program that a signal or valgrind ended may have printed no "not ok".
run() {
	local name=$1 rc
	shift
	echo "# $name"
	if [ ! -x "$1" ]; then
		echo "not ok - $name is not built"
		return
	fi
	"${wrap[@]}" "$@" >"$log" 2>&1
	rc=$?
	cat "$log"
	echo
	if [ $rc != 0 ] && ! grep -q '^[[:space:]]*not ok' "$log"; then
		echo "not ok - $name ended with code $rc"
	fi
}

for source in test/unit/*/t_*.c; do
	name=$(basename "$source" .c)
	[[ " ${ONLY:-$name} " != *" $name "* ]] || run "$name" "$O/${source%.c}"
done
[ -z "${ONLY:-}" ] || exit 0
for source in test/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	corpora=("test/fuzz/corpus/$name")
	# The conversations, for those that speak CDBs.
	[ ! -d "$O/test/fuzz/seeds/$name" ] || corpora+=("$O/test/fuzz/seeds/$name")
	run "replay_$name" "$O/test/fuzz/replay_$name" "${corpora[@]}"
done
