# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by what makes something once that takes minutes. It is kept in
# ${MMCGADGET_CACHE:-/var/cache/mmcgadget}, under a name with a hash of its recipe.

# cached NAME RECIPE...: sets dir; succeeds when it is there, complete. If not, dir is an empty
# folder afterwards, those of older recipes are gone, and "touch $dir/complete" ends the making.
# Two runs at a time do not make the same one: the lock is held as long as the shell lives.
cached() {
	cache=${MMCGADGET_CACHE:-/var/cache/mmcgadget} name=$1
	shift
	dir=$cache/$name-$(printf '%s\n' "$@" | sha256sum | cut -c1-12)
	mkdir -p "$cache"
	exec 9>"$cache/.lock-$name"
	flock 9
	[ ! -e "$dir/complete" ] || return 0
	rm -rf --one-file-system "$cache/$name-"*
	mkdir -p "$dir"
	return 1
}

# making WHAT: says so; a Debian is made by root.
making() {
	[ "$(id -u)" = 0 ] || {
		echo "${0##*/}: making $1 needs root" >&2
		exit 1
	}
	what=$1 started=$(date +%s)
	echo "# making $what (a minute or more, once)" >&2
}
made() {
	touch "$dir/complete"
	echo "# $what took $(($(date +%s) - started)) s" >&2
	echo "$dir"
}

# debian SUITE OPTION OF MMDEBSTRAP...: into $dir/tree.
debian() {
	suite=$1
	shift
	"$(dirname "$0")/../mmdebstrap.sh" "$suite" "$dir/tree" "$@" >"$dir/mmdebstrap.log" 2>&1 && return
	tail -n 30 "$dir/mmdebstrap.log" >&2
	echo "${0##*/}: mmdebstrap failed, its log is $dir/mmdebstrap.log" >&2
	exit 1
}

# bootable SIZE: root.img, vmlinuz and initrd of $dir/tree.
bootable() {
	cp "$dir"/tree/boot/vmlinuz-* "$dir/vmlinuz"
	cp "$dir"/tree/boot/initrd.img-* "$dir/initrd"
	truncate -s "$1" "$dir/root.img"
	mke2fs -q -t ext4 -O '^has_journal' -E lazy_itable_init=1 -d "$dir/tree" "$dir/root.img"
}
