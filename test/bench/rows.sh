# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The measurements, in this order; sourced by init. Prints
#   BENCH SPEED SIDE ROW time COUNT NANOSECONDS
#   BENCH SPEED SIDE ROW cpu COUNT DEVICE IRQ OTHER IDLE
#   BENCH SPEED SIDE ROW memory KIB
# SIDE: ours, mmcgadget; fms, f_mass_storage with its defaults; fms0, the same with stall=0; wire, the bus
# without storage; card, a program on the board that reads from the slow card.
# shellcheck disable=SC2154 # speed and wanted_rows are init's

media=/var/lib/mmcgadget
slow=$media/slow
gadgets=/sys/kernel/config/usb_gadget
udc=dummy_udc.0
disc_db=/run/udev/data/b11:0 # sr0
file_bytes=8388608
run_bytes=7864320 # a multiple of 120 KiB, 64 KiB and 32 KiB
run_1m=7340032
random_count=1024
command_count=500
short_count=10 # f_mass_storage takes a tenth of a second for each
inserts=8
cd_sectors=3328
slow_ns=5000000

say() { echo "BENCH $speed $side $*"; }

wanted() { # ROW
	# shellcheck disable=SC2254 # a pattern
	case $1 in
	${wanted_rows:-*}) return 0 ;;
	*) return 1 ;;
	esac
}

reset_peak_memory() { [ "$side" != ours ] || echo 5 >"/proc/$pid/clear_refs"; }
report_memory() { # ROW
	[ "$side" != ours ] || say "$1" memory "$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")"
}

nothing() { :; }

# measure ROW BEFORE AFTER COMMAND...: runs b_host twice, for the time and for the CPU time of the device.
measure() {
	measure_by b_host "$@"
}

measure_by() { # PROGRAM ROW BEFORE AFTER COMMAND...
	program=$1 row=$2 before=$3 after=$4
	shift 4
	wanted "$row" || return 0
	$before
	reset_peak_memory
	out=$("$program" "$@")
	say "$row" time "$out"
	report_memory "$row"
	$after
	$before
	out=$("$program" -c "$device" "$@")
	say "$row" cpu "$out"
	$after
}

wait_for() { # COMMAND...
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 3000 ] || {
			echo "BENCH failed: $*"
			return 1
		}
		usleep 10000
	done
}
gone() { [ ! -e "$1" ]; }
labelled() { grep -q "^E:ID_FS_LABEL=$1\$" "$disc_db"; }
sg_of() { # BLOCK_DEVICE
	for s in /sys/block/"$1"/device/scsi_generic/sg*; do echo "/dev/${s##*/}"; done
}
# The kernel's poll every two seconds would slow down one row and not another.
polls() { echo "$2" >"/sys/block/$1/events_poll_msecs"; }

# ---- the kernel's gadget ----

gadget_make() { # FUNCTION
	g=$gadgets/bench
	mkdir -p "$g/strings/0x409" "$g/configs/c.1" "$g/functions/$1"
	echo 0x1d6b >"$g/idVendor"
	echo 0x0104 >"$g/idProduct"
	echo 0123456789AB >"$g/strings/0x409/serialnumber"
}

# Called after the options are set: they cannot be changed once the function is linked.
gadget_link() { ln -s "$g/functions/$1" "$g/configs/c.1/"; }

gadget_drop() { # FUNCTION
	echo >"$g/UDC"
	rm "$g/configs/c.1/$1"
	rmdir "$g/functions/$1" "$g/configs/c.1" "$g/strings/0x409" "$g"
}

fms_make() { # CDROM STALL FILE
	gadget_make mass_storage.0
	lun=$g/functions/mass_storage.0/lun.0
	echo "$2" >"$g/functions/mass_storage.0/stall"
	echo 1 >"$lun/removable"
	echo "$1" >"$lun/cdrom"
	echo "$3" >"$lun/file"
	gadget_link mass_storage.0
}

fms_drop() { # BLOCK_DEVICE
	gadget_drop mass_storage.0
	wait_for gone "/sys/block/$1"
	udevadm settle
}

fms_eject() { echo 1 >"$lun/forced_eject"; }
fms_insert() { b_host label "$disc_db" "DISC_$1" sh -c "echo $media/$1.iso >$lun/file"; }
fms_slow() {
	fms_eject
	echo "$slow/c.iso" >"$lun/file"
}
fms_target() {
	target=$media/written
	rm -f "$target"
	truncate -s "$file_bytes" "$target"
	fms_eject
	echo "$target" >"$lun/file"
	b_host ready "$sg"
}

# ---- mmcgadget ----

ours_up() {
	mmcgadgetd >/run/daemon.log 2>&1 &
	pid=$!
	device=$pid
	mmcgadgetctl --wait 20 insert a.iso >/dev/null
	wait_for test -e /dev/sr0
	wait_for labelled DISC_a
	udevadm settle
}

