# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for mmcgadgetctl(1) in bash: completes verbs, options, and the names of images and
# drives. It needs only bash; the package bash-completion loads it at its first use.

# _mmcgadgetctl_names COMMAND...: prints the names in the daemon's answer to COMMAND, one per line.
# A quote inside a JSON string always follows a backslash, so ,"name":" is never part of a string.
# The timeout is 7 s because the daemon may read labels for 5 s before its first answer.
_mmcgadgetctl_names()
{
	timeout 7 "$@" 2>/dev/null | grep -aoE '[{,]"name":"(\\.|[^"\\])*"' | _mmcgadgetctl_text
}

# _mmcgadgetctl_open COMMAND...: the same for images that can be closed: burns that are not finalised.
_mmcgadgetctl_open()
{
	timeout 7 "$@" 2>/dev/null |
		grep -aoE '[{,]"name":"(\\.|[^"\\])*","label":("(\\.|[^"\\])*"|null),"kind":"(open|appendable)"' |
		sed -E 's/","label":("(\\.|[^"\\])*"|null),"kind":"[a-z]*"$/"/' | _mmcgadgetctl_text
}

# _mmcgadgetctl_erasable COMMAND...: the same for discs that can be erased.
_mmcgadgetctl_erasable()
{
	timeout 7 "$@" 2>/dev/null |
		grep -aoE '\{"name":"(\\.|[^"\\])*"(,"[a-z_]*":("(\\.|[^"\\])*"|[0-9]+|true|false|null|\[[^]]*\]))*,"erasable":true' |
		sed -E 's/^(\{"name":"(\\.|[^"\\])*").*/\1/' | _mmcgadgetctl_text
}

# _mmcgadgetctl_audio COMMAND...: the same for compact discs with audio tracks.
_mmcgadgetctl_audio()
{
	timeout 7 "$@" 2>/dev/null |
		grep -aoE '\{"name":"(\\.|[^"\\])*"(,"[a-z_]*":("(\\.|[^"\\])*"|[0-9]+|true|false|null|\[[^]]*\]))*,"tracks":\{"audio":[1-9]' |
		sed -E 's/^(\{"name":"(\\.|[^"\\])*").*/\1/' | _mmcgadgetctl_text
}

# _mmcgadgetctl_text: prints the values of the members of its input as text. Names with characters that
# could deceive have escapes such as \u202e. These names are left out, because nobody could type them.
_mmcgadgetctl_text()
{
	grep -avE '(^|[^\])(\\\\)*\\u' | sed 's/^."name":"//; s/"$//; s/\\\(.\)/\1/g'
}

