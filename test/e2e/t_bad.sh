#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: configuration, images, commands, a second daemon, a full card. Each gets a clear answer and
# changes nothing.
. ./lib.sh
without_service=1

udc_load
gadgets() { find /sys/kernel/config/usb_gadget -mindepth 1 -maxdepth 1 2>/dev/null; }

# test/daemon tests all refusals and their messages; here are a few of each kind, with the programs, users and
# devices of a whole system.

# ---- configuration ----
bad_config() { # NAME TEXT REGEX...
	local name=$1 text rc
	printf '%b' "$2" >"$work/bad.conf"
	shift 2
	text=$(timeout 10 mmcgadgetd -c "$work/bad.conf" 2>&1)
	rc=$?
	is "config, $name: exit code" "$rc" 2
	like "config, $name: the message" "$text" "$@"
	is "config, $name: nothing was built" "$(gadgets)$(ls $run/control 2>/dev/null)" ''
	mmcgadgetd -c "$work/bad.conf" --check-config >/dev/null 2>&1
	is "config, $name: --check-config agrees" $? 2
}
bad_config "unknown key of a drive" 'drives = (\n{ name = "a";\n wheels = 4; } );\n' 'bad.conf:3:.*wheels'
bad_config "syntax" 'udc = ;\n' 'bad.conf:1:'
text=$(mmcgadgetd -c /nowhere.conf 2>&1)
is "config, no such file: exit code" $? 2
like "config, no such file: the message" "$text" '/nowhere.conf'

# ---- images that must not be inserted ----
make_iso GOOD 1 "$media/good.iso"
mkdir -p "$media/sub" "$work/outside"
cp "$media/good.iso" "$media/sub/inner.iso"
cp "$media/good.iso" "$work/outside/secret.iso"
ln -sf sub/inner.iso "$media/link-inside.iso"
ln -sf "$work/outside" "$media/link-folder"
mknod "$media/device.iso" b 7 0
cp "$media/good.iso" "$media/unreadable.iso"
chmod 0 "$media/unreadable.iso"
head -c 5000 "$media/good.iso" >"$media/odd.iso"
: >"$media/empty.iso"
config
# Root may read every file; without these capabilities the daemon may not.
setpriv --bounding-set=-dac_override,-dac_read_search mmcgadgetd -c "$conf" >>"$daemon_log" 2>&1 &
daemon_pid=$!
check "the daemon starts" wait_for 20 ctl status
check "the host sees the drive" wait_for 30 have_drives 1
sr=$(host_drives | head -n 1)
dmesg_mark bad

