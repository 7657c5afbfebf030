#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mmcgadget-web when much is asked of it (test/web/load.py).
set -u
O=${O:-build}
if ! [ -x "$O/mmcgadget-web" ]; then
	echo 'ok 1 - mmcgadget-web # SKIP libmicrohttpd is not installed'
	echo '1..1'
	exit 0
fi
exec /usr/bin/python3 test/web/load.py "$O" "$@"
