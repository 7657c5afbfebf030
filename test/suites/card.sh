#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The scripts of the card image, without a board and without an image: the reader of mmcgadget.txt, the
# making of the discs' partition on a file, the report, an update and its fall-back, the device trees. They
# run in busybox, with its commands, as on a card.
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
n=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
report() { # NAME FAULTS
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' <<<"$2"
	fi
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
export PATH=$PATH:/usr/sbin:/sbin
busybox=$(command -v busybox) || {
	skip 'the scripts of the card image' 'there is no busybox here'
	echo "1..$n"
	exit 0
}
# What the image has under the names of busybox. dd's flags, sync of one file and sfdisk are there, too.
mkdir "$scratch/bin"
# shellcheck source=image/system.sh
applets=$(. image/system.sh && echo "$applets")
for a in $applets; do
	"$busybox" "$a" --help >/dev/null 2>&1 || [ "$("$busybox" --list | grep -cx "$a")" = 1 ] || continue
	ln -s "$busybox" "$scratch/bin/$a"
done
for a in flock mountpoint sfdisk mkfs.ext4; do
	[ -z "$(command -v $a)" ] || ln -s "$(command -v $a)" "$scratch/bin/$a"
done
card() { # SCRIPT ARGUMENT...: as on the card
	env -i PATH="$scratch/bin" LC_ALL=C ${CARD_ENV:+"${CARD_ENV[@]}"} sh "$top/image/card/$1" "${@:2}" 2>&1
}
CARD_ENV=()

report 'each command that the scripts use is busybox or in the image' "$(
	for a in $applets; do [ -e "$scratch/bin/$a" ] || echo "busybox has no $a"; done)"

# ---- onto the card --------------------------------------------------------------------------
# The README's line, with a file for the reader's device. What root may do, this user may do here.
report 'the line of README and docs/card.md writes the image to the card' "$(
	line=$(grep '^    xzcat ' README.md)
	[ "$line" = "$(grep '^    xzcat ' docs/card.md)" ] || echo 'the two pages differ'
	mkdir -p "$scratch/pc/build/image" "$scratch/pc/bin"
	printf '#!/bin/sh\nexec "$@"\n' >"$scratch/pc/bin/sudo"
	chmod 755 "$scratch/pc/bin/sudo"
	head -c 5000001 /dev/urandom >"$scratch/pc/image"
	xz -0 <"$scratch/pc/image" >"$scratch/pc/build/image/mmcgadget-rpi-arm64.img.xz"
	cd "$scratch/pc" || exit
	PATH=$PWD/bin:$PATH sh -ec "${line//\/dev\/sdX/$PWD/card}" 2>log || cat log
	cmp image card 2>&1
	case $line in *'of=/dev/sdX '*) ;; *) echo "another card: $line" ;; esac)"

# ---- mmcgadget.txt --------------------------------------------------------------------------
root=$scratch/root
CARD_ENV=(CHECK=)
read_settings() { # TEXT with printf's escapes: fills $root, prints the messages
	rm -rf "$root"
	mkdir "$root"
	# shellcheck disable=SC2059
	printf "$1" >"$scratch/mmcgadget.txt"
	card settings.sh "$scratch/mmcgadget.txt" "$root"
}
conf=etc/mmcgadget/mmcgadget.conf
wpa=etc/wpa_supplicant/wpa_supplicant-wlan0.conf
key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHfvmtQ0Uq1eiFQdNyWJp0TJ3sTCz3zUFZlcB1s0m2n1 a user'
default_conf='drives = ( {
    image = "disc-1.iso";
} );
burned: { rename = "label"; checksum = false; blank = true; };'

