#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the card image and tests it in QEMU, from the first boot on (test/card/lib.sh says what that machine
# is): a burn, power cuts, cards that are full or damaged, a partition that was half made, an update that works
# and one that does not. Prints TAP.
#   BOARD=rpi-arm64
#   CUTS=20           number of power cuts while discs are burned (4; 20 with FULL=1)
#   FIRST_CUTS=20     number of power cuts in a first boot (3; 20 with FULL=1)
#   BUILT=1           uses the image that is in the build folder
#   SEED=12345        cuts at the same random moments as an earlier run, which has printed its SEED
#   PARTS="first burn"  only these parts: build, first, burn, bad, cut-first, half, small, time, update, and
#                     board, on QEMU's model of the board if it has one: takes long, runs for rpi-armel or if it is named
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
RANDOM=${SEED:=$RANDOM}
echo "# SEED=$SEED"
exec 3>&1 # where tests write comments: their standard output is shown only when they fail
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
# Prints checksums: of each file of the first partition, except the report, and of the partitions of both systems.
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
	[ -z "${PARTS:-}" ] || grep -qE -- "(^| )$1( |\$)" <<<"$PARTS"
}

# ---- two builds -----------------------------------------------------------------------------
# The second build is in another folder, by an ordinary user with another umask and time zone, who types README's line
# without its installation of packages. It runs under fakeroot; the first build does not if this test runs as root.
again() {
	local folder=$out/../image-again user=(env) line
	[ "$(id -u)" != 0 ] || user=(runuser -u nobody --)
	rm -rf "$folder"
	mkdir -p "$folder"
	[ "$(id -u)" != 0 ] || chown nobody "$folder"
	"${user[@]}" test -w "$folder" || { # $out is in a directory that others may not enter
		rm -rf "$folder"
		folder=$work/again
		chmod 711 "$work"
		mkdir "$folder"
		chown nobody "$folder"
	}
	line=$(sed -n "s/^    \(git clone ADDRESS mmcgadget && .* && make image BOARD=\)rpi-arm64\$/\1$board/p" README.md |
		sed "s,ADDRESS,'$PWD',; s/ && sudo test.deps.sh image//")
	[ -n "$line" ] || { echo 'README has no such line'; return 1; }
	folder=$(realpath "$folder")
	# git refuses to clone the tree of another user, whatever its environment says.
	printf '[safe]\n\tdirectory = *\n' >"$folder/.gitconfig"
	"${user[@]}" env -u O OFFLINE=1 TZ=Asia/Tokyo MMCGADGET_CACHE="${CACHE%/image}" HOME="$folder" \
		sh -ec "umask 077; cd '$folder'; $line" >"$work/log" 2>&1 || {
		echo "$line"
		tail -n 20 "$work/log"
		return 1
	}
	diff "$out/mmcgadget-$board.sha256" "$folder/mmcgadget/build/image/mmcgadget-$board.sha256" && rm -rf "$folder"
}
# git refuses to read the tree of another user, from which the version and the date come.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
if [ -z "${BUILT:-}" ]; then
	began=$SECONDS
	TIMEFORMAT='%U %S'
	{ time image/build.sh "$board" >"$work/log" 2>&1; } 2>"$work/cpu" || {
		echo 'not ok 1 - the image can be built'
		tail -n 20 "$work/log" | sed 's/^/# /'
		echo '1..1'
		exit 1
	}
	cpu=$(awk '{ printf "%.0f", $1 + $2 }' "$work/cpu")
	echo "# built in $((SECONDS - began)) s, $cpu s of CPU, $(stat -c %s "$out/mmcgadget-$board.img.xz") bytes as .xz"
	# CPU time, because this machine may have other work. Without it, 600 s of CPU take at most 10 minutes.
	verdict 'the build takes at most 600 s of CPU' test "$cpu" -le 600
fi
! part build || verdict 'a second build in another folder gives the same bytes' again

# shellcheck source=test/card/image.sh
. test/card/image.sh

