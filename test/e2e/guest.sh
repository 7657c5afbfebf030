#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots a guest and runs jobs in it as root, with this tree's build installed.
#   guest.sh [--suite bookworm|trixie] [--speed full|high|super] [--build] [--no-build]
#            [--timeout SECONDS] [--mem MB] [--keep DIR] --job SCRIPT [--job SCRIPT...]
# Prints the output of the jobs; exits with 0 if every job did. It uses the build of the last run
# unless there is none or --build is given; --no-build boots without a build. --keep DIR: directory
# for serial log, dmesg and job logs (default $O/guest/run-SUITE-SPEED-PID, removed on success).
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
e2e=$top/test/e2e
O=${O:-build}
suite=bookworm speed=high build=auto timeout=1500 mem=2048 keep='' jobs=''

usage() {
	sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
while [ $# -gt 0 ]; do
	case $1 in
	--suite | --speed | --job | --timeout | --mem | --keep)
		[ $# -ge 2 ] || usage
		case $1 in
		--suite) suite=$2 ;;
		--speed) speed=$2 ;;
		--job) jobs="$jobs $2" ;;
		--timeout) timeout=$2 ;;
		--mem) mem=$2 ;;
		--keep) keep=$2 ;;
		esac
		shift
		;;
	--build) build=yes ;;
	--no-build) build=no ;;
	*) usage ;;
	esac
	shift
done
[ -n "$jobs" ] || usage

dir=$("$e2e/image.sh" "$suite")
mkdir -p "$O/guest/$suite"
case $build in
yes) "$e2e/build.sh" "$suite" >/dev/null ;;
auto) [ -e "$O/guest/$suite/dest" ] || "$e2e/build.sh" "$suite" >/dev/null ;;
esac
out=$(cd "$O/guest" && pwd)/run-$suite-$speed-$$
[ -z "$keep" ] || out=$keep
rm -rf "$out"
mkdir -p "$out/jobs"
out=$(cd "$out" && pwd)
n=10
for j in $jobs; do
	name=$(basename "$j" .sh)
	cp "$j" "$out/jobs/$n-$name.sh"
	packages=$(sed -n 's/^# packages: //p' "$j")
	if [ -n "$packages" ]; then
		# shellcheck disable=SC2086 # words
		more=$("$e2e/more.sh" "$suite" "$name" $packages)
		cp "$more" "$out/$name.tar"
	fi
	n=$((n + 1))
done
cp "$e2e/start.sh" "$out/start"
cat >"$out/env" <<END
SUITE=$suite
SPEED=$speed
FULL=${FULL:-}
SWAPS=${SWAPS:-200}
IDLE=${IDLE:-5}
KILLS=${KILLS:-5}
WITH_BUILD=$([ "$build" = no ] || echo 1)
END

# shellcheck source=test/e2e/qemu.sh
. "$e2e/qemu.sh"

# With snapshot=on every boot starts from the same disk. QEMU writes the changes to a file in TMPDIR; /tmp
# may be a small RAM disk.
export TMPDIR="$out"
# At an end of file on its standard input QEMU closes the port, and then writes by the guest block. A FIFO
# that is also open for writing never has an end of file.
mkfifo "$out/stdin"
boot() {
	rc=0
	# --foreground: an interrupt from the terminal ends QEMU too.
	timeout --foreground -k 10 "$timeout" $qemu -M $machine -accel "$accel" -cpu "$cpu" -smp 2 -m "$mem" \
		-nodefaults -display none -no-reboot -serial "file:$out/serial.log" \
		-kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
		-drive "file=$dir/root.img,if=virtio,format=raw,snapshot=on,cache=unsafe" \
		-virtfs "local,path=$out,mount_tag=out,security_model=none" \
		-virtfs "local,path=$top,mount_tag=src,security_model=none,readonly=on" \
		-virtfs "local,path=$(cd "$O/guest/$suite" && pwd),mount_tag=build,security_model=none,readonly=on" \
		-device virtio-rng-pci -device virtio-serial-pci \
		-chardev stdio,id=job,signal=off -device virtserialport,chardev=job,name=job \
		-append "$kernel_options root=/dev/vda rw ${MMCGADGET_APPEND:-quiet} systemd.unit=job.target" \
		<>"$out/stdin" || rc=$?
}
# Linux changes its own code while it runs: it puts a breakpoint (int3) where another processor may run, and removes
# it when no processor can be in it any more. A processor that QEMU 7.2 emulates sometimes still meets the removed
# breakpoint, probably in a translation that was made during the change; the kernel does not know it any more, and dies.
# In that case the code that the kernel prints has no breakpoint (cc) before the byte in < >, where it stopped.
died_of_emulator() {
	[ "$accel" != kvm ] && grep -aq ' int3: 0000 \[#' "$out/serial.log" &&
		grep -a 'RIP: 0010:' -A 3 "$out/serial.log" | grep -a 'Code:' | head -n 1 | grep -qv ' cc <'
}
# The jobs that have ended are not run again; start.sh has noted them. The job that was running begins anew, on a
# machine that has just been booted. What it has printed counts: a failed test stays one.
boots=1
boot
while [ ! -s "$out/rc" ] && [ "$boots" -lt 3 ] && died_of_emulator; do
	boots=$((boots + 1))
	if [ -e "$out/ended" ]; then
		while read -r j; do
			rm -f "$out/jobs/$j"
		done <"$out/ended"
	fi
	echo "# the emulated kernel died of its own breakpoint, a fault of QEMU; booted again, with the jobs that are left"
	mv "$out/serial.log" "$out/serial-$boots.log"
	[ ! -e "$out/dmesg.txt" ] || mv "$out/dmesg.txt" "$out/dmesg-$boots.txt"
	boot
done
rm -f "$out/stdin"

if [ -s "$out/rc" ]; then
	rc=$(cat "$out/rc")
else
	echo "not ok - the guest did not finish (qemu exit code $rc, time limit $timeout s)"
	tr -d '\r' <"$out/serial.log" | grep -aE 'BUG:|Oops|RIP:|Kernel panic|Call Trace|  [a-z_0-9]+\+0x' | head -n 24 | sed 's/^/# /'
	echo "# last lines of its console:"
	tail -n 30 "$out/serial.log" | tr -d '\r' | sed 's/^/# /'
	rc=1
fi
if [ "$rc" = 0 ] && [ -z "$keep" ]; then
	rm -rf "$out"
else
	[ "$rc" = 0 ] || echo "# logs: $out"
fi
exit "$rc"
