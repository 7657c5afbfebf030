#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the machine of power.sh, which is board and PC: reports what the last cut has left,
# resumes the burn, burns further discs, and reports its progress until it is cut. With LAST set it
# ends when the disc is complete.
. ./board.sh

# No image is configured: after a cut the disc in the drive comes from the drive record.
BEHAVIOUR='behaviour: { sync_mb = 1; sync_seconds = 1; };'
board_up
disc=$(newest)
if [ "$disc" = 0 ]; then
	daemon_up
	say found 0 none 0 0 0 0
else
	daemon_up
	say back "$disc" "$(mmcgadgetctl --json status | jq -r '.drives[0].image')"
	# The cut may have come before the drive record named the new blank.
	[ "$(mmcgadgetctl --json status | jq -r '.drives[0].image')" = "disc$disc.img" ] ||
		mmcgadgetctl insert "disc$disc.img" >/dev/null || bad "disc $disc is inserted"
	look
	say found "$disc" "$state" "$nwa" "$recorded" "$sessions" "$(stat -c %s "$media/disc$disc.img")"
	if prefix_good "$disc" "$nwa"; then
		say same "$disc" "$nwa"
	else
		say differs "$disc" "$nwa"
	fi
fi
host_up

next() { # inserts the next blank
	disc=$((disc + 1))
	mmcgadgetctl blank "disc$disc.img" >/dev/null || bad "disc $disc: a blank is inserted"
	look
}
complete() { # reports whether the complete disc in the drive equals its image
	if ! whole "$disc"; then
		say differs "$disc" all
	else
		say complete "$disc"
	fi
}

burn() {
	local from=$recorded burner
	# All blocks are recorded: a burner could resume nothing, so the board closes the disc.
	if [ "$from" -ge "$(blocks_of "$disc")" ]; then
		mmcgadgetctl close "disc$disc.img" >/dev/null || bad "disc $disc: closed by the board"
		look
		[ "$state" = complete ] || bad "disc $disc: complete after close, not $state"
		say closed "$disc"
		complete
		return
	fi
	say burn "$disc" "$from" "$(blocks_of "$disc")"
	# Linux polls the drive every 2 s and examines a new disc. Without udev nothing reports that it has
	# done so; the burner starts afterwards.
	sleep 2.2
	growisofs -use-the-force-luke=tty -dvd-compat -Z "/dev/sr0=$(image_of "$disc")" >/run/burn.log 2>&1 &
	burner=$!
	while kill -0 "$burner" 2>/dev/null; do
		look
		# A SYNCHRONIZE CACHE between the burner's WRITEs: all blocks recorded before it are then on
		# the card.
		if [ "${SYNC:-0}" = 1 ] && [ "$state" = open ] && sg_sync /dev/sg0 2>/dev/null; then
			say flushed "$disc" "$recorded"
		else
			say at "$disc" "$recorded" "$state"
		fi
		sleep 0.2
	done
	if ! wait "$burner"; then
		say failed "$disc"
		tail -n 15 /run/burn.log | sed 's/^/#   /'
		return 1
	fi
	if [ "$from" -gt 0 ] && ! grep -q 'resuming track#' /run/burn.log; then
		say failed "$disc"
		sed 's/^/#   /' /run/burn.log | head -n 20
		return 1
	fi
	look
	[ "$state" = complete ] || bad "disc $disc: complete after the burn, not $state"
	say burned "$disc"
	complete
}

[ "$disc" != 0 ] || next
if [ "$state" = complete ]; then
	complete
	[ -n "${LAST:-}" ] || next
fi
while [ "$state" != complete ]; do
	burn || break
	[ -n "${LAST:-}" ] || next
done
for ((i = 1; i <= disc; i++)); do
	mmcgadgetctl insert "disc$i.img" >/dev/null || bad "disc $i is inserted again"
	look
	[ "$state" = complete ] || bad "disc $i: complete at the end, not $state"
	[ ! -e "$media/disc$i.img.mmcdisc" ] || bad "disc $i has no state file at the end"
	whole "$i" || bad "disc $i equals its image at the end"
done
board_down
say end "$disc"