# ---- on a model of the board ----------------------------------------------------------------
# The model has no USB device port, so no PC sees a drive there, and nothing is burned.
on_board() {
	new_card 8192 # the model takes powers of two only
	boot_board
	verdict "on QEMU's $board_machine the system starts from the card in the board's slot" wait_line '^CARD up' 1800
	echo "# $(said board)"
	verdict '... which it has mounted read-only' is "$(said card)" '/dev/mmcblk0p1 vfat ro'
	verdict '... and on which it has made the partition of the discs' has "$(said mounted)" '^ext4 rw'
	verdict '... the device tree makes the port a device, and the driver of the port is bound' is "$(said port)" 'peripheral dwc2'
	verdict '... and no unit has failed' is "$(said failed)" none
	verdict '... doctor knows the board, and finds config.txt right' board_doctor
	echo "# memory: $(said memory)"
	cut_power
}
board_doctor() {
	local found
	found=$(tr -d '\r' <"$console" | sed -n 's/^CARD doctor //p')
	has "$found" '^good +board +Raspberry Pi .*; its device port is' && has "$found" '^good +config.txt .*makes the port "peripheral"'
}
if [ -n "$board_machine" ] && part board && { [ "$board" = rpi-armel ] || [ -n "${PARTS:-}" ]; }; then
	on_board
fi
# QEMU has no other machine with this processor that this kernel knows.
if [ "$board" = rpi-armel ]; then
	for name in first burn bad cut-first half small time update; do
		[ -z "${PARTS:-}" ] || ! part $name || echo "ok $((n += 1)) - $name # SKIP the model of the board has no USB device port"
	done
	echo "1..$n"
	exit 0
fi

# ---- the first boot -------------------------------------------------------------------------
if [ -n "${PARTS:-}" ] && ! part first && ! part burn && ! part bad && ! part cut-first && ! part half && ! part small && ! part time &&
	! part update; then
	echo "1..$n"
	exit 0
fi
[ -e "$work/pc.img" ] || pc_disk "$work/pc.img"
second_ram_disk test/card/script_life.sh
declare -A sums=() # of each finished disc
# sums_stay: each disc that was finished once is there and unchanged. It may have its earlier name again: a list
# shows a new name a moment before the card has it.
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
	local word name sum
	while read -r word name sum; do
		if [ "$word" = sum ]; then
			sums[$name]=$sum
		else
			unset "sums[$name]" # the test deletes it
		fi
	done < <(tr -d '\r' <"$console" | sed -nE 's/^CARD (sum|gone) /\1 /p')
}
# date_of_image SECONDS: the machine's clock says 1971, and systemd goes on from the date of the image, or from its
# own if that is later.
date_of_image() {
	local image own
	image=$(stat -c %Y "$built/fat/manifest.txt")
	own=$(stat -c %Y "$root/usr/lib/systemd/systemd")
	if [ "$own" -gt "$image" ]; then
		test $(($1 - own)) -gt -86400 -a $(($1 - own)) -lt 86400
	else
		test $(($1 - image)) -ge 0 -a $(($1 - image)) -lt 3600
	fi || { echo "$1 s, the image is of $image, systemd of $own"; return 1; }
}
first_boot() {
	local before memory
	new_card 6000
	before=$(front)
	APPEND=card.test=cut boot
	verdict 'the first boot: the drive is there' up
	verdict 'the PC has configured the drive' is "$(said drive)" configured
	verdict 'the partition of the discs is ext4 with a journal' has "$(said mounted) $(said features)" '^ext4 rw.*has_journal'
	verdict 'its type says that it is whole' is "$(said type)" 83
	verdict 'the first partition is read-only' is "$(said firmware)" 'vfat ro'
	verdict 'no unit has failed' is "$(said failed)" none
	verdict 'a blank is in the drive' has "$(tr -d '\r' <"$console" | grep '^CARD status')" 'disc-1.iso'
	verdict 'the report has no complaint' has "$(said report)" '[|]mmcgadget.txt is as it should be\.[|]'
	verdict 'the gadget has a serial number' has "$(said serial)" '^[0-9A-Fa-f]{8,}$'
	time=$(said time)
	verdict 'without a clock the time goes on from the date of the image' date_of_image "$time"
	memory=$(said memory)
	echo "# memory: $memory"
	verdict 'at most 48 MB of RAM are in use' test "$(cut -d' ' -f2 <<<"$memory")" -le 48
	verdict 'the first boot has changed no system, and no file of the first partition but the report' is "$(front)" "$before"
	identity=$(said machine)
	serial=$(said serial)
}
if part first || part burn || part small; then
	first_boot
