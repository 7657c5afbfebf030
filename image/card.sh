# shellcheck shell=bash disable=SC2154 # variables of build.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by build.sh: kernel and modules, the initial RAM disk, the partitions, and the output files.

# Signature of the card's MBR, in the order of its bytes on the card. The initial RAM disk finds the card by
# it. It is the same on all cards of one image name, so that any update fits any card.
signature=$(printf %s "mmcgadget $board" | sha256sum | cut -c1-8)

# closure MODULES.DEP NAME...: the paths of these modules and of what they need, in the order of loading.
# Names without a module go to stderr.
closure() {
	awk -v names="${*:2}" '
	{
		path = $1
		sub(/:$/, "", path)
		name = path
		sub(/.*\//, "", name)
		sub(/\.ko.*/, "", name)
		gsub(/-/, "_", name)
		where[name] = path
		needs[path] = ""
		for (i = NF; i > 1; i--)
			needs[path] = needs[path] " " $i
	}
	function put(p) { if (!(p in done)) { done[p] = 1; print p } }
	END {
		n = split(names, list)
		for (i = 1; i <= n; i++) {
			gsub(/-/, "_", list[i])
			if (!(list[i] in where)) {
				print list[i] > "/dev/stderr"
				continue
			}
			m = split(needs[where[list[i]]], deps)
			for (k = 1; k <= m; k++)
				put(deps[k])
			put(where[list[i]])
		}
	}' "$1"
}

# copy_module MODULE TO: copies a module from $from: unpacked, without debug information, and without its
# signature, because checking it is work at each boot (not measured), and this kernel does not require one.
# The result is kept in $stripped for the next build.
copy_module() {
	local done=$stripped/${1%.xz}
	if [ ! -e "$done" ]; then
		mkdir -p "${done%/*}"
		case $1 in
		*.xz) xz -dc "$from/$1" >"$done.new" ;;
		*) cp "$from/$1" "$done.new" ;;
		esac
		"$triplet-objcopy" --strip-debug --remove-section=.BTF "$done.new"
		mv "$done.new" "$done"
	fi
	mkdir -p "${2%/*}"
	cp "$done" "$2"
}

# run_depmod ROOT: runs depmod for ROOT/usr/lib/modules, whether this depmod looks in /lib/modules or in
# /usr/lib/modules.
run_depmod() {
	local fake
	fake=$(mktemp -d)
	mkdir -p "$fake/usr"
	ln -s "$1/usr/lib" "$fake/lib"
	ln -s "$1/usr/lib" "$fake/usr/lib"
	depmod -b "$fake" "$version"
	rm -rf "$fake"
}

make_boot() {
	local from version modules path stripped
	version=$(ls "$work/kernel/usr/lib/modules")
	from=$work/kernel/usr/lib/modules/$version stripped=$work/stripped
	[ -e "$from/modules.dep" ] || run_depmod "$work/kernel"
	modules=$root/usr/lib/modules/$version

	# The root: the modules that the board's list names, those of whole directories, and what they need.
	local names
	names=$(for folder in $module_folders; do
		find "$from/kernel/$folder" -name '*.ko*' 2>/dev/null
	done | sed 's,.*/,,; s/\.ko.*//' | sort -u)
	# shellcheck disable=SC2086 # words
	closure "$from/modules.dep" $names $modules_by_name $boot_modules 2>"$work/missing-modules" >"$work/modules"
	# Fails if a module has another name in this kernel, which would otherwise go unnoticed. Modules that are
	# built in may be missing.
	grep -vxFf <(sed 's,.*/,,; s/\.ko.*//; s/-/_/g' "$from/modules.builtin") "$work/missing-modules" >&2 && {
		echo "image/build.sh: this kernel has no such modules" >&2
		exit 1
	}
	while read -r path; do
		copy_module "$path" "$modules/${path%.xz}"
	done <"$work/modules"
	cp "$from"/modules.{builtin,builtin.modinfo,order} "$modules/"
	run_depmod "$root"
	rm -f "$modules"/modules.{dep,alias,symbols,builtin.alias,builtin}.txt

	# The initial RAM disk: busybox, init.sh as /init, and the modules that are needed to mount the root.
	local ram=$work/ram
	mkdir -p "$ram"/{bin,dev,proc,sys,fat,low,ram,root,lib/modules}
	cp "$root/usr/bin/busybox" "$ram/bin/"
	for path in sh cat chroot dd hexdump insmod mkdir mount reboot sleep switch_root umount; do
		ln -s busybox "$ram/bin/$path"
	done
	install -m 755 image/card/init.sh "$ram/init"
	install -m 644 image/card/next.sh "$ram/"
	# shellcheck disable=SC2086 # words
	closure "$from/modules.dep" $boot_modules 2>/dev/null | while read -r path; do
		cp "$modules/${path%.xz}" "$ram/lib/modules/"
		basename "${path%.xz}"
	done >"$ram/modules"
	find "$ram" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	mkdir -p "$boot/a"
	(cd "$ram" && find . -print0 | sort -z | cpio --quiet --null -o -H newc --reproducible -R 0:0) |
		zstd -q -12 >"$boot/a/initrd"
	case $arch in
	arm64) gzip -9nc "$work/kernel/boot/vmlinuz-$version" >"$boot/a/vmlinuz" ;;
	*) cp "$work/kernel/boot/vmlinuz-$version" "$boot/a/vmlinuz" ;;
	esac
	echo "mmcgadget.disk=$signature mmcgadget.slot=a $consoles quiet net.ifnames=0 panic=10" >"$boot/a/cmdline.txt"
	"make_boot_$boot_kind"
}

