#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What can happen to the gadget and its endpoints: another gadget has the controller, two drives in one
# gadget, kill -9, resets of every kind, suspend, unbinding, a controller that disappears, control
# requests while the storage hangs.
. ./lib.sh
without_service=1

make_iso LABELA 16 "$media/a.iso"
make_iso LABELB 8 "$media/b.iso"
gadgets=/sys/kernel/config/usb_gadget
ours=$gadgets/mmcgadget
other=$gadgets/other

same() { cmp -n "$(stat -c %s "$1")" "$1" "/dev/$2"; }
# reads_right [SECONDS]: the host has one drive, under any name, and it reads as the image.
reads_right() {
	wait_for "${1:-20}" have_drives 1 && same "$media/a.iso" "$(host_drives)" && return
	echo "drives: $(host_drives)"
	cat /sys/block/sr*/device/state
	udevadm settle --timeout=1
	echo "udev settle: $?"
	ps --ppid 2 -p 2 -N -o pid,stat,etime,wchan:20,args | grep -v ' - '
	dmesg | tail -n 30
	tail -n 10 "$daemon_log"
	return 1
}
usb_device() { # its directory in sysfs
	local d
	for d in /sys/bus/usb/devices/*; do
		[ "$(cat "$d/idProduct" 2>/dev/null)" = 0104 ] && echo "$d"
	done
}
usb_node() {
	local d
	d=$(usb_device)
	printf '/dev/bus/usb/%03d/%03d' "$(cat "$d/busnum")" "$(cat "$d/devnum")"
}
port_reset() {
	local n
	n=$(usb_node)
	usbreset "${n#/dev/bus/usb/}"
}
one_drive='drives = ( { name = "drive0"; image = "a.iso"; } );'

udc_load
dmesg_mark usb
udc=$(ls /sys/class/udc)

# ---- another gadget has the controller; two drives ----
modprobe usb_f_acm
mkdir -p $other/functions/acm.0 $other/configs/c.1
echo 0x1d6b >$other/idVendor
echo 0x0105 >$other/idProduct
ln -s $other/functions/acm.0 $other/configs/c.1/
echo "$udc" >$other/UDC
config extra='drives = ( { name = "drive0"; image = "a.iso"; },
	{ name = "drive1"; product = "SECOND"; image = "b.iso"; } );'
daemon_start
check "the gadget that has the controller is named" grep -q 'taken by gadget "other"' "$daemon_log"
is "the gadget that has the controller stays bound" "$(cat $other/UDC)" "$udc"
echo >$other/UDC
check "two drives once the controller is free" wait_for 30 have_drives 2
a=$(drive_of LABELA) b=$(drive_of LABELB)
same "$media/a.iso" "$a" &
first=$!
check "one drive is read while the other is" same "$media/b.iso" "$b"
check "the other drive was read right too" wait $first

# ---- kill -9 ----
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
check "killing the daemon takes the drives away" wait_for 10 have_drives 0
config extra="$one_drive"
daemon_start
check "a new start clears away what was left" reads_right
is "a new start: FunctionFS is mounted once" "$(grep -c functionfs /proc/mounts)" 1
is "a new start: the gadget has one function" "$(ls $ours/functions)" ffs.mmcgadget.drive0

# ---- control requests and resets ----
check "control requests are answered" /build/test/e2e/u_control "$(usb_node)"
check "reads right after control requests" reads_right
for _ in 1 2 3 4 5; do sg_reset -d -N "$(host_sg "$(host_drives)")"; done
check "reads right after Bulk-Only Resets" reads_right
for _ in 1 2 3 4 5; do port_reset >/dev/null; done
check "reads right after port resets" reads_right
dd if="/dev/$(host_drives)" of=/dev/null bs=128k iflag=direct 2>/dev/null &
for _ in 1 2 3 4 5 6; do
	port_reset >/dev/null
	sleep 0.2 # the pauses here and below choose the moment at which the host is interrupted
	sg_reset -d -N "$(host_sg "$(host_drives)")"
done
wait $!
# After sg_reset Linux can leave a request (of udev or dd) in a queue that it does not run before the
# time limit of the request, 30 s, is over. usbmon shows no packet meanwhile: the host sends none.
lines=80 check "reads right after resets while reading" reads_right 90

# ---- suspend ----
d=$(usb_device)
echo "${d##*/}:1.0" >/sys/bus/usb/drivers/usb-storage/unbind
echo 0 >"$d/power/autosuspend_delay_ms"
echo auto >"$d/power/control"
if [ "$SPEED" = super ]; then
	# dummy_hcd does not suspend at super speed.
	is "no suspend is reported" "$(state host.suspended)" false
else
	check "suspend is reported" wait_for 10 state_is host.suspended true
fi
echo on >"$d/power/control"
check "resume is reported" wait_for 10 state_is host.suspended false
echo "${d##*/}:1.0" >/sys/bus/usb/drivers/usb-storage/bind
check "reads right after suspend" reads_right

# ---- the gadget is unbound and bound ----
bad=0
for i in $(seq 50); do
	echo >$ours/UDC
	[ $((i % 3)) = 0 ] && sleep 0.2
	echo "$udc" >$ours/UDC || bad=$((bad + 1))
	case $((i % 5)) in
	0) wait_for 20 have_drives 1 || bad=$((bad + 1)) ;;
	1) sleep 0.05 ;;
	2) sleep 0.3 ;;
	esac
done
is "50 times unbound and bound" $bad 0
check "reads right after unbinding" reads_right
for _ in 1 2 3 4 5; do
	dd if="/dev/$(host_drives)" of=/dev/null bs=1M iflag=direct 2>/dev/null &
	sleep 0.2
	echo >$ours/UDC
	wait $!
	echo "$udc" >$ours/UDC
	wait_for 20 have_drives 1
done
check "reads right after unbinding while reading" reads_right

# ---- the controller disappears and comes back ----
rmmod dummy_hcd
check "controller unloaded: the log says so" wait_for 10 grep -q 'controller .* disappeared' "$daemon_log"
udc_load
check "reads right when the controller is back" reads_right
check "the daemon ends" daemon_stop

# ---- storage that hangs ----
truncate -s 300M "$work/fs.img"
mkfs.ext4 -q "$work/fs.img"
mkdir -p "$work/slow"
modprobe loop
mount -o loop "$work/fs.img" "$work/slow"
if check "a file system to freeze" mountpoint -q "$work/slow"; then
	config extra="drives = ( { name = \"drive0\"; media = \"$work/slow\"; } );"
	daemon_start
	ctl blank x.iso >/dev/null
	wait_for 30 have_drives 1
	fsfreeze -f "$work/slow"
	lines=40 check "control requests while a write hangs" \
		/build/test/e2e/u_control "$(usb_node)" "fsfreeze -u $work/slow"
	fsfreeze -u "$work/slow" 2>/dev/null
	check "the daemon ends" daemon_stop
fi

is "only the other gadget is left" "$(ls $gadgets)" other
# Otherwise its serial port would still be there in a later job, whose own would get another name.
rm $other/configs/c.1/acm.0
rmdir $other/configs/c.1 $other/functions/acm.0 $other
is "no FunctionFS is left" "$(grep -c functionfs /proc/mounts)" 0
unlike "no complaint in the kernel log" "$(dmesg_since 'mark usb')" \
	'WARNING:' 'BUG:' 'Oops' 'Call Trace' 'blocked for more than'
finish
