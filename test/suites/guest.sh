#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole USB path in virtual machines: Debian 12 (kernel 6.1) and Debian 13
# (kernel 6.12), full, high and super speed. Two guests run at a time, each waits much
# of its time for polls and sleeps of kernels and burners.
# power.sh and two.sh boot and kill machines of their own; they are guests like the others here.
#   GUESTS="trixie/super power"   only these      JOBS="t_swap t_big"   only these jobs
#   FULL=1   the long ones too: 1 GB with figures, a disc to its last block, 20 power cuts
set -u
O=${O:-build}
export O
e2e=test/e2e
began=$SECONDS

everything="smoke_kernel t_info t_burn t_swap t_big t_bot t_bad t_life t_kill t_race t_usb"
# The conversations are the longest, and know neither kernel nor speed: once is enough. So is it
# of what is about files more than about USB.
declare -A list=(
	[bookworm/high]="$everything t_script"
	[trixie/super]="$everything t_multi t_survive"
	[trixie/high]="t_info t_burn t_bot t_slow"
	[bookworm/super]="t_info t_bot t_usb"
	[bookworm/full]="t_bot"
)
# shellcheck disable=SC2206 # words
guests=(${GUESTS:-bookworm/high trixie/super power two trixie/high bookworm/super bookworm/full})
scenario_suite=bookworm

# One boot; its results carry guest and job in their names.
boot() { # SUITE/SPEED
	local args=(--timeout 2400) job
	for job in ${JOBS:-${list[$1]}}; do
		args+=(--job "$e2e/$job.sh")
	done
	if [ -n "${FULL:-}" ] && [ "$1" = bookworm/high ]; then
		args+=(--job "$e2e/t_full.sh" --timeout 9000)
	fi
	# Many swaps and a long idle time once; the kernels do not differ in it.
	if [ "$1" = bookworm/high ]; then export IDLE=60; else export SWAPS=60; fi
	"$e2e/guest.sh" --suite "${1%/*}" --speed "${1#*/}" "${args[@]}" 2>&1 | awk -v guest="$1" '
		/^# job / { job = $3 ":"; next }
		/^(not )?ok / { sub(/ok( [0-9]+)?( -)?/, "ok - " guest " " job); print; fflush(); next }
		/^1\.\./ { next }
		/^[ \t]*#/ { print "# " guest " " $0; fflush(); next }
		{ print "# " guest " # " $0; fflush() }'
	[ "${PIPESTATUS[0]}" = 0 ]
}

# A scenario whose script runs out here.
scenario() { # NAME
	local began=$SECONDS
	SUITE=$scenario_suite "$e2e/$1.sh" 2>&1 | awk -v name="$1" '
		/^(not )?ok / { sub(/ok( [0-9]+)?( -)?/, "ok - " name ":"); print; fflush(); next }
		/^1\.\./ { next }
		/^[ \t]*#/ { print "# " name " " $0; fflush(); next }
		{ print "# " name " # " $0; fflush() }'
	local rc=${PIPESTATUS[0]}
	echo "# $1 took $((SECONDS - began)) s"
	return "$rc"
}

for suite in $(for g in "${guests[@]}"; do
	case $g in
	*/*) echo "${g%/*}" ;;
	*) echo $scenario_suite ;;
	esac
done | sort -u); do
	if ! "$e2e/build.sh" "$suite" >/dev/null; then
		echo "not ok - the build in the $suite guest"
		exit 1
	fi
done
echo "# guests ready after $((SECONDS - began)) s"
bad=0
running=0
for g in "${guests[@]}"; do
	if [ "$running" = 2 ]; then
		wait -n || bad=1
		running=1
	fi
	case $g in
	*/*) boot "$g" & ;;
	*) scenario "$g" & ;;
	esac
	running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
	wait -n || bad=1
	running=$((running - 1))
done
echo "# guests took $((SECONDS - began)) s"
exit "$bad"
