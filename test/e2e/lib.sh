#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the jobs (t_*.sh), which run one after the other in a guest that is board and PC. A
# job begins in an empty media folder and ends with "finish".
# shellcheck disable=SC2034 # variables are for the jobs
set -u
# shellcheck source=test/e2e/wait_for.sh
. ./wait_for.sh

count=0
failures=0
run=/run/mmcgadget
media=/var/lib/mmcgadget
conf=/etc/mmcgadget/test.conf
work=/var/tmp/job
# Removes what an earlier job in the same boot has left. A job that ended early may have left a service that is
# on, and each job after it would fail because of that.
drop_ins=/run/systemd/system/mmcgadgetd.service.d
for verb in loopback network; do
	[ ! -e "$drop_ins/$verb.conf" ] || {
		echo "# an earlier job left $verb on"
		mmcgadgetctl $verb off --force >/dev/null 2>&1 || rm -f "$drop_ins/$verb.conf"
	}
done
[ ! -e /etc/systemd/system/usb-gadget.target.wants/mmcgadgetd.service ] || systemctl disable -q mmcgadgetd
[ ! -e "$run" ] || {
	echo "# an earlier job left a daemon"
	systemctl daemon-reload
	timeout 60 systemctl stop mmcgadgetd
	pkill -KILL -x mmcgadgetd
	mmcgadgetd --take-down
	rm -rf "$run"
}
rm -rf "$conf" "$work" "$media"
mkdir -p "$work"
install -d -g mmcgadget -m 2775 "$media"

ok() {
	count=$((count + 1))
	echo "ok $count - $*"
}

fail() {
	count=$((count + 1))
	failures=$((failures + 1))
	echo "not ok $count - $*"
}

skip() { # NAME, REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# check NAME COMMAND...: passes when the command succeeds. When it fails, prints the command, its exit
# code and the last 15 lines of its output ($lines: another number), and returns 1.
check() {
	local name=$1 log=$work/check.log
	shift
	if "$@" >"$log" 2>&1; then
		ok "$name"
	else
		local rc=$?
		fail "$name"
		echo "#   $* -> $rc"
		tail -n "${lines:-15}" "$log" | sed 's/^/#   /'
		return 1
	fi
}

# check_not NAME COMMAND...: passes when the command fails; returns 1 otherwise.
check_not() {
	local name=$1 log=$work/check.log
	shift
	if "$@" >"$log" 2>&1; then
		fail "$name"
		tail -n 15 "$log" | sed 's/^/#   /'
		return 1
	fi
	ok "$name"
}

# is NAME GOT WANTED: passes when both texts are the same.
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		fail "$1"
		echo "#   got:    $2"
		echo "#   wanted: $3"
		return 1
	fi
}

# finds REGEX TEXT: the extended regular expression matches in a line of the text. Bash itself matches an
# expression that means the same in one line and in many, because starting grep takes an emulated guest a tenth
# of a second.
finds() {
	case $1 in
	*[.^$\\[]*) grep -Eq -- "$1" <<<"$2" ;;
	*) [[ $2 =~ $1 ]] ;;
	esac
}

# like NAME TEXT REGEX...: passes when each extended regular expression matches in the text.
like() {
	local name=$1 text=$2 re bad=''
	shift 2
	for re; do
		finds "$re" "$text" || bad="$bad '$re'"
	done
	if [ -z "$bad" ]; then
		ok "$name"
	else
		fail "$name"
		echo "#   not found:$bad in"
		head -n 40 <<<"$text" | sed 's/^/#   /'
		return 1
	fi
}

# unlike NAME TEXT REGEX...: passes when no extended regular expression matches in the text.
unlike() {
	local name=$1 text=$2 re hits='' patterns=()
	shift 2
	for re; do
		patterns+=(-e "$re")
	done
	[ -z "$text" ] || hits=$(grep -E "${patterns[@]}" <<<"$text")
	if [ -z "$hits" ]; then
		ok "$name"
	else
		fail "$name"
		head -n 20 <<<"$hits" | sed 's/^/#   /'
		return 1
	fi
}

finish() {
	echo "1..$count"
	[ "$failures" = 0 ]
	exit
}

