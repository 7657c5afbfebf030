#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For "make uninstall": removes the files that "make install" has installed, and says what it leaves.
# DESTDIR, PREFIX and SYSCONFDIR are those of the Makefile.
#   uninstall.sh FILE...
set -eu
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr/local} SYSCONFDIR=${SYSCONFDIR:-/etc}
found=''
for file in "$@"; do
	[ ! -e "$DESTDIR$file" ] && [ ! -L "$DESTDIR$file" ] || found=1
done
if [ -z "$found" ]; then
	echo "uninstall: nothing of mmcgadget is below $DESTDIR$PREFIX" >&2
	rc=0
	for other in /usr /usr/local; do
		if [ "$other" = "$PREFIX" ] || [ ! -e "$DESTDIR$other/bin/mmcgadgetctl" ]; then
			continue
		fi
		echo "uninstall: but it is below $DESTDIR$other: make uninstall PREFIX=$other" >&2
		rc=1
	done
	exit $rc
fi
# The package manager removes the files of a package.
if [ -z "$DESTDIR" ] && [ "$PREFIX" = /usr ] && command -v dpkg-query >/dev/null &&
	dpkg-query -W -f '${db:Status-Status}' mmcgadget 2>/dev/null | grep -qx installed; then
	echo "uninstall: the package mmcgadget is installed here: sudo apt purge mmcgadget" >&2
	exit 1
fi
for file in "$@"; do
	rm -f "$DESTDIR$file"
done
echo "uninstall: removed the programs, the service and the manual pages below $DESTDIR$PREFIX"

leaves() { # COMMAND WHAT: what stays, and how it is removed
	printf '  %-44s %s\n' "$1" "$2"
}
echo "What stays, and the command that removes it:"
if [ -z "$DESTDIR" ] && pidof mmcgadgetd >/dev/null 2>&1; then
	leaves "sudo systemctl stop mmcgadgetd" "the daemon that runs"
fi
for made in mmcgadgetd.service.d/loopback mmcgadgetd.service.d/network mmcgadget-usbip.socket.d/network; do
	dropin=/run/systemd/system/$made.conf
	if [ -z "$DESTDIR" ] && [ -e "$dropin" ]; then
		leaves "sudo rm $dropin" "what \"mmcgadgetctl ${made##*/} on\" made, until a reboot"
	fi
done
links=$(cd "$DESTDIR/etc/systemd/system" 2>/dev/null &&
	ls -d -- *.wants/mmcgadgetd.service *.wants/mmcgadget-usbip.socket 2>/dev/null) || true
for link in $links; do
	leaves "sudo rm $DESTDIR/etc/systemd/system/$link" "the service's start at boot"
done
[ ! -e "$DESTDIR$SYSCONFDIR/mmcgadget" ] ||
	leaves "sudo rm -r $DESTDIR$SYSCONFDIR/mmcgadget" "the configuration"
[ ! -e "$DESTDIR/var/lib/mmcgadget" ] ||
	leaves "sudo rm -r $DESTDIR/var/lib/mmcgadget" "YOUR DISCS: $(find -L "$DESTDIR/var/lib/mmcgadget" \
		-type f ! -name '.mmcgadget-*.mmcdisc*' 2>/dev/null | wc -l) files"
[ ! -e "$DESTDIR/var/lib/mmcgadget-usb" ] ||
	leaves "sudo rm -r $DESTDIR/var/lib/mmcgadget-usb" "the serial number of a board that has none of its own"
if [ -z "$DESTDIR" ] && getent passwd mmcgadget >/dev/null; then
	leaves "sudo userdel mmcgadget; sudo groupdel mmcgadget" "the daemon's user and group, which own the discs"
fi
