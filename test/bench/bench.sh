#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots the benchmark's guest once per speed, with time counted in instructions, and prints a table of
# the results. For programs they are in $O/bench/SUITE/results.tsv (SUITE-flat with --flat), see results.awk.
# docs/performance.md explains the figures. The boots run at the same time: the load of the machine
# changes no figure.
#   bench.sh [--suite bookworm|trixie] [--speed high|super]... [--rows PATTERN] [--no-build]
#            [--flat]
#   bench.sh [--suite bookworm|trixie] [--no-build] --record
# --flat: measures the rows of flat.sh: the cost of a large image, many sessions and many files.
# --record: stores the results, to which later runs are compared, also in docs/performance.md: always those of
#           all rows at both speeds, since what is not recorded is not compared.
# BENCH_CPU: the processor that QEMU emulates.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
suite=trixie speeds='' rows='' build=yes record='' flat='' timeout=1800

usage() {
	sed -n '7,13s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
while [ $# -gt 0 ]; do
	case $1 in
	--suite | --speed | --rows)
		[ $# -ge 2 ] || usage
		case $1 in
		--suite) suite=$2 ;;
		--speed) speeds="$speeds $2" ;;
		--rows) rows=$2 ;;
		esac
		shift
		;;
	--no-build) build=no ;;
	--record) record=yes ;;
	--flat) flat=yes ;;
	*) usage ;;
	esac
	shift
done
[ -z "$record" ] || [ -z "$flat$rows$speeds" ] || usage

dir=$("$top/test/e2e/image.sh" "$suite")
[ $build = no ] || "$top/test/e2e/build.sh" "$suite" >/dev/null
out=$O/bench/$suite${flat:+-flat}
mkdir -p "$out"
"$top/test/bench/initramfs.sh" "$dir" "$O/guest/$suite" "$out/initramfs"

# Instructions are counted in emulation only.
MMCGADGET_KVM=no
# shellcheck source=test/e2e/qemu.sh
. "$top/test/e2e/qemu.sh"
# A fixed model, so that every QEMU has the same, and an old one: on processors with ERMS the kernel
# copies to and from user space by "rep movsb", and QEMU counts each byte of that as an instruction,
# unlike any real processor.
case $machine in
virt) cpu=${BENCH_CPU:-cortex-a53} ;;
*) cpu=${BENCH_CPU:-Nehalem} ;;
esac

# One instruction takes one nanosecond, and idle time is skipped. The machine has no input from outside:
# no disk, no network, no clock, and a fixed random seed. The recording (rr) is never replayed; it only
# makes QEMU's main loop and the CPU take turns. Without it the loop may see the CPU halt before its last
# instructions are counted, and time would jump too far.
boot() { # SPEED
	local log=$out/$1.log
	rm -f "$log" # a QEMU that does not start leaves that of the boot before
	timeout --foreground -k 10 $timeout "$qemu" -M "$machine" \
		-accel tcg,thread=single -cpu "$cpu" -smp 1 -m 512 \
		-icount "shift=0,sleep=off,rr=record,rrfile=$out/$1.rr" \
		-seed 1 -rtc base=2026-01-01,clock=vm \
		-nodefaults -display none -no-reboot -serial "file:$log" \
		-kernel "$dir/vmlinuz" -initrd "$out/initramfs" \
		-append "console=$console quiet panic=-1 oops=panic mitigations=off nokaslr norandmaps bench.speed=$1${flat:+ bench.flat=1}${rows:+ bench.rows=$rows}" \
		</dev/null || echo "# qemu: exit code $?"
	rm -f "$out/$1.rr"
	tr -d '\r' <"$log" | sed -n 's/^BENCH //p' >"$out/$1.lines"
	if [ "$(tail -n 1 "$out/$1.lines")" != "done" ]; then
		echo "# the $1-speed guest did not finish; the end of its console:" >&2
		tail -n 20 "$log" | tr -d '\r' | sed 's/^/#   /' >&2
		return 1
	fi
	sed -i '/^done$/d' "$out/$1.lines"
}

speeds=${speeds:-high super}
boots=()
for speed in $speeds; do
	boot "$speed" &
	boots+=($!)
done
rc=0
for each in "${boots[@]}"; do
	wait "$each" || rc=1
done
[ "$rc" = 0 ] || exit 1
{
	echo "# Linux $(ls "$dir/tree/usr/lib/modules")"
	for speed in $speeds; do
		cat "$out/$speed.lines"
	done | awk -f "$top/test/bench/results.awk"
} >"$out/results.tsv"
awk -f "$top/test/bench/table.awk" "$out/results.tsv" | tee "$out/table"
[ -n "$record" ] || exit 0

cp "$out/results.tsv" "$top/test/bench/recorded-$suite-$(dpkg --print-architecture).tsv"
# The document has a place for each suite, between two comments.
awk -v suite="$suite" -v table="$out/table" '
	$0 == "<!-- end -->" { skip = 0 }
	!skip { print }
	$0 == "<!-- " suite " -->" {
		print "```"
		while ((getline line <table) > 0) print line
		print "```"
		skip = 1
	}' "$top/docs/performance.md" >"$out/performance.md"
cat "$out/performance.md" >"$top/docs/performance.md"
