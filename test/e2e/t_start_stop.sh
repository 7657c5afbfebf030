#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How the daemon starts and stops: SIGTERM, kill -9, no USB device controller, a controller that
# another gadget has, two drives, systemd.
. ./lib.sh
without_service=1

udc_load
make_iso ONE 8 "$media/one.iso"
make_iso TWO 8 "$media/two.iso"
g=/sys/kernel/config/usb_gadget
nothing_left() {
	[ -z "$(ls -A "$g" 2>/dev/null)" ] && ! grep -q ' functionfs ' /proc/mounts &&
		[ ! -e "$run/control" ] && [ ! -e "$run/socket" ] && [ ! -e "$run/lock" ]
}
what_is_left() { ls -A "$g" "$run" && grep functionfs /proc/mounts; }

# ---- SIGTERM ----
config drives='{ name = "drive0"; image = "one.iso"; }'
check "the daemon starts" daemon_start
check "the host sees the configured disc" wait_for 30 has_label sr0 ONE
like "FIFO and socket are the group's" "$(stat -c '%U:%G %a' $run/control $run/socket)" \
	'^root:mmcgadget 660' 'root:mmcgadget 660$'
check "SIGTERM: exit code 0" daemon_stop
check "SIGTERM: leaves no gadget, mount, FIFO or socket" nothing_left || what_is_left
check "SIGTERM: the host's drive is gone" wait_for 10 have_drives 0

# ---- SIGTERM in the middle of a burn ----
make_iso BURN 40 "$work/burn.iso"
# Without its drive record the drive starts empty, so the host sees only the blank.
rm "$media/.mmcgadget-drive0.mmcdisc"
config
daemon_start
wait_for 30 have_drives 1
mmcgadgetctl blank term.img >/dev/null
wait_for 15 blank_seen sr0
growisofs -Z "/dev/sr0=$work/burn.iso" >"$work/term.log" 2>&1 &
burner=$!
burning() { [ "$(state blocks_written)" -gt 2000 ]; }
check "a burn is under way" wait_for 30 burning
check "SIGTERM in mid-burn: exit code 0" daemon_stop
check "SIGTERM in mid-burn: nothing is left" nothing_left || what_is_left
wait_for 60 sh -c "! kill -0 $burner"
check_not "SIGTERM in mid-burn: the burner has ended, with an error" wait "$burner"
size=$(stat -c %s "$media/term.img")
check "SIGTERM in mid-burn: the image file is the beginning of the burned image ($size bytes)" cmp -n "$size" "$work/burn.iso" "$media/term.img"
wait_for 10 have_drives 0

# ---- kill -9 ----
config drives='{ name = "drive0"; image = "two.iso"; }'
check "the daemon starts again" daemon_start
wait_for 30 has_label sr0 TWO
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
check "kill -9 leaves a gadget behind" test -e $g/mmcgadget
check "the next start cleans up and works" daemon_start
check "the host sees the disc" wait_for 30 has_label sr0 TWO
check "the host reads the disc" cmp "$media/two.iso" /dev/sr0
check "the daemon ends with 0" daemon_stop
check "kill -9: nothing is left when the next daemon has stopped" nothing_left || what_is_left
wait_for 10 have_drives 0

# ---- another gadget has the controller ----
mkdir -p $g/other/configs/c.1 $g/other/functions/mass_storage.0
echo 0x1d6b >$g/other/idVendor
echo 1 >$g/other/functions/mass_storage.0/lun.0/cdrom
echo "$media/one.iso" >$g/other/functions/mass_storage.0/lun.0/file
ln -s $g/other/functions/mass_storage.0 $g/other/configs/c.1/
ls /sys/class/udc >$g/other/UDC
wait_for 20 have_drives 1
: >"$daemon_log"
config
check "controller taken: the daemon runs" daemon_start
check "controller taken: the log names the other gadget" wait_for 5 grep -q '"other"' "$daemon_log"
is "controller taken: status says none" "$(mmcgadgetctl --json status | jq -r .udc)" ''
echo >$g/other/UDC
bound() { [ -n "$(mmcgadgetctl --json status | jq -r .udc)" ]; }
check "controller free again: the daemon takes it" wait_for 6 bound
our_drive() { grep -q MMCGADGT /sys/block/sr*/device/vendor; }
check "controller free again: the host sees the drive" wait_for 30 our_drive
rm $g/other/configs/c.1/mass_storage.0
rmdir $g/other/functions/mass_storage.0 $g/other/configs/c.1 $g/other

