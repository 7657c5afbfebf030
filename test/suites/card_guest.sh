#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the card image and tries its life in QEMU (test/card/lib.sh says what that machine is): a first
# boot, a burn, power cuts, a partition that was half made, an update that works and one that does not.
# Prints TAP.
#   BOARD=rpi-arm64
#   CUTS=20           number of power cuts while discs are burned (4; 20 with FULL=1)
#   FIRST_CUTS=20     number of power cuts in a first boot (3; 20 with FULL=1)
#   BUILT=1           uses the image that is in the build folder
#   PARTS="first burn"  only these parts: build, first, burn, cut-first, half, small, time, update, and
#                     board, on a model of the board, which takes long and is done for rpi-armel or if it is named
cd "$(dirname "$0")/../.." || exit 1
board=${BOARD:-rpi-arm64}
cuts=${CUTS:-${FULL:+20}}
cuts=${cuts:-4}
first_cuts=${FIRST_CUTS:-${FULL:+20}}
first_cuts=${first_cuts:-3}
# shellcheck source=image/boards/rpi-arm64.sh
. "image/boards/$board.sh"
out=$PWD/${O:-build}/image
case ${O:-build} in /*) out=$O/image ;; esac
built=$out/$board
export CACHE=${MMCGADGET_CACHE:-/var/cache/mmcgadget}/image
work=$(mktemp -d)
card=$work/card.img
machine=''
# shellcheck source=test/card/lib.sh
. test/card/lib.sh
trap 'cut_power; rm -rf "$work"' EXIT
n=0
exec 3>&1 # comments of tests, whose own output is shown when they fail
verdict() { # NAME COMMAND...
	local name=$1 faults
	shift
	n=$((n + 1))
	# Not in a subshell: a command may boot the machine anew.
	if "$@" >"$work/faults" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		faults=$(cat "$work/faults")
		{
			[ -z "$faults" ] || echo "$faults"
			tr -d '\r' <"$console" | tail -n 12
		} 2>/dev/null | cut -c1-200 | sed 's/^/# /'
	fi
}
is() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\""; return 1; }; }
has() { grep -qE -- "$2" <<<"$1" || { echo "\"$1\" has no $2"; return 1; }; }
up() { wait_line '^CARD up' 900; } # until the script has reported
# The files of the first partition, except the report, and the systems.
front() {
	local files=$work/front
	rm -rf "$files"
	mkdir "$files"
	mcopy -s -n -i "$card@@4M" '::*' "$files/"
	rm -f "$files/mmcgadget-report.txt"
	(cd "$files" && find . -type f -exec sha256sum {} + | sort)
	dd if="$card" bs=1M skip=132 count=384 status=none | sha256sum
}
new_card() { # MEGABYTES
	rm -f "$card"
	cp --sparse=always "$out/mmcgadget-$board.img" "$card"
	truncate -s "$1M" "$card"
}

if ! command -v $qemu >/dev/null || ! command -v "$triplet-gcc" >/dev/null; then
	echo "ok 1 - the card image for $board # SKIP no $qemu or no $triplet-gcc here"
	echo '1..1'
	exit 0
fi
part() { # NAME: is it one of PARTS?
	[ -z "${PARTS:-}" ] || grep -qw -- "$1" <<<"$PARTS"
}

# ---- two builds -----------------------------------------------------------------------------
# The second one from another folder, by a user with other settings.
again() {
	local folder=$out/../image-again
	rm -rf "$folder"
	(
		umask 077
		OFFLINE=1 O=$folder TZ=Asia/Tokyo image/build.sh "$board"
	) >"$work/log" 2>&1 || {
		tail -n 20 "$work/log"
		return 1
	}
	diff "$out/mmcgadget-$board.sha256" "$folder/image/mmcgadget-$board.sha256" && rm -rf "$folder"
}
if [ -z "${BUILT:-}" ]; then
	began=$SECONDS
	image/build.sh "$board" >"$work/log" 2>&1 || {
		echo 'not ok 1 - the image can be built'
		tail -n 20 "$work/log" | sed 's/^/# /'
		echo '1..1'
		exit 1
	}
	echo "# built in $((SECONDS - began)) s, $(stat -c %s "$out/mmcgadget-$board.img.xz") bytes as .xz"
fi
! part build || verdict 'a second build in another folder gives the same bytes' again

# ---- without a boot -------------------------------------------------------------------------
verdict 'the image is smaller than 64 MB' test "$(stat -c %s "$out/mmcgadget-$board.img.xz")" -lt 64000000
root=$built/root
verdict 'the system has no key, no identity and no list of packages' sh -c \
	"! ls '$root/etc/machine-id' '$root'/etc/ssh/*host* '$root/var/lib/systemd/random-seed' '$root'/var/lib/apt/lists/* 2>/dev/null | grep ."
verdict 'no program of the system gives rights' sh -c "! find '$root' -perm /6000 -type f | grep ."
verdict 'nobody can log in with a password' sh -c "! grep -vE '^[^:]*:!?\*' '$root/etc/shadow'"
verdict 'the licences are there' test -s "$root/usr/share/doc/systemd/copyright" -a -s "$built/fat/LICENCES/linux.txt" -a -s "$built/fat/manifest.txt"
libraries() { # each program finds its libraries, since packages are left out against their will
	local file
	find "$root/usr/lib/$triplet" "$root/usr/lib" -maxdepth 1 -name '*.so*' -printf '%f\n' | sort -u >"$work/have"
	ls "$root/usr/lib/systemd" "$root/usr/lib/$triplet/systemd" 2>/dev/null >>"$work/have"
	while read -r file; do
		"$triplet-objdump" -p "$file" 2>/dev/null | awk '$1 == "NEEDED" { print $2 }' | grep -vxFf "$work/have" | sed "s,^,${file#"$root"} needs ,"
	done < <(find "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" -type f -perm /111 ! -name '*.ko') >"$work/lacking"
	cat "$work/lacking"
	[ -s "$work/have" ] && [ ! -s "$work/lacking" ]
}
verdict 'each program finds its libraries' libraries
wifi() { # the firmware of each chip that a board has, under the name that its driver asks for
	local chip name board_files
	for chip in $wifi_chips; do
		for name in "$chip-sdio.bin" "$chip-sdio.clm_blob"; do
			test -s "$root/usr/lib/firmware/brcm/$name" || { echo "no $name"; return 1; }
		done
		board_files=$(find "$root/usr/lib/firmware/brcm/" -name "$chip-sdio*.txt" -exec test -s {} \; -print | wc -l)
		test "$board_files" -gt 0 || { echo "$chip has no board's file"; return 1; }
	done
	test -s "$root/usr/lib/firmware/regulatory.db" -a -x "$root/usr/sbin/wpa_supplicant"
}
[ -z "${wifi_chips:-}" ] || verdict 'the firmware of each Wi-Fi chip is there' wifi
trees() {
	local tree node=/soc/usb@7e980000 count=0
	# shellcheck source=image/card.sh
	. image/card.sh
	while read -r tree; do
		[ "$boot_kind" != uboot ] || node=$(musb_node "$tree")
		is "${tree##*/} $(fdtget "$tree" "$node" dr_mode) $(fdtget -d okay "$tree" "$node" status)" "${tree##*/} peripheral okay" || return
		count=$((count + 1))
	done < <(find "$built/fat/a" -name "*.dtb")
	test $count -gt 4
}
verdict 'the port of each device tree is a device' trees

