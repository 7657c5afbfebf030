#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service as it is shipped: its user and capabilities, which files it can reach, when it is ready,
# that the watchdog restarts it, and that nothing is left after its end.
# shellcheck disable=SC2154 # media, work, override are lib.sh's
. ./lib.sh

unit=mmcgadgetd
show() { systemctl show -P "$1" $unit; }
pid() { show MainPID; }
g=/sys/kernel/config/usb_gadget

# alice is a member of the group; bob is not.
useradd -m -G mmcgadget,cdrom alice
useradd -m -G cdrom bob
as() { # USER COMMAND...
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" "$@"
}

# ---- no USB device controller: the service runs, and says what it waits for ----
modprobe libcomposite
systemctl daemon-reload
check "no controller: a start is no error" timeout 60 systemctl start $unit
is "no controller: it runs" "$(show ActiveState)" active
like "no controller: the status line says so" "$(show StatusText)" 'no USB device controller in /sys/class/udc'
like "no controller: the journal says so" "$(journalctl -u $unit --no-pager -o cat)" 'no USB device controller in /sys/class/udc'
like "no controller: status says so" "$(mmcgadgetctl status)" '^  problem +no USB device controller'
like "no controller: doctor says so" "$(mmcgadgetctl doctor)" '^bad +controller'
check "no controller: a disc can be inserted" mmcgadgetctl blank early.iso
udc_load
modprobe dummy_hcd 2>/dev/null
check "a controller appears: the host sees the drive" wait_for 30 have_drives 1
like "a controller appears: the status line" "$(show StatusText)" 'ready on controller dummy_udc'
check "the disc is removed again" mmcgadgetctl eject --force
check "systemctl stop" timeout 60 systemctl stop $unit
wait_for 10 have_drives 0
rm "$media/early.iso"

# ---- a controller that another gadget has ----
mkdir -p $g/other/configs/c.1 $g/other/strings/0x409 $g/other/functions/acm.x
ln -s $g/other/functions/acm.x $g/other/configs/c.1/
ls /sys/class/udc >$g/other/UDC
check "controller taken: systemctl start returns" timeout 60 systemctl start $unit
check "controller taken: the status line names the other gadget" wait_for 20 eval \
	'systemctl show -P StatusText mmcgadgetd | grep -q "taken by gadget \"other\""'
is "controller taken: it runs" "$(show ActiveState)" active
like "controller taken: status says so" "$(mmcgadgetctl status)" '^  problem .* is taken by gadget "other"'
echo >$g/other/UDC
check "controller free: the status line says ready" wait_for 20 eval \
	'systemctl show -P StatusText mmcgadgetd | grep -q "ready on controller dummy_udc"'
check "the other gadget is unchanged" test -e $g/other/configs/c.1/acm.x
rm $g/other/configs/c.1/acm.x
rmdir $g/other/configs/c.1 $g/other/functions/acm.x $g/other/strings/0x409 $g/other
check "the host sees the drive" wait_for 30 have_drives 1 || finish
sr=$(host_drives)

