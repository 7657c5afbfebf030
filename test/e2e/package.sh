#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package in a Debian that boots and is board and PC: apt installs it, users use it, apt upgrades,
# removes and purges it (package_guest.sh). Prints TAP without numbers.
#   package.sh SUITE MMCGADGET.deb NEXT.deb   NEXT: the same package with a higher version; with FULL=1 the
#                                             package of the page, NEXT-web.deb, is beside it
set -u -o pipefail
suite=${1:?usage: package.sh SUITE MMCGADGET.deb NEXT.deb}
deb=${2:?usage: package.sh SUITE MMCGADGET.deb NEXT.deb}
next=${3:?usage: package.sh SUITE MMCGADGET.deb NEXT.deb}
top=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
limit=${LIMIT:-1800} # seconds for each boot
dir=$("$top/test/deb/system.sh" fresh "$suite") || exit 1
out=$O/guest/package-$suite-$$
rm -rf "$out"
mkdir -p "$out/iso"
out=$(cd "$out" && pwd)
cp "$deb" "$out/"
cp "$next" "$out/next.deb"
[ -z "${FULL:-}" ] || cp "${next%.deb}-web.deb" "$out/next-web.deb"
cp "$top/test/deb/lib.sh" "$out/"
cp "$top/test/e2e/package_guest.sh" "$out/start"
echo "${deb##*/}" >"$out/deb"
for label in FIRST SECOND BURN; do
	head -c 6000000 /dev/urandom >"$out/iso/DATA.BIN"
	genisoimage -quiet -V "$label" -R -J -o "$out/${label,,}.iso" "$out/iso/DATA.BIN" 2>/dev/null
done
rm -r "$out/iso"

# shellcheck source=test/e2e/qemu.sh
. "$top/test/e2e/qemu.sh"
export TMPDIR="$out"
mkfifo "$out/stdin" # see guest.sh
# The second boot needs the disk of the first one, so this is a copy and no overlay. Each boot starts a new
# QEMU, as if the board had been switched off. nosoftlockup: a virtual processor that waits for a real one
# is no lockup.
trap 'rm -f "$out/root.img"' EXIT
cp --reflink=auto --sparse=always "$dir/root.img" "$out/root.img"
for boot in 1 2; do
	timeout --foreground -k 10 "$limit" "$qemu" -M "$machine" -accel "$accel" -cpu "$cpu" -smp 2 -m 1024 \
		-nodefaults -display none -no-reboot -serial "file:$out/serial$boot.log" \
		-kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
		-drive "file=$out/root.img,if=virtio,format=raw,cache=unsafe" \
		-virtfs "local,path=$out,mount_tag=out,security_model=none" \
		-device virtio-rng-pci -device virtio-serial-pci \
		-chardev stdio,id=job,signal=off -device virtserialport,chardev=job,name=job \
		-append "$kernel_options root=/dev/vda rw quiet nosoftlockup" <>"$out/stdin" | tee "$out/results$boot"
	rc=$?
	# The first boot asks for the second one.
	[ -e "$out/again" ] || break
done
# What a guest did without its results being seen here is no result.
if [ -e "$out/end" ] && grep -q '^# 1: ' "$out/results1" && grep -q "^# $boot: end" "$out/results$boot"; then
	[ -n "${KEEP:-}" ] || rm -rf "$out"
	exit 0
fi
echo "not ok - the guest did not finish (qemu exit code $rc, time limit $limit s)"
echo "# last lines of its console:"
tail -n 30 "$out/serial$boot.log" | tr -d '\r' | sed 's/^/# /'
echo "# logs: $out"
exit 1
