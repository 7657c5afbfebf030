#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints what follows the version number of a tree that is no release, so that each commit has a version
# of its own and a later commit a higher one: +git, time of the commit (UTC), count of commits, commit;
# ".changed" if files differ from the commit. Prints nothing for a tagged release (v0.1.0), and where
# there is no git or the sources are no git tree.
#   version.sh VERSION   VERSION: of the Makefile, for example 0.1.0
set -eu
version=${1:?usage: version.sh VERSION}
cd "$(dirname "$0")/.."
# A copy of the sources below the build folder of another tree is not that tree.
top=$(git rev-parse --show-toplevel 2>/dev/null) && [ "$top" = "$(pwd -P)" ] || exit 0
commit=$(git log -1 --abbrev=7 --format=%h 2>/dev/null) || exit 0
changed=''
[ -z "$(git status --porcelain 2>/dev/null)" ] || changed=.changed
if [ -z "$changed" ] && git tag --points-at HEAD | grep -qx "v$version"; then
	exit 0
fi
time=$(TZ=UTC0 git log -1 --date=format-local:%Y%m%d%H%M%S --format=%cd)
printf '+git%s.%s.%s%s\n' "$time" "$(git rev-list --count HEAD)" "$commit" "$changed"
