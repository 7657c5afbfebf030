#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other machines, all warnings as errors. Each always runs the tests that only it can fail:
#   i386           32 bits: all programs and tests are built; the tests of "make unit" and "make daemon-test"
#                  run, and those of the web page with kills or uploads of more than 4 GiB.
#                  The kernel of an amd64 machine runs them without an emulator, by its own system
#                  calls for 32 bits. If it was built without them, QEMU runs the tests of
#                  "make daemon-test"; of "make unit", 32 bits have then only the few tests of armv6.
#   armv6          Raspberry Pi Zero and 1: all programs and the unit tests are built; the conversations
#                  and what handles large or stored numbers run by QEMU's user mode. All else that 32 bits
#                  or an unsigned char could break, i386 and s390x show. Debian's armhf is ARMv7; its armel
#                  has libraries for ARMv5, which an ARMv6 runs, and a compiler that can make code for it.
#   s390x          big-endian: the unit tests are built and run by QEMU
# With FULL=1 all programs and tests are built for each, and the tests of "make unit" and "make daemon-test"
# run by QEMU (i386 by the kernel as well), for arm64 and armhf too. Two machines at a time.
#   MACHINES="armv6 s390x"   only these
set -u
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
O=${O:-build}
FULL=${FULL:-}
own=$(dpkg --print-architecture)
began=$SECONDS

# For each machine: Debian's name, the triplets of compiler and libraries, the processor, the emulator.
declare -A machine=(
	[arm64]="arm64 aarch64-linux-gnu aarch64-linux-gnu armv8-a qemu-aarch64"
	[armhf]="armhf arm-linux-gnueabihf arm-linux-gnueabihf armv7-a+fp qemu-arm"
	[armv6]="armel arm-linux-gnueabi arm-linux-gnueabi armv6kz qemu-arm -cpu arm1176"
	[i386]="i386 i686-linux-gnu i386-linux-gnu i686 qemu-i386"
	[s390x]="s390x s390x-linux-gnu s390x-linux-gnu zEC12 qemu-s390x"
)
# The slowest first, so that it does not run alone at the end. The extents: "unit" builds and runs the
# unit tests, "build" builds all programs and runs a few tests, "kernel" runs all tests without an emulator.
if [ -n "$FULL" ]; then
	read -ra machines <<<"${MACHINES:-s390x arm64 armhf armv6 i386}"
	declare -A extents=()
else
	read -ra machines <<<"${MACHINES:-s390x armv6 i386}"
	declare -A extents=([s390x]=unit [armv6]=build [i386]=kernel)
fi

# No user runs what is built for these two, so -O1 halves the compiler's time; with FULL=1 all machines
# have the -O2 that users have.
declare -A optimisation=()
[ -n "$FULL" ] || optimisation=([s390x]=-O1 [i386]=-O1)

# Tests that need more than the emulator offers: asynchronous I/O, a process that shares all but its files, one that the
# kernel lets do next to nothing (seccomp). They are left out on i386 by the kernel, too.
beyond="t_ffs_guard t_ffs_flush t_ffs_take_over t_resolver t_compact t_compact_rename t_compact_sub t_cue t_extract t_burned_songs t_flac t_chd"

few="t_script t_large t_state t_files t_trace_file t_media_transfer"

# An emulator takes every 61st combination of t_bot_matrix, and cuts the power at every 35th operation,
# of which "make unit" has tried all. With FULL=1 it takes as many as valgrind does.
matrix=${MATRIX:-}
stride=${CUT_STRIDE:-}
if [ -z "$FULL" ]; then
	matrix=${matrix:-61}
	stride=${stride:-35}
fi

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

# Adds machine and program to the names of results. Of the fuzzers' many inputs only a failed one is shown.
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

# A test that hangs is ended after 1800 s. With WRAP set the longest tests are shorter, as under valgrind.
unit_tests() { # BUILD RUN [MATRIX [STRIDE]]
	O=$1 WRAP="timeout --foreground 1800 $2" MATRIX="${3:-}" CUT_STRIDE="${4:-}" test/suites/unit.sh
}
daemon_tests() { # BUILD RUN [WITHOUT]
	O=$1 WRAP="$2" WITHOUT=${3:-} test/suites/daemon.sh
}

