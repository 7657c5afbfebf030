#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The CDB conversations of test/script over the whole USB path: u_script sends the commands to
# /dev/sgN, and mmcgadgetctl changes the discs.
# shellcheck disable=SC2154 # sg and work are lib.sh's
. ./lib.sh

drive_up
u_script=/build/test/e2e/u_script
export u_script

# u_script calls this script to change discs. Each blank has a new name, because an image with data is
# never a blank again.
cat >"$work/board" <<'END'
#!/bin/bash
media=/var/lib/mmcgadget
last=/var/tmp/job/last
insert() {
	echo "$1" >"$last"
	mmcgadgetctl insert "$1"
}
case $1 in
blank)
	name=blank-$(date +%s%N).iso
	echo "$name" >"$last"
	mmcgadgetctl blank "$name"
	;;
rom)
	[ -e "$media/rom-$2.iso" ] || "$u_script" stamp "$media/rom-$2.iso" "$2" || exit 1
	insert "rom-$2.iso"
	;;
none)
	mmcgadgetctl eject --force || mmcgadgetctl --json status | grep -q '"state": *"empty"'
	rm -f "$media"/blank-*
	;;
eject) mmcgadgetctl eject ${2:+--force} ;;
insert-again) insert "$(cat "$last")" ;;
esac >/dev/null
END
chmod +x "$work/board"
MEDIA_CMD="$work/board" "$u_script" "$sg" /src/test/script/*.cdb | tee "$work/tap"
rc=${PIPESTATUS[0]}
count=$(grep -Ec '^(not )?ok ' "$work/tap")
is "every conversation ran, except those for the engine alone" "$count" \
	"$(grep -L '^requires direct bot' /src/test/script/*.cdb | wc -l)"
is "u_script ends with 0" "$rc" 0
check "the daemon stops" daemon_stop
finish