# reads NAME TEXT MESSAGES [FILE CONTENT]...: passes if the messages are these, and each file has that
# content; a content of "-" is a file that must not be there. Comments of files do not count.
reads() {
	local name=$1 faults got
	got=$(read_settings "$2")
	faults=$(diff <(echo "$3") <(echo "$got"))
	shift 3
	while [ $# -gt 0 ]; do
		if [ "$2" = - ]; then
			[ ! -e "$root/$1" ] || faults+=$'\n'"there is $1"
		elif ! got=$(diff <(echo "$2") <(grep -v '^#' "$root/$1" 2>&1)); then
			faults+=$'\n'"$1:"$'\n'"$got"
		fi
		shift 2
	done
	report "mmcgadget.txt: $name" "$faults"
}
reads 'an empty file' '' '' $conf "$default_conf" etc/hostname mmcgadget $wpa - root/.ssh - etc/systemd -
reads 'only comments and empty keys' '# name = x\n\n  # y\nname =\nwifi_name = \n' '' etc/hostname mmcgadget $wpa -
reads 'the file as it is shipped' "$(sed 's/%/%%/g' image/fat/mmcgadget.txt)\n" '' $conf "$default_conf" $wpa -
reads 'CRLF, a UTF-8 mark, no newline at the end' '\357\273\277name = one\r\nusb_network = on\r\nburned_verify=on' '' \
	etc/hostname one $conf "${default_conf/checksum = false/checksum = true}"$'\nfunctions = ( { type = "ncm"; } );'
reads 'CR alone' 'name = two\rusb_serial = on\r' '' etc/hostname two \
	etc/udev/rules.d/90-card-serial.rules 'SUBSYSTEM=="tty", KERNEL=="ttyGS0", TAG+="systemd", ENV{SYSTEMD_WANTS}+="card-serial@ttyGS0.service"'
reads 'UTF-16' '\377\376n\0a\0m\0e\0' 'mmcgadget.txt was saved as UTF-16: save it as UTF-8 or ANSI. Every setting has its default.' \
	etc/hostname mmcgadget $conf "$default_conf"
reads 'capitals, blanks, a hyphen in a key, quotes' '  USB-Network\t=  ON  \nName="Burner-2"\n' '' etc/hostname Burner-2
reads 'an unknown key, with its line' 'name = a\n\nwifi_pasword = secret\nnonsense\n' \
	'mmcgadget.txt, line 3: unknown key "wifi_pasword"; the keys are in the comments of the file as it was shipped
mmcgadget.txt, line 4: has no "="' etc/hostname a
reads 'values that cannot be' 'name = a b\nusb_network = maybe\nburned_rename = never\niso = bd\nblank_type = "; x\nwifi_country = Germany\n' \
	'mmcgadget.txt, line 1: name has letters, digits and "-" only, for example "burner-2"
mmcgadget.txt, line 2: usb_network is "on" or "off"
mmcgadget.txt, line 3: burned_rename is one of: no date label
mmcgadget.txt, line 4: iso is one of: dvd cd auto
mmcgadget.txt, line 5: blank_type is a type of disc such as "dvd+r", "dvd-rw", "cd-r" or "bd-r"
mmcgadget.txt, line 6: wifi_country has two letters, for example "DE"' $conf "$default_conf" etc/hostname mmcgadget
reads 'discs' 'blank_type = DVD-RW\niso = auto\nburned_rename = date\nburned_next_blank = off\n' '' $conf \
	'drives = ( {
    image = "disc-1.iso";
    blank_type = "dvd-rw";
    iso = "auto";
} );
burned: { rename = "date"; checksum = false; blank = false; };'
reads 'Wi-Fi' 'wifi_name = caf\303\251 "1"\nwifi_password = it is "so" $(reboot)\nwifi_country = de\n' '' $wpa \
	'country=DE
network={
	ssid=636166c3a920223122
	scan_ssid=1
	psk="it is "so" $(reboot)"
	key_mgmt=WPA-PSK SAE
	ieee80211w=1
}' etc/systemd/network/wlan0.network $'[Match]\nName=wlan0\n\n[Network]\nDHCP=yes'
report 'mmcgadget.txt: only root can read the password' \
	"$(stat -c %a "$root/$wpa" | grep -vx 600)$(find "$root" -name '*.text')"
report 'mmcgadget.txt: with Wi-Fi the time comes from the network' "$(
	find "$root/etc/systemd/system/card.target.wants" -name 'wpa*' -o -name '*network*' -o -name '*time*' -o -name '*names*' |
		sed 's,.*/,,' | sort | diff <(printf '%s\n' card-names.path systemd-networkd.service systemd-timesyncd.service wpa_supplicant@wlan0.service) -)"
reads 'Wi-Fi with the 64 digits of its key' "wifi_name = x\nwifi_password = $(printf %064d 7)\nwifi_country = de\n" '' $wpa \
	"country=DE
network={
	ssid=78
	scan_ssid=1
	psk=$(printf %064d 7)
	key_mgmt=WPA-PSK SAE
	ieee80211w=1
}"
reads 'a Wi-Fi key that lacks a digit is a password' "wifi_name = x\nwifi_password = $(printf %063d 7)\nwifi_country = de\n" '' $wpa \
	"country=DE