fi

# ---- a burn, and power cuts -----------------------------------------------------------------
burn_once() {
	verdict 'the first disc is burned' wait_line '^CARD finished 1' 900
	verdict 'the burning program succeeds' has "$(said burned)" '^0'
	verdict 'the PC reads what it has burned' is "$(said read)" "$(tr -d '\r' <"$console" | sed -n 's/^CARD image \([0-9a-f]*\) .*/\1/p' | head -n 1)"
	verdict 'it is ejected and has its label as its name' has "$(tr -d '\r' <"$console" | grep '^CARD sum')" 'BURN[0-9A-F]*\.iso [0-9a-f]{64}$'
	remember
	time=$(said time)
}
# A card that writes 10 MB/s, in at most 100 writes a second, as many do: burn and close take a while.
cut_boot() { CARD_DRIVE=,throttling.bps-write=10000000,throttling.iops-write=100 APPEND=card.test=cut boot; }
declare -A fell=() # number of cuts in each state
left=0 compared=0 worst=0
# moment KIND: waits until a cut of that kind may come.
moment() {
	case $1 in
	burn) wait_line '^CARD far' 900 0.05 && sleep "0.$((RANDOM % 10))" ;;
	close) wait_line '^CARD closing' 900 0.02 && sleep "0.$((RANDOM % 4))" ;;
	idle) wait_line '^CARD idle' 900 && sleep "$((1 + RANDOM % 3)).$((RANDOM % 10))" ;;
	any) wait_line '^CARD burning 1' 900 && sleep "$((RANDOM % 20)).$((RANDOM % 10))" ;;
	esac
}
# head_stays STATE SEEN PIECES: what is left of a burn after a cut in STATE is the beginning of what was burned, and
# at most 32 MiB shorter than the SEEN blocks that status had shown (docs/survival.md).
head_stays() {
	local image='' recorded=0 heads=''
	read -r image recorded heads < <(said left)
	if [ -z "$image" ]; then
		[ "$1" != burning ] || [ "$2" -le 16384 ] || { echo "of $2 blocks nothing is left"; return 1; }
		return 0
	fi
	left=$((left + 1)) compared=$((compared + $(wc -w <<<"$heads")))
	[ "$recorded" -gt 0 ] && is "$(wc -w <<<"$heads")" $((recorded / 512)) || return
	case "$3 " in "${heads:+$heads }"*) ;; *) echo "$image: $heads is not the head of $3"; return 1 ;; esac
	case $1 in burning | closing) ;; *) return 0 ;; esac
	echo "# a cut in $1: the status had told $2 blocks, $recorded are there" >&3
	[ $(($2 - recorded)) -le "$worst" ] || worst=$(($2 - recorded))
	[ $(($2 - recorded)) -le 16384 ] || { echo "$image: of $2 blocks only $recorded are there"; return 1; }
}
# time_goes_on STATE: the time does not go back by a cut between two burns. It comes from files on the card
# (image/card/clock.sh), which may be older after another cut.
time_goes_on() {
	local now
	now=$(said time)
	[ "$1" != idle ] || [ "$now" -ge "$time" ] || { echo "the time went back from $time to $now"; return 1; }
	time=$now
}
cut_once() { # KIND
	local what seen burned
	moment "$1" || return
	cut_power
	remember
	what=$(tr -d '\r' <"$console" | sed -nE 's/^CARD (burning|closing|burned|finished|idle)( .*|$)/\1/p' | tail -n 1)
	what=${what:-start}
	seen=$(said recorded) burned=$(said pieces)
	[ "$(tr -d '\r' <"$console" | grep -c '^CARD time')" -lt 2 ] || time=$(said time)
	fell[$what]=$((${fell[$what]:-0} + 1))
	cut_boot
	up || { echo "after a cut in $what the drive is not there"; return 1; }
	sums_stay && is "$(said drive)" configured && is "$(said failed)" none && is "$(said type)" 83 && has "$(said mounted)" '^ext4 rw' &&
		is "$(said machine)" "$identity" && is "$(said serial)" "$serial" && time_goes_on "$what" && head_stays "$what" "$seen" "$burned" || {
		echo "after a cut in $what"
		return 1
	}
	remember
}
# cut_burns COUNT: cuts the power in turn in a burn, in a close, at idle, and at any moment of burn, close and eject. A
# close is short: a cut that missed it is not counted, at most five times.
cut_burns() {
	local i=0 missed=0 before kinds=(burn close idle any)
	while [ "$i" -lt "$1" ]; do
		before=${fell[closing]:-0}
		cut_once "${kinds[i % 4]}" || { echo "cut $((i + 1))"; return 1; }
		if [ "${kinds[i % 4]}" = close ] && [ "${fell[closing]:-0}" = "$before" ] && [ $missed -lt 5 ]; then
			missed=$((missed + 1))
		else
			i=$((i + 1))
		fi
	done
}
if part burn; then
	burn_once
	front_before=$(front)
	cut_power
	cut_boot
	verdict 'another boot: the drive is there' up
	verdict "$cuts power cuts: each finished disc is unchanged, the head of an unfinished one is what was burned, the drive is there" cut_burns "$cuts"
	echo "# cuts:$(for what in "${!fell[@]}"; do printf ' %s in "%s"' "${fell[$what]}" "$what"; done)"
	echo "# $left times a disc was left unfinished; $compared MiB of them compared; at most $worst blocks less than the status had told"
	verdict 'a cut fell into a burn, and left an unfinished disc' test "${fell[burning]:-0}" -gt 0 -a "$left" -gt 0 -a "$compared" -gt 0
	[ "$cuts" -lt 2 ] || verdict 'a cut fell into a close' test "${fell[closing]:-0}" -gt 0
	[ "$cuts" -lt 3 ] || verdict 'a cut fell into a time without a burn' test "${fell[idle]:-0}" -gt 0
	verdict 'no system was changed, and no file of the first partition but the report' is "$(front)" "$front_before"
