#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every command of mmcgadgetctl that the README shows, as written and in that order, as a member of
# the group, and what else a user of a running drive types. (test/deb/readme.sh does what the README says
# about building, installing and updating.)
# shellcheck disable=SC2086 # commands are words
# shellcheck disable=SC2154 # media and work are lib.sh's
. ./lib.sh

readme=/src/README.md
useradd -m -G mmcgadget user
as_user() { runuser -u user -- "$@"; }
udc_load
make_iso DEBIAN 8 "$media/debian-12.iso"
make_iso OTHER 4 "$media/other.iso"
make_iso BURN 8 "$work/burn.iso"
drive_up
chmod 777 "$work"
cd "$work" || finish

# Commands of mmcgadgetctl between backquotes, and in blocks. Those for two drives come at the end.
mapfile -t commands < <(grep -oE '`mmcgadgetctl [^`]*`|^    mmcgadgetctl .*' "$readme" | tr -d '`' |
	sed 's/^ *//; s/  *#.*//' | awk '!seen[$0]++')
check "the README has at least 16 commands (${#commands[@]})" test "${#commands[@]}" -ge 16
done_with=''
two_drives=()
for c in "${commands[@]}"; do
	done_with="$done_with|${c#mmcgadgetctl }"
	c=${c//FILE/trace.mmctrace}
	read -r _ _ name _ <<<"$c"
	case $c in
	*drive=*) two_drives+=("$c") ;;
	*' watch')
		# "watch" runs until Ctrl-C.
		check "$c" as_user timeout -s INT --preserve-status 3 $c
		;;
	*' next')
		mmcgadgetctl insert debian-12.iso >/dev/null
		check "$c" as_user $c
		;;
	*' close '*)
		# "close" needs an appendable disc.
		check "a blank is inserted" ctl blank open.iso
		check "the host sees the blank" wait_for 15 blank_seen
		check "growisofs leaves the disc appendable" growisofs -Z "/dev/$sr=$work/burn.iso"
		mmcgadgetctl eject --force >/dev/null
		rm -f "$media/${c##* }"*
		mv "$media/open.iso" "$media/${c##* }"
		mv "$media/open.iso.mmcdisc" "$media/${c##* }.mmcdisc"
		check "$c" as_user $c
		check "$c: the state file is gone" test ! -e "$media/${c##* }.mmcdisc"
		;;
	*' rename '* | *' delete '*)
		# The blank of that name is gone, see below.
		make_iso SUMMER 4 "$media/$name"
		check "$c" as_user $c
		check "$c: no disc has the old name" test ! -e "$media/$name"
		;;
	*' erase '*)
		check "a DVD+RW is inserted" ctl blank "$name" type=dvd+rw
		check "the host sees the DVD+RW" wait_for 15 blank_seen
		check "growisofs records it" growisofs -Z "/dev/$sr=$work/burn.iso"
		mmcgadgetctl eject --force >/dev/null
		check "the DVD+RW has data" test -s "$media/$name"
		check "$c" as_user $c
		check "$c: its data is gone" test ! -s "$media/$name" -a -e "$media/$name"
		rm -f "$media/$name"*
		;;
	*' extract '*)
		# An audio CD of that name: 2 s in one track.
		disc=${c##* }
		printf 'FILE "%s.bin" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n' "${disc%.cue}" >"$media/$disc"
		head -c $((150 * 2352)) /dev/urandom >"$media/${disc%.cue}.bin"
		check "$c" as_user $c
		check "$c: the song has the samples of the disc" \
			sh -c "tail -c +45 '$media/${disc%.cue}/Track 01.wav' | cmp - '$media/${disc%.cue}.bin'"
		rm -rf "${media:?}/${disc%.cue}" "${media:?}/$disc" "$media/${disc%.cue}.bin"
		;;
	*' upload '*)
		# The user uploads the image from another folder, so it is moved out of the media folder.
		mmcgadgetctl eject --force >/dev/null
		mv "$media/$name" "$work/$name"
		chmod 644 "$work/$name"
		check "$c" as_user $c
		check "$c: it is in the media folder" cmp "$work/$name" "$media/$name"
		rm -f "$work/$name"
		;;
	*' get '*)
		mmcgadgetctl eject --force >/dev/null
		rm -f "$media/$name"*
		make_iso GOT 4 "$media/$name"
		check "$c" as_user $c
		check "$c: the user has it" cmp "$media/$name" "$work/$name"
		rm -f "$work/$name" "$media/$name"
		;;
	*' wait burned')
		# A finalised disc counts as burned, so there is nothing to wait for.
		mmcgadgetctl insert other.iso >/dev/null
		check "$c" as_user timeout 30 $c
		mmcgadgetctl eject --force >/dev/null
		;;
	*)
		check "$c" as_user $c
		;;
	esac
	case $c in
	*drive=*) ;;
	*insert*) check "$c: the host sees the disc" wait_for 15 has_label "$sr" DEBIAN ;;
	*next) check "$c: the host sees the other disc" wait_for 15 has_label "$sr" OTHER ;;
	*prev) check "$c: the host sees the first disc again" wait_for 15 has_label "$sr" DEBIAN ;;
	*blank*)
		check "$c: the host sees a blank" wait_for 15 blank_seen
		# Otherwise "next" would insert the blank.
		mmcgadgetctl eject --force >/dev/null
		rm -f "$media/$name"*
		;;
	*' rename '*)
		check "$c: the disc has the new name" test -e "$media/${c##* }"
		rm -f "$media/${c##* }"
		;;
	*eject*) is "$c: the drive is empty" "$(state image)" '' ;;
	*'trace start') check "$c: the host sends a command to record" sg_inq "$(host_sg "$sr")" ;;
	esac
