# shellcheck shell=bash disable=SC2154 # variables of build.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by build.sh: the packages of the image, and the programs of this tree.

# The system: systemd, what mounts and checks file systems, one busybox for everything else.
packages="base-files base-passwd busybox-static e2fsprogs fdisk kmod mount systemd systemd-sysv systemd-timesyncd udev util-linux
	dropbear-bin openssh-sftp-server wpasupplicant wireless-regdb
	libaio1t64 libblkid1 libchdr0 libconfig11 libflac14 libjansson4 libnettle8t64 libsystemd0 libusbgx3 libmicrohttpd12t64 libcrypt1"
# Packages that others depend on, and that the image does not need: what runs at installation, what
# busybox does as well, what makes an initial RAM disk, and libraries of programs that no card runs.
left_out="adduser awk bash cdebconf dbus debconf debconf-2.0 debianutils diffutils dosfstools dpkg findutils grep gzip
	hostname init-system-helpers initramfs-tools initramfs-tools-core libdebconfclient0 linux-base
	linux-initramfs-tool logsave libedit2 libfido2-1 libgssapi-krb5-2 passwd ncurses-base ncurses-bin openssl-provider-legacy perl perl-base perl:any
	libpam-modules libpam-modules-bin libpam-runtime login login.defs mawk python3 readline-common sed tar
	util-linux-extra"
# What the programs are compiled with.
development="libc6-dev libusbgx-dev libaio-dev libconfig-dev libsystemd-dev libjansson-dev libblkid-dev nettle-dev libflac-dev libchdr-dev
	libmicrohttpd-dev libcrypt-dev"

get_packages() {
	package_list=$(image/fetch.sh "$arch" "image-$board" "$packages $kernel_package $firmware_packages ${loader_packages:-}" "$left_out")
	development_list=$(image/fetch.sh "$arch" "development-$arch" "$development" '')
}

# unpack LIST FOLDER: the files of these packages, with their owners; base-files first, which has /bin and
# /lib as links.
unpack() {
	local deb
	mkdir -p "$2"
	{
		grep '^base-files_' "$1" || true
		grep -v '^base-files_' "$1"
	} | while read -r deb; do
		dpkg-deb --fsys-tarfile "$CACHE/debs/$deb" | tar -x --numeric-owner --keep-directory-symlink -C "$2"
	done
}

# The kernel goes to $work/kernel: only a part of it gets into the image.
unpack_packages() {
	grep '^linux-image-' "$package_list" >"$work/kernel.list"
	grep -vE '^(linux-image|u-boot)-' "$package_list" >"$work/system.list"
	unpack "$work/system.list" "$root"
	# The image takes no owners from this tree, so the tree of the last run can be used.
	if ! cmp -s "$work/kernel.list" "$work/kernel.unpacked"; then
		rm -rf "$work/kernel" "$work/kernel.unpacked" "$work/stripped"
		unpack "$work/kernel.list" "$work/kernel"
		cp "$work/kernel.list" "$work/kernel.unpacked"
	fi
	local sysroot=$CACHE/sysroot-$arch
	if ! cmp -s "$development_list" "$sysroot.list"; then
		rm -rf "$sysroot" "$sysroot.list"
		mkdir -p "$sysroot/usr/lib"
		ln -s usr/lib "$sysroot/lib"
		unpack "$development_list" "$sysroot"
		# Absolute links would lead out of the folder.
		find "$sysroot" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
			ln -sfrT "$sysroot$target" "$link"
		done
		cp "$development_list" "$sysroot.list"
	fi
}

build_programs() {
	local sysroot=$CACHE/sysroot-$arch flags
	flags="$optimisation -g0 --sysroot=$sysroot -ffile-prefix-map=$top=."
	PKG_CONFIG_SYSROOT_DIR=$sysroot \
		PKG_CONFIG_LIBDIR=$sysroot/usr/lib/$triplet/pkgconfig:$sysroot/usr/share/pkgconfig \
		make -j"$(nproc)" O="$work/objects" CROSS_COMPILE="$triplet-" CC="${CCACHE:-} $triplet-gcc" CFLAGS="$flags" \
		LDFLAGS="-Wl,-z,relro,-z,now" PREFIX=/usr LIBDIR="/usr/lib/$triplet" UNITDIR=/usr/lib/systemd/system \
		DESTDIR="$root" install install-web >"$work/programs.log" 2>&1 || {
		tail -n 20 "$work/programs.log" >&2
		echo "image/build.sh: mmcgadget could not be compiled, see $work/programs.log" >&2
		exit 1
	}
}

# The list of everything in the image, with the sources that whoever passes the image on has to offer.
manifest() {
	printf '%-32s %-40s %-8s %s\n' '# package' version for 'source (version)'
	local deb
	while read -r deb; do
		dpkg-deb --show --showformat '${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' "$CACHE/debs/$deb"
	done <"$package_list" | LC_ALL=C sort | awk '{ printf "%-32s %-40s %-8s %s (%s)\n", $1, $2, $3, $4, $5 }'
	printf '%-32s %-40s %-8s %s\n' mmcgadget "$our_version" "$arch" 'this tree'
}
