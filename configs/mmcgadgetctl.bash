# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for mmcgadgetctl(1) in bash: verbs, options, the names of images and drives.
# Needs nothing but bash; the package bash-completion loads it when it is first wanted.

# _mmcgadgetctl_names COMMAND...: the names in the daemon's answer, one a line. A quote inside a
# string always has a backslash before it, so ,"name":" is never part of one. The daemon may read
# labels for 5 s before it answers for the first time.
_mmcgadgetctl_names()
{
	timeout 7 "$@" 2>/dev/null | grep -aoE '[{,]"name":"(\\.|[^"\\])*"' |
		sed 's/^."name":"//; s/"$//; s/\\\(.\)/\1/g'
}

# What a word that is not finished yet stands for.
_mmcgadgetctl_plain()
{
	case $1 in
	[\"\']*) printf '%s' "${1:1}" ;;
	*) printf '%s' "${1//\\/}" ;;
	esac
}

# _mmcgadgetctl_offer WORD...: those that begin as what is typed; bash replaces only what comes
# after the last "=" or ":".
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

	# bash cuts words at "=" and ":"; here they are whole again.
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
			_mmcgadgetctl_offer insert next prev eject blank close status list stats trace watch help doctor
		fi
		return
		;;
	help | doctor) return ;;
	esac

	if [[ $cur == drive=* ]]; then
		mapfile -t names < <(_mmcgadgetctl_names "${ask[@]}" status)
		_mmcgadgetctl_offer "${names[@]/#/drive=}"
		return
	fi
	if [[ ($verb == insert || $verb == close) && ! $given ]]; then
		mapfile -t names < <(_mmcgadgetctl_names "${ask[@]}" list ${drive:+"$drive"})
		_mmcgadgetctl_offer "${names[@]}"
		# Blanks in names are quoted by bash, as it does with those of files.
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
