#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A desktop on a PC without a board: a user who is in no group logs in at the machine's seat, so logind and udev give
# the drive to the user, and polkit allows what the file manager asks of udisks. udisks mounts discs and ejects
# them, GNOME's volume monitor (gio) does the same, growisofs and xorriso burn.
# packages: udisks2 dbus dbus-user-session libpam-systemd polkitd gvfs gvfs-daemons libglib2.0-bin
# shellcheck disable=SC2154 # media, work and sr are lib.sh's
. ./lib.sh

add_packages t_udisks
id -u dora >/dev/null 2>&1 || useradd -m dora
uid=$(id -u dora)
discs=/home/dora/mmcgadget-discs
bus=org.freedesktop.UDisks2
objects=/org/freedesktop/UDisks2
make_iso READ 4 "$work/read.iso"
make_iso BURN 4 "$work/burn.iso"
for disc in read burn; do
	xorriso -osirrox on -indev "$work/$disc.iso" -extract /DATA.BIN "$work/$disc.bin" >"$work/log" 2>&1
done
chmod 755 "$work"
[ ! -e /sys/module/dummy_hcd ] || wait_for 10 udc_unload
modprobe -a sg sr_mod usb_storage

# ---- the user logs in at the seat, on the first terminal ----
problem() {
	loginctl --no-pager session-status
	journalctl --no-pager -n 60 -u dbus -u systemd-logind -u udisks2 -u polkit -u seat -u mmcgadgetd -u "user@$uid"
	dmesg | tail -n 10
} 2>&1
give_up() {
	problem | sed 's/^/#   /'
	finish
}
rm -f /run/nologin # what systemd-user-sessions.service does in a usual boot
check "the system bus is there" systemctl start dbus.socket dbus.service systemd-logind.service || give_up
check "login is started there" systemd-run -q --unit seat -p TTYPath=/dev/tty1 -p StandardInput=tty-force -p StandardOutput=tty \
	-p TTYReset=yes login -f dora || give_up
session() { loginctl show-seat seat0 -p ActiveSession --value; }
scope() { echo "/sys/fs/cgroup/user.slice/user-$uid.slice/session-$(session).scope"; }
active() { [ -n "$(session)" ] && [ -e "$(scope)/cgroup.procs" ] && [ -S "/run/user/$uid/bus" ]; }
check "the user's session is the active one of the seat" wait_for 30 active || give_up
scope=$(scope)
# desktop COMMAND...: runs it as a program of the session.
desktop() {
	(
		echo "$BASHPID" >"$scope/cgroup.procs"
		cd /home/dora && exec setpriv --reuid dora --regid dora --init-groups env HOME=/home/dora LC_ALL=C.UTF-8 \
			"XDG_RUNTIME_DIR=/run/user/$uid" "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus" "$@"
	)
}

# ---- the drive ----
lines=40 check "loopback is turned on for the user" env "SUDO_UID=$uid" mmcgadgetctl loopback on || give_up
wait_for 30 have_drives 1
sr=$(host_drives)
may_write() { desktop test -w "/dev/$sr" && desktop test -w "$(host_sg "$sr")"; }
check "who sits at the PC may use the drive, without a group" wait_for 20 may_write ||
	stat -c '%A %U %G %n' "/dev/$sr" /dev/sg* | sed 's/^/#   /'
is "the user is in no other group" "$(id -Gn dora)" dora
block() { busctl get-property $bus "$objects/block_devices/$sr" $bus.Block "$1" | sed 's/^[a-z]* //; s/^"//; s/"$//'; }
property() { busctl get-property $bus "$drive" $bus.Drive "$1" | sed 's/^[a-z]* //; s/^"//; s/"$//'; }
has_block() { [ "$(block Drive)" != / ] && [ -n "$(block Drive)" ]; }
check "udisks has the drive" wait_for 20 has_block || give_up
drive=$(block Drive)
is "it is the one with our vendor's name" "$(property Vendor)|$(property Model)" 'MMCGADGT|DVD BURNER'
text=$(desktop udisksctl info -d "${drive##*/}" 2>&1)
like "udisks knows it as an ejectable burner of DVDs" "$text" '^ +Ejectable: +true' '^ +MediaRemovable: +true' \
	'^ +optical_dvd$' '^ +optical_dvd_plus_r$' '^ +Removable: +true'

