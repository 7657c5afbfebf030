#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Discs are swapped while four readers read and one burner burns: no read returns data of two discs, no
# disc gets data that was sent to another, and the daemon survives without using more memory.
. ./lib.sh

swaps=${SWAPS:-200}
reader=/build/test/e2e/u_reader
blocks=4096
for i in 1 2 3 4; do
	"$reader" make "$media/race$i.iso" "$i" "$blocks"
done
config extra='behaviour: { swap_gap = 50; };'
drive_up
dmesg_mark race

# Some swaps insert a blank. Each block of the burner's image and of the discs holds image number and address.
"$reader" make "$work/burn.iso" 9 2048
install -d -g mmcgadget -m 2775 "$media/blanks"

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon_pid/status"; }

# swap N: the board removes the disc, locked or not, and inserts the next: one of four images, or every
# seventh time a blank, which stays in the drive long enough for a burn to begin.
blanks=0
swap() {
	mmcgadgetctl eject --force >/dev/null || return
	if [ $(($1 % 7)) = 6 ]; then
		blanks=$((blanks + 1))
		mmcgadgetctl blank "blanks/$blanks.img" >/dev/null || return
		sleep "$((2 + RANDOM % 5)).$((RANDOM % 10))"
	else
		mmcgadgetctl insert "race$(($1 % 4 + 1)).iso" >/dev/null
	fi
}

swap 0
size_is() { [ "$(size_of "$sr")" = "$1" ]; }
wait_for 10 size_is $((blocks * 2048))
readers=''
for mode in read read sg sg; do
	case $mode in
	read) dev=/dev/$sr ;;
	sg) dev=$sg ;;
	esac
	"$reader" "$mode" "$dev" 3600 "$blocks" >"$work/reader$(wc -w <<<"$readers").log" 2>&1 &
	readers="$readers $!"
done
# Burns each blank that it finds; most are removed during the burn.
while [ ! -e "$work/stop" ]; do
	growisofs -use-the-force-luke=notray,tty -Z "/dev/$sr=$work/burn.iso"
	sleep 0.2 # the burner also ends at once when there is no blank
done </dev/null >"$work/burner.log" 2>&1 &
burner=$!
bad=0
began=$SECONDS
for ((n = 1; n <= swaps; n++)); do
	swap "$n" || bad=$((bad + 1))
	# The host is at a random step of its reaction to the swap.
	sleep "0.$((RANDOM % 4))"
	[ "$n" != 20 ] || before=$(rss)
done
after=$(rss)
echo "#   $swaps swaps in $((SECONDS - began)) s, resident $before kB after 20 swaps, $after kB at the end"
is "every swap was accepted" "$bad" 0
check "the daemon is alive" daemon_alive
check "its memory is flat" test "$after" -le $((before + 512))
# Random swaps need not leave each disc in the drive for as long as a reader needs to notice it.
seen_by_all() { # DISC
	local log
	for log in "$work"/reader*.log; do
		grep -q "^# saw disc $1\$" "$log" || return
	done
}
for n in 0 1 2 3; do
	swap "$n"
	check "every reader reads disc $((n + 1))" wait_for 20 seen_by_all $((n + 1))
done
# The burner can still burn a blank that stays in the drive.
last=1
mmcgadgetctl eject --force >/dev/null
check "a blank that stays is inserted" mmcgadgetctl blank blanks/stays.img
check "the burner burns it" wait_for 60 state_is state appendable
check "the blank that stayed equals the image" cmp "$media/blanks/stays.img" "$work/burn.iso"
mmcgadgetctl eject --force >/dev/null
check "a last disc is inserted" mmcgadgetctl insert race$last.iso
touch "$work/stop"
check "the burner ends" wait_for 60 sh -c "! kill -0 $burner"
# The burner's data is only on the blank that was in the drive at that time.
for i in 1 2 3 4; do
	"$reader" make "$work/race.iso" "$i" "$blocks"
	check "disc $i is unchanged" cmp "$work/race.iso" "$media/race$i.iso"
done
wrong=0 begun=0 whole=0
for ((i = 1; i <= blanks; i++)); do
	size=$(stat -c %s "$media/blanks/$i.img")
	if [ "$size" -gt "$(stat -c %s "$work/burn.iso")" ] || ! cmp -n "$size" "$media/blanks/$i.img" "$work/burn.iso"; then
		wrong=$((wrong + 1))
	fi
	[ "$size" = 0 ] || begun=$((begun + 1))
	[ "$size" != "$(stat -c %s "$work/burn.iso")" ] || whole=$((whole + 1))
done
echo "#   $blanks blanks, $begun begun, $whole of them whole"
is "every blank holds the beginning of the burner's image, and no other data" "$wrong" 0
check "at least one swap interrupted a burn" test "$begun" -gt 0
# No swaps for 3 s, so that every reader reads the last disc.
sleep 3
i=0
for pid in $readers; do
	kill -INT "$pid"
	wait "$pid"
	is "reader $i: every successful read was of one disc" $? 0
	sed 's/^/  /' "$work/reader$i.log"
	i=$((i + 1))
done
check "the last disc reads whole" cmp "$media/race$last.iso" "/dev/$sr"
# udev still has many events of earlier discs to handle.
began=$SECONDS
check "udev catches up" udevadm settle --timeout=240
echo "#   that took $((SECONDS - began)) s"
is "no phase error" "$(state phase_errors)" 0
dmesg_clean "the kernel log is clean" race
check "the daemon ends with 0" daemon_stop
finish
