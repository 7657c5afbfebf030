#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Discs are swapped and ejected, by the board and by the host; what udev and a user of the host see.
. ./lib.sh

for i in 0 1 2 3 4 5 6 7 8 9; do
	make_iso "DISC$i" 1 "$media/disc$i.iso"
done
drive_up
dmesg_mark swap
d=/dev/$sr

# udev's events, after its rules have run, as a desktop gets them.
events=$work/events
: >"$events"
stdbuf -oL udevadm monitor --udev --property --subsystem-match=block >>"$events" &
monitor=$!
# The kernel's events, before udev's rules.
kernel_events=$work/kernel_events
: >"$kernel_events"
stdbuf -oL udevadm monitor --kernel --property --subsystem-match=block >>"$kernel_events" &
monitor="$monitor $!"
trap 'kill $monitor 2>/dev/null' EXIT
wait_for 10 grep -q 'the event which udev sends' "$events"
wait_for 10 grep -q 'the kernel uevent' "$kernel_events"

# Prints the number of udev events that have all of these properties.
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
	wait_for_udev
	: >"$events"
	: >"$kernel_events"
}
now() { awk '{ print int($1 * 1000) }' /proc/uptime; }
# first_event PROPERTY FILE: prints "MILLISECONDS SEQNUM" of the first event in FILE with the property:
# when udevadm received it, on the clock of now(), and its number, which is the same for the kernel's
# event and udev's.
first_event() {
	awk -v want="$1" 'BEGIN { RS = ""; FS = "\n" }
		index("\n" $0 "\n", "\n" want "\n") {
			split($1, t, /[][]/)
			match($0, /\nSEQNUM=[0-9]+/)
			print int(t[2] * 1000), substr($0, RSTART + 8, RLENGTH - 8)
			exit
		}' "$2"
}

# ---- ten swaps by the board ----
# swap I client|fifo: inserts disc I and waits until the host sees it. Sets $noticed and $took to the
# milliseconds from the insertion to the kernel's event and to udev's.
swap() {
	local began in seen number
	clear_events
	began=$(now)
	if [ "$2" = fifo ]; then
		# Without the client: a line to the FIFO, the answer in the status file.
		echo "insert disc$1.iso" >"$run/control"
		check "swap $1 by the FIFO: done" wait_for 12 state_is image "disc$1.iso"
		check "swap $1 by the FIFO: the status file has the answer" wait_for 5 grep -q "inserted disc$1.iso" "$run/status"
	else
		check "swap $1: done" mmcgadgetctl insert "disc$1.iso"
	fi
	in=$(now)
	check "swap $1: a udev event with the new label" \
		wait_for 10 event_seen ACTION=change DISK_MEDIA_CHANGE=1 "ID_FS_LABEL=DISC$1"
	read -r seen number < <(first_event "ID_FS_LABEL=DISC$1" "$events")
	# It is not known when the FIFO command ended; it may have ended after the event.
	[ "$seen" -gt "$in" ] || in=$seen
	took=$((seen - in))
	read -r seen _ < <(first_event "SEQNUM=$number" "$kernel_events")
	noticed=$((${seen:-999999} - in))
	check "swap $1: blkid shows the new label" has_label "$sr" "DISC$1"
	echo "#   command to disc in: $((in - began)) ms, disc in to kernel event: $noticed ms, to udev event: $took ms"
	sleep 2.1 # a second event would come with the next poll
	wait_for_udev
	is "swap $1: one media change for one insertion" \
		"$(events_with DISK_MEDIA_CHANGE=1 "ID_FS_LABEL=DISC$1")" 1
}
# The kernel polls every 2 s. Between its event and udev's, udev runs cdrom_id and blkid, which take
# as long as the emulated machine is busy: the time of udev's event is printed, and has no limit.
late=0
all_took=()
for i in 0 1 2 3 4 5 6 7 8 9; do
	way=client
	[ "$i" != 4 ] || way=fifo
	swap "$i" "$way"
	[ "$noticed" -le 3000 ] || late=$((late + 1))
	all_took+=("$took")
