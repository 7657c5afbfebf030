#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For suites that talk to mmcgadget-web: starts it beside the daemon without USB. O is the build directory.
# After web_start: $U the address, $S the folder of both, RW and RO two tokens, JAR the cookies of a session.
# SANITIZED: a program to take instead of $O/mmcgadget-web, with sanitizers; then its memory is not measured.
O=${O:-build}
program=${SANITIZED:-$O/mmcgadget-web}
n=0
S=$(mktemp -d)
chmod 755 "$S"
pids=()

# check NAME COMMAND...: passes if the command does.
check() {
	local name=$1 out
	shift
	n=$((n + 1))
	if out=$("$@" 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		head -n 10 <<<"$out" | cut -c1-400 | sed 's/^/#   /'
	fi
}
skip() { # NAME WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
same() { # WANT GOT
	[ "$1" = "$2" ] || {
		echo "wanted: $1"
		echo "got:    $2"
		return 1
	}
}

# most KIB: at most that much memory was resident in the program at any time.
most() {
	[ -z "${SANITIZED:-}" ] || return
	check "at most $(($1 / 1024)) MiB were resident" test "$(awk '/^VmHWM/ { print $2 }' "/proc/$web/status")" -le "$1"
}

# no_fault: ends the program; its sanitizers have found nothing, also no leak at its end.
no_fault() {
	[ -n "${SANITIZED:-}" ] || return
	kill "$web" 2>/dev/null
	wait "$web" 2>/dev/null
	check 'the sanitizers have found nothing' test -z "$(grep -E 'Sanitizer|runtime error' "$S/web.log")"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

end_all() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$S"
}
trap end_all EXIT

ctl() { MMCGADGET_ROOT=$S "$O/mmcgadgetctl" "$@"; }

# shellcheck disable=SC2120 # web.sh has some
daemon_start() { # OPTION...
	"$O/test/web/fake_daemon" "$@" "$S" >"$S/daemon.log" 2>&1 </dev/null &
	daemon=$!
	pids+=("$daemon")
	for _ in $(seq 100); do
		grep -q ready "$S/daemon.log" && break
		sleep 0.1
	done
	grep -q ready "$S/daemon.log"
}

# web_run: starts the program on the port, and at the addresses of also_at, as systemd does, when the first connection
# comes.
also_at=()
web_run() {
	systemd-socket-activate -l "127.0.0.1:$port" "${also_at[@]/#/--listen=}" "$program" -c "$S/web.conf" >>"$S/web.log" 2>&1 </dev/null &
	web=$!
	pids+=("$web")
	for _ in $(seq 100); do
		curl -s -m 5 -o "$S/null" "$U/api/v1/health" && return
		sleep 0.1
	done
	return 1
}

# web_start [LINE]: the daemon, the program with LINE in its configuration, tokens and a session.
web_start() {
	mkdir -p "$S/etc/mmcgadget" "$S/state" "$S/media"
	daemon_start || return 1
	port=$(free_port)
	U=http://127.0.0.1:$port
	# The socket for the web, if the daemon has one.
	local socket=$S/run/web
	[ -S "$socket" ] || socket=$S/run/socket
	cat >"$S/web.conf" <<-C
		socket = "$socket"; password_file = "$S/etc/mmcgadget/web.passwd";
		token_file = "$S/etc/mmcgadget/web.tokens"; state = "$S/state"; idle = 0;
		${1:-}
	C
	web_run || return 1
}

log_in() {
	echo 'correct horse' | ctl web password >"$S/null" || return 1
	RW=$(ctl web token add writer | tail -n 1)
	# shellcheck disable=SC2034 # for the suites
	RO=$(ctl web token add reader read-only | tail -n 1)
	JAR=$S/jar
	[ "$(curl -s -m 10 -o "$S/null" -w '%{http_code}' -c "$JAR" -H 'X-Mmcgadget: 1' -H 'Content-Type: application/json' \
		-d '{"password":"correct horse"}' "$U/api/v1/session")" = 204 ]
}

# code ARGUMENT...: the status that curl gets for a path behind $U; the body is in $S/body, the headers in $S/head.
code() {
	curl -s -m 120 --path-as-is -o "$S/body" -D "$S/head" -w '%{http_code}' "${@:1:$#-1}" "$U${*: -1}"
}
token() { code -H "Authorization: Bearer $RW" "$@"; }
# until_closed NAME: waits, 30 s at most, until an ejected disc is closed. The eject is answered before that, and until
# then the file of the disc is in use.
until_closed() {
	for _ in $(seq 60); do
		[ "$(token "/api/v1/images/$1/content")" = 423 ] || break
		sleep 0.5
	done
}
page() { code -b "$JAR" -H 'X-Mmcgadget: 1' "$@"; }
body() { jq -r "$1" "$S/body"; }
# raw TEXT: the first line of the answer to these bytes.
raw() {
	exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
	# In one piece: what comes after an early answer would reset the connection.
	printf '%b' "$1" | dd bs=64k iflag=fullblock status=none >&9
	timeout 5 head -n 1 <&9 | tr -d '\r'
	exec 9>&-
}
