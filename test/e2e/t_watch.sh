#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# watch, stats and trace during a burn. The trace is converted to a conversation, which the engine must pass.
# shellcheck disable=SC2154 # sr and work are lib.sh's
. ./lib.sh

make_iso WATCHED 40 "$work/a.iso"
blocks=$(($(stat -c %s "$work/a.iso") / 2048))
drive_up
ctl_json() { mmcgadgetctl --json "$@"; }

check "a trace is started" mmcgadgetctl trace start records=65536
check_not "a second trace is refused" mmcgadgetctl trace start
check "the counters are reset" mmcgadgetctl stats reset
mmcgadgetctl --json watch >"$work/watch.json" 2>"$work/watch.err" &
json=$!
mmcgadgetctl watch drive=drive0 >"$work/watch.txt" &
text=$!

check "a blank is inserted" mmcgadgetctl blank burn.iso
check "the host sees the blank" wait_for 10 blank_seen
check "growisofs burns the blank" growisofs -use-the-force-luke=notray -dvd-compat -Z "/dev/$sr=$work/a.iso"
is "the burned disc is complete" "$(state state)" complete
complete_seen() { grep -q '"state":"complete"' "$work/watch.json" && grep -q 'dvd-rom, complete' "$work/watch.txt"; }
check "both watches show the complete disc" wait_for 10 complete_seen

# ---- watch ----
kill -INT $json
wait $json
is "watch: ^C ends it with 0" "$?" 0
is "watch: no error message" "$(cat "$work/watch.err")" ''
check "watch: each line is JSON" jq -e . "$work/watch.json"
# The last line has all blocks.
is "watch: the number of recorded blocks never decreases" "$(jq -s '[.[] | select(.image == "burn.iso") | .recorded_blocks] |
	. == sort and length > 1' "$work/watch.json")" true
is "watch: the last line has the complete disc" "$(jq -s 'last | [.state, .recorded_blocks >= '"$blocks"', .activity != "burning"]' \
	-c "$work/watch.json")" '["complete",true,true]'
# The image's descriptor has its length, which is also that of the file (make_iso does not pad).
is "watch: the expected end of the burn is right" "$(jq -s '[.[].burn_end | values] | last' "$work/watch.json")" "$blocks"
like "watch: lines show the burn and its speed" "$(cat "$work/watch.json")" '"activity":"burning"' '"write_kb_s":[1-9]'
like "watch: plain lines show the burn as well" "$(cat "$work/watch.txt")" 'drive0: burning, dvd\+r, .* kB/s, .* blocks .* recorded'
unlike "watch: no escape codes in a file" "$(cat "$work/watch.txt")" $'\033'

# ---- stats ----
ctl_json stats drive=drive0 >"$work/stats"
writes() { jq -r '.stats[0].per_command[] | select(.command == "WRITE(10)") | '"$1" "$work/stats"; }
is "WRITE(10) is counted" "$(writes '.count > 0 and .errors == 0 and .median_us > 0 and .p99_us >= .median_us and .max_us >= .p99_us')" true
is "WRITE(10): its bytes are those of the disc" "$(writes .bytes)" "$(stat -c %s "$media/burn.iso")"
is "WRITE(10): the histogram counts each command" "$(writes '(.log2_us | add) == .count')" true
is "stats: no error on the wire" "$(jq -c '.stats[0] | [.phase_errors, .resets, .invalid_cbws, .aborted]' "$work/stats")" '[0,0,0,0]'
like "stats: prints a table" "$(mmcgadgetctl stats)" '^drive0, in ' 'COMMAND +COUNT' 'WRITE\(10\) '

# ---- trace ----
check "the trace is stopped" mmcgadgetctl trace stop
check "the trace is saved" mmcgadgetctl trace save "$work/burn.trace"
check "the trace is shown" sh -c "mmcgadgetctl trace show '$work/burn.trace' >'$work/shown'"
like "the trace has names for discs and commands" "$(cat "$work/shown")" 'trace of ' 'DVD\+R of 2295104 blocks' 'WRITE\(10\)' 'CLOSE TRACK/SESSION' 'GET EVENT STATUS NOTIFICATION'
is "the trace has every WRITE(10)" "$(grep -c 'WRITE(10)' "$work/shown")" "$(writes .count)"
check "the trace can be converted to a conversation" sh -c "mmcgadgetctl trace script '$work/burn.trace' >'$work/burn.cdb'"
echo "# $(stat -c %s "$work/burn.trace") bytes of trace, $(wc -l <"$work/burn.cdb") lines of conversation, $(grep -c '^# left out' "$work/burn.cdb") left out"
lines=40 check "the engine passes the conversation" /build/test/e2e/u_script engine "$work/burn.cdb"
is "no command is left out of the conversation" "$(grep -c '^# left out' "$work/burn.cdb")" 0
# The same conversation expects a wrong status of the first READ DISC INFORMATION.
sed '0,/^> 51 /{/^> 51 /s/$/\n! 5\/24\/00/}' "$work/burn.cdb" >"$work/wrong.cdb"
check_not "the engine fails the conversation with a wrong status" /build/test/e2e/u_script engine "$work/wrong.cdb"
head -c 1000 "$work/burn.trace" >"$work/cut.trace"
check_not "a truncated trace is refused" mmcgadgetctl trace show "$work/cut.trace"

# ---- the end of watch ----
mmcgadgetctl --json watch | head -n 1 >"$work/one" &
pipe=$!
check "watch ends when nothing reads its output any more" wait_for 10 sh -c "! kill -0 $pipe"
check "the daemon ends with 0" daemon_stop
wait $text
is "watch ends with 3 when the daemon has ended" "$?" 3
finish