network={
	ssid=78
	scan_ssid=1
	psk=\"$(printf %063d 7)\"
	key_mgmt=WPA-PSK SAE
	ieee80211w=1
}"
reads 'a Wi-Fi key of 64 characters that are no digits' "wifi_name = x\nwifi_password = $(printf %063d 7)x\nwifi_country = de\n" \
	'mmcgadget.txt, line 2: wifi_password has 8 to 63 characters without accents
mmcgadget.txt: without a wifi_password that is right there is no Wi-Fi.' $wpa -
reads 'Wi-Fi without a password' 'wifi_name = open\nwifi_country=US' '' $wpa \
	$'country=US\nnetwork={\n\tssid=6f70656e\n\tscan_ssid=1\n\tkey_mgmt=NONE\n}'
reads 'a password that is too short, and is not told' 'wifi_name = x\nwifi_password = secret1\nwifi_country=US' \
	'mmcgadget.txt, line 2: wifi_password has 8 to 63 characters without accents
mmcgadget.txt: without a wifi_password that is right there is no Wi-Fi.' $wpa -
reads 'ssh keys' "usb_network = on\nssh_key = $key\nssh_key=$key\n" '' root/.ssh/authorized_keys "$key"$'\n'"$key"
report 'mmcgadget.txt: ssh starts with a key' "$([ -L "$root/etc/systemd/system/card.target.wants/card-ssh.service" ] || echo no)"
reads 'a key that is none, and no key' 'ssh_key = command="x" ssh-ed25519 AAAA\nssh_key = ssh-rsa AAA\n' \
	'mmcgadget.txt, line 1: ssh_key is a public key in one line: "ssh-ed25519 AAAA..." from a file with a name in .pub
mmcgadget.txt, line 2: ssh_key is not whole: copy the line of the file with a name in .pub' root/.ssh - etc/systemd -
reads 'a key without a network' "ssh_key = $key" \
	'mmcgadget.txt: ssh_key is set, but no network: set usb_network or wifi_name as well.' root/.ssh/authorized_keys "$key"
reads 'the web page' 'usb_network = on\nweb_password = it is "so" $(reboot)\n' '' \
	run/mmcgadget-card.web 'it is "so" $(reboot)' etc/systemd/system/mmcgadget-web.socket.d/card.conf $'[Socket]\nListenStream=\nListenStream=80'
report 'mmcgadget.txt: only root can read the password of the web page, which starts' \
	"$(stat -c %a "$root/run/mmcgadget-card.web" | grep -vx 600)$([ -L "$root/etc/systemd/system/card.target.wants/card-web.service" ] || echo no)"
reads 'a password of the web page that is too short, and is not told' 'usb_network = on\nweb_password = secret1\n' \
	'mmcgadget.txt, line 2: web_password has 8 to 256 characters without accents; without it there is no web page' \
	run/mmcgadget-card.web - etc/systemd/system/mmcgadget-web.socket.d -
reads 'a web page without a network' 'web_password = secret12' \
	'mmcgadget.txt: web_password is set, but no network: set usb_network or wifi_name as well.' run/mmcgadget-card.web secret12
reads 'the whole report' 'full_report = on\n' '' run/mmcgadget-card.full-report on
reads 'no whole report' 'full_report = off\n' '' run/mmcgadget-card.full-report -
reads 'what a shell would run' 'name = $(reboot)\nwifi_name = `id`;$(id)\nwifi_country = us\n' \
	'mmcgadget.txt, line 1: name has letters, digits and "-" only, for example "burner-2"' etc/hostname mmcgadget \
	$wpa $'country=US\nnetwork={\n\tssid=606964603b2428696429\n\tscan_ssid=1\n\tkey_mgmt=NONE\n}'
rm -rf "$root"
report 'mmcgadget.txt: no file' "$(mkdir "$root"
	card settings.sh "$scratch/none" "$root" | diff <(echo 'mmcgadget.txt is not there: every setting has its default.') -
	diff <(echo "$default_conf") <(grep -v '^#' "$root/$conf"))"
report 'the shipped file names every key of the reader, and no other' "$(diff \
	<(grep -oE '^	(name|wifi_name|wifi_password|wifi_country|ssh_key|web_password|usb_|full_|iso|blank_type|burned_)[a-z_| ]*\)' image/card/settings.sh | tr -d ' )\t' |
		tr '|' '\n' | sort -u) \
	<(sed -n 's/^#\([a-z_]*\) =.*/\1/p' image/fat/mmcgadget.txt | sort -u))"
