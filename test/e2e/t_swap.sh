#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Swapping and ejecting, from the board and from the host, as udev and a user see it.
. ./lib.sh

for i in 0 1 2 3 4 5 6 7 8 9; do
	make_iso "DISC$i" 1 "$media/disc$i.iso"
done
drive_up
dmesg_mark swap
d=/dev/$sr

# udev's events after its rules have run: what a desktop gets.
events=$work/events
: >"$events"
stdbuf -oL udevadm monitor --udev --property --subsystem-match=block >>"$events" &
monitor=$!
trap 'kill $monitor 2>/dev/null' EXIT
wait_for 10 grep -q 'the event which udev sends' "$events"

# Number of events that carry all of the given properties.
events_with() {
	awk -v want="$*" '
		BEGIN { RS = ""; n = split(want, w, " ") }
		{
			hit = 1
			for (i = 1; i <= n; i++)
				if (!match("\n" $0 "\n", "\n" w[i] "\n"))
					hit = 0
			sum += hit
		}
		END { print sum + 0 }' "$events"
}
event_seen() { [ "$(events_with "$@")" != 0 ]; }
clear_events() {
	settle
	: >"$events"
}
now() { awk '{ print int($1 * 1000) }' /proc/uptime; }
# The moment udevadm got the first such event, on the same clock.
event_time() {
	awk -v want="$1" '
		/^UDEV / { split($2, t, /[][]/); at = int(t[2] * 1000) }
		$0 == want { print at; exit }' "$events"
}

# ---- ten swaps by the board ----
# swap I WORD: the disc goes in, the host sees it; leaves the time in $took.
swap() {
	local began in seen
	clear_events
	began=$(now)
	if [ "$2" = fifo ]; then
		# The plain way, without the client: a line to the FIFO, the answer in a file.
		echo "insert disc$1.iso" >"$run/control"
		check "swap $1 by the FIFO: done" wait_for 12 state_is image "disc$1.iso"
		check "swap $1 by the FIFO: the status file tells" wait_for 5 grep -q "inserted disc$1.iso" "$run/status"
	else
		check "swap $1: done" mmcgadgetctl insert "disc$1.iso"
	fi
	in=$(now)
	check "swap $1: a udev event with the new label" \
		wait_for 10 event_seen ACTION=change DISK_MEDIA_CHANGE=1 "ID_FS_LABEL=DISC$1"
	seen=$(event_time "ID_FS_LABEL=DISC$1")
	# A line to the FIFO has no end of its own to measure from.
	[ "$seen" -gt "$in" ] || in=$seen
	took=$((seen - in))
	check "swap $1: blkid shows the new label" has_label "$sr" "DISC$1"
	echo "#   command to disc in: $((in - began)) ms, disc in to udev event: $took ms"
	# Time for an event too many to show up: the next poll.
	sleep 2.1
	settle
	is "swap $1: one media change for one insertion" \
		"$(events_with DISK_MEDIA_CHANGE=1 "ID_FS_LABEL=DISC$1")" 1
}
slow=0
for i in 0 1 2 3 4 5 6 7 8 9; do
	way=client
	[ "$i" != 4 ] || way=fifo
	swap "$i" "$way"
	# The kernel polls every 2 s; the rest is udev's programs in an emulated machine, which
	# may be waiting for a core. What is slow by its nature is so a second time.
	if [ "$took" -gt 3000 ]; then
		echo "#   swap $i took $took ms, once more"
		mmcgadgetctl eject --force >/dev/null
		sleep 3
		swap "$i" client
		[ "$took" -le 3000 ] || slow=$((slow + 1))
	fi
done
is "each was seen within 3 s" "$slow" 0

# ---- the host's own eject and load ----
check "the host ejects" eject "$d"
is "the board knows" "$(state state)" ejected
check "udev sees no disc" wait_for 5 event_seen DISK_MEDIA_CHANGE=1
check "the host loads" eject -t "$d"
check "the same disc is back" wait_for 5 has_label "$sr" DISC9
is "the board agrees" "$(state image) $(state state)" "disc9.iso complete"
for i in 1 2 3; do
	eject "$d" && eject -t "$d"
done
check "and so after three more" wait_for 5 has_label "$sr" DISC9

# ---- locked by the host (udev's rule does it with every disc): asked to let go ----
wait_for 5 state_is locked true
is "the host has locked the drive" "$(state locked)" true
clear_events
text=$(mmcgadgetctl eject 2>&1)
rc=$?
is "eject of a locked drive: exit code" "$rc" 0
like "eject of a locked drive: the host was asked" "$text" 'waiting for the host' 'the host let go'
check "udev got the request" event_seen DISK_EJECT_REQUEST=1
is "the drive is empty" "$(state state) $(state loaded)" "empty false"
check "a disc goes in again" mmcgadgetctl insert disc1.iso
check "and is seen" wait_for 5 has_label "$sr" DISC1
settle
wait_for 5 state_is locked true

# ---- a host that does not answer the request ----
mount -o ro "$d" /mnt
udevadm control --stop-exec-queue
began=$(now)
text=$(mmcgadgetctl eject 2>&1)
rc=$?
took=$(($(now) - began))
is "a host that keeps the drive locked: exit code" "$rc" 1
like "the message says what to do" "$text" 'eject force'
check "it was given 10 s ($took ms)" test "$took" -ge 8000 -a "$took" -le 14000
is "the disc is still in" "$(state state) $(state image)" "complete disc1.iso"
check "and still readable" cmp -n 65536 /mnt/DATA.BIN <(
	awk 'BEGIN { for (i = 0; i < 64; i++) printf "%-16s%08d%1000s", "DISC1", i, "" }'
)
check "eject --force takes it" mmcgadgetctl eject --force
is "the drive is empty now" "$(state state) $(state locked)" "empty false"
udevadm control --start-exec-queue
umount -q /mnt # systemd may have been quicker
settle
check "a disc after the forced eject" mmcgadgetctl insert disc2.iso
check "is seen" wait_for 8 has_label "$sr" DISC2

# ---- quiet ----
# blkid looks at the disc itself; the event of the last one may be a poll of the kernel away.
sleep 5
settle
clear_events
sleep "${IDLE:-5}"
is "no event while nothing happens (${IDLE:-5} s)" "$(grep -c ^ACTION "$events")" 0
dmesg_clean "the kernel log is clean" swap
check "the daemon ends with 0" daemon_stop
finish