# add_packages JOB: unpacks what the job's line "# packages: NAME..." asked for, with the users that it needs. It
# stays for the rest of the boot, so such a job is the last one.
add_packages() {
	local tar=/out/$1.tar name
	tar -xOf "$tar" ./etc/group | cut -d: -f1 >"$work/groups"
	tar -xOf "$tar" ./etc/passwd | cut -d: -f1 >"$work/users"
	while read -r name; do
		getent group "$name" >/dev/null || groupadd -r "$name"
	done <"$work/groups"
	while read -r name; do
		id -u "$name" >/dev/null 2>&1 || useradd -r -g "$name" -M -d / -s /usr/sbin/nologin "$name"
	done <"$work/users"
	tar -C / --keep-directory-symlink --no-wildcards-match-slash --exclude='./etc/group*' --exclude='./etc/gshadow*' \
		--exclude='./etc/passwd*' --exclude='./etc/shadow*' --exclude='./etc/sub[ug]id*' -xf "$tar"
	systemctl daemon-reload
	udevadm control --reload
}

# ---- the host side: a UDC looped to a host controller ----

udc_load() { # dummy_hcd, at the speed of this boot, and the host's drivers
	local opt
	case ${SPEED:-high} in
	full) opt="is_high_speed=0" ;;
	super) opt="is_super_speed=1" ;;
	*) opt="is_high_speed=1" ;;
	esac
	modprobe dummy_hcd "$opt"
	modprobe -a libcomposite sg sr_mod usb_storage
	wait_for 5 mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	wait_for 10 udc_present
}

udc_present() { [ -n "$(ls /sys/class/udc)" ]; }

udc_unload() { modprobe -r dummy_hcd; }

# host_drives: the optical drives that the host sees, one per line: sr0, sr1...
host_drives() {
	local d
	for d in /sys/block/sr*; do
		[ -e "$d" ] && echo "${d##*/}"
	done
	return 0
}

have_drives() { # [NUMBER]: the host sees that many drives (1 by default), and udev has handled all events
	local d n=0
	for d in /sys/block/sr*; do
		[ ! -e "$d" ] || n=$((n + 1))
	done
	[ "$n" = "${1:-1}" ] && udevadm settle --timeout=30
}

host_sg() { # srN -> /dev/sgM
	local d
	for d in /sys/block/"$1"/device/scsi_generic/sg*; do
		echo "/dev/${d##*/}"
	done
}

# Waits until udev has run its programs for all events that the kernel has sent so far. It does not
# wait for the kernel's next poll of a drive.
wait_for_udev() { udevadm settle --timeout=30; }

label_of() { blkid -p -o value -s LABEL "/dev/${1:-sr0}" 2>/dev/null; }
has_label() { [ "$(label_of "$1")" = "$2" ]; }
drive_of() { # LABEL -> srN
	local d
	for d in $(host_drives); do
		has_label "$d" "$1" && echo "$d"
	done
}
# udev_has srN PROPERTY=VALUE: udev's record of the drive says so. "udevadm info" would tell the same at a
# hundred times the cost.
udev_has() {
	local dev line
	read -r dev <"/sys/block/$1/dev" || return
	while read -r line; do
		[ "$line" != "E:$2" ] || return 0
	done <"/run/udev/data/b$dev"
	return 1
}
# blank_seen [srN]: udev has found a blank in that drive of the host, $sr by default. Burners start
# after that, so that neither udev's programs nor the kernel's poll use the drive during a burn.
blank_seen() { udev_has "${1:-$sr}" ID_CDROM_MEDIA_STATE=blank; }
size_of() { blockdev --getsize64 "/dev/${1:-sr0}" 2>/dev/null; }

# make_iso LABEL MEGABYTES FILE [EXTRA_BYTES]: makes an ISO 9660 image. Each KiB of its data holds label
# and number, so that a block of another place or disc is recognised. With EXTRA_BYTES the image
# does not end on a multiple of 32 KiB, to which burners pad.
make_iso() {
	local label=$1 mb=$2 file=$3 extra=${4:-0} d
	d=$(mktemp -d "$work/iso.XXXXXX")
	awk -v l="$label" -v n="$((mb * 1024))" 'BEGIN {
		pad = sprintf("%1000s", "")
		for (i = 0; i < n; i++)
			printf "%-16s%08d%s", l, i, substr(pad, 1, 1000)
	}' >"$d/DATA.BIN"
	[ "$extra" = 0 ] || head -c "$extra" /dev/urandom >"$d/EXTRA.BIN"
	genisoimage -quiet -no-pad -V "$label" -R -J -o "$file" "$d" 2>/dev/null
	rm -rf "$d"
}