if [ -x "${O:-build}/mmcgadgetd" ]; then
	report 'the daemon takes the configuration that the reader makes' "$(
		CARD_ENV=(CHECK="$(realpath "${O:-build}")/mmcgadgetd")
		read_settings 'blank_type = dvd+rw\niso = cd\nusb_serial = on\nusb_network = on\nburned_rename = date\n'
		grep -q dvd+rw "$root/$conf" || echo 'dvd+rw was not taken'
		read_settings 'blank_type = dvd+x\n' | grep -v '^mmcgadget.txt, line 1: blank_type: there is no disc of the type "dvd+x"'
		grep dvd+x "$root/$conf"
	)"
else
	skip 'the daemon takes the configuration that the reader makes' 'the daemon is not built'
fi

# ---- the partition of the discs -------------------------------------------------------------
start=20480
CARD_ENV=("DISCS_START=$start")
new_card() { # MEGABYTES
	rm -f "$scratch/card"
	truncate -s "$1M" "$scratch/card"
	printf 'label: dos\nlabel-id: 0x12345678\n1: start=2048, size=4096, type=c\n2: start=6144, size=4096, type=83\n4: start=10240, size=4096, type=83\n' |
		sfdisk -q "$scratch/card"
	# Nothing may change except the third entry and the new partition.
	head -c $((start * 512 - 2048 * 512)) /dev/urandom | dd of="$scratch/card" bs=1M seek=1 conv=notrunc status=none
	outside >"$scratch/outside"
}
outside() { { head -c 478 "$scratch/card"; head -c $((start * 512)) "$scratch/card" | tail -c +495; } | sha256sum; }
type_of() { od -An -tx1 -j482 -N1 "$scratch/card" | tr -d ' '; }
make_discs() { card discs.sh "$scratch/card" none; }
set_type() { printf "\\x$1" | dd of="$scratch/card" bs=1 seek=482 conv=notrunc status=none; }
file_system() { # what is wrong with it
	dd if="$scratch/card" bs=512 skip=$start of="$scratch/p3" status=none
	e2fsck -fn "$scratch/p3" 2>&1 | grep -vE '^e2fsck|^Pass|clean|files \('
	dumpe2fs -h "$scratch/p3" 2>/dev/null >"$scratch/head"
	grep -q '^Filesystem volume name: *MMCDISCS' "$scratch/head" || echo 'the label differs'
	grep -q has_journal "$scratch/head" || echo 'there is no journal'
}
if command -v sfdisk mkfs.ext4 >/dev/null && [ -e "$scratch/bin/hexdump" ]; then
	new_card 200
	report 'a first boot makes the partition of the discs' "$(make_discs
		[ "$(type_of)" = 83 ] || echo "type $(type_of)"
		sfdisk -d "$scratch/card" | grep -q "start= *$start, size= *$((200 * 2048 - start))" || sfdisk -d "$scratch/card"
		file_system)"
	report '... and touches nothing else of the card' "$(outside | diff "$scratch/outside" -)"
	sum=$(sha256sum <"$scratch/card")
	report 'a second boot changes nothing' "$(make_discs
		[ "$(sha256sum <"$scratch/card")" = "$sum" ] || echo 'the card has changed')"
	head -c 1M /dev/zero | dd of="$scratch/card" bs=512 seek=$start conv=notrunc status=none
	sum=$(sha256sum <"$scratch/card")
	report 'a file system that cannot be read is left alone' "$(make_discs
		[ "$(sha256sum <"$scratch/card")" = "$sum" ] || echo 'the card has changed')"
	head -c 1M /dev/urandom | dd of="$scratch/card" bs=512 seek=$start conv=notrunc status=none
	set_type da
	report 'a partition that was half made is made' "$(make_discs
		[ "$(type_of)" = 83 ] || echo "type $(type_of)"
		file_system
		outside | diff "$scratch/outside" -)"
	set_type 07
	sum=$(sha256sum <"$scratch/card")
	report 'a partition of another type is left alone' "$(
		make_discs | grep -vx 'The discs: the third partition of this card has an unknown type, and is left alone.'
		[ "$(sha256sum <"$scratch/card")" = "$sum" ] || echo 'the card has changed')"
	printf '\x00\x08\x00\x00' | dd of="$scratch/card" bs=1 seek=486 conv=notrunc status=none
	set_type da
	sum=$(sha256sum <"$scratch/card")
	report 'an entry over the system is not formatted' "$(
		make_discs | grep -v 'was not made by this system'
		[ "$(sha256sum <"$scratch/card")" = "$sum" ] || echo 'the card has changed')"
	new_card 60
	sum=$(sha256sum <"$scratch/card")
	report 'a card that is too small is told' "$(
		make_discs | grep -v 'there is no room for them on this card, which has 60 MB'
		[ "$(sha256sum <"$scratch/card")" = "$sum" ] || echo 'the card has changed')"
	# The power fails at each moment: before and after each change of the MBR, and within mke2fs.
	report 'a power cut at any step of the first boot: the next boot makes the partition' "$(
		for at in 1 2 3 4; do
			new_card 200
			rm -rf "$scratch/cut"
			mkdir "$scratch/cut"
			echo 0 >"$scratch/cut/count"
			for tool in sfdisk mkfs.ext4; do
				printf '#!/bin/sh\nn=$(($(cat %s) + 1)); echo $n >%s\nif [ $n = %s ]; then [ %s = mkfs.ext4 ] && timeout -s KILL 0.02 %s "$@"; kill -9 $PPID; exit 1; fi\nexec %s "$@"\n' \
					"$scratch/cut/count" "$scratch/cut/count" "$at" "$tool" "$(command -v $tool)" "$(command -v $tool)" >"$scratch/cut/$tool"
				chmod 755 "$scratch/cut/$tool"
			done
			(
				ln -s "$scratch/bin/"* "$scratch/cut/" 2>/dev/null
				env -i PATH="$scratch/cut" DISCS_START=$start sh "$top/image/card/discs.sh" "$scratch/card" none
			) >/dev/null 2>&1
			[ "$at" = 4 ] || [ "$(type_of)" != 83 ] || echo "cut $at: type 83 already"
			make_discs
			[ "$(type_of)" = 83 ] || echo "cut $at: type $(type_of)"
			file_system
			outside | diff "$scratch/outside" -
		done)"
