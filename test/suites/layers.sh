#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves by the includes, and by the symbols of the built libraries, that each
# layer knows only what is to its right: gadget and daemon -> bot -> mmc -> media -> util.
n=0
report() { # status, name, evidence
	n=$((n + 1))
	if [ -z "$3" ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		echo "$3" | sed 's/^/# /'
	fi
}

# forbid DIRS REGEX NAME: no #include line in DIRS matches
forbid() {
	# shellcheck disable=SC2086
	report x "$3" "$(grep -nE "^#[[:space:]]*include[[:space:]]+[<\"]($2)" $1 2>/dev/null)"
}

os='unistd.h|fcntl.h|sys/|linux/|pthread.h|libaio.h|usbg/|libconfig.h|jansson.h|systemd/|time.h|signal.h|poll.h'
forbid 'src/mmc/*.[ch] src/bot/*.[ch] src/media/disc*.[ch] src/media/store.[ch]' "$os" 'engine, BOT, disc and store include nothing of the operating system'
# A trace is written and read in memory; dates are made of its numbers, no clock is asked.
forbid 'src/trace/*.[ch]' "$(echo "$os" | sed 's/|time\.h//')" 'traces include nothing of the operating system but dates'
forbid 'src/util/*.[ch]' 'media/|mmc/|bot/|core/|ctl/|gadget/|trace/' 'util knows no layer'
forbid 'src/media/*.[ch]' 'mmc/|bot/|core/|ctl/|gadget/|trace/' 'media knows nothing above it'
forbid 'src/mmc/*.[ch]' 'bot/|core/|ctl/|gadget/|trace/' 'the engine knows nothing above it'
forbid 'src/bot/*.[ch]' 'core/|ctl/|gadget/|trace/' 'BOT knows nothing above it'
forbid 'src/trace/*.[ch]' 'bot/|core/|ctl/|gadget/|mmc/[^m]|mmc/mmc_int|media/' 'traces know the engine by mmc.h alone'
forbid 'src/bot/*.[ch]' 'mmc/[^m]|mmc/mmc_int|media/' 'BOT sees the engine through mmc.h alone'
forbid 'gadget/*.[ch]' 'core/|ctl/|trace/|mmc/mmc_int|bot/[^b]|jansson.h|libconfig.h' 'gadget/ knows BOT and engine by their headers alone'
forbid 'src/core/*.[ch] src/mmcgadgetd.c' 'mmc/mmc_int|bot/[^b]|linux/usb/functionfs.h|libaio.h|usbg/|gadget/ffs_int' 'the daemon does not reach below the seams'
forbid 'src/ctl/*.[ch] src/mmcgadgetctl.c' 'core/|gadget/|bot/|mmc/|media/' 'the client knows the control language, and traces'
only() { # HEADER DIRS NAME: HEADER is included in DIRS only
	report x "$3" "$(grep -rlE "^#[[:space:]]*include[[:space:]]+[<\"]$1" src gadget --include='*.[ch]' | grep -vE "$2")"
}
only 'linux/usb/functionfs.h' '^gadget/' 'FunctionFS is gadget/ only'
only 'libaio.h' '^gadget/' 'libaio is gadget/ only'
only 'usbg/' '^gadget/' 'libusbgx is gadget/ only'
only 'libconfig.h' '^src/core/config' 'libconfig is config only'
only 'blkid/' '^src/core/label\.c' 'libblkid is labels only'

# BOT never looks into a CDB: it passes the bytes on, and indexes none of them.
report x 'BOT looks into no CDB' "$(grep -nE 'cdb\[[^]]' src/bot/*.c | grep -vE 'sizeof|uint8_t +cdb\[|/\*')"
report x 'the engine speaks no USB' "$(grep -niE '\b(CBW|CSW|endpoint|functionfs|usb_)' src/mmc/*.c src/mmc/*.h | grep -vE '/\*|^\S+\s+\*|//|\* ')"
# No handler asks for a profile number: that is what the table is for.
report x 'no profile number in a command handler' "$(grep -nE 'PROFILE_(NONE|DVD|REMOVABLE)' src/mmc/cmd_[a-su-z]*.c src/mmc/gate.c src/mmc/drive.c src/mmc/modepage.c | grep -v '"')"

# The command path allocates nothing: what calls the allocator is listed here.
make -s O="${O:-build}" "${O:-build}/libmmc.a" "${O:-build}/libbot.a" "${O:-build}/libtrace.a" >/dev/null 2>&1
alloc=$(for l in mmc bot; do
	nm -A "${O:-build}/lib$l.a" 2>/dev/null | awk '/ U (malloc|calloc|realloc|free|strdup)$/ { print $1, $3 }'
done | grep -vE ':(drive|bot)\.o')
report x 'only creation and disposal use the allocator' "$alloc"
clock=$(nm -A "${O:-build}/libtrace.a" 2>/dev/null | grep -E ' U (open|fopen|time|clock_gettime|gettimeofday|malloc|calloc|realloc)(@|$)')
report x 'traces ask no clock, open no file and allocate nothing' "$clock"
symbols=$(nm -A "${O:-build}/libmmc.a" "${O:-build}/libbot.a" 2>/dev/null |
	grep -E ' U (read|write|open|openat|close|ioctl|pread|pwrite|time|clock_gettime|gettimeofday|poll|epoll_wait|pthread_.*|printf|fprintf)(@|$)')
report x 'engine and BOT call no system' "$symbols"
built=$(nm "${O:-build}/libmmc.a" 2>/dev/null | grep -c ' T mmc_begin')
report x 'the libraries were there to be looked at' "$([ "$built" = 1 ] || echo "no libmmc.a")"
echo "1..$n"