# The firmware of a Raspberry Pi and the device trees. The overlay is already merged into each tree,
# for firmware that applies no overlays. Applying it twice does no harm.
make_boot_rpi() {
	local name tree other package
	package=$(grep '^raspi-firmware_' "$package_list")
	mkdir -p "$work/firmware"
	dpkg-deb --fsys-tarfile "$CACHE/debs/$package" | tar -x -C "$work/firmware"
	for name in $firmware_files; do
		cp "$work/firmware/usr/lib/raspi-firmware/$name" "$boot/"
	done
	mkdir -p "$boot/overlays"
	dtc -q -@ -I dts -O dtb -o "$boot/overlays/dwc2.dtbo" image/rpi/dwc2.dts
	# The firmware looks into this directory only if it has this file.
	echo 'Overlays of the device tree, for config.txt.' >"$boot/overlays/README"
	for name in $tree_names; do
		tree=$work/kernel/usr/lib/linux-image-$version/${trees:+$trees/}${name%%=*}.dtb
		fdtoverlay -i "$tree" -o "$boot/a/${name%%=*}.dtb" "$boot/overlays/dwc2.dtbo"
		for other in $(echo "${name#*=}" | tr ',' ' '); do
			cp "$boot/a/${name%%=*}.dtb" "$boot/a/$other.dtb"
		done
	done
	cp image/rpi/config.txt "$boot/config.txt"
	[ -z "$firmware_settings" ] || printf '%s\n' "$firmware_settings" >>"$boot/config.txt"
}

# U-Boot. BeagleBones read MLO from the first partition; Allwinner boards read their loader from sectors
# before that partition. The loader differs from board to board, so all are in u-boot/, and the owner writes the
# right one to the card. One letter in extlinux.conf selects which of the two systems starts.
make_boot_uboot() {
	local name node package folder=$work/loaders slot
	mkdir -p "$folder" "$boot/a/dtb" "$boot/extlinux" "$boot/u-boot"
	for package in $loader_packages; do
		dpkg-deb --fsys-tarfile "$CACHE/debs/$(grep "^${package}_" "$package_list")" | tar -x -C "$folder"
	done
	cp "$folder"/usr/lib/u-boot/am335x_evm/{MLO,u-boot.img} "$boot/"
	for name in $loaders; do
		cp "$folder/usr/lib/u-boot/$name/u-boot-sunxi-with-spl.bin" "$boot/u-boot/$name.bin"
	done
	for name in $tree_names; do
		cp "$work/kernel/usr/lib/linux-image-$version/$name.dtb" "$boot/a/dtb/"
		node=$(musb_node "$boot/a/dtb/$name.dtb")
		[ -n "$node" ] || {
			echo "image/build.sh: $name has no USB port that can be a device" >&2
			exit 1
		}
		fdtput -t s "$boot/a/dtb/$name.dtb" "$node" dr_mode peripheral
	done
	# The letter must stay at byte 8: next.sh overwrites it in place.
	{
		echo 'default a'
		for slot in a b; do
			printf 'label %s\n\tkernel /%s/vmlinuz\n\tinitrd /%s/initrd\n\tfdtdir /%s/dtb\n\tappend %s\n' \
				$slot $slot $slot $slot "$(sed "s/mmcgadget.slot=a/mmcgadget.slot=$slot/" "$boot/a/cmdline.txt")"
		done
	} >"$boot/extlinux/extlinux.conf"
}

# musb_node TREE: the first node that is a MUSB port.
musb_node() {
	dtc -q -I dtb -O dts "$1" | awk '
	$NF == "{" { path[depth++] = $(NF - 1) }
	$1 == "};" { depth-- }
	$1 == "compatible" && /[-,]musb/ && !found {
		found = 1
		for (i = 1; i < depth; i++)
			printf "/%s", path[i]
	}'
}