else
	skip 'the partition of the discs' 'there is no sfdisk, mkfs.ext4 or hexdump here'
fi

# ---- the report -----------------------------------------------------------------------------
CARD_ENV=(LOCK="$scratch/lock")
r=$scratch/report.txt
cp /dev/null "$r"
{
	echo 'Report of the DVD burner on this card. It is rewritten only when the findings change.'
	head -c 8192 /dev/zero | tr '\0' '\n'
} | head -c 8192 >"$r"
: >"$scratch/none"
echo 'line 3: bad' >"$scratch/bad"
echo 'All is well.' >"$scratch/well"
report 'the report has both parts, in its size' "$(
	card report.sh "$r" settings "$scratch/bad"
	card report.sh "$r" doctor "$scratch/well"
	tr -s '\n' <"$r" | diff - <(printf '%s\n' 'Report of the DVD burner on this card. It is rewritten only when the findings change.' \
		'line 3: bad' '-------- what the doctor found' 'All is well.')
	stat -c %s "$r" | grep -vx 8192)"
touch -d @1000000000 "$r"
report 'the same findings do not write the card' "$(
	card report.sh "$r" settings "$scratch/bad"
	card report.sh "$r" doctor "$scratch/well"
	stat -c %Y "$r" | grep -vx 1000000000)"
report 'a mended setting is told' "$(
	card report.sh "$r" settings "$scratch/none"
	grep -q 'bad' "$r" && echo 'the old text is there'
	grep -q 'as it should be' "$r" && grep -q 'All is well' "$r" || tr -s '\n' <"$r"
	stat -c %s "$r" | grep -vx 8192)"
report 'a report that a PC has saved with CRLF is taken for the same' "$(
	sed 's/$/\r/' "$r" >"$r.crlf"
	touch -d @1000000000 "$r.crlf"
	card report.sh "$r.crlf" settings "$scratch/none"
	stat -c %Y "$r.crlf" | grep -vx 1000000000)"

printf 'Report of mmcgadgetctl 1\n\n== doctor ==\n\ngood  board\n' >"$scratch/whole"
w=$scratch/whole.txt
report 'the whole report is written as it is, into the bytes that its file has' "$(
	head -c 131072 /dev/zero | tr '\0' '\n' >"$w"
	card report.sh "$w" whole "$scratch/whole"
	head -n 5 "$w" | diff - "$scratch/whole"
	stat -c %s "$w" | grep -vx 131072
	tail -n +6 "$w" | tr -d '\n')"
