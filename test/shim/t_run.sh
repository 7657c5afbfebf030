#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# mmcgadget-shim itself: exit codes, options, what it says of programs that it cannot serve, and what it
# leaves behind: nothing.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
make_sources
case $O in
/*) bin=$O ;;
*) bin=$PWD/$O ;;
esac
shim=$bin/mmcgadget-shim
mkdir "$W/tmp"
export TMPDIR="$W/tmp"
: >"$W/log"

# run_shim ARG...: runs it; output goes to $W/out, the exit code to $rc.
run_shim() {
	"$shim" "$@" >"$W/out" 2>&1 </dev/null
	rc=$?
	what="mmcgadget-shim $*"
}
# expect NAME CODE REGEX ARG...: it ends with this code and says this ("": nothing).
expect() {
	name=$1 code=$2 regex=$3
	shift 3
	run_shim "$@"
	check "$name: exit code $code" exits "$code"
	if [ -n "$regex" ]; then
		check "$name: says so" says "$regex"
	else
		check "$name: says nothing" output_lacks .
	fi
}
replay() { "$O/test/e2e/u_script" engine "$1" >"$W/out" 2>&1; }
new_blank() { rm -f "$W/disc.iso" "$W/disc.iso.mmcdisc"; }

# ---- exit codes -----------------------------------------------------------------------------------
expect "a program that reads" 0 '' --insert "$W/x.iso" cmp /dev/sr0 "$W/x.iso"
expect "a program that fails" 7 'no program has opened /dev/sr0' sh -c 'exit 7'
expect "a program that is killed" 137 '' --insert "$W/x.iso" sh -c 'exec 9</dev/sr0; kill -9 $$'
expect "no such program" 127 'nosuch: there is no such program' nosuch
expect "no such program, by path" 127 '/nosuch: there is no such program' "$W/nosuch"
printf 'not a program' >"$W/text"
expect "a file that cannot be run" 126 'Permission denied' "$W/text"
expect "a folder" 126 'Permission denied' "$W/tmp"
expect "no program" 125 'which program shall run'
expect "an unknown option" 125 'unrecognized option.*--nosuch' --nosuch true
expect "two discs" 125 'one disc fits into the drive' --insert "$W/x.iso" --blank "$W/b.iso" true
expect "a type without a blank" 125 'need --blank' --type dvd+r true
expect "an unknown type" 125 'no blank of type "cd-q"; there is dvd.r' --blank "$W/b.iso" --type cd-q true
expect "a number that is none" 125 'not a number of blocks: 12x' --blank "$W/b.iso" --blocks 12x true
expect "a number of 2^32 blocks" 125 'not a number of blocks: 4294967296' --blank "$W/b.iso" --blocks 4294967296 true
expect "a blank over data" 125 'x.iso: this file holds data' --blank "$W/x.iso" true
expect "an image that is not there" 125 'nosuch.iso: No such file' --insert "$W/nosuch.iso" true
expect "a log that cannot be written" 125 'nosuch/log: No such file' --log "$W/nosuch/log" true
expect "a log on a full disk" 125 'log or trace: Input/output error' --insert "$W/x.iso" --log /dev/full sh -c ': </dev/sr0'
expect "a trace on a full disk" 125 'log or trace: No space left' --insert "$W/x.iso" --trace /dev/full sh -c ': </dev/sr0'
expect "a status that cannot be written" 125 'nosuch/st: No such file' --status "$W/nosuch/st" true
expect "a fault that is none" 125 'fault: what is "disk"' --fault 'disk eio' true
expect "an operation code that is none" 125 'refuse: an operation code' --refuse 5x true
expect "a relative device" 125 'begins with /' --device sr0 true
expect "--version" 0 '^mmcgadget-shim [0-9.]+' --version
expect "--help" 0 '^usage: mmcgadget-shim' --help
expect "--help of a program is the program's" 0 'Usage: cmp' cmp --help
: >"$W/empty.iso"
expect "an empty image" 125 'this image is empty' --insert "$W/empty.iso" true
: >"$W/left.iso.mmcdisc"
expect "the state of a disc that is gone" 125 'left.iso.mmcdisc is left of a disc' --blank "$W/left.iso" true
mkdir -p "$W/a b"
cp "$W/x.iso" "$W/a b/c d.iso"
expect "a name with blanks" 0 '' --insert "$W/a b/c d.iso" cmp /dev/sr0 "$W/x.iso"
expect "another device" 0 '' --device /dev/burner --insert "$W/x.iso" cmp /dev/burner "$W/x.iso"
printf 'FILE "cd.bin" BINARY\n TRACK 01 MODE1/2048\n  INDEX 01 00:00:00\n' >"$W/a b/cd.cue"
expect "a cue sheet without its file" 125 'cd.cue.*"cd.bin"' --insert "$W/a b/cd.cue" true
cp "$W/x.iso" "$W/a b/cd.bin"
expect "a cue sheet" 0 '' --insert "$W/a b/cd.cue" cmp /dev/sr0 "$W/x.iso"
expect "a cue sheet that is not there" 125 'nosuch.cue: No such file' --insert "$W/nosuch.cue" true
{
	printf 'fLaC\200\000\000\042\020\000\020\000\000\000\000\000\000\000\012\304\102\360\000\002\261\020'
	head -c 5000 /dev/zero
} >"$W/song.flac"
printf 'FILE "song.flac" WAVE\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n' >"$W/flac.cue"
expect "a cue sheet with a FLAC file" 125 '"song.flac" is a FLAC file' --insert "$W/flac.cue" true
echo nonsense >"$W/nonsense.cue"
expect "a text that is no cue sheet" 125 'nonsense.cue' --insert "$W/nonsense.cue" true
expect "an empty drive is opened in vain" 2 'No medium found$' sh -c ': </dev/sr0'
check "an empty drive is opened in vain: nothing more is said" output_lacks 'no program has opened'
# shellcheck disable=SC2016 # for the program's shell
LD_PRELOAD=$W/other.so "$shim" sh -c 'echo "$LD_PRELOAD"' >"$W/out" 2>/dev/null
check "a library that was preloaded before comes second" says "/libmmcshim.so:$W/other.so\$"
echo input | "$shim" --insert "$W/x.iso" sh -c 'cat; : </dev/sr0' >"$W/out" 2>&1
check "standard input and output are the program's" says '^input$'

# ---- programs that cannot be served ---------------------------------------------------------------
cc=${CC:-gcc}
printf 'int main(void) { return 0; }\n' >"$W/p.c"
if command -v "${cc##* }" >/dev/null && $cc -o "$W/dynamic" "$W/p.c" 2>/dev/null; then
	expect "a dynamic program" 0 'no program has opened /dev/sr0' "$W/dynamic"
	if $cc -static -o "$W/static" "$W/p.c" 2>/dev/null; then
		expect "a static program" 126 'linked statically' "$W/static"
		printf '#! %s argument\n' "$W/static" >"$W/script"
		chmod +x "$W/script"
		expect "a script whose interpreter is static" 126 'linked statically' "$W/script"
	else
		skip "a static program" "there is no static C library"
	fi
	if [ "$(id -u)" = 0 ] && chown 65534 "$W/dynamic" && chmod 4755 "$W/dynamic"; then
		expect "a set-user-ID program" 126 'set-user-ID' "$W/dynamic"
	else
		skip "a set-user-ID program" "only root can make one of another user"
	fi
	printf '\177ELF\001\001' >"$W/elf32"
	head -c 100 /dev/zero >>"$W/elf32"
	chmod +x "$W/elf32"
	expect "a program of 32 bits" 126 'another architecture' "$W/elf32"
else
	skip "programs that cannot be served" "there is no compiler"
fi

# ---- a burn, and all that is written of it --------------------------------------------------------
if need cdrskin "a burn"; then
	new_blank
	run_shim --blank "$W/disc.iso" --log "$W/log" --script "$W/burn.cdb" --trace "$W/burn.trace" \
		--status "$W/status" cdrskin dev=/dev/sr0 "$W/x.iso"
	check "a burn: exit code 0" exits 0
	check "a burn: the file equals the source" holds "$W/disc.iso" "$W/x.iso" 32767
	check "a burn: the status says finalised" grep -q '"finalised":true' "$W/status"
	check "a burn: the status is JSON" grep -qxE '\{"format":1(,"[a-z]+":("[0-9a-f]{4}"|true|false|[0-9]+))*\}' "$W/status"
	check "a burn: the log has it" grep -q '^cdrskin RESERVE TRACK .* GOOD' "$W/log"
	check "a burn: the trace is one" grep -qa '^MMCTRACE' "$W/burn.trace"
	check "a burn: the conversation has it" grep -q '^> 5b 01 05' "$W/burn.cdb"
	check "a burn: the conversation replays" replay "$W/burn.cdb"
	sed 's/^> 5b 01 05.*/&\n! 5\/24\/00/' "$W/burn.cdb" >"$W/wrong.cdb"
	check "a burn: a conversation with a wrong sense does not" fails_to replay "$W/wrong.cdb"
	run_shim --insert "$W/disc.iso" --status - sh -c ': </dev/sr0'
	check "the disc, inserted again: finalised" says '"finalised":true'

	new_blank
	run_shim --blank "$W/disc.iso" --fault 'write enospc skip=20' --status "$W/status" \
		cdrskin dev=/dev/sr0 "$W/x.iso"
	check "a full card: the burner fails" fails
	check "a full card: the disc is not finalised" grep -q '"finalised":false' "$W/status"
	new_blank
	run_shim --blank "$W/disc.iso" --refuse 53 --log "$W/log" --status "$W/status" cdrskin dev=/dev/sr0 "$W/x.iso"
	check "a command refused: the burner fails" fails
	check "a command refused: the disc stays blank" grep -q '"blank":true' "$W/status"
	new_blank
	run_shim --blank "$W/disc.iso" --blocks 1632 --status "$W/status" cdrskin dev=/dev/sr0 "$W/x.iso"
	check "a small disc: the burner fails" fails
	check "a small disc: it stays blank" grep -q '"blank":true.*"free":1632' "$W/status"
	new_blank
	run_shim --blank "$W/disc.iso" --finalised dvd+r --status "$W/status" cdrskin dev=/dev/sr0 "$W/x.iso"
	check "--finalised dvd+r: the profile stays" grep -q '"profile":"001b".*"finalised":true' "$W/status"
