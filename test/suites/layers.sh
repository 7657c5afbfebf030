#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves by the includes, and by the symbols of the built objects, that each room knows only the
# rooms below it, that no two files need each other, and that the pure rooms stay pure.
O=${O:-build}
n=0
report() { # NAME EVIDENCE: passes if the evidence is empty
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

# ---- rooms ------------------------------------------------------------------------------------
# From the top down. A room includes its own headers and those of the rooms below it. The client
# stands beside the daemon: it shares the rooms from "protocol" down, except "cdimage". The shim stands
# beside both, on "cdimage" and the rooms from "trace" down.
rooms=(daemon usb control transfer drive burned catalog image compact library gadget protocol cdimage trace bot mmc disc media cd util)
client=(ctl protocol trace bot mmc disc media cd util)
# The web page: it knows the client, and has no way to a drive or a file of the media folder.
web=(web ctl protocol util)
shim=(shim cdimage trace bot mmc disc media cd util)
# The process that gives a PC's connection to the kernel.
usbip=(usbip util)
# The process without rights that the daemon starts.
resolver=(resolver cdimage cd util)
# The one that decodes FLAC and CHDs, in the same sandbox.
decoder=(decoder resolver cdimage cd util)

place() { # ROOM: its directory
	[ "$1" = gadget ] && echo gadget || echo "src/$1"
}

# Headers of lower rooms that a room must not include, although the order would allow it: an extended
# regular expression for each room.
declare -A hidden=(
	[daemon]='mmc/mmc_int|bot/(bot_priv|cases|wire)|gadget/ffs_int|gadget/gadget_int'
	[usb]='mmc/mmc_int|bot/|gadget/ffs_int|gadget/gadget_int'
	[control]='gadget/|bot/|media/'
	[transfer]='gadget/|bot/|trace/'
	[drive]='mmc/mmc_int|bot/(bot_priv|cases|wire)|gadget/ffs_int|gadget/gadget_int'
	[burned]='gadget/|bot/|mmc/|trace/'
	[catalog]='gadget/|bot/|mmc/|trace/'
	[image]='gadget/|bot/|mmc/|trace/'
	[compact]='gadget/|bot/|mmc/|trace/|disc/'
	[library]='gadget/|bot/|mmc/|trace/'
	[gadget]='protocol/|trace/|mmc/mmc_int|bot/(bot_priv|cases|wire)|disc/|media/|cd/'
	[protocol]='trace/|bot/|mmc/|disc/|media/|cd/'
	[cdimage]='trace/|bot/|mmc/|disc/|media/'
	[trace]='bot/|mmc/mmc_int|mmc/profile|disc/(disc|layout|model)|media/|cd/'
	[bot]='mmc/mmc_int|mmc/profile|disc/|media/|cd/'
	[media]='cd/'
	[ctl]='bot/|mmc/|disc/|media/|cd/'
	[shim]='bot/|mmc/mmc_int|mmc/profile'
)

includes() { # DIRECTORY: "FILE:LINE: HEADER" of each include of ours
	grep -nE '^#[[:space:]]*include[[:space:]]+"' "$1"/*.[ch] | sed -E 's/#[[:space:]]*include[[:space:]]+"([^"]*)".*/ \1/'
}

below() { # ROOM STACK...: ROOM and the rooms after it in STACK, as an expression
	local room=$1 seen='' list=$1
	shift
	for each; do
		[ -z "$seen" ] || list+="|$each"
		[ "$each" != "$room" ] || seen=1
	done
	echo "($list)/|version\.h|codecs\.h"
}

all=("${rooms[@]}" ctl web usbip shim resolver decoder)
stack_of() { # ROOM: the rooms of its programs, in $stack
	case $1 in
	ctl) stack=("${client[@]}") ;;
	web) stack=("${web[@]}") ;;
	usbip) stack=("${usbip[@]}") ;;
	shim) stack=("${shim[@]}") ;;
	resolver) stack=("${resolver[@]}") ;;
	decoder) stack=("${decoder[@]}") ;;
	*) stack=("${rooms[@]}") ;;
	esac
}

for room in "${all[@]}"; do
	dir=$(place "$room")
	stack_of "$room"
	report "$dir includes nothing above it" \
		"$(includes "$dir" | grep -vE ": ($(below "$room" "${stack[@]}"))")"
	[ -z "${hidden[$room]:-}" ] ||
		report "$dir sees of what is below it only what it needs" \
			"$(includes "$dir" | grep -E ": (${hidden[$room]})")"