# ---- on a model of the board ----------------------------------------------------------------
# Without USB device port: what the port's absence lets fail is not looked at.
on_board() {
	new_card 8192 # the model takes powers of two only
	boot_board
	verdict "on QEMU's $board_machine the system starts from the card in the board's slot" wait_line '^CARD up' 1800
	echo "# $(said board)"
	verdict '... which it has mounted read-only' is "$(said card)" '/dev/mmcblk0p1 vfat ro'
	verdict '... and on which it has made the partition of the discs' has "$(said mounted)" '^ext4 rw'
	verdict "... the port's driver has found a device in the tree" is "$(said port)" 'peripheral dwc2'
	verdict '... and no unit has failed' is "$(said failed)" ''
	verdict '... doctor knows the board, and finds config.txt right' board_doctor
	echo "# memory: $(said memory)"
	cut_power
}
board_doctor() {
	local found
	found=$(tr -d '\r' <"$console" | sed -n 's/^CARD doctor //p')
	has "$found" 'config.txt .*makes the port "peripheral"'
}
if [ "$board" = rpi-armel ] || { [ -n "$board_machine" ] && grep -qw board <<<"${PARTS:-}"; }; then
	on_board
fi
# QEMU has no other machine with this processor that this kernel knows.
if [ "$board" = rpi-armel ]; then
	for name in first burn cut-first half small time update; do
		! grep -qw -- "$name" <<<"${PARTS:-}" || echo "ok $((n += 1)) - $name # SKIP the model of the board has no USB device port"
	done
	echo "1..$n"
	exit 0
