#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completes command lines with the completion in FILE. Prints each line for which other words are offered than
# should be, with both lists. In place of the client a script prints a fixed JSON answer.
#   completion.sh FILE
set -u
file=${1:?usage: completion.sh FILE}
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
	printf '%s%s%s%s%s\n' '{"ok":true,"message":"8 images","images":[' \
		'{"name":"debian 12.iso","label":"a,\"name\":\"no\"","kind":"iso"},' \
		'{"name":"debian-13.iso","label":null,"kind":"open"},{"name":"sub/q\"\\x.iso","label":"x","kind":"appendable","size":5,"problem":"a ] \" b","damaged":false,"loaded_in":["drive0"],"erasable":true},' \
		'{"name":"gnp\u202eosi","label":"","kind":"iso"},{"name":"win=10.iso","label":"","kind":"iso","erasable":false},{"name":"-d.iso","label":"","kind":"open"},' \
		'{"name":"a:b=c.iso","label":"x","kind":"blank","erasable":true,"tracks":{"audio":0,"data":1,"seconds":9}},{"name":"größe.iso","label":"x","kind":"iso","loaded_in":["drive0"],"medium":"cd-rom","tracks":{"audio":12,"data":0,"seconds":9}}]}'
	;;
esac
A
chmod +x "$answers/mmcgadgetctl"
PATH=$answers:$PATH
# shellcheck source=/dev/null
. "$file"

# tab WORD... -- OFFER...: completes the last WORD and expects the OFFERs. The WORDs are cut as bash cuts them; "=" and
# ":" have no blanks around them in the line.
tab() {
	local COMP_WORDS=() COMP_CWORD COMP_LINE='' COMP_POINT COMPREPLY=() want have
	while [ "$1" != -- ]; do
		case $1 in
		= | :) COMP_LINE=${COMP_LINE% }$1 ;;
		*) COMP_LINE+="$1 " ;;
		esac
		COMP_WORDS+=("$1")
		shift
	done
	shift
	COMP_LINE=${COMP_LINE% }
	COMP_POINT=${#COMP_LINE}
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_mmcgadgetctl mmcgadgetctl "${COMP_WORDS[COMP_CWORD]}" ''
	have=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
	want=$(printf '%s\n' "$@" | sort)
	[ "$have" = "$want" ] || printf '%s\n  offers: %s\n  not: %s\n' "$COMP_LINE" \
		"$(tr '\n' '|' <<<"$have")" "$(tr '\n' '|' <<<"$want")"
}

m=mmcgadgetctl
verbs='insert next prev eject blank close rename delete erase extract status list stats trace fault events sum uploads upload-drop upload get watch wait help loopback network web doctor report version'
# shellcheck disable=SC2086 # words
tab $m '' -- $verbs
# shellcheck disable=SC2086 # words
tab $m help '' -- $verbs
tab $m help in -- insert
tab $m help insert '' --
tab $m n -- network next
tab $m --j -- --json
tab $m --wait 3 e -- eject erase extract events
tab $m --wait '' --
tab $m insert '' -- 'debian 12.iso' debian-13.iso 'sub/q"\x.iso' ./win=10.iso ./-d.iso a:b=c.iso größe.iso
tab $m insert win -- ./win=10.iso
tab $m insert ./w -- ./win=10.iso
tab $m insert deb -- 'debian 12.iso' debian-13.iso
tab $m insert 'debian\ ' -- 'debian 12.iso'
tab $m insert '"debian ' -- 'debian 12.iso'
tab $m insert a : -- b=c.iso
tab $m insert a : b -- b=c.iso
tab $m insert a : b = -- c.iso
tab $m insert 'a\:b' -- a:b=c.iso
tab $m insert drive = -- drive0 two
tab $m insert drive = t -- two
tab $m insert x.iso '' -- drive= as=
tab $m insert x.iso a -- as=
tab $m insert x.iso as = -- cd dvd auto
tab $m insert x.iso as = cd '' -- drive=
tab $m insert x.iso d -- drive=
tab $m insert dr -- drive=
tab $m insert drive = two gr -- größe.iso
tab $m close s -- 'sub/q"\x.iso'
tab $m close '' -- debian-13.iso 'sub/q"\x.iso' ./-d.iso
tab $m erase '' -- 'sub/q"\x.iso' a:b=c.iso
tab $m erase s -- 'sub/q"\x.iso'
tab $m extract '' -- größe.iso
tab $m extract x.cue '' -- drive= stop track= to=
tab $m extract x.cue track = 3 '' -- drive= to=
tab $m extract x.cue track = 3 to = Songs '' -- drive=
tab $m blank '' -- drive= minutes= type=
tab $m blank new.iso minutes = 9 -- 90 99
tab $m blank new.iso type = cd-r minutes = 74 '' -- drive=
tab $m blank new.iso t -- type=
tab $m blank new.iso type = dvd+r-d -- dvd+r-dl
tab $m blank new.iso type = x --
tab $m blank new.iso type = dvd+r drive = t -- two
media=$(sed -n "s/^.*media='\(dvd.*\)'$/\1/p" "$file")
# shellcheck disable=SC2086 # words
tab $m blank new.iso type = '' -- $media
tab $m eject '' -- force drive=
tab $m eject --f -- --force
tab $m list --j -- --json
tab $m list '"--' -- --json --drive --force --verbose --socket --wait --version --help
tab $m insert '"--"' win -- win=10.iso
tab $m insert '"--"' - -- -d.iso
tab $m insert '"--"' x.iso d -- drive=
tab $m status --v -- --verbose --version
tab $m insert x.iso -d '' -- drive0 two
tab $m insert x.iso --drive t -- two
tab $m -d two insert gr -- größe.iso
tab $m -d two eject '' -- force
tab $m eject force drive = d -- drive0
tab $m status '' -- drive=
tab $m events '' -- drive=
tab $m events drive = t -- two
tab $m stats '' -- reset drive=
tab $m watch '' -- drive=
tab $m watch drive = t -- two
tab $m wait '' -- burned empty host timeout= drive=
tab $m wait host '' -- timeout= drive=
tab $m trace s -- start stop status save show script
tab $m trace start '' -- until=error records= drive=
tab $m trace stop '' -- drive=
tab $m trace save "$answers/ask" -- "$answers/asked"
tab $m fault '' -- add load set list clear
tab $m fault add s -- slow sense
tab $m fault load "$answers/ask" -- "$answers/asked"
tab $m fault clear '' -- drive=
tab $m doctor '' --
tab $m loopback '' -- on off status
tab $m loopback o -- on off
tab $m loopback off '' -- force
tab $m loopback on /et -- /etc
tab $m loopback on /etc '' --
tab $m network '' -- on off status
tab $m network off '' -- force
tab $m network on /et -- /etc
tab $m web '' -- password token logout-all
tab $m web token '' -- add remove list
tab $m --socket "$answers/ask" -- "$answers/asked"
tab $m --socket /x status drive = d -- drive0
for question in '--json list drive=two' '--socket /x --json status'; do
	grep -qxe "$question" "$answers/asked" || echo "the daemon was never asked: $question"
done
