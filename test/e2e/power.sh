#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Power cuts while a disc is burned. A machine that burns one disc after the other is killed at random
# moments and booted again with the same card. No disc may be lost, and no block that a SYNCHRONIZE
# CACHE has confirmed; in the end every disc equals its image.
#   CUTS=20    number of cuts (4; 20 with FULL=1)      SEED=1    repeat the moments of another run
. "$(dirname "$0")/machines.sh"

cuts=${CUTS:-${FULL:+20}}
cuts=${cuts:-4}
seed=${SEED:-$(date +%N | sed 's/^0*//')}
megabytes=${MEGABYTES:-${FULL:+48}}
megabytes=${megabytes:-24}
RANDOM=$((seed % 32768))
began=$SECONDS
machines_init power
echo "# power cuts: $cuts, seed $seed"
card "$out/card.raw" 1500
mkdir -p "$out/board"
machine_iso CUTONE "$megabytes" "$out/board/image1.iso"
machine_iso CUTTWO $((megabytes + 1)) "$out/board/image2.iso"

disc=0      # the last disc on which a burn was begun
flushed=0   # blocks of it that a SYNCHRONIZE CACHE has confirmed
seen=0      # blocks of it in the board's last report
done=0      # 1: the board has reported it complete
kills=0 resumed=0 closed=0 completed=0 lost=0 behind=0

# judge: checks that the disc after a cut agrees with the board's reports before the cut.
judge() { # DISC STATE NWA RECORDED SESSIONS SIZE
	local n=$1 state=$2 nwa=$3 size=$6 what="after cut $kills: disc $1 is $2, $3 blocks"
	local gap=$((seen - nwa))
	# A blank with no confirmed block may be missing: its name was perhaps not synced.
	if [ "$n" -lt "$disc" ] && [ "$flushed" = 0 ] && [ "$n" = $((disc - 1)) ]; then
		[ "$n" = 0 ] || [ "$state" = complete ] || lost=$((lost + 1))
		verdict "$what, and disc $disc was still blank" test "$n" = 0 -o "$state" = complete
		return
	fi
	# The cut came between two discs, when the next blank existed already.
	if [ "$n" = $((disc + 1)) ]; then
		verdict "$what, nothing was begun on it" test "$state" = blank
		return
	fi
	if [ "$n" != "$disc" ]; then
		lost=$((lost + 1))
		fail "after cut $kills: disc $disc is there ($n is the newest)"
		return
	fi
	case $state in
	complete) ok "$what" ;;
	open | appendable | blank)
		if [ "$done" = 1 ] || [ "$nwa" -lt "$flushed" ] || { [ "$state" = blank ] && [ "$nwa" != 0 ]; }; then
			lost=$((lost + 1))
			fail "$what, but $flushed were confirmed${done:+, done: $done}"
			return
		fi
		ok "$what, $flushed confirmed, $seen seen"
		[ "$gap" -le "$behind" ] || behind=$gap
		# behaviour.sync_mb = 1 in the guest: at most 1 MB of blocks that were not confirmed may be lost.
		verdict "after cut $kills: at most 512 of the blocks that were seen are lost ($gap)" test "$gap" -le 512
		verdict "after cut $kills: the file holds these blocks" test "$size" -ge $((nwa * 2048))
		;;
	*)
		lost=$((lost + 1))
		fail "$what"
		;;
	esac
}

# until_cut TARGET: follows the board's reports. Returns 0 when the moment of the cut has come, 1 when
# the board has ended, 2 when it reports nothing more. TARGET is in hundredths of the image; more than
# 100 is while the disc is closed.
until_cut() {
	local target=$1 n word rest total=1 from
	while machine_line board 120; do
		# shellcheck disable=SC2086 # words
		set -- $line
		word=${1:-} n=${2:-0} rest=${*:3}
		[ -z "${TRACE:-}" ] || echo "# $((SECONDS - booted)) s: $line"
		case $word in
		back)
			# The disc that was being burned must be in the drive again. The drive record of a blank
			# that was inserted just before the cut may be lost.
			if [ "$kills" -gt 0 ] && [ "$n" = "$disc" ] && [ "$seen" -gt 0 ]; then
				verdict "after cut $kills: disc $n is in the drive again" test "$3" = "disc$n.img"
			fi
			;;
		found)
			if [ "$kills" -gt 0 ]; then judge "${@:2}"; fi
			;;
		same) ok "after cut $kills: these blocks are the image's" ;;
		differs)
			lost=$((lost + 1))
			fail "disc $n: the data is the image's ($rest)"
			;;
		burn)
			if [ "$n" != "$disc" ]; then disc=$n flushed=0 done=0; fi
			from=$3 total=$4
			seen=$from
			[ "$from" = 0 ] || resumed=$((resumed + 1))
			# Scale the moment of the cut to the rest of the image.
			[ -z "$target" ] || target=$((from * 100 / total + target * (110 - from * 100 / total) / 110))
			;;
		flushed | at)
			[ "$word" != flushed ] || flushed=$3
			[ "$3" = 0 ] || seen=$3
			if [ -n "$target" ] && [ $((seen * 100 / total)) -ge "$((target < 100 ? target : 99))" ]; then
				[ "$target" -lt 100 ] || sleep "0.$((RANDOM % 10))"
				sleep "0.$((RANDOM % 4))"
				return 0
			fi
			;;
		complete)
			done=1
			completed=$n
			ok "disc $n: complete, and the image"
			# The cut was planned for the closing of this disc, which is over: cut at the next disc's.
			;;
		closed)
			closed=$((closed + 1))
			ok "disc $n: all blocks were recorded, and the board has closed it"
			;;
		failed)
			fail "disc $n: the burner resumes at the next writable address"
			;;
		'ok' | 'not')
			fail "${line#*- }"
			;;
		'#') echo "$line" ;;
		end) return 1 ;;
		esac
	done
	fail "the board goes on reporting"
	machine_tail board
	return 2
}

boot() { # TARGET
	local last=''
	[ -n "$1" ] || last=1
	booted=$SECONDS
	machine_start board power_board.sh "LAST=$last
SYNC=$((RANDOM % 3 > 0))" -drive "$(card_drive "$out/card.raw")"
	until_cut "$1"
}

while [ "$kills" -lt "$cuts" ]; do
	if boot $((RANDOM % 110)); then
		machine_cut board
		machine_sane board || fail "before cut $((kills + 1)): the kernel has no complaint"
		kills=$((kills + 1))
		echo "#   cut $kills: disc $disc at $seen blocks, $flushed confirmed, $((SECONDS - booted)) s after power on"
		continue
	fi
	break
done
if [ "$kills" = "$cuts" ]; then
	boot ''
	verdict "the last boot ends every disc" test $? = 1
	verdict "the board ends after the last boot" machine_off board 60
	verdict "the kernel of the last boot has no complaint" machine_sane board
fi
verdict "no disc was lost" test "$lost" = 0
verdict "discs were resumed and completed" test "$resumed" -gt 0 -a "$completed" -gt 0
echo "# kills $kills, resumed $resumed, closed by the board $closed, completed $completed, lost $lost; at most $behind blocks behind; $((SECONDS - began)) s"
finish