fi

# ---- the first boot -------------------------------------------------------------------------
if [ -n "${PARTS:-}" ] && ! part first && ! part burn && ! part cut-first && ! part half && ! part small && ! part time &&
	! part update; then
	echo "1..$n"
	exit 0
fi
[ -e "$work/pc.img" ] || pc_disk "$work/pc.img"
second_ram_disk test/card/script_life.sh
declare -A sums=() # of each finished disc
# sums_stay: each disc that was finished once is there and unchanged. It may have its earlier name again: a list
# shows a new name a moment before that is on the card.
sums_stay() {
	local name sum
	declare -A now=()
	while read -r name sum; do
		now[$name]=$sum
	done < <(tr -d '\r' <"$console" | sed -n 's/^CARD sum //p')
	for name in "${!sums[@]}"; do
		case " ${now[*]} " in
		*" ${sums[$name]} "*) [ -z "${now[$name]:-}" ] || is "$name ${now[$name]}" "$name ${sums[$name]}" || return ;;
		*) is "$name ${now[$name]:-lost}" "$name ${sums[$name]}" || return ;;
		esac
	done
}
remember() {
	local name sum
	while read -r name sum; do
		sums[$name]=$sum
	done < <(tr -d '\r' <"$console" | sed -n 's/^CARD sum //p')
}
first_boot() {
	local before identity memory
	new_card 6000
	before=$(front)
	boot
	verdict 'the first boot: the drive is there' up
	verdict 'the PC has configured the drive' is "$(said drive)" configured
	verdict 'the partition of the discs is ext4 with a journal' has "$(said mounted) $(said features)" '^ext4 rw.*has_journal'
	verdict 'its type says that it is whole' is "$(said type)" 83
	verdict 'the first partition is read-only' is "$(said firmware)" 'vfat ro'
	verdict 'no unit has failed' is "$(said failed)" ''
	verdict 'a blank is in the drive' has "$(tr -d '\r' <"$console" | grep '^CARD status')" 'disc-1.iso'
	memory=$(said memory)
	echo "# memory: $memory"
	verdict 'at most 48 MB of RAM are in use' test "$(cut -d' ' -f2 <<<"$memory")" -le 48
	verdict 'the first boot has written only the report and the partition of the discs' is "$(front)" "$before"
}
if part first || part burn || part small; then
	first_boot
	identity=$(said machine)
fi

# ---- a burn, and power cuts -----------------------------------------------------------------
burn_once() {
	verdict 'the first disc is burned' wait_line '^CARD finished 1' 900
	verdict 'the burning program succeeds' has "$(said burned)" '^0'
	verdict 'the PC reads what it has burned' is "$(said read)" "$(tr -d '\r' <"$console" | sed -n 's/^CARD image \([0-9a-f]*\) .*/\1/p' | head -n 1)"
	verdict 'it is ejected and has its label as its name' has "$(tr -d '\r' <"$console" | grep '^CARD sum')" 'BURN[0-9]*\.iso [0-9a-f]{64}$'
	remember
}
# cut_burns COUNT: every second cut is early in a burn, the others are at any moment of burn, close, eject.
cut_burns() {
	local kills=0 discs before
	wait_line '^CARD burning 2' 900 || return
	while [ "$kills" -lt "$1" ]; do
		if [ $((kills % 2)) = 0 ]; then
			wait_line '^CARD recording' 900 || return
			sleep "0.$((RANDOM % 10))"
		else
			sleep "$((RANDOM % 20)).$((RANDOM % 10))"
		fi
		remember
		before=$(said discs)
		cut_power
		kills=$((kills + 1))
		boot
		up || { echo "after cut $kills the drive is not there"; return 1; }
		discs=$(said discs)
		if ! { sums_stay && is "$(said failed)" '' && is "$(said type)" 83 && has "$(said mounted)" '^ext4 rw' &&
			is "$(said machine)" "$identity" && test "$discs" -ge "$before"; }; then
			echo "after cut $kills ($before discs before, $discs now)"
			return 1
		fi
		left=$((left + $(tr -d '\r' <"$console" | grep -c '^CARD list .*burn not finished')))
		remember
		wait_line '^CARD burning 1' 900 || return
	done
}
if part burn; then
	burn_once
	left=0
	front_before=$(front)
	verdict "$cuts power cuts while discs are burned: each finished disc is unchanged, and the drive there" cut_burns "$cuts"
	echo "# $left times a disc was left as \"burn not finished\""
	verdict 'nothing but the partition of the discs was written' is "$(front)" "$front_before"
