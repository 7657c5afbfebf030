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

# ext4_of TREE FILE SIZE: a file system with that in it, for a machine that is thrown away.
ext4_of() {
	truncate -s "$3" "$2"
	mke2fs -q -t ext4 -O '^has_journal' -E lazy_itable_init=1 -d "$1" "$2"
}
