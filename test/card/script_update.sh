# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test: updates it, if there is a disk with an update, and reports.
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
# A disc, which stays.
[ -e /var/lib/mmcgadget/kept.iso ] || {
	head -c 1000000 /dev/urandom >/var/lib/mmcgadget/kept.iso
	sync
}
say disc "$(sha256sum </var/lib/mmcgadget/kept.iso | cut -d' ' -f1)"
say machine "$(cat /etc/machine-id) $(cat /etc/hostname)"
listens() { grep -q ":00$1 .* 0A " /proc/net/tcp /proc/net/tcp6; } # PORT in hexadecimal
# What listens, in hexadecimal: 50 is the web page, 16 is ssh.
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
say right "$(log_in 'a password')"
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
# What its timer starts a minute after the start.
systemctl start card-report.service
say report $?
