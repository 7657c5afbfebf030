#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Board and PC are two machines with a network between them, and the drive goes over it by USB/IP. The PC
# keeps it attached by the example script, and burns. The cable of the network is pulled in the middle of a burn:
# for a short time, and the burn must go on; for longer than the board waits, and it must be resumed to its
# end. Then the daemon is restarted.
. "$(dirname "$0")/machines.sh"

seed=${SEED:-$(date +%N | sed 's/^0*//')}
RANDOM=$((seed % 32768))
began=$SECONDS
machines_init two_machines_usbip
echo "# two machines and USB/IP, seed $seed"
card "$out/card.raw" 500
mkdir -p "$out/board" "$out/pc"
machine_iso NETONE 12 "$out/board/image1.iso"
machine_iso NETTWO 13 "$out/board/image2.iso"
ln "$out/board"/image*.iso "$out/pc/"
total=$((12 * 512)) # blocks of the first disc's data; the second has 512 more
free_port

# cable off|on: pulls the cable out of the board, or puts it back, by "set_link" of QEMU's monitor.
mkfifo "$out/monitor.in" "$out/monitor.out"
cat "$out/monitor.out" >"$out/monitor.log" &
exec 8<>"$out/monitor.in"
cable() { echo "set_link cable $1" >&8; }

machine_start board two_machines_usbip_board.sh '' -drive "$(card_drive "$out/card.raw")" \
	-chardev "pipe,id=monitor,path=$out/monitor" -mon chardev=monitor \
	-netdev "socket,id=net,listen=127.0.0.1:$port" -device virtio-net-pci,id=cable,netdev=net,mac=52:54:00:09:00:01
expect board 180 ready
machine_start pc two_machines_pc.sh "DISCS='1 2 1' REMOTE=10.9.0.1 DRIVES=8" \
	-netdev "socket,id=net,connect=127.0.0.1:$port" -device virtio-net-pci,netdev=net,mac=52:54:00:09:00:02
expect pc 180 burn
ok "the PC has the drive over the network and burns, $((SECONDS - began)) s after power on"
drives=$(sed -n 's/^# drives //p' "$out/pc.lines" | tail -n 1)
verdict "the PC has all eight drives (${drives:-0})" test "${drives:-0}" = 8
somewhere() { echo $((total * (15 + RANDOM % 40) / 100)); }

# ---- a short time ----
recorded "$(somewhere)"
cable off
echo "#   the cable was pulled at block $seen of $total"
sleep 10 # the time is what is tested
cable on
expect pc 200 burner
verdict "10 s without network: the burn goes on (${said[2]} ${said[3]})" test "${said[2]} ${said[3]}" = "0 0"
board_state complete
expect pc 120 read
verdict "10 s without network: the PC reads what it has burned" test "${said[2]}" = same

# ---- longer than the board waits ----
touch "$out/board/next"
expect board 60 blank
expect pc 120 burn
recorded "$(somewhere)"
cut=$SECONDS
cable off
echo "#   the cable was pulled at block $seen of $((total + 512))"
# The board may still report blocks that were on their way ("at"); machine_until skips these lines.
controller() { # NUMBER SECONDS: waits until the controller is free (1) or in use (2)
	local end=$((SECONDS + $2))
	while [ "$SECONDS" -lt "$end" ]; do
		machine_until board $((end - SECONDS)) controller || give_up "the controller gets the state $1"
		read -r -a said <<<"$line"
		[ "${said[1]}" != "$1" ] || return 0
	done
	give_up "the controller gets the state $1"
}
controller 1 90
took=$((SECONDS - cut))
verdict "the board gives the drive up after some 30 s ($took s)" test "$took" -ge 25 -a "$took" -le 60
cable on
expect pc 240 burner
verdict "without network for $((SECONDS - cut)) s: the PC's burner ends with an error (${said[2]})" test "${said[2]}" != 0
expect pc 240 burn
expect pc 240 burner
verdict "the PC has attached the drive again, and the burner has resumed the burn (${said[2]} ${said[3]})" \
	test "${said[2]} ${said[3]}" = "0 1"
board_state complete
expect pc 120 read
verdict "the PC reads what it has burned" test "${said[2]}" = same

# ---- the daemon is restarted ----
touch "$out/board/restart"
expect board 60 restarted
touch "$out/board/next"
expect pc 180 burn
ok "restarted: the PC has attached the drive again"
expect pc 200 burner
verdict "restarted: it burns" test "${said[2]} ${said[3]}" = "0 0"
expect pc 120 read
verdict "restarted: it reads what it has burned" test "${said[2]}" = same
expect pc 60 end
verdict "the PC ends" machine_off pc 60
verdict "the PC's kernel has no complaint" machine_sane pc
touch "$out/board/stop"
expect board 120 end
verdict "the board ends, all discs equal their images" machine_off board 60
verdict "the board's kernel has no complaint" machine_sane board
echo "# two machines and USB/IP took $((SECONDS - began)) s"
finish
