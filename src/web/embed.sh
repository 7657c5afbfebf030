#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# embed.sh DIR: prints C with the files below DIR, each as it is and compressed, for src/web/assets.c.
set -eu
dir=$1
cd "$dir"
files=$(find . -type f | LC_ALL=C sort)

bytes() { od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; }
type_of() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.json) echo 'application/json' ;;
	*.svg) echo 'image/svg+xml' ;;
	*.ico) echo 'image/vnd.microsoft.icon' ;;
	*.png) echo 'image/png' ;;
	*.txt) echo 'text/plain; charset=utf-8' ;;
	*)
		echo "embed.sh: $dir/$1: what is it?" >&2
		exit 1
		;;
	esac
}

echo '/* Made by src/web/embed.sh. */'
echo '#include "web/assets_data.h"'
n=0
for f in $files; do
	printf 'static const unsigned char plain%d[] = {\n' "$n"
	bytes <"$f"
	printf '};\nstatic const unsigned char gzip%d[] = {\n' "$n"
	gzip -9nc "$f" | bytes
	echo '};'
	n=$((n + 1))
done
echo 'const struct asset_data asset_data[] = {'
n=0
for f in $files; do
	type=$(type_of "$f")
	hash=$(sha256sum <"$f" | cut -c1-16)
	printf '\t{"%s", "%s", "%s", plain%d, gzip%d, sizeof(plain%d), sizeof(gzip%d)},\n' \
		"${f#.}" "$type" "$hash" $n $n $n $n
	n=$((n + 1))
done
echo '};'
echo "const size_t asset_count = $n;"
# shellcheck disable=SC2086 # names without blanks
printf 'const char asset_hash[] = "%s";\n' "$(cat $files | sha256sum | cut -c1-16)"