# Builds for a machine and prints the results. Sets root and run for the tests.
build() { # MACHINE BUILD EXTENT
	local make=(make -j2 --no-print-directory O="$2" WERROR=1)
	local deb triplet libraries processor emulator goals what
	read -r deb triplet libraries processor emulator <<<"${machine[$1]}"
	run='env' # this machine needs no emulator
	if [ "$deb" != "$own" ]; then
		root=$(test/arch/sysroot.sh "$deb" 2>"$log/$1")
		result $? "its libraries are unpacked" "$log/$1"
		[ -d "$root" ] || return 1
		run="$emulator -L $root"
		export PKG_CONFIG_SYSROOT_DIR=$root
		export PKG_CONFIG_LIBDIR=$root/usr/lib/$libraries/pkgconfig:$root/usr/share/pkgconfig
		make+=(CROSS_COMPILE="$triplet-" RUN="$run"
			CFLAGS="${optimisation[$1]:--O2} -g0 -march=$processor --sysroot=$root")
	fi
	case $3 in
	unit) goals=(unit-build) what='the unit tests build' ;;
	build) goals=(all unit-build) what='all programs and the unit tests build' ;;
	*) goals=(all unit-build daemon-test-build web-test-build) what='all programs and tests build' ;;
	esac
	"${make[@]}" "${goals[@]}" >"$log/$1" 2>&1
	if [ $? != 0 ]; then
		result 1 "$what without a warning" "$log/$1"
		return 1
	fi
	result 0 "$what without a warning"
	diff -rq "$O/test/fuzz/seeds" "$2/test/fuzz/seeds" >"$log/$1" 2>&1
	result $? "the conversations are encoded to the same bytes as here" "$log/$1"
}

try() { # MACHINE
	local dir=$O-arch/$1 root='' run extent=${extents[$1]:-all} kernel=''
	build "$1" "$dir" "$extent" > >(named "$1") || return
	if [ "$1" = i386 ] && "$root/lib/ld-linux.so.2" --version >/dev/null 2>&1; then
		kernel="$root/lib/ld-linux.so.2 --library-path $root/lib/i386-linux-gnu"
	elif [ "$extent" = kernel ]; then
		extent=daemon # this kernel cannot run i386 programs
	fi
	if [ "$extent" != kernel ]; then
		case $extent in
		build) ONLY=$few unit_tests "$dir" "$run" | named "$1, a few" ;;
		daemon) ;;
		*) unit_tests "$dir" "$run" "$matrix" "$stride" | named "$1" ;;
		esac
		[[ $extent != @(all|daemon) ]] || daemon_tests "$dir" "$run" "$beyond" | named "$1, daemon"
	fi
	if [ -n "$kernel" ]; then
		unit_tests "$dir" "$kernel" | named "$1 by this kernel"
		daemon_tests "$dir" "$kernel" "$beyond" | named "$1 by this kernel, daemon"
		O=$dir RUN="$kernel" test/suites/web_load.sh --only 'idle|4_gib|kills' | named "$1 by this kernel, web"
	fi
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

# A suite that ended early has no failed test; the number of tests shows it.
cat "$log"/*.tap | sed -nE 's/^(not )?ok - ([^:]*): (t_|replay_|mmcgadgetd).*/\2/p' | sort | uniq -c |
	sed 's/^ */# /; s/\([0-9]\) /\1 tests: /' | tee "$log/counts"
differ() { [ "$(awk '{ print $2 }' | sort -u | wc -l)" != 1 ]; }
result "$(grep -Ev ', (daemon|a few)$' "$log/counts" | differ; echo $((!$?)))" \
	"every machine ran the same number of unit tests" "$log/counts"
if grep -q ', daemon$' "$log/counts"; then
	result "$(grep ', daemon$' "$log/counts" | differ; echo $((!$?)))" \
		"every machine ran the same number of tests of the daemon" "$log/counts"
fi
echo "# took $((SECONDS - began)) s"
