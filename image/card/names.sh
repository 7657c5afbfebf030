#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes a resolv.conf with the name servers that systemd-networkd has learned, for systemd-timesyncd. The image
# has no systemd-resolved.
#   names.sh STATE RESOLV.CONF
# If STATE changes while this runs, systemd does not start it again: so it looks again at the end.
state=none
until [ "$state" = "$(cat "$1")" ]; do
	state=$(cat "$1")
	for server in $(printf '%s\n' "$state" | sed -n 's/^DNS=//p'); do
		echo "nameserver $server"
	done >"$2.new"
	mv "$2.new" "$2"
done
