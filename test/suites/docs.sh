#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs, the manual pages and the shipped configuration agree: each option, verb and key that one
# of them has is in the others.
O=${O:-build}
man=docs/man
n=0
report() { # NAME FAULTS
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' <<<"$2"
	fi
}
# both NAME LIST LIST: passes when both have the same words, in any order.
both() {
	local d
	d=$(diff <(sort -u <<<"$2") <(sort -u <<<"$3"))
	[ -n "$2" ] || d="nothing found to compare"
	report "$1" "$d"
}

plain() { mandoc -T ascii "$1" | sed 's/.\x08//g'; } # without overstrikes

for p in mmcgadgetd.8 mmcgadgetctl.1 mmcgadget-shim.1 mmcgadget-web.8 mmcgadget.conf.5; do
	report "$p: mandoc has no complaint" "$(mandoc -T lint -W warning "$man/$p" 2>&1)"
	report "$p: says its licence" "$(grep -L 'SPDX-License-Identifier: GPL-2.0-or-later' "$man/$p")"
done

# Long and short options, of the help and of the manual's ".It Fl" lines.
help_options() { "$O/$1" --help | grep -oE '(^| )--?[A-Za-z][a-z-]*' | tr -d ' '; }
man_options() {
	grep -E '^\.It Fl' "$man/$1" | grep -oE 'Fl -?[A-Za-z][a-z-]*' | sed 's/^Fl /-/'
}
both 'mmcgadgetd: options in --help and manual' "$(help_options mmcgadgetd)" "$(man_options mmcgadgetd.8)"
both 'mmcgadgetctl: options in --help and manual' "$(help_options mmcgadgetctl)" "$(man_options mmcgadgetctl.1)"
both 'mmcgadget-shim: options in --help and manual' "$(help_options mmcgadget-shim)" "$(man_options mmcgadget-shim.1)"
if [ -x "$O/mmcgadget-web" ]; then
	both 'mmcgadget-web: options in --help and manual' "$(help_options mmcgadget-web)" "$(man_options mmcgadget-web.8)"
fi
both 'mmcgadget-web: keys in the code, the shipped file and the manual' \
	"$(sed -n 's/^	{"\([a-z_]*\)", \(TEXT\|NUMBER\|SWITCH\|LIST\),.*/\1/p' src/web/config.c; sed -n 's/^#\([a-z_]*\) = .*/\1/p' configs/mmcgadget-web.conf)" \
	"$(sed -n '/^\.Sh CONFIGURATION/,/^\.Sh FILES/s/^\.It Cm //p' $man/mmcgadget-web.8 | sed 's/ , /\n/g')"
both 'mmcgadget-shim: words of --ask in its help and manual' \
	"$(MMCSHIM_SOCKET='' "$O/mmcgadget-shim" --ask help | grep -oE '^[a-z]+')" \
	"$(sed -n '/^\.Sh OPTIONS/,/^\.Sh STATUS/s/^\.It Cm \([a-z]*\).*/\1/p' $man/mmcgadget-shim.1)"
both 'mmcgadget-shim: members of the status in the program and the manual' \
	"$("$O/mmcgadget-shim" --status - true 2>/dev/null | grep -oE '"[a-z]+":' | tr -d '":')" \
	"$({
		echo format
		sed -n '/^\.Sh STATUS/,/^\.Sh LOG/s/^\.It Cm \(.*\) Ta .*/\1/p' $man/mmcgadget-shim.1 | sed 's/ , /\n/'
	})"
both 'mmcgadgetd: options in synopsis and list' \
	"$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh QUICK/p' $man/mmcgadgetd.8 | grep -oE 'Fl -?[A-Za-z][a-z-]*' | sed 's/^Fl /-/')" \
	"$(man_options mmcgadgetd.8)"