make_card() {
	mkdir -p "$boot/LICENCES"
	cp COPYING "$boot/LICENCES/mmcgadget.txt"
	local deb
	for deb in $firmware_packages ${loader_packages:-}; do
		[ -e "$root/usr/share/doc/$deb/copyright" ] || {
			mkdir -p "$root/usr/share/doc/$deb"
			cp "$work/loaders/usr/share/doc/$deb/copyright" "$root/usr/share/doc/$deb/"
		}
		cp "$root/usr/share/doc/$deb/copyright" "$boot/LICENCES/$deb.txt"
	done
	cat "$work"/kernel/usr/share/doc/linux-image-[0-9]*/copyright >"$boot/LICENCES/linux.txt"
	cp image/fat/* "$work/manifest.txt" "$boot/"
	[ "$boot_kind" = uboot ] || printf 'os_prefix=a/\n' >"$boot/slot.txt"
	printf 'trial=-\n' >"$boot/trial.txt"
	# The report as prepare.sh would write it at the first start, so that prepare.sh has nothing to write.
	head -c 8192 /dev/zero | tr '\000' '\n' >"$boot/mmcgadget-report.txt"
	LOCK=$work/report.lock sh image/card/report.sh "$boot/mmcgadget-report.txt" settings /dev/null
	# The bytes of the whole report are there from the beginning, so that no file grows on a board.
	head -c 131072 /dev/zero | tr '\000' '\n' >"$boot/mmcgadget-full-report.txt"
	find "$boot" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

	local img=$out/mmcgadget-$board.img fat=$work/fat.img uuid
	rm -f "$fat"
	truncate -s $((fat_size * 512)) "$fat"
	mkfs.vfat -F 32 -s 2 -n MMCBOOT --invariant -i "${signature}" "$fat" >/dev/null
	# In a fixed order, each file in one piece.
	(
		cd "$boot" || exit 1
		find . -mindepth 1 -type d | sort | while read -r name; do mmd -i "$fat" "::${name#.}"; done
		find . -type f | sort | while read -r name; do mcopy -m -i "$fat" "$name" "::${name#.}"; done
	)
	uuid=$(printf %s "$signature $SOURCE_DATE_EPOCH" | sha256sum |
		sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/')
	rm -f "$work/root.erofs"
	mkfs.erofs -zlz4hc -C65536 -T "$SOURCE_DATE_EPOCH" -U "$uuid" "$work/root.erofs" "$root" >"$work/erofs.log" 2>&1 || {
		tail -n 5 "$work/erofs.log" >&2
		exit 1
	}
	[ "$(stat -c %s "$work/root.erofs")" -le $((slot_size * 512)) ] || {
		echo 'image/build.sh: the system is larger than its partition' >&2
		exit 1
	}
	rm -f "$img"
	truncate -s $((discs_start * 512)) "$img"
	# sfdisk takes the signature as a little-endian number, so its bytes are reversed here.
	sfdisk -q "$img" <<-END
		label: dos
		label-id: 0x$(echo "$signature" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')
		1: start=$fat_start, size=$fat_size, type=c, bootable
		2: start=$slot_a, size=$slot_size, type=83
		4: start=$slot_b, size=$slot_size, type=83
	END
	dd if="$fat" of="$img" bs=1M seek=$((fat_start / 2048)) conv=notrunc,sparse status=none
	dd if="$work/root.erofs" of="$img" bs=1M seek=$((slot_a / 2048)) conv=notrunc,sparse status=none
	# Everything after the first system is empty, so the file ends there, rounded up to 1 MiB.
	truncate -s $((slot_a * 512 + ($(stat -c %s "$work/root.erofs") + 1048575) / 1048576 * 1048576)) "$img"
}

make_files() {
	local img=$out/mmcgadget-$board.img update=$work/update
	xz -T0 --block-size=16MiB -6 -k -f "$img"
	cp "$work/manifest.txt" "$out/mmcgadget-$board.manifest"
	rm -rf "$update"
	mkdir -p "$update"
	cp -r "$boot/a" "$update/boot"
	ln "$work/root.erofs" "$update/root.erofs"
	echo "$board" >"$update/board"
	cp "$root/usr/lib/mmcgadget-card/version" "$update/version"
	(cd "$update/boot" && find . -type f | sed 's,^\./,,' | sort) >"$update/names"
	(cd "$update" && sha256sum root.erofs && find boot -type f | sort | xargs sha256sum) >"$update/sums"
	tar -C "$update" --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" \
		--format=ustar -cf "$out/mmcgadget-$board.update" board version names sums boot root.erofs
	rm -rf "$update"
	(cd "$out" && sha256sum "mmcgadget-$board".{img.xz,update,manifest}) >"$out/mmcgadget-$board.sha256"
	[ -z "${SOURCES:-}" ] || image/sources.sh "$out/mmcgadget-$board.manifest" "$out/sources-$board" "$CACHE/image-$board"
}
