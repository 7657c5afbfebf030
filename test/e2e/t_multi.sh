#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Discs of several sessions, burned by three burners. Between two sessions of growisofs the disc is removed,
# and between those of cdrskin the daemon is restarted or killed; the next session can always be added. The
# host that mounts the last session sees the files of all sessions, and reads the same bytes as the image file has.
. ./lib.sh

# Makes the files of each session, with its number in their names; one name is long, one file empty.
for s in 1 2 3 4; do
	d=$work/src$s/part$s
	mkdir -p "$d/folder with blanks"
	head -c $((1000000 * s + 777)) /dev/urandom >"$d/data$s.bin"
	head -c 2049 /dev/urandom >"$d/folder with blanks/a rather long name of session $s.txt"
	: >"$d/empty$s"
	mkdir -p "$work/all$s"
	for ((i = 1; i <= s; i++)); do
		cp -a "$work/src$i/part$i" "$work/all$s/"
	done
done
modprobe -a loop isofs
mkdir -p /mnt

drive_up
dmesg_mark multi
d=/dev/$sr

appendable_seen() { cdrskin "dev=$d" -minfo 2>/dev/null | grep -q 'disk status: *incomplete/appendable'; }

mounted_is() { # FOLDER DEVICE [OPTION]
	local rc=0
	mount -t iso9660 -o "ro${3:+,$3}" "$2" /mnt || return
	diff -r "$1" /mnt || rc=$?
	umount /mnt || rc=$?
	return "$rc"
}
file_is() { # FOLDER FILE [OPTION]
	mounted_is "$1" "$2" "loop${3:+,$3}"
}

# starts[N]: where session N begins, as burner and board agreed before it was burned.
declare -a starts

# session_good NAME N: checks that the disc has N closed sessions and can take another one.
session_good() {
	local name=$1 n=$2 file=$media/$1.img nwa last size text i
	local -a tracks=()
	wait_for_udev
	is "$name $n: appendable, with $n closed sessions" \
		"$(state state) $(state sessions) $(state tracks)" "appendable $((n + 1)) $((n + 1))"
	nwa=$(state nwa)
	size=$(stat -c %s "$file")
	is "$name $n: the next session begins at the first ECC block after the data" "$nwa" \
		"$(((size / 2048 + 15) / 16 * 16))"
	last=${starts[$n]}
	is "$name $n: cdrskin would begin the next session there" "$(cdrskin "dev=$d" -msinfo 2>/dev/null)" "$last,$nwa"
	text=$(cdrskin "dev=$d" -v -toc 2>/dev/null)
	for ((i = 1; i <= n; i++)); do
		tracks+=("track: +$i lba: +${starts[$i]} ")
	done
	like "$name $n: cdrskin lists every session" "$text" "${tracks[@]}" \
		"Media summary: $n sessions, $n tracks, appendable DVD\+R"
	tracks=()
	for ((i = 1; i <= n; i++)); do
		tracks+=("Track#$i +: +[0-9]+@${starts[$i]}$")
	done
	like "$name $n: dvd+rw-mediainfo lists every session" "$(dvd+rw-mediainfo "$d" 2>&1)" "${tracks[@]}" \
		'Disc status: +appendable' "Number of Sessions: +$((n + 1))$" "Multi-session Info: +#$n@$last"
	same "$name $n" "$n" "$last"
	starts[n + 1]=$nwa
}

# same NAME N START: checks that the host's disc and the image file have all files of N sessions.
same() {
	local name=$1 n=$2 file=$media/${1%% *}.img host
	check "$name: the host mounts the last session, with the files of all" mounted_is "$work/all$n" "$d"
	check "$name: the board mounts the file, with the files of all" file_is "$work/all$n" "$file" "sbsector=$3"
	check "$name: the first session in the file has not changed" file_is "$work/all1" "$file" sbsector=0
	host=$(size_of "$sr")
	check "$name: the host's size ($host) ends in the last session, and within the file" \
		test "$host" -gt $(($3 * 2048)) -a "$host" -le "$(stat -c %s "$file")"
	check "$name: the host reads what is in the file" cmp -n "$host" "$file" <(
		dd if="$d" iflag=direct bs=64k status=none
	)
}

fresh() { # NAME
	check "$1: a blank is inserted" mmcgadgetctl blank "$1.img"
	check "$1: the host sees a blank" wait_for 10 blank_seen
	starts=([1]=0)
}

burn() { # NAME COMMAND...
	local name=$1 began
	shift
	began=$(date +%s%N)
	lines=40 check "$name: exit code 0" "$@"
	echo "#   $name: $((($(date +%s%N) - began) / 1000000)) ms"
}