# _mmcgadgetctl_as_names NAME...: offers each NAME. A NAME that looks like an option or a setting gets ./
# before it, unless the line has "--".
_mmcgadgetctl_as_names()
{
	local name
	for name in "$@"; do
		if [[ ! $literal && ($name == -* || $name =~ ^[A-Za-z]+=) ]]; then
			[[ $cur == ./* ]] || [[ $name == "$cur"* ]] || continue
			[[ ./$name != "$cur"* ]] && [[ $name != "$cur"* ]] || COMPREPLY+=("./$name")
		else
			_mmcgadgetctl_offer "$name"
		fi
	done
}

# _mmcgadgetctl_plain WORD: prints WORD, as typed so far, without its quotes and backslashes.
_mmcgadgetctl_plain()
{
	case $1 in
	[\"\']*) printf '%s' "${1:1}" ;;
	*) printf '%s' "${1//\\/}" ;;
	esac
}

# _mmcgadgetctl_offer WORD...: offers each WORD that begins with the typed text. bash replaces only
# the text after the last "=" or ":", so what is before it ($glued) is cut from the front of each offer.
_mmcgadgetctl_offer()
{
	local word
	for word in "$@"; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("${word#"$glued"}")
	done
}

_mmcgadgetctl()
{
	local line=$COMP_LINE words=() glued='' cur piece before i last names
	local ask=("$1") verb='' drive='' given='' literal='' options=()
	local verbs='insert next prev eject blank close rename delete erase extract status list stats trace fault events sum uploads upload-drop upload get watch wait help loopback network web doctor report version'
	local media='dvd+r dvd+r-dl dvd-r dvd-r-dl dvd-rw dvd+rw dvd-ram bd-r bd-r-dl bd-re bd-re-dl cd-r cd-rw'
	COMPREPLY=()

	# bash cuts words at "=" and ":"; this loop joins the pieces again.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		piece=${COMP_WORDS[i]}
		before=${line%%"$piece"*}
		[[ $piece ]] || before=$line
		if ((i == 0)) || [[ $before == *[[:blank:]]* ]]; then
			words+=("$piece")
			glued=''
		else
			glued=${words[-1]}
			words[-1]+=$piece
		fi
		line=${line#*"$piece"}
	done
	[[ $piece != [=:] ]] || glued+=$piece
	glued=$(_mmcgadgetctl_plain "$glued")
	last=$((${#words[@]} - 1))
	cur=$(_mmcgadgetctl_plain "${words[last]}")

	for ((i = 1; i < last; i++)); do
		piece=$(_mmcgadgetctl_plain "${words[i]%[\"\']}")
		if [[ $literal ]]; then
			[[ $verb ]] && given=$piece || verb=$piece
			continue
		fi
		case ${verb:+verb}$piece in
		--socket=* | verb--socket=*) ask+=("${piece#verb}") ;;
		--socket | verb--socket)
			((++i < last)) || {
				compopt -o filenames 2>/dev/null
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			}
			ask+=(--socket "$(_mmcgadgetctl_plain "${words[i]%[\"\']}")")
			;;
		--wait | verb--wait) ((++i < last)) || return ;;
		-d | --drive | verb-d | verb--drive)
			((++i < last)) || {
				mapfile -t names < <(_mmcgadgetctl_names "${ask[@]}" --json status)
				_mmcgadgetctl_offer "${names[@]}"
				return
			}
			drive=drive=$(_mmcgadgetctl_plain "${words[i]%[\"\']}")
			;;
		--drive=* | verb--drive=*) drive=drive=${piece#*=} ;;
		-- | verb--) literal=1 ;;
		-* | verb-*) ;;
		verbdrive=*) drive=$piece ;;
		verbtype=*) options+=(type) ;;
		verbminutes=*) options+=(minutes) ;;
		verbas=*) options=(as) ;;
		verbtrack=* | verbto=*) options+=("${piece%%=*}") ;;
		verbtimeout=*) ;;
		verb*) given=$piece ;;
		*) verb=$piece ;;
		esac
	done
	ask+=(--json)

	if [[ $cur == -* && ! $literal ]]; then
		_mmcgadgetctl_offer --json --drive --force --verbose --socket --wait --version --help
		[[ $verb != insert ]] || [[ $cur == --?* ]] || _mmcgadgetctl_offer --
		return
	fi
	case $verb in
	'')
		# shellcheck disable=SC2086 # words
		_mmcgadgetctl_offer $verbs
		return
		;;
	help)
		# shellcheck disable=SC2086 # words
		[[ $given ]] || _mmcgadgetctl_offer $verbs
		return
		;;
	doctor | version | upload-drop) return ;;
	loopback | network)
		case $given in
		'') _mmcgadgetctl_offer on off status ;;
		on)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
			;;
		off) _mmcgadgetctl_offer force ;;
		esac
		return
		;;
	web)
		case $given in
		'') _mmcgadgetctl_offer password token logout-all ;;
		token) _mmcgadgetctl_offer add remove list ;;
		esac
		return
		;;
	report | upload)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac

	if [[ $cur == drive=* ]]; then
		mapfile -t names < <(_mmcgadgetctl_names "${ask[@]}" status)
		_mmcgadgetctl_offer "${names[@]/#/drive=}"
		return
	fi
	if [[ ($verb == insert || $verb == close || $verb == rename || $verb == delete || $verb == erase || $verb == extract || $verb == sum || $verb == get) && ! $given ]]; then
		piece=_mmcgadgetctl_names
		[[ $verb != close ]] || piece=_mmcgadgetctl_open
		[[ $verb != erase ]] || piece=_mmcgadgetctl_erasable
		[[ $verb != extract ]] || piece=_mmcgadgetctl_audio
		mapfile -t names < <($piece "${ask[@]}" list ${drive:+"$drive"})
		_mmcgadgetctl_as_names "${names[@]}"
		# With this option bash quotes spaces in the offers, as in file names.
		[[ ${COMPREPLY[*]} ]] && compopt -o filenames 2>/dev/null
		[[ ! ${COMPREPLY[*]} ]] || return 0
	fi
	if [[ $verb == stats && ! $given ]]; then
		_mmcgadgetctl_offer reset
	fi
	if [[ $verb == trace ]]; then
		case $given in
		'')
			_mmcgadgetctl_offer start stop status save show script
			return 0
			;;
		save | show | script)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return 0
			;;
		start) _mmcgadgetctl_offer until=error records= ;;
		esac
	fi
	if [[ $verb == fault ]]; then
		case $given in
		'') _mmcgadgetctl_offer add load set list clear ;;
		load)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			;;
		add | set) _mmcgadgetctl_offer read-error write-error slow rate not-ready vanish sense ;;
		*) _mmcgadgetctl_offer drive= ;;
		esac
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
		return 0
	fi
	if [[ $verb == wait ]]; then
		[[ $given ]] || _mmcgadgetctl_offer burned empty host
		_mmcgadgetctl_offer timeout=
	fi
	if [[ $verb == sum && $given ]]; then
		_mmcgadgetctl_offer start
	fi
	if [[ $verb == eject && ! $given ]]; then
		_mmcgadgetctl_offer force
	fi
	[[ $drive ]] || [[ $literal && ! $given ]] || _mmcgadgetctl_offer drive=
	if [[ $verb == insert && $given && ! ${options[*]} ]]; then
		if [[ $cur == as=* ]]; then
			_mmcgadgetctl_offer as=cd as=dvd as=auto
		else
			_mmcgadgetctl_offer as=
		fi
	fi
	if [[ $verb == extract && $given ]]; then
		[[ ${options[*]} ]] || _mmcgadgetctl_offer stop
		[[ " ${options[*]} " == *' track '* ]] || _mmcgadgetctl_offer track=
		[[ " ${options[*]} " == *' to '* ]] || _mmcgadgetctl_offer to=
	fi
	if [[ $verb == blank ]]; then
		# shellcheck disable=SC2206 # words
		names=($media)
		# The values are offered only after "type=" or "minutes=" was typed: the list is long.
		if [[ $cur == type=* ]]; then
			_mmcgadgetctl_offer "${names[@]/#/type=}"
		elif [[ $cur == minutes=* ]]; then
			_mmcgadgetctl_offer minutes=74 minutes=80 minutes=90 minutes=99
		else
			[[ ${options[*]} == *type* ]] || _mmcgadgetctl_offer type=
			[[ ${options[*]} == *minutes* ]] || _mmcgadgetctl_offer minutes=
		fi
	fi
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
	return 0
}

complete -F _mmcgadgetctl mmcgadgetctl
