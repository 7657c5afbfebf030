#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host disconnects during a burn; the card is small; an image is shortened; two daemons use one disc.
. ./lib.sh

make_iso BURN 16 "$work/burn.iso"
make_iso TOOBIG 32 "$work/toobig.iso"
small=$work/small
mkdir -p "$small"
truncate -s 32M "$work/small.img"
mke2fs -q -t ext4 "$work/small.img"
modprobe loop
mount -o loop "$work/small.img" "$small"
allow_media_folder "$small"
saved_blocks() { # IMAGE: prints how many recorded blocks its state file counts
	sed -n 's/^track 1 .* written \([0-9]*\) .*/\1/p' "$1.mmcdisc" | grep .
}
recorded() { state recorded_blocks; }

# ---- the host disconnects during a burn: all recorded blocks are synced then ----
# With this configuration nothing else causes a sync, except the first blocks of the burn.
config extra='behaviour: { sync_mb = 4096; sync_seconds = 0; };'
drive_up
usb=$(readlink -f "/sys/block/$sr/device")
while [ ! -e "$usb/authorized" ] || [ ! -e "$usb/idVendor" ]; do usb=${usb%/*}; done
# half_burn NAME: starts a burner that gets 8 MB and waits for the rest.
half_burn() {
	mmcgadgetctl blank "$1" >/dev/null
	check "$1: the host sees a blank" wait_for 10 blank_seen
	rm -f "$work/pipe"
	mkfifo "$work/pipe"
	{ head -c 8000000 "$work/burn.iso"; exec sleep 300; } >"$work/pipe" &
	feeder=$!
	growisofs -use-the-force-luke=bufsize:1m -Z "/dev/$sr=/dev/fd/0" <"$work/pipe" >"$work/growisofs.log" 2>&1 &
	burner=$!
	wait_for 60 sh -c "[ \"\$(mmcgadgetctl --json status | jq .drives[0].recorded_blocks)\" -ge 2000 ]" ||
		sed 's/^/# /' "$work/growisofs.log"
	wait_until_steady 30 recorded # the burner has nothing more to send
}
end_burner() {
	kill -9 "$burner" "$feeder" 2>/dev/null
	wait "$burner" "$feeder" 2>/dev/null
}
half_burn left.img
n=$(recorded)
check "host disconnects: $n blocks are recorded, not all of them are in the state file" \
	test "$n" -gt "$(saved_blocks "$media/left.img")"
echo 0 >"$usb/authorized"
flushed() { [ "$(saved_blocks "$media/left.img")" = "$(recorded)" ] && [ "$(recorded)" -ge "$n" ]; }
check "host disconnects: then all recorded blocks are in the state file" wait_for 20 flushed
check "host disconnects: the recorded blocks equal the image" cmp -n $((n * 2048)) "$work/burn.iso" "$media/left.img"
end_burner
echo 1 >"$usb/authorized"
check "the host connects again" wait_for 30 have_drives 1
sr=$(host_drives | head -n 1)

# ---- SIGTERM syncs them, too ----
half_burn term.img
n=$(recorded)
check "SIGTERM: not all blocks are in the state file" test "$n" -gt "$(saved_blocks "$media/term.img")"
check "SIGTERM: exit code 0" daemon_stop
check "SIGTERM: all blocks are in the state file" test "$(saved_blocks "$media/term.img")" -ge "$n"
end_burner
wait_for 10 have_drives 0

# ---- a card with little room: a blank can be limited to it ----
config drives="{ name = \"drive0\"; media = \"$small\"; }" \
	extra='behaviour: { sync_mb = 4096; sync_seconds = 1; blank_size = "fits"; };'
drive_up
text=$(mmcgadgetctl blank fits.img)
like "small card: the answer names the blank" "$text" 'blank DVD\+R, '
check "small card: the host sees a blank" wait_for 10 blank_seen
free=$(state free_blocks)
check "small card: $free blocks are free, not a whole DVD" test "$free" -gt 8300 -a "$free" -lt 16384
is "small card: no warning" "$(state warning)" ''
text=$(growisofs -Z "/dev/$sr=$work/toobig.iso" 2>&1)
rc=$?
check "small card: growisofs refuses what does not fit (exit code $rc)" test "$rc" -ne 0
like "small card: growisofs reports that" "$text" ':-\('
check "small card: nothing was written" test ! -s "$small/fits.img"
lines=30 check "small card: an image that fits is burned" growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso"
check "small card: the file equals the image" cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "$small/fits.img"
check "small card: the state file is gone" test ! -e "$small/fits.img.mmcdisc"

# ---- an image is shortened while it is in the drive ----
mmcgadgetctl eject --force >/dev/null
rm -f "$small"/*.img
make_iso SHRINK 8 "$small/shrink.iso"
cp "$small/shrink.iso" "$work/shrink.iso"
mmcgadgetctl insert shrink.iso >/dev/null
check "the host sees the ISO image" wait_for 10 has_label "$sr" SHRINK
truncate -s 4M "$small/shrink.iso"
echo 1 >/proc/sys/vm/drop_caches
check "cut to 4 MB: the remaining blocks are read" sh -c "dd if=/dev/$sr bs=2048 count=2048 iflag=direct status=none | cmp -n 4194304 - $work/shrink.iso"
check_not "cut to 4 MB: the missing blocks give an error" dd "if=/dev/$sr" of=/dev/null bs=2048 skip=2048 count=16 iflag=direct
check "the daemon is alive" daemon_alive
is "no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
like "the log names the file" "$(cat "$daemon_log")" 'reading .*/shrink.iso'

# ---- a second daemon inserts the same disc ----
mmcgadgetctl blank mine.img >/dev/null
cat >"$work/second.conf" <<C
udc = "none";
gadget: { name = "second"; };
control: { directory = "/run/second"; };
drives = ( { name = "drive0"; media = "$small"; } );
C
mmcgadgetd -c "$work/second.conf" >"$work/second.log" 2>&1 &
second=$!
ctl2() { mmcgadgetctl --socket /run/second/socket "$@"; }
check "a second daemon runs" wait_for 10 ctl2 status
text=$(ctl2 insert mine.img 2>&1)
like "one disc in two drives: the second insert is refused" "$text" 'in use by another program'
text=$(ctl2 close mine.img 2>&1)
like "one disc in two drives: the second daemon cannot close it" "$text" 'in use by another program'
check "both daemons may insert the same ISO image" ctl2 insert shrink.iso
kill -TERM "$second"
check "the second daemon ends with 0" wait "$second"

mmcgadgetctl eject --force >/dev/null
check "the daemon ends with 0" daemon_stop
umount "$small"
finish
