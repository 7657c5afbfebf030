#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "mmcgadgetctl network": the drive goes over USB/IP to a PC that is a network name space of this guest,
# with a cable of its own (veth). The PC keeps it attached by the example unit. The cable is pulled in the
# middle of a burn and put back; the daemon is restarted; the PC detaches. With FULL=1 the default address is
# tried before, and two controllers of which another gadget has the first; and the daemon is killed.
# shellcheck disable=SC2154 # media, work and sr are lib.sh's
. ./lib.sh

id -u carol >/dev/null 2>&1 || useradd -m -G cdrom carol
user=(setpriv --reuid carol --regid carol --init-groups env HOME=/home/carol)
discs=/home/carol/mmcgadget-discs
rm -rf "$discs"
board=10.9.0.1
controller=usbip-vudc.0
make_iso READ 2 "$work/read.iso"
make_iso BURN 8 "$work/burn.iso"
chmod 755 "$work"
[ ! -e /sys/module/dummy_hcd ] || wait_for 10 udc_unload
modprobe -a sg sr_mod usb_storage
loaded() { grep -oE '^(usb_f_fs|usbip_vudc|libcomposite) ' /proc/modules | sort; }
before=$(loaded)
listeners() { awk '$2 ~ /:0CA8$/ && $4 == "0A" { print $2 }' /proc/net/tcp /proc/net/tcp6; }

ip link set lo up
ip netns add pc
ip link add board0 type veth peer name pc0 netns pc
ip address add $board/24 dev board0
ip link set board0 up
ip -n pc address add 10.9.0.2/24 dev pc0
ip -n pc link set pc0 up

# ---- on ----
like "without root: on says what to type" "$("${user[@]}" mmcgadgetctl network on listen=$board 2>&1)" \
	"sudo mmcgadgetctl network on listen=$board\$"