ours_eject() { mmcgadgetctl eject force >/dev/null; }
ours_insert() { b_host label "$disc_db" "DISC_$1" mmcgadgetctl insert "$1.iso"; }
ours_slow() {
	mmcgadgetctl eject force >/dev/null || :
	mmcgadgetctl insert slow/c.iso >/dev/null
}
ours_target() {
	target=$media/written.iso
	mmcgadgetctl eject force >/dev/null || :
	rm -f "$target"*
	mmcgadgetctl blank written.iso >/dev/null
	b_host ready "$sg"
}

# A DVD+RW as a host uses it as a disk. The kernel sees at the next opening that it was formatted.
ours_disk() {
	target=$media/disk.img
	mmcgadgetctl eject force >/dev/null || :
	rm -f "$target"*
	mmcgadgetctl blank disk.img type=dvd+rw >/dev/null
	b_host ready "$sg"
	b_host format "$sg" >/dev/null
}
fms_disk() { fms_target; }

# ---- rows ----

# rest BLOCK_DEVICE: stops the kernel's polls, and waits until udev's programs have ended and no command
# is under way. A late command would cost f_mass_storage a tenth of a second of the next row. The guest's
# clock jumps over idle time, so 3 s cost nothing.
rest() {
	polls "$1" 0
	udevadm settle
	usleep 3000000
	udevadm settle
}

plug() { # GADGET BLOCK_DEVICE
	out=$(b_host plug "$gadgets/$1/UDC" "$udc" "/dev/$2")
	wanted plug && say plug time "$out"
	wait_for sg_of "$2"
	sg=$(sg_of "$2")
	rest "$2"
}

commands() {
	measure tur nothing nothing tur "$sg" "$command_count"
	inquiries=$command_count
	[ "$side" != fms ] || inquiries=$short_count
	measure inquiry nothing nothing inquiry "$sg" "$inquiries"
}

reads() {
	b_host same /dev/sr0 "$media/a.iso" "$file_bytes"
	measure read-120k nothing nothing read /dev/sr0 122880 "$run_bytes"
	measure read-64k nothing nothing read /dev/sr0 65536 "$run_bytes"
	measure read-1m nothing nothing read /dev/sr0 1048576 "$run_1m"
	measure read-2k-random nothing nothing \
		random /dev/sr0 2048 "$random_count" "$file_bytes"
}

# ---- the slow card ----

# Makes a slow card, which serves one request of at most 128 KiB at a time, in 5 ms each. device-mapper's
# delay target would serve any number at a time, and round 5 ms up to clock ticks, to 8 to 12 ms.
card_up() {
	c=/sys/kernel/config/nullb/nullb0
	mkdir "$c"
	echo 1 >"$c/memory_backed"
	echo 64 >"$c/size" # MiB
	echo 2 >"$c/irqmode" # a timer
	echo "$slow_ns" >"$c/completion_nsec"
	echo 1 >"$c/hw_queue_depth"
	echo 256 >"$c/max_sectors"
	echo 1 >"$c/power"
	echo none >/sys/block/nullb0/queue/scheduler
	/usr/sbin/mke2fs -q -t ext4 -b 4096 -E lazy_itable_init=0,lazy_journal_init=0 /dev/nullb0
	mkdir -p "$slow"
	mount -t ext4 -o noatime,commit=900 /dev/nullb0 "$slow"
	b_host make "$slow/c.iso" DISC_c "$file_bytes"
}

# Drops the image from the page cache; the file system's own blocks stay.
forget_slow() { b_host forget "$slow/c.iso"; }

card_row() {
	wanted read-120k-slow || wanted read-cd-51-slow || return 0
	card_up
	side=card
	forget_slow
	out=$(b_host buffered "$slow/c.iso" 131072 "$run_bytes")
	say card time "$out"
}

slow_row() { # SIDE_FUNCTIONS
	wanted read-120k-slow || return 0
	"$1_slow"
	b_host ready "$sg"
	rest sr0
	measure read-120k-slow forget_slow nothing read /dev/sr0 122880 "$run_bytes"
}

verify_target() { b_host pattern "$target" "$run_bytes"; }

writes() { # SIDE_FUNCTIONS BLOCK_SIZE
	for kib in 32 64 120; do
		measure "write-${kib}k" "$1_target" verify_target \
			write "$sg" "$2" $((kib * 1024)) "$run_bytes"
	done
}

# Writes to the whole file once before: overwriting needs no new blocks of the card's file system.
overwrites() { # SIDE_FUNCTIONS BLOCK_DEVICE
	wanted overwrite-64k || wanted overwrite-4k-random || return 0
	"$1_disk"
	rest "$2"
	b_host overwrite "/dev/$2" 65536 "$file_bytes" >/dev/null
	measure overwrite-64k nothing verify_target overwrite "/dev/$2" 65536 "$run_bytes"
	measure overwrite-4k-random nothing nothing \
		scatter "/dev/$2" 4096 "$random_count" "$file_bytes"
}

