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
	[trixie/super]="t_functions $everything t_watch t_multi t_survive"
	[trixie/high]="t_service t_burn t_bot t_slow t_stall"
	[bookworm/super]="t_service t_readme t_bot t_catch t_usb"
	[bookworm/full]="t_bot"
)
# shellcheck disable=SC2206 # words
guests=(${GUESTS:-bookworm/high trixie/super power two trixie/high bookworm/super bookworm/full})
scenario_suite=bookworm

# What failed in the first round: guest, job, the line; by tabs.
failed=$(mktemp)
trap 'rm -f "$failed" "$failed".*' EXIT

# Results as they are printed, with guest and job in their names. In the first round what
# fails goes into $failed instead, unless a second boot could not say anything about it.
results() { # GUEST JOB ROUND
	awk -v guest="$1" -v job="$2" -v round="$3" -v failed="$failed" '
		function report(line) {
			if (line ~ /^not ok/ && (round == 2 || job == "kernel" || line ~ /did not finish/)) {
				print guest >>(failed ".for-good")
			} else if (line ~ /^not ok/) {
				print guest "\t" job "\t" line >>failed
				line = "# failed, so it has to show it again: " line
			}
			print line
			fflush()
		}
		/^# job / { job = $3; next }
		/^(not )?ok / { sub(/ok( [0-9]+)?( -)?/, "ok - " (guest == job ? "" : guest " ") job ":"); report($0); next }
		/^1\.\./ { next }
		/^[ \t]*#/ { report("# " guest " " $0); next }
		{ report("# " guest " # " $0) }'
}

# One boot.
boot() { # SUITE/SPEED ROUND [JOB...]
	local guest=$1 round=$2 args=(--timeout 2400) job
	shift 2
	[ $# -gt 0 ] || eval "set -- ${JOBS:-${list[$guest]}}"
	for job; do
		args+=(--job "$e2e/$job.sh")
	done
	if [ -n "${FULL:-}" ] && [ "$round $guest" = "1 bookworm/high" ]; then
		args+=(--job "$e2e/t_full.sh" --timeout 9000)
	fi
	# Many swaps and a long idle time once; the kernels do not differ in it.
	if [ "$guest" = bookworm/high ]; then export IDLE=60; else export SWAPS=60; fi
	"$e2e/guest.sh" --suite "${guest%/*}" --speed "${guest#*/}" "${args[@]}" 2>&1 |
		results "$guest" '' "$round"
	[ "${PIPESTATUS[0]}" = 0 ]
}

# A scenario whose script runs out here.
scenario() { # NAME ROUND
	local began=$SECONDS
	SUITE=$scenario_suite "$e2e/$1.sh" 2>&1 | results "$1" "$1" "$2"
	local rc=${PIPESTATUS[0]}
	echo "# $1 took $((SECONDS - began)) s"
	return "$rc"
}

run() { # GUEST ROUND [JOB...]
	case $1 in
	*/*) boot "$@" ;;
	*) scenario "$1" "$2" ;;
	esac
}

# An end with an error needs a line that says so.
ended() { # GUEST
	cut -f 1 "$failed" "$failed.for-good" | grep -qx "$1" || echo "not ok - $1 ended with an error"
}

# Emulated machines on few cores: a job can meet what no board would do to it, and has a second
# chance, alone in a boot. That it needed one is printed and counted. What is broken fails again,
# and more than two jobs that fail are no accident.
second_round() {
	local job jobs lines
	lines=$(cut -f 3 "$failed")
	mapfile -t jobs < <(cut -f 1,2 "$failed" | sort -u)
	# From now on each says it for good.
	: >"$failed"
	[ "${#jobs[@]}" -gt 0 ] || return
	if [ "${#jobs[@]}" -gt 2 ]; then
		echo "$lines"
		return
	fi
	for job in "${jobs[@]}"; do
		run "${job%%$'\t'*}" 2 "${job#*$'\t'}" || ended "${job%%$'\t'*}"
	done
	echo "# jobs that had a second chance: ${#jobs[@]}, ${jobs[*]//$'\t'/ }"
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
running=0
for g in "${guests[@]}"; do
	if [ "$running" = 2 ]; then
		wait -n
		running=1
	fi
	{ run "$g" 1 || echo "$g" >>"$failed.ended"; } &
	running=$((running + 1))
done
wait
touch "$failed.ended" "$failed.for-good"
while read -r g; do
	ended "$g"
done <"$failed.ended"
second_round
echo "# guests took $((SECONDS - began)) s"