# ---- its user and its capabilities ----
threads() { # FIELD: prints the values in /proc of all threads of the service, guard process included
	local t
	for t in $(cat /sys/fs/cgroup/system.slice/$unit.service/cgroup.procs); do
		sed -n "s/^$1:[[:space:]]*//p" /proc/"$t"/task/*/status
	done | sort -u
}
uid=$(id -u mmcgadget)
is "every thread is the user mmcgadget" "$(threads Uid)" "$uid	$uid	$uid	$uid"
is "no thread has a capability" "$(threads CapPrm)$(threads CapEff)$(threads CapInh)$(threads CapBnd)$(threads CapAmb)" \
	"$(printf '0%.0s' $(seq 80))"
is "no thread can gain a capability" "$(threads NoNewPrivs)" 1
is "system calls are filtered" "$(threads Seccomp)" 2
score=$(systemd-analyze security --no-pager $unit | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
echo "# systemd-analyze security: $score"
# No worse than it has been.
check "systemd-analyze security: $score, at most 0.8" awk -v s="$score" 'BEGIN { exit !(s != "" && s <= 0.8) }'
readarray -t writable < <(nsenter -t "$(pid)" -m findmnt -rno TARGET -O rw |
	grep -vE '^/(proc|dev|sys/fs/cgroup|tmp|var/tmp)(/|$)')
is "the file systems that it may write to" "$(printf '%s\n' "${writable[@]}" | grep -vE '^/run(/lock)?$' | sort -u | paste -sd' ')" \
	"/run/mmcgadget /run/mmcgadget-usb /run/mmcgadget-usb/mmcgadget/drive0 /sys/kernel/config /var/lib/mmcgadget"
check "it cannot write to /run" test "$(nsenter -t "$(pid)" -m stat -c %U:%a /run)" = root:755

# ---- who may use it, and which images can be reached ----
make_iso SECRET 4 /home/bob/secret.iso
chmod 755 /home/bob
make_iso ELSEWHERE 4 /srv/elsewhere.iso
make_iso INSIDE 4 "$media/inside.iso"
check "a member of the group: status" as alice mmcgadgetctl status
check_not "a user outside of the group: status is refused" as bob mmcgadgetctl status
like "a user outside of the group: the message names the socket" "$(as bob mmcgadgetctl status 2>&1)" 'socket'
refused() { # NAME WORD
	like "$1" "$(as alice mmcgadgetctl insert "$2" 2>&1)" 'outside|no image|symbolic links'
	is "$1: nothing is in the drive" "$(state image)" ''
}
answered() { # ANSWER COMMAND: the status file has that answer, to that command
	grep -qx "$1" "$run/status" && grep -qxF "command: $2" "$run/status"
}
for f in /home/bob/secret.iso /srv/elsewhere.iso; do
	refused "$f by its name" "$f"
	refused "$f by dots" "../../..$f"
	as alice ln -s "$f" "$media/link.iso"
	refused "$f by a link" link.iso
	rm "$media/link.iso"
	as alice ln -s "${f%/*}" "$media/folder"
	refused "$f by a link to its folder" "folder/${f##*/}"
	rm "$media/folder"
	echo "insert $f" >"$run/control"
	check "$f by the FIFO" wait_for 5 answered "error: .*" "insert $f"
	is "$f by the FIFO: nothing is in the drive" "$(state image)" ''
done
for f in /proc/self/mem /proc/1/environ /etc/shadow /dev/vda; do
	refused "$f" "../../..$f"
done
as alice ln -s inside.iso "$media/inner.iso"
check "a link inside of the folder is followed" as alice mmcgadgetctl insert inner.iso
check "the disc is removed" as alice mmcgadgetctl eject --force
rm "$media/inner.iso"
check_not "the service does not see home folders" nsenter -t "$(pid)" -m test -e /home/bob/secret.iso
check_not "the service does not see disks" nsenter -t "$(pid)" -m test -e /dev/vda

# ---- a blank that a member of the group has made ----
make_iso BURN 8 "$work/burn.iso"
chmod 644 "$work/burn.iso"
chmod 755 "$work"
as alice touch "$media/touched.iso"
check "a blank made by touch is inserted" as alice mmcgadgetctl insert touched.iso
check "the host sees the blank" wait_for 15 blank_seen
lines=30 check "a user of the PC burns it" as bob growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso"
check "the file equals the image" cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "$media/touched.iso"
is "the file belongs to the group" "$(stat -c '%G' "$media/touched.iso")" mmcgadget
check "a member of the group may remove it" as alice rm "$media/touched.iso"
check "a disc is inserted" as alice mmcgadgetctl insert inside.iso
check "the host sees the disc" wait_for 15 has_label "$sr" INSIDE