on() { SUDO_UID=$(id -u carol) mmcgadgetctl network on "$@" 2>&1; }
if [ -n "${FULL:-}" ]; then
	mapfile -t typed < <(awk '/^## / { on = /Over the network/ } on && sub(/^    /, "")' /src/README.md)
	is "the README has four lines for a PC in the network" "$(printf '%s|' "${typed[@]}")" \
		"sudo mmcgadgetctl network on|sudo apt install usbip && sudo modprobe vhci-hcd|ssh -N -L 3240:localhost:3240 \
USER@ADDRESS|sudo usbip attach --remote localhost --device $controller|"
	like "${typed[0]}" "$(on)" "no PC has the drive yet: $controller waits for one at 127.0.0.1:3240; .* $discs, of the user carol"
	is "by default, this machine alone can connect" "$(listeners)" '0100007F:0CA8'
	like "doctor knows that, and says how a PC gets there" "$("${user[@]}" mmcgadgetctl --json doctor)" \
		'ssh -N -L 3240:localhost:3240' "usbip attach --remote localhost --device $controller"
	like "status: the host is elsewhere" "$("${user[@]}" mmcgadgetctl status)" "$controller; its host is at the other end"
	# This machine is the PC, at the end of a tunnel to itself.
	grep -qs localhost /etc/hosts || echo 127.0.0.1 localhost >>/etc/hosts
	modprobe vhci-hcd
	# shellcheck disable=SC2086 # words
	check "${typed[3]}" ${typed[3]#sudo }
	check "the drive is there" wait_for 60 have_drives 1
	check "it is detached" usbip detach --port 0
	check "it is away" wait_for 10 have_drives 0
	check "off" mmcgadgetctl network off
	is "nothing listens any more" "$(listeners)" ''

	# As docs/usbip.md says under "More drives".
	modprobe -a libcomposite usb_f_acm
	modprobe usbip-vudc num=2
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	other=/sys/kernel/config/usb_gadget/other
	mkdir -p $other/configs/c.1 $other/functions/acm.one
	echo 0x1d6b >$other/idVendor
	ln -s $other/functions/acm.one $other/configs/c.1/
	echo usbip-vudc.0 >$other/UDC
	like "of two controllers, on takes the one that is free" "$(on)" 'usbip-vudc.1 waits for one at 127.0.0.1:3240'
	like "a PC is offered both" "$(usbip list --remote 127.0.0.1 2>&1)" 'usbip-vudc.0:' 'usbip-vudc.1:'
	check "it takes the second" usbip attach --remote 127.0.0.1 --device usbip-vudc.1
	check "which is the drive" wait_for 60 have_drives 1
	sr=$(host_drives)
	like "status: on the second controller" "$("${user[@]}" mmcgadgetctl status)" 'usbip-vudc.1; its host is at the other end'
	check "an image is copied there" "${user[@]}" cp "$work/read.iso" $discs/
	check "and inserted" "${user[@]}" mmcgadgetctl insert read.iso
	check "and seen" wait_for 20 has_label "$sr" READ
	check "the drive is detached" usbip detach --port 0
	check "and gone" wait_for 10 have_drives 0
	check "off, beside the other gadget" mmcgadgetctl network off
	is "which is as it was" "$(<$other/UDC)" usbip-vudc.0
	echo >$other/UDC
	rm $other/configs/c.1/acm.one
	rmdir $other/configs/c.1 $other/functions/acm.one $other
	rm $discs/read.iso
	modprobe -r usbip-vudc usb_f_acm
	is "the modules are those from before, again" "$(loaded)" "$before"
fi
like "on at an address says that there is no password" "$(on listen=$board)" \
	"whoever reaches $board:3240 can use the drive" "waits for one at $board:3240; .* $discs, of the user carol" || {
	journalctl -u mmcgadgetd -u 'mmcgadget-usbip*' --no-pager -n 30 | sed 's/^/#   /'
	finish
}
is "at this address alone" "$(listeners)" '0100090A:0CA8'
like "loopback is refused meanwhile" "$(SUDO_UID=$(id -u carol) mmcgadgetctl loopback on 2>&1)" 'network is on; first'

# ---- the PC, as the example unit says ----
install /src/docs/examples/mmcgadget-attach /usr/local/sbin/
install -m 644 /src/docs/examples/mmcgadget-attach@.service /etc/systemd/system/
unit=mmcgadget-attach@$board.service
mkdir -p "/run/systemd/system/$unit.d"
printf '%s\n' '[Unit]' Wants= After= '[Service]' NetworkNamespacePath=/run/netns/pc >"/run/systemd/system/$unit.d/pc.conf"
systemctl daemon-reload
problem() {
	journalctl -u "$unit" -u mmcgadgetd -u 'mmcgadget-usbip*' --no-pager -n 40
	dmesg | tail -n 15
}
attached() { # NAME SECONDS: the PC has the drive
	if wait_for "$2" have_drives 1; then
		ok "$1"
		sr=$(host_drives)
	else
		fail "$1"
		problem | sed 's/^/#   /'
		finish
	fi
}
systemctl start --no-block "$unit"
attached "the PC has the drive" 60
like "network: a PC has it" "$("${user[@]}" mmcgadgetctl network)" "a PC has the drive by network; .* $discs"
like "doctor: all is well" "$("${user[@]}" mmcgadgetctl doctor)" 'All is well: a host has the drive'
like "another PC is refused" "$(ip netns exec pc usbip attach --remote $board --device $controller 2>&1)" 'busy'
like "a device that is none is refused" "$(ip netns exec pc usbip attach --remote $board --device ../1-1 2>&1)" 'not found'
like "the log has the PC's address" "$(journalctl -t mmcgadget-usbip --no-pager)" "10.9.0.2 has taken $controller" \
	"10.9.0.2 asked for $controller: .* busy" 'asked for an unknown device'
pid=$(main_pid)
is "the daemon is the user, the socket's programs are not" "$(stat -c %U "/proc/$pid")" carol

# ---- read, burn, swap ----
same() { # IMAGE: the disc in the drive begins with it
	cmp -n "$(stat -c %s "$1")" "$1" <(dd if="/dev/$sr" iflag=direct bs=64k status=none)
}
check "an image is copied into the folder" "${user[@]}" cp "$work/read.iso" $discs/
check "it is inserted" "${user[@]}" mmcgadgetctl insert read.iso
check "the PC sees it" wait_for 20 has_label "$sr" READ
check "the PC reads it" same "$work/read.iso"
check "a blank is inserted" "${user[@]}" mmcgadgetctl blank one.iso
check "the PC sees the blank" wait_for 20 blank_seen
device=$(devnum)
growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso" >"$work/burn.log" 2>&1 &
burner=$!
recorded() { [ "$(state recorded_blocks)" -ge 500 ]; }
check "the burn has begun" wait_for 60 recorded
ip -n pc link set pc0 down
cut=$(state recorded_blocks)
# The time is what is tested: shorter than the 30 s after which the board gives the drive up.
sleep 4
still=$(state recorded_blocks)
ip -n pc link set pc0 up
if [ "$still" -lt $((8 * 512)) ]; then ok "the cable was pulled in the middle of the burn"; else fail "the cable was pulled at block $still"; fi
echo "# the cable was pulled at block $cut, and put back at block $still of $((8 * 512))"
wait $burner
is "the burn goes on, and ends well" "$? $(grep -c ':-\[' "$work/burn.log")" "0 0" || tail -n 15 "$work/burn.log" | sed 's/^/#   /'
check "the file is the source" cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" $discs/one.iso
is "the PC has had the drive all the time" "$(devnum)" "$device"
check "the PC sees the burned disc" wait_for 20 has_label "$sr" BURN
check "discs are swapped" "${user[@]}" mmcgadgetctl insert read.iso
check "the PC sees the other disc" wait_for 20 has_label "$sr" READ

# ---- the daemon is killed, and restarted ----
device=$(devnum)
if [ -n "${FULL:-}" ]; then
	silence_host
	kill_daemon "killed while the PC is idle"
	is "the PC has not noticed it" "$(devnum)" "$device"
	check "it reads the disc" same "$work/read.iso"
fi
check "the daemon is restarted" systemctl restart mmcgadgetd
moved() { sr=$(host_drives) && [ -n "$sr" ] && [ "$(devnum)" != "$device" ]; }
check "the PC has the drive again, by itself" wait_for 60 moved || problem | sed 's/^/#   /'
check "with its disc" wait_for 20 has_label "$sr" READ
# Answers for the old session, which Linux would send to the PC, are gone.
unlike "no attempt got anything else than an answer" "$(journalctl -u "$unit" --no-pager -q)" 'mismatch'

# ---- off ----
check "the PC detaches the drive" systemctl stop "$unit"
check "it is gone there" wait_for 10 have_drives 0
unlike "no error was logged by the PC's unit" "$(journalctl -u "$unit" -p err --no-pager -q)" .
like "network: no PC has it" "$("${user[@]}" mmcgadgetctl network)" 'no PC has the drive yet'
check "off again" mmcgadgetctl network off
left() {
	grep -E ' functionfs ' /proc/mounts
	ls -d /sys/kernel/config/usb_gadget/* "$run" /run/systemd/system/mmcgadget*.d
	systemctl show -P ActiveState mmcgadgetd mmcgadget-usbip.socket | grep -vx inactive | grep .
	listeners
} 2>/dev/null
rm -rf "/run/systemd/system/$unit.d"
is "nothing is left: mounts, gadget, service, listener" "$(left)" ''
is "the modules are those from before" "$(loaded)" "$before"
is "the discs are still in the folder" "$(ls $discs | paste -sd' ')" 'one.iso read.iso'
ip link delete board0
ip netns delete pc
modprobe -r vhci-hcd
finish
