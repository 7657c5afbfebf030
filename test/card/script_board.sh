# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test on a model of its board, where there is no device port: reports what is there.
export PATH=/usr/sbin:/usr/bin HOME=/root
say() { echo "CARD $*"; }
# systemd has left the terminal in the middle of a line.
echo
say board "$(tr -d '\000' </proc/device-tree/model), $(uname -m)"
say card "$(awk '$2 == "/boot/firmware" { print $1, $3, substr($4, 1, 2) }' /proc/mounts)"
say mounted "$(awk '$2 == "/var/lib/mmcgadget" { print $3, $4 }' /proc/mounts)"
failed=$(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | paste -sd' ')
say failed "${failed:-none}"
say memory "$(free -m | awk '/^Mem:/ { print $2, $3, $7 }') MB total, used, available"
say port "$(cat /proc/device-tree/soc/usb@7e980000/dr_mode | tr -d '\000') $(basename "$(readlink -f /sys/bus/platform/devices/*980000.usb/driver)")"
say machine "$(cat /etc/machine-id) $(cat /etc/hostname)"
mmcgadgetctl doctor 2>&1 | sed 's/^/CARD doctor /'
mmcgadgetctl status 2>&1 | sed 's/^/CARD status /'
say up
