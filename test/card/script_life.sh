# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test when the drive is up: reports what is there, then burns disc after disc and
# reports its progress until the power is cut. Each line begins with "CARD" and a word.
export PATH=/usr/sbin:/usr/bin HOME=/root
media=/var/lib/mmcgadget
say() { echo "CARD $*"; }
# systemd has left the terminal in the middle of a line.
echo

tries=0
until [ "$(cat /sys/class/udc/*/state 2>/dev/null)" = configured ] || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
say drive "$(cat /sys/class/udc/*/state)"
# When the PC of this machine has configured it, in seconds from the kernel's first instruction.
say configured "$(dmesg | sed -n 's/^\[ *\([0-9.]*\)\] usb-storage .*USB Mass Storage device detected.*/\1/p' | head -n 1)"
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
set -- $media/*.iso
say discs $#
for f; do
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
	rm -r /run/pc/tmp/files # the PC's files are in this machine's RAM, and it may have 128 MB
	say image "$(sha256sum </run/pc/tmp/image.iso | cut -d' ' -f1) $(stat -c %s /run/pc/tmp/image.iso) $name"
	say burning $disc
	size=$(stat -c %s /run/pc/tmp/image.iso)
	chroot /run/pc growisofs -use-the-force-luke=tty -use-the-force-luke=bufsize:4m -dvd-compat -Z /dev/sr0=/tmp/image.iso >/run/burn 2>&1 &
	burner=$!
	said=''
	while kill -0 $burner 2>/dev/null; do
		if [ -z "$said" ] && mmcgadgetctl status | grep -q recorded; then
			said=1
			say recording $disc
		fi
		sleep 0.2
	done
	wait $burner
	say burned "$? $(tail -n 1 /run/burn)"
	say read "$(head -c "$size" /dev/sr0 | sha256sum | cut -d' ' -f1)"
	# udev's rule for drives locks the door when it finds a disc (cdrom_id --lock-media), so that "eject" and the
	# button have to unlock it first, as here. A program of udev may lock it again between the two commands.
	tries=0
	until chroot /run/pc sg_prevent --allow /dev/sr0 2>/run/eject && chroot /run/pc sg_start --eject /dev/sr0 2>/run/eject; do
		tries=$((tries + 1))
		[ $tries != 1 ] || say eject "refused: $(tail -n 1 /run/eject)"
		[ $tries -lt 60 ] || break
		sleep 1
	done
	# The disc gets its label as its name, and the next blank comes.
	tries=0
	until [ -e "$media/$name.iso" ] && mmcgadgetctl status | grep -q 'disc *blank' || [ $tries = 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	say sum "$name.iso $(sha256sum <"$media/$name.iso" | cut -d' ' -f1)"
	mmcgadgetctl list | sed 's/^/CARD list /'
	say finished $disc
done
