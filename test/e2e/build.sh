#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds this tree in the root file system of a suite's guest, by that suite's compiler and for its
# libraries, without emulation. The output and an installed tree (dest/) go to $O/guest/SUITE, which
# is printed. Needs root for the chroot.
set -eu
suite=${1:?usage: build.sh SUITE}
top=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
dir=$("$top/test/e2e/image.sh" "$suite")
out=$O/guest/$suite
mkdir -p "$out"
out=$(cd "$out" && pwd)
log=$out/build.log

# The mounts live in a name space of their own and vanish with it.
# shellcheck disable=SC2016 # the inner shell's variables
unshare --mount --propagation private sh -eu -c '
	mount --bind -o ro "$1" "$3/src" && mount --bind "$2" "$3/build"
	mount -t proc proc "$3/proc"
	rm -rf "$2/dest"
	web=""
	! chroot "$3" pkg-config --exists libmicrohttpd || web="install-web ${4:-}"
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
		chroot "$3" make -C /src -j2 O=/build WERROR=1 PREFIX=/usr DESTDIR=/build/dest \
		guest-build install $web' sh "$top" "$out" "$dir/tree" ${FULL:+web-test-build} >"$log" 2>&1 || {
	tail -n 40 "$log" >&2
	echo "build.sh: the build in the $suite guest failed, see $log" >&2
	exit 1
}
echo "$out"