# Verbs with their options: the table of the code, and each manual's list.
daemon_verbs=$(sed -n 's/^	\[VERB_[A-Z_]*\] = { "\([a-z-]*\)".*/\1/p' src/protocol/verbs.c)
# Verbs for programs, which the client's help leaves out.
program_verbs=$(awk -F'"' '/^\t\[VERB_/ { name = $2 } /VERB_FOR_PROGRAMS/ { print name } /^};/ { exit }' src/protocol/verbs.c)
# Verbs of the client alone, and client commands that begin with a verb of the daemon.
own_verbs=$(sed -n 's/^#define [A-Z]*_VERB *"\(.*\)"$/\1/p' src/ctl/own_verbs.h)
own_synopses=$(sed -n 's/^#define [A-Z_]*_SYNOPSIS *"\(.*\)"$/\1/p' src/ctl/own_verbs.h; printf 'doctor\n')
code_verbs=$(printf '%s\n' "$daemon_verbs" | grep -vxF "$program_verbs"; printf '%s\n' "$own_verbs")
help_verbs=$("$O/mmcgadgetctl" --help | sed '/^Options/,$d' | grep -oE '^  [a-z-]+' | tr -d ' ')
man_verbs() { grep -oE '^\.It Cm [a-z-]+( |$)' "$man/$1" | awk '{ print $3 }'; }
both 'verbs in the code and mmcgadgetctl --help' "$code_verbs" "$help_verbs"
both 'verbs in the code and mmcgadgetd(8)' "$daemon_verbs" "$(man_verbs mmcgadgetd.8)"
both 'verbs in --help and mmcgadgetctl(1)' "$help_verbs" "$(man_verbs mmcgadgetctl.1)"
# completion_list NAME SHELL: the words of the list NAME in the completion for SHELL.
completion_list() { sed -n "s/^.*$1[= ]'\\([a-z-][^']*\\)'\$/\\1/p" "configs/mmcgadgetctl.$2" | tr ' ' '\n'; }
for shell in bash zsh fish; do
	both "verbs in the code and in the completion for $shell" "$code_verbs" "$(completion_list verbs $shell)"
done
both 'options in --help and in the completion for bash' "$(help_options mmcgadgetctl | grep '^--')" \
	"$(sed -n 's/^.*_mmcgadgetctl_offer \(--json .*\)$/\1/p' configs/mmcgadgetctl.bash | tr ' ' '\n')"
both 'options in --help and in the completion for zsh' "$(help_options mmcgadgetctl | grep '^--')" \
	"$(completion_list options zsh)"
both 'options in --help and in the completion for fish' "$(help_options mmcgadgetctl)" \
	"$(grep '^complete ' configs/mmcgadgetctl.fish | grep -oE ' -(s|l) [A-Za-z]+' | sed 's/ -s /-/; s/ -l /--/')"
report 'the completion for bash offers the right words' "$(test/completion.sh configs/mmcgadgetctl.bash 2>&1)"
for shell in zsh fish; do
	if command -v $shell >/dev/null; then
		report "the completion for $shell offers the right words" \
			"$(test/completion_shells.sh $shell configs/mmcgadgetctl.$shell 2>&1)"
	else
		n=$((n + 1))
		echo "ok $n - the completion for $shell offers the right words # SKIP there is no $shell here"
	fi
done
# Recordable media: the rows of the code, the table of the manual, and what the completion offers.
# Type|medium|blocks|GB|erasable of each row with a capacity.
code_media=$(awk '
	/^	\[DISC_[A-Z_]*\] = \{/ { name = title = capacity = ""; erasable = "no" }
	match($0, /\.name = "[^"]*"/) { name = substr($0, RSTART + 9, RLENGTH - 10) }
	match($0, /\.title = "[^"]*"/) { title = substr($0, RSTART + 10, RLENGTH - 11) }
	match($0, /\.capacity = [0-9]+/) { capacity = substr($0, RSTART + 12, RLENGTH - 12) }
	/\.erasable = true/ { erasable = "yes" }
	/^	\},/ && capacity {
		printf "%s|%s|%s|%.2f GB|%s\n", name, title, capacity, capacity * 2048 / 1e9, erasable
		capacity = ""
	}' src/disc/medium.c)
both 'recordable media in the code and the table of mmcgadgetctl(1)' "$code_media" \
	"$(sed -n '/^\.Sh MEDIA/,/^\.El/s/^\.It Li //p' $man/mmcgadgetctl.1 | sed 's/ Ta /|/g')"
for shell in bash zsh fish; do
	both "recordable media in the code and in the completion for $shell" \
		"$(cut -d'|' -f1 <<<"$code_media")" "$(completion_list media $shell)"
done
# "insert NAME [drive=DRIVE]" on one line, however it is marked up: what stands for a value is a word of capitals.
small() { sed -E ':again; s/(^|[^A-Za-z])([A-Z]+)/\1\L\2/; t again'; }
help_synopses=$({
	"$O/mmcgadgetctl" --help
	for verb in $program_verbs; do "$O/mmcgadgetctl" help "$verb"; done
} | sed -n 's/^  \([a-z]\)/\1/p' | small | sort -u)
program_synopses=$(for verb in $program_verbs; do
	"$O/mmcgadgetctl" --json help "$verb" | grep -o '"synopsis":"[^"]*"' | tail -n 1 | cut -d'"' -f4
done | small)
own_synopses=$(small <<<"$own_synopses")
for p in mmcgadgetd.8 mmcgadgetctl.1; do
	[ $p = mmcgadgetctl.1 ] && own=$program_synopses || own=$own_synopses # not for this reader
	both "verbs and their arguments in --help and $p" "$(grep -vxF "$own" <<<"$help_synopses")" \
		"$(plain "$man/$p" | sed -n 's/^     \([a-z].*\)/\1/p' | sed 's/   *.*//' |
			grep -E "^($(printf '%s\n' "$help_verbs" "$program_verbs" | paste -sd'|'))( |$)" |
			grep -E '^(version|doctor|web( password| logout-all)?)$|name|file|\[| id$' | sort -u)"
