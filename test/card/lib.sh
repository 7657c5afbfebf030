# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the tests that boot a card image in QEMU. The machine is QEMU's "virt": it has no USB device
# port, so dummy_hcd is board and PC in one, and no GPU firmware, so kernel, initial RAM disk and command
# line are taken from the card's first partition as the firmware would take them, slot.txt or extlinux.conf included.
# A second initial RAM disk brings the modules of that machine and the script that runs in it.
# The card image was built by image/build.sh; card=FILE is a copy of it, $built the folder of its parts.
# shellcheck disable=SC2154,SC2034 # board, built, card from those who source this
console=''

case $board in
*arm64) qemu=qemu-system-aarch64 kind='virt -cpu cortex-a53' ;;
*) qemu=qemu-system-arm kind='virt,highmem=off -cpu cortex-a15' ;;
esac
# QEMU's model of a board, and its device tree. With the tree of the plain Zero the console of Linux 6.12 stayed
# silent there.
case $board in
rpi-arm64)
	board_machine=raspi3ap board_tree=bcm2837-rpi-zero-2-w board_clock=''
	;;
rpi-armel)
	# The timer of raspi0 compares the lower 32 bits of a clock that does not wait for a busy host. So the clock
	# of this guest counts instructions.
	board_machine=raspi0 board_tree=bcm2835-rpi-zero-w board_clock='-icount shift=1,sleep=on'
	;;
*) board_machine='' ;;
esac

# fat_copy FILE: prints a file of the card's first partition.
fat_copy() { mcopy -n -i "$card@@4M" "::$1" - 2>/dev/null; }

# next_slot: the letter of the system that starts next, as the firmware or U-Boot finds it.
next_slot() {
	if [ "$boot_kind" = uboot ]; then
		fat_copy extlinux/extlinux.conf | sed -n 's/^default //p'
	else
		fat_copy slot.txt | sed -n 's,^os_prefix=\(.\)/$,\1,p'
	fi
}

# set_next_slot LETTER
set_next_slot() {
	if [ "$boot_kind" = uboot ]; then
		fat_copy extlinux/extlinux.conf | sed "s/^default ./default $1/" >"$work/slot"
		mcopy -o -i "$card@@4M" "$work/slot" ::extlinux/extlinux.conf
	else
		echo "os_prefix=$1/" >"$work/slot"
		mcopy -o -i "$card@@4M" "$work/slot" ::slot.txt
	fi
}

# arguments SLOT: the kernel's, as the firmware or U-Boot gives them.
arguments() {
	if [ "$boot_kind" = uboot ]; then
		fat_copy extlinux/extlinux.conf | sed -n "/^label $1/,/append/s/^[[:space:]]append //p"
	else
		fat_copy "$1/cmdline.txt"
	fi
}

# pc_disk FILE: a disk with the burning programs, for the same processor.
pc_disk() {
	local list deb root=$work/pc
	list=$(CACHE=$CACHE image/fetch.sh "$arch" image-guest-pc \
		'bash coreutils dash growisofs genisoimage dvd+rw-tools sg3-utils' 'perl perl-base perl:any dpkg debconf debconf-2.0')
	rm -rf "$root"
	mkdir -p "$root"/{dev,proc,sys,tmp,run}
	while read -r deb; do
		dpkg-deb --fsys-tarfile "$CACHE/debs/$deb" | tar -x --keep-directory-symlink -C "$root"
	done <"$list"
	ln -sf dash "$root/usr/bin/sh"
	rm -rf "${root:?}/usr/share"
	truncate -s 400M "$1"
	mke2fs -q -F -t ext4 -O ^has_journal -d "$root" "$1"
}