# ---- the controller disappears and comes back ----
wait_for_udev
: >"$daemon_log"
check "the controller disappears" wait_for 10 udc_unload
unbound() { ! bound; }
check "the daemon notices" wait_for 6 unbound
check "the daemon is alive" daemon_alive
udc_load
check "the controller is back: the daemon takes it" wait_for 6 bound
check "the controller is back: the host sees the drive" wait_for 30 our_drive
check "a disc is inserted" mmcgadgetctl insert one.iso
check "the host reads the disc when the controller is back" wait_for 10 cmp "$media/one.iso" /dev/sr0
check "the daemon ends with 0" daemon_stop
wait_for 10 have_drives 0

# ---- no controller at start ----
check "no controller: dummy_hcd is unloaded" wait_for 10 udc_unload
: >"$daemon_log"
check "no controller: the daemon starts" daemon_start
check "no controller: the message" wait_for 5 grep -q 'no USB device controller' "$daemon_log"
check "no controller: commands work" mmcgadgetctl insert one.iso
udc_load
check "a controller appears: the daemon takes it" wait_for 6 bound
check "the host sees the disc" wait_for 30 has_label sr0 ONE
check "the daemon ends with 0" daemon_stop
wait_for 10 have_drives 0

# ---- two drives ----
config drives='{ name = "left"; product = "LEFT"; }, { name = "right"; product = "RIGHT"; image = "two.iso"; }'
check "two drives: the daemon starts" daemon_start
check "two drives: the host sees both" wait_for 30 have_drives 2
for d in $(host_drives); do
	case $(cat "/sys/block/$d/device/model") in
	LEFT*) left=$d ;;
	RIGHT*) right=$d ;;
	esac
done
check "two drives: each has its name" test -n "${left:-}" -a -n "${right:-}"
check "two drives: the right one has its disc" wait_for 10 has_label "$right" TWO
check "two drives: a blank is inserted into the left one" mmcgadgetctl blank left.img drive=left
wait_for 15 blank_seen "$left"
growisofs -dvd-compat -Z "/dev/$left=$work/burn.iso" >"$work/left.log" 2>&1 &
burner=$!
reads=0
while kill -0 "$burner" 2>/dev/null; do
	dd if="/dev/$right" iflag=direct bs=64k status=none | cmp - "$media/two.iso" || break
	reads=$((reads + 1))
done
check "two drives: the burn in the left one succeeds" wait "$burner"
check "two drives: the right one was read meanwhile ($reads times)" test "$reads" -ge 1
check "two drives: the burned disc is the image" cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "$media/left.img"
check "two drives: the host reads the burned image back" cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "/dev/$left"
is "two drives: an eject from one leaves the disc in the other" "$(
	mmcgadgetctl eject --force drive=left >/dev/null
	mmcgadgetctl --json status | jq -c '[.drives[].image]'
)" '["","two.iso"]'
check "two drives: a plain ISO can be in both" mmcgadgetctl insert two.iso drive=left
check "two drives: the daemon ends with 0" daemon_stop
check "two drives: nothing is left" nothing_left || what_is_left
wait_for 10 have_drives 0

# ---- as a systemd service ----
check "the shipped configuration is good" mmcgadgetd --check-config
systemctl daemon-reload
lines=30 check "systemd: the unit starts and reports that it is ready" timeout 60 systemctl start mmcgadgetd
is "systemd: active" "$(systemctl is-active mmcgadgetd)" active
is "systemd: Type=notify" "$(systemctl show -P Type mmcgadgetd)" notify
like "systemd: its status line" "$(systemctl show -P StatusText mmcgadgetd)" 'dummy_udc'
check "systemd: the host sees the drive" wait_for 30 have_drives 1
check "systemd: a disc is inserted" mmcgadgetctl insert two.iso
check "systemd: the host reads the disc" wait_for 10 cmp "$media/two.iso" /dev/sr0
main=$(systemctl show -P MainPID mmcgadgetd)
kill -9 "$main"
restarted() { [ "$(systemctl show -P MainPID mmcgadgetd)" != "$main" ] && [ "$(systemctl is-active mmcgadgetd)" = active ] && ctl status; }
check "systemd: comes back after a crash" wait_for 20 restarted
check "systemd: the host sees the drive after the crash" wait_for 30 have_drives 1
check "systemd: stops" timeout 60 systemctl stop mmcgadgetd
is "systemd: without an error" "$(systemctl show -P Result mmcgadgetd)" success
check "systemd: nothing is left" nothing_left || what_is_left
finish