done
is "each swap was noticed by the kernel within 3 s" "$late" 0
echo "#   median from disc in to udev event: $(printf '%s\n' "${all_took[@]}" | sort -n | sed -n 5p) ms"

# ---- the host ejects and loads ----
disc_in_udev() { udev_has "$sr" ID_CDROM_MEDIA=1; }
no_disc_in_udev() { ! disc_in_udev; }
check "udev sees the disc of the last swap" disc_in_udev
clear_events
check "the host ejects" eject "$d"
is "the board shows the tray open" "$(state state)" ejected
check "udev gets an event of the change" wait_for 5 event_seen DISK_MEDIA_CHANGE=1
check "udev sees no disc" wait_for 5 no_disc_in_udev
check "the host loads" eject -t "$d"
check "the host sees the same disc" wait_for 5 has_label "$sr" DISC9
is "the board shows the same disc" "$(state image) $(state state)" "disc9.iso complete"
for i in 1 2 3; do
	clear_events
	eject "$d" && eject -t "$d"
done
check "udev sees the same disc after three more" wait_for 10 event_seen DISK_MEDIA_CHANGE=1 ID_FS_LABEL=DISC9

# ---- the host has locked the drive (by a udev rule, for every disc) and is asked to eject ----
# The lock counts only after that rule has run: until then it may be the kernel's, which locks the drive for
# as long as a program has it open.
wait_for_udev
wait_for 5 state_is locked true
is "the host has locked the drive" "$(state locked)" true
clear_events
text=$(mmcgadgetctl eject 2>&1)
rc=$?
is "eject of a locked drive: exit code" "$rc" 0
# The client tells what it waits for only if that takes a second.
like "eject of a locked drive: the host was asked" "$text" 'the host let go when asked'
# udev reports the event after its rule that ejects has run.
check "udev got the request" wait_for 10 event_seen DISK_EJECT_REQUEST=1
is "eject of a locked drive: the drive is empty" "$(state state) $(state loaded)" "empty false"
check "a disc is inserted again" mmcgadgetctl insert disc1.iso
check "the host sees the disc" wait_for 5 has_label "$sr" DISC1
wait_for_udev
wait_for 5 state_is locked true

# ---- a host that does not answer the request ----
mount -o ro "$d" /mnt
udevadm control --stop-exec-queue
began=$(now)
text=$(mmcgadgetctl eject 2>&1)
rc=$?
took=$(($(now) - began))
is "a host that keeps the drive locked: exit code" "$rc" 1
like "a host that keeps the drive locked: the message names the option" "$text" 'eject --force'
check "a host that keeps the drive locked: it had 10 s ($took ms)" test "$took" -ge 8000 -a "$took" -le 14000
is "the disc is still in the drive" "$(state state) $(state image)" "complete disc1.iso"
check "the host still reads the disc" cmp -n 65536 /mnt/DATA.BIN <(
	awk 'BEGIN { for (i = 0; i < 64; i++) printf "%-16s%08d%1000s", "DISC1", i, "" }'
)
check "eject --force removes the disc" mmcgadgetctl eject --force
is "eject --force: the drive is empty, and not locked" "$(state state) $(state locked)" "empty false"
udevadm control --start-exec-queue
umount -q /mnt # unless systemd has done so
wait_for_udev
check "a disc after the forced eject" mmcgadgetctl insert disc2.iso
check "the host sees the disc after the forced eject" wait_for 8 has_label "$sr" DISC2

# ---- no events while nothing happens ----
# has_label reads the disc itself, so udev's event for the last disc may come up to 2 s later.
sleep 5
wait_for_udev
clear_events
sleep "${IDLE:-5}"
is "no event while nothing happens (${IDLE:-5} s)" "$(grep -c ^ACTION "$events")" 0
dmesg_clean "the kernel log is clean" swap
check "the daemon ends with 0" daemon_stop
finish