# second_ram_disk SCRIPT [MODULE]...: $work/test.cpio, with the modules for this machine and for its PC, and
# SCRIPT, which runs in it when the system is up.
second_ram_disk() {
	local ram=$work/test-ram modules from path stripped=$built/stripped
	from=$(echo "$built"/kernel/usr/lib/modules/*)
	rm -rf "$ram"
	mkdir -p "$ram/lib/modules"
	# shellcheck source=image/card.sh
	. image/card.sh
	# shellcheck disable=SC2046 # words
	modules=$(closure "$from/modules.dep" virtio_mmio virtio_blk $(sed 's/\.ko$//' "$built/ram/modules") \
		dummy_hcd usb-storage sr_mod sg "${@:2}" 2>/dev/null)
	for path in $modules; do
		copy_module "$path" "$ram/lib/modules/$(basename "${path%.xz}")"
		basename "${path%.xz}"
	done >"$ram/modules"
	cp "$1" "$ram/script"
	cp test/card/hook.sh "$ram/hook"
	(cd "$ram" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$work/test.cpio"
}

# take_system SLOT: its kernel and initial RAM disk as the firmware finds them, and the test's behind it.
take_system() {
	fat_copy "$1/vmlinuz" >"$work/vmlinuz"
	fat_copy "$1/initrd" >"$work/initrd"
	# An archive begins at a multiple of four bytes.
	{
		cat "$work/initrd"
		head -c $(((4 - $(stat -c %s "$work/initrd") % 4) % 4)) /dev/zero
		cat "$work/test.cpio"
	} >"$work/initrd.both"
}

# boot_board: starts QEMU's model of the board with the card in its slot, and the device tree that the
# firmware would take, whose own model is not there. Its USB port is a host, whatever the tree says.
boot_board() {
	local slot
	slot=$(next_slot)
	rm -rf "$work/test-ram"
	mkdir "$work/test-ram"
	cp test/card/script_board.sh "$work/test-ram/script"
	cp test/card/hook.sh "$work/test-ram/hook"
	(cd "$work/test-ram" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$work/test.cpio"
	take_system "$slot"
	fat_copy "$slot/$board_tree.dtb" >"$work/board.dtb"
	console=$work/console
	: >"$console"
	# The model has no power controller: Linux' driver of it would end the kernel.
	# shellcheck disable=SC2086 # words
	$qemu -M "$board_machine" $board_clock -nodefaults -display none -no-reboot -serial null -serial "file:$console" \
		-kernel "$work/vmlinuz" -initrd "$work/initrd.both" -dtb "$work/board.dtb" \
		-append "$(arguments "$slot") console=ttyS1,115200 ${board_log:-loglevel=4} initcall_blacklist=bcm2835_pm_driver_init systemd.default_timeout_start_sec=900" \
		-drive "if=sd,format=raw,file=$card" >"$work/qemu.log" 2>&1 &
	machine=$!
}

# boot [QEMU-OPTION]...: starts the machine with the card; its serial port is $console. As on most boards, its
# clock is wrong when it starts. CARD_DRIVE has further options of QEMU's drive, for example ",readonly=on".
boot() {
	local slot
	slot=$(next_slot)
	take_system "$slot"
	console=$work/console
	: >"$console"
	# shellcheck disable=SC2086 # words
	$qemu -M $kind -smp "${SMP:-2}" -m "${MEMORY:-512}" -nodefaults -display none -no-reboot -serial "file:$console" \
		-kernel "$work/vmlinuz" -initrd "$work/initrd.both" \
		-append "$(arguments "$slot") console=ttyAMA0 loglevel=4 systemd.default_timeout_start_sec=900 ${APPEND:-}" \
		-rtc base=1971-01-01T00:00:00 \
		-drive "if=none,id=card,format=raw,file=$card,cache=${CACHE_MODE:-writethrough}${CARD_DRIVE:-}" \
		-device virtio-blk-device,drive=card,serial="${SERIAL:-card-one}" \
		-drive "if=none,id=pc,format=raw,file=$work/pc.img,readonly=on" -device virtio-blk-device,drive=pc,serial=pc "$@" \
		>"$work/qemu.log" 2>&1 &
	machine=$!
}

# wait_line PATTERN SECONDS [INTERVAL]: waits until the serial port has had such a line.
wait_line() {
	local end=$((SECONDS + $2))
	until grep -aqE "$1" "$console"; do
		kill -0 "$machine" 2>/dev/null || return 1
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep "${3:-0.3}"
	done
}
cut_power() { # the power is cut
	kill -9 "$machine" 2>/dev/null
	wait "$machine" 2>/dev/null
}
said() { # WORD: what the script has said about it, in the last line that it did
	tr -d '\r' <"$console" | sed -n "s/^CARD $1 //p" | tail -n 1
}
