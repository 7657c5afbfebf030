#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A PC without a board, as its user has it: root turns "mmcgadgetctl loopback" on, then the user, who is in
# no group of ours, inserts, mounts, burns and ejects discs in a folder of the home; root turns it off.
# The service is enabled, as the package leaves it: udev starts it when dummy_hcd makes a controller.
# shellcheck disable=SC2154 # media, work and sr are lib.sh's
. ./lib.sh

useradd -m -G cdrom carol
user=(setpriv --reuid carol --regid carol --init-groups env HOME=/home/carol)
discs=/home/carol/mmcgadget-discs
make_iso READ 4 "$work/read.iso"
make_iso BURN 4 "$work/burn.iso"
chmod 755 "$work"
# A user may mount a drive that fstab lists so. (A desktop asks udisks.) norock: the disc's folder is root's.
mkdir -p /mnt/disc
cp /etc/fstab "$work/fstab"
echo '/dev/sr0 /mnt/disc iso9660 ro,user,noauto,norock 0 0' >>/etc/fstab
# Earlier jobs have loaded dummy_hcd.
[ ! -e /sys/module/dummy_hcd ] || wait_for 10 udc_unload
loaded() { grep -oE '^(usb_f_fs|dummy_hcd|libcomposite) ' /proc/modules | sort; }
before=$(loaded)
systemctl enable -q mmcgadgetd

# ---- on, by the lines of the README ----
mapfile -t typed < <(awk '/^## / { on = /On a PC without a board/ } on && sub(/^    /, "")' /src/README.md)
is "the README has three lines for a PC without a board" "$(printf '%s|' "${typed[@]}")" \
	'sudo mmcgadgetctl loopback on|mmcgadgetctl blank holiday.iso|lsblk -o NAME,VENDOR,MODEL|'
like "the README names the folder" "$(tr '\n' ' ' </src/README.md)" "files in the folder .${discs##*/}. of your home"
text=$("${user[@]}" mmcgadgetctl loopback on 2>&1)
like "without root: on says what to type" "$text" "${typed[0]}\$"
# shellcheck disable=SC2086 # words; there is no sudo here, which sets this variable
lines=40 check "${typed[0]}" env "SUDO_UID=$(id -u carol)" ${typed[0]#sudo } || {
	systemctl status mmcgadgetd --no-pager -l | sed 's/^/#   /'
	journalctl -u mmcgadgetd --no-pager -n 20 | sed 's/^/#   /'
	finish
}
wait_for 30 have_drives 1
sr=$(host_drives)
text=$("${user[@]}" mmcgadgetctl loopback)
like "loopback: the PC is its own host, and has the drive" "$text" "its own host: it has the drive as /dev/$sr; .* $discs, of the user carol"
like "status: the PC is its own host" "$("${user[@]}" mmcgadgetctl status)" 'dummy_udc.0; this PC is its own host'
like "doctor: all is well" "$("${user[@]}" mmcgadgetctl doctor)" 'All is well: this machine has the drive'
pid=$(systemctl show -P MainPID mmcgadgetd)
is "the daemon is the user" "$(stat -c %U "/proc/$pid")" carol
is "of all homes, the daemon sees the folder alone" "$(nsenter -t "$pid" -m find /home -mindepth 1 | sort | paste -sd' ')" \
	"/home/carol $discs"
check_not "another user may not use it" setpriv --reuid nobody --clear-groups mmcgadgetctl status

# ---- discs, as the user ----
check "an image is copied into the folder" "${user[@]}" cp "$work/read.iso" $discs/
check "it is inserted" "${user[@]}" mmcgadgetctl insert read.iso
check "the PC sees it" wait_for 15 has_label "$sr" READ
check "the user mounts it" "${user[@]}" mount /mnt/disc
like "the user reads it" "$("${user[@]}" head -c 100 /mnt/disc/DATA.BIN 2>&1)" '^READ +00000000 '
text=$(mmcgadgetctl loopback off 2>&1)
like "off is refused while it is mounted" "$text" 'this PC uses the disc'
check "it is unmounted" "${user[@]}" umount /mnt/disc
check "the user ejects it" "${user[@]}" eject "/dev/$sr"
is "it is in the open tray" "$(state state)" ejected

burned() { # NAME
	cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "$discs/$1" && [ "$(stat -c %U:%a "$discs/$1")" = carol:664 ]
}
# shellcheck disable=SC2086 # words
check "${typed[1]}" "${user[@]}" ${typed[1]}
# shellcheck disable=SC2086 # words
like "${typed[2]}: the vendor tells the drives apart" "$("${user[@]}" ${typed[2]})" "^$sr +MMCGADGT +DVD BURNER"
check "the PC sees the blank" wait_for 15 blank_seen
lines=30 check "growisofs burns it" "${user[@]}" growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso"
check "the file equals the source, and belongs to the user" burned holiday.iso
check "a second blank is inserted" "${user[@]}" mmcgadgetctl blank two.iso
check "the PC sees the second blank" wait_for 15 blank_seen
lines=30 check "xorriso burns it, and ejects it" "${user[@]}" xorriso -as cdrecord -eject "dev=/dev/$sr" "$work/burn.iso"
check "the second file equals the source, and belongs to the user" burned two.iso

# ---- off ----
# udev locks the drive as soon as it sees a disc; that alone does not keep the drive.
check "a disc is inserted" "${user[@]}" mmcgadgetctl insert read.iso
check "the PC sees it, too" wait_for 15 has_label "$sr" READ
wait_for_udev
check "off, with a disc that nobody uses" mmcgadgetctl loopback off
wait_for 10 have_drives 0
left() {
	grep -E ' functionfs | /mnt/disc ' /proc/mounts
	ls -d /sys/kernel/config/usb_gadget/* "$run" /run/mmcgadget-usb /run/systemd/system/mmcgadgetd.service.d
	systemctl show -P ActiveState mmcgadgetd | grep -vx inactive
	systemctl show -P User mmcgadgetd | grep -vx mmcgadget
} 2>/dev/null
is "nothing is left: mounts, gadget, service" "$(left)" ''
is "the modules are those from before" "$(loaded)" "$before"
is "the discs are still in the folder" "$(ls $discs | paste -sd' ')" 'holiday.iso read.iso two.iso'
like "loopback: it is off" "$("${user[@]}" mmcgadgetctl loopback)" 'loopback is off'
systemctl disable -q mmcgadgetd
cp "$work/fstab" /etc/fstab
finish