refused() { # NAME ARGUMENTS... -- REGEX
	local name=$1 args=() text rc
	shift
	while [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	shift
	text=$(mmcgadgetctl "${args[@]}" 2>&1)
	rc=$?
	is "$name: exit code" "$rc" 1
	like "$name: the message" "$text" "$@"
	is "$name: nothing is loaded" "$(state loaded)" false
}
refused "missing image" insert nope.iso -- 'no image "nope.iso"'
refused "unreadable image" insert unreadable.iso -- 'unreadable.iso.*cannot be read'
refused "folder link that leads outside" insert link-folder/secret.iso -- 'outside'
refused "device" insert device.iso -- 'not a regular file'
refused "blank over data" blank good.iso -- 'never overwritten'
check "good.iso is unchanged" cmp "$media/good.iso" "$work/outside/secret.iso"
check "a link inside the folder is fine" mmcgadgetctl insert link-inside.iso
check "the host reads the disc" wait_for 8 has_label "$sr" GOOD
text=$(mmcgadgetctl insert odd.iso 2>&1)
is "odd-sized image: exit code" $? 0
like "odd-sized image: the message" "$text" 'not a multiple of 2048'
size_is() { [ "$(size_of "$sr")" = "$1" ]; }
disc_seen() { udev_has "$sr" ID_CDROM_MEDIA=1; }
check "odd-sized image: padded to whole blocks" wait_for 8 size_is 6144
check "odd-sized image: padded with zeros" cmp "/dev/$sr" <(
	cat "$media/odd.iso"
	head -c 1144 /dev/zero
)
is "odd-sized image: the file is unchanged" "$(stat -c %s "$media/odd.iso")" 5000
check "an empty image is inserted" mmcgadgetctl insert empty.iso
is "an empty image is a blank" "$(state state) $(state medium)" "blank dvd+r"
mmcgadgetctl eject >/dev/null

mmcgadgetctl fly >/dev/null 2>&1
is "mmcgadgetctl, unknown verb: exit code" $? 2
mmcgadgetctl insert >/dev/null 2>&1
is "mmcgadgetctl, missing name: exit code" $? 2
mmcgadgetctl --socket /nowhere status >/dev/null 2>&1
is "mmcgadgetctl, no daemon: exit code" $? 3

# ---- the FIFO ----
fifo() { # NAME REGEX, the line on stdin
	echo "mark" >"$run/control" # an unknown verb, so that the next answer differs from this one
	wait_for 4 grep -q '"mark"' "$run/status"
	timeout 5 dd of="$run/control" bs=64k status=none
	is "FIFO, $1: the line is accepted" $? 0
	check "FIFO, $1: the status file has the answer" wait_for 4 grep -Eq "$2" "$run/status"
	check "FIFO, $1: the daemon is alive" daemon_alive
	is "FIFO, $1: nothing is loaded" "$(state loaded)" false
}
{
	printf 'insert '
	head -c 10000 /dev/zero | tr '\0' a
	echo
} | fifo "a line of 10,000 bytes" 'too long|longer|4096'
{
	head -c 3000 /dev/urandom | tr '\n' '\001'
	echo
} | fifo "binary" 'nothing was done'
printf 'insert good.iso' | fifo "no end of line" 'newline'
# The answers are readable, whatever was sent.
check "the status file is plain text" sh -c "! LC_ALL=C grep -q '[^[:print:][:space:]]' $run/status"
# A client that sends garbage to the socket, and one that closes it at once.
head -c 20000 /dev/urandom >"$work/garbage"
cat >"$work/sock.c" <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	static char buf[1 << 16];
	strcpy(a.sun_path, argv[1]);
	for (int i = 0; i < 50; i++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(s, (void *)&a, sizeof(a)) < 0)
			return 1;
		if (i & 1) {
			size_t n = fread(buf, 1, 400, stdin);
			if (send(s, buf, n, MSG_NOSIGNAL) < 0)
				perror("send");
		}
		close(s);
	}
	return argc != 2;
}
END
gcc -o "$work/sock" "$work/sock.c"
check "garbage to the socket" "$work/sock" "$run/socket" <"$work/garbage"
check "the daemon is alive and answers" mmcgadgetctl status

# ---- a second daemon ----
text=$(timeout 10 mmcgadgetd -c "$conf" 2>&1)
rc=$?
like "a second daemon: the message" "$text" 'another mmcgadgetd'
check "a second daemon: exit code $rc" test "$rc" -ne 0 -a "$rc" -ne 124
check "a second daemon: the first one answers" mmcgadgetctl status
check "a second daemon: the host keeps its drive" test -e "/sys/block/$sr"
daemon_stop
wait_for 10 have_drives 0

# ---- the card gets full during a burn ----
small=$work/small
mkdir -p "$small"
truncate -s 64M "$work/small.img"
mke2fs -q -t ext4 -m 0 "$work/small.img"
modprobe loop
mount -o loop "$work/small.img" "$small"
make_iso TOOBIG 32 "$work/toobig.iso"
make_iso FITS 4 "$work/fits.iso"
# Another file fills the card, except for 16 MB.
room=$(($(stat -f -c '%a*%S' "$small")))
fallocate -l $((room - 16000000)) "$small/ballast"
config drives="{ name = \"drive0\"; media = \"$small\"; }" \
	extra='behaviour: { sync_mb = 1; sync_seconds = 1; };'
drive_up
text=$(mmcgadgetctl blank full.img 2>&1)
like "little room: blank warns" "$text" 'only [0-9.]+ MB are free'
wait_for 15 blank_seen
# growisofs reports the failed WRITE, closes the disc, and then exits with 0.
check "media folder full: growisofs ends" timeout 200 sh -c \
	"growisofs -Z '/dev/$sr=$work/toobig.iso' >'$work/full.log' 2>&1; exit 0"