# Inserts discs into the empty drive, each at another time between two polls of the kernel. Ends at the
# first disc that the host does not notice.
insert_row() { # SIDE_FUNCTIONS [ROW]
	wanted "${2:-insert}" || return 0
	reset_peak_memory
	polls sr0 -1
	i=0
	while [ "$i" -lt "$inserts" ]; do
		"$1_eject"
		usleep $((5000000 + i * 2000000 / inserts))
		udevadm settle
		new=a
		[ $((i % 2)) = 1 ] || new=b
		out=$("$1_insert" "$new")
		say "${2:-insert}" time "$out"
		udevadm settle
		[ "${out%% *}" != 0 ] || break
		i=$((i + 1))
	done
	report_memory "${2:-insert}"
	rest sr0
}

# insert_disc NAME: and waits until the host has nothing more to do with it
insert_disc() {
	mmcgadgetctl eject force >/dev/null || :
	mmcgadgetctl insert "$1" >/dev/null
	b_host ready "$sg"
	rest sr0
}

compact_make() { # NAME_WITHOUT_ENDING
	b_host make "$1.bin" DISC_cd $((cd_sectors * 2352))
	printf '%s\n' "FILE \"${1##*/}.bin\" BINARY" ' TRACK 01 AUDIO' '  INDEX 01 00:00:00' >"$1.cue"
}

forget_slow_cd() { b_host forget "$slow/cd.bin"; }

# Reads a compact disc in sectors of 2352 bytes, and before it an image in blocks: by the same program, about
# as many bytes in a command and in all. check.awk compares them.
compact() {
	wanted read-cd-51 || wanted read-cd-26 || wanted read-cd-iso-60 || wanted read-cd-iso-30 ||
		wanted read-cd-51-slow || return 0
	insert_disc a.iso
	measure_by b_cd read-cd-iso-60 nothing nothing read10 "$sg" 60 64 "$media/a.iso"
	measure_by b_cd read-cd-iso-30 nothing nothing read10 "$sg" 30 128 "$media/a.iso"
	compact_make "$media/cd"
	insert_disc cd.cue
	measure_by b_cd read-cd-51 nothing nothing readcd "$sg" 51 64 "$media/cd.bin"
	measure_by b_cd read-cd-26 nothing nothing readcd "$sg" 26 125 "$media/cd.bin"
	wanted read-cd-51-slow || return 0
	compact_make "$slow/cd"
	insert_disc slow/cd.cue
	measure_by b_cd read-cd-51-slow forget_slow_cd nothing readcd "$sg" 51 64 "$slow/cd.bin"
}

usb_device() { # sets $device to the sysfs directory of the gadget's device
	for id in /sys/bus/usb/devices/*/idProduct; do
		device=${id%/*}
		! grep -q 0104 "$id" || return 0
	done
	return 1
}

# Endless bulk-in, which shows the limit of dummy_hcd.
wire() {
	side=wire
	wanted wire || return 0
	gadget_make SourceSink.0
	echo 2 >"$g/functions/SourceSink.0/pattern" # buffers are sent without being filled
	echo 32768 >"$g/functions/SourceSink.0/bulk_buflen"
	echo 16 >"$g/functions/SourceSink.0/bulk_qlen"
	gadget_link SourceSink.0
	echo "$udc" >"$g/UDC"
	wait_for usb_device
	udevadm settle
	bus=$(cat "$device/busnum") dev=$(cat "$device/devnum")
	endpoint=$(echo "$device"/*:1.0/ep_8*)
	node=$(printf /dev/bus/usb/%03d/%03d "$bus" "$dev")
	out=$(b_wire "$node" "0x${endpoint##*_}" 122880 256)
	say wire time "$out"
	gadget_drop SourceSink.0
}

# Binds the gadget again, so that the clock starts when UDC is written, as for the kernel's gadget.
ours_begin() {
	side=ours
	ours_up
	echo >"$gadgets/mmcgadget/UDC"
	wait_for gone /sys/block/sr0
	udevadm settle
	plug mmcgadget sr0
}

all_rows() {
	b_host make "$media/a.iso" DISC_a "$file_bytes"
	b_host make "$media/b.iso" DISC_b "$file_bytes"
	wire
	card_row

	device=file-storage
	side=fms
	fms_make 1 1 "$media/a.iso"
	plug bench sr0
	commands
	reads
	insert_row fms
	slow_row fms
	fms_drop sr0

	side=fms0
	fms_make 1 0 "$media/a.iso"
	plug bench sr0
	commands
	insert_row fms
	fms_drop sr0

	side=fms
	truncate -s "$file_bytes" "$media/written"
	fms_make 0 1 "$media/written"
	b_host plug "$g/UDC" "$udc" /dev/sda >/dev/null
	sg=$(sg_of sda)
	rest sda
	writes fms 512
	overwrites fms sda
	fms_drop sda

	ours_begin
	commands
	reads
	insert_row ours
	slow_row ours
	writes ours 2048
	overwrites ours sr0
	compact
}
