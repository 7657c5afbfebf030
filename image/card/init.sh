#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The first program, from the initial RAM disk: finds the card, mounts the read-only root of one slot
# below a layer in RAM, lets prepare.sh do what must be done before systemd, and starts systemd.
# The kernel's command line has mmcgadget.disk=SIGNATURE, the four bytes of the card's MBR as they lie
# there, and mmcgadget.slot=a or b. Only busybox and the modules that /modules lists are here.
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

disk='' slot=a signature=''
read -r line </proc/cmdline
for word in $line; do
	case $word in
	mmcgadget.disk=*) signature=${word#*=} ;;
	mmcgadget.slot=b) slot=b ;;
	esac
done
# insmod waits for no hardware: modules for parts that this board does not have load, too.
while read -r module; do
	insmod "/lib/modules/$module" 2>/dev/null
done </modules

# fail MESSAGE: says why nothing starts, and restarts. After the trial of a new version the other slot starts
# then; but if no card was found, nothing could be written to it, and the same slot starts again.
fail() {
	echo "mmcgadget: $1; restart in 20 seconds" >/dev/console
	sleep 20
	reboot -f
	sleep 60
}

# A card appears after its controller; the first try is usually early.
tries=0
while [ -z "$disk" ]; do
	for d in /sys/block/*; do
		d=${d##*/}
		case $d in loop* | ram* | zram* | sr* | mmcblk*boot*) continue ;; esac
		[ "$(hexdump -v -s 440 -n 4 -e '4/1 "%02x"' "/dev/$d" 2>/dev/null)" != "$signature" ] || disk=$d
	done
	[ -z "$disk" ] || break
	tries=$((tries + 1))
	[ "$tries" -lt 300 ] || fail "no card with the signature $signature"
	sleep 0.1
done
case $disk in
*[0-9]) part=/dev/${disk}p ;;
*) part=/dev/$disk ;;
esac
[ "$slot" = b ] && system=${part}4 || system=${part}2

# A new version that was never seen to work is tried once: from now on the old one is the next to start.
# "mmcgadget-update --commit" makes this one the next to start again when the drive is there.
mount -t vfat -o ro,umask=022 "${part}1" /fat || echo "mmcgadget: ${part}1 is not readable" >/dev/console
if [ "$(cat /fat/trial.txt 2>/dev/null)" = "trial=$slot" ]; then
	[ "$slot" = b ] && other=a || other=b
	if mount -o remount,rw /fat; then
		sh /next.sh $other /fat
		mount -o remount,ro /fat
	fi
fi

mount -t erofs -o ro "$system" /low || fail "the system of slot $slot is damaged"
mount -t tmpfs -o size=40%,mode=755 tmpfs /ram
mkdir /ram/up /ram/work
mount -t overlay -o lowerdir=/low,upperdir=/ram/up,workdir=/ram/work overlay /root ||
	fail "no layer in RAM over the system of slot $slot"
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
mount --move /fat /root/boot/firmware
# A second initial RAM disk, which the tests append, can change this system before it starts.
[ ! -e /hook ] || . /hook
chroot /root /bin/sh /usr/lib/mmcgadget-card/prepare.sh "/dev/$disk" "${part}3"
exec switch_root /root /usr/lib/systemd/systemd