fi
run_shim --insert "$W/x.iso" --fault 'read eio from=20 end=21' dd if=/dev/sr0 of="$W/o" bs=2048 count=100
check "a bad block: dd fails" exits 1
check "a bad block: the kernel's read-ahead counts, what is before it is read" test "$(stat -c %s "$W/o")" -ge $((16 * 2048))

# ---- u_script, which plays conversations again ----------------------------------------------------
check "a stamped image" "$O/test/e2e/u_script" stamp "$W/stamped.iso" 8200
check "a stamped image has all blocks" test "$(stat -c %s "$W/stamped.iso")" = $((8200 * 2048))
check "a stamped image on a full disk fails" fails_to "$O/test/e2e/u_script" stamp /dev/full 100
check "a stamped image of '1x' blocks fails" fails_to "$O/test/e2e/u_script" stamp "$W/stamped.iso" 1x

# ---- --ask ----------------------------------------------------------------------------------------
new_blank
run_shim --blank "$W/disc.iso" sh -c '
	shim=$1
	cd "$2"
	: </dev/sr0
	$shim --ask status; $shim --ask status json
	$shim --ask insert x.iso && blockdev --getsize64 /dev/sr0
	$shim --ask insert "a b/c d.iso" && blockdev --getsize64 /dev/sr0
	$shim --ask insert nosuch.iso; echo "code $?"
	$shim --ask nonsense; echo "code $?"
	$shim --ask blank other.iso 1000 dvd+r; $shim --ask status
	$shim --ask eject; $shim --ask eject; echo "code $?"
	$shim --ask blank other.iso && echo "free again"; $shim --ask eject
	$shim --ask fault sync eio times=1; $shim --ask fault none; $shim --ask reset' sh "$shim" "$W"