done
report 'every directory of sources is a room of this check' "$(
	for dir in src/*/ gadget/; do
		room=$(basename "$dir")
		[[ " ${all[*]} " == *" $room "* ]] || echo "$dir"
	done
)"

# ---- files ------------------------------------------------------------------------------------
# An object needs another object when it uses a symbol that the other one defines. Two programs may have
# the same name for two things, so only objects of rooms that its room knows count. shim_preload.c is left
# out: it defines names of the C library, for the programs into which it is preloaded.
report 'everything is built' "$(make -s -j"$(nproc)" O="$O" all shim 2>&1 >/dev/null)"
objects=$(for dir in $(for room in "${all[@]}"; do place "$room"; done); do
	for source in "$dir"/*.c; do [ "$source" = src/shim/shim_preload.c ] || echo "$O/${source%.c}.o"; done
done)
needs=$(mktemp)
trap 'rm -f "$needs"' EXIT
# shellcheck disable=SC2086 # a list of files
{
	for room in "${all[@]}"; do
		stack_of "$room"
		known=''
		for each in "${stack[@]}"; do
			[ "$each" != "$room" ] || known=1
			echo "${known:+below }knows $(place "$room") $(place "$each")"
		done
	done
	nm -A $objects 2>&1
} | awk -v o="$O/" '
	function room(file) { sub(/\/[^\/]*$/, "", file); return file }
	$1 == "below" { below[$3, $4] = knows[$3, $4] = 1; next }
	$1 == "knows" { knows[$2, $3] = 1; next }
	$1 == "nm:" { print "missing", $0; next }
	{ split($0, at, ":"); file = substr(at[1], length(o) + 1); sub(/\.o$/, "", file) }
	$(NF - 1) ~ /^[TDBRC]$/ { home[$NF] = home[$NF] " " file }
	$(NF - 1) == "U" { used[file, $NF] = 1 }
	END {
		for (pair in used) {
			split(pair, p, SUBSEP)
			n = split(home[p[2]], h, " ")
			fits = 0
			for (i = 1; i <= n; i++) {
				fits += (room(p[1]), room(h[i])) in below
				if (h[i] != p[1] && (room(p[1]), room(h[i])) in knows)
					print p[1], h[i]
			}
			if (n && !fits)
				print "above", p[1] ":" p[2] ":" home[p[2]]
		}
	}' | sort -u >"$needs"
report 'no file needs a symbol that only rooms above it have' "$(grep '^above ' "$needs")"
report 'no two files need each other' "$(grep -vE '^(above|missing) ' "$needs" | tsort 2>&1 >/dev/null | sed 's/^tsort: -\?:\? *//' | grep -v 'input contains a loop' | head -n 40)"
# A header that shows the inside of a struct invites every file that includes it to reach into it.
report 'no struct in a header has 60 members' "$(perl -0777 -ne '
	s,/\*.*?\*/,,gs;
	while (/^struct (\w+) \{(.*?)^\}/gms) {
		my ($name, $body) = ($1, $2);
		1 while $body =~ s/\([^()]*\)//g;
		my $n = () = $body =~ /[;,]/g;
		print "$ARGV: struct $name has $n\n" if $n >= 60;
	}' src/*/*.h gadget/*.h)"
report 'only the files that put a drive together see its parts' "$(
	grep -lE '^#[[:space:]]*include[[:space:]]+"drive/drive_(int|extract)\.h"' src/*/*.[ch] |
		grep -vE '^src/drive/(drive|drive_services|drive_extract)\.[ch]$'
)"
report 'every object was there to be looked at' "$(
	grep '^missing' "$needs" | grep -v /src/decoder/ # of which a library may be absent
	for room in "${all[@]}"; do
		grep -q "^$(place "$room")/" "$needs" || echo "nothing is known of $(place "$room")"
	done
)"

# ---- libraries: each in one place -------------------------------------------------------------
only() { # HEADER FILES NAME: HEADER is included by files that match only
	report "$3" "$(grep -rlE "^#[[:space:]]*include[[:space:]]+[<\"]$1" src gadget --include='*.[ch]' | grep -vE "$2")"
}
only 'linux/usb/functionfs.h' '^gadget/' 'FunctionFS is gadget/ only'
only 'libaio.h' '^gadget/' 'libaio is gadget/ only'
only 'usbg/' '^gadget/' 'libusbgx is gadget/ only'
only 'libconfig.h' '^src/(daemon|web)/config' 'libconfig is the configuration only'
only 'blkid/' '^src/library/label\.c' 'libblkid is labels only'
only 'FLAC/' '^src/decoder/flac\.c' 'libFLAC is the decoder only'
only 'libchdr/' '^src/decoder/chd\.c' 'libchdr is the decoder only'
only 'microhttpd.h' '^src/web/' 'libmicrohttpd is the web page only'
only 'nettle/' '^src/(library/checksum|ctl/web_secret|web/cookie)\.c' 'nettle is checksums, tokens and the seal of sessions only'

# The daemon leaves it to a process without rights to parse what strangers wrote; the shim parses it itself.
report 'the daemon has no parser for texts of compact discs' "$(
	has=$(nm "$O/mmcgadgetd" | awk '$2 == "T" { print $3 }')
	for object in "$O"/src/cdimage/*.o; do
		case ${object##*/} in kind.o | cue_write.o) continue ;; esac
		nm "$object" | awk '$2 == "T" { print $3 }' | grep -Fx "$has"
	done
	nm "$O/mmcgadget-resolver" | grep -q ' T cdimage_parse$' || echo 'nothing has cdimage_parse()'
)"