# ---- a stick that is mounted on the media folder while the service runs, as docs/discs.md says ----
# in_document REGEX: the lines of the document that a user types, or adds to /etc/fstab.
in_document() { grep -E "^ +$1" /src/docs/discs.md | sed -E 's/^ +(sudo )?//'; }
cp /etc/fstab "$work/fstab"
stick() { # FILE-SYSTEM LINE
	local loop line
	truncate -s 60M "$work/$1.img"
	case $1 in
	vfat) mkfs.vfat -i 0123ABCD "$work/$1.img" ;;
	ext4) mkfs.ext4 -q -U 0a1b2c3d-0000-0000-0000-000000000000 "$work/$1.img" ;;
	esac >/dev/null 2>&1
	loop=$(losetup -f --show "$work/$1.img")
	echo "$2" >>/etc/fstab
	systemctl daemon-reload
	check "the disc is removed" as alice mmcgadgetctl eject --force
	check "$1: $2" mount "$media"
	if [ "$1" = ext4 ]; then
		while read -r line; do
			# shellcheck disable=SC2086 # words
			check "$1: $line" $line
		done < <(in_document 'sudo (chgrp|chmod) .*/var/lib/mmcgadget$')
	fi
	make_iso STICK 4 "$media/stick.iso"
	is "$1: a list shows the stick" "$(as alice mmcgadgetctl --json list | jq -r '.images[].name' | paste -sd' ')" stick.iso
	check "$1: a disc of the stick is inserted" as alice mmcgadgetctl insert stick.iso
	check "$1: the host sees the disc" wait_for 15 has_label "$sr" STICK
	check "$1: a blank is made on the stick" as alice mmcgadgetctl blank where.iso
	check "$1: it is there" test -e "$media/where.iso"
	if [ -n "${FULL:-}" ]; then
		check "$1: the host sees the blank" wait_for 15 blank_seen
		lines=30 check "$1: a user of the PC burns it" as bob growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso"
		check "$1: the file equals the image" cmp -n "$(stat -c %s "$work/burn.iso")" "$work/burn.iso" "$media/where.iso"
	fi
	check "$1: the blank is removed" as alice mmcgadgetctl eject --force
	check "$1: nothing keeps the stick mounted" wait_for 5 umount "$media"
	check_not "$1: nothing was written beneath it" test -e "$media/where.iso"
	losetup -d "$loop"
	cp "$work/fstab" /etc/fstab
	systemctl daemon-reload
}
stick vfat "$(in_document 'UUID=[^ ]* /var/lib/mmcgadget exfat ' | sed 's/ exfat / vfat /')"
[ -z "${FULL:-}" ] || stick ext4 "$(in_document 'UUID=[^ ]* /var/lib/mmcgadget ext4 ')"
check "a disc is inserted" as alice mmcgadgetctl insert inside.iso
check "the host sees the disc" wait_for 15 has_label "$sr" INSIDE

# ---- the sandbox refuses no system call that the daemon makes ----
make_iso OWN 4 "$media/own.iso"
chown mmcgadget: "$media/own.iso"
# strace writes a file for each thread: in one common file it splits a line when another thread's line
# comes between, and an expected refusal would lose the name of its system call.
mkdir "$work/strace"
strace -ff -qq -o "$work/strace/thread" -p "$(pid)" &
tracer=$!
traced() { cat "$work/strace"/*; }
wait_for 10 eval 'traced | grep -q .'
check "an image of its own is inserted" as alice mmcgadgetctl insert own.iso
check "the host sees the disc" wait_for 30 has_label "$sr" OWN
blockdev --flushbufs "/dev/$sr"
check "the host reads the disc" cmp "$media/own.iso" "/dev/$sr"
as alice mmcgadgetctl list >/dev/null
check "a blank is inserted" as alice mmcgadgetctl blank traced.iso
check "the host sees the blank" wait_for 30 blank_seen
lines=30 check "a user of the PC burns it" as bob growisofs -dvd-compat -Z "/dev/$sr=$work/burn.iso"
kill "$tracer"
wait "$tracer" 2>/dev/null
calls=$(traced | wc -l)
check "$calls system calls were seen" test "$calls" -gt 1000
# Expected: RestrictNamespaces= refuses clone3(), and the C library uses clone(); Linux 6.1 has no
# cachestat(), 451; libsystemd first asks for a larger buffer than it may have.
new='clone3|SO_SNDBUFFORCE'
[ "$SUITE" = trixie ] || new="$new|cachestat|0x1c3"
is "the sandbox refused no system call" \
	"$(traced | grep -E '= -1 E(PERM|NOSYS)' | grep -vE "$new" | sort | uniq -c | head)" ''
check "a disc is inserted" as alice mmcgadgetctl insert inside.iso
check "the host sees the disc" wait_for 15 has_label "$sr" INSIDE

# ---- the watchdog ----
is "the watchdog has a minute" "$(show WatchdogUSec)" 1min
service_override WatchdogSec=8
check "with a watchdog of 8 s: systemctl restart succeeds" timeout 60 systemctl restart $unit
wait_for 30 have_drives 1
sr=$(host_drives)
mmcgadgetctl insert inside.iso >/dev/null
check "with a watchdog of 8 s: the host sees the disc" wait_for 15 has_label "$sr" INSIDE
sleep 10 # longer than WatchdogSec
main=$(pid)
is "a daemon that works is not restarted" "$(show NRestarts)" 0
# Besides the main thread only the USB thread waits in epoll; the ep0 thread polls.
for t in /proc/"$main"/task/*; do
	[ "${t##*/}" != "$main" ] && grep -q epoll "$t/wchan" && usb=${t##*/}
done
strace -qq -o /dev/null -p "$usb" -e trace=epoll_wait,epoll_pwait \
	-e inject=epoll_wait,epoll_pwait:delay_enter=600000000 &
