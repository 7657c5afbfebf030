#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page of mmcgadget-web: its texts, its size, what it may not contain, and what a browser makes of
# it (test/web/browser.py; not with BROWSER=no).
set -u
O=${O:-build}
dir=src/web/assets
html=$dir/index.html js=$dir/app.js css=$dir/app.css
n=0
report() { # NAME FAULTS
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		head -n 20 <<<"$2" | sed 's/^/# /'
	fi
}
# at_most LIMIT BYTES: prints a fault if there are more.
at_most() {
	[ "$2" -le "$1" ] || echo "$2 bytes, at most $1"
}

# Prints files as mmcgadget-web sends them.
sent() { # FILE...
	local f
	for f in "$@"; do
		src/web/embed.sh --text "$f"
	done
}
report 'page, style and script have at most 60 kB' "$(at_most 60000 "$(sent $html $css $js | wc -c)")"
report 'compressed they have at most 20 kB' \
	"$(at_most 20000 "$(for f in $html $css $js; do sent $f | gzip -9n; done | wc -c)")"
for f in "$dir"/lang/*.json; do
	report "$f has at most 9 KiB" "$(at_most 9216 "$(wc -c <"$f")")"
done

# The English texts, "key text" a line: in elements, in attributes, in the template.
english() {
	grep -oE 'data-t="[^"]*"[^>]*>[^<]*' $html | sed 's/data-t="\([^"]*\)"[^>]*>/\1 /'
	grep -oE 'aria-label="[^"]*" data-t-label="[^"]*"' $html |
		sed 's/aria-label="\([^"]*\)" data-t-label="\([^"]*\)"/\2 \1/'
	sed -n '/<template id="texts">/,/<\/template>/s/^\([a-z0-9.-]*\): /\1 /p' $html
}
# "key {0}{1}" a line: the values that a text holds.
values() {
	awk '{ key = $1; n = split($0, part, /[{}]/); out = ""
		for (d = 0; d < 10; d++) for (i = 2; i <= n; i += 2) if (part[i] == d) out = out "{" d "}"
		print key, out }' | sort -u
}
report 'a key has one English text' "$(english | sort -u | awk '{ print $1 }' | uniq -d)"
for f in "$dir"/lang/*.json; do
	other=$(jq -r 'to_entries[] | "\(.key) \(.value)"' "$f" | values)
	report "$f has the keys and values of the English texts" "$(diff <(english | values) <(printf '%s\n' "$other"))"
	report "$f has no empty text" "$(jq -r 'to_entries[] | select(.value == "") | .key' "$f")"
done
report 'each language can be chosen' "$(diff \
	<(sed -n '/<select id="language">/,/<\/select>/s/.*value="\([a-z]*\)" lang="\1".*/\1/p' $html | grep -v '^en$' | sort) \
	<(basename -as .json "$dir"/lang/*.json | sort))"

# Keys that the script names, whole or by their beginning.
used=$(grep -oE "(t|has|known|label)\([^()]*'[a-z-]+(\.[a-z-]*)*'" $js | grep -oE "'[^']*'" | tr -d "'" | sort -u)
known=$(english | awk '{ print $1 }' | sort -u)
missing=''
for key in $(grep -oE "\bt\('[^']*'" $js | cut -d"'" -f2 | sort -u); do
	case $key in
	*.) grep -q "^${key//./\\.}" <<<"$known" || missing+="$key " ;;
	*) grep -qxF "$key" <<<"$known" || missing+="$key " ;;
	esac
done
report 'each text that the script shows exists' "$missing"
unused=''
for key in $(sed -n '/<template id="texts">/,/<\/template>/s/^\([a-z0-9.-]*\): .*/\1/p' $html); do
	grep -qE "'(${key//./\\.}|${key%%.*}\.)'" $js || unused+="$key "
done
report 'each text of the template is used' "$unused"
[ -n "$used" ] || report 'the script shows texts' 'none was found'

report 'the blanks are those of mmcgadgetctl(1)' "$(diff \
	<(sed -n '/^const BLANKS/,/^};/p' $js | grep -oE "'[a-z0-9+-]+': [0-9.]+" | tr -d "':" | awk '{ printf "%s %.2f\n", $1, $2 }' | sort) \
	<(sed -n 's/^\.It Li \([a-z0-9+-]*\) Ta [A-Z].* Ta \([0-9.]*\) GB Ta .*/\1 \2/p' docs/man/mmcgadgetctl.1 | sort))"

report 'no request goes elsewhere' "$({
	grep -nE '(https?:)?//[a-z0-9]' $html $css
	grep -nE "['\"\`](https?:)?//[a-z0-9]|url\(|@import" $js $css
})"
report 'the script makes no markup and no code of texts' \
	"$(grep -nE 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|\beval\b|new Function|\.style\b|createContextualFragment|javascript:' $js)"
report 'the page has no script, style or handler of its own' \
	"$(grep -niE '<style|\bstyle=|\bon[a-z]+=|<script[^>]*>[^<]|<script>' $html)"

if [ "${BROWSER:-}" = no ]; then
	echo "1..$n"
elif [ ! -x "$O/mmcgadget-web" ]; then
	echo "ok $((n + 1)) - in a browser # SKIP $O/mmcgadget-web is not built: libmicrohttpd-dev is missing"
elif ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
	echo "ok $((n + 1)) - in a browser # SKIP chromium and chromium-driver are not installed"
elif ! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
	echo "ok $((n + 1)) - in a browser # SKIP python3-selenium is not installed"
else
	/usr/bin/python3 test/web/browser.py "$O" --first $((n + 1)) || exit 1
fi
