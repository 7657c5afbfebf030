# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for mmcgadgetctl(1) in bash: completes verbs, options, and the names of images and
# drives. It needs only bash; the package bash-completion loads it at its first use.

# _mmcgadgetctl_names COMMAND...: prints the names in the daemon's answer to COMMAND, one per line.
# A quote inside a JSON string always follows a backslash, so ,"name":" is never part of a string.
# The timeout is 7 s because the daemon may read labels for 5 s before its first answer.
_mmcgadgetctl_names()
{
	timeout 7 "$@" 2>/dev/null | grep -aoE '[{,]"name":"(\\.|[^"\\])*"' |
		sed 's/^."name":"//; s/"$//; s/\\\(.\)/\1/g'
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
# the text after the last "=" or ":", so that much ($glued) is cut from the front of each offer.
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
	local ask=("$1") verb='' drive='' given='' options=()
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
		case ${verb:+verb}$piece in
		--socket=*) ask+=("$piece") ;;
		--socket)
			((++i < last)) || {
				compopt -o filenames 2>/dev/null
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			}
			ask+=(--socket "$(_mmcgadgetctl_plain "${words[i]%[\"\']}")")
			;;
		--wait) ((++i < last)) || return ;;
		-*) ;;
		verbdrive=*) drive=$piece ;;
		verbtype=*) options=(type) ;;
		verb*) given=$piece ;;
		*) verb=$piece ;;
		esac
	done
	ask+=(--json)

	case $verb in
	'')
		if [[ $cur == -* ]]; then
			_mmcgadgetctl_offer --json --socket --wait --version --help
		else
			_mmcgadgetctl_offer insert next prev eject blank close rename delete status list stats trace watch help doctor report
		fi
		return
		;;
	help | doctor) return ;;
	report)
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
	if [[ ($verb == insert || $verb == close || $verb == rename || $verb == delete) && ! $given ]]; then
		mapfile -t names < <(_mmcgadgetctl_names "${ask[@]}" list ${drive:+"$drive"})
		_mmcgadgetctl_offer "${names[@]}"
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
	if [[ $verb == eject && ! $given ]]; then
		[[ $cur == -* ]] && _mmcgadgetctl_offer --force || _mmcgadgetctl_offer force
	fi
	[[ $drive ]] || _mmcgadgetctl_offer drive=
	[[ $verb != blank || ${options[*]} ]] || _mmcgadgetctl_offer type=dvd+r
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
	return 0
}

complete -F _mmcgadgetctl mmcgadgetctl
