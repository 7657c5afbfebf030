#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole USB path in virtual machines: Debian 12 (Linux 6.1) and Debian 13 (Linux 6.12).
#   guest.sh [bookworm|trixie|power|two_machines|two_machines_usbip]...   only these; everything without an
#   argument, two_machines_usbip only with FULL=1
#   guest.sh boots bookworm|trixie   prints the names of its boots
# Each job runs once, in one of two boots. FULL=1 repeats the jobs whose outcome may depend on the
# kernel or the speed (full, high, super), and adds the longest: 1 GB, a disc to its last block,
# 200 swaps, 20 power cuts.
#   GUESTS="trixie/super power"   only these boots      JOBS="t_swap t_big"   only these jobs
# power.sh and two_machines*.sh boot machines of their own and cut their power, or the network between them.
# A job that failed is never run again.
set -u
O=${O:-build}
export O FULL=${FULL:-}
e2e=test/e2e
begun=$SECONDS

# The jobs of each boot, in order. t_service must begin without a USB device controller, and
# t_functions in a boot that had no gadget before.
declare -A list=(
	[bookworm/high]="t_service t_loopback t_network smoke_kernel t_info t_burn t_swap t_big t_bot t_bad t_start_stop t_usb"
	[trixie/super]="t_functions t_script t_kill t_race t_watch t_block_media t_cd t_multi t_survive t_slow t_stall t_readme t_ci t_burned t_faults"
)
# The jobs whose outcome may depend on kernel and speed.
wire="t_info t_burn t_swap t_big t_bot t_bad t_start_stop t_kill t_race t_usb"
declare -A list_full=(
	[bookworm/high]="t_service t_loopback t_network smoke_kernel $wire t_script t_full"
	[trixie/super]="t_functions smoke_kernel $wire t_watch t_block_media t_cd t_multi t_survive t_page t_web"
	[trixie/high]="t_service t_loopback t_network t_demo t_burn t_bot t_slow t_stall t_udisks"
	[bookworm/super]="t_readme t_bot t_burned t_cd t_usb t_ci t_faults t_page t_udisks"
	[bookworm/full]="t_bot"
)
boots=(bookworm/high trixie/super)
if [ -n "$FULL" ]; then
	boots=(bookworm/high trixie/super trixie/high bookworm/super bookworm/full)
	for boot in "${!list_full[@]}"; do
		list[$boot]=${list_full[$boot]}
	done
fi
scenario_suite=bookworm

# mawk waits for a full buffer of input without the option "interactive".
prompt_awk=(awk)
if awk -W version 2>&1 </dev/null | grep -q mawk; then prompt_awk=(awk -W interactive); fi

# named BOOT [JOB]: prints results as they come, with boot and job in their names.
named() {
	"${prompt_awk[@]}" -v boot="$1" -v job="${2:-}" '
		/^# job / { job = $3; next }
		/^(not )?ok / {
			sub(/ok( [0-9]+)?( -)?/, "ok - " (boot == job ? "" : boot " ") job ":")
			print
			fflush()
			next
		}
		/^1\.\./ { next }
		/^[ \t]*#/ { print "# " boot " " $0; fflush(); next }
		{ print "# " boot " # " $0; fflush() }'
}

# Prints the results of a command. If it failed without a "not ok" line, its exit code becomes one.
print_results() { # BOOT [JOB] -- COMMAND...
	local name=$1 job=''
	shift
	if [ "$1" != -- ]; then
		job=$1
		shift
	fi
	shift
	"$@" 2>&1 | named "$name" "$job" | tee "$log"
	if [ "${PIPESTATUS[0]}" != 0 ] && ! grep -q '^not ok' "$log"; then
		echo "not ok - $name ended with an error"
	fi
}

boot() { # SUITE/SPEED
	local args=(--timeout 3600) job
	# Swaps, seconds of idle time and kills in t_race.sh, t_swap.sh and t_kill.sh.
	export SWAPS=20 IDLE=10 KILLS=2
	if [ -n "$FULL" ]; then
		args=(--timeout 9000)
		export SWAPS=60 IDLE=10 KILLS=5
		[ "$1" != bookworm/high ] || export SWAPS=200 IDLE=60
	fi
	for job in ${JOBS:-${list[$1]:-${list_full[$1]}}}; do
		args+=(--job "$e2e/$job.sh")
	done
	print_results "$1" -- "$e2e/guest.sh" --suite "${1%/*}" --speed "${1#*/}" "${args[@]}"
}

run() { # BOOT OR SCENARIO
	local since=$SECONDS log
	log=$(mktemp)
	case $1 in
	*/*) boot "$1" ;;
	*) SUITE=$scenario_suite print_results "$1" "$1" -- "$e2e/$1.sh" ;;
	esac
	echo "# $1 took $((SECONDS - since)) s"
	rm -f "$log"
}

if [ "${1:-}" = boots ]; then
	printf '%s\n' "${boots[@]}" | grep "^${2:?usage: guest.sh boots bookworm|trixie}/"
	exit
fi
read -ra wanted <<<"${GUESTS:-}"
if [ "${#wanted[@]}" = 0 ]; then
	if [ $# = 0 ]; then
		# Two at a time, since guests mostly wait for polls and burners; each of the two has its own build.
		"$0" bookworm power two_machines ${FULL:+two_machines_usbip} &
		"$0" trixie &
		wait
		exit
	fi
	for what; do
		case $what in
		bookworm | trixie)
			for each in "${boots[@]}"; do
				[ "${each%/*}" != "$what" ] || wanted+=("$each")
			done
			;;
		power | two_machines | two_machines_usbip) wanted+=("$what") ;;
		*)
			echo "usage: guest.sh [bookworm|trixie|power|two_machines|two_machines_usbip]..." >&2
			exit 2
			;;
		esac
	done
fi
for suite in $(for each in "${wanted[@]}"; do
	case $each in
	*/*) echo "${each%/*}" ;;
	*) echo $scenario_suite ;;
	esac
done | sort -u); do
	if ! "$e2e/build.sh" "$suite" >/dev/null; then
		echo "not ok - the build in the $suite guest"
		exit 1
	fi
done
echo "# guests ready after $((SECONDS - begun)) s"
for each in "${wanted[@]}"; do
	run "$each"
done