tracer=$!
new_daemon() { [ "$(pid)" != "$main" ] && [ "$(pid)" != 0 ] && [ "$(systemctl is-active $unit)" = active ]; }
journal() { journalctl -u $unit --no-pager -o cat; }
bites() { journal | grep -q 'Watchdog timeout'; }
check "the USB thread hangs: the watchdog ends the service" wait_for 60 bites
# A traced process does not die while its tracer lives.
kill -9 "$tracer"
wait "$tracer" 2>/dev/null
check "the USB thread hangs: the service is started again" wait_for 30 new_daemon
like "the USB thread hangs: the log names the thread" "$(journal)" 'drive0: its USB thread has not answered'
like "the USB thread hangs: the next daemon took over" "$(journal | tail -n 20)" 'took over the gadget'
is "the USB thread hangs: the disc is in the drive" "$(state image)" inside.iso
check "the USB thread hangs: the host reads the disc" wait_for 30 cmp "$media/inside.iso" "/dev/$sr"
service_plain

# ---- a sandbox that is too tight ----
service_override ReadWritePaths= 'ReadWritePaths=-/var/lib/mmcgadget -/run/mmcgadget-usb'
check "configfs is read-only: systemctl restart returns" timeout 60 systemctl restart $unit
tells() { show StatusText | grep -q "$1"; }
check "configfs is read-only: the status line says so" \
	wait_for 20 tells 'cannot bind the gadget to a USB device controller: Read-only file system'
service_plain
check "configfs is writable again: systemctl restart returns" timeout 60 systemctl restart $unit
check "configfs is writable again: the host reads the disc" wait_for 30 cmp "$media/inside.iso" "/dev/$sr"

# ---- two daemons ----
text=$(timeout 10 mmcgadgetd 2>&1)
like "a second daemon is refused" "$text" 'another mmcgadgetd'
check "a second daemon: the host still reads the disc" cmp "$media/inside.iso" "/dev/$sr"
check_not "--set-up fails while the daemon runs" mmcgadgetd --set-up mmcgadget
mmcgadgetd --take-down
check "--take-down does nothing while the daemon runs" cmp "$media/inside.iso" "/dev/$sr"
as alice timeout 60 mmcgadgetd >/dev/null 2>&1
rc=$? # 124: it ran
check_not "an ordinary user cannot start a daemon" test "$rc" = 0 -o "$rc" = 124 -o "$rc" = 127

# ---- the end ----
check "systemctl stop succeeds" timeout 60 systemctl stop $unit
is "stop: the service ended without an error" "$(show Result)" success
nothing_left() {
	[ -z "$(ls -A $g)" ] && ! grep -q ' functionfs ' /proc/mounts && [ ! -e "$run" ] && [ ! -e /run/mmcgadget-usb ]
}
what_is_left() { ls -lA $g "$run" /run/mmcgadget-usb; grep functionfs /proc/mounts; }
check "stop: nothing is left" nothing_left || what_is_left
mkdir -p /srv/plain
printf 'drives = ( { name = "burner"; media = "/srv/plain"; } );\n' >"$work/plain.conf"
text=$(mmcgadgetd --check-config -c "$work/plain.conf" 2>&1)
like "--check-config warns of a folder that the service cannot write" "$text" \
	'^warning: drive "burner": the user mmcgadget cannot write to /srv/plain' \
	'^warning: drive "burner": the service may not write to /srv/plain; run sudo systemctl edit' 'plain.conf: good$'
chgrp mmcgadget /srv/plain && chmod 2775 /srv/plain
service_override ReadWritePaths=/srv/plain
mkdir -p /etc/systemd/system/$unit.service.d
cp "$override" /etc/systemd/system/$unit.service.d/discs.conf
is "--check-config is content with a folder that it can write" "$(mmcgadgetd --check-config -c "$work/plain.conf" 2>&1)" \
	"$work/plain.conf: good"
rm -r /etc/systemd/system/$unit.service.d
service_plain
cp /etc/mmcgadget/mmcgadget.conf "$work/saved.conf"
printf 'colour = "red";\n' >/etc/mmcgadget/mmcgadget.conf
check_not "a bad configuration: it does not start" timeout 60 systemctl start $unit
sleep 2 # longer than systemd waits before it starts a service again
is "a bad configuration: the service is started only once" "$(show NRestarts) $(show ActiveState)" "0 failed"
is "a bad configuration: logged once" "$(journal | grep -c 'unknown key "colour"')" 1
check "a bad configuration: nothing is left" nothing_left || what_is_left
cp "$work/saved.conf" /etc/mmcgadget/mmcgadget.conf
systemctl reset-failed $unit
finish
