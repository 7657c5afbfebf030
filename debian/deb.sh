#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian packages and their source package into build/deb, for "make deb". The sources are a
# copy of the files here that git does not ignore, including new files and uncommitted changes, or of
# the whole tree without its build folders if there is no git. Nothing is installed. Arguments are
# passed to dpkg-buildpackage:
#   O=build debian/deb.sh -aarm64
#   debian/deb.sh --version   prints the version that the package would have
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
release=$(dpkg-parsechangelog -S Version)
# apt installs a package over an older one only if its version is higher, so a tree between two releases
# has the time of its commit in its version; a tree with uncommitted changes has the present time.
commit=$(debian/version.sh "${release%-*}")
case $commit in
*.changed) commit=+git$(date -u +%Y%m%d%H%M%S).${commit#*.} ;;
esac
version=${release%-*}$commit-${release##*-}
upstream=mmcgadget_${version%-*}
if [ "${1:-}" = --version ]; then
	echo "$version"
	exit 0
fi
# A fixed time, so that the same sources give the same archive.
time=@$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -S Timestamp)

if ! { rm -rf "$out" && mkdir -p "$out"; } 2>/dev/null; then
	echo "deb.sh: $out cannot be made again; if it belongs to root: sudo rm -r $out" >&2
	exit 1
fi
out=$(cd "$out" && pwd)
log=$out/build.log

files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . '(' -path './build*' -o -path ./.git ')' -prune -o -type f -printf '%P\0'
	fi
}
pack() { # TAR-ARGUMENT...: leaves out files that git knows but that were deleted
	# shellcheck disable=SC2016 # the inner sh expands them
	files | sort -zu | xargs -0 sh -c 'for f do [ ! -f "$f" ] || printf "%s\0" "$f"; done' sh |
		tar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="$time" \
			"$@" --null -T -
}
pack --transform "s,^,${upstream%_*}-${upstream#*_}/," --exclude='debian/*' \
	-I 'gzip -9n' -cf "$out/$upstream.orig.tar.gz"
mkdir "$out/tree"
pack -cf - | tar -xf - -C "$out/tree"
if [ "$version" != "$release" ]; then
	{
		printf 'mmcgadget (%s) UNRELEASED; urgency=medium\n\n' "$version"
		printf '  * Built from the sources between two releases.\n\n'
		printf ' -- %s  %s\n\n' "$(dpkg-parsechangelog -S Maintainer)" "$(date -R -u -d "$time")"
		cat debian/changelog
	} >"$out/tree/debian/changelog"
fi

echo "building in $out, see build.log"
if (cd "$out/tree" && dpkg-buildpackage -us -uc "$@") >"$log" 2>&1; then
	rm -rf "$out/tree"
	(cd "$out" && ls -l -- *.deb *.dsc 2>/dev/null) || true
else
	tail -n 30 "$log" >&2
	echo "deb.sh: the package could not be built, see $log" >&2
	exit 1
fi
