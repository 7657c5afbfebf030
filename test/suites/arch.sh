#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other machines: everything is built for each, all warnings as errors; what "make unit" runs,
# and "make daemon-test", runs there, by QEMU's user mode emulation. Two at a time.
#   MACHINES="armv6 s390x"   only these
#
# arm64, armhf   the boards this is for
# armv6          Raspberry Pi Zero and 1. Debian's armhf is ARMv7; its armel has libraries for
#                ARMv5, which they run, and a compiler that can make their code.
# i386           32 bits again, and on amd64 by this machine's kernel as well: that one has
#                system calls of its own for them, where the emulator uses those of 64 bits
# s390x          big-endian
set -u
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
O=${O:-build}
own=$(dpkg --print-architecture)
began=$SECONDS

# Debian's name of it, the triplets of compiler and libraries, the processor, the emulator.
declare -A machine=(
	[arm64]="arm64 aarch64-linux-gnu aarch64-linux-gnu armv8-a qemu-aarch64"
	[armhf]="armhf arm-linux-gnueabihf arm-linux-gnueabihf armv7-a+fp qemu-arm"
	[armv6]="armel arm-linux-gnueabi arm-linux-gnueabi armv6kz qemu-arm -cpu arm1176"
	[i386]="i386 i686-linux-gnu i386-linux-gnu i686 qemu-i386"
	[s390x]="s390x s390x-linux-gnu s390x-linux-gnu zEC12 qemu-s390x"
)
# The slowest first, so that it is not alone at the end.
read -ra machines <<<"${MACHINES:-s390x arm64 armhf armv6 i386}"

# Tests that need more of a system than the emulator is: they start programs, open files by
# openat2(), and make a process that shares all but its files.
beyond="t_ctl t_doctor t_library t_catalog t_ffs_guard"

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

result() { # STATUS NAME LOG: the end of the log tells why
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		tail -n 20 "$3" | sed 's/^/# /'
	fi
}

# Results say where they are from. Of the many inputs of the fuzzers only one that failed is told.
named() { # NAME
	awk -v name="$1" '
	/^# (t_[a-z0-9_]+|replay_[a-z]+|mmcgadgetd)$/ { program = $2 ": "; next }
	/^# [^ ]*\/[^ ]*$/ { input = $0; next }
	/^(not )?ok / {
		sub(/ok( [0-9]+)?( -)?/, "ok - " name ": " program)
		gsub(/  +/, " ")
		print
		if (/^not/ && input)
			print "# " name " " input
		input = ""
		fflush()
		next
	}
	/^1\.\./ || /^[ \t]*$/ { next }
	{ print "# " name " " $0; fflush() }'
}

# What hangs is ended. That there is a WRAP makes the longest tests shorter, as under valgrind.
suites() { # BUILD RUN
	O=$1 WRAP="timeout --foreground 300 $2" test/suites/unit.sh
	O=$1 WRAP="$2" WITHOUT=$beyond test/suites/daemon.sh
}

# Prints the results of the build, and sets root and run for what comes after it.
build() { # MACHINE BUILD
	local make=(make -j2 --no-print-directory O="$2" WERROR=1)
	local deb triplet libraries processor emulator
	read -r deb triplet libraries processor emulator <<<"${machine[$1]}"
	run='env' # our own needs none
	if [ "$deb" != "$own" ]; then
		root=$(test/arch/sysroot.sh "$deb" 2>"$log/$1")
		result $? "its libraries" "$log/$1"
		[ -d "$root" ] || return 1
		run="$emulator -L $root"
		export PKG_CONFIG_SYSROOT_DIR=$root
		export PKG_CONFIG_LIBDIR=$root/usr/lib/$libraries/pkgconfig:$root/usr/share/pkgconfig
		make+=(CROSS_COMPILE="$triplet-" RUN="$run"
			CFLAGS="-O2 -g -march=$processor --sysroot=$root")
	fi
	"${make[@]}" all unit-build daemon-test-build >"$log/$1" 2>&1
	result $? "both programs and all tests build, all warnings, none seen" "$log/$1"
	diff -rq "$O/test/fuzz/seeds" "$2/test/fuzz/seeds" >"$log/$1" 2>&1
	result $? "conversations become the same bytes as here" "$log/$1"
}

try() { # MACHINE
	local dir=$O-arch/$1 root='' run
	build "$1" "$dir" > >(named "$1") || return
	suites "$dir" "$run" | named "$1"
	[ "$1" = i386 ] && "$root/lib/ld-linux.so.2" --version >/dev/null 2>&1 || return
	suites "$dir" "$root/lib/ld-linux.so.2 --library-path $root/lib/i386-linux-gnu" |
		named "i386 by this kernel"
}

make -j2 --no-print-directory O="$O" "$O/test/fuzz/seeds/engine" "$O/test/fuzz/seeds/bot" \
	>"$log/seeds" 2>&1 || result 1 "the conversations, made here" "$log/seeds"
running=0
for m in "${machines[@]}"; do
	if [ "$running" = 2 ]; then
		wait -n
		running=1
	fi
	{
		start=$SECONDS
		try "$m" | tee "$log/$m.tap"
		echo "# $m took $((SECONDS - start)) s"
	} &
	running=$((running + 1))
done
wait

# A suite that ended early would not be seen by what failed in it.
cat "$log"/*.tap | sed -nE 's/^(not )?ok - ([^:]*): (t_|replay_|mmcgadgetd).*/\2/p' | sort | uniq -c |
	sed 's/^ */# /; s/\([0-9]\) /\1 tests: /' | tee "$log/counts"
result "$(($(awk '{ print $2 }' "$log/counts" | sort -u | wc -l) != 1))" \
	"every machine ran as many tests" "$log/counts"
echo "# took $((SECONDS - began)) s"
