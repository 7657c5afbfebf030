#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Board and PC are two machines; usbredir carries the drive from one to the other. First the board loses
# power during a burn while the PC keeps running, then the PC while the board keeps running. Each time
# the disc must have at least the synced blocks, and the burn must be resumed to its end.
. "$(dirname "$0")/machines.sh"

seed=${SEED:-$(date +%N | sed 's/^0*//')}
megabytes=${MEGABYTES:-${FULL:+24}}
megabytes=${megabytes:-12}
RANDOM=$((seed % 32768))
began=$SECONDS
machines_init two_machines
echo "# two machines, seed $seed"
card "$out/card.raw" 500
mkdir -p "$out/board" "$out/pc"
machine_iso TWOONE "$megabytes" "$out/board/image1.iso"
machine_iso TWOTWO $((megabytes + 1)) "$out/board/image2.iso"
ln "$out/board"/image*.iso "$out/pc/"
total=$((megabytes * 512))

free_port

board_on() {
	machine_start board two_machines_board.sh '' -drive "$(card_drive "$out/card.raw")" \
		-nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$port-:4000"
}
pc_on() { # DISCS
	machine_start pc two_machines_pc.sh "DISCS='$1'" -device qemu-xhci,id=x \
		-chardev "socket,id=r,host=127.0.0.1,port=$port,reconnect=1" -device usb-redir,chardev=r,bus=x.0
}
somewhere() { echo $((total * (20 + RANDOM % 60) / 100)); }

# ---- the board loses power ----
board_on
pc_on '1 2'
expect board 180 ready
expect pc 180 burn
ok "the PC has a drive and burns, $((SECONDS - began)) s after power on"
recorded "$(somewhere)"
machine_cut board
echo "#   the board was cut at block $seen of $total"
cut=$SECONDS
expect pc 200 burner
verdict "board cut: the PC's burner ends with an error (${said[2]}, after $((SECONDS - cut)) s)" test "${said[2]}" != 0
expect pc 60 alive
ok "board cut: the PC is alive"
verdict "board cut: the PC's kernel has no complaint" machine_sane pc
board_on
expect board 180 found
left=${said[3]}
verdict "board again: the disc is in the drive, open or appendable (${said[2]})" test "${said[2]}" = open -o "${said[2]}" = appendable
verdict "board again: $left of $seen blocks are recorded" test "$left" -gt 0 -a "$left" -ge $((seen - 512))
verdict "board again: the image file is long enough for them" test "${said[6]}" -ge $((left * 2048))
expect board 60 same
ok "board again: the recorded blocks equal the image"
expect board 120 ready
expect pc 180 burn
expect pc 200 burner
verdict "board again: the PC's burner has resumed the burn and succeeded" test "${said[2]} ${said[3]}" = "0 1"
board_state complete
ok "board again: the disc is complete"
expect pc 120 read
verdict "board again: the PC reads what it has burned" test "${said[2]}" = same

# ---- the PC loses power ----
touch "$out/board/next"
expect board 60 blank
expect pc 120 burn
recorded "$(somewhere)"
machine_cut pc
echo "#   the PC was cut at block $seen of $total"
# Data that was on its way when the PC died may still arrive; then the board reports nothing for 3 s.
said=('' '' "$seen" open "$seen")
while read -r -t 3 -u "${machine_fd[board]}" line; do
	case $line in
	'at '*) read -r -a said <<<"$line" ;;
	'#'*) echo "$line" ;;
	esac
done
verdict "PC cut: the disc is ${said[3]}, with all blocks recorded (${said[4]})" \
	test "${said[3]}" = open -a "${said[4]}" = "${said[2]}" -a "${said[2]}" -ge "$seen"
pc_on 2
expect pc 180 burn
expect pc 200 burner
verdict "PC cut: another PC's burner has resumed the burn and succeeded" test "${said[2]} ${said[3]}" = "0 1"
board_state complete
ok "PC cut: the disc is complete"
expect pc 120 read
verdict "PC cut: the other PC reads what both have burned" test "${said[2]}" = same
expect pc 60 end
verdict "the PC ends" machine_off pc 60
verdict "the PC's kernel has no complaint" machine_sane pc
touch "$out/board/stop"
expect board 120 end
verdict "the board ends, both discs equal their images" machine_off board 60
verdict "the board's kernel has no complaint" machine_sane board
echo "# two machines took $((SECONDS - began)) s"
finish