done

# Codes of refusals, which scripts use: of the daemon, and of the client alone.
flat() { cat "$@" | tr -s '\n\t ' ' '; }
words_of() { grep -oE '"[a-z-]+"' | tr -d '"'; }
man_codes() { sed -n "/$2/,/^\.El/s/^\.It Li //p" "$man/$1"; }
folder_rooms=(src/{burned,catalog,image,compact,library}/*.c) # of the media folder
daemon_codes=$({
	flat src/{control,transfer,drive,protocol}/*.c "${folder_rooms[@]}" | grep -oE 'answer_error\( ?"[a-z-]+"'
	flat src/transfer/*.c "${folder_rooms[@]}" | grep -oE 'refuse\( ?(&?[a-z]->)?why, [^,"]+, "[a-z-]+"'
	flat src/{control,drive,protocol}/*.c "${folder_rooms[@]}" | grep -oE '(\*|->)code = "[a-z-]+"'
	flat src/drive/drive.c | grep -oE 'drive_commands_cancel\([^,]*, "[a-z-]+"'
	flat src/control/*.c | grep -oE 'code\\":\\"[a-z-]+' | sed 's/.*\\"/"/; s/$/"/'
} | words_of)
client_codes=$({
	flat src/mmcgadgetctl.c src/ctl/*.c | grep -oE 'EXIT_[A-Z_]+, "[a-z-]+"'
	flat src/ctl/loopback.c | grep -oE 'fail\( ?l, "[a-z-]+"'
	flat src/mmcgadgetctl.c | grep -oE '"code", json_string\("[a-z-]+"' | sed 's/"code", //'
} | words_of)
both 'codes in the daemon and in mmcgadgetd(8)' "$daemon_codes" "$(man_codes mmcgadgetd.8 '^\.Sh CODES')"
both 'codes of the client alone and in mmcgadgetctl(1)' \
	"$(grep -vxF "$daemon_codes" <<<"$client_codes")" "$(man_codes mmcgadgetctl.1 'adds these codes')"

# Keys: code, shipped file and manual.
code_keys=$({
	sed '/function_keys\[\] = {/,/};/d' src/daemon/config_keys.c |
		grep -oE '^	(TEXT|NUMBER|CHOICE|BOOL)\("[a-z_.]+"' | cut -d'"' -f2
	grep -oE '^	DRIVE_(TEXT|CHOICE|BOOL)\("[a-z_.]+"' src/daemon/config_keys.c | cut -d'"' -f2 | sed 's/^/drives[]./'
	sed -n '/function_keys\[\] = {/,/};/s/^	[A-Z_]*("\([a-z_]*\)".*/functions[].\1/p' src/daemon/config_keys.c
})
# Every setting of the shipped file is after a "#"; a comment above the empty list of functions names their keys.
settings=$(sed 's/^#\([^ ]\)/\1/' configs/mmcgadget.conf)
conf_keys=$(awk '
	/^#     +[a-z_]+ *= .*";  / { print "functions[]." $2; next }
	/^[ \t]*#/ || /^functions *=/ { next }
	/^[a-z_]+: *\{/ { sub(/:.*/, "", $1); group = $1 "."; next }
	/^drives *= *\(/ { group = "drives[]."; next }
	/^(\}|\))/ { group = ""; next }
	/^[ \t]*[a-z_]+ *=/ { print group $1 }' <<<"$settings")
man_keys=$(grep -E '^\.It Cm ' $man/mmcgadget.conf.5 | sed 's/^\.It Cm //; s/ , /\n/g' | grep -vE '^(drives|functions)$')
both 'keys in the code and in the shipped configuration' "$code_keys" "$conf_keys"
both 'keys in the code and in mmcgadget.conf(5)' "$code_keys" "$man_keys"

# The manual's defaults are those of the shipped file; t_config compares that file with the code.
report 'the defaults in mmcgadget.conf(5) are the shipped ones' "$(
	text=$(plain "$man/mmcgadget.conf.5" | tr -s ' \n' '  ')
	grep -vE '^[ 	]*#' <<<"$settings" | sed -n 's/^[ 	]*\([a-z_]*\) = "\{0,1\}\([^";]*\)"\{0,1\};/\1 \2/p' |
		while read -r key value; do
			[ -z "$value" ] || grep -qF -- "$value" <<<"$text" || echo "$key: no $value in the manual"
		done
)"

