# shellcheck shell=sh disable=SC2154 # variables of image/card/init.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the first program of a card under test, in the initial RAM disk, with the system in /root.
mkdir -p /root/test
cp /script /root/test/script
tty=${line##*console=}
tty=${tty%%[, ]*}
cat >/root/etc/systemd/system/card-test.service <<END
[Unit]
Description=The test of this card
After=mmcgadgetd.service
[Service]
ExecStart=/bin/sh /test/script
StandardOutput=file:/dev/$tty
StandardError=file:/dev/$tty
END
# A version that does not start its drive.
case $line in *card.test=no-drive*)
	if [ "$slot" = a ]; then
		mkdir /root/etc/systemd/system/mmcgadgetd.service.d
		printf '[Service]\nExecStart=\nExecStart=/usr/bin/false\n' >/root/etc/systemd/system/mmcgadgetd.service.d/none.conf
	fi
	;;
esac
ln -s ../card-test.service /root/etc/systemd/system/card.target.wants/card-test.service
