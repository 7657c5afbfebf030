# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts in guests: the one way to wait for what sends no event.

# wait_for SECONDS COMMAND...: runs the command until it succeeds, and returns 0 then; returns 1 when it
# has not. Prints nothing. It pauses for 0.3 s between two tries: in emulation a try costs a tenth of a
# second of a processor that another guest wants. SECONDS is what an idle machine may need; an emulated
# one on processors with other work gets four times that. What has a limit of its own, such as the 3 s of
# t_swap.sh, is measured there.
wait_for() {
	local end=$((SECONDS + 4 * $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.3
	done
}
