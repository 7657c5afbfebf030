#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts t_*.sh here, each of which has its own server. Programs run by shim() find
# the drive at /dev/sr0. The checks print TAP lines without numbers.
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

# drive [dvd-rom|dvd+r]: starts a new drive without a disc; a finalised disc becomes that type.
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

ask() { "$O/mmcshimd" --ask "$W/socket" "$@" 2>&1; }

case $O in
/*) lib=$O/libmmcshim.so ;;
*) lib=$PWD/$O/libmmcshim.so ;;
esac

# shim PROGRAM ARG...: runs the program on the drive.
shim() { MMCSHIM_SOCKET=$W/socket LD_PRELOAD=$lib timeout 100 "$@"; }

# run PROGRAM ARG...: as shim, with a new command log; output goes to $W/out, the exit code to $rc.
run() {
	ask log "$W/log" >/dev/null
	shim "$@" >"$W/raw" 2>&1 </dev/null
	rc=$?
	tr '\r' '\n' <"$W/raw" >"$W/out"
	what=$*
}

# blank [BLOCKS]: inserts a new blank, whose image is $W/disc.iso.
blank() {
	ask eject force >/dev/null
	rm -f "$W/disc.iso" "$W/disc.iso.mmcdisc"
	ask blank "$W/disc.iso" "$@" >/dev/null
}

# reinsert: removes the disc and inserts its image again.
reinsert() {
	ask eject force >/dev/null
	ask insert "$W/disc.iso" >/dev/null
}

# check NAME COMMAND...: a test that passes if the command succeeds.
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

# need PROGRAM NAME: returns false, and prints test NAME as skipped, if the program is not installed.
need() {
	command -v "$1" >/dev/null && return
	skip "$2" "$1 is not installed"
	return 1
}

exits() { [ "$rc" = "$1" ]; }
fails() { [ "$rc" != 0 ] && [ "$rc" != 124 ]; }
fails_to() { ! "$@"; }
# says REGEX...: the program's output matches each expression.
says() {
	for re in "$@"; do
		grep -qE -e "$re" "$W/out" || { echo "# not said: $re"; return 1; }
	done
}
output_lacks() { ! grep -E -e "$1" "$W/out" | sed 's/^/# said: /' | grep .; }
# sent REGEX...: the command log matches each expression.
sent() {
	for re in "$@"; do
		grep -qE -e "$re" "$W/log" || { echo "# not sent: $re"; return 1; }
	done
}
# The dvd+rw-tools mark every complaint with ":-[" or ":-(".
no_complaints() { output_lacks ':-[([]'; }
# state KEY=VALUE...: the server's status has these values.
state() {
	s=" $(ask status) "
	for kv in "$@"; do
		case $s in
		*" $kv "*) ;;
		*) echo "# state is not $kv:$s"; return 1 ;;
		esac
	done
}
# wire_clean [REGEX]: the command log has no mark "!", except in lines that match the expression. Marks are for
# an operation code that the engine knows and refuses (5/20/00), for a data phase other than the host announced
# (cases of BOT 6.7; a shorter answer is none), and for a fault on request.
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

# The whole device, read as the kernel would, equals the image.
reads_back() {
	shim dd if=/dev/sr0 of="$W/back" bs=64k iflag=fullblock 2>/dev/null || return 1
	holds "$W/back" "$W/disc.iso"
}

# good_burn NAME SOURCE PAD: the checks after every burn of an image on a blank.
good_burn() {
	check "$1: exit code 0" exits 0
	check "$1: no complaint" no_complaints
	check "$1: nothing refused, every data phase fits" wire_clean
	check "$1: file on disk equals the source" holds "$W/disc.iso" "$2" "$3"
	check "$1: reads back through the block device" reads_back
	check "$1: unit attention and media event after CLOSE harmed nothing" change_reported
}

# change_reported [N]: after the program's first CLOSE the new medium was reported N times (1 by
# default), each time by one unit attention 6/28/00 and one media event.
change_reported() {
	sed -n '/CLOSE TRACK.SESSION/,$p' "$W/log" >"$W/after"
	ua=$(grep -c 'CHECK 6/28/00' "$W/after")
	event=$(grep -c 'GET EVENT .* : 00 06 04 52 02 02' "$W/after")
	[ "$ua" = "${1:-1}" ] && [ "$event" = "${1:-1}" ] && return
	echo "# after CLOSE: $ua unit attentions, $event media events"
	return 1
}

# Makes two small trees and an image as sources for burns.
make_sources() {
	mkdir -p "$W/d1" "$W/d2"
	head -c 3000000 /dev/urandom >"$W/d1/a.bin"
	head -c 700001 /dev/urandom >"$W/d2/b.bin"
	genisoimage -quiet -R -V SHIMTEST -o "$W/x.iso" "$W/d1"
}

# make_page_05 OCTAL OCTAL: makes $W/page, the list of MODE SELECT(10) with page 05h for data (MMC-6 7.5); bytes 2
# and 3 have write type and multi-session bits.
make_page_05() {
	{
		# shellcheck disable=SC2059 # octal escapes
		printf "\\0\\0\\0\\0\\0\\0\\0\\0\\005\\062\\$1\\$2\\010\\007"
		head -c 9 /dev/zero
		printf '\226'
		head -c 36 /dev/zero
	} >"$W/page"
}
