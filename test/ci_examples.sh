#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the examples of docs/ci.md that need no kernel, as written and in their order, in an empty folder.
# Prints nothing if all of them succeed; otherwise each that failed and the last lines that it printed. If a
# program is not installed, prints "SKIP ..." with its name, and runs nothing.
#   ci_examples.sh [DOCUMENT]     O: where mmcgadget-shim was built
#   ci_examples.sh --extract MARK [DOCUMENT]   prints the blocks below <!-- MARK --> only
set -u

# blocks MARK DOCUMENT: the marked blocks, each followed by a line "#END". Complains of a mark that no whole
# block follows, and if there is no mark.
blocks() {
	awk -v mark="<!-- $1 -->" '
		$0 == mark { marks++; wanted = 1; next }
		wanted && /^```sh$/ { inside = 1; wanted = 0; next }
		inside && /^```$/ { inside = 0; whole++; print "#END"; next }
		inside { print }
		END {
			if (!marks || marks != whole)
				printf "%s: %d examples below %d marks %s\n", FILENAME, whole, marks, mark >"/dev/stderr"
		}' "$2"
}

if [ "${1:-}" = --extract ]; then
	blocks "$2" "${3:-docs/ci.md}"
	exit
fi
document=$(realpath "${1:-docs/ci.md}")
for p in genisoimage growisofs xorriso cdrskin cdparanoia jq; do
	command -v "$p" >/dev/null || { echo "SKIP $p is not installed"; exit 0; }
done
PATH=$(realpath "${O:-build}"):$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
blocks 'docs-test runs this' "$document" | awk '/^#END$/ { n++; next } { print >("example-" n + 1 ".sh") }'
for e in example-*.sh; do
	[ -e "$e" ] || break
	sh -e "$e" >out 2>&1 </dev/null || {
		echo "$e ended with code $?:"
		cat "$e"
		echo "and printed:"
		tail -n 15 out
	}
done
