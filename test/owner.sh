#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "sudo make ..." leaves in the build directories belongs to the owner of the source tree, who could
# otherwise not build there afterwards.
#   owner.sh -c COMMAND          a shell for make: runs COMMAND as the owner of the tree
#   owner.sh --begin DIR FILE... makes DIR for the owner, unless it is there outside of the tree, and gives away
#                                what root owns of each FILE
#   owner.sh --hand-back DIR...  gives what root owns in these folders to the owner
# If the user is not root, or the tree belongs to root or to a user whom this system does not know, the
# first is a plain shell and the others do nothing.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
owner=$(stat -c %U "$top")
group=$(stat -c %G "$top")
applies() { [ "$(id -u)" = 0 ] && [ "$owner" != root ] && getent passwd "$owner" >/dev/null; }

# Gives only what is in the tree to the owner, and follows no link in a folder.
give() { # PATH...
	local path
	for path; do
		path=$(realpath -e -- "$path" 2>/dev/null) || continue
		[[ $path == "$top"/?* ]] || continue
		find "$path" -xdev -user root -exec chown -h "$owner:$group" -- {} +
	done
}

case ${1:-} in
-c)
	applies || exec /bin/sh "$@"
	# Compilers and ccache may write below HOME.
	HOME=$(getent passwd "$owner" | cut -d: -f6) exec runuser -u "$owner" -- /bin/sh "$@"
	;;
--begin)
	applies || exit 0
	# A folder outside of the tree that was there before is somebody's.
	if [ ! -e "$2" ] || [[ $(realpath -e -- "$2") == "$top"/?* ]]; then
		mkdir -p "$2" && chown "$owner:$group" "$2"
	fi
	give "${@:3}"
	;;
--hand-back)
	applies || exit 0
	give "${@:2}"
	;;
*)
	sed -n '3,10s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
