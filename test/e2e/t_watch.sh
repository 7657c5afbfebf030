#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A burn is watched, counted and traced; its trace is a conversation that the engine passes.
# shellcheck disable=SC2154 # sr and work are lib.sh's
. ./lib.sh

make_iso WATCHED 40 "$work/a.iso"
blocks=$(($(stat -c %s "$work/a.iso") / 2048))
drive_up
ctl_json() { mmcgadgetctl --json "$@"; }

check "a trace is started" mmcgadgetctl trace start records=65536
check_not "and no second one" mmcgadgetctl trace start
check "the counters begin anew" mmcgadgetctl stats reset
mmcgadgetctl --json watch >"$work/watch.json" 2>"$work/watch.err" &
json=$!
mmcgadgetctl watch drive=drive0 >"$work/watch.txt" &
text=$!

check "a blank goes in" mmcgadgetctl blank burn.iso
check "the host sees it" wait_for 10 blank_seen
check "growisofs burns it" growisofs -use-the-force-luke=notray -dvd-compat -Z "/dev/$sr=$work/a.iso"
is "it is complete" "$(state state)" complete
complete_seen() { grep -q '"state":"complete"' "$work/watch.json" && grep -q 'dvd-rom, complete' "$work/watch.txt"; }
check "both watches have seen it" wait_for 10 complete_seen

# ---- watch ----
kill -INT $json
wait $json
is "^C ends it well" "$?" 0
is "it had nothing to complain of" "$(cat "$work/watch.err")" ''
check "each line is JSON" jq -e . "$work/watch.json"
# Of the blank: what is recorded never gets less, and the last line has all of it.
is "progress never goes back" "$(jq -s '[.[] | select(.image == "burn.iso") | .recorded_blocks] |
	. == sort and length > 1' "$work/watch.json")" true
is "it ends complete" "$(jq -s 'last | [.state, .recorded_blocks >= '"$blocks"', .activity != "burning"]' \
	-c "$work/watch.json")" '["complete",true,true]'
# The image says in its descriptor how long it is (make_iso does not pad).
is "the end of the burn was known" "$(jq -s '[.[].burn_end | values] | last' "$work/watch.json")" "$blocks"
like "the burn was seen" "$(cat "$work/watch.json")" '"activity":"burning"' '"write_kb_s":[1-9]'
like "also as plain lines" "$(cat "$work/watch.txt")" 'drive0: burning, dvd\+r, .* kB/s, .* blocks .* recorded'
unlike "without escape codes" "$(cat "$work/watch.txt")" $'\033'

# ---- stats ----
ctl_json stats drive=drive0 >"$work/stats"
writes() { jq -r '.stats[0].per_command[] | select(.command == "WRITE(10)") | '"$1" "$work/stats"; }
is "WRITE(10) is counted" "$(writes '.count > 0 and .errors == 0 and .median_us > 0 and .p99_us >= .median_us and .max_us >= .p99_us')" true
is "its bytes are the disc's" "$(writes .bytes)" "$(stat -c %s "$media/burn.iso")"
is "the histogram has all of them" "$(writes '(.log2_us | add) == .count')" true
is "nothing went wrong on the wire" "$(jq -c '.stats[0] | [.phase_errors, .resets, .invalid_cbws, .aborted]' "$work/stats")" '[0,0,0,0]'
like "people can read it" "$(mmcgadgetctl stats)" '^drive0, in ' 'COMMAND +COUNT' 'WRITE\(10\) '

# ---- trace ----
check "the trace is stopped" mmcgadgetctl trace stop
check "and saved" mmcgadgetctl trace save "$work/burn.trace"
check "and shown" sh -c "mmcgadgetctl trace show '$work/burn.trace' >'$work/shown'"
like "with names" "$(cat "$work/shown")" 'trace of ' 'DVD\+R of 2295104 blocks' 'WRITE\(10\)' 'CLOSE TRACK/SESSION' 'GET EVENT STATUS NOTIFICATION'
is "no record is missing" "$(grep -c 'WRITE(10)' "$work/shown")" "$(writes .count)"
check "and made a conversation" sh -c "mmcgadgetctl trace script '$work/burn.trace' >'$work/burn.cdb'"
echo "# $(stat -c %s "$work/burn.trace") bytes of trace, $(wc -l <"$work/burn.cdb") lines of conversation, $(grep -c '^# left out' "$work/burn.cdb") left out"
lines=40 check "the engine passes it" /build/test/e2e/u_script engine "$work/burn.cdb"
is "all of it was said" "$(grep -c '^# left out' "$work/burn.cdb")" 0
# The first answer that is compared is another one.
sed '0,/^> 51 /{/^> 51 /s/$/\n! 5\/24\/00/}' "$work/burn.cdb" >"$work/wrong.cdb"
check_not "and none with a wrong status" /build/test/e2e/u_script engine "$work/wrong.cdb"
head -c 1000 "$work/burn.trace" >"$work/cut.trace"
check_not "a cut file is refused" mmcgadgetctl trace show "$work/cut.trace"

# ---- ends ----
mmcgadgetctl --json watch | head -n 1 >"$work/one" &
pipe=$!
check "a reader that goes ends it" wait_for 10 sh -c "! kill -0 $pipe"
check "the daemon ends with 0" daemon_stop
wait $text
is "the watch says that the daemon is gone" "$?" 3
finish