done
for verb in insert next prev blank rename delete erase extract status eject list watch wait stats 'trace start' 'trace save' close help doctor; do
	like "the README shows the verb $verb" "$done_with|" "\\|${verb}[ |]"
done

# The README's lines for a shell, its configuration, its links.
mapfile -t lines < <(sed -n '/^## Everyday/,/^## Config/s/^    //p' "$readme" | grep -E '^(echo|cat) ')
is "the README has two lines for a shell" "${#lines[@]}" 2
mmcgadgetctl eject --force >/dev/null
for l in "${lines[@]}"; do
	check "$l" as_user sh -c "$l"
	wait_for 10 grep -q '^ok: .*inserted' "$run/status"
done
like "the status file has the answer" "$(as_user sh -c "${lines[1]}")" '^ok: .*inserted debian-12'
check "the host sees the disc" wait_for 15 has_label "$sr" DEBIAN
lsblk=$(sed -n 's/^    \(lsblk .*\)/\1/p' "$readme")
like "$lsblk: the name that the README says" "$(as_user sh -c "$lsblk")" "^$sr .*MMCGADGT"
like 'list: the last line is the room' "$(as_user mmcgadgetctl list | tail -n 1)" '^card: .* free, '
report=$(grep -oE '`sudo mmcgadgetctl report [^`]*`' "$readme" | head -n 1 | tr -d '`')
check "$report" ${report#sudo}
check "$report: there is a report" test -s "$work/${report##* }"
mapfile -t links < <(grep -oE '\]\((docs/[^)]*|COPYING)\)' "$readme" | tr -d ']()' | sort -u)
missing=''
for l in "${links[@]}"; do [ -e "/src/${l%%#*}" ] || missing="$missing $l"; done
is "the ${#links[@]} files that the README links to exist" "$missing" ''
cd /
check "the daemon ends" daemon_stop

# Two drives: the folders, the block of the configuration, the command with a drive.
folders=$(grep -oE '`sudo install -d [^`]*`' "$readme" | tr -d '`')
check "$folders" ${folders#sudo}
awk '/^    drives = \($/ { on = 1 } on { print } /^    \);/ { on = 0 }' "$readme" >"$conf"
check "the README has a configuration of two drives" test -s "$conf"
mv "$media/debian-12.iso" "$media/images/"
check "the daemon starts with two drives" daemon_start
check "the host sees two drives" wait_for 30 have_drives 2
is "the README has a command with a drive" "${#two_drives[@]}" 1
check "${two_drives[0]}" as_user ${two_drives[0]}
seen() { [ -n "$(drive_of DEBIAN)" ]; }
check "${two_drives[0]}: the host sees the disc" wait_for 15 seen
check "the daemon ends" daemon_stop
finish