check "--ask: exit code 0" exits 0
check "--ask: answers" says 'profile=001b loaded=1 .*blank=1' '^\{"format":1,"profile":"001b","loaded":true' \
	'nosuch.iso: No such file' 'there is no "nonsense"; "help" lists' 'free=1000 ' '^ejected$' '^empty$' '^free again$'
check "--ask: the size of the images that it inserted" test "$(grep -cx 3358720 "$W/out")" = 2
check "--ask: a refusal is code 1" test "$(grep -cx 'code 1' "$W/out")" = 3
expect "--ask help, outside" 0 '^status \[json\]' --ask help
expect "--ask, outside" 3 'MMCSHIM_SOCKET is not set' --ask status
expect "--ask without a word" 125 'needs a word' --ask

# ---- a drive that is gone -------------------------------------------------------------------------
MMCSHIM_SOCKET=$W/nosuch LD_PRELOAD=$lib cat /dev/sr0 >"$W/out" 2>&1
check "the server is gone: says so, not that there is no file" says \
	"no server answers at $W/nosuch" 'cat: /dev/sr0: No such device or address'
check "the server is gone: says it once" test "$(grep -c 'no server' "$W/out")" = 1

# ---- signals, and what is left --------------------------------------------------------------------
check "nothing is left in TMPDIR" test -z "$(ls -A "$W/tmp")"
# started: a program under the shim in the background has the device open
started() {
	tries=100
	until [ -e "$W/started" ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
	[ -e "$W/started" ]
}
# shellcheck disable=SC2016 # for the program's shell
wait_in_drive='exec 9</dev/sr0; : >"$1"; exec sleep 60'
for signal in TERM HUP; do
	rm -f "$W/started"
	# Under nohup the tests ignore SIGHUP, and what they start would inherit that.
	env --default-signal=HUP "$shim" --insert "$W/x.iso" sh -c "$wait_in_drive" sh "$W/started" &
	pid=$!
	started
	kill -s "$signal" "$pid"
	wait "$pid" 2>/dev/null
	rc=$?
	what="mmcgadget-shim, killed by $signal"
	check "SIG$signal goes to the program, whose end is the shim's" test "$rc" -gt 128
	check "SIG$signal: nothing is left in TMPDIR" test -z "$(ls -A "$W/tmp")"
done
# The disc is locked for writing while the drive lives.
rm -f "$W/started"
new_blank
"$shim" --blank "$W/disc.iso" sh -c "$wait_in_drive" sh "$W/started" 2>/dev/null &
pid=$!
started
expect "an image that another drive has" 125 'another drive has this image' --blank "$W/disc.iso" true
program=$(pgrep -P "$pid" -x sleep)
kill -9 "$pid"
wait "$pid" 2>/dev/null
tries=100
until run_shim --blank "$W/disc.iso" true && exits 0 || [ "$tries" = 0 ]; do
	tries=$((tries - 1))
	sleep 0.05
done
check "SIGKILL: the drive is gone with the shim, and its disc is free" exits 0
[ -z "$program" ] || kill "$program"
