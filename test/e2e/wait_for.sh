# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts in guests, to wait for conditions that no event reports.

# wait_for SECONDS COMMAND...: repeats the command until it succeeds, and returns 0; returns 1 after the
# time limit. Prints nothing. It pauses for 0.3 s between two tries, because in emulation a try costs a
# tenth of a second of CPU that another guest needs. SECONDS is enough for an idle machine; the limit is
# four times that, for an emulated machine on busy processors. A job that tests a time limit, such as the
# 3 s of t_swap.sh, measures the time itself.
wait_for() {
	local end=$((SECONDS + 4 * $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		# A pause without a program: nothing ever comes from this pipe.
		read -rt 0.3 -u "$never_ready" || :
	done
}
exec {never_ready}<> <(:)
