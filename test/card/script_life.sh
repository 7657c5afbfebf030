# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a card under test when the drive is up: reports what is there, then burns disc after disc and
# reports its progress until the power is cut. Each line begins with "CARD" and a word. With card.test=WORD on
# the kernel's command line:
#   cut    discs that are larger than what a power cut may take, and more reports on the way
#   full   the card is filled after the first disc, and one more burn is tried
#   look   nothing is burned
export PATH=/usr/sbin:/usr/bin HOME=/root
media=/var/lib/mmcgadget
mode=$(sed -n 's/.*card\.test=\([a-z-]*\).*/\1/p' /proc/cmdline)
say() { echo "CARD $*"; }
# systemd has left the terminal in the middle of a line.
echo

number_of() { mmcgadgetctl --json status | grep -o "\"$1\": *[0-9]*" | head -n 1 | tr -d -c 0-9; }
image_in_drive() { mmcgadgetctl --json status | grep -o '"image": *"[^"]*"' | head -n 1 | cut -d'"' -f4; }
has_blank() { mmcgadgetctl status | grep -q 'disc *blank'; }
# pieces FILE BLOCKS: the beginning of the SHA-256 of each whole MiB of these blocks.
pieces() {
	piece=0
	while [ $piece -lt $(($2 / 512)) ]; do
		dd if="$1" bs=1M skip=$piece count=1 2>/dev/null | sha256sum | cut -c1-8
		piece=$((piece + 1))
	done | paste -sd' '
}

tries=0
until [ "$(cat /sys/class/udc/*/state 2>/dev/null)" = configured ] || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
say drive "$(cat /sys/class/udc/*/state)"
# When the PC has configured the drive, in seconds since the kernel started. This machine is board and PC in one
# (test/card/lib.sh).
say configured "$(dmesg | sed -n 's/^\[ *\([0-9.]*\)\] usb-storage .*USB Mass Storage device detected.*/\1/p' | head -n 1)"
say memory "$(free -m | awk '/^Mem:/ { print $2, $3, $7 }') MB total, used, available"
say mounted "$(awk -v m=$media '$2 == m { print $3, $4 }' /proc/mounts)"
say firmware "$(awk '$2 == "/boot/firmware" { print $3, substr($4, 1, 2) }' /proc/mounts)"
failed=$(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | paste -sd' ')
say failed "${failed:-none}"
say machine "$(cat /etc/machine-id) $(cat /etc/hostname)"
say serial "$(cat /sys/kernel/config/usb_gadget/*/strings/0x409/serialnumber)"
say time "$(date +%s)"
say type "$(hexdump -v -s 482 -n 1 -e '1/1 "%02x"' "$(awk '$2 == "/boot/firmware" { print substr($1, 1, length($1) - 1) }' /proc/mounts)")"
say features "$(dumpe2fs -h "$(awk -v m=$media '$2 == m { print $1 }' /proc/mounts)" 2>/dev/null | sed -n 's/^Filesystem features: *//p')"
say report "$(tr -s '\n' </boot/firmware/mmcgadget-report.txt | tr '\n' '|')"
say messages "$(tr '\n' '|' </run/mmcgadget-card.messages)"
mmcgadgetctl list | sed 's/^/CARD list /'
mmcgadgetctl status | sed 's/^/CARD status /'
set -- $media/*.iso
[ -e "$1" ] || shift
say discs $#
for f; do
	# A finished disc, in the drive or not.
	mmcgadgetctl list | grep -F "${f##*/} " | grep -q DVD-ROM || continue
	say sum "${f##*/} $(sha256sum <"$f" | cut -d' ' -f1)"
done
# What a power cut has left in the drive.
if mmcgadgetctl status | grep -qE 'burn (not finished|cut off)'; then
	image=$(image_in_drive) recorded=$(number_of recorded_blocks)
	say left "$image $recorded $(pieces "$media/$image" "$recorded")"
fi
say up
[ "$mode" != look ] || exit 0

# The PC: a disk with the burning programs (pc_disk in test/card/lib.sh).
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

