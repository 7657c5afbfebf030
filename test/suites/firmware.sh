#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Firmware on the engine, without a kernel: mmcredir is the USB drive of a virtual machine that has nothing
# else to boot from. A BIOS (SeaBIOS) and UEFI (edk2's OVMF) boot a disc, whose programs say whether they
# were read right. With a blank in the drive, and with no disc, UEFI must come to its shell, the next boot
# option, without having met an error that makes it reset the drive. The commands are counted, and no time
# is measured: a firmware that has reset the drive loses minutes.
O=${O:-build}
ovmf=/usr/share/OVMF
aavmf=/usr/share/AAVMF
uboot=/usr/lib/u-boot
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
# seen TEXT: it is on the serial port, after what was there when the last line was typed.
seen() { tail -c "+$from" "$dir/serial" 2>/dev/null | grep -aq "$1"; }

# boot FIRMWARE CONTROLLER DISC TEXT [PROMPT LINE]...: starts a machine and waits for the text on its serial port.
# Before that, each line is typed when its prompt is there. The drive's lines are in commands.
boot() {
	local drive qemu text=$4 machine serial=(-serial "file:$dir/serial")
	rm -f "$dir"/{socket,commands,drive,serial,qemu,keys}
	from=1
	case $1 in
	bios) machine=(qemu-system-x86_64 -M q35) ;;
	uefi)
		cp $ovmf/OVMF_VARS_4M.fd "$dir/vars.fd"
		machine=(qemu-system-x86_64 -M q35 -drive "if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.fd"
			-drive "if=pflash,format=raw,file=$dir/vars.fd")
		;;
	aavmf)
		cp $aavmf/AAVMF_VARS.fd "$dir/vars.fd"
		machine=(qemu-system-aarch64 -M virt -cpu cortex-a57
			-drive "if=pflash,format=raw,readonly=on,file=$aavmf/AAVMF_CODE.fd"
			-drive "if=pflash,format=raw,file=$dir/vars.fd")
		;;
	u-boot-x86_64) machine=(qemu-system-x86_64 -M pc -bios "$uboot/qemu-x86_64/u-boot.rom") ;;
	u-boot-arm64) machine=(qemu-system-aarch64 -M virt -cpu cortex-a57 -bios "$uboot/qemu_arm64/u-boot.bin") ;;
	slof) machine=(qemu-system-ppc64 -M pseries) ;;
	esac
	"$O/mmcredir" "$dir/socket" "$3" >"$dir/commands" 2>"$dir/drive" &
	drive=$!
	until [ -S "$dir/socket" ] || ! kill -0 $drive 2>/dev/null; do
		sleep 0.1
	done
	if [ $# -gt 4 ]; then
		mkfifo "$dir/keys"
		exec 7<>"$dir/keys"
		serial=(-chardev "stdio,id=serial,signal=off,logfile=$dir/serial" -serial chardev:serial)
	else
		exec 7</dev/null
	fi
	"${machine[@]}" -accel tcg -m 256 -nodefaults -display none "${serial[@]}" -device "$2" \
		-chardev socket,id=drive,path="$dir/socket" -device usb-redir,chardev=drive,bootindex=1 <&7 >"$dir/qemu" 2>&1 &
	qemu=$!
	shift 4
	SECONDS=0
	while [ $# -gt 0 ] && appears $qemu "$1"; do
		from=$(($(stat -c %s "$dir/serial") + 1))
		printf '%s\r' "$2" >&7
		shift 2
	done
	appears $qemu "$text"
	kill $qemu 2>/dev/null
	wait $qemu $drive 2>/dev/null
	exec 7>&-
	seen "$text"
}
# appears PID TEXT: waits until the text is on the serial port, or the machine has ended or the limit is over.
appears() {
	until seen "$2"; do
		[ $SECONDS -lt $limit ] && kill -0 "$1" 2>/dev/null || return
		sleep 0.5
	done
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
[ -n "${FULL:-}" ] || {
	echo "1..$n"
	exit
}

# good CONTROLLER FIRMWARE [RESETS]: no command has failed, and the firmware has reset the drive only to find it,
# with so many Bulk-Only Mass Storage Resets.
good() {
	[ "$(count 'reset bus')" = 1 ] && [ "$(count 'bulk-only')" = "${3:-0}" ] && only GOOD 6/29/00 6/28/00
	result "$1, $2: no command fails, except for the unit attentions" $?
}
controller="qemu-xhci"
booted='booted: .*\(right\|WRONG\|FAILED\)'
for block in 2202496 4096896; do
	test/redir/boot/make.sh "$dir/big.iso" $block >"$dir/make" 2>&1
	result "a disc with its programs past block $block is made" $?
	for firmware in bios uefi; do
		boot $firmware $controller "$dir/big.iso" "$booted" && seen 'the sum is right'
		result "$controller, $firmware: it boots a program past block $block, read right" $?
		good $controller "$firmware, past block $block"
	done
done

AARCH64=aarch64-linux-gnu-gcc test/redir/boot/make.sh "$dir/boot.iso" >"$dir/make" 2>&1 &&
	xorriso -osirrox on -indev "$dir/boot.iso" -extract /bios.bin "$dir/bios.bin" -report_el_torito plain >"$dir/report" 2>&1
result "a disc for UEFI of arm64, too, is made" $?
boot aavmf $controller "$dir/boot.iso" "$booted" && seen 'the sum is right'
result "$controller, aavmf: it boots its program, read right" $?
good $controller aavmf

# What these two read is compared by its CRC-32, and by the sum of its bytes.
block=$(awk '/boot img/ && $7 == "BIOS" { printf "%x", $NF }' "$dir/report")
bytes=$(stat -c %s "$dir/bios.bin")
size=$(printf %x "$bytes")
crc=$(gzip -1 <"$dir/bios.bin" | tail -c 8 | od -An -tx4 -N4 | tr -d ' ')
sum=$(od -An -v -tu1 "$dir/bios.bin" | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { printf "%x", sum }')
for each in 'u-boot-x86_64 ich9-usb-ehci1 1000000' 'u-boot-arm64 usb-ehci 42000000'; do
	read -r firmware controller memory <<<"$each"
	boot "$firmware" "$controller" "$dir/boot.iso" '==> [0-9a-f]\{8\}' 'Hit any key' '' '=> $' 'usb start' \
		'=> $' 'part list usb 0' '=> $' "usb read $memory $block $(printf %x $((bytes / 2048)))" \
		'=> $' "crc32 $memory $size" && seen "==> $crc"
	result "$controller, $firmware: it finds the drive, and reads a program's blocks right" $?
	from=1
	seen 'Partition Type: ISO' && seen "^  1 *$((0x$block)) .*2048"
	result "$controller, $firmware: it lists the images of El Torito" $?
	good "$controller" "$firmware"
done
boot slof qemu-xhci "$dir/boot.iso" 'sum [0-9a-f]* *ok' '0 > ' 'load cdrom:\bios.bin' '  ok' \
	"0 load-base $size bounds do i c@ + loop .\" sum \" ." && seen "sum $sum "
result "qemu-xhci, slof: it reads a file from ISO 9660 right" $?
good qemu-xhci slof 1 # before its first command
echo "1..$n"