fi
cut_power

# ---- power cuts in the first boot -----------------------------------------------------------
type_on_card() { od -An -tx1 -j482 -N1 "$card" | tr -d ' '; }
# cut_first_boot N: the cut comes while the partition is being made, after that, or before it.
cut_first_boot() {
	local end=$((SECONDS + 900)) until=da
	[ $(($1 % 3)) != 1 ] || until=83
	new_card 6000
	boot
	if [ $(($1 % 3)) = 2 ]; then
		sleep "$((RANDOM % 15)).$((RANDOM % 10))"
	else
		until [ "$(type_on_card)" = 83 ] || [ "$(type_on_card)" = $until ] || [ $SECONDS -ge $end ]; do sleep 0.02; done
		sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
	fi
	cut_types+=" $(type_on_card)"
	cut_power
	boot
	up && is "$(said type)" 83 && has "$(said mounted)" '^ext4 rw' && is "$(said failed)" '' && is "$(said discs)" 1 &&
		has "$(tr -d '\r' <"$console" | grep '^CARD status')" 'blank'
}
cut_first_boots() {
	local i=0
	while [ "$i" -lt "$1" ]; do
		cut_first_boot $i || { echo "after cut $((i + 1)) of a first boot, types at the cuts:$cut_types"; return 1; }
		cut_power
		i=$((i + 1))
	done
	echo "# types of the partition at the cuts:$cut_types" >&3
}
if part cut-first; then
	cut_types=''
	verdict "$first_cuts power cuts in a first boot: the next boot makes what is missing" cut_first_boots "$first_cuts"
	cut_power
fi

# ---- a partition that was half made ---------------------------------------------------------
half_made() {
	new_card 6000
	printf '\x00\x00\x00\x00\xda\x00\x00\x00\x00\x20\x10\x00\x00\x00\x20\x00' | dd of="$card" bs=1 seek=478 conv=notrunc status=none
	head -c 4M /dev/urandom | dd of="$card" bs=1M seek=516 conv=notrunc status=none
	boot
	up && has "$(said type) $(said mounted)" '^83 ext4 rw'
}
! part half || verdict 'a boot after one that was cut while it made the partition: the partition is made, the drive there' half_made
cut_power

# ---- little memory --------------------------------------------------------------------------
little_memory() {
	new_card 6000
	MEMORY=128 SERIAL='card-two' boot
	wait_line '^CARD finished 1' 1800 && has "$(said burned)" '^0' && is "$(said failed)" ''
}
if part small; then
	verdict 'a board with 128 MB starts and burns a disc' little_memory
	echo "# memory: $(said memory)"
	verdict 'another card has another identity' test -n "$(said machine)" -a "$(said machine)" != "$identity"
	cut_power
fi

# ---- the time until the drive is there ------------------------------------------------------
# One processor, one instruction a nanosecond: the clock of the guest counts instructions (and waits for
# the card), whatever this machine does beside it.
instructions() {
	SMP=1 boot -icount shift=0,sleep=on
	up || return
	counted=$(said configured)
	awk -v t="$counted" -v most="$1" 'BEGIN { exit !(t > 0 && t <= most) }' || { echo "$counted s, not $1"; return 1; }
}
if part time; then
	new_card 32000
	verdict "a first boot: the PC has configured the drive after ${first_most:-4.7}e9 instructions" instructions "${first_most:-4.7}"
	echo "# configured after $(said configured)e9 instructions, the first boot"
	cut_power
	verdict "another boot: the PC has configured the drive after ${most:-4.5}e9 instructions" instructions "${most:-4.5}"
	echo "# configured after $(said configured)e9 instructions"
	cut_power
fi

