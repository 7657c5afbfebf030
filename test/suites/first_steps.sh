#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a new user types first, outside of a guest: what the demo checks before it installs anything, the
# sets of packages, the versions of packages built one after the other, who owns the build directory,
# "make uninstall", one build directory by two names, and "make check" that goes on.
set -u
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
n=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
log=$work/log
check() { # NAME COMMAND...
	local name=$1
	shift
	n=$((n + 1))
	# In a subshell, because some commands change the directory.
	if ("$@") >"$log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 25 "$log" | sed 's/^/# /'
	fi
}
skip() { # NAME WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
has() { # TEXT LINE...: each line is a part of the text
	local part text=$1
	for part in "${@:2}"; do
		[[ $text == *"$part"* ]] || {
			printf 'no "%s" in:\n%s\n' "$part" "$text"
			return 1
		}
	done
}
no() { ! "$@"; }

# ---- what the demo checks ------------------------------------------------------------------
# A machine is a folder with the files that tell what it is. Scripts stand in for apt-get, dpkg and df: apt-get
# only records its calls, dpkg names the architecture $ARCH, and df has $ROOM MB free.
mkdir "$work/bin"
printf '#!/bin/sh\necho "$0 $*" >>"%s/installed"\n' "$work" >"$work/bin/apt-get"
printf '#!/bin/sh\necho "${ARCH:-amd64}"\n' >"$work/bin/dpkg"
printf '#!/bin/sh\nprintf "Filesystem 1048576-blocks Used Available Capacity Mounted on\\nx 99999 1 %%s 1%%%% /\\n" "${ROOM:-9000}"\n' \
	>"$work/bin/df"
chmod 755 "$work/bin"/*
machine() { # MODEL, or '' for one without a device tree
	rm -rf "$work/root"
	mkdir -p "$work/root/proc" "$work/root/boot/firmware" "$work/root/sys/class/udc"
	echo 'MemAvailable:    8000000 kB' >"$work/root/proc/meminfo"
	: >"$work/root/boot/firmware/config.txt"
	[ -n "$1" ] || return 0
	mkdir -p "$work/root/proc/device-tree"
	printf '%s\0' "$1" >"$work/root/proc/device-tree/model"
}
# demo EXIT-CODE TEXT [ARGUMENT]...: the demo ends with the code, prints the text, and has installed nothing.
demo() {
	local text rc
	rm -f "$work/installed"
	text=$(PATH=$work/bin:$PATH DEMO_ROOT=$work/root MMCGADGET_CACHE=${CACHE:-$work/none} test/e2e/demo.sh "${@:3}" 2>&1)
	rc=$?
	echo "$text"
	has "$text" "$2" && [ $rc = "$1" ] && [ ! -e "$work/installed" ]
}
line='dtoverlay=dwc2,dr_mode=peripheral'
machine 'Raspberry Pi Zero 2 W Rev 1.0'
check 'demo, a Zero 2 W as it comes: the line, and where it goes' \
	demo 1 "printf '\\n[all]\\n$line\\n' | sudo tee -a /boot/firmware/config.txt"
readme_line=$(sed -n 's/^    \(printf .*tee -a\) .*/\1/p' README.md)
check 'demo, the same: the line is that of the README' demo 1 "${readme_line:-the README has no such line}"
check 'demo, the same: names the port' demo 1 'the micro-USB port marked USB, not the one marked PWR'
check 'demo, the same with --vm: the virtual machine' demo 0 in_guest --vm --check
echo "$line" >"$work/root/boot/firmware/config.txt"
check 'demo, with the line: a reboot' demo 1 'sudo reboot'
mv "$work/root/boot/firmware/config.txt" "$work/root/boot/"
sed -i d "$work/root/boot/config.txt"
check 'demo, an older system: its /boot/config.txt' demo 1 '| sudo tee -a /boot/config.txt'
mkdir "$work/root/sys/class/udc/3f980000.usb"
check 'demo, with a controller: on the board' demo 0 on_board --check
machine 'Raspberry Pi 3 Model B Plus Rev 1.3'
check 'demo, a Pi 3B+: it can never be a drive' demo 1 'it can never be a drive; docs/boards/generic.md'
machine 'TI AM335x BeagleBone Black'
check 'demo, a BeagleBone without a controller: its page' demo 1 docs/boards/beaglebone-black.md
machine ''
check 'demo, a PC: the virtual machine' demo 0 in_guest --check
echo 'MemAvailable:     400000 kB' >"$work/root/proc/meminfo"
check 'demo, a PC with little memory: says so' demo 1 'needs 2500 MB of free memory; 390 MB are free here'
machine ''
ROOM=2999 check 'demo, a PC with little room: says so, and what to type' \
	demo 1 "needs 3000 MB below $work, once; 2999 MB are free there."
ROOM=2999 check 'demo, the same: another folder' demo 1 'sudo make demo MMCGADGET_CACHE=FOLDER'
ROOM=3000 check 'demo, a PC with just enough room' demo 0 in_guest --check
mkdir -p "$work"/cache/guest-{bookworm,trixie}-1
touch "$work"/cache/guest-{bookworm,trixie}-1/complete
CACHE=$work/cache ROOM=100 check 'demo, the same once the machine is made: no more room is needed' demo 0 in_guest --check
check 'demo, 32 bits: says so' env ARCH=armhf bash -c "$(declare -f demo has); work=$work demo 1 'no virtual machine for armhf'"
machine 'Some Other Board'
check 'demo, a board that is not known: the virtual machine' demo 0 in_guest --check
# The README's lines under "Only look", typed one after the other, with scripts in place of sudo and apt: the clone
# is a real one, and its "make demo" ends where the memory is checked.
only_look() {
	local lines text
	lines=$(awk '/^## / { on = /^## Only look$/ } on && sub(/^    /, "")' README.md)
	[ "$(wc -l <<<"$lines")" = 3 ] && [ "$(tail -n 1 <<<"$lines")" = 'sudo make demo' ] || { echo "$lines"; return 1; }
	machine ''
	echo 'MemAvailable:     400000 kB' >"$work/root/proc/meminfo"
	rm -rf "$work/look" "$work/installed"
	mkdir "$work/look" "$work/look/bin"
	ln -s "$PWD" "$work/look/ADDRESS"
	printf '#!/bin/sh\nexec "$@"\n' >"$work/look/bin/sudo"
	cp "$work/bin/apt-get" "$work/look/bin/apt"
	chmod 755 "$work/look/bin/sudo"
	# git refuses to clone the tree of another user, whatever its environment says.
	printf '[safe]\n\tdirectory = *\n' >"$work/look/.gitconfig"
	text=$(cd "$work/look" && HOME=$work/look PATH=$work/look/bin:$work/bin:$PATH DEMO_ROOT=$work/root \
		MMCGADGET_CACHE=$work/none sh -c "$lines" 2>&1)
	echo "$text"
	has "$text" 'needs 2500 MB of free memory; 390 MB are free here' &&
		has "$(cat "$work/installed")" 'apt install git make' && [ -e "$work/look/mmcgadget/README.md" ]
}
check 'the README: Only look, its three lines' only_look
# The text of every row of the doctor's table, with a port or without one, is a model that the demo takes for a board.
rows() {
	local model faults=0 count=0
	while IFS= read -r model; do
		count=$((count + 1))
		machine "$model"
		demo 1 "This is a board: $model." || faults=$((faults + 1))
	done < <(sed -n 's/^\t{ "\([^"][^"]*\)".*/\1/p' src/ctl/doctor_board.c)
	[ $faults = 0 ] && [ $count -gt 0 ]
}
check 'demo, all boards that the doctor knows' rows

# ---- packages ------------------------------------------------------------------------------
set_of() { test/deps.sh --list "$1" | sort; }
laboratory='lintian|qemu|clang|valgrind|mmdebstrap|gcc-.*|growisofs|wodim|xorriso'
check 'deps.sh build: nothing of the laboratory' no grep -xE "$laboratory|.*qemu.*" <(set_of build)
check 'deps.sh deb: nothing of the laboratory' no grep -xE "$laboratory|.*qemu.*" <(set_of deb)
check 'deps.sh all has all of build, deb, unit and demo' \
	test -z "$(comm -23 <(sort -u <(set_of build) <(set_of deb) <(set_of unit) <(set_of demo)) <(set_of all))"
# The libraries for which the Makefile asks pkg-config.
provides() {
	local library faults=0
	for library in $(sed -n 's/.*(call need,\([a-z]*\),build).*/\1/p' Makefile); do
		test/deps.sh --list build | xargs dpkg-query -L 2>/dev/null | grep -q "/$library\.pc$" || {
			echo "no package of deps.sh build has $library.pc"
			faults=1
		}
	done
	return $faults
}
check 'deps.sh build has the libraries that the Makefile needs' provides
check 'a missing library: make names deps.sh build' has \
	"$(make O="$work/o" PKG_CONFIG=false need-daemon 2>&1)" "missing: libusbgx - run 'sudo test/deps.sh build'"
check 'a missing compiler: make names deps.sh build' has \
	"$(make O="$work/o" CC=no-such-compiler 2>&1)" "missing: no-such-compiler - run 'sudo test/deps.sh build'"
check 'a missing pkg-config: make names deps.sh build' has \
	"$(make O="$work/o" PKG_CONFIG=no-such-tool need-daemon 2>&1)" "missing: no-such-tool - run 'sudo test/deps.sh build'"

# deps.sh on a system that lacks everything; apt-get answers as the real one does, and there is no package "wodim".
cat >"$work/bin/apt-get" <<'END'
#!/bin/sh
case "$*" in *--assume-no*)
	echo '0 upgraded, 56 newly installed, 0 to remove and 0 not upgraded.'
	echo 'Need to get 55.0 MB of archives.'
	echo 'After this operation, 214 MB of additional disk space will be used.'
	exit 1 ;;