# blank_disc: what a cut has left in the drive is finalised, and a blank takes its place.
blank_disc() {
	! has_blank || return
	mmcgadgetctl close "$(image_in_drive)" >/run/close 2>&1
	mmcgadgetctl blank "next-$(cut -c1-8 /proc/sys/kernel/random/uuid).iso" force=yes >>/run/close 2>&1 || say blank "refused: $(cat /run/close)"
}
fill_card() {
	free=$(df -k $media | awk 'END { print $4 }')
	until fallocate -l $((free * 1024)) $media/filler 2>/run/fill || [ "$free" -lt 1024 ]; do
		free=$((free - 256))
	done
	say filled "$(df -k $media | awk 'END { print $4 }') KiB left $(cat /run/fill)"
}
# burn DISC: growisofs prints "flushing cache" when it begins to close the disc.
burn() {
	{
		chroot /run/pc growisofs -use-the-force-luke=tty -use-the-force-luke=bufsize:4m -dvd-compat -Z /dev/sr0=/tmp/image.iso 2>&1
		echo "exit $?"
	} | while read -r line; do
		echo "$line"
		case $line in
		*'flushing cache'*) [ "$mode" != cut ] || echo "CARD closing $1" >&2 ;;
		esac
	done >/run/burn &
	burner=$!
	far=''
	[ "$mode" != cut ] || say recorded 0
	while kill -0 $burner 2>/dev/null; do
		if [ "$mode" = cut ]; then
			recorded=$(number_of recorded_blocks)
			[ "${recorded:-0}" = 0 ] || say recorded "$recorded"
			# More than a power cut may take.
			[ -n "$far" ] || [ "${recorded:-0}" -le 18000 ] || {
				far=1
				say far "$1"
			}
		fi
		sleep 0.1
	done
	wait $burner
	say burned "$(sed -n 's/^exit //p' /run/burn) $(grep -v '^exit ' /run/burn | tail -n 1)"
}
# A card keeps four discs besides the one in the drive, since all of them are read at each start.
drop_discs() {
	kept=0 image=$(image_in_drive)
	for f in $media/*.iso; do
		[ "${f##*/}" != "$image" ] || continue
		kept=$((kept + 1))
		[ $kept -gt 4 ] || continue
		say gone "${f##*/}"
		mmcgadgetctl delete "${f##*/}" >/dev/null 2>&1
	done
}

disc=0 megabytes=20
[ "$mode" != cut ] || megabytes=60
while :; do
	disc=$((disc + 1))
	mkdir -p /run/pc/tmp/files
	dd if=/dev/urandom of=/run/pc/tmp/files/random bs=1M count=$megabytes 2>/dev/null
	name=BURN$(cut -c1-6 /proc/sys/kernel/random/uuid | tr a-f A-F)$disc
	chroot /run/pc genisoimage -quiet -V "$name" -o /tmp/image.iso /tmp/files
	rm -r /run/pc/tmp/files # the PC's files are in this machine's RAM, and it may have 128 MB
	size=$(stat -c %s /run/pc/tmp/image.iso)
	say image "$(sha256sum </run/pc/tmp/image.iso | cut -d' ' -f1) $size $name"
	[ "$mode" != cut ] || say pieces "$(pieces /run/pc/tmp/image.iso $((size / 2048)))"
	blank_disc
	[ "$mode$disc" != full2 ] || fill_card
	say burning $disc
	burn $disc
	if [ "$mode$disc" = full2 ]; then
		mmcgadgetctl status | sed 's/^/CARD after /'
		say full
		exit 0
	fi
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
	until [ -e "$media/$name.iso" ] && has_blank || [ $tries = 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	say time "$(date +%s)"
	say sum "$name.iso $(sha256sum <"$media/$name.iso" | cut -d' ' -f1)"
	mmcgadgetctl list | sed 's/^/CARD list /'
	say finished $disc
	drop_discs
	[ "$mode" != cut ] || {
		say idle $disc
		sleep 4 # the power may be cut in this time
	}
done