# ---- an update ------------------------------------------------------------------------------
update_disk() { # UPDATE-FILE: makes the disk from which the script takes it
	truncate -s 160M "$work/update.img"
	rm -rf "$work/update"
	mkdir "$work/update"
	cp "$1" "$work/update/card.update"
	mke2fs -q -F -t ext4 -O ^has_journal -d "$work/update" "$work/update.img"
}
slots() { echo "$(next_slot) $(fat_copy trial.txt)"; }
put() { # FILE TEXT
	printf '%s\n' "$2" >"$work/text" && mcopy -o -i "$card@@4M" "$work/text" "::$1"
}
whole_report() { # with the findings, the daemon's log and the kernel's, and in the size that its file has
	wait_line '^CARD report' 300
	fat_copy mmcgadget-full-report.txt >"$work/whole"
	is "$(stat -c %s "$work/whole")" 131072 && has "$(head -n 1 "$work/whole")" '^Report of mmcgadgetctl ' &&
		has "$(sed -n '/^== doctor/,/^== /p' "$work/whole")" '^good ' && has "$(sed -n '/^== log of/,/^== /p' "$work/whole")" 'mmcgadgetd' &&
		has "$(sed -n '/^== kernel log/,$p' "$work/whole")" '^\[.*udc' || return
	echo "# the whole report has $(tr -s '\n' <"$work/whole" | wc -c) bytes" >&3
}
settings_stay() {
	is "$(said machine | cut -d' ' -f2)" kept-name && has "$(said mounted)" '^ext4 rw' && has "$disc_sum" '^[0-9a-f]{64}$' && is "$(said disc)" "$disc_sum"
}
# cut_update QEMU-OPTION...: the power fails while the other slot is being written.
cut_update() {
	boot "$@"
	wait_line '^writing version' 900 || return
	sleep "$((RANDOM % 6)).$((RANDOM % 10))"
	cut_power
	echo "# the update was cut at: $(slots), $(mdir -b -i "$card@@4M" ::/ | grep -c 'b\.new/$') unfinished folder" >&3
	is "$(slots)" 'a trial=-' || return
}
updates() {
	# shellcheck disable=SC2054 # commas of QEMU
	local other=(-drive "if=none,id=update,format=raw,file=$work/update.img,readonly=on"
		-device 'virtio-blk-device,drive=update,serial=update')
	new_card 6000
	put mmcgadget.txt $'name = kept-name\nusb_network = on\nfull_report = on\nweb_password = a password'
	verdict 'a power cut while mmcgadget-update writes changes nothing' cut_update "${other[@]}"
	boot "${other[@]}"
	verdict 'after it, mmcgadget-update writes the other slot' wait_line '^CARD update 0' 1800
	disc_sum=$(said disc)
	verdict 'without a key there is no ssh, the page is there' is "$(said ports)" 0050
	verdict 'the page takes its password' is "$(said right)" '0 '
	verdict 'the page takes no other' has "$(said wrong)" '^1 .*40[13]'
	# From now on with a key.
	mcopy -n -i "$card@@4M" ::mmcgadget.txt "$work/settings" && echo "ssh_key = $(said key)" >>"$work/settings" &&
		mcopy -o -i "$card@@4M" "$work/settings" ::mmcgadget.txt
	wait_line '^CARD off' 300
	cut_power
	verdict 'the new version is the next to start, on trial' is "$(slots)" 'b trial=b'
	boot
	verdict 'the new version starts the drive, from the other slot' eval "up && has \"\$(said slot)\" '^b configured'"
	verdict 'it is kept' eval "wait_line '^CARD trial -' 300 && is \"\$(slots)\" 'b trial=-'"
	verdict 'the discs and the settings are there' settings_stay
	verdict 'the whole report is on the first partition' whole_report
	verdict 'scp finds its server' is "$(said sftp)" 2
	verdict 'ssh takes the key, and nothing else' is "$(said ssh)" 'with the key: kept-name, without: '
	cut_power
}
fall_back() { # NAME LINE: a trial of slot a, which is damaged; LINE is on the console before the restart
	set_next_slot a
	put trial.txt trial=a
	boot
	verdict "$1: the old version is the next to start" eval "wait_line '$2' 900 && is \"\$(next_slot)\" b"
	# The machine ends with its restart, where a board would go on with the other slot.
	local end=$((SECONDS + 120))
	while kill -0 "$machine" 2>/dev/null && [ $SECONDS -lt $end ]; do sleep 0.3; done
	cut_power
	boot
	verdict "$1: the old version starts the drive" eval "up && has \"\$(said slot)\" '^b configured'"
	verdict "$1: the trial is over, discs and settings are there" eval \
		"wait_line '^CARD trial -' 300 && is \"\$(slots)\" 'b trial=-' && settings_stay"
	cut_power
}
if part update; then
	second_ram_disk test/card/script_update.sh
	update_disk "$out/mmcgadget-$board.update"
	updates
	# The new version starts without a daemon: at the end of the trial, mmcgadget-update --commit restarts the board.
	APPEND=card.test=no-drive fall_back 'a new version without a drive' 'reboot: Restarting'
	head -c 1M /dev/urandom | dd of="$card" bs=1M seek=132 conv=notrunc status=none
	fall_back 'a new version whose system is damaged' 'restart in 20 seconds'
fi
echo "1..$n"
