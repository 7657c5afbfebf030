#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the tests that start virtual machines and cut their power: power.sh, two_machines.sh. Such
# a machine boots in seconds, without systemd and udev: right after the initial RAM disk it runs one
# script, which prints its reports as lines to a virtio port. When the script ends, the machine ends.
# shellcheck disable=SC2034 # variables are for the scripts that source this
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
e2e=$top/test/e2e
export O=${O:-build}
suite=${SUITE:-bookworm}
count=0
failures=0

ok() {
	count=$((count + 1))
	echo "ok $count - $*"
}
fail() {
	count=$((count + 1))
	failures=$((failures + 1))
	echo "not ok $count - $*"
}
# verdict NAME COMMAND...: passes when the command does.
verdict() {
	local name=$1
	shift
	if "$@"; then
		ok "$name"
	else
		fail "$name"
		return 1
	fi
}

# machines_init NAME: makes a directory for this run and sets $out to it; finds QEMU.
machines_init() {
	dir=$("$e2e/image.sh" "$suite") || exit 1
	[ -e "$O/guest/$suite/dest" ] || "$e2e/build.sh" "$suite" >/dev/null || exit 1
	out=$(cd "$O/guest" && pwd)/$1-$suite-$$
	rm -rf "$out"
	mkdir -p "$out"
	export TMPDIR="$out"
	# shellcheck source=test/e2e/qemu.sh
	. "$e2e/qemu.sh"
	trap machines_end EXIT
}

machines_end() {
	local m
	for m in "${!machine_pid[@]}"; do
		kill -9 "${machine_pid[$m]}" 2>/dev/null
	done
	rm -f "$out"/*.raw
	if [ "$failures" = 0 ]; then
		rm -rf "$out"
	else
		echo "# logs: $out"
	fi
}

declare -A machine_pid machine_fd

# machine_start NAME SCRIPT "ENVIRONMENT" QEMU_OPTION...: boots a machine that runs SCRIPT (of
# test/e2e) with the machine's own share as /out. ENVIRONMENT becomes /out/env, which SCRIPT sources.
machine_start() {
	local name=$1 script=$2 env=$3 share=$out/$1 fd
	shift 3
	mkdir -p "$share"
	printf '%s\n' "$env" >"$share/env"
	cat >"$share/start" <<-END
		modprobe virtio_console
		# QEMU announces the port some time after the driver is there.
		port=''
		while [ -z "\$port" ]; do
			for p in /sys/class/virtio-ports/*; do
				grep -qsx job "\$p/name" && [ -c "/dev/\${p##*/}" ] && port=/dev/\${p##*/}
			done
			[ -n "\$port" ] || sleep 0.1
		done
		exec >"\$port" 2>&1
		export PATH=/build/test/e2e:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
		tar -C /build/dest -cf - . | tar -C / --keep-directory-symlink --no-same-owner -xf -
		cd /src/test/e2e && bash ./$script </dev/null
		sync
		poweroff -ff
	END
	: >"$out/$name.lines"
	$qemu -M "$machine" -accel "$accel" -cpu "$cpu" -smp 2 -m "${mem:-1024}" \
		-nodefaults -display none -no-reboot -serial "file:$out/$name.console" \
		-kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
		-drive "file=$dir/root.img,if=virtio,format=raw,snapshot=on,cache=unsafe" \
		-virtfs "local,path=$share,mount_tag=out,security_model=none" \
		-virtfs "local,path=$top,mount_tag=src,security_model=none,readonly=on" \
		-virtfs "local,path=$(cd "$O/guest/$suite" && pwd),mount_tag=build,security_model=none,readonly=on" \
		-device virtio-rng-pci -device virtio-serial-pci \
		-chardev "file,id=job,path=$out/$name.lines" -device virtserialport,chardev=job,name=job \
		-append "$kernel_options root=/dev/vda rw loglevel=5 init=/usr/local/sbin/guest-job" \
		"$@" </dev/null >"$out/$name.qemu" 2>&1 &
	machine_pid[$name]=$!
	fd=${machine_fd[$name]:-}
	[ -z "$fd" ] || exec {fd}<&-
	exec {fd}< <(exec tail -n +1 -s 0.1 --pid="${machine_pid[$name]}" -f "$out/$name.lines" 2>/dev/null)
	machine_fd[$name]=$fd
}

