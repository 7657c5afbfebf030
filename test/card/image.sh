# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by test/suites/card_guest.sh: what an image has and has not, without a boot.
verdict 'the image is smaller than 64 MB' test "$(stat -c %s "$out/mmcgadget-$board.img.xz")" -lt 64000000
root=$built/root
no_identity() {
	[ -x "$root/usr/lib/systemd/systemd" ] || { echo "$root has no system"; return 1; }
	! find "$root/etc/machine-id" "$root/etc/hostname" "$root/var/lib/systemd/random-seed" "$root"/var/lib/apt/lists/* \
		"$root"/etc/dropbear/* "$root"/var/lib/mmcgadget/* "$root"/root/.ssh 2>/dev/null | grep . &&
		! find "$root" -name '*host*key*' -type f | grep .
}
verdict 'the system has no key, no identity and no list of packages' no_identity
verdict 'no program of the system gives rights' sh -c "[ -d '$root/usr' ] && ! find '$root' -perm /6000 -type f | grep ."
verdict 'nobody can log in with a password' sh -c "[ -s '$root/etc/shadow' ] && ! grep -vE '^[^:]*:!?\*' '$root/etc/shadow'"
licences() { # of each package of the manifest, in the system or, for what is not in it, on the first partition
	local name count=0
	while read -r name; do
		case $name in
		linux-image-*) test -s "$built/fat/LICENCES/linux.txt" ;;
		*) test -s "$root/usr/share/doc/$name/copyright" ;;
		esac || { echo "there is no licence of $name"; return 1; }
		count=$((count + 1))
	done < <(sed '/^#/d; s/ .*//' "$built/fat/manifest.txt")
	echo "# $count packages" >&3
	for name in GPL-2 GPL-3 LGPL-2.1 Apache-2.0; do
		test -s "$root/usr/share/common-licenses/$name" || { echo "no $name"; return 1; }
	done
	for name in $firmware_packages ${loader_packages:-}; do
		test -s "$built/fat/LICENCES/$name.txt" || { echo "no LICENCES/$name.txt"; return 1; }
	done
	test $count -gt 50
}
verdict 'the licence of each package is there' licences
# Cards that are in use have this table of partitions.
partitions() {
	diff <(printf '%s\n' 'start=8192 size=262144 type=c bootable' 'start=270336 size=393216 type=83' 'start=663552 size=393216 type=83') \
		<(sfdisk -d "$card" | sed -n '/^label: dos/d; s/^.* : //p' | sed 's/= */=/g; s/,//g') &&
		is "$(od -An -tx1 -j440 -N4 "$card" | tr -d ' ')" "$(arguments a | sed 's/.*mmcgadget.disk=\([0-9a-f]*\).*/\1/')"
}
# What the firmware or U-Boot reads, in the image itself.
start_files() {
	local name text
	is "$(next_slot) $(fat_copy trial.txt)" 'a trial=-' || return
	for name in a/vmlinuz a/initrd mmcgadget.txt mmcgadget-report.txt mmcgadget-full-report.txt manifest.txt READ-ME.txt; do
		[ "$(fat_copy $name | wc -c)" -gt 100 ] || { echo "there is no $name"; return 1; }
	done
	if [ "$boot_kind" = uboot ]; then
		for name in MLO u-boot.img; do
			[ "$(fat_copy $name | wc -c)" -gt 10000 ] || { echo "there is no $name"; return 1; }
		done
		text=$(fat_copy extlinux/extlinux.conf)
		is "$(head -c 9 <<<"$text")" 'default a' && has "$text" 'kernel /a/vmlinuz' && has "$text" 'initrd /b/initrd' && has "$text" 'fdtdir /a/dtb'
	else
		for name in $firmware_files overlays/dwc2.dtbo; do
			[ "$(fat_copy "$name" | wc -c)" -gt 500 ] || { echo "there is no $name"; return 1; }
		done
		text=$(fat_copy config.txt)
		is "$(fat_copy slot.txt)" 'os_prefix=a/' && has "$text" '^include slot.txt$' && has "$text" '^kernel=vmlinuz$' &&
			has "$text" '^initramfs initrd followkernel$' && has "$text" '^dtoverlay=dwc2,dr_mode=peripheral$' &&
			{ [ -z "$firmware_settings" ] || has "$text" "^$firmware_settings\$"; }
	fi
}
card=$out/mmcgadget-$board.img
verdict 'the partitions of the image are those of all cards' partitions
verdict 'the first partition of the image starts the first system' start_files
card=$work/card.img
libraries() { # each program finds its libraries, since packages are left out against their will
	local file
	find "$root/usr/lib/$triplet" "$root/usr/lib" -maxdepth 1 -name '*.so*' -printf '%f\n' | sort -u >"$work/have"
	ls "$root/usr/lib/systemd" "$root/usr/lib/$triplet/systemd" 2>/dev/null >>"$work/have"
	while read -r file; do
		"$triplet-objdump" -p "$file" 2>/dev/null | awk '$1 == "NEEDED" { print $2 }' | grep -vxFf "$work/have" | sed "s,^,${file#"$root"} needs ,"
	done < <(find "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" -type f -perm /111 ! -name '*.ko') >"$work/lacking"
	cat "$work/lacking"
	[ -s "$work/have" ] && [ ! -s "$work/lacking" ]
}
verdict 'each program finds its libraries' libraries
wifi() { # the firmware of each chip that a board has, under the name that its driver asks for
	local chip name board_files
	for chip in $wifi_chips; do
		for name in "$chip-sdio.bin" "$chip-sdio.clm_blob"; do
			test -s "$root/usr/lib/firmware/brcm/$name" || { echo "no $name"; return 1; }
		done
		board_files=$(find "$root/usr/lib/firmware/brcm/" -name "$chip-sdio*.txt" -exec test -s {} \; -print | wc -l)
		test "$board_files" -gt 0 || { echo "$chip has no board's file"; return 1; }
	done
	test -s "$root/usr/lib/firmware/regulatory.db" -a -x "$root/usr/sbin/wpa_supplicant"
}
[ -z "${wifi_chips:-}" ] || verdict 'the firmware of each Wi-Fi chip is there' wifi
trees() {
	local tree node=/soc/usb@7e980000 count=0
	# shellcheck source=image/card.sh
	. image/card.sh
	while read -r tree; do
		[ "$boot_kind" != uboot ] || node=$(musb_node "$tree")
		is "${tree##*/} $(fdtget "$tree" "$node" dr_mode) $(fdtget -d okay "$tree" "$node" status)" "${tree##*/} peripheral okay" || return
		count=$((count + 1))
	done < <(find "$built/fat/a" -name "*.dtb")
	test $count -gt 4
}
verdict 'the port of each device tree is a device' trees
