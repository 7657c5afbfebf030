#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Reads mmcgadget.txt and writes the files of the system that its settings need, below ROOT. Prints what is wrong
# with it, with the number of the line; a wrong line has no effect on the others. Passwords are never printed.
#   settings.sh MMCGADGET.TXT ROOT
# A line is "key = value", a comment that begins with "#", or empty. The file may come from any PC: with
# CRLF, with a UTF-8 mark at its beginning, without a newline at its end.
file=$1 root=${2%/}
export LC_ALL=C
tab=$(printf '\t')
mark=$(printf '\357\273\277')

name=mmcgadget wifi_name='' wifi_password='' wifi_country='' ssh_keys='' web_password=''
usb_network=off usb_serial=off full_report=off blank_type='' iso=''
burned_rename=label burned_verify=off burned_next_blank=on

say() { # MESSAGE: prints it, with the number of the line that is being read
	echo "mmcgadget.txt, line $number: $*"
}
on_off() { # KEY VALUE: sets the variable KEY
	case $2 in
	on | yes | true | 1) eval "$1=on" ;;
	off | no | false | 0) eval "$1=off" ;;
	*) say "$1 is \"on\" or \"off\"" ;;
	esac
}
one_of() { # KEY VALUE WORD...: sets the variable KEY
	key=$1 value=$2
	shift 2
	for word; do
		if [ "$word" = "$value" ]; then
			eval "$key=\$value"
			return
		fi
	done
	say "$key is one of: $*"
}
length_of() { printf %s "$1" | wc -c; }
printable() { # VALUE: only printable ASCII
	case $1 in *[!\ -~]*) return 1 ;; esac
}

set_name() {
	case $1 in
	'' | -* | *- | *[!A-Za-z0-9-]*) say 'name has letters, digits and "-" only, for example "burner-2"' ;;
	*)
		if [ "${#1}" -le 63 ]; then name=$1; else say 'name has at most 63 characters'; fi
		;;
	esac
}
set_wifi_name() {
	if [ -n "$1" ] && [ "$(length_of "$1")" -le 32 ]; then
		wifi_name=$1
	else
		say 'wifi_name has 1 to 32 characters'
	fi
}
set_wifi_password() {
	length=$(length_of "$1")
	if [ "$length" = 64 ] && [ -z "$(printf %s "$1" | tr -d 0-9A-Fa-f)" ]; then
		wifi_password=$1
	elif [ "$length" -ge 8 ] && [ "$length" -le 63 ] && printable "$1"; then
		wifi_password=\"$1\"
	else
		say 'wifi_password has 8 to 63 characters without accents'
		wifi_password=wrong
	fi
}
set_wifi_country() {
	case $1 in
	[A-Za-z][A-Za-z]) wifi_country=$(printf %s "$1" | tr a-z A-Z) ;;
	*) say 'wifi_country has two letters, for example "DE"' ;;
	esac
}
set_ssh_key() {
	# shellcheck disable=SC2086 # words
	set -- "$1" $1
	case $2 in
	ssh-ed25519 | ssh-rsa | ecdsa-sha2-nistp256 | ecdsa-sha2-nistp384 | ecdsa-sha2-nistp521) ;;
	*)
		say 'ssh_key is a public key in one line: "ssh-ed25519 AAAA..." from a file with a name in .pub'
		return
		;;
	esac
	if printable "$1" && [ -n "${3:-}" ] && [ -z "$(printf %s "$3" | tr -d 'A-Za-z0-9+/=')" ] && [ "${#3}" -ge 40 ]; then
		ssh_keys="$ssh_keys$1
"
	else
		say 'ssh_key is not whole: copy the line of the file with a name in .pub'
	fi
}

set_web_password() {
	if [ "$(length_of "$1")" -ge 8 ] && [ "$(length_of "$1")" -le 256 ] && printable "$1"; then
		web_password=$1
	else
		say 'web_password has 8 to 256 characters without accents; without it there is no web page'
	fi
}

