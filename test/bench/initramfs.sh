#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the RAM disk of the benchmark's guest. busybox is its system; everything that is measured comes
# from the suite's packages (kernel modules, udev, C library) and from our build for that suite. It has
# the modules with the order in which to load them, and the programs with their libraries.
#   initramfs.sh GUEST_DIR BUILD_DIR OUT
set -euo pipefail
[ $# = 3 ] || {
	sed -n '6s/^# *//p' "$0" >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$1/tree" && pwd)
build=$(cd "$2" && pwd)
out=$3
busybox=$(command -v busybox) || {
	echo "initramfs.sh: no busybox - run 'sudo test/deps.sh check'" >&2
	exit 1
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# The UDC comes last; in the guest its option is the speed.
modules="brd null_blk ext4 configfs libcomposite usb_f_fs usb_f_mass_storage usb_f_ss_lb
	usb_storage sg sr_mod sd_mod dummy_hcd"
# The programs that udev runs on a Debian host when a drive appears.
programs="/usr/bin/udevadm /usr/lib/systemd/systemd-udevd /usr/lib/udev/cdrom_id
	/usr/lib/udev/scsi_id /usr/lib/udev/ata_id /usr/sbin/mke2fs"

mkdir -p "$root"/{bench,dev,etc,modules,proc,run,sys,tmp,usr,var/lib/mmcgadget}
for d in bin sbin lib lib64; do
	[ ! -d "$tree/$d" ] || { mkdir -p "$root/usr/$d" && ln -s "usr/$d" "$root/$d"; }
done
cp "$busybox" "$root/usr/bin/busybox"
for a in $("$root/usr/bin/busybox" --list); do
	[ "$a" = busybox ] || ln -s busybox "$root/usr/bin/$a"
done

# In loading order, each once; the kernel of the guest may have them compressed.
version=$(ls "$tree/usr/lib/modules")
for m in $modules; do
	modprobe -d "$tree" -S "$version" --show-depends "$m"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r ko; do
	name=$(basename "$ko")
	name=${name%%.ko*}
	case $ko in
	*.xz) "$busybox" xzcat "$ko" >"$root/modules/$name.ko" ;;
	*.gz) "$busybox" zcat "$ko" >"$root/modules/$name.ko" ;;
	*) cp "$ko" "$root/modules/$name.ko" ;;
	esac
	echo "$name" >>"$root/modules/order"
done

for p in $programs; do
	mkdir -p "$root$(dirname "$p")"
	cp -a "$tree$p" "$root$p"
done
mkdir -p "$root/usr/lib/udev"
cp -a "$tree/usr/lib/udev/rules.d" "$root/usr/lib/udev/"
cp "$tree"/etc/{passwd,group,nsswitch.conf,mke2fs.conf} "$root/etc/"
echo 'mmcgadget:x:999:' >>"$root/etc/group"
cp -a "$build/dest/usr/sbin/mmcgadgetd" "$root/usr/sbin/"
cp -a "$build/dest/usr/bin/mmcgadgetctl" "$root/usr/bin/"
mkdir -p "$root/usr/lib/mmcgadget"
cp -a "$build/dest/usr/lib/mmcgadget/mmcgadget-resolver" "$root/usr/lib/mmcgadget/"
cp -a "$build/dest/etc/mmcgadget" "$root/etc/"
for p in "$build"/test/bench/b_*; do
	[ -e "$p" ] || continue
	case $p in *.o | *.d) ;; *) cp "$p" "$root/bench/" ;; esac
done
cp "$here"/init "$root/init"
cp "$here"/rows.sh "$here"/flat.sh "$root/bench/"
chmod 755 "$root/init"

# The suite's own loader finds the libraries; the mount ends with its namespace.
# shellcheck disable=SC2016 # the inner shell's variables
unshare --mount --propagation private sh -eu -c '
	mount --bind -o ro "$1" "$2/out"
	exec chroot "$2" sh -c "
		cd /out
		for p in usr/bin/udevadm usr/lib/udev/*_id usr/sbin/mke2fs usr/sbin/mmcgadgetd usr/bin/mmcgadgetctl usr/lib/mmcgadget/* bench/b_*; do
			[ ! -e \$p ] || ldd \$p
		done"' sh "$root" "$tree" |
	sed -n 's/^.*[[:space:]]\(\/[^ ]*\) (0x[0-9a-f]*)$/\1/p' | sort -u | while read -r l; do
	mkdir -p "$root$(dirname "$l")"
	cp -L "$tree$l" "$root$l"
done

# Sorted and without times, so that the archive is the same every time.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort |
	"$busybox" cpio -o -H newc --renumber-inodes --ignore-devno 2>/dev/null) >"$out"
