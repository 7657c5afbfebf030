# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by scripts that make a directory, which takes minutes, only once. It is kept in
# ${MMCGADGET_CACHE:-/var/cache/mmcgadget}, under a name with a hash of its recipe.

# cached NAME RECIPE...: sets dir. Returns 0 when that directory is complete. Otherwise returns 1, has
# made dir empty and removed those of older recipes; the caller fills it and ends with
# "touch $dir/complete". The lock is held until the shell ends, so that no other process makes the same.
cached() {
	cache=${MMCGADGET_CACHE:-/var/cache/mmcgadget} name=$1
	shift
	dir=$cache/$name-$(printf '%s\n' "$@" | sha256sum | cut -c1-12)
	mkdir -p "$cache"
	exec 9>"$cache/.lock-$name"
	flock 9
	[ ! -e "$dir/complete" ] || return 0
	# What a mmdebstrap that was killed has mounted; the last mount first.
	sed -n "s,^[^ ]* \($cache/$name-[^ ]*\) .*,\1,p" /proc/mounts | sort -r | while read -r mounted; do
		umount -l "$mounted"
	done
	rm -rf --one-file-system "$cache/$name-"*
	mkdir -p "$dir"
	return 1
}

# making WHAT: prints that WHAT is being made; exits with 1 unless run by root.
making() {
	[ "$(id -u)" = 0 ] || {
		echo "${0##*/}: making $1 needs root" >&2
		exit 1
	}
	what=$1 started=$(date +%s)
	echo "# making $what (a minute or more, once)" >&2
}
# made: marks dir as complete, prints how long that took, and dir.
made() {
	touch "$dir/complete"
	echo "# $what took $(($(date +%s) - started)) s" >&2
	echo "$dir"
}

# debian SUITE OPTION_OF_MMDEBSTRAP...: makes a Debian in $dir/tree; exits with 1 when that fails.
debian() {
	suite=$1
	shift
	"$(dirname "$0")/../mmdebstrap.sh" "$suite" "$dir/tree" "$@" >"$dir/mmdebstrap.log" 2>&1 && return
	tail -n 30 "$dir/mmdebstrap.log" >&2
	echo "${0##*/}: mmdebstrap failed, its log is $dir/mmdebstrap.log" >&2
	exit 1
}

# bootable SIZE: makes root.img, vmlinuz and initrd of $dir/tree, beside it.
bootable() {
	cp "$dir"/tree/boot/vmlinuz-* "$dir/vmlinuz"
	cp "$dir"/tree/boot/initrd.img-* "$dir/initrd"
	truncate -s "$1" "$dir/root.img"
	mke2fs -q -t ext4 -O '^has_journal' -E lazy_itable_init=1 -d "$dir/tree" "$dir/root.img"
}