# Documents show configuration as blocks (indented, in ``` or in .Bd); a person pastes a block at the end of
# the shipped file.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
blocks() { # DOCUMENT...: writes each block that begins with a setting into a file of $scratch
	awk -v keys='^(udc|gadget|control|drives|functions|behaviour|burned)[a-z_.]* *[:=]' -v scratch="$scratch" '
		function done() {
			if (text ~ keys) {
				name = FILENAME
				gsub("/", "_", name)
				file = scratch "/" name "." FNR
				printf "%s", text >file
				close(file)
			}
			text = ""
		}
		FNR == 1 { done(); inside = 0 }
		/^(```|\.Bd|\.Ed)/ { done(); inside = !inside; next }
		inside || /^(    |\t)/ { line = $0; sub(/^ +/, "", line); text = text line "\n"; next }
		/^$/ { if (text) text = text "\n"; next }
		{ done() }
		END { done() }' "$@"
}
blocks README.md docs/*.md docs/boards/*.md "$man"/*
for block in "$scratch"/*; do
	cat configs/mmcgadget.conf "$block" >"$scratch/pasted"
	report "the configuration in $(basename "$block" | sed 's/_/\//g; s/\.\([0-9]*\)$/, before line \1/') can be pasted" "$(
		"$O/mmcgadgetd" --check-config -c "$scratch/pasted" 2>&1 >/dev/null | grep -v '^warning: '
	)"
done
report 'documents have blocks of configuration' "$([ "$(find "$scratch" -name '*.[0-9]*' | wc -l)" -ge 7 ] || ls "$scratch")"

# Commands: code, name, length, clause and remark of every row, and whether the command needs a disc. The
# remark is the comment above the row, so that whoever moves a row, or changes what it does, has it in view.
both 'rows of the command table and docs/commands.md' "$(awk '
	FNR == NR {
		if (match($0, /OP_[A-Z0-9_]+ *= *0x[0-9a-f]+/)) {
			split(substr($0, RSTART, RLENGTH), part, / *= */)
			code[part[1]] = toupper(substr(part[2], 3)) "h"
		}
		next
	}
	/^	\/\* .* \*\/$/ { remark = substr($0, 5, length($0) - 7) }
	/^	\[OP_/ { row = "" }
	{ row = row $0 }
	/"[A-Z]+-[0-9]+( [0-9.]+)?" *}/ {
		match(row, /OP_[A-Z0-9_]+/)
		op = substr(row, RSTART, RLENGTH)
		split(row, part, "\"")
		split(part[3], field, ",")
		gsub(/ /, "", field[2])
		match(row, /[A-Z]+-[0-9]+( [0-9.]+)?" *}/)
		clause = substr(row, RSTART, RLENGTH)
		sub(/".*/, "", clause)
		print code[op] "|" part[2] "|" field[2] "|" (field[3] ~ /ROW_MEDIUM/ ? "refused" : "answered") "|" clause "|" remark
		remark = "none: the row has no comment"
	}' src/mmc/spec.h src/mmc/cmd_table.c)" \
	"$(sed -n 's/^| \([0-9A-F][0-9A-F]h\) | \(.*\) |$/\1|\2/p' docs/commands.md | sed 's/ | /|/g')"

# A sense that a remark names is what a conversation gets from that command; a refusal names its sense.
report 'the senses in docs/commands.md are in conversations with these commands' "$(awk '
	FILENAME ~ /\.cdb$/ {
		if ($1 == ">")
			code = toupper($2) "h"
		if ($1 == "!")
			for (i = 2; i <= NF; i++)
				seen[code, toupper($i)] = 1
		next
	}
	/^\| [0-9A-F][0-9A-F]h \|/ {
		named = 0
		for (rest = $0; match(rest, /[0-9A-F]\/[0-9A-F][0-9A-F]\/[0-9A-F][0-9A-F]/); rest = substr(rest, RSTART + RLENGTH)) {
			sense = substr(rest, RSTART, RLENGTH)
			named++
			if (!(($2, sense) in seen))
				print $2 ": no conversation gets " sense
		}
		n = split($0, field, / \| /)
		if (field[n] ~ /refused/ && !named)
			print $2 ": refused with which sense?"
	}' test/script/*.cdb docs/commands.md)"

report 'paths in the manuals are those of the code' "$(
	for path in /run/mmcgadget/control /run/mmcgadget/socket /run/mmcgadget/status /var/lib/mmcgadget; do
		grep -q "^\.It Pa $path" $man/mmcgadgetd.8 || echo "mmcgadgetd(8) has no $path"
	done
	grep -q "\"$(sed -n 's/^\.It Pa \(.*socket\)$/\1/p' $man/mmcgadgetctl.1)\"" src/ctl/client.h ||
		echo "mmcgadgetctl(1) has another socket than the program"
)"
# Documents name files in backquotes. ROOM stands for any room.
documents=(README.md docs/*.md docs/*/*.md gadget/README.md)
report 'every file that a document names exists' "$(
	grep -oE '`(src|gadget|test|docs|configs|debian)/[A-Za-z0-9_./*-]+`' "${documents[@]}" | tr -d '`' |
		while IFS=: read -r document path; do
			[[ $path == *ROOM* ]] || compgen -G "$path" >/dev/null || echo "$document: no $path"
		done
)"
report 'every document that a document links to exists' "$(
	grep -oE '\]\([^)#:]+[)#]' "${documents[@]}" | sed -E 's/\]\(|[)#]$//g' | while IFS=: read -r document path; do
		[ -e "$(dirname "$document")/$path" ] || echo "$document: no $path"
	done
)"
# The package has the documents in another place, and "make install" has none.
report 'every page that a manual names exists, and the manual says where the package has it' "$(
	for p in "$man"/*; do
		awk '
			function unsaid() { if (page) print FILENAME ": " page ": not where the package has it" }
			/^\.Pa docs\// { unsaid(); page = $2; from = FNR; if (system("test -e " page)) print FILENAME ": no " page; next }
			page && /^\.Pa \/usr\/share\/doc\/mmcgadget/ && FNR - from < 5 { page = "" }
			END { unsaid() }' "$p"
	done
)"
both 'rooms in docs/architecture.md and directories of sources' \
	"$(sed -n 's,^| `\(\(src/[a-z]*\|gadget\)/\)` |.*,\1,p' docs/architecture.md)" "$(printf '%s\n' src/*/ gadget/)"
report 'every page that doctor names is there, and no other' "$(
	diff <(grep -oE 'docs/boards/[a-z0-9-]*\.md' src/ctl/doctor_board.c | sort -u) \
		<(printf '%s\n' docs/boards/*.md | grep -v README.md)
)"
report 'the pages of the boards say that nothing was tried' "$(grep -L 'not been tried' docs/boards/*.md)"
# Who searches the packages sees the description only.
report 'the description of the package says what README says was tried, and what was not' "$(
	flat_text() { tr -s ' \n' ' ' <"$1"; }
	description=$(sed -n '/^Package: mmcgadget$/,/^$/p' debian/control | flat_text /dev/stdin)
	for expression in 'What has been tried:\*\* *[^;]*' 'Nobody has tried a real board, [^;]*'; do
		text=$(flat_text README.md | grep -oE "$expression" | sed 's/^What has been tried:\*\* *//; s/^Nobody/nobody/')
		[ -n "$text" ] || echo "README.md does not say: $expression"
		[[ $description == *"$text"* ]] || echo "debian/control does not say: $text"
	done)"
report 'the pages of the boards say how to report' "$(grep -L 'sudo mmcgadgetctl report' docs/boards/*.md)"
report 'docs/pc.md says that nothing was tried on Windows and macOS' \
	"$(grep -L 'Windows and macOS have not been tried' docs/pc.md)"
report "every heading that the README's links name exists" "$(
	grep -oE '\]\([^):]*#[^)]*\)' README.md docs/*.md docs/boards/*.md | sed -E 's/\]\(|\)$//g' |
		while IFS=: read -r document link; do
			path=${link%%#*}
			[ -z "$path" ] && path=$document || path=$(dirname "$document")/$path
			sed -nE 's/^#+ //p' "$path" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9\n_-' | grep -qx -- "${link#*#}" ||
				echo "$document: no heading for $link"
		done
)"
# The benchmark: what is recorded, the tables in the document, and the check that compares later runs.
for suite in trixie bookworm; do
	report "docs/performance.md has the recorded results of $suite" "$(
		sed -n "/^<!-- $suite -->/,/^<!-- end -->/p" docs/performance.md | grep -vE '^(```|<!--)' |
			diff - <(awk -f test/bench/table.awk "test/bench/recorded-$suite-amd64.tsv")
	)"
done
# Each cell begins with the recorded figures; the rows without any are not listed here.
report 'the goals in docs/performance.md are compared with the recorded results' "$(awk -F'\t' '
	function thousands(n) { return n < 1000 ? n : int(n / 1000) "," sprintf("%03d", n % 1000) }
	FILENAME ~ /tsv$/ {
		for (i = 1; i <= NF; i++)
			of[FILENAME ~ /trixie/ ? 5 : 6, $1, $2, i] = $i
		next
	}
	function row(name, speed, key, form) {
		for (column = 5; column <= 6; column++) {
			ratio = of[column, speed, key, 7]
			text = form == "both" ? ratio "; " thousands(of[column, speed, key, 9]) : \
				form == "times" ? sprintf("%.1f times", ratio) : \
				form == "stall" ? int(ratio) " times, " of[column, speed, key, 8] : \
				form == "MiB" ? sprintf("%.1f MiB", of[column, speed, key, 12] / 1024) : ratio
			if (index(cell[name, column], text) != 1)
				print name ": \"" cell[name, column] "\", recorded \"" text "\""
		}
	}
	/^## / { goals = /against the goals/ }
	goals && /^\|/ {
		n = split($0, part, / *\| */)
		cell[part[2], 5] = part[4]
		cell[part[2], 6] = part[5]
	}
	END {
		row("TEST UNIT READY", "high", "tur", "both")
		row("read 2 KiB, random", "high", "read-2k-random", "both")
		row("read 64 KiB", "high", "read-64k", "both")
		row("read 120 KiB", "high", "read-120k", "both")
		row("read 1 MiB, super speed", "super", "read-1m", "ratio")
		row("write 32 KiB", "high", "write-32k", "ratio")
		row("write 64 KiB", "high", "write-64k", "both")
		row("write 120 KiB", "high", "write-120k", "ratio")
		row("short replies", "high", "inquiry", "stall")
		row("plug to ready", "high", "plug", "times")
		row("daemon memory, one drive", "high", "tur", "MiB")
		row("one drive, after writes of 120 KiB", "high", "write-120k", "MiB")
	}' test/bench/recorded-trixie-amd64.tsv test/bench/recorded-bookworm-amd64.tsv docs/performance.md)"