# ---- a disc is mounted, and ejected ----
labelled() { [ "$(block IdLabel)" = "$1" ]; }
mounted_at() { awk -v d="/dev/$sr" '$1 == d { print $2 }' /proc/mounts; }
check "an image is copied into the folder" desktop cp "$work/read.iso" $discs/
check "it is inserted" desktop mmcgadgetctl insert read.iso
check "udisks sees it" wait_for 20 labelled READ
is "as a DVD" "$(property Media) $(property Optical) $(property OpticalBlank)" 'optical_dvd true false'
like "udisksctl mounts it for the user" "$(desktop udisksctl mount -b "/dev/$sr" 2>&1)" "^Mounted /dev/$sr at /media/dora/READ" ||
	give_up
check "its file is the source's" desktop cmp "$work/read.bin" /media/dora/READ/DATA.BIN
like "loopback off is refused while it is mounted" "$(mmcgadgetctl loopback off 2>&1)" 'this PC uses the disc'
like "udisksctl unmounts it" "$(desktop udisksctl unmount -b "/dev/$sr" 2>&1)" "^Unmounted /dev/$sr"
check "Drive.Eject ejects it" desktop busctl call $bus "$drive" $bus.Drive Eject 'a{sv}' 0
is "it is in the open tray" "$(state state)" ejected
no_media() { [ "$(property MediaAvailable)" = false ]; }
check "udisks sees no disc" wait_for 20 no_media

# ---- the same by the file manager's calls ----
check "it is inserted again" desktop mmcgadgetctl insert read.iso
check "udisks sees it again" wait_for 20 labelled READ
check "gio mounts it" desktop gio mount -d "/dev/$sr" || give_up
is "where udisks does" "$(mounted_at)" /media/dora/READ
check "its file is the source's, again" desktop cmp "$work/read.bin" /media/dora/READ/DATA.BIN
check "gio ejects it, mounted" desktop gio mount -e file:///media/dora/READ
is "it is unmounted, and in the open tray" "$(mounted_at) $(state state)" ' ejected'

# ---- burns ----
burned() { # NAME
	cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "$discs/$1" && [ "$(stat -c %U "$discs/$1")" = dora ]
}
blank() { # NAME: a blank that udisks, too, has seen
	check "$1: a blank is inserted" desktop mmcgadgetctl blank "$1"
	check "$1: the PC sees it" wait_for 20 blank_seen
	check "$1: udisks sees a blank" wait_for 20 blank_disc
}
blank_disc() { [ "$(property OpticalBlank)" = true ]; }
blank one.iso
lines=30 check "growisofs burns it" desktop growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso"
check "the disc is the source" burned one.iso
check "udisks sees the burned disc" wait_for 20 labelled BURN
like "udisksctl mounts it" "$(desktop udisksctl mount -b "/dev/$sr" 2>&1)" "^Mounted /dev/$sr at /media/dora/BURN"
check "what was burned is read" desktop cmp "$work/burn.bin" /media/dora/BURN/DATA.BIN
check "gio ejects the burned disc" desktop gio mount -e file:///media/dora/BURN
is "the burned disc is in the open tray" "$(state state)" ejected
blank two.iso
lines=30 check "xorriso burns it, and ejects it" desktop xorriso -as cdrecord -eject "dev=/dev/$sr" "$work/burn.iso"
check "the second disc is the source" burned two.iso

# ---- off ----
wait_for_udev
check "off" mmcgadgetctl loopback off
gone() { ! busctl get-property $bus "$drive" $bus.Drive Vendor; }
check "udisks has no such drive any more" wait_for 20 gone
unlike "udisks has logged no failure" "$(journalctl --no-pager -q -u udisks2)" 'Error (ejecting|mounting|unmounting)' CRITICAL
systemctl stop seat "user@$uid" udisks2 polkit systemd-logind dbus.socket dbus.service 2>"$work/log"
finish
