#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 of the service: the gadget stays bound, the host's device stays the same, the disc stays in
# the drive, and the next daemon takes over. KILLS burns (default 5) are each hit at a random moment.
. ./lib.sh
KILLS=${KILLS:-5}

# Messages of the host that no kill may cause, whether it takes resets or not.
never='USB disconnect|new (full-speed|high-speed|SuperSpeed).* USB device|device offline'
never="$never|Buffer I/O error|WARNING:|BUG:|Oops|Call Trace|blocked for more than"
gadget=/sys/kernel/config/usb_gadget/mmcgadget

resets() { dmesg_since "mark $1" | grep -cE 'reset (full-speed|high-speed|SuperSpeed).* USB device'; }
# same_device NAME MARK: since the mark the host has kept its device; resets are allowed.
same_device() {
	is "$1: the host's device is the same" "$(devnum)" "$number"
	unlike "$1: the host saw it all the time" "$(dmesg_since "mark $2")" "$never"
	is "$1: the gadget is bound" "$(cat "$gadget/UDC")" "$udc"
}
# resets_at_most NAME MARK NUMBER: since the mark the host has made at most NUMBER resets.
resets_at_most() {
	local n
	n=$(resets "$2")
	check "$1: $n resets, at most $3" test "$n" -le "$3"
}
# Prints the number of take-overs since the job began.
taken_over() {
	journalctl -u mmcgadgetd --no-pager --since "@$began" | grep -c 'took over the gadget'
}
began=$(date +%s)
# For a burner that hangs: prints the stacks of the daemon and of the kernel's workers.
show_blocked() {
	local t
	for t in /proc/[0-9]*/task/[0-9]*; do
		case $(cat "$t/comm" 2>/dev/null) in
		mmcgadgetd | usb-* | kworker/*+* | growisofs | scsi_eh* | kworker/u*)
			echo "${t#/proc/} $(cat "$t/comm") $(awk '/^State/ { print $2 }' "$t/status" 2>/dev/null)"
			cat "$t/stack"
			;;
		esac
	done 2>/dev/null | sed 's/^/#   /'
	echo w >/proc/sysrq-trigger
	dmesg | tail -n 80 | sed 's/^/#   /'
}
pause() { # random, up to $1 ms
	sleep "$(awk -v r=$RANDOM -v n="$1" 'BEGIN { printf "%.3f", r / 32768 * n / 1000 }')"
}

udc_load
udc=$(ls /sys/class/udc)
make_iso FIRST 48 "$media/first.iso"
make_iso BURN 24 "$work/burn.iso"
systemctl daemon-reload
check "the unit starts" timeout 60 systemctl start mmcgadgetd || finish
check "the host sees the drive" wait_for 30 have_drives 1 || finish
read -r sr < <(host_drives)
check "a disc is inserted" ctl insert first.iso
check "the host sees the disc" wait_for 30 has_label "$sr" FIRST
wait_for_udev
number=$(devnum)
is "eight drives would fit into the store" "$(systemctl show -P FileDescriptorStoreMax mmcgadgetd)" 32
is "four files are in the store" "$(systemctl show -P NFileDescriptorStore mmcgadgetd)" 4

# ---- no command under way ----
idle_kills=$((KILLS > 2 ? 3 : 2))
for i in $(seq $idle_kills); do
	dmesg_mark "idle$i"
	silence_host
	kill_daemon "idle $i"
	poll_again
	is "idle $i: the disc is in the drive" "$(state image)" first.iso
	sleep 3 # time for a poll by the kernel, which would reset a drive that does not answer
	is "idle $i: no reset" "$(resets "idle$i")" 0
	same_device "idle $i" "idle$i"
done
blockdev --flushbufs "/dev/$sr"
check "idle: the disc reads back" cmp "$media/first.iso" "/dev/$sr"
is "idle: no reset while it is read" "$(resets idle$idle_kills)" 0
is "idle: each was a take-over" "$(taken_over)" $idle_kills
is "idle: four files are in the store" "$(systemctl show -P NFileDescriptorStore mmcgadgetd)" 4

# ---- during a read ----
# The host resets the drive when the command that was in flight gets no answer, and sees that as 6/29/00. Without
# "direct" this may come to a READ that Linux sent ahead of dd, and to such a READ Linux gives no second try.
dmesg_mark read
dd if="/dev/$sr" iflag=direct of="$work/read.out" bs=64k status=none 2>"$work/dd.log" &
dd=$!
kills=0
# Between two kills a command must succeed: Linux gives up a READ that has failed a few times in a row.
went_on() { [ "$(stat -c %s "$work/read.out")" -gt "$size" ] || ! kill -0 "$dd"; } 2>/dev/null
while kill -0 "$dd" 2>/dev/null && [ "$kills" -lt "$KILLS" ]; do
	size=$(stat -c %s "$work/read.out" || echo 0) 2>/dev/null
	wait_for 30 went_on
	pause 300
	kill -0 "$dd" 2>/dev/null || break
	kills=$((kills + 1))
	kill_daemon "reading, kill $kills"
done
check "reading: the daemon was killed during it ($kills times)" test "$kills" -ge 1
check "reading: dd ends well" wait "$dd" || cat "$work/dd.log"
check "reading: what it read is right" cmp "$media/first.iso" "$work/read.out"
resets_at_most "reading" read "$kills"
same_device "reading" read
rm -f "$work/read.out"

# ---- a mounted disc ----
dmesg_mark mount
mkdir -p "$work/mnt"
check "mounted: mount succeeds" mount -o ro "/dev/$sr" "$work/mnt"
is "mounted: the drive is locked" "$(state locked)" true
silence_host
kill_daemon "mounted"
poll_again
is "mounted: the drive is still locked after the kill" "$(state locked)" true
echo 3 >/proc/sys/vm/drop_caches
check "mounted: the host can read the file" cmp "$work/mnt/DATA.BIN" <(
	awk -v l=FIRST -v n="$((48 * 1024))" 'BEGIN {
		pad = sprintf("%1000s", "")
		for (i = 0; i < n; i++)
			printf "%-16s%08d%s", l, i, substr(pad, 1, 1000)
	}'
)
resets_at_most "mounted" mount 0
same_device "mounted" mount
check "mounted: umount succeeds" umount "$work/mnt"

# ---- during burns ----
is_over() { ! kill -0 "$1"; }
burning() { [ "$(state blocks_written)" -gt "$before" ]; }
daemon_log_text() { journalctl -u mmcgadgetd --no-pager -o cat; }
in_log() { daemon_log_text | grep -qF "$1"; }
# lost IMAGE: counts the lines of standard input that say blocks of this image are lost.
lost() { grep -c "$1: .* are lost"; }
# The count below is to be 0, so this shows that the daemon's message, as it is in the program, would count.
message=$(grep -aoE '%s: %[a-z]+ blocks written after[^;]*' "$(command -v mmcgadgetd)" | head -n 1)
is "the daemon's message of lost blocks would be found" \
	"$(sed 's/%s/burn1.img/; s/%[a-z]*/7/' <<<"$message" | lost burn1.img)" 1
for i in $(seq "$KILLS"); do
	name="burn $i"
	check "$name: a blank is inserted" ctl blank "burn$i.img" || continue
	check "$name: the host sees the blank" wait_for 15 blank_seen
	before=$(state blocks_written)
	dmesg_mark "burn$i"
	growisofs -Z "/dev/$sr=$work/burn.iso" >"$work/burn.log" 2>&1 &
	burner=$!
	check "$name: the burn is under way" wait_for 30 burning
	pause 1500
	kill_daemon "$name"
	began=$SECONDS
	wait_for 20 is_over "$burner" || show_blocked
	wait_for 60 is_over "$burner" || kill "$burner"
	rc=0
	wait "$burner" || rc=$?
	size=$(stat -c %s "$media/burn$i.img")
	# The burner pads the image to a multiple of 16 blocks.
	whole=$(stat -c %s "$work/burn.iso")
	echo "# $name: $size bytes were written; growisofs ended with $rc, $((SECONDS - began)) s later"
	check "$name: no waiting for a time-out" test $((SECONDS - began)) -lt 20
	check "$name: the image file begins with the burned image" \
		cmp -n $((size < whole ? size : whole)) "$work/burn.iso" "$media/burn$i.img"
	is "$name: the same disc is in the drive" "$(state image)" "burn$i.img"
	echo "# $name: the disc is $(state state), next writable address $(state nwa)"
	# That message comes after those of the disc's opening, so what is counted next is complete.
	check "$name: the log has the disc" wait_for 5 in_log "burn$i.img is in the drive as before"
	is "$name: no block is given up" "$(daemon_log_text | lost "burn$i.img")" 0
	resets_at_most "$name" "burn$i" 1
	same_device "$name" "burn$i"
done
wait_for_udev

# ---- a restart is a clean stop and a start ----
check "systemctl restart succeeds" timeout 60 systemctl restart mmcgadgetd
check "restart: the host sees a drive" wait_for 30 have_drives 1
is "restart: the last disc is in the drive" "$(state image)" "burn$KILLS.img"

# ---- the next daemon has another configuration (t_functions changes it in two other ways) ----
reconfigured() {
	local before config_file
	check "reconfigured: a disc is inserted" ctl insert first.iso
	wait_for 30 has_label "$sr" FIRST
	before=$(taken_over)
	config_file=/etc/mmcgadget/mmcgadget.conf
	cp "$config_file" "$work/saved.conf"
	echo 'gadget: { product = "Another"; };' >"$config_file"
	kill_daemon "reconfigured"
	is "reconfigured: the gadget is not taken over but made again" "$(taken_over)" "$before"
	check "reconfigured: the log says why" wait_for 5 sh -c 'journalctl -u mmcgadgetd --no-pager | grep -q "cannot be taken over"'
	# The device is looked up at each try: the new one connects a second after the old one disconnected.
	# Otherwise the host would find the port connected and continue with the old device (src/usb/usb.c).
	product_is() { grep -qsx "$1" /sys/bus/usb/devices/*/product; }
	any_drive_has() { has_label "$(host_drives | head -n 1)" "$1"; }
	check "reconfigured: the host sees the new device" wait_for 30 product_is Another
	check "reconfigured: the host sees the same disc" wait_for 30 any_drive_has FIRST
	cp "$work/saved.conf" "$config_file"
	check "reconfigured: systemctl restart succeeds" timeout 60 systemctl restart mmcgadgetd
	wait_for 30 have_drives 1
	wait_for_udev
	sr=$(host_drives | head -n 1)
}
[ "$KILLS" -le 2 ] || reconfigured

# ---- the service is stopped after a take-over ----
check "a disc is inserted again" ctl insert first.iso
pid=$(main_pid)
kill_daemon "last"
is "last: the disc is in the drive" "$(state image)" first.iso
check "systemctl stop succeeds" timeout 60 systemctl stop mmcgadgetd
is "stop: the service ended without an error" "$(systemctl show -P Result mmcgadgetd)" success
is "stop: the store is empty" "$(systemctl show -P NFileDescriptorStore mmcgadgetd)" 0
nothing_left() {
	[ ! -e "$gadget" ] && ! grep -q ' functionfs ' /proc/mounts && [ ! -e "$run" ]
}
what_is_left() { ls -A "$gadget" "$run" && grep functionfs /proc/mounts; }
check "stop: nothing is left" nothing_left || what_is_left
check "stop: the host's drive is gone" wait_for 10 have_drives 0
echo "# what the daemons said:"
journalctl -u mmcgadgetd --no-pager -o cat | grep -E 'took over|cannot|resumed|as before|lost|gone|configured|warn|error' |
	sort | uniq -c | sed 's/^/# /'
finish
