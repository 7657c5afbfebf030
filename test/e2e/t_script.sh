#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CDB conversations of test/script over the whole USB path, all of them with FULL=1: u_script sends the commands to
# /dev/sgN, and mmcgadgetctl changes the discs.
# shellcheck disable=SC2154 # sg and work are lib.sh's
. ./lib.sh

drive_up
check "commands of 1 MB are possible" allow_large_commands
u_script=/build/test/e2e/u_script
export u_script

# u_script calls this script to change discs. Each blank has a new name, because an image with data is
# never a blank again.
cat >"$work/board" <<'END'
#!/bin/bash
media=/var/lib/mmcgadget
last=/var/tmp/job/last
insert() { # NAME [as=cd]
	echo "$@" >"$last"
	mmcgadgetctl insert "$@"
}
case $1 in
blank)
	name=blank-$(date +%s%N).iso
	echo "$name" >"$last"
	mmcgadgetctl blank "$name" "${@:2}" # type=NAME
	;;
rom | cd)
	[ -e "$media/rom-$2.iso" ] || "$u_script" stamp "$media/rom-$2.iso" "$2" || exit 1
	if [ "$1" = cd ]; then
		insert "rom-$2.iso" as=cd
	else
		insert "rom-$2.iso"
	fi
	;;
none)
	mmcgadgetctl eject --force || mmcgadgetctl --json status | grep -q '"state": *"empty"'
	rm -f "$media"/blank-*
	;;
eject) mmcgadgetctl eject ${2:+--force} ;;
insert-again)
	read -r name as <"$last"
	insert "$name" ${as:+"$as"}
	;;
esac >/dev/null
END
chmod +x "$work/board"
# What the drive answers is tested on the engine, where every conversation takes milliseconds. Here it is
# the way there that can fail: data in both directions, short and long, commands that the kernel does not
# know, failed commands, discs that change, and what three hosts and two burners send.
conversations=()
if [ -n "${FULL:-}" ]; then
	conversations=(/src/test/script/*.cdb)
else
	for name in attention-order data-in-larger-buffer data-out-larger-buffer defect-15-padding \
		eject-by-hand eject-force-locked host-growisofs-Z host-linux-probe-blank \
		host-linux-probe-rom host-macos-blank host-windows-imapi host-xorriso inquiry-alloc long-cdb \
		mode-select-10 prevent-allow read-10-large read-12 read-capacity-limited request-sense \
		sessions-come-back start-stop-unit-eject-load swap swap-to-blank unknown-opcodes \
		unknown-opcodes-data verify-10 whole-disc-story write-10-behind write-12; do
		conversations+=("/src/test/script/$name.cdb")
	done
fi
MEDIA_CMD="$work/board" "$u_script" "$sg" "${conversations[@]}" | tee "$work/tap"
rc=${PIPESTATUS[0]}
count=$(grep -Ec '^(not )?ok ' "$work/tap")
is "every conversation ran, except those for the engine alone" "$count" \
	"$(grep -L '^requires direct bot' "${conversations[@]}" | wc -l)"
is "u_script ends with 0" "$rc" 0
check "the daemon stops" daemon_stop
finish