fi
cut_power

# ---- a card that is full, read-only or damaged -----------------------------------------------
discs_at=516 # MiB
look() { # [QEMU'S OPTIONS OF THE DRIVE]: a boot in which nothing is burned
	CARD_DRIVE=${1:-} APPEND=card.test=look boot
	up && is "$(said drive)" configured && is "$(said failed)" none && is "$(said type)" 83
}
bad_cards() {
	local file_system="$card?offset=$((discs_at << 20))"
	sums=()
	new_card 6000
	APPEND=card.test=full boot
	verdict 'a card that is full: the burn ends with an error' eval "wait_line '^CARD full' 900 && has \"\$(said burned)\" '^[1-9]'"
	echo "# $(said filled); $(said burned)"
	remember
	verdict '... the status says so' has "$(tr -d '\r' <"$console" | grep '^CARD after')" 'warning|full|no room'
	cut_power
	verdict '... the next start: the drive is there, the finished disc unchanged' eval "look && test \${#sums[@]} -gt 0 && sums_stay"
	cut_power
	verdict 'a card that is read-only: the drive is there, the finished disc can be read' \
		eval "look ,readonly=on && has \"\$(said mounted)\" '^ext4 ro' && sums_stay && has \"\$(said messages)\" 'this card is read-only'"
	verdict '... the status says so' has "$(tr -d '\r' <"$console" | grep '^CARD status')" 'read-only'
	cut_power
	# lost+found becomes a file, and the file system is marked as one with errors. e2fsck empties the journal first,
	# which would otherwise undo that at the next mount.
	e2fsck -p "$file_system" >"$work/debugfs" 2>&1
	debugfs -w -R 'set_inode_field lost+found mode 0100644' "$file_system" >>"$work/debugfs" 2>&1
	debugfs -w -R 'set_super_value state 2' "$file_system" >>"$work/debugfs" 2>&1
	verdict 'a card whose file system is damaged: the drive is there, the discs can be read' \
		eval "look && has \"\$(said mounted)\" '^ext4 ro' && sums_stay"
	verdict '... the report says so' has "$(fat_copy mmcgadget-report.txt)" 'file system is damaged. They can be read'
	cut_power
	dd if=/dev/zero of="$card" bs=1M seek=$discs_at count=1 conv=notrunc status=none
	verdict 'a card whose file system cannot be read: the drive is there, nothing is formatted' \
		eval "look && is \"\$(said mounted)\" '' && cmp -n 1048576 '$card' /dev/zero $((discs_at << 20)) 0"
	verdict '... the report says so' has "$(fat_copy mmcgadget-report.txt)" 'file system cannot be read. The drive has no discs'
	cut_power
}
! part bad || bad_cards