set_key() { # KEY VALUE
	case $1 in
	# Words, which may be in capitals.
	usb_* | burned_* | full_report | iso | blank_type) set -- "$1" "$(printf %s "$2" | tr A-Z a-z)" ;;
	esac
	case $1 in
	name) set_name "$2" ;;
	wifi_name) set_wifi_name "$2" ;;
	wifi_password) set_wifi_password "$2" ;;
	wifi_country) set_wifi_country "$2" ;;
	ssh_key) set_ssh_key "$2" ;;
	web_password) set_web_password "$2" ;;
	usb_network | usb_serial | full_report | burned_verify | burned_next_blank) on_off "$1" "$2" ;;
	burned_rename) one_of "$1" "$2" no date label ;;
	iso) one_of "$1" "$2" dvd cd auto ;;
	blank_type)
		case $2 in
		'' | *[!a-z0-9+-]*) say 'blank_type is a type of disc such as "dvd+r", "dvd-rw", "cd-r" or "bd-r"' ;;
		*) blank_type=$2 blank_type_line=$number ;;
		esac
		;;
	*)
		case $1 in
		'' | *[!A-Za-z0-9_-]*) say 'is not "key = value"' ;;
		*) say "unknown key \"$1\"; the keys are in the comments of the file as it was shipped" ;;
		esac
		;;
	esac
}

trim() { # VALUE: sets trimmed
	trimmed=$1
	while :; do
		case $trimmed in
		' '* | "$tab"*) trimmed=${trimmed#?} ;;
		*' ' | *"$tab") trimmed=${trimmed%?} ;;
		*) break ;;
		esac
	done
}

number=0
read_line() { # LINE
	number=$((number + 1))
	line=$1
	[ "$number" != 1 ] || line=${line#"$mark"}
	trim "$line"
	case $trimmed in
	'' | '#'*) return ;;
	*=*) ;;
	*)
		say 'has no "="'
		return
		;;
	esac
	value=${trimmed#*=}
	trim "${trimmed%%=*}"
	key=$(printf %s "$trimmed" | tr 'A-Z-' 'a-z_')
	trim "$value"
	# An empty value is a key that was not filled in.
	[ -n "$trimmed" ] || return
	case $trimmed in \"?*\") trimmed=${trimmed#\"} trimmed=${trimmed%\"} ;; esac
	set_key "$key" "$trimmed"
}

if [ ! -r "$file" ]; then
	echo 'mmcgadget.txt is not there: every setting has its default.'
elif [ "$(hexdump -v -n 2 -e '2/1 "%02x"' "$file")" = fffe ] || [ "$(hexdump -v -n 2 -e '2/1 "%02x"' "$file")" = feff ]; then
	echo 'mmcgadget.txt was saved as UTF-16: save it as UTF-8 or ANSI. Every setting has its default.'
else
	text=$root/run/mmcgadget-card.text
	mkdir -p "$root/run"
	# CRLF and a lone CR (old Macs) end a line as LF does.
	(
		umask 077
		tr -d '\000' <"$file" | sed 's/\r$//' | tr '\r' '\n' >"$text"
	)
	while IFS= read -r line || [ -n "$line" ]; do
		read_line "$line"
	done <"$text"
	rm -f "$text"
fi

put() { # PATH: standard input becomes that file below ROOT
	mkdir -p "$root${1%/*}"
	cat >"$root$1"
}
needs_network() { # KEY: of no use without a network
	[ -n "$wifi_name" ] || [ "$usb_network" = on ] ||
		echo "mmcgadget.txt: $1 is set, but no network: set usb_network or wifi_name as well."
}
want() { # UNIT...: starts at boot
	for unit; do
		mkdir -p "$root/etc/systemd/system/card.target.wants"
		case $unit in *@*) template=${unit%%@*}@.${unit##*.} ;; *) template=$unit ;; esac
		ln -sf "/usr/lib/systemd/system/$template" "$root/etc/systemd/system/card.target.wants/$unit"
	done
}

echo "$name" | put /etc/hostname
printf '127.0.0.1 localhost %s\n::1 localhost %s\n' "$name" "$name" | put /etc/hosts

if [ "$wifi_password" = wrong ]; then
	# Without its password, the board would join an open network of that name.
	echo 'mmcgadget.txt: without a wifi_password that is right there is no Wi-Fi.'
