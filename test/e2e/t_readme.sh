#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every command that the README shows to users, as written and in that order, as a member of the
# group. (build.sh and package.sh run its commands for building and installing.)
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

# Commands of mmcgadgetctl between backquotes.
mapfile -t commands < <(grep -oE '`mmcgadgetctl [^`]*`' "$readme" | tr -d '`' | awk '!seen[$0]++')
check "the README has at least 15 commands (${#commands[@]})" test "${#commands[@]}" -ge 15
done_with=''
for c in "${commands[@]}"; do
	done_with="$done_with|${c#mmcgadgetctl }"
	c=${c//FILE/trace.mmctrace}
	case $c in
	*' watch')
		# "watch" runs until Ctrl-C.
		check "$c" as_user timeout -s INT --preserve-status 3 $c
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
	*)
		# shellcheck disable=SC2086 # words
		check "$c" as_user $c
		;;
	esac
	case $c in
	*insert*) check "$c: the host sees the disc" wait_for 15 has_label "$sr" DEBIAN ;;
	*next) check "$c: the host sees the other disc" wait_for 15 has_label "$sr" OTHER ;;
	*prev) check "$c: the host sees the first disc again" wait_for 15 has_label "$sr" DEBIAN ;;
	*blank*) check "$c: the host sees a blank" wait_for 15 blank_seen ;;
	*eject*) is "$c: the drive is empty" "$(state image)" '' ;;
	*'trace start') check "$c: the host sends a command to record" sg_inq "$(host_sg "$sr")" ;;
	esac
done
for verb in insert next prev blank status eject list watch stats 'trace start' 'trace save' close doctor; do
	like "the README shows the verb $verb" "$done_with|" "\\|${verb}[ |]"
done

# The README's lines for a shell, its configuration, its links.
mapfile -t lines < <(sed -n '/^## Five/,/^## The rule/s/^    //p' "$readme" | grep -E '^(echo|cat) ')
is "the README has two lines for a shell" "${#lines[@]}" 2
for l in "${lines[@]}"; do
	check "$l" as_user sh -c "$l"
	wait_for 10 grep -q '^ok: ' "$run/status"
done
like "the status file has the answer" "$(as_user sh -c "${lines[1]}")" '^ok: '
check "the host sees the disc" wait_for 15 has_label "$sr" DEBIAN
sed -n '/^## Five/,/^## The rule/s/^    //p' "$readme" | grep -E '^[a-z]+: \{' >"$work/readme.conf"
check "the configuration in the README is good" mmcgadgetd -c "$work/readme.conf" --check-config
mapfile -t links < <(grep -oE '\]\((docs/[^)]*|COPYING)\)' "$readme" | tr -d ']()' | sort -u)
missing=''
for l in "${links[@]}"; do [ -e "/src/$l" ] || missing="$missing $l"; done
is "the ${#links[@]} files that the README links to exist" "$missing" ''
cd /
check "the daemon ends" daemon_stop
finish