# ---- power cuts in the first boot -----------------------------------------------------------
type_on_card() { od -An -tx1 -j482 -N1 "$card" | tr -d ' '; }
# cut_first_boot N: the cut comes while the partition is being made, after that, or in the first 15 s.
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
	up && is "$(said type)" 83 && has "$(said mounted)" '^ext4 rw' && is "$(said failed)" none && is "$(said discs)" 1 &&
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
	wait_line '^CARD finished 1' 1800 && has "$(said burned)" '^0' && is "$(said failed)" none
}
if part small; then
	verdict 'a board with 128 MB starts and burns a disc' little_memory
	echo "# memory: $(said memory)"
	verdict 'another card has another identity' test -n "$(said machine)" -a "$(said machine)" != "$identity"
	verdict 'another card has another serial number' test -n "$(said serial)" -a "$(said serial)" != "$serial"
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
	verdict "a first boot: the PC has configured the drive after at most ${first_most:-3.3}e9 instructions" instructions "${first_most:-3.3}"
	echo "# configured after $(said configured)e9 instructions, the first boot"
	cut_power
	verdict "another boot: the PC has configured the drive after at most ${most:-3.2}e9 instructions" instructions "${most:-3.2}"
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
whole_report() { # with the findings and the logs of daemon and kernel; its file keeps its size (image/card/report.sh)
	wait_line '^CARD report' 300
	fat_copy mmcgadget-full-report.txt >"$work/whole"
	is "$(stat -c %s "$work/whole")" 131072 && has "$(head -n 1 "$work/whole")" '^Report of mmcgadgetctl ' &&
		has "$(sed -n '/^== doctor/,/^== /p' "$work/whole")" '^good ' && has "$(sed -n '/^== end of mmcgadgetd/,/^== /{ /^== /!p }' "$work/whole")" 'mmcgadgetd' &&
		has "$(sed -n '/^== end of the kernel/,$p' "$work/whole")" '^\[.*dummy_hcd' || return
	echo "# the whole report has $(tr -s '\n' <"$work/whole" | wc -c) bytes" >&3
}
settings_stay() {
	is "$(said machine | cut -d' ' -f2)" kept-name && has "$(said mounted)" '^ext4 rw' && has "$disc_sum" '^[0-9a-f]{64}$' && is "$(said disc)" "$disc_sum"
}
# cut_update QEMU-OPTION...: the power fails while the other slot is being written. On a machine that had written
# all of it by then, the cut comes earlier the next time, on a new card.
cut_update() {
	local wait=60 tries=0
	while :; do
		update_card
		boot "$@"
		wait_line '^writing version' 900 0.05 || return
		sleep "$(((RANDOM % (wait + 1)) / 10)).$((RANDOM % 10))"
		cut_power
		echo "# the update was cut at: $(slots), $(mdir -b -i "$card@@4M" ::/ | grep -c 'b\.new/$') unfinished folder" >&3
		[ "$(mdir -b -i "$card@@4M" ::/ | grep -c '::/b/$')" != 0 ] && [ $tries -lt 5 ] || break
		wait=$((wait / 3)) tries=$((tries + 1))
	done
	is "$(slots)" 'a trial=-'
}
update_card() {
	new_card 6000
	put mmcgadget.txt $'name = kept-name\nusb_network = on\nusb_serial = on\nfull_report = on\nweb_password = Page-Secret 17\nwifi_pasword = Wave-Secret 17'
}
short_report() { # the unknown key with its line and without the password, and the doctor's findings
	fat_copy mmcgadget-report.txt >"$work/short"
	has "$(cat "$work/short")" '^mmcgadget.txt, line 6: unknown key "wifi_pasword"' &&
		has "$(sed -n '/^-------- what the doctor found/,$p' "$work/short")" '^good ' &&
		! grep -h Secret "$work/short" "$work/whole"
}
# Before the update: what the settings have started.
settings_work() {
	verdict 'without a key there is no ssh, the page is there' is "$(said ports)" 0050
	verdict 'the page takes its password' is "$(said right)" '0 '
	verdict 'the page takes no other' has "$(said wrong)" '^1 .*40[13]'
	verdict 'the board has its address in the network over the cable' is "$(said address)" 10.55.0.1/24
	verdict 'the PC gets an address there, and the page' has "$(said network)" '^10\.55\.0\.[0-9]+/24 10\.55\.0\.1 1$'
	verdict 'the serial port has a shell for the PC' is "$(said shell)" '42 root'
}
updates() {
	# shellcheck disable=SC2054 # commas of QEMU
	local other=(-drive "if=none,id=update,format=raw,file=$work/update.img,readonly=on"
		-device 'virtio-blk-device,drive=update,serial=update')
	verdict 'a power cut while mmcgadget-update writes changes nothing' cut_update "${other[@]}"
	boot "${other[@]}"
	verdict 'after it, mmcgadget-update writes the other slot' wait_line '^CARD update 0' 1800
	disc_sum=$(said disc)
	settings_work
	# From now on with a key, and with a Wi-Fi that is not there.
	mcopy -n -i "$card@@4M" ::mmcgadget.txt "$work/settings" && echo "ssh_key = $(said key)" >>"$work/settings" &&
		printf 'wifi_name = none\nwifi_password = Wave-Secret 17\nwifi_country = DE\n' >>"$work/settings" &&
		mcopy -o -i "$card@@4M" "$work/settings" ::mmcgadget.txt
	wait_line '^CARD off' 300
	cut_power
	verdict 'the new version is the next to start, on trial' is "$(slots)" 'b trial=b'
	boot
	verdict 'the new version starts the drive, from the other slot' eval "up && has \"\$(said slot)\" '^b configured'"
	verdict 'it is kept' eval "wait_line '^CARD trial -' 300 && is \"\$(slots)\" 'b trial=-'"
	verdict 'the discs and the settings are there' settings_stay
	verdict 'the whole report is on the first partition' whole_report
	verdict 'the report names the unknown key, and has the findings of the doctor' short_report
	verdict 'no unit has failed' is "$(said failed)" none
	verdict 'no password is in the log' has "$(said journal)" '^[0-9]{3,} lines, passwords in 0$'
	verdict 'with Wi-Fi the services are active that take time and name servers from the network' is "$(said timesyncd)" 'active active'
	verdict '... and a name server that a network gives is taken' is "$(said names)" 'nameserver 192.0.2.53'
	verdict 'scp finds its server' is "$(said sftp)" 2
	verdict 'ssh takes the key, and nothing else' is "$(said ssh)" 'with the key: kept-name, without: '
	cut_power
}
fall_back() { # NAME LINE: a trial of slot a, which fails; LINE is on the console before the restart
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
	second_ram_disk test/card/script_update.sh cdc_ncm cdc_acm
	update_disk "$out/mmcgadget-$board.update"
	updates
	# The new version starts without a daemon: at the end of the trial, mmcgadget-update --commit restarts the board.
	APPEND=card.test=no-drive fall_back 'a new version without a drive' 'reboot: Restarting'
	head -c 1M /dev/urandom | dd of="$card" bs=1M seek=132 conv=notrunc status=none
	fall_back 'a new version whose system is damaged' 'restart in 20 seconds'
fi
echo "1..$n"
