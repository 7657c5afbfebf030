#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of the source text: shellcheck, licences, sizes of files, words that mean "not done".
n=0
report() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		head -n 20 <<<"$2" | sed 's/^/# /'
	fi
}
files=$(git ls-files --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path './.git/*')
sources=$(grep -E '\.(c|h)$' <<<"$files")
# Scripts by their suffix, because those that are sourced have no #! line, or by that line.
scripts=$(while IFS= read -r file; do
	case $file in
	*.sh | *.bash)
		echo "$file"
		continue
		;;
	esac
	[ -f "$file" ] && IFS= read -r line <"$file" && [[ $line =~ ^#!.*[/\ ](ba|da)?sh(\ |$) ]] && echo "$file"
done <<<"$files" 2>/dev/null)

# shellcheck disable=SC2086
report 'shell scripts are clean' "$(shellcheck -x -S warning $scripts 2>&1)"
# shellcheck disable=SC2086
report 'every source says its licence' "$(grep -L 'SPDX-License-Identifier: GPL-2.0-or-later' $sources $scripts)"
# shellcheck disable=SC2086
report 'no source says that something is not done' "$(grep -nE '\b(TODO|FIXME|XXX|HACK|not implemented)\b' $sources $scripts | grep -v 'suites/source.sh')"
# shellcheck disable=SC2086
report 'no trailing white space' "$(grep -nE '[[:space:]]+$' $sources $scripts Makefile)"
# shellcheck disable=SC2086
report 'no C file over 600 lines' "$(wc -l $sources | awk '$2 != "total" && $1 > 600')"
echo "1..$n"
