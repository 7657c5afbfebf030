#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What "make deb" does: the Debian package, and the source package that others build theirs from,
# into build/deb. Built from a copy of what git knows here, changes included, or of the whole tree
# where there is no git; nothing is installed. Arguments are for dpkg-buildpackage:
#   O=build debian/deb.sh -aarm64
set -eu
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
cd "$(dirname "$0")/.."
for tool in dpkg-buildpackage dh; do
	command -v $tool >/dev/null || {
		echo "deb.sh: no $tool; sudo test/deps.sh deb installs what is needed" >&2
		exit 1
	}
done
out=${O:-build}/deb
version=$(dpkg-parsechangelog -S Version)
upstream=mmcgadget_${version%-*}
# The same sources make the same archive.
time=@$(dpkg-parsechangelog -S Timestamp)

rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
log=$out/build.log

files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . '(' -path './build*' -o -path ./.git ')' -prune -o -type f -printf '%P\0'
	fi
}
pack() { # files that are known, but gone, are left out
	# shellcheck disable=SC2016 # for the sh inside
	files | sort -zu | xargs -0 sh -c 'for f do [ ! -f "$f" ] || printf "%s\0" "$f"; done' sh |
		tar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="$time" \
			"$@" --null -T -
}
pack --transform "s,^,${upstream%_*}-${upstream#*_}/," --exclude='debian/*' \
	-I 'gzip -9n' -cf "$out/$upstream.orig.tar.gz"
mkdir "$out/tree"
pack -cf - | tar -xf - -C "$out/tree"

echo "building in $out, see build.log"
if (cd "$out/tree" && dpkg-buildpackage -us -uc "$@") >"$log" 2>&1; then
	rm -rf "$out/tree"
	(cd "$out" && ls -l -- *.deb *.dsc 2>/dev/null) || true
else
	tail -n 30 "$log" >&2
	echo "deb.sh: the package could not be built, see $log" >&2
	exit 1
fi