esac
echo "$*" >>"$(dirname "$0")/calls"
END
cat >"$work/bin/apt-cache" <<'END'
#!/bin/sh
[ "$1" = policy ] || exit 0
[ "$2" = wodim ] || printf '%s:\n  Candidate: 1.0\n' "$2"
END
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\n[ "$1" != -u ] || { echo "${AS:-0}"; exit; }\nexec /usr/bin/id "$@"\n' >"$work/bin/id"
chmod 755 "$work/bin"/*
deps() { PATH=$work/bin:$PATH test/deps.sh "$@" 2>&1; }
check 'deps.sh says number and size first' has "$(deps build)" '56 packages, 55.0 MB to download, 214 MB on the disk'
check 'deps.sh build installs its set' has "$(grep install "$work/bin/calls")" libusbgx-dev gcc nettle-dev
check 'deps.sh all says what this system does not have' has "$(deps all)" 'no package wodim' 'sudo test/deps.sh build'
check 'deps.sh all installs the others' has "$(tail -n 1 "$work/bin/calls")" growisofs lintian
check 'deps.sh all does not ask apt for it' no grep -w wodim "$work/bin/calls"
check 'deps.sh without root: the command' has "$(AS=1000 deps build)" "run 'sudo test/deps.sh build'"
check 'deps.sh without a set: its sets' has "$(deps)" 'usage: deps.sh [--list] build|unit|deb'

# ---- versions ------------------------------------------------------------------------------
repo=$work/repo
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example
versions() {
	local -a v
	local i
	mkdir -p "$repo/debian" || return
	cp debian/deb.sh debian/version.sh debian/changelog "$repo/debian/" && cd "$repo" || return 1
	git init -q && git add . && git commit -qm 1 && v+=("$(debian/deb.sh --version)")
	echo a >a && v+=("$(debian/deb.sh --version)")
	git add a && sleep 1 && git commit -qm 2 && v+=("$(debian/deb.sh --version)")
	git commit -q --allow-empty -m 3 && v+=("$(debian/deb.sh --version)")
	printf '%s\n' "${v[@]}"
	[[ ${v[0]} == "$(dpkg-parsechangelog -S Version | sed 's/-.*//')+git"*-1 ]] || return
	for ((i = 1; i < ${#v[@]}; i++)); do
		dpkg --compare-versions "${v[i]}" gt "${v[i - 1]}" || return
	done
	[ "${#v[@]}" = 4 ] && ! [[ ${v[3]} == *changed* ]]
}
released() {
	cd "$repo" && git tag "v$(dpkg-parsechangelog -S Version | sed 's/-.*//')" || return
	debian/deb.sh --version
	[ "$(debian/deb.sh --version)" = "$(dpkg-parsechangelog -S Version)" ]
}
# Sources from an archive, also below another project's git tree.
archived() {
	mkdir -p "$repo/other" && cp -r "$repo/debian" "$repo/other/" && cd "$repo/other" || return
	debian/deb.sh --version
	[ "$(debian/deb.sh --version)" = "$(dpkg-parsechangelog -S Version)" ]
}
if command -v dpkg-parsechangelog >/dev/null; then
	check 'each commit, and each change, has a higher version of the package' versions
	check 'a tagged release has the version of debian/changelog' released
	check 'sources without git have it, too' archived
else
	skip 'versions of packages' 'no dpkg-parsechangelog'
fi
same_version() {
	local version
	version=$(sed -n 's/^VERSION *:= *//p' Makefile)
	make O="$work/o" "$work/o/version.h" && cat "$work/o/version.h" &&
		grep -qF "\"$version$(debian/version.sh "$version")\"" "$work/o/version.h"
}
check 'the programs say the same version' same_version

# ---- whose build directory it is -----------------------------------------------------------
tree=$work/tree
user=nobody
as_user() { runuser -u $user -- env HOME="$work" "$@"; }
of_root() { find "$tree" -user root; }
roots_make() { cd "$tree" && make -j2 build/libutil.a build/libmedia.a && is_users && as_user make build/libutil.a; }
is_users() { test -e "$tree/build" && test -z "$(of_root)"; }
# A suite that writes below the build directory, as root.
roots_suite() {
	cd "$tree" || return
	printf '#!/bin/sh\nmkdir -p build/guest && echo x >build/guest/x && echo ok - x\n' >"$work/suite"
	chmod 755 "$work/suite"
	O=build TAP_TOTALS='' test/tap.sh "$work/suite" && test -e build/guest/x && is_users
}
stops() { # WANT COMMAND...
	local text
	text=$("${@:2}" 2>&1) && return 1
	has "$text" "$1"
}
if [ "$(id -u)" = 0 ]; then
	mkdir "$tree"
	cp -r Makefile src gadget configs debian "$tree/"
	mkdir "$tree/test"
	cp -r test/lib test/owner.sh test/tap.sh "$tree/test/"
	chown -R $user: "$tree"
	check 'what root builds belongs to the owner of the tree, who can go on' roots_make
	check 'what a suite of root leaves belongs to the owner' roots_suite
	chown -R root: "$tree/build/src"
	check "root's objects from elsewhere: make says what to do" \
		stops "build/src belongs to root, so that you cannot build in build: sudo rm -r build" as_user make -C "$tree"
	check "root's make gives them to the owner" eval "make -C $tree build/libutil.a && is_users"
	mkdir "$tree/build/deb" && touch "$tree/build/deb/x"
	check "root's package: deb.sh says what to do" \
		stops "build/deb cannot be made again; if it belongs to root: sudo rm -r build/deb" as_user "$tree/debian/deb.sh"
	ln -s /etc "$tree/build/elsewhere"
	check 'nothing outside of the tree is given away' eval "'$tree/test/owner.sh' --hand-back /etc '$tree/build/elsewhere' &&
		test \"\$(stat -c %U /etc)\" = root"
	mkdir "$work/others"
	check "nor is a build directory outside of it that is somebody's" eval "'$tree/test/owner.sh' --begin '$work/others' &&
		test \"\$(stat -c %U '$work/others')\" = root"
else
	skip 'whose build directory it is' 'needs root'
fi

# ---- uninstall -----------------------------------------------------------------------------
dest=$work/dest
uninstall() { make --no-print-directory O="$work/o" DESTDIR="$dest" uninstall "$@" 2>&1; }
# Only files are counted, so the programs need not be real.
installed() {
	mkdir -p "$work/o" && touch "$work/o/mmcgadgetd" "$work/o/mmcgadgetctl" "$work/o/mmcgadget-resolver" "$work/o/mmcgadget-decoder" \
		"$work/o/mmcgadget-usbip" &&
		make O="$work/o" -o "$work/o/mmcgadgetd" -o "$work/o/mmcgadgetctl" \
			-o "$work/o/mmcgadget-resolver" -o "$work/o/mmcgadget-decoder" -o "$work/o/mmcgadget-usbip" DESTDIR="$dest" PREFIX=/usr install
}
check 'make install' installed
check 'uninstall with the wrong PREFIX fails, and names the right one' stops 'make uninstall PREFIX=/usr' uninstall
check 'it has removed nothing' test -e "$dest/usr/bin/mmcgadgetctl"
mkdir -p "$dest/var/lib/mmcgadget" "$dest/var/lib/mmcgadget-usb" "$dest/etc/systemd/system/usb-gadget.target.wants"
touch "$dest/var/lib/mmcgadget/holiday.iso" "$dest/var/lib/mmcgadget/.mmcgadget-drive0.mmcdisc"
ln -s /lib/systemd/system/mmcgadgetd.service "$dest/etc/systemd/system/usb-gadget.target.wants/"
check 'uninstall says what it leaves' has "$(uninstall PREFIX=/usr)" 'What stays' 'YOUR DISCS: 1 files' \
	"sudo rm -r $dest/etc/mmcgadget" "sudo rm -r $dest/var/lib/mmcgadget-usb" 'usb-gadget.target.wants/mmcgadgetd.service'
check 'it has removed all that was installed, but the configuration' \
	test "$(find "$dest" -type f | sort)" = "$dest/etc/mmcgadget/mmcgadget.conf
$dest/var/lib/mmcgadget/.mmcgadget-drive0.mmcdisc
$dest/var/lib/mmcgadget/holiday.iso"
# "apt purge" says the same; it cannot be tried here, as it works as root on the system itself.
# shellcheck disable=SC2016 # a text of a script
same_words() {
	local text
	for text in 'YOUR DISCS: $(find -L ' "-type f ! -name '.mmcgadget-*.mmcdisc*' 2>/dev/null | wc -l) files" "sudo rm -r " \
		'"sudo userdel mmcgadget; sudo groupdel mmcgadget"' "\"the daemon's user and group, which own the discs\""; do
		grep -qF -- "$text" configs/uninstall.sh && grep -qF -- "$text" debian/mmcgadget.postrm ||
			{ echo "not in both: $text" && return 1; }
	done
}
check 'the package says of discs, user and group what uninstall says' same_words
check 'uninstall a second time: nothing is there, no error' has "$(uninstall PREFIX=/usr)" "nothing of mmcgadget is below $dest/usr"

# ---- one build directory by two names ------------------------------------------------------
# built_again FIRST SECOND: what was built in the directory FIRST is built again, after a change of a header,
# in SECOND, which is another name of it.
built_again() {
	local object=src/util/crc32.o
	make -s O="$1" "$1/$object" && make -s O="$2" "$2/$object" &&
		has "$(make -n -W src/util/crc32.h O="$2" "$2/$object")" "-c -o $2/$object"
}
here=$(mktemp -d build-names.XXXXXX)
trap 'rm -rf "$work" "$here"' EXIT
check 'make: an absolute path, then a relative one' built_again "$PWD/$here/1" "$here/1"
check 'make: a relative path, then an absolute one' built_again "$here/2" "$PWD/$here/2"
check 'make: a path with dots, both times' built_again "$here/../$here/3" "$here/../$here/3"
rm -rf "$here"

# ---- a check that goes on ------------------------------------------------------------------
# A tree whose Makefile has two suites of the lane "burners": the second fails while there is a file "fail".
mkdir -p "$work/checked/test"
cp test/check.sh "$work/checked/test/"
printf '#!/bin/sh\n' >"$work/checked/test/owner.sh"
chmod 755 "$work/checked/test/owner.sh"
cat >"$work/checked/Makefile" <<'END'
results = echo ran >>$(TAP_TOTALS).ran; echo "$@ $(1)" >>$(TAP_TOTALS)
shim-test: ; @$(call results,3 0 0)
firmware-test: ; @if [ -e $(O)/fail ]; then $(call results,1 1 0); exit 1; else $(call results,2 0 0); fi
END
echo /build/ >"$work/checked/.gitignore"
git_there() { git -C "$work/checked" -c user.name=t -c user.email=t@localhost "$@"; }
(git_there init -q && git_there add . && git_there commit -q -m one) >/dev/null 2>&1
# checks [CONTINUE=1]: one lane of the check, as on a PC.
checks() {
	printf '#!/bin/sh\necho x86_64\n' >"$work/bin/uname" && chmod 755 "$work/bin/uname" &&
		env -u FULL -u CI -u CONTINUE -u NO_SKIP PATH="$work/bin:$PATH" O=build LANES=burners \
			"$@" "$work/checked/test/check.sh" 2>&1
}
fails() { # TEXT COMMAND...: the command fails and prints the text
	local text
	text=$("${@:2}") && return 1
	has "$text" "$1"
}
runs() { cat "$work/checked/build/check/"*"$1"*.ran | wc -l; } # SUITE: how often since the last check without CONTINUE
check 'check: there is nothing to go on with' fails 'has no check of this commit' checks CONTINUE=1
mkdir -p "$work/checked/build" && touch "$work/checked/build/fail"
check 'check: a suite fails' fails '4 passed, 1 failed' checks
rm "$work/checked/build/fail"
check 'check: CONTINUE=1 runs what has failed, and counts what had passed' \
	has "$(checks CONTINUE=1)" 'shim has passed before' 'minutes, in 2 parts' '5 passed, 0 failed'
check 'check: each suite ran as often as it had to' test "$(runs shim) $(runs firmware)" = '1 1'
echo >>"$work/checked/Makefile"
check 'check: changes are nothing to go on with' fails 'the tree has changes' checks CONTINUE=1
git_there commit -q -a -m two
check 'check: nor is the check of another commit' fails 'has no check of this commit' checks CONTINUE=1
check 'check: without CONTINUE everything runs' has "$(checks; echo; runs shim)" '5 passed, 0 failed'
echo "1..$n"
