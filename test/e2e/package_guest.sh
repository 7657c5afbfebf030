#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of package.sh, at each of its two boots: a board's administrator (root), two
# of its users, and a user of the PC at the other end of the cable, which is the same machine.
set -u
here=/out
# shellcheck source=test/deb/lib.sh
. "$here/lib.sh"
run=/run/mmcgadget
gadgets=/sys/kernel/config/usb_gadget

daemon_user=mmcgadget # the user that the daemon runs as

# udev makes the link. Without it the results would go to a new file of that name, or nowhere.
until [ -c /dev/virtio-ports/job ] || [ "$SECONDS" -ge 120 ]; do sleep 0.2; done
exec >/dev/virtio-ports/job 2>&1 </dev/null
cd / || exit 1
dmesg -n 1
deb=$here/$(cat "$here/deb")
boot=$(($(cat "$here/boots" 2>/dev/null || echo 0) + 1))
echo "$boot" >"$here/boots"

# within SECONDS COMMAND...: repeats the command until it succeeds; prints its last output; fails when it
# has not succeeded within the time.
within() {
	local end=$((SECONDS + 4 * $1 + 1)) said rc # for a slow machine, see wait_for.sh
	shift
	while :; do
		said=$("$@" 2>&1)
		rc=$?
		[ $rc != 0 ] && [ "$SECONDS" -lt "$end" ] || break
		sleep 0.2
	done
	echo "$said"
	return $rc
}
show() { sed "s/^/#   /"; }
stage() { echo "# $boot: $* ($(cut -d. -f1 /proc/uptime) s after power on)"; }
as() { # USER COMMAND...
	runuser -u "$1" -- "${@:2}"
}
end() {
	stage end
	dmesg >"$here/dmesg.$boot"
	check 'the kernel had no complaint' no grep -hE \
		'WARNING:|BUG:|Oops|Call Trace|disagree continuously|blocked for more than' "$here"/dmesg.*
	touch "$here/end"
	sync
	systemctl poweroff
	exit
}
give_up() {
	journalctl -u mmcgadgetd --no-pager -n 40 | show
	systemctl --failed --no-pager | show
	end
}