both 'options of the benchmark in its code and in what it says of itself' \
	"$(sed -n '/^while /,/^done/s/^	*\(--[a-z| -]*\)).*/\1/p' test/bench/bench.sh | grep -oE -- '--[a-z-]+')" \
	"$(test/bench/bench.sh --help 2>&1 | grep -oE -- '--[a-z-]+')"
report 'each option of the benchmark that needs words is explained' "$(
	for option in --flat --record BENCH_CPU; do
		test/bench/bench.sh --help 2>&1 | grep -q "^$option: " || echo "nothing about $option"
	done
)"
# As a copy without the scripts that it calls, so that it ends there if it does not refuse.
report 'the benchmark does not record a part of its rows' "$(
	copy=$(mktemp -d)
	mkdir -p "$copy/test/bench"
	cp test/bench/bench.sh "$copy/test/bench"
	for part in '--rows tur' '--speed high' --flat; do
		# shellcheck disable=SC2086 # several words
		"$copy/test/bench/bench.sh" $part --record 2>/dev/null
		rc=$?
		[ $rc = 2 ] || echo "$part --record: exit code $rc"
	done
	rm -r "$copy"
)"
# judged NAME FAULTS [ROW COLUMN FACTOR]: the check of the benchmark finds so many faults in the recorded results, of
# which one was changed. ROW "missing" leaves a row out, at both speeds.
recorded=test/bench/recorded-trixie-amd64.tsv
judged() {
	local found
	found=$(awk -F'\t' -v OFS='\t' -v row="${3:-}" -v column="${4:-1}" -v factor="${5:-1}" '
		$1 == "high" && $2 == row { $column *= factor }
		row != "missing" || $2 != "tur"' $recorded | awk -f test/bench/check.awk $recorded - | grep -c '^not ok')
	report "the check of the benchmark: $1" "$([ "$found" = "$2" ] || echo "$found faults, not $2")"
}
judged 'nothing has changed' 0
judged 'a ratio of times 4 % below' 1 read-64k 7 0.96
judged 'a time with udev in it, 8 % below' 0 plug 7 0.92
judged 'a time with udev in it, 11 % below' 1 plug 7 0.89
judged '2 % more instructions for a KiB' 1 read-64k 9 1.02
judged '2 % more instructions for a command' 0 tur 9 1.02
judged '4 % more instructions for a command' 1 tur 9 1.04
judged '4 % more memory' 0 read-64k 12 1.04
judged '6 % more memory' 1 read-64k 12 1.06
judged 'more memory than ever allowed' 2 read-64k 12 2
judged 'a row that was not measured' 2 missing
# The moving picture of the README. Who does not wait for it, or sees it without motion, sees the last screen.
report 'docs/demo.svg is what test/e2e/demo_svg.py makes of docs/demo.cast' \
	"$(test/e2e/demo_svg.py docs/demo.cast | diff - docs/demo.svg)"
report 'docs/demo.svg is the last screen at rest, and at the first moment' "$(
	for part in column:scroll cover:cover; do
		rest=$(sed -nE "s/.*id=\"${part%:*}\".*translate\\(0,(-?[0-9]+)\\).*/\1/p" docs/demo.svg)
		first=$(sed -n "/@keyframes ${part#*:} /{n;s/.*translateY(\(-*[0-9]*\)px).*/\1/p}" docs/demo.svg)
		[ -n "$rest" ] && [ "$rest" = "$first" ] || echo "${part%:*}: at rest $rest, at first $first"
		[ "${part%:*}" = column ] || [ "$rest" -ge $(($(grep -c '<text' docs/demo.svg) * 18)) ] || echo "covered: $rest"
	done
)"
report 'the unit file starts what is installed' "$(
	grep -qx 'ExecStart=@SBINDIR@/mmcgadgetd' configs/mmcgadgetd.service || echo 'ExecStart differs'
	grep -qx 'WantedBy=usb-gadget.target' configs/mmcgadgetd.service || echo 'WantedBy differs'
	grep -qx 'Type=notify' configs/mmcgadgetd.service || echo 'Type differs'
)"
# The examples of docs/ci.md burn; those that need a kernel are run in a guest (test/e2e/t_ci.sh).
examples=$(test/ci_examples.sh 2>&1)
if [ "${examples#SKIP }" = "$examples" ]; then
	report 'the examples of docs/ci.md do what it says' "$examples"
else
	n=$((n + 1))
	echo "ok $n - the examples of docs/ci.md do what it says # $examples"
fi
report 'the examples for a kernel are shell' "$({ test/ci_examples.sh --extract 't_ci runs this' | bash -n; } 2>&1)"
echo "1..$n"
