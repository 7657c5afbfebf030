#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For the scripts t_*.sh here: a server of their own, programs that find the
# drive at /dev/sr0, and checks that print TAP lines (numbered by the suite).
set -u
O=${O:-build}
W=$(mktemp -d)
LC_ALL=C
export LC_ALL W
rc=0
server=''

cleanup() {
	[ -n "$server" ] && { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
	rm -rf "$W"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# drive [dvd-rom|dvd+r]: a fresh drive without disc; what a finalised disc becomes.
drive() {
	[ -n "$server" ] && { ask stop >/dev/null; wait "$server"; }
	"$O/mmcshimd" "$W/socket" "$W/log" "${1:-dvd-rom}" &
	server=$!
	tries=100
	until ask status >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "Bail out! mmcshimd does not answer"; exit 1; }
		sleep 0.05
	done
}

ask() { "$O/mmcshimd" --ask "$W/socket" "$@"; }

case $O in
/*) lib=$O/libmmcshim.so ;;
*) lib=$PWD/$O/libmmcshim.so ;;
esac

# shim PROGRAM ARG...: runs it on the drive.
shim() { MMCSHIM_SOCKET=$W/socket LD_PRELOAD=$lib timeout 100 "$@"; }

# run PROGRAM ARG...: as shim, with a log of its own; output in $W/out, exit code in $rc.
run() {
	ask log "$W/log" >/dev/null
	shim "$@" >"$W/raw" 2>&1 </dev/null
	rc=$?
	tr '\r' '\n' <"$W/raw" >"$W/out"
	what=$*
}

# blank [BLOCKS]: a new blank disc, file $W/disc.iso.
blank() {
	ask eject force >/dev/null
	rm -f "$W/disc.iso" "$W/disc.iso.mmcdisc"
	ask blank "$W/disc.iso" "$@" >/dev/null
}

# again: the disc is taken out and comes back, as from its file.
again() {
	ask eject force >/dev/null
	ask insert "$W/disc.iso" >/dev/null
}

# check NAME COMMAND...: a test, passed when the command succeeds.
check() {
	test_name=$1
	shift
	if "$@"; then
		echo "ok - $test_name"
		return
	fi
	echo "not ok - $test_name"
	{ echo "failed: $*"; echo "ran: ${what:-}, code $rc"; ask status; tail -n 25 "$W/out"
		grep -e '!' -e CHECK "$W/log"; } 2>&1 | sed 's/^/#   /'
}

skip() { echo "ok - $1 # SKIP $2"; }

# need PROGRAM NAME: false, and a skipped test, when it is not installed.
need() {
	command -v "$1" >/dev/null && return
	skip "$2" "$1 is not installed"
	return 1
}

exits() { [ "$rc" = "$1" ]; }
fails() { [ "$rc" != 0 ] && [ "$rc" != 124 ]; }
# says REGEX...: each of them is in the output.
says() {
	for re in "$@"; do
		grep -qE -e "$re" "$W/out" || { echo "# not said: $re"; return 1; }
	done
}
silent_on() { ! grep -E -e "$1" "$W/out" | sed 's/^/# said: /' | grep .; }
# sent REGEX...: each of them is in the command log.
sent() {
	for re in "$@"; do
		grep -qE -e "$re" "$W/log" || { echo "# not sent: $re"; return 1; }
	done
}
# The dvd+rw-tools mark every complaint with one of two faces.
no_faces() { silent_on ':-[([]'; }
# state KEY=VALUE...: as the server tells it.
state() {
	s=" $(ask status) "
	for kv in "$@"; do
		case $s in
		*" $kv "*) ;;
		*) echo "# state is not $kv:$s"; return 1 ;;
		esac
	done
}
# No command of the table refused, no data phase that Bulk-Only would have to
# end in an error, but where it matches the given expression.
wire_clean() { ! grep -e '!' "$W/log" | grep -vE -e "${1:-^$}" | sed 's/^/# /' | grep .; }

# holds FILE SOURCE [PAD]: the file begins with the source; zeros follow, PAD bytes at most.
holds() {
	n=$(stat -c %s "$2")
	all=$(stat -c %s "$1")
	if [ "$all" -lt "$n" ] || [ "$all" -gt $((n + ${3:-0})) ]; then
		echo "# $2 has $n bytes, $1 $all"
		return 1
	fi
	cmp -n "$n" "$1" "$2" && cmp -n $((all - n)) -i "$n:0" "$1" /dev/zero
}

# The whole device, as the kernel would read it, is the file.
reads_back() {
	shim dd if=/dev/sr0 of="$W/back" bs=64k iflag=fullblock 2>/dev/null || return 1
	holds "$W/back" "$W/disc.iso"
}

# good_burn NAME SOURCE PAD: what every burn of an image to a blank has to leave behind.
good_burn() {
	check "$1: exit code 0" exits 0
	check "$1: no complaint" no_faces
	check "$1: nothing refused, every data phase fits" wire_clean
	check "$1: file on disk equals the source" holds "$W/disc.iso" "$2" "$3"
	check "$1: reads back through the block device" reads_back
	check "$1: unit attention and media event after CLOSE harmed nothing" told_of_change
}

# From the program's first CLOSE on, the new medium was told of N times (1 unless
# said): as many 6/28/00 as media events, and neither twice for one change.
told_of_change() {
	sed -n '/CLOSE TRACK.SESSION/,$p' "$W/log" >"$W/after"
	ua=$(grep -c 'CHECK 6/28/00' "$W/after")
	event=$(grep -c 'GET EVENT .* : 00 06 04 52 02 02' "$W/after")
	[ "$ua" = "${1:-1}" ] && [ "$event" = "${1:-1}" ] && return
	echo "# after CLOSE: $ua unit attentions, $event media events"
	return 1
}

# Two small trees and an image, the same for all scripts.
material() {
	mkdir -p "$W/d1" "$W/d2"
	head -c 3000000 /dev/urandom >"$W/d1/a.bin"
	head -c 700001 /dev/urandom >"$W/d2/b.bin"
	genisoimage -quiet -R -V SHIMTEST -o "$W/x.iso" "$W/d1"
}