report 'of a whole report that is too long the beginning is kept, and its end says so' "$(
	{
		cat "$scratch/whole"
		head -c 140000 /dev/zero | tr '\0' x
	} >"$scratch/long"
	card report.sh "$w" whole "$scratch/long"
	head -n 1 "$w" | grep -vx 'Report of mmcgadgetctl 1'
	stat -c %s "$w" | grep -vx 131072
	tail -n 1 "$w" | grep -vx 'The rest of this report has no room here.'
	card report.sh "$w" whole "$scratch/whole"
	head -n 5 "$w" | diff - "$scratch/whole"
	grep -q x "$w" && echo 'text of the long report is left')"

# A partition that cannot be written: a card whose switch is set, by what mount of util-linux says (that of busybox
# mounts it read-only, and ends well), and a file system that became read-only. Neither is a fault of the report;
# every other error is. Functions, because busybox's shell prefers its own commands to those of the PATH.
refuses() { # COMMAND TEXT
	env -i PATH="$scratch/bin" REFUSED="$1: $2" "${CARD_ENV[@]}" sh -c '
		mountpoint() { :; }
		mount() { :; }
		'"$1"'() { echo "$REFUSED" >&2; return 32; }
		. image/card/report.sh' sh "$r" settings "$scratch/bad" 2>&1
	echo "exit code $?"
}
report 'a report on a read-only partition stays as it is, and its service does not fail' "$(
	card report.sh "$r" settings "$scratch/none"
	sum=$(sha256sum <"$r")
	stays="$r stays as it is, because the card is read-only"
	for refusal in 'mount cannot remount /dev/mmcblk0p1 read-write, is write-protected.' \
		"dd can't open '$r': Read-only file system"; do
		refuses "${refusal%% *}" "${refusal#* }" |
			diff - <(printf '%s\n' "${refusal/ /: }" "$stays" 'exit code 0')
	done
	refuses mount "can't find the device" | diff - <(printf '%s\n' "mount: can't find the device" 'exit code 1')
	refuses dd "error writing '$r': Input/output error" |
		diff - <(printf '%s\n' "dd: error writing '$r': Input/output error" 'exit code 32')
	[ "$(sha256sum <"$r")" = "$sum" ] || echo 'it was written')"

# waits COMMAND...: whether it waits for the lock, for a second in which nothing may happen. What timeout ends has
# timeout's own exit code; a command that fails at once has another.
waits() {
	local code ended
	env -i PATH="$scratch/bin" timeout 1 sleep 20 2>/dev/null
	ended=$?
	(
		flock 8
		env -i PATH="$scratch/bin" ${CARD_ENV:+"${CARD_ENV[@]}"} timeout 1 "$@" 8>&-
	) 8>"$scratch/lock" 2>/dev/null
	code=$?
	[ $code = $ended ] || echo "it did not wait, exit code $code"
}
report 'the report waits for an update that is being written' "$(
	sum=$(sha256sum <"$r")
	waits sh image/card/report.sh "$r" doctor "$scratch/bad"
	[ "$(sha256sum <"$r")" = "$sum" ] || echo 'it has written'
	card report.sh "$r" doctor "$scratch/bad"
	grep -q bad "$r" || echo 'it did not write afterwards')"

# ---- the clock, the name servers ------------------------------------------------------------
CARD_ENV=()
m=$scratch/media
mkdir -p "$m/.system"
report 'the time goes on where the card was last in use' "$(
	card clock.sh "$m" | grep -vx 0
	touch -d @1700000000 "$m/.system/clock"
	card clock.sh "$m" | grep -vx 1700000000
	touch -d @1700000500 "$m/.mmcgadget-drive0.mmcdisc"
	touch -d @1700000400 "$m/.mmcgadget-drive1.mmcdisc"
	touch -d @1900000000 "$m/disc.iso" "$m/disc.iso.mmcdisc"
	card clock.sh "$m" | grep -vx 1700000500
	card clock.sh "$scratch/none" | grep -vx 0)"
report 'the name servers are those of systemd-networkd' "$(
	printf 'OPER_STATE=routable\nDNS=192.168.1.1 fe80::1%%wlan0\nNTP=192.168.1.2\nDOMAINS=lan\n' >"$scratch/netif"
	card names.sh "$scratch/netif" "$scratch/resolv"
	diff <(printf 'nameserver 192.168.1.1\nnameserver fe80::1%%wlan0\n') "$scratch/resolv"
	echo OPER_STATE=off >"$scratch/netif"
	card names.sh "$scratch/netif" "$scratch/resolv"
	cat "$scratch/resolv")"

