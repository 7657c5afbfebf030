#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# embed.sh DIR: prints C with the files below DIR, each as it is sent, plain and compressed, for src/web/assets.c.
# embed.sh --text FILE: prints a file as it is sent: without the lines that are comments, of which its line
# numbers keep an empty one.
set -eu

text_of() {
	case $1 in
	*.js) sed -E '2,$s,^\t*// .*,,; 2,${/^\t*\/\*/,/\*\/$/s/.*//}' "$1" ;;
	*.html) sed '/^<!--$/,/^-->$/s/.*//' "$1" ;;
	*) cat "$1" ;;
	esac
}
if [ "$1" = --text ]; then
	text_of "$2"
	exit
fi
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
	text_of "$f" | bytes
	printf '};\nstatic const unsigned char gzip%d[] = {\n' "$n"
	text_of "$f" | gzip -9n | bytes
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
