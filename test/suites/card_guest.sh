#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the card image and tries its life in QEMU (test/card/lib.sh says what that machine is): a first
# boot, a burn, power cuts, a partition that was half made, an update that works and one that does not.
# Prints TAP.
#   BOARD=rpi-arm64   CUTS=20   number of power cuts while a disc is burned (4; 20 with FULL=1)
#   BUILT=1           uses the image that is in the build folder
cd "$(dirname "$0")/../.." || exit 1
board=${BOARD:-rpi-arm64}
cuts=${CUTS:-${FULL:+20}}
cuts=${cuts:-4}
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
verdict() { # NAME COMMAND...
	local name=$1 faults
	shift
	n=$((n + 1))
	if faults=$("$@" 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		{
			[ -z "$faults" ] || echo "$faults"
			tr -d '\r' <"$console" | tail -n 12
		} 2>/dev/null | cut -c1-200 | sed 's/^/# /'
	fi
}
is() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\""; return 1; }; }
has() { grep -qE -- "$2" <<<"$1" || { echo "\"$1\" has no $2"; return 1; }; }
up() { wait_line '^CARD up' 600; } # until the script has reported
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
if [ -z "${BUILT:-}" ]; then
	image/build.sh "$board" >"$work/log" 2>&1 || {
		echo 'not ok 1 - the image can be built'
		tail -n 20 "$work/log" | sed 's/^/# /'
		echo '1..1'
		exit 1
	}
	sum=$(sha256sum <"$out/mmcgadget-$board.img.xz")
	verdict 'a second build gives the same bytes' sh -c \
		"OFFLINE=1 image/build.sh $board >/dev/null 2>&1 && [ \"\$(sha256sum <'$out/mmcgadget-$board.img.xz')\" = '$sum' ]"
fi

# ---- without a boot -------------------------------------------------------------------------
verdict 'the image is smaller than 64 MB' test "$(stat -c %s "$out/mmcgadget-$board.img.xz")" -lt 64000000
root=$built/root
verdict 'the system has no key, no identity and no list of packages' sh -c \
	"! ls '$root/etc/machine-id' '$root'/etc/ssh/*host* '$root/var/lib/systemd/random-seed' '$root'/var/lib/apt/lists/* 2>/dev/null | grep ."