# ---- an update ------------------------------------------------------------------------------
fat=$scratch/fat
running=a drive=true
new_update() { # [BOARD]
	local u=$scratch/update
	rm -rf "$u"
	mkdir -p "$u/boot"
	echo "${1:-rpi-arm64}" >"$u/board"
	echo 2.0 >"$u/version"
	head -c 3000000 /dev/urandom >"$u/root.erofs"
	head -c 100000 /dev/urandom >"$u/boot/vmlinuz"
	echo 'mmcgadget.disk=00000000 mmcgadget.slot=a quiet' >"$u/boot/cmdline.txt"
	(cd "$u/boot" && ls) >"$u/names"
	(cd "$u" && sha256sum root.erofs boot/* >sums)
	tar -C "$u" -cf "$scratch/card.update" board version names sums boot root.erofs
}
update_environment() { # of a card whose other slot is a file
	echo "quiet mmcgadget.disk=12345678 mmcgadget.slot=$running x" >"$scratch/cmdline"
	printf '#!/bin/sh\nexec %s\n' "$drive" >"$scratch/bin/mmcgadgetctl"
	printf '#!/bin/sh\necho reboots\n' >"$scratch/bin/reboot.sh"
	chmod 755 "$scratch/bin/mmcgadgetctl" "$scratch/bin/reboot.sh"
	CARD_ENV=(LOCK="$scratch/lock" CARD_PATH="$scratch/bin" CARD="$scratch/cardlib" BOOT="$fat" CMDLINE="$scratch/cmdline" SYSTEM="$scratch/slot" WAIT=0 REBOOT=reboot.sh)
}
updates() { # ARGUMENT...: mmcgadget-update on that card
	update_environment
	card mmcgadget-update.sh "$@"
}
new_fat() { # [uboot]
	rm -rf "$fat" "$scratch/cardlib"
	mkdir -p "$fat/a" "$scratch/cardlib"
	cp image/card/next.sh "$scratch/cardlib/"
	echo rpi-arm64 >"$scratch/cardlib/board"
	echo 1.0 >"$scratch/cardlib/version"
	start_file=$fat/slot.txt start_line=os_prefix=%s/
	if [ "${1:-}" = uboot ]; then
		mkdir "$fat/extlinux"
		start_file=$fat/extlinux/extlinux.conf start_line='default %s'
	fi
	next_is a
	cp "$start_file" "$scratch/start-file"
	printf 'trial=-\n' >"$fat/trial.txt"
	echo old >"$fat/a/vmlinuz"
	rm -f "$scratch/slot"
	truncate -s 4M "$scratch/slot"
	running=a drive=true
}
next_is() { # SLOT: as the file is on the card, with what build.sh has written after that line
	# shellcheck disable=SC2059
	printf "$start_line\n" "$1" >"$start_file"
	case $start_file in *extlinux*) printf 'label a\n\tkernel /a/vmlinuz\nlabel b\n\tkernel /b/vmlinuz\n' >>"$start_file" ;; esac
}
# state: the slot that starts next, and the trial. Nothing else in the file that says which one may have changed.
state() {
	local line=${start_line/\%s/\\(.\\)}
	echo "$(head -n 1 "$start_file" | sed "s,^$line\$,\1,") $(cat "$fat/trial.txt")"
	diff <(tail -n +2 "$scratch/start-file") <(tail -n +2 "$start_file")
	[ "$(find "$fat" -maxdepth 2 -name slot.txt -o -name extlinux.conf)" = "$start_file" ] || find "$fat"
}
# first_program SLOT: what the first program does when that slot starts on trial: init.sh has the same line.
first_program() { card next.sh "$1" "$fat"; }
report 'the first program makes the other slot the next to start by the script that the update has' \
	"$(grep -qx '[[:space:]]*sh /next.sh $other /fat' image/card/init.sh || echo 'init.sh has no such line')"
update_life() { # FILE-OF-THE-SLOT [uboot]
	new_fat "${2:-}"
	new_update
	report "$1: an update is written to the other slot, and is on trial" "$(
		updates "$scratch/card.update" | grep -vE '^writing version 2.0 to slot b$|^The new version starts'
		state | grep -vx 'b trial=b'
		cmp -n 3000000 "$scratch/slot" "$scratch/update/root.erofs"
		cmp "$fat/b/vmlinuz" "$scratch/update/boot/vmlinuz"
		grep -vx 'mmcgadget.disk=12345678 mmcgadget.slot=b quiet' "$fat/b/cmdline.txt"
		find "$fat" -name '*.new*'
		cat "$fat/a/vmlinuz" | grep -vx old)"
	running=b
	report "$1: the first program of the new version puts the old one back" "$(first_program a
		state | grep -vx 'a trial=b')"
	report "$1: no update by a version on trial" "$(
		updates "$scratch/card.update" | grep -v 'on trial itself'
		state | grep -vx 'a trial=b')"
	report "$1: a version on trial that starts the drive is kept" "$(
		updates --commit | grep -v 'works and is kept'
		state | grep -vx 'b trial=-')"
	report "$1: the next update goes to the first slot" "$(
		updates "$scratch/card.update" | grep -vE '^writing version 2.0 to slot a$|^The new version starts'
		state | grep -vx 'a trial=a')"
	report "$1: no update while one waits for its trial" "$(
		updates "$scratch/card.update" | grep -v 'waits for its trial'
		state | grep -vx 'a trial=a')"
	running=a drive=false
	report "$1: a version on trial that does not start the drive gives way" "$(first_program b
		updates --commit | grep -vE 'does not start the drive|^reboots$'
		state | grep -vx 'b trial=a')"
	running=b drive=true
	report "$1: the old version ends the trial of a new one that failed" "$(
		updates --commit | grep -v 'the new version did not start the drive'
		state | grep -vx 'b trial=-')"
}
update_life slot.txt
update_life extlinux.conf uboot
new_fat
printf 'trial=a\n' >"$fat/trial.txt"
update_environment
report 'an update waits for the report' "$(
	waits sh image/card/mmcgadget-update.sh --commit
	state | grep -vx 'a trial=a'
	updates --commit | grep -v 'works and is kept'
	state | grep -vx 'a trial=-')"
new_fat
new_update
truncate -s -500000 "$scratch/card.update"
report 'an update that is not whole leaves the version that runs' "$(
	updates "$scratch/card.update" | grep -vE '^writing version|this version stays'
	state | grep -vx 'a trial=-'
	find "$fat" -mindepth 1 -maxdepth 1 ! -name a ! -name slot.txt ! -name trial.txt)"
new_update
sed -i 's/^./x/' "$scratch/update/sums"
tar -C "$scratch/update" -cf "$scratch/card.update" board version names sums boot root.erofs
report 'a damaged update leaves the version that runs' "$(
	updates "$scratch/card.update" | grep -vE '^writing version|this version stays'
	state | grep -vx 'a trial=-')"
new_update bone
report 'an update for another board is refused' "$(
	updates "$scratch/card.update" | grep -v 'is for bone, and this card is for rpi-arm64'
	state | grep -vx 'a trial=-')"
new_update
truncate -s 2M "$scratch/slot"
report 'a system that is larger than its place is refused' "$(
	updates "$scratch/card.update" | grep -v 'does not fit'
	state | grep -vx 'a trial=-')"
report 'a file that is no update is refused' "$(
	updates "$scratch/cmdline" | grep -v 'is not a file with a name in .update')"

# ---- the device trees -----------------------------------------------------------------------
if command -v dtc fdtoverlay fdtget >/dev/null; then
	report 'the overlay makes the port of a tree a device' "$(
		dtc -q -@ -I dts -O dtb -o "$scratch/dwc2.dtbo" image/rpi/dwc2.dts 2>&1
		echo '/dts-v1/; / { soc { usb@7e980000 { compatible = "brcm,bcm2835-usb"; dr_mode = "host"; status = "disabled"; }; }; };' |
			dtc -q -I dts -O dtb -o "$scratch/tree.dtb" 2>&1
		fdtoverlay -i "$scratch/tree.dtb" -o "$scratch/merged.dtb" "$scratch/dwc2.dtbo" 2>&1
		[ "$(fdtget "$scratch/merged.dtb" /soc/usb@7e980000 dr_mode)" = peripheral ] || echo 'dr_mode'
		[ "$(fdtget "$scratch/merged.dtb" /soc/usb@7e980000 status)" = okay ] || echo 'status'
		fdtget -l "$scratch/merged.dtb" / | grep -vxE 'soc|__symbols__')"
else
	skip 'the overlay makes the port of a tree a device' 'there is no dtc here'
fi
echo "1..$n"
