# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test when the drive is up: reports what is there, then burns disc after disc and
# reports its progress until the power is cut. Each line begins with "CARD" and a word.
export PATH=/usr/sbin:/usr/bin HOME=/root
media=/var/lib/mmcgadget
say() { echo "CARD $*"; }

tries=0
until [ "$(cat /sys/class/udc/*/state 2>/dev/null)" = configured ] || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
say drive "$(cat /sys/class/udc/*/state) at $(cut -d' ' -f1 /proc/uptime) s"
say memory "$(free -m | awk '/^Mem:/ { print $2, $3, $7 }') MB total, used, available"
say mounted "$(awk -v m=$media '$2 == m { print $3, $4 }' /proc/mounts)"
say firmware "$(awk '$2 == "/boot/firmware" { print $3, substr($4, 1, 2) }' /proc/mounts)"
say failed "$(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | paste -sd' ')"
say machine "$(cat /etc/machine-id) $(cat /etc/hostname)"
say type "$(hexdump -v -s 482 -n 1 -e '1/1 "%02x"' "$(awk '$2 == "/boot/firmware" { print substr($1, 1, length($1) - 1) }' /proc/mounts)")"
say features "$(dumpe2fs -h "$(awk -v m=$media '$2 == m { print $1 }' /proc/mounts)" 2>/dev/null | sed -n 's/^Filesystem features: *//p')"
say report "$(tr -s '\n' </boot/firmware/mmcgadget-report.txt | tr '\n' '|')"
mmcgadgetctl list | sed 's/^/CARD list /'
mmcgadgetctl status | sed 's/^/CARD status /'
for f in $media/*.iso; do
	case $(mmcgadgetctl list | grep -F "${f##*/}") in
	*'not finished'* | *blank*) ;;
	*) say sum "${f##*/} $(sha256sum <"$f" | cut -d' ' -f1)" ;;
	esac
done
say up

# The PC of this machine.
for d in /sys/block/vd*; do
	[ "$(cat "$d/serial")" = pc ] && pc=${d##*/}
done
mkdir -p /run/pc
mount -t ext4 -o ro "/dev/$pc" /run/pc
mount -t tmpfs tmpfs /run/pc/tmp
mount --bind /dev /run/pc/dev
mount --bind /proc /run/pc/proc
mount --bind /sys /run/pc/sys
tries=0
until [ -b /dev/sr0 ] || [ $tries = 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
disc=0
while :; do
	disc=$((disc + 1))
	mkdir -p /run/pc/tmp/files
	dd if=/dev/urandom of=/run/pc/tmp/files/random bs=1M count=20 2>/dev/null
	name=BURN$(date +%s | tail -c 5)$disc
	chroot /run/pc genisoimage -quiet -V "$name" -o /tmp/image.iso /tmp/files
	say image "$(sha256sum </run/pc/tmp/image.iso | cut -d' ' -f1) $(stat -c %s /run/pc/tmp/image.iso) $name"
	say burning $disc
	chroot /run/pc growisofs -use-the-force-luke=tty -dvd-compat -Z /dev/sr0=/tmp/image.iso >/run/burn 2>&1 &
	burner=$!
	while kill -0 $burner 2>/dev/null; do
		sleep 0.5
	done
	wait $burner
	say burned "$? $(tail -n 1 /run/burn)"
	say read "$(head -c "$(stat -c %s /run/pc/tmp/image.iso)" /dev/sr0 | sha256sum | cut -d' ' -f1)"
	chroot /run/pc sg_start --eject /dev/sr0 2>/dev/null || say eject failed
	sleep 4
	mmcgadgetctl list | sed 's/^/CARD list /'
	say finished $disc
done
