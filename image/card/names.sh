#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the name servers that systemd-networkd has learned to resolv.conf, for systemd-timesyncd. The image has
# no systemd-resolved.
#   names.sh STATE RESOLV.CONF
for server in $(sed -n 's/^DNS=//p' "$1"); do
	echo "nameserver $server"
done >"$2.new"
mv "$2.new" "$2"
