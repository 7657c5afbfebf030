#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completes command lines in zsh or fish, with the completion in FILE. Prints each word that is offered but
# should not be, or the reverse. In place of the client a script prints a fixed JSON answer.
#   completion_shells.sh zsh|fish FILE
set -u
shell=${1:?usage: completion_shells.sh zsh|fish FILE} file=$(realpath "${2:?usage: completion_shells.sh zsh|fish FILE}")
answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT

cat >"$answers/mmcgadgetctl" <<'A'
#!/bin/sh
echo "$*" >>"${0%/*}/asked"
case $* in
*status*)
	echo '{"ok":true,"message":"\"name\":\"no\"","drives":[{"name":"drive0","image":"a"},{"name":"two"}]}'
	;;
*list*)
	printf '%s%s%s%s%s\n' '{"ok":true,"message":"7 images","images":[' \
		'{"name":"debian 12.iso","label":"a,\"name\":\"no\"","kind":"iso"},' \
		'{"name":"debian-13.iso","label":null,"kind":"open"},{"name":"q\"\\x.iso","label":"x","kind":"appendable","size":5,"problem":"a ] \" b","damaged":false,"loaded_in":["drive0"],"erasable":true},' \
		'{"name":"gnp\u202eosi","label":"","kind":"iso"},{"name":"win=10.iso","label":"","kind":"iso","erasable":false,"tracks":{"audio":0,"data":1,"seconds":9}},{"name":"-d.iso","label":"","kind":"open"},' \
		'{"name":"größe.iso","label":"x","kind":"iso","loaded_in":["drive0"],"medium":"cd-rom","tracks":{"audio":12,"data":0,"seconds":9}}]}'
	;;
esac
A
chmod +x "$answers/mmcgadgetctl"
export PATH=$answers:$PATH HOME=$answers XDG_CONFIG_HOME=$answers XDG_DATA_HOME=$answers

# The shells give all words that may come here; zsh itself leaves those that do not begin as the typed one.
# offers WORD...: the last is the one that is typed, maybe ''.
cat >"$answers/zsh" <<'Z'
compset() { [[ $1 == -P && $PREFIX == $2* ]] && { BEFORE=$2 PREFIX=${PREFIX#$2}; }; }
compadd() {
	[[ $1 != -S ]] || shift 2
	[[ $1 == -- ]] && shift
	local word
	for word in "$@"; do
		[[ $word != "$PREFIX"* ]] || print -r -- "$BEFORE$word"
	done
}
_files() { print -r -- FILES; }
compdef() { : }
file=$1 BEFORE=
shift
source $file
words=(mmcgadgetctl "$@") CURRENT=$#words PREFIX=${words[-1]}
_mmcgadgetctl
Z
offers() {
	case $shell in
	zsh) zsh -f "$answers/zsh" "$file" "$@" 2>&1 ;;
	fish)
		local line=mmcgadgetctl word
		for word in "$@"; do line+=" $word"; done
		(cd "$answers/empty" && fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' "$file" "$line" 2>&1) | cut -f1
		;;
	esac
}
mkdir "$answers/empty"
: >"$answers/empty/new.iso"
# tab WORD... -- OFFER...
tab() {
	local typed=() have want
	while [ "$1" != -- ] || ((! ${#typed[@]})); do
		typed+=("$1")
		shift
	done
	shift
	have=$(offers "${typed[@]}" | LC_ALL=C sort)
	want=$(printf '%s\n' "$@" | LC_ALL=C sort)
	[ "$have" = "$want" ] || printf '%s: %s\n  offers: %s\n  not: %s\n' "$shell" "${typed[*]}" \
		"$(tr '\n' '|' <<<"$have")" "$(tr '\n' '|' <<<"$want")"
}

verbs=$(sed -n "s/^.*verbs[= ]'\(insert .*\)'$/\1/p" "$file")
media=$(sed -n "s/^.*media[= ]'\(dvd.*\)'$/\1/p" "$file")
# shellcheck disable=SC2086 # words
tab '' -- $verbs
# shellcheck disable=SC2086 # words
tab help '' -- $verbs
tab help in -- insert
tab help insert '' --
tab nex -- next
tab --j -- --json
tab --wait 3 era -- erase
tab insert deb -- 'debian 12.iso' debian-13.iso
# fish offers names that begin with a dot only when a dot was typed.
dotted=(./win=10.iso ./-d.iso)
[ "$shell" = zsh ] || dotted=()
tab insert '' -- 'debian 12.iso' debian-13.iso 'q"\x.iso' "${dotted[@]}" größe.iso drive=
tab insert ./ -- ./win=10.iso ./-d.iso
tab insert x.iso '' -- as= drive=
tab insert x.iso as=c -- as=cd
tab insert x.iso as=cd '' -- drive=
tab insert drive=t -- drive=two
tab insert drive=two gr -- größe.iso
tab --drive t -- two
tab --drive two insert gr -- größe.iso
tab close '' -- debian-13.iso 'q"\x.iso' "${dotted[@]:1}" drive=
tab close ./ -- ./-d.iso
tab erase '' -- 'q"\x.iso' drive=
tab extract '' -- größe.iso drive=
tab extract x.cue '' -- stop track= to= drive=
tab extract x.cue track=3 '' -- to= drive=
tab blank new.iso type=dvd+r-d -- type=dvd+r-dl
for m in $media; do types+=("type=$m"); done
tab blank new.iso type= -- "${types[@]}"
tab blank new.iso minutes= -- minutes=74 minutes=80 minutes=90 minutes=99
tab eject '' -- force drive=
tab stats '' -- reset drive=
tab status '' -- drive=
tab watch drive=t -- drive=two
tab wait host '' -- timeout= drive=
tab wait '' -- burned empty host timeout= drive=
tab trace s -- start stop status save show script
tab trace start '' -- until=error records= drive=
tab fault '' -- add load set list clear
tab fault set s -- slow sense
tab fault clear '' -- drive=
tab doctor '' --
case $shell in
zsh) tab upload '' -- FILES ;;
fish) tab upload new -- new.iso ;;
esac
tab loopback '' -- on off status
tab loopback off '' -- force
tab loopback on x '' --
tab network '' -- on off status
tab network off '' -- force
tab web '' -- password token logout-all
tab web token '' -- add remove list
for question in '--json list drive=two' '--json status'; do
	grep -qxe "$question" "$answers/asked" || echo "the daemon was never asked: $question"
done