like "media folder full: the host gets a write error" "$(cat "$work/full.log")" ':-\[.*(WRITE|SK=)'
check "media folder full: the daemon is alive" daemon_alive
is "media folder full: no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
recorded=$(($(state recorded_blocks) * 2048))
check "media folder full: a part of the image is recorded" test "$recorded" -gt 0 -a \
	"$recorded" -lt "$(stat -c %s "$work/toobig.iso")"
is "media folder full: the file ends where the recording does" "$(stat -c %s "$small/full.img")" "$recorded"
check "media folder full: what was recorded is the image" \
	cmp -n "$recorded" "$small/full.img" "$work/toobig.iso"
like "media folder full: the log says why" "$(cat "$daemon_log")" \
	'writing .*/full.img: No space left on device'
check "media folder full: the disc can be removed" mmcgadgetctl eject --force
rm -f "$small"/full.img*

# The same with a host that does not close the disc, and resumes the burn when there is room.
check "left at the error: a blank is inserted" mmcgadgetctl blank full.img
wait_for 15 blank_seen
lba=0
put() { # 48 blocks of the image at $lba
	sg_raw -s 98304 -k $((lba * 2048)) -i "$work/toobig.iso" "$sg" 2a 00 \
		00 "$(printf '%02x' $((lba >> 16 & 255)))" "$(printf '%02x' $((lba >> 8 & 255)))" \
		"$(printf '%02x' $((lba & 255)))" 00 00 30 00
}
while put >"$work/put.log" 2>&1; do
	lba=$((lba + 48))
done
like "left at the error: the host gets a write error (block $lba)" "$(cat "$work/put.log")" '[Mm]edium [Ee]rror|[Ww]rite error'
check "left at the error: the error comes after 481 to 8191 blocks" test "$lba" -gt 480 -a "$((lba * 2048))" -lt 16777216
recorded=$(($(state recorded_blocks) * 2048))
is "left at the error: the disc waits for the rest" "$(state state) $(state nwa)" "open $((recorded / 2048))"
check "left at the error: every block is recorded whose WRITE succeeded" test "$recorded" -ge $((lba * 2048))
check "left at the error: the disc can be removed" mmcgadgetctl eject --force
rm -f "$small/ballast"
check "after making room: the disc is inserted again" mmcgadgetctl insert full.img
is "after making room: the disc is as before" "$(state state) $(state nwa)" "open $((recorded / 2048))"
wait_for 15 disc_seen
# growisofs would ask a terminal before it overwrites the ISO header, although it wrote that itself.
lines=30 check "after making room: growisofs resumes the burn" growisofs -use-the-force-luke=tty -dvd-compat -Z "/dev/$sr=$work/toobig.iso"
like "after making room: growisofs says where it resumes" "$(cat "$work/check.log")" 'resuming track#1 from LBA#'
is "after making room: the disc is complete" "$(state state)" complete
check "after making room: the file equals the image" cmp -n "$(stat -c %s "$work/toobig.iso")" "$work/toobig.iso" "$small/full.img"
check "after making room: the disc can be removed" mmcgadgetctl eject --force
check "the next blank is inserted" mmcgadgetctl blank next.img
wait_for 15 blank_seen
lines=30 check "the next blank is burned" growisofs -dvd-compat -Z "/dev/$sr=$work/fits.iso"
check "the next blank equals the image" cmp -n "$(stat -c %s "$work/fits.iso")" "$work/fits.iso" "$small/next.img"
mmcgadgetctl eject --force >/dev/null
# Blocks of 1 KiB without extents: no file of 17.3 GB. This file system is mounted on a subfolder of the media folder:
# the limit is that of the folder in which the image is made.
truncate -s 4M "$work/limit.img"
mke2fs -q -t ext2 -b 1024 "$work/limit.img"
mkdir "$small/limit"
mount -o loop "$work/limit.img" "$small/limit"
refused "a file system without large files: no BD-R" blank limit/bd.iso type=bd-r -- 'at most 17.25 GB .*FAT32'
check "a file system without large files: nothing is left" test ! -e "$small/limit/bd.iso" -a \
	! -e "$small/limit/bd.iso.mmcdisc"
check "a file system without large files: a DVD fits" mmcgadgetctl blank limit/dvd.iso
mmcgadgetctl eject --force >/dev/null
dmesg_clean "the kernel log is clean" bad
check "the daemon ends with 0" daemon_stop
umount "$small/limit"
umount "$small"
finish