# kept NAME HOW: checks that the disc is the same as when remember() was called.
kept() {
	is "$1: $2, and the disc is as before" \
		"$(state image) $(state state) $(state sessions) $(state tracks) $(state nwa)" "$before"
	check "$1: the host sees the disc" wait_for 15 appendable_seen
}
remember() { before="$(state image) $(state state) $(state sessions) $(state tracks) $(state nwa)"; }
reinsert() { # NAME
	remember
	check "$1: the disc is removed" mmcgadgetctl eject --force
	check "$1: the host sees that the drive is empty" wait_for 10 no_disc
	check "$1: the disc is inserted again" mmcgadgetctl insert "$1.img"
	kept "$1" "removed and inserted"
}
no_disc() { ! cdrskin "dev=$d" -minfo 2>/dev/null | grep -q 'disk status'; }
restart() { # NAME SIGNAL
	remember
	config drives="{ name = \"drive0\"; image = \"$1.img\"; }"
	if [ "$2" = TERM ]; then
		check "$1: the daemon ends" daemon_stop
	else
		kill "-$2" "$daemon_pid"
		wait_for 10 eval '! daemon_alive'
	fi
	wait_for 20 have_drives 0
	check "$1: the daemon starts" daemon_start
	check "$1: the host has a drive" wait_for 30 have_drives 1
	sr=$(host_drives | head -n 1)
	d=/dev/$sr
	kept "$1" "SIG$2 and a new start"
}
# final NAME N: checks that the disc is finalised with N sessions and a DVD-ROM, also after it is inserted again.
complete_seen() { udev_has "$sr" ID_CDROM_MEDIA_STATE=complete; }
final() { # NAME N
	is "$1: the disc is complete" "$(state state) $(state medium)" "complete dvd-rom"
	check "$1: the disc is removed" mmcgadgetctl eject --force
	check "$1: the host sees that the drive is empty" wait_for 10 no_disc
	check "$1: the disc is inserted again" mmcgadgetctl insert "$1.img"
	is "$1: the disc is complete, with $2 sessions" "$(state state) $(state medium) $(state sessions)" "complete dvd-rom $2"
	check "$1: the host sees the disc" wait_for 15 complete_seen
	wait_for_udev
	same "$1 finalised" "$2" "${starts[$2]}"
	check_not "$1: the disc takes no further session" growisofs -M "$d" -R -J -quiet "$work/src4"
	is "$1: the disc is unchanged" "$(state state) $(state sessions)" "complete $2"
}

# ---- growisofs; the disc is removed between two sessions ----
name=growisofs
fresh $name
burn "$name 1" growisofs -Z "$d" -R -J -quiet "$work/src1"
session_good $name 1
reinsert $name
burn "$name 2" growisofs -M "$d" -R -J -quiet "$work/src2"
session_good $name 2
last=2
if [ -n "$FULL" ]; then
	reinsert $name
	burn "$name 3" growisofs -M "$d" -R -J -quiet "$work/src3"
	session_good $name 3
	last=3
fi
check "$name: finalised by the board" mmcgadgetctl close $name.img
final $name $last

# ---- cdrskin with sessions by genisoimage; the daemon is restarted, then killed, between them ----
name=cdrskin
cdrskin_session() { # N OPTION...
	local n=$1 ms old=()
	shift
	if [ "$n" -gt 1 ]; then
		ms=$(cdrskin "dev=$d" -msinfo 2>/dev/null) || return
		old=(-C "$ms" -M "$d")
	fi
	genisoimage -quiet -R -J "${old[@]}" -o "$work/session.iso" "$work/src$n" &&
		cdrskin -v "dev=$d" "$@" "$work/session.iso"
}
fresh $name
burn "$name 1" cdrskin_session 1 -multi
session_good $name 1
restart $name TERM
burn "$name 2" cdrskin_session 2 -multi
session_good $name 2
restart $name KILL
burn "$name 3" cdrskin_session 3 -multi
session_good $name 3
burn "$name 4, the last one" cdrskin_session 4
final $name 4

# ---- xorriso ----
name=xorriso
xorriso_session() { # N
	xorriso -abort_on FAILURE -joliet on -dev "$d" -map "$work/src$1/part$1" "/part$1" -commit
}
# dummy_hcd refuses xorriso's buffer at super speed: see t_burn.sh.
[ "$SPEED" != super ] || export GLIBC_TUNABLES=glibc.malloc.mmap_threshold=16384
fresh $name
for s in 1 2 ${FULL:+3}; do
	burn "$name $s" xorriso_session $s
	session_good $name $s
done

is "no phase error, no reset" "$(state phase_errors) $(state resets)" "0 0"
dmesg_clean "the kernel log is clean" multi
check "the daemon ends with 0" daemon_stop
finish