# ---- the daemon ----

# config [drives=TEXT] [extra=TEXT]: writes $conf with this list of drives and these further lines.
config() {
	local a drives='' extra=''
	for a; do
		case $a in
		drives=*) drives=${a#drives=} ;;
		extra=*) extra=${a#extra=} ;;
		esac
	done
	mkdir -p "${conf%/*}"
	{
		[ -z "$drives" ] || echo "drives = ( $drives );"
		[ -z "$extra" ] || echo "$extra"
	} >"$conf"
}

# The daemon runs as the shipped service, as its own user and in its sandbox. A job that needs what the
# sandbox forbids sets without_service=1; then the daemon is a child of the job and runs as root.
without_service=''
extra_service_lines=() # lines that an administrator would add to the service
daemon_pid=''
daemon_log=$work/daemon.log
override=/run/systemd/system/mmcgadgetd.service.d/job.conf

# service_override LINE...: adds the lines to the section [Service], until service_plain or the next
# job.
service_override() {
	local text old=''
	text=$(printf '%s\n' '[Service]' "$@")
	[ ! -e "$loaded_override" ] || mv "$loaded_override" "$override"
	[ ! -e "$override" ] || old=$(<"$override")
	[ "$text" != "$old" ] || return 0
	mkdir -p "${override%/*}"
	echo "$text" >"$override"
	systemctl daemon-reload
}
service_plain() {
	rm -f "$override" "$loaded_override"
	systemctl daemon-reload
}
# Most jobs have the same lines, and systemd need not read all its files again for each: the last job's lines,
# which systemd still has, are put aside. A job that wants the service without them reloads.
loaded_override=/run/loaded-override
[ ! -e "$override" ] || mv "$override" "$loaded_override"

start_service() { # CONFIG
	service_override ExecStartPre= "ExecStartPre=+/usr/bin/nsenter -t 1 -m /usr/sbin/mmcgadgetd -c $1 --set-up mmcgadget" \
		ExecStart= "ExecStart=/usr/sbin/mmcgadgetd -c $1" Restart=no \
		"StandardOutput=append:$daemon_log" "StandardError=append:$daemon_log" \
		"${extra_service_lines[@]}"
	systemctl start --no-block mmcgadgetd
}

# allow_media_folder FOLDER: lets the service write to a media folder outside of $media.
allow_media_folder() {
	chgrp mmcgadget "$1" && chmod 2775 "$1"
	# The work directory is below /var/tmp; with PrivateTmp the service would see an empty one.
	extra_service_lines+=(PrivateTmp=no "ReadWritePaths=$1")
}

# daemon_start [CONFIG]: starts the daemon and returns when it answers; fails after the time of wait_for 20.
daemon_start() {
	[ -e "$conf" ] || config
	if [ -n "$without_service" ]; then
		mmcgadgetd -c "${1:-$conf}" >>"$daemon_log" 2>&1 &
		daemon_pid=$!
	else
		start_service "${1:-$conf}"
	fi
	wait_for 20 ctl status || {
		echo "# the daemon does not answer:"
		[ -n "$without_service" ] || systemctl status mmcgadgetd --no-pager -l | sed 's/^/#   /'
		tail -n 20 "$daemon_log" | sed 's/^/#   /'
		return 1
	}
	[ -n "$without_service" ] || daemon_pid=$(systemctl show -P MainPID mmcgadgetd)
}

daemon_alive() { [ -n "$daemon_pid" ] && kill -0 "$daemon_pid" 2>/dev/null; }

daemon_stop() {
	local rc=0
	[ -n "$daemon_pid" ] || return 0
	if [ -n "$without_service" ]; then
		kill -TERM "$daemon_pid" 2>/dev/null
		wait "$daemon_pid" || rc=$?
	else
		timeout 60 systemctl stop mmcgadgetd
		[ "$(systemctl show -P Result mmcgadgetd)" = success ] || rc=1
	fi
	daemon_pid=''
	return "$rc"
}

ctl() { mmcgadgetctl "$@"; }