# ---- the board ----
drive() { mmcgadgetctl --json status | jq -r ".drives[0].$1"; }
drive_is() { is "$(drive "$1")" "$2"; }
active() { is "$(systemctl is-active "$unit")" active; }
target_reached() { is "$(systemctl is-active usb-gadget.target)" active; }
main_pid() { systemctl show -P MainPID "$unit"; }
ready() { active && mmcgadgetctl status; }
# refused COMMAND...: true if the command fails for a user who is not in the group, with "permission denied".
refused() {
	local text
	text=$(as stranger "$@" 2>&1) && return 1
	echo "$text"
	grep -qi 'permission denied' <<<"$text"
}
# confined USER: every thread of the daemon is the user's, cannot gain privileges by a program and has a
# filter of system calls and no capability.
confined() {
	local id status user
	id=$(id -u "$1") || return 1
	# A thread may end meanwhile.
	status=$(cat "/proc/$(main_pid)/task"/*/status 2>/dev/null)
	grep -q '^Uid:' <<<"$status" || return 1
	user=$(systemctl show -P User "$unit")
	echo "$status"
	is "${user:-root}" "$1" || return 1
	! grep -P '^Uid:' <<<"$status" | grep -vP "^Uid:(\t$id){4}$" || return 1
	! grep -E '^(NoNewPrivs|Seccomp):' <<<"$status" | grep -vP '^(NoNewPrivs:\t1|Seccomp:\t2)$' || return 1
	! grep -P '^Cap(Prm|Eff|Amb):' <<<"$status" | grep -P ':.*[1-9a-f]'
}

# ---- the PC ----
host_sees_drive() { grep -qs MMCGADGT /sys/block/sr0/device/vendor && udevadm settle; }
no_drive() { no test -e /sys/block/sr0; }
has_label() { is "$(as pcuser blkid -p -o value -s LABEL /dev/sr0)" "$1"; }
sees_blank() { udevadm info /dev/sr0 | grep -q ID_CDROM_MEDIA_STATE=blank; }
reads() { # IMAGE
	as pcuser dd if=/dev/sr0 bs=2048 count=$(($(stat -c %s "$1") / 2048)) status=none | cmp - "$1"
}
number() { cat "$(readlink -f /sys/block/sr0/device/../../../..)/devnum"; }
disturbed() { # LINE: after that line of the kernel log the host has lost a device or met an error
	dmesg | tail -n "+$(($1 + 1))" | grep -E 'USB disconnect|new .* USB device|device offline|I/O error'
}
# burn NAME COMMAND...: a user of the board inserts a blank, a user of the PC burns it by COMMAND.
burn() {
	local name=$1
	shift
	check "$name: a blank is inserted" as boarduser mmcgadgetctl blank "$name.iso"
	check "$name: the PC sees the blank" within 15 sees_blank
	check "$name: the burn succeeds" as pcuser "$@"
	udevadm settle
	check "$name: the PC sees the new disc" within 15 has_label BURN
	check "$name: the PC reads the burned image back" reads $here/burn.iso
	check "$name: the image file begins with the burned image" cmp -n "$(stat -c %s $here/burn.iso)" $here/burn.iso "$media/$name.iso"
}

# ---- the page ----
# answers STATUS METHOD PATH BODY: prints the status line of the page's answer to this request; true if it is STATUS.
answers() {
	local line
	exec 9<>/dev/tcp/127.0.0.1/8080 || return 1
	printf '%s /api/v1/%s HTTP/1.1\r\nHost: localhost\r\nX-Mmcgadget: 1\r\nContent-Type: application/json\r\n%s\r\n\r\n%s' \
		"$2" "$3" "Content-Length: ${#4}" "$4" >&9
	read -r -t 60 line <&9
	exec 9>&-
	echo "$line"
	[[ $line == "HTTP/1.1 $1 "* ]]
}
nobody_listens() { no grep -E ' [0-9A-F]+:1F90 .* 0A ' /proc/net/tcp /proc/net/tcp6; } # port 8080
the_page() {
	stage 'the page'
	check 'apt install ./mmcgadget-web_*.deb' quiet apt install $here/next-web.deb
	check 'page: nobody listens' nobody_listens
	check 'page: a password is set' sh -c 'echo "correct horse" | mmcgadgetctl web password'
	check 'page: the daemon makes a socket for it' systemctl restart mmcgadgetd
	check 'page: systemctl enable --now mmcgadget-web.socket' systemctl enable --now mmcgadget-web.socket
	check 'page: mmcgadgetctl web' is "$(mmcgadgetctl web | head -n 1)" 'the web page is on'
	check 'page: a log-in' answers 204 POST session '{"password":"correct horse"}'
	check 'page: another password' answers 401 POST session '{"password":"wrong horse"}'
	check 'page: nothing is told without a log-in' answers 401 GET status ''
	check 'the PC sees the drive after the restart' within 40 host_sees_drive
}

# ---- what is left after a purge ----
traces() {
	find /run -xdev -name '*mmcgadget*'
	ls "$gadgets" 2>/dev/null
	awk '{ print $3, $2 }' /proc/mounts | grep -E 'functionfs|mmcgadget'
	systemctl list-units --all --plain --no-legend '*mmcgadget*'
	systemctl list-unit-files --no-legend '*mmcgadget*'
	find /etc /usr/lib /lib /var/lib -name '*mmcgadget*' -not -path '/var/lib/dpkg/info/*'
	# A kernel worker keeps the name of the function for which it last worked.
	pgrep -l mmcgadget | grep -v kworker
}

first_boot() {
	check 'Debian is up' is "$(systemctl is-system-running --wait)" running ||
		systemctl --failed --no-pager | show
	# A board has its UDC at every boot; here it is dummy_hcd. The PC's users may use optical drives.
	useradd -m boarduser && useradd -m stranger && useradd -m -G cdrom pcuser
	echo dummy_hcd >/etc/modules-load.d/board.conf
	modprobe dummy_hcd
	cp $here/burn.iso /home/pcuser/ && chown pcuser: /home/pcuser/burn.iso
	system >$here/before

	stage installation
	check 'apt update' apt update
	check 'the libraries of the package are not installed' no dpkg -s libusbgx2
	check 'apt install ./mmcgadget_*.deb' quiet apt install "$deb"
	grep '^Setting up' "$log" | grep -v mmcgadget | show
	check 'apt enables the service and does not start it' is "$(systemctl is-active $unit) $(systemctl is-enabled $unit)" 'inactive enabled'
	check 'systemctl enable --now mmcgadgetd' systemctl enable --now mmcgadgetd
	check 'the service is ready when systemctl returns' ready || give_up
	check 'the service is enabled' is "$(systemctl is-enabled $unit)" enabled
	check 'the PC sees the drive' within 40 host_sees_drive || give_up
	check 'usermod -aG mmcgadget boarduser' usermod -aG mmcgadget boarduser
	check 'mmcgadgetctl doctor, by a user of the group: no problem' within 10 as boarduser mmcgadgetctl doctor
	show <"$log"

	stage 'discs'
	check 'a user of the group puts images into the folder' as boarduser cp $here/first.iso $here/second.iso $media/
	check 'a user of the group inserts a disc' as boarduser mmcgadgetctl insert first.iso
	check 'the PC sees the disc' within 15 has_label FIRST
	check 'the PC reads the first disc' reads $here/first.iso
	check 'a user of the group swaps it by the FIFO' as boarduser sh -c "echo 'insert second.iso' >$run/control"
	check 'the PC sees the second disc' within 15 has_label SECOND
	check 'the PC reads the second disc' reads $here/second.iso
	check 'the user lists the discs' as boarduser mmcgadgetctl list
	check 'list has both' is "$(as boarduser mmcgadgetctl list | grep -c '\(first\|second\)\.iso')" 2
	check 'the user asks for the status' as boarduser mmcgadgetctl status
	show <"$log"
	for verb in status list 'insert first.iso' eject 'blank x.iso'; do
		# shellcheck disable=SC2086 # words
		check "a user outside of the group: $verb is refused" refused mmcgadgetctl $verb
	done
	check 'a user outside of the group: the FIFO is refused' refused sh -c "echo eject >$run/control"
	check 'a user outside of the group: the folder is refused' refused touch $media/x.iso
	check 'the second disc is still in the drive' drive_is image second.iso

	stage 'burns'
	burn growisofs growisofs -dvd-compat -Z /dev/sr0=/home/pcuser/burn.iso
	burn xorriso xorriso -as cdrecord -v dev=/dev/sr0 /home/pcuser/burn.iso
	# fs=2m: Debian lets a user lock no more into memory.
	burn wodim wodim -v fs=2m -dao dev=/dev/sr0 /home/pcuser/burn.iso
	check 'swap, after the burns' as boarduser mmcgadgetctl insert first.iso
	check 'the PC sees the disc' within 15 has_label FIRST
	check 'the user ejects' as boarduser mmcgadgetctl eject
	check 'the drive is empty' drive_is state empty

	stage 'the daemon'
	check "the daemon runs as $daemon_user, without privileges" confined $daemon_user
	grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' "/proc/$(main_pid)/status" | show
	check 'systemd-analyze security: 0.8 or better' systemd-analyze security --no-pager --threshold=8 $unit
	tail -n 1 "$log" | show
	check 'systemctl restart mmcgadgetd' systemctl restart mmcgadgetd
	check 'the service is active' ready
	check 'the PC sees the drive after the restart' within 40 host_sees_drive

	local pid device mark new old
	check 'a disc is inserted' as boarduser mmcgadgetctl insert second.iso
	check 'the PC sees the disc' within 15 has_label SECOND
	check 'the PC mounts the disc' mount -o ro /dev/sr0 /mnt
	pid=$(main_pid) device=$(number) mark=$(dmesg | wc -l)
	check 'apt install ./NEXT.deb: an upgrade' quiet apt install $here/next.deb
	check 'the upgrade has the higher version' is "$(dpkg-query -W -f '${Version}' mmcgadget)" "$(dpkg-deb -f $here/next.deb Version)"
	check 'the upgrade does not restart the daemon' is "$(systemctl is-active $unit) $(main_pid)" "active $pid"
	# The client is the new one; mmcgadgetd is as it was, and still runs.
	new=$(mmcgadgetctl --version | sed 's/.* //') old=$(/proc/"$pid"/exe --version | sed 's/.* //')
	check 'the new programs say another version' test "$new" != "$old"
	check 'status says that an older daemon runs, and what to type' is "$(as boarduser mmcgadgetctl status | tail -n 1)" \
		"mmcgadgetd $old runs, $new is installed; when the PC does not use the drive: sudo systemctl restart mmcgadgetd"
	echo 3 >/proc/sys/vm/drop_caches
	check 'the PC reads its mounted disc after the upgrade' sh -c 'cat /mnt/* >/dev/null'
	kill -9 "$pid"
	another() { [ "$(main_pid)" != "$pid" ] && [ "$(main_pid)" != 0 ] && ready; }
	check 'kill -9: the next daemon answers' within 30 another
	check 'kill -9: the next daemon is the new one, and status says no more of it' is \
		"$(as boarduser mmcgadgetctl status | grep -o "mmcgadgetd $new,\|is installed")" "mmcgadgetd $new,"
	check 'kill -9: the disc is in the drive' drive_is image second.iso
	echo 3 >/proc/sys/vm/drop_caches
	check 'kill -9: the PC reads its mounted disc' sh -c 'cat /mnt/* >/dev/null'
	check 'kill -9: the PC has the same USB device' is "$(number)" "${device:-none}"
	check 'kill -9: the kernel log of the PC has no error' no disturbed "$mark"
	umount /mnt
	check 'the disc reads back' reads $here/second.iso

	stage 'reboot'
	dmesg >"$here/dmesg.$boot"
	touch $here/again
	sync
	systemctl reboot
	exit
}

second_boot() {
	check 'the board boots again' is "$(systemctl is-system-running --wait)" running ||
		systemctl --failed --no-pager | show
	check 'the UDC has reached usb-gadget.target' within 30 target_reached
	check 'usb-gadget.target has started the service' within 30 ready || give_up
	check 'the PC sees the drive' within 40 host_sees_drive
	check 'all discs are there' is "$(as boarduser mmcgadgetctl --json list | jq -r '[.. | .name? // empty] | sort | join(" ")')" \
		'first.iso growisofs.iso second.iso wodim.iso xorriso.iso'
	check 'the last disc is in the drive' drive_is image second.iso
	check 'a burned disc is inserted' as boarduser mmcgadgetctl insert growisofs.iso
	check 'the PC sees the disc' within 15 has_label BURN
	check 'the PC reads the burned disc' reads $here/burn.iso
	[ ! -e $here/next-web.deb ] || the_page

	stage 'removal'
	check 'apt remove mmcgadget, with a disc in the drive' quiet apt remove mmcgadget
	check 'removed: the daemon does not run' no pgrep mmcgadgetd
	check 'removed: the PC has no drive' within 15 no_drive
	if [ -e $here/next-web.deb ]; then
		check 'removed: nobody listens, and the page has ended' eval 'nobody_listens && no pgrep -x mmcgadget-web'
		check 'removed: the password is kept' test -s /etc/mmcgadget/web.passwd
		check 'apt purge mmcgadget-web' quiet apt purge mmcgadget-web
	fi
	check 'removed: discs, configuration and group are still there' test -e $media/growisofs.iso -a -e $conf -a -n "$(has_group)"
	rm $media/*
	check 'apt purge mmcgadget' quiet apt purge mmcgadget
	# Without these options, apt keeps a library that some package recommends, as libc6 does libidn2-0,
	# or suggests, as libudev1 does.
	check 'apt autoremove --purge' apt -o APT::AutoRemove::RecommendsImportant=false \
		-o APT::AutoRemove::SuggestsImportant=false autoremove --purge
	check 'purged: no file, user or group is left' left_over
	check 'purged: no unit, mount, gadget or process is left' is "$(traces)" ''
	end
}

case $boot in
1) first_boot ;;
2) [ ! -e $here/again ] || second_boot ;;
esac
echo "not ok - the guest boots when it is told to (boot $boot)"
end