# ---- the pure rooms ---------------------------------------------------------------------------
# forbid FILES REGEX NAME: no #include line in FILES matches
forbid() {
	# shellcheck disable=SC2086
	report "$3" "$(grep -nE "^#[[:space:]]*include[[:space:]]+[<\"]($2)" $1 2>/dev/null)"
}
os='unistd.h|fcntl.h|sys/|linux/|pthread.h|libaio.h|usbg/|libconfig.h|jansson.h|systemd/|time.h|signal.h|poll.h'
forbid 'src/mmc/*.[ch] src/bot/*.[ch] src/disc/*.[ch] src/cd/*.[ch] src/cdimage/*.[ch] src/media/store.[ch]' "$os" 'engine, BOT, disc, cd, cdimage and store include nothing of the operating system'
# A trace is written and read in memory; dates are made of its numbers, no clock is asked.
forbid 'src/trace/*.[ch]' "$(echo "$os" | sed 's/|time\.h//')" 'traces include nothing of the operating system but dates'
gate='src/web/gate.[ch] src/web/text.[ch] src/web/range.[ch] src/web/json_list.[ch] src/web/codes.[ch]'
forbid "$gate" "$os|microhttpd.h" 'the gate of the web page includes nothing of the operating system'
forbid 'gadget/*.[ch]' 'jansson.h|libconfig.h' 'gadget/ knows neither JSON nor the configuration file'

# BOT never looks into a CDB: it passes the bytes on, and indexes none of them.
report 'BOT looks into no CDB' "$(grep -nE 'cdb\[[^]]' src/bot/*.c)"
report 'the engine speaks no USB' "$(grep -niE '\b(CBW|CSW|endpoint|functionfs|usb_)' src/mmc/*.c src/mmc/*.h)"
# No handler asks for a profile number or the type of a disc: that is what the table is for.
report 'no profile number or type of a disc in a command handler' "$(grep -nE 'PROFILE_(NONE|DVD|CD|BD|REMOVABLE)|DISC_(DVD|BD)_|DISC_CD_R(OM|W)?\b' src/mmc/*.c | grep -vE '^src/mmc/(profile|feature)\.c:')"

# The command path allocates nothing: this lists the objects that call the allocator.
alloc=$(for l in mmc bot cd; do
	nm -A "$O/lib$l.a" 2>/dev/null | awk '/ U (malloc|calloc|realloc|free|strdup)$/ { print $1, $3 }'
done | grep -vE ':(drive|bot)\.o')
report 'only creation and disposal use the allocator' "$alloc"
clock=$(nm -A "$O/libtrace.a" 2>/dev/null | grep -E ' U (open|fopen|time|clock_gettime|gettimeofday|malloc|calloc|realloc)(@|$)')
report 'traces ask no clock, open no file and allocate nothing' "$clock"
# libmmcshim.so is loaded into other programs, whose names its own must not replace.
report 'what is preloaded into programs holds nothing of the engine' "$(
	nm "$O/libmmcshim.so" 2>/dev/null | awk '$2 ~ /^[TDBR]$/ { print $3 }' |
		grep -E '^(mmc|disc|media|store|cd|trace|bot|crc32|log)_'
	[ -e "$O/libmmcshim.so" ] || echo 'there is no libmmcshim.so'
)"
alloc=$(nm -A "$O/libcdimage.a" 2>/dev/null | grep -E ' U (malloc|calloc|realloc|strdup|open|openat|fopen|read|pread|socket|connect)(@|$)')
report 'what parses texts of strangers opens and allocates nothing' "$alloc"
symbols=$(nm -A "$O/libmmc.a" "$O/libbot.a" "$O/libdisc.a" "$O/libcd.a" 2>/dev/null |
	grep -E ' U (read|write|open|openat|close|ioctl|pread|pwrite|time|clock_gettime|gettimeofday|poll|epoll_wait|pthread_.*|printf|fprintf)(@|$)')
report 'engine, BOT, disc and cd call no system' "$symbols"
echo "1..$n"