# state FIELD [DRIVE]: prints one field of the drive's status; FIELD is a path of jq.
state() {
	mmcgadgetctl --json status ${2:+drive=$2} | jq -r ".drives[0].$1"
}
state_is() { [ "$(state "$1")" = "$2" ]; }

# Lets the host send commands of up to 1 MB: its usb-storage takes 120 KB at most below super speed.
allow_large_commands() {
	echo 2048 >"/sys/class/scsi_generic/${sg##*/}/device/max_sectors"
}

# drive_up [CONFIG]: loads the UDC, starts the daemon, waits for the host's drive. Sets sr (sr0) and
# sg (/dev/sg0). Ends the job when the drive does not come.
drive_up() {
	if ! { udc_load && daemon_start "$@" && wait_for 30 have_drives 1; }; then
		fail "the host sees the drive"
		{
			host_drives
			udevadm settle --timeout=1
			echo "udev settle: $?"
			dmesg | tail -n 20
			ps --ppid 2 -p 2 -N -o pid,stat,wchan:20,args
			tail -n 20 "$daemon_log"
		} 2>&1 | sed 's/^/#   /'
		finish
	fi
	read -r sr < <(host_drives)
	sg=$(host_sg "$sr")
}

# wait_until_steady SECONDS COMMAND...: waits until the command prints the same twice, a second apart;
# fails after four times SECONDS, as wait_for.
wait_until_steady() {
	local end=$((SECONDS + 4 * $1 + 1)) before now
	shift
	before=$("$@")
	while [ "$SECONDS" -lt "$end" ]; do
		sleep 1
		now=$("$@")
		[ "$now" != "$before" ] || return 0
		before=$now
	done
	return 1
}

# silence_host [srN]...: stops the kernel's polls of these drives, $sr by default, and waits until no
# command is in flight. A daemon killed after that loses no command.
commands_answered() { ctl --json stats | jq '[.stats[].per_command[].count] | add'; }
silence_host() {
	local d
	[ $# -gt 0 ] || set -- "$sr"
	wait_for_udev
	for d; do echo 0 >"/sys/block/$d/events_poll_msecs"; done
	wait_until_steady 20 commands_answered
}
# poll_again [srN]...: lets the kernel poll these drives every 2 s, as Debian's udev rules do
poll_again() {
	local d
	[ $# -gt 0 ] || set -- "$sr"
	for d; do echo 2000 >"/sys/block/$d/events_poll_msecs"; done
}

# ---- the daemon as a service, killed ----

devnum() { # prints the number of the USB device to which the host's drive $sr belongs
	local d
	d=$(readlink -f "/sys/block/$sr/device")
	while [ "$d" != / ] && [ ! -e "$d/devnum" ]; do d=${d%/*}; [ -n "$d" ] || d=/; done
	cat "$d/devnum"
}
main_pid() { systemctl show -P MainPID mmcgadgetd; }
restarted() { # OLD_PID: another daemon runs, and answers
	! kill -0 "$1" && ctl status && systemctl -q is-active mmcgadgetd
}
# kill_daemon NAME: kills the daemon and waits until systemd's next one answers.
kill_daemon() {
	local pid
	pid=$(main_pid)
	kill -9 "$pid"
	lines=40 check "$1: the daemon is back" wait_for 40 restarted "$pid" || {
		systemctl status mmcgadgetd --no-pager -l | sed 's/^/#   /'
		journalctl -u mmcgadgetd --no-pager -n 40 | sed 's/^/#   /'
	}
}

# ---- the kernel log ----

dmesg_since() { # MARK: the kernel log after the last line with MARK
	dmesg | awk -v m="$1" 'index($0, m) { buf = ""; next } { buf = buf $0 "\n" } END { printf "%s", buf }'
}
dmesg_mark() { echo "mmcgadget: mark $1" >/dev/kmsg; }

# dmesg_clean NAME MARK: since dmesg_mark MARK the kernel has logged no reset, no fault and no warning.
dmesg_clean() {
	unlike "$1" "$(dmesg_since "mark $2")" \
		'reset (full|high|super)[- ].*USB device' 'phase error' \
		'disagree continuously' 'WARNING:' 'BUG:' 'Oops' 'Call Trace' \
		'blocked for more than' 'scsi-1 drive' 'device offline'
}
