#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of configuration, control, media folder and drives, without USB; then how the daemon starts and
# fails to start. WRAP goes before each program (an emulator); the tests named in WITHOUT are left out.
O=${O:-build}
WRAP=${WRAP:-}
export O CMOCKA_MESSAGE_OUTPUT=TAP
failed=0
for t in "$O"/test/daemon/*/t_*; do
	case $t in
	*.o | *.d) continue ;;
	esac
	case " ${WITHOUT:-} " in
	*" ${t##*/} "*) continue ;;
	esac
	echo "# ${t##*/}"
	# shellcheck disable=SC2086 # words
	timeout 300 $WRAP "$t" || {
		rc=$?
		# A program that a signal ended has printed nothing about its remaining tests.
		[ "$rc" -lt 124 ] || echo "not ok - ${t##*/} ended with exit code $rc"
		failed=1
	}
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
# expect NAME EXIT_CODE STREAM TEXT COMMAND...: passes when the command ends with that code and prints
# TEXT to that stream (1 output, 2 errors).
expect() {
	name=$1 want=$2 stream=$3 text=$4
	shift 4
	n=$((n + 1))
	# shellcheck disable=SC2086 # words
	[ "$1" != "$d" ] || set -- $WRAP "$@"
	timeout 20 "$@" >"$dir/1" 2>"$dir/2"
	rc=$?
	if [ "$rc" = "$want" ] && grep -qF -- "$text" "$dir/$stream"; then
		echo "ok $n - $name"
	else
		failed=1
		echo "not ok $n - $name"
		echo "#   exit code $rc, not $want; or no \"$text\" in:"
		sed 's/^/#   /' "$dir/1" "$dir/2"
	fi
}

echo "# mmcgadgetd"
d=$O/mmcgadgetd
expect '--help' 0 1 'usage: mmcgadgetd' "$d" --help
expect '--version' 0 1 'mmcgadgetd ' "$d" --version
expect 'unknown option' 2 2 '--help' "$d" --frob
expect 'an argument too many' 2 2 'unexpected argument "x"' "$d" x
expect 'the shipped configuration is good' 0 1 'configs/mmcgadget.conf: good' \
	"$d" --check-config -c configs/mmcgadget.conf
printf 'udc = "";\nspeed = 3;\n' >"$dir/unknown.conf"
expect 'unknown key, checked' 2 2 "$dir/unknown.conf:2: unknown key \"speed\"" \
	"$d" --check-config -c "$dir/unknown.conf"
expect 'unknown key, started' 2 2 "$dir/unknown.conf:2: unknown key \"speed\"" \
	"$d" -c "$dir/unknown.conf"
expect 'configuration that is not there' 2 2 "$dir/none: No such file" "$d" -c "$dir/none"
cat >"$dir/nomedia.conf" <<C
control: { directory = "$dir/run"; group = ""; };
drives = ( { media = "$dir/nothing"; } );
C
expect 'missing media folder: a warning when checked' 0 2 \
	"warning: drive \"drive0\": media folder $dir/nothing: No such file or directory; make it with: sudo install -d -g mmcgadget -m 2775 $dir/nothing" \
	"$d" --check-config -c "$dir/nomedia.conf"
expect 'missing media folder: no start' 1 2 \
	"drive \"drive0\": media folder $dir/nothing: No such file or directory" "$d" -c "$dir/nomedia.conf"
cat >"$dir/cannot.conf" <<C
udc = "nope";
drives = ( { name = "left"; media = "$dir"; image = "nope.iso"; }, { media = "$dir"; image = "../x"; } );
C
expect 'a controller that is not there: a warning' 0 2 'warning: udc: there is no controller "nope" in /sys/class/udc; there is ' \
	"$d" --check-config -c "$dir/cannot.conf"
expect 'an image that is not there: a warning' 0 2 "warning: drive \"left\": there is no image \"nope.iso\" in $dir" \
	"$d" --check-config -c "$dir/cannot.conf"
expect 'an image outside of the folder: a warning' 0 2 \
	"warning: drive \"drive1\": image \"../x\" is outside of its media folder $dir" "$d" --check-config -c "$dir/cannot.conf"
expect 'options in place of keys' 0 2 'warning: udc: there is no controller "elsewhere" in /sys/class/udc; there is ' \
	"$d" --check-config -c "$dir/nomedia.conf" --udc elsewhere --group= --media "$dir"
expect 'an option with a bad value' 2 2 'mmcgadgetd: drives[].media: must be an absolute path' \
	"$d" --check-config -c "$dir/nomedia.conf" --media discs
# That the controller does not exist does not matter here; only its name does.
printf 'udc = "dummy_udc.9"; drives = ( {}, {}, {}, {}, { name = "left"; }, { name = "right"; }, {}, {} );\n' >"$dir/eight.conf"
expect 'eight drives on dummy_hcd: the fifth' 0 2 'warning: drive "left": dummy_udc.9 has no endpoints of its own for a fifth drive' \
	"$d" --check-config -c "$dir/eight.conf"
expect 'eight drives on dummy_hcd: the sixth' 0 2 'warning: drive "right": dummy_udc.9 has no endpoints of its own for a sixth drive' \
	"$d" --check-config -c "$dir/eight.conf"
expect 'eight drives on dummy_hcd: the seventh' 0 1 good sh -c '"$1" --check-config -c "$2" 2>&1 | grep -q drive6.*endpoints || echo good' - \
	"$d" "$dir/eight.conf"
expect 'warnings are no errors' 0 1 "$dir/cannot.conf: good" "$d" --check-config -c "$dir/cannot.conf"
if [ -e /etc/mmcgadget/mmcgadget.conf ]; then
	expect 'the default file' 0 1 '/etc/mmcgadget/mmcgadget.conf: good' "$d" --check-config
else
	expect 'no default file' 0 1 'no /etc/mmcgadget/mmcgadget.conf; the built-in defaults are good' "$d" --check-config
fi
# shellcheck disable=SC2016
expect 'a start that failed leaves nothing' 0 1 gone sh -c 'test ! -e "$1" && echo gone' - "$dir/run"
exit $failed
