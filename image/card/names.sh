#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the name servers that systemd-networkd has learned to resolv.conf, for systemd-timesyncd. The image has
# no systemd-resolved.
#   names.sh STATE RESOLV.CONF
# A change while this runs does not start it again.
state=none
until [ "$state" = "$(cat "$1")" ]; do
	state=$(cat "$1")
	for server in $(printf '%s\n' "$state" | sed -n 's/^DNS=//p'); do
		echo "nameserver $server"
	done >"$2.new"
	mv "$2.new" "$2"
done
