# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test: looks at what the settings have started, updates the card, if there is a disk with
# an update, and reports.
export PATH=/usr/sbin:/usr/bin HOME=/root
say() { echo "CARD $*"; }
# systemd has left the terminal in the middle of a line.
echo
tries=0
until [ "$(cat /sys/class/udc/*/state 2>/dev/null)" = configured ] || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
say slot "$(sed 's/.*mmcgadget.slot=\(.\).*/\1/' /proc/cmdline) $(cat /sys/class/udc/*/state)"
say mounted "$(awk '$2 == "/var/lib/mmcgadget" { print $3, $4 }' /proc/mounts)"
# A disc, which the update must keep.
[ -e /var/lib/mmcgadget/kept.iso ] || {
	head -c 1000000 /dev/urandom >/var/lib/mmcgadget/kept.iso
	sync
}
say disc "$(sha256sum </var/lib/mmcgadget/kept.iso | cut -d' ' -f1)"
say machine "$(cat /etc/machine-id) $(cat /etc/hostname)"
listens() { grep -q ":00$1 .* 0A " /proc/net/tcp /proc/net/tcp6; } # PORT in hexadecimal
# Waits for the servers; their ports, in hexadecimal: 50 is the web page, 16 is ssh.
tries=0
until listens 50 && [ -e /etc/mmcgadget/web.passwd ] && { [ ! -e /root/.ssh ] || listens 16; } || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
say ports "$(awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6 | sort -u | paste -sd' ')"
log_in() { # PASSWORD
	wget -q -O /dev/null --header 'Content-Type: application/json' --header 'X-Mmcgadget: 1' --post-data "{\"password\":\"$1\"}" \
		http://127.0.0.1/api/v1/session >/run/web.log 2>&1
	echo "$? $(cat /run/web.log)"
}
say wrong "$(log_in 'no such password')"
say right "$(log_in 'Page-Secret 17')"
# A key of this card, for the test of ssh: at the next start it is in mmcgadget.txt.
key=/var/lib/mmcgadget/.system/test-key
[ -e $key ] || dropbearkey -t ed25519 -f $key >/dev/null 2>&1
say key "$(dropbearkey -y -f $key 2>/dev/null | grep ^ssh-)"
ssh_to() { timeout 60 dbclient -y -y "$@" root@127.0.0.1 cat /etc/hostname </dev/null 2>/run/ssh.log | tail -n 1; }
say ssh "with the key: $(ssh_to -i $key), without: $(ssh_to)"
# scp of OpenSSH needs sftp: SSH_FXP_INIT is answered by SSH_FXP_VERSION, which is type 2.
# The server ends with its input, also before it has answered, so the input stays open for a while.
say sftp "$({
	printf '\000\000\000\005\001\000\000\000\003'
	sleep 20
} | timeout 60 dbclient -y -y -i $key -s root@127.0.0.1 sftp 2>/dev/null |
	hexdump -v -n 5 -e '5/1 "%u "' | cut -d' ' -f5)"

# The PC's side of the network over the cable has a network namespace of its own, as another machine would.
pc_network() {
	pc=''
	for d in /sys/class/net/*; do
		case $(readlink "$d/device/driver") in */cdc_ncm) pc=${d##*/} ;; esac
	done
	[ -n "$pc" ] || {
		echo 'the PC has no network card'
		return
	}
	unshare -n sleep 300 &
	there=$!
	until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
	ip link set dev "$pc" netns $there
	printf '#!/bin/sh\n[ "$1" != bound ] || { ip addr add "$ip/$mask" dev "$interface"; echo "$ip/$mask $serverid" >/run/lease; }\n' >/run/lease.sh
	chmod 755 /run/lease.sh
	nsenter -t $there -n ip link set "$pc" up
	nsenter -t $there -n udhcpc -i "$pc" -n -q -t 120 -T 1 -s /run/lease.sh >/run/dhcp.log 2>&1 || tail -n 1 /run/dhcp.log
	nsenter -t $there -n wget -q -O /run/page http://10.55.0.1/ 2>&1
	echo "$(cat /run/lease) $(grep -c '<title>' /run/page)"
	kill $there
}
# Prints what the shell on the serial port answers. The terminal's echo of the command does not match it.
pc_serial() {
	(
		tries=0
		until [ -e /dev/ttyACM0 ] || [ $tries = 120 ]; do
			tries=$((tries + 1))
			sleep 1
		done
		exec 5<>/dev/ttyACM0 && stty raw -echo <&5 || exit
		cat <&5 >/run/serial &
		tries=0
		until grep -q '42 root' /run/serial || [ $tries = 300 ]; do
			# shellcheck disable=SC2016 # for the other shell
			printf 'echo $((6 * 7)) $(id -un)\n' >&5
			tries=$((tries + 1))
			sleep 1
		done
		kill $!
	)
	grep -o '42 root' /run/serial | head -n 1
}
if [ -e /etc/systemd/network/usb0.network ]; then
	say network "$(pc_network | paste -sd' ')"
	say address "$(ip -4 addr show dev usb0 | awk '$1 == "inet" { print $2 }')"
fi
[ ! -e /etc/udev/rules.d/90-card-serial.rules ] || say shell "$(pc_serial)"
[ ! -e /etc/wpa_supplicant/wpa_supplicant-wlan0.conf ] || say timesyncd "$(systemctl is-active systemd-timesyncd.service card-names.path | paste -sd' ')"
# A board's systemd-networkd learns name servers from the Wi-Fi. Here, the network over the cable is given one.
[ ! -e /etc/wpa_supplicant/wpa_supplicant-wlan0.conf ] || {
	mkdir -p /run/systemd/network/usb0.network.d
	printf '[Network]\nDNS=192.0.2.53\n' >/run/systemd/network/usb0.network.d/names.conf
	systemctl restart systemd-networkd.service
	tries=0
	until grep -qs nameserver /etc/resolv.conf || [ $tries = 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	say names "$(cat /etc/resolv.conf)"
}
journalctl -q --no-pager >/run/journal
say journal "$(wc -l </run/journal) lines, passwords in $(grep -cE 'Page-Secret|Wave-Secret' /run/journal)"
failed=$(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | paste -sd' ')
say failed "${failed:-none}"
say up
for d in /sys/block/vd*; do
	[ "$(cat "$d/serial")" != update ] || update=${d##*/}
done
if [ -n "${update:-}" ]; then
	mkdir -p /run/update
	mount -t ext4 -o ro "/dev/$update" /run/update
	mmcgadget-update /run/update/card.update
	say update $?
	sync
	say off
	exit 0
fi
until [ "$(cut -c7 /boot/firmware/trial.txt)" = - ]; do sleep 1; done
sync
say trial -
# The test does not wait for card-report.timer, which starts this a minute after the system.
systemctl start card-report.service
say report $?
