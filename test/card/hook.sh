# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the first program of a card under test, in the initial RAM disk, with the system in /root.
mkdir -p /root/test
cp /script /root/test/script
cat >/root/etc/systemd/system/card-test.service <<END
[Unit]
Description=The test of this card
After=mmcgadgetd.service
[Service]
ExecStart=/bin/sh /test/script
StandardOutput=file:/dev/ttyAMA0
StandardError=file:/dev/ttyAMA0
END
ln -s ../card-test.service /root/etc/systemd/system/card.target.wants/card-test.service