# machine_line NAME SECONDS: sets $line to the machine's next line. Fails if there is none within the
# time, or if the machine has ended.
machine_line() { read -r -t "$2" -u "${machine_fd[$1]}" line; }

# machine_until NAME SECONDS WORD...: reads until a line begins with one of the words, and leaves it
# in $line. Prints lines "# ..."; counts "ok" and "not ok" lines as results. Fails when the time is over.
machine_until() {
	local name=$1 end=$((SECONDS + $2)) word
	shift 2
	while [ "$SECONDS" -lt "$end" ] && machine_line "$name" $((end - SECONDS)); do
		case $line in
		'ok - '*) ok "$name: ${line#ok - }" ;;
		'not ok - '*) fail "$name: ${line#not ok - }" ;;
		'#'*) echo "$line" ;;
		esac
		for word; do
			[ "${line%% *}" != "$word" ] || return 0
		done
	done
	line=''
	return 1
}

# machine_cut NAME: cuts the power.
machine_cut() {
	kill -9 "${machine_pid[$1]}"
	wait "${machine_pid[$1]}" 2>/dev/null
	unset "machine_pid[$1]"
}

# machine_off NAME SECONDS: waits until the machine has ended by itself; fails after the time limit.
machine_off() {
	local end=$((SECONDS + $2))
	while kill -0 "${machine_pid[$1]}" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
	wait "${machine_pid[$1]}"
	unset "machine_pid[$1]"
}

machine_tail() { # NAME [LINES]: prints the last lines of the machine, its console and QEMU
	{
		tail -n "${2:-12}" "$out/$1.lines"
		tail -n 12 "$out/$1.console" | tr -d '\r'
		cat "$out/$1.qemu"
	} | sed 's/^/#   /'
}

# machine_sane NAME: the console has no warning of the machine's kernel ("loglevel=5" shows warnings).
machine_sane() {
	! grep -aE 'WARNING:|BUG:|Oops|Call Trace|disagree continuously|blocked for more than|Kernel panic' "$out/$1.console"
}

# machine_iso LABEL MEGABYTES FILE: makes an ISO image; each KiB of its data holds label and offset.
machine_iso() {
	local d
	d=$(mktemp -d "$out/iso.XXXXXX")
	awk -v l="$1" -v n=$(($2 * 1024)) 'BEGIN {
		pad = sprintf("%1000s", "")
		for (i = 0; i < n; i++)
			printf "%-16s%08d%s", l, i, substr(pad, 1, 1000)
	}' >"$d/DATA.BIN"
	genisoimage -quiet -no-pad -V "$1" -R -J -o "$3" "$d"
	rm -rf "$d"
}

# card FILE MEGABYTES: makes the board's card, a disk that keeps its contents when the power is cut.
card() {
	truncate -s "$2M" "$1"
	mke2fs -q -t ext4 -E lazy_itable_init=0 "$1"
}
# card_drive FILE: prints QEMU's option for the card. cache=unsafe ignores flushes, which is right here:
# all that the guest has written is in this machine's page cache and survives QEMU. Data in the guest's own
# page cache is lost, as in a power cut.
card_drive() { echo "file=$1,if=virtio,format=raw,cache=unsafe"; }

finish() {
	echo "1..$count"
	[ "$failures" = 0 ]
	exit
}

# ---- two machines: board and pc ----

# free_port: sets port to a TCP port of this machine that is free.
free_port() {
	port=''
	while [ -z "$port" ] || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((20000 + $(date +%N | sed 's/^0*//') % 20000))
	done
}
give_up() {
	fail "$1"
	echo "# board:"
	machine_tail board
	echo "# PC:"
	machine_tail pc
	finish
}
expect() { # MACHINE SECONDS WORD
	machine_until "$@" || give_up "$1 says \"$3\" within $2 s"
	read -r -a said <<<"$line"
}
# recorded BLOCKS: waits until the board has recorded that many blocks of the disc.
recorded() {
	local end=$((SECONDS + 150))
	while [ "$SECONDS" -lt "$end" ]; do
		expect board 120 at
		seen=${said[2]}
		if [ "$seen" -ge "$1" ]; then return; fi
	done
	give_up "the burn gets to block $1"
}
board_state() { # STATE: waits until the board reports it
	while :; do
		expect board 60 at
		if [ "${said[3]}" = "$1" ]; then return; fi
	done
}
