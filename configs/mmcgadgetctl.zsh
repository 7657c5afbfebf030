#compdef mmcgadgetctl
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for mmcgadgetctl(1) in zsh: the same words as configs/mmcgadgetctl.bash offers.

# _mmcgadgetctl_names PATTERN COMMAND...: sets $reply to the names in the daemon's answer to COMMAND after which
# the JSON object goes on with a match of PATTERN. A quote inside a JSON string always follows a backslash.
# Names with escapes such as \u202e are left out, because nobody could type them. The timeout is 7 s because
# the daemon may read labels for 5 s before its first answer.
_mmcgadgetctl_names()
{
	local pattern=$1
	shift
	reply=(${(f)"$(timeout 7 mmcgadgetctl --json "$@" 2>/dev/null |
		grep -aoE '[{,]"name":"(\\.|[^"\\])*"'"$pattern" |
		sed -E 's/^."name":"((\\.|[^"\\])*)".*/\1/' |
		grep -avE '(^|[^\\])(\\\\)*\\u' | sed 's/\\\(.\)/\1/g')"})
}

# _mmcgadgetctl_images PATTERN COMMAND...: offers the names that _mmcgadgetctl_names finds. A name that looks
# like an option or a setting gets ./ before it, unless the line has "--".
_mmcgadgetctl_images()
{
	local -a reply
	local name
	_mmcgadgetctl_names "$@"
	for name in "${reply[@]}"; do
		[[ $name != -* && ! $name =~ '^[A-Za-z]+=' ]] || [[ -n $literal ]] || name=./$name
		compadd -- "$name"
	done
}

_mmcgadgetctl_drives()
{
	local -a reply
	_mmcgadgetctl_names '' "${socket[@]}" status
	compadd -- "${reply[@]}"
}

_mmcgadgetctl()
{
	local verbs='insert next prev eject blank close rename delete erase extract status list stats trace fault events sum uploads upload-drop upload get watch wait help loopback network web doctor report version'
	local media='dvd+r dvd+r-dl dvd-r dvd-r-dl dvd-rw dvd+rw dvd-ram bd-r bd-r-dl bd-re bd-re-dl cd-r cd-rw'
	local options='--json --drive --force --verbose --socket --wait --version --help'
	local text='("(\\.|[^"\\])*"|null)'
	local member='(,"[a-z_]*":("(\\.|[^"\\])*"|[0-9]+|true|false|null|\[[^]]*\]))*'
	local verb='' wants='' literal='' word i
	local -a given drive socket

	for ((i = 2; i < CURRENT; i++)); do
		word=${(Q)words[i]}
		if [[ -n $wants ]]; then
			[[ $wants != drive ]] || drive=(drive=$word)
			[[ $wants != socket ]] || socket=(--socket $word)
			wants=''
		elif [[ $word == -* && -z $literal ]]; then
			case $word in
			--) literal=1 ;;
			-d | --drive) wants=drive ;;
			--drive=*) drive=(${word#--}) ;;
			--socket) wants=socket ;;
			--socket=*) socket=($word) ;;
			--wait) wants=wait ;;
			esac
		elif [[ -z $verb ]]; then
			verb=$word
		elif [[ $word == drive=* && -z $literal ]]; then
			drive=($word)
		else
			given+=($word)
		fi
	done
	case $wants in
	drive) _mmcgadgetctl_drives && return ;;
	socket) _files && return ;;
	wait) return 1 ;;
	esac
	if [[ $PREFIX == -* && -z $literal ]]; then
		compadd -- ${=options}
		return
	fi
	case $verb in
	'')
		compadd -- ${=verbs}
		return
		;;
	help)
		((${#given})) || compadd -- ${=verbs}
		return
		;;
	doctor | version) return 1 ;;
	loopback | network)
		case ${given[*]} in
		'') compadd -- on off status ;;
		on) _files -/ ;;
		off) compadd -- force ;;
		esac
		return
		;;
	web)
		case ${given[*]} in
		'') compadd -- password token logout-all ;;
		token) compadd -- add remove list ;;
		esac
		return
		;;
	report | upload)
		_files
		return
		;;
	esac
	if [[ $PREFIX == drive=* ]]; then
		compset -P 'drive='
		_mmcgadgetctl_drives
		return
	fi
	case $verb in
	insert)
		if ((${#given} == 0)); then
			_mmcgadgetctl_images '' "${socket[@]}" list "${drive[@]}"
		elif ((${#given} == 1)); then
			if [[ $PREFIX == as=* ]]; then
				compadd -- as=cd as=dvd as=auto
			else
				compadd -S '' -- as=
			fi
		fi
		;;
	rename | delete | get) ((${#given})) || _mmcgadgetctl_images '' "${socket[@]}" list "${drive[@]}" ;;
	close)
		((${#given})) ||
			_mmcgadgetctl_images ",\"label\":$text,\"kind\":\"(open|appendable)\"" "${socket[@]}" list "${drive[@]}"
		;;
	erase) ((${#given})) || _mmcgadgetctl_images "$member,\"erasable\":true" "${socket[@]}" list "${drive[@]}" ;;
	extract)
		if ((${#given} == 0)); then
			_mmcgadgetctl_images "$member,\"tracks\":\{\"audio\":[1-9]" "${socket[@]}" list "${drive[@]}"
		else
			((${#given} > 1)) || compadd -- stop
			[[ -n ${(M)given:#track=*} ]] || compadd -S '' -- track=
			[[ -n ${(M)given:#to=*} ]] || compadd -S '' -- to=
		fi
		;;
	eject) ((${#given})) || compadd -- force ;;
	sum)
		if ((${#given} == 0)); then
			_mmcgadgetctl_images '' "${socket[@]}" list "${drive[@]}"
		else
			compadd -- start
		fi
		;;
	stats) ((${#given})) || compadd -- reset ;;
	wait)
		((${#given})) || compadd -- burned empty host
		compadd -S '' -- timeout=
		;;
	trace)
		case ${given[1]} in
		'')
			compadd -- start stop status save show script
			return
			;;
		save | show | script)
			_files
			return
			;;
		start)
			compadd -- until=error
			compadd -S '' -- records=
			;;
		esac
		;;
	fault)
		case ${given[-1]} in
		'')
			compadd -- add load set list clear
			return
			;;
		load)
			_files
			return
			;;
		add | set)
			compadd -- read-error write-error slow rate not-ready vanish sense
			return
			;;
		esac
		;;
	blank)
		if [[ $PREFIX == type=* ]]; then
			compset -P 'type='
			compadd -- ${=media}
			return
		fi
		if [[ $PREFIX == minutes=* ]]; then
			compset -P 'minutes='
			compadd -- 74 80 90 99
			return
		fi
		[[ -n ${(M)given:#type=*} ]] || compadd -S '' -- type=
		[[ -n ${(M)given:#minutes=*} ]] || compadd -S '' -- minutes=
		;;
	esac
	((${#drive})) || [[ -n $literal && ${#given} -eq 0 ]] || compadd -S '' -- drive=
}

# zsh loads this file as the body of the function _mmcgadgetctl, and calls it: the file must then run the
# completion itself. A test that sources the file only gets the functions.
[[ ${funcstack[1]} != _mmcgadgetctl ]] || _mmcgadgetctl "$@"
