#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What scenarios share that start and kill virtual machines themselves. A machine boots
# in seconds: no systemd, no udev; the script it was given runs right after the initial
# RAM disk, talks in lines on a channel of its own, and ends with the machine.
# shellcheck disable=SC2034 # for those who source it
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

# machines_init NAME: a directory for this run in $out; QEMU is looked for.
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

# machine_start NAME SCRIPT "ENVIRONMENT" QEMU_OPTION...: SCRIPT, of test/e2e, runs in the guest
# with the share of this machine as /out.
machine_start() {
	local name=$1 script=$2 env=$3 share=$out/$1 fd
	shift 3
	mkdir -p "$share"
	printf '%s\n' "$env" >"$share/env"
	cat >"$share/start" <<-END
		modprobe virtio_console
		# The port comes by a message of QEMU's, some time after the driver.
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
		-append "console=$console root=/dev/vda rw loglevel=5 panic=-1 oops=panic init=/usr/local/sbin/guest-job" \
		"$@" </dev/null >"$out/$name.qemu" 2>&1 &
	machine_pid[$name]=$!
	fd=${machine_fd[$name]:-}
	[ -z "$fd" ] || exec {fd}<&-
	exec {fd}< <(exec tail -n +1 -s 0.1 --pid="${machine_pid[$name]}" -f "$out/$name.lines" 2>/dev/null)
	machine_fd[$name]=$fd
}

# machine_line NAME SECONDS: the machine's next line in $line. Fails at the end, and when there is none.
machine_line() { read -r -t "$2" -u "${machine_fd[$1]}" line; }

# machine_until NAME SECONDS WORD...: reads until a line begins with one of the words.
# Lines "# ..." are passed on; "ok"/"not ok" lines count here.
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

# A power cut.
machine_cut() {
	kill -9 "${machine_pid[$1]}"
	wait "${machine_pid[$1]}" 2>/dev/null
	unset "machine_pid[$1]"
}

# machine_off NAME SECONDS: it ends by itself.
machine_off() {
	local end=$((SECONDS + $2))
	while kill -0 "${machine_pid[$1]}" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
	wait "${machine_pid[$1]}"
	unset "machine_pid[$1]"
}

machine_tail() { # what a machine said last
	{
		tail -n "${2:-12}" "$out/$1.lines"
		tail -n 12 "$out/$1.console" | tr -d '\r'
		cat "$out/$1.qemu"
	} | sed 's/^/#   /'
}

# None of the complaints of the kernel on the console; "loglevel=5" has warnings there.
machine_sane() {
	! grep -aE 'WARNING:|BUG:|Oops|Call Trace|disagree continuously|blocked for more than|Kernel panic' "$out/$1.console"
}

# An ISO image whose blocks know their place: LABEL MEGABYTES FILE.
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

# The board's card: what is on it outlives the machine.
card() { # FILE MEGABYTES
	truncate -s "$2M" "$1"
	mke2fs -q -t ext4 -E lazy_itable_init=0 "$1"
}
# Flushes cost nothing: what left the guest is in this machine's memory and survives QEMU's
# death; what the guest still had in its own is lost. That is the cut wanted here.
card_drive() { echo "file=$1,if=virtio,format=raw,cache=unsafe"; }

finish() {
	echo "1..$count"
	[ "$failures" = 0 ]
	exit
}
