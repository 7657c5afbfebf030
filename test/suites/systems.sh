#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the systems that later suites boot or build in, unless they are kept from an earlier run.
#   systems.sh bookworm|trixie|package
# package: the systems for the Debian package, only this machine's own release unless FULL=1.
set -u
what=${1:?usage: systems.sh bookworm|trixie|package}
work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT

make_system() { # NAME COMMAND...
	local name=$1 begun=$SECONDS
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok - $name: it is there ($((SECONDS - begun)) s)"
	else
		echo "not ok - $name: it is there"
		tail -n 30 "$log" | sed 's/^/# /'
	fi
}

# guest_goes_on SUITE: tries guest.sh: if QEMU's emulation killed the kernel, the guest is booted again with the jobs
# that are left; a kernel that died of a breakpoint in its code is a failure. A script stands in for QEMU: its first
# boot ends one job and dies in the second.
guest_goes_on() {
	local bin=$work/bin j
	mkdir "$bin" "$work/jobs"
	for j in one two three; do : >"$work/jobs/$j.sh"; done
	cat >"$bin/qemu-system-x86_64" <<'END'
#!/bin/sh
while [ "$1" != -serial ]; do shift; done
out=${2#file:} out=${out%/*}
if [ ! -e "$out/ended" ]; then
	echo 10-one.sh >"$out/ended"
	echo 'ok - one'
	echo "[    4.1] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI
[    4.1] RIP: 0010:inet_ehashfn+0x33/0x120
[    4.1] Code: 48 83 ec 10 $CODE <1f> 44 00 00 41 8b" >"$out/serial.log"
	exit 0
fi
for j in "$out"/jobs/*; do echo "ok - again ${j##*/}"; done
echo 0 >"$out/rc"
END
	chmod +x "$bin/qemu-system-x86_64"
	export PATH="$bin:$PATH" MMCGADGET_KVM=no O=$work/O
	set -- test/e2e/guest.sh --suite "$1" --no-build --job "$work/jobs/one.sh" --job "$work/jobs/two.sh" --job "$work/jobs/three.sh"
	CODE=0f "$@" >"$work/emulator"
	if CODE=cc "$@" >"$work/kernel"; then return 1; fi
	cat "$work/emulator" "$work/kernel"
	[ "$(grep -c '^ok - again' "$work/emulator")" = 2 ] && grep -q '^ok - again 12-three' "$work/emulator" &&
		grep -q '^# .*booted again' "$work/emulator" &&
		! grep -q 'booted again' "$work/kernel" && grep -q '^not ok - the guest did not finish' "$work/kernel"
}

case $what in
bookworm | trixie)
	make_system "guest with $what" test/e2e/image.sh "$what"
	if [ "$(uname -m)" != x86_64 ]; then
		: # only that emulation has the fault
	elif (guest_goes_on "$what") >"$log" 2>&1; then
		echo "ok - guest with $what: it goes on after a fault of the emulator"
	else
		echo "not ok - guest with $what: it goes on after a fault of the emulator"
		sed 's/^/# /' "$log"
	fi
	;;
package)
	# shellcheck source=/dev/null
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	make_system "$own without the package's libraries" test/deb/system.sh fresh "$own"
	if [ -n "${FULL:-}" ]; then
		for suite in bookworm trixie; do
			[ "$suite" = "$own" ] ||
				make_system "$suite without the package's libraries" test/deb/system.sh fresh "$suite"
			make_system "$suite with what building the package needs" test/deb/system.sh build "$suite"
		done
	fi
	;;
*)
	echo "usage: systems.sh bookworm|trixie|package" >&2
	exit 2
	;;
esac
