#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Firmware on the engine, without a kernel: mmcredir is the USB drive of a virtual machine that has nothing
# else to boot from. A BIOS (SeaBIOS) and UEFI (edk2's OVMF) boot a disc, whose programs say whether they
# were read right. With a blank in the drive, and with no disc, UEFI must come to its shell, the next boot
# option, without having met an error that makes it reset the drive. The commands are counted, and no time
# is measured: a firmware that has reset the drive loses minutes.
O=${O:-build}
ovmf=/usr/share/OVMF
shell='Interactive Shell'
limit=300 # seconds for a boot that needs six of a processor
n=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

result() { # NAME CODE
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		tail -n 40 "$dir/commands" | sed 's/^/# /'
		tail -n 5 "$dir/qemu" "$dir/drive" | sed 's/^/# /'
	fi
}
seen() { grep -aq "$1" "$dir/serial" 2>/dev/null; }

# boot FIRMWARE CONTROLLER DISC TEXT: starts a machine (bios or uefi) and waits for the text on its serial
# port. The drive's lines are in commands.
boot() {
	local i=0 drive qemu firmware=()
	rm -f "$dir"/{socket,commands,drive,serial,qemu}
	if [ "$1" = uefi ]; then
		cp $ovmf/OVMF_VARS_4M.fd "$dir/vars.fd"
		firmware=(-drive "if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.fd"
			-drive "if=pflash,format=raw,file=$dir/vars.fd")
	fi
	"$O/mmcredir" "$dir/socket" "$3" >"$dir/commands" 2>"$dir/drive" &
	drive=$!
	until [ -S "$dir/socket" ] || ! kill -0 $drive 2>/dev/null; do
		sleep 0.1
	done
	qemu-system-x86_64 -M q35 -accel tcg -m 256 -nodefaults -display none \
		"${firmware[@]}" -serial file:"$dir/serial" -device "$2" -chardev socket,id=drive,path="$dir/socket" \
		-device usb-redir,chardev=drive,bootindex=1 >"$dir/qemu" 2>&1 &
	qemu=$!
	until seen "$4" || [ $((i += 1)) -gt $((limit * 2)) ] || ! kill -0 $qemu 2>/dev/null; do
		sleep 0.5
	done
	kill $qemu 2>/dev/null
	wait $qemu $drive 2>/dev/null
	seen "$4"
}
count() { grep -cE "$1" "$dir/commands"; }

# only STATUS...: passes if each command had one of these; prints the others.
only() {
	! grep -v ' reset ' "$dir/commands" | grep -vE "  ($(IFS='|' && echo "$*")) +[A-Z]"
}

test/redir/boot/make.sh "$dir/boot.iso" >"$dir/make" 2>&1
result "a disc for BIOS and UEFI is made" $?
for controller in qemu-xhci ich9-usb-ehci1; do
	# edk2 on QEMU's EHCI stalls for minutes now and then while it boots, from the kernel's gadget as well, or does
	# not find the drive at all: no command comes. So UEFI is tried on xHCI alone.
	firmwares=(bios uefi)
	[ $controller = qemu-xhci ] || firmwares=(bios)
	for firmware in "${firmwares[@]}"; do
		boot $firmware $controller "$dir/boot.iso" 'booted: .*\(right\|WRONG\|FAILED\)'
		result "$controller, $firmware: it boots the disc" $?
		seen 'the sum is right'
		result "$controller, $firmware: the program was read right" $?
		[ "$(count 'reset bus')" = 1 ] && [ "$(count 'bulk-only')" = 0 ] && only GOOD 6/29/00 6/28/00
		result "$controller, $firmware: no command fails, except for the unit attentions" $?
	done
	[ $controller = qemu-xhci ] || continue

	boot uefi $controller empty "$shell"
	result "$controller, no disc: the firmware comes to its next boot option" $?
	# It asks whether the disc is there, and does not wait for one.
	[ "$(count 'TEST UNIT READY')" -le 20 ] && [ "$(count 'bulk-only')" = 0 ] && only GOOD 6/29/00 2/3a/01
	result "$controller, no disc: it sends no more than a few commands" $?

	boot uefi $controller blank "$shell"
	result "$controller, blank: the firmware comes to its next boot option" $?
	[ "$(count 'reset bus')" = 1 ] && [ "$(count 'bulk-only')" = 0 ]
	result "$controller, blank: it resets the drive only to find it" $?
	only GOOD 6/29/00 6/28/00
	result "$controller, blank: no command fails, except for the unit attentions" $?
	[ "$(count 'READ\(10\)')" -gt 0 ] && [ "$(count 'READ\(10\)')" -le 30 ] && [ "$(count .)" -le 90 ]
	result "$controller, blank: it reads the one block a few times, and gives up" $?
done
echo "1..$n"
