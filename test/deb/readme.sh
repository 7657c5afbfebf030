#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does what the README says to a new user, line by line as written, in a plain Debian: user pi, who may
# use sudo, gets the sources, builds and installs the package, updates, uninstalls, and installs without
# a package. Runs as root in a temporary system without network (inside.sh, system.sh plain). Prints TAP
# without numbers.
#   readme.sh   beside it: lib.sh, README.md, repo.bundle (the sources, as git bundle)
# What needs a USB controller is left to t_readme.sh, which runs in a guest.
set -u
here=$(dirname "$0")
# shellcheck source=test/deb/lib.sh
. "$here/lib.sh"
readme=$here/README.md

# Each line is typed after a new login, in the folder where the previous one ended.
cwd=/home/pi
typed() { # LINE
	local rc
	runuser -l pi -c "export SYSTEMD_OFFLINE=1; cd '$cwd' || exit; $1
		rc=\$?; pwd >~/.cwd; exit \$rc"
	rc=$?
	cwd=$(cat /home/pi/.cwd)
	return $rc
}
ends_with() { # EXIT-CODE LINE
	typed "$2"
	is $? "$1"
}
# lines HEADING [BEFORE]: the lines of the blocks in that section, without comments; up to the text BEFORE.
lines() {
	awk -v heading="## $1" -v before="${2:-}" '
		/^## / { inside = $0 == heading }
		before != "" && index($0, before) { inside = 0 }
		inside && /^    [A-Za-z]/ { sub(/^    /, ""); sub(/  +#.*/, ""); print }' "$readme"
}
# Types the lines of standard input.
type_lines() { # WHAT
	local line
	while IFS= read -r line <&3; do
		case $line in
		'sudo reboot' | 'sudo modprobe '* | 'sudo make demo'*)
			echo "# $1: $line - not here: this system has no kernel of its own"
			;;
		'mmcgadgetctl doctor') check "$1: $line: finds that there is no controller" ends_with 1 "$line" ;;
		'mmcgadgetctl '*) check "$1: $line: says that no daemon runs" ends_with 3 "$line" ;;
		*) check "$1: $line" typed "$line" ;;
		esac
	done 3<&0
}
package_version() { dpkg-query -W -f '${Version}' mmcgadget; }
program_version() { mmcgadgetctl --version | sed 's/^mmcgadgetctl //'; }
higher() { echo "$1 > $2"; dpkg --compare-versions "$1" gt "$2"; }
same() { is "$(program_version)" "$(package_version | sed 's/-[^-]*$//')"; }
commit() {
	runuser -u pi -- git -C /srv/repo -c user.name=a -c user.email=a@example commit -q --allow-empty -m "${1:-next}"
}

# ---- this system: a board whose user answers yes, and whose systemctl has no systemd to talk to ----
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/yes
echo 'Defaults env_keep += "SYSTEMD_OFFLINE"' >/etc/sudoers.d/offline
echo "127.0.0.1 localhost $(cat /proc/sys/kernel/hostname)" >/etc/hosts
mkdir -p /boot/firmware
printf '[cm5]\ndtoverlay=dwc2,dr_mode=host' >/boot/firmware/config.txt # its last line has no end
# The PC: a disc in the folder of its user, who logs in to the board as pi.
head -c 300000 /dev/urandom >/home/pi/debian-12.iso
chown pi: /home/pi/debian-12.iso
cat >/usr/local/bin/scp <<'END'
#!/bin/sh
exec cp "${1#pi@raspberrypi.local:}" "${2#pi@raspberrypi.local:}"
END
chmod 755 /usr/local/bin/scp
sources() { # where ADDRESS is
	git clone -q "$here/repo.bundle" /srv/repo && chown -R pi: /srv/repo && ln -s /srv/repo /home/pi/ADDRESS
}

# ---- on a board ----
before_git() { lines 'On a board' | sed '/^git clone/,$d'; }
after_git() { lines 'On a board' 'On the board, insert it' | sed -n '/^git clone/,$p'; }
check 'the README has lines for a board' test "$(lines 'On a board' | wc -l)" -ge 14
type_lines board < <(before_git)
check 'config.txt ends in a section for all boards' is "$(tail -n 2 /boot/firmware/config.txt | paste -sd' ')" \
	'[all] dtoverlay=dwc2,dr_mode=peripheral'