elif [ -n "$wifi_name" ]; then
	(
		umask 077
		{
			[ -z "$wifi_country" ] || echo "country=$wifi_country"
			echo 'network={'
			echo "	ssid=$(printf %s "$wifi_name" | hexdump -v -e '1/1 "%02x"')"
			echo '	scan_ssid=1'
			if [ -n "$wifi_password" ]; then
				echo "	psk=$wifi_password"
				echo '	key_mgmt=WPA-PSK SAE'
				echo '	ieee80211w=1'
			else
				echo '	key_mgmt=NONE'
			fi
			echo '}'
		} | put /etc/wpa_supplicant/wpa_supplicant-wlan0.conf
	)
	printf '[Match]\nName=wlan0\n\n[Network]\nDHCP=yes\n' | put /etc/systemd/network/wlan0.network
	# The time comes from servers in this network or beyond; card-names.path gets the name servers for their names.
	want wpa_supplicant@wlan0.service systemd-networkd.service card-names.path systemd-timesyncd.service
	[ -n "$wifi_country" ] || echo 'mmcgadget.txt: wifi_country is not set; without it some channels are not used.'
elif [ -n "$wifi_password$wifi_country" ]; then
	echo 'mmcgadget.txt: wifi_name is not set, so that there is no Wi-Fi.'
fi
if [ "$usb_network" = on ]; then
	printf '[Match]\nName=usb0\n\n[Network]\nAddress=10.55.0.1/24\nDHCPServer=yes\n\n[DHCPServer]\nEmitRouter=no\nEmitDNS=no\n' |
		put /etc/systemd/network/usb0.network
	want systemd-networkd.service
fi
if [ "$usb_serial" = on ]; then
	echo 'SUBSYSTEM=="tty", KERNEL=="ttyGS0", TAG+="systemd", ENV{SYSTEMD_WANTS}+="card-serial@ttyGS0.service"' |
		put /etc/udev/rules.d/90-card-serial.rules
fi
# If this file exists, card-report.service writes the full report.
[ "$full_report" != on ] || echo on | put /run/mmcgadget-card.full-report
if [ -n "$ssh_keys" ]; then
	(
		umask 077
		printf %s "$ssh_keys" | put /root/.ssh/authorized_keys
	)
	want card-ssh.service
	needs_network ssh_key
fi
if [ -n "$web_password" ]; then
	# card-web.service sets the password, after the drive is there: to hash it takes a while.
	(
		umask 077
		printf '%s\n' "$web_password" | put /run/mmcgadget-card.web
	)
	printf '[Socket]\nListenStream=\nListenStream=80\n' | put /etc/systemd/system/mmcgadget-web.socket.d/card.conf
	want card-web.service
	needs_network web_password
fi

configuration() { # BLANK-TYPE
	echo '# Made of mmcgadget.txt at each boot.'
	echo 'drives = ( {'
	echo '    image = "disc-1.iso";'
	[ -z "$1" ] || echo "    blank_type = \"$1\";"
	[ -z "$iso" ] || echo "    iso = \"$iso\";"
	echo '} );'
	printf 'burned: { rename = "%s"; checksum = %s; blank = %s; };\n' "$burned_rename" \
		"$(truth "$burned_verify")" "$(truth "$burned_next_blank")"
	functions=''
	[ "$usb_serial" != on ] || functions='{ type = "acm"; }'
	[ "$usb_network" != on ] || functions="$functions${functions:+, }{ type = \"ncm\"; }"
	[ -z "$functions" ] || echo "functions = ( $functions );"
}
truth() { if [ "$1" = on ]; then echo true; else echo false; fi; }
configuration "$blank_type" | put /etc/mmcgadget/mmcgadget.conf
# The daemon knows the types of discs.
if [ -n "$blank_type" ] && [ -n "${CHECK=mmcgadgetd}" ] &&
	! $CHECK --check-config --config "$root/etc/mmcgadget/mmcgadget.conf" >/dev/null 2>&1; then
	number=$blank_type_line
	say "blank_type: there is no disc of the type \"$blank_type\"; examples are dvd+r, dvd-rw, cd-r, bd-r"
	configuration '' | put /etc/mmcgadget/mmcgadget.conf
fi
exit 0
