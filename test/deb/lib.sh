# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts that try the package in a temporary system. They set $here to their own
# directory, which system() leaves out. Prints TAP without numbers.
# shellcheck disable=SC2034,SC2154 # from and for the scripts that source this
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
log=$(mktemp)
media=/var/lib/mmcgadget
conf=/etc/mmcgadget/mmcgadget.conf
unit=mmcgadgetd.service

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		tail -n 25 "$log" | sed 's/^/# /'
		return 1
	fi
}
is() { # HAVE WANT
	echo "is: $1, should be: $2"
	[ "$1" = "$2" ]
}
no() { ! "$@"; }
apt() { apt-get -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; }
# quiet COMMAND...: fails when the command does, and when dpkg or a maintainer script prints a complaint.
quiet() {
	"$@" >"$log.apt" 2>&1
	local rc=$?
	cat "$log.apt"
	[ $rc = 0 ] && ! grep -iE '^(mmcgadget|dpkg|chgrp|chmod|rmdir|groupdel|userdel|deb-systemd|Failed|E:|W: [^D])' "$log.apt" |
		grep -v 'can.t open .*/proc\|Download is performed'
}
state() { stat -L -c '%U:%G %a' "$1"; }
has_group() { getent group mmcgadget; }

# system: prints all files with owner, mode and size, the users and groups, and the state of the package.
# Leaves out what apt, dpkg and a running system change by themselves, and the backups of the files of users
# and groups, such as /etc/group-.
system() {
	find / -xdev '(' -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path "$here" \
		-o -path /var/cache -o -path /var/log -o -path /var/tmp -o -path /var/lib/apt -o -path /var/lib/dpkg \
		-o -path /var/lib/systemd/timers -o -path /var/lib/systemd/random-seed -o -path /root/.bash_history \
		-o -name '*shadow-' -o -name 'group-' -o -name 'passwd-' ')' -prune \
		-o '(' -type d -printf '%p %u:%g %m\n' -o -printf '%p %u:%g %m %s %l\n' ')' | sort
	cat /etc/passwd /etc/group /etc/gshadow
	find /var/lib/dpkg/info -name 'mmcgadget*'
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'mmcgadget*' 2>/dev/null | grep -v not-installed
}
left_over() { # fails with a list when system() differs from $here/before
	system >"$here/after"
	diff "$here/before" "$here/after"
}

# hardened FILE...: the programs are built with PIE, immediate binding and stack protector.
hardened() {
	local p
	for p; do
		readelf -hdW "$p" | grep -q 'Type: *DYN' && readelf -dW "$p" | grep -q 'BIND_NOW\|Flags:.*NOW' &&
			readelf -sW --dyn-syms "$p" | grep -q '__stack_chk_fail' || return 1
	done
}
