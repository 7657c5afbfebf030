#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For FULL=1: the suites of the page (test/suites/web.sh, web_upload.sh) with this release's libmicrohttpd, libcurl and
# crypt: every route, odd requests, sessions, uploads and downloads that are killed. They have the daemon without USB.
. ./lib.sh

# The suites ask Python for a port that is free. No guest has Python, and here all are.
python3() { echo 8090; }
export -f python3
ip link set lo up
export TMPDIR=$work # /tmp may be in memory
cd /src || finish
for suite in web web_upload; do
	O=/build bash "test/suites/$suite.sh" >"$work/$suite" 2>&1
	rc=$?
	# The plan comes last: without it the suite has ended early.
	while IFS= read -r line; do
		case $line in
		'ok '*' # SKIP '*) fail "$suite: nothing is skipped: ${line#ok * - }" ;;
		'ok '*) ok "$suite: ${line#ok * - }" ;;
		'not ok '*) fail "$suite: ${line#not ok * - }" ;;
		'1..'*) ;;
		*) echo "#   ${line#'# '}" ;;
		esac
	done <"$work/$suite"
	check "$suite: it came to its end" grep -q '^1\.\.[1-9]' "$work/$suite"
	is "$suite: its exit code" $rc 0
done
finish