verdict 'no program of the system gives rights' sh -c "! find '$root' -perm /6000 -type f | grep ."
verdict 'nobody can log in with a password' sh -c "! grep -vE '^[^:]*:!?\*' '$root/etc/shadow'"
verdict 'the licences are there' test -s "$root/usr/share/doc/systemd/copyright" -a -s "$built/fat/LICENCES/linux.txt" -a -s "$built/fat/manifest.txt"
trees() {
	local tree
	for tree in "$built"/fat/a/*.dtb; do
		is "$(fdtget "$tree" /soc/usb@7e980000 dr_mode)" peripheral && is "$(fdtget "$tree" /soc/usb@7e980000 status)" okay || return
	done
}
[ "$boot_kind" != rpi ] || verdict 'the port of each device tree is a device' trees

# ---- the first boot -------------------------------------------------------------------------
pc_disk "$work/pc.img"
second_ram_disk test/card/script_life.sh
new_card 6000
before=$(front)
boot
verdict 'the first boot: the drive is there' up
verdict 'the PC has configured the drive' has "$(said drive)" '^configured'
verdict 'the partition of the discs is ext4 with a journal' has "$(said mounted) $(said features)" '^ext4 rw.*has_journal'
verdict 'its type says that it is whole' is "$(said type)" 83
verdict 'the first partition is read-only' is "$(said firmware)" 'vfat ro'
verdict 'no unit has failed' is "$(said failed)" ''
verdict 'a blank is in the drive' has "$(said list)$(tr -d '\r' <"$console" | grep '^CARD status')" 'disc-1.iso'
memory=$(said memory)
echo "# memory: $memory"
verdict 'at most 64 MB of RAM are in use' test "$(echo "$memory" | cut -d' ' -f2)" -le 64
identity=$(said machine)
verdict 'the first boot has written only the report and the partition of the discs' is "$(front)" "$before"

# ---- a burn, and power cuts -----------------------------------------------------------------
verdict 'the first disc is burned' wait_line '^CARD finished 1' 600
verdict 'the burning program succeeds' has "$(said burned)" '^0'
first=$(said image | cut -d' ' -f1)
verdict 'the PC reads what it has burned' is "$(said read)" "$first"
named=$(said image | cut -d' ' -f3)
verdict 'the next disc is being burned' wait_line '^CARD burning 2' 600
kills=0 lost=0
sleep 3
while [ "$kills" -lt "$cuts" ]; do
	sleep "$((RANDOM % 8)).$((RANDOM % 10))"
	cut_power
	kills=$((kills + 1))
	boot
	if ! up; then
		verdict "after cut $kills the drive is there" false
		break
	fi
	sums=$(tr -d '\r' <"$console" | sed -n 's/^CARD sum //p')
	if ! grep -q "^$named.iso $first" <<<"$sums"; then
		lost=$((lost + 1))
		echo "# after cut $kills: $sums"
	fi
	[ -z "$(said failed)" ] || verdict "after cut $kills no unit has failed" is "$(said failed)" ''
	wait_line '^CARD burning 1' 300
done
verdict "$kills power cuts while discs are burned: each time the drive was there again" is "$kills" "$cuts"
verdict 'the disc that was finished before is unchanged' is "$lost" 0
verdict 'the board has the same identity as before' is "$(said machine)" "$identity"
cut_power

# ---- a partition that was half made ---------------------------------------------------------
new_card 6000
printf '\x00\x00\x00\x00\xda\x00\x00\x00\x00\x20\x10\x00\x00\x00\x20\x00' | dd of="$card" bs=1 seek=478 conv=notrunc status=none
head -c 4M /dev/urandom | dd of="$card" bs=1M seek=516 conv=notrunc status=none
boot
verdict 'a boot after one that was cut while it made the partition: the drive is there' up
verdict 'the partition is whole' has "$(said type) $(said mounted)" '^83 ext4 rw'
cut_power

# ---- little memory --------------------------------------------------------------------------
MEMORY=128 SERIAL='card-two'
boot
verdict 'a board with 128 MB: the drive is there' up
echo "# memory: $(said memory)"
verdict 'a second board has another identity' test "$(said machine)" != "$identity"
SERIAL='card-one'
cut_power

# ---- an update ------------------------------------------------------------------------------
update() { # UPDATE-FILE: makes the disk from which the script takes it
	truncate -s 120M "$work/update.img"
	rm -rf "$work/update"
	mkdir "$work/update"
	cp "$1" "$work/update/card.update"
	mke2fs -q -F -t ext4 -O ^has_journal -d "$work/update" "$work/update.img"
}
second_ram_disk test/card/script_update.sh
update "$out/mmcgadget-$board.update"
# shellcheck disable=SC2054 # commas of QEMU
other=(-drive "if=none,id=update,format=raw,file=$work/update.img,readonly=on" -device 'virtio-blk-device,drive=update,serial=update')
MEMORY=512
boot "${other[@]}"
verdict 'mmcgadget-update writes the other slot' wait_line '^CARD update 0' 900
wait_line '^CARD off' 60
cut_power
verdict 'the new version is the next to start, on trial' is "$(fat_copy slot.txt) $(fat_copy trial.txt)" 'os_prefix=b/ trial=b'
boot
verdict 'the new version starts the drive' up
verdict 'it is the other slot' has "$(said slot)" '^b'
wait_line '^CARD trial -' 60
verdict 'it is kept' is "$(fat_copy slot.txt) $(fat_copy trial.txt)" 'os_prefix=b/ trial=-'
verdict 'the discs are there' has "$(said mounted)" '^ext4 rw'
cut_power
# A version without its daemon.
printf 'os_prefix=a/\n' >"$work/slot" && mcopy -o -i "$card@@4M" "$work/slot" ::slot.txt
printf 'trial=a\n' >"$work/slot" && mcopy -o -i "$card@@4M" "$work/slot" ::trial.txt
head -c 1M /dev/urandom | dd of="$card" bs=1M seek=132 conv=notrunc status=none
boot
wait_line 'restart in 20 seconds' 300
verdict 'a new version whose system is damaged puts the old one back before' is "$(fat_copy slot.txt)" 'os_prefix=b/'
cut_power
boot
verdict 'the old version starts the drive' up
wait_line '^CARD trial -' 60
verdict 'and the trial is over' is "$(fat_copy slot.txt) $(fat_copy trial.txt)" 'os_prefix=b/ trial=-'
cut_power
echo "1..$n"