check 'its other lines are whole' grep -qx 'dtoverlay=dwc2,dr_mode=host' /boot/firmware/config.txt
check 'the sources are at ADDRESS' sources
# counted SET MOST: as many packages does apt add to this system for a set of deps.sh. The laboratory has 400.
counted() {
	local n
	# shellcheck disable=SC2046 # words
	n=$(apt-get --no-install-recommends --assume-no install $(sh /srv/repo/test/deps.sh --list "$1") | awk '/newly installed/ { print $3 }')
	echo "$1: $n packages"
	[ "${n:-0}" -ge 20 ] && [ "$n" -le "$2" ]
}
check 'deps.sh build adds 110 packages at most' counted build 110
check 'deps.sh deb adds 160 packages at most' counted deb 160
# From here the disc is where the user is.
type_lines board < <(after_git | sed '/^scp /,$d')
[ "$cwd" = /home/pi ] || mv /home/pi/debian-12.iso "$cwd/"
type_lines PC < <(after_git | sed -n '/^scp /p')
check 'the disc is in the folder, and belongs to the group' is "$(stat -c %U:%G $media/debian-12.iso)" pi:mmcgadget
type_lines board < <(lines 'On a board' | sed -n '/^mmcgadgetctl list/,/^mmcgadgetctl blank/p')
install -o mmcgadget -g mmcgadget -m 660 "$cwd/debian-12.iso" $media/holiday.iso # as the daemon makes them
type_lines PC < <(lines 'On a board' | sed -n '$p')
check 'the burned disc is there' cmp "$cwd/debian-12.iso" "$cwd/holiday.iso"
check 'the programs say the version of the package' same
check 'what root did has left the sources to the user' is "$(find /home/pi/mmcgadget -user root)" ''
rm -f "$cwd"/*.iso
cwd=/home/pi/mmcgadget
check 'the tree is clean' is "$(typed 'git status --porcelain')" ''

# ---- two drives ----
folders=$(grep -oE '`sudo install -d [^`]*`' "$readme" | tr -d '`')
check "two drives: $folders" typed "$folders"
lines 'Configuration' >"$here/lines"
awk '/^    drives = \($/ { on = 1 } on { print } /^    \);/ { on = 0 }' "$readme" >"$here/two.conf"
check 'two drives: the block has both' is "$(grep -cE '^ +\{ name = "(reader|burner)"' "$here/two.conf")" 2
no_fault() {
	local text
	text=$(mmcgadgetd --check-config -c "$here/two.conf" 2>&1)
	[ $? = 0 ] && ! grep -i warning <<<"$text"
}
check 'two drives: the configuration has no fault, not even a warning' no_fault
type_lines configuration < <(grep '^sudo' "$here/lines")

# ---- update, uninstall ----
section='Update, uninstall, install without a package'
old=$(package_version) old_program=$(program_version)
check 'the sources have a new commit' commit
type_lines update < <(lines "$section" 'Uninstall. ')
check 'update: the package has a higher version' higher "$(package_version)" "$old"
check 'update: the programs as well' higher "$(program_version)" "$old_program"
type_lines uninstall < <(lines "$section" 'Without a package, ' | sed -n '/purge/p')
check 'uninstall: programs and configuration are gone' is "$(command -v mmcgadgetctl mmcgadgetd; ls -d /etc/mmcgadget 2>&1)" \
	"ls: cannot access '/etc/mmcgadget': No such file or directory"
check 'uninstall: the discs are still there' test -e $media/holiday.iso -a -e $media/debian-12.iso

# ---- without a package ----
check 'the build directory of the package is no hindrance' test -d /home/pi/mmcgadget/build
type_lines 'without a package' < <(lines "$section" | sed -n '/deps.sh build/,/systemctl enable/p')
check 'without a package: the programs have the version' is "$(program_version)" "$(cd /home/pi/mmcgadget &&
	runuser -u pi -- sh -c 'echo "$(sed -n "s/^VERSION *:= *//p" Makefile)$(debian/version.sh 0.1.0)"')"
check 'without a package: the service starts at boot' test -L "/etc/systemd/system/usb-gadget.target.wants/$unit"
check 'without a package: the folder belongs to the group' is "$(state $media)" 'root:mmcgadget 2775'
check 'without a package: what root did has left the sources to the user' is "$(find /home/pi/mmcgadget -user root)" ''
check 'the user can build again' typed 'make'
type_lines 'uninstall without a package' < <(lines "$section" | sed -n '/systemctl stop/,$p')
check 'it is gone' is "$(command -v mmcgadgetctl mmcgadgetd)" ''
check 'it does not start at boot' test ! -L "/etc/systemd/system/usb-gadget.target.wants/$unit"
check 'the discs are still there' test -e $media/holiday.iso
