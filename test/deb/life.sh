#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs, reinstalls, upgrades, removes and purges the package, as root in a temporary system. Prints
# TAP without numbers.
#   life.sh MMCGADGET.deb   beside it: lib.sh, next.deb (the same with a higher version),
#                           completion.sh, version (of the programs), docs (names), shim.deb
set -u
deb=${1:?usage: life.sh MMCGADGET.deb}
here=$(dirname "$0")
version=$(cat "$here/version")
# shellcheck source=test/deb/lib.sh
. "$here/lib.sh"
enabled() { [ -L "/etc/systemd/system/usb-gadget.target.wants/$unit" ]; }

# Installs the dependencies before the first list of files is made.
prepare() { apt update && apt satisfy "$(dpkg-deb -f "$deb" Depends)"; }
documents() {
	local name
	while read -r name; do
		[ -s "/usr/share/doc/mmcgadget/$name" ] || echo "$name is missing"
	done <"$here/docs"
}
manuals() {
	local page
	for page in mmcgadgetd.8 mmcgadgetctl.1 mmcgadget.conf.5; do
		MANWIDTH=80 man -P cat "${page##*.}" "${page%.*}" | grep -i "^${page%.*}(${page##*.})" || return 1
	done
}
# bash-completion finds the file by the program's name.
completion() {
	bash -c '
		. /usr/share/bash-completion/bash_completion
		if declare -F _comp_load >/dev/null; then _comp_load mmcgadgetctl; else __load_completion mmcgadgetctl; fi
		complete -p mmcgadgetctl' &&
		[ -z "$("$here/completion.sh" /usr/share/bash-completion/completions/mmcgadgetctl 2>&1 | tee /dev/stderr)" ]
}
conffiles() { is "$(dpkg-query -W -f '${Conffiles}' mmcgadget | awk '{ print $1 }' | paste -sd' ' | xargs)" "$conf"; }
check 'the dependencies can be installed' prepare
system >"$here/before"

check 'the package is installed' quiet apt install "$deb"
check 'the installed files are those of the package' dpkg -V mmcgadget
check 'the group mmcgadget exists' has_group
check 'the folder belongs to the group' is "$(state $media)" 'root:mmcgadget 2775'
check 'the configuration is the only conffile' conffiles
check 'the service is enabled' enabled
check 'mmcgadgetctl --version' is "$(mmcgadgetctl --version)" "mmcgadgetctl $version"
check 'mmcgadgetd --version' is "$(mmcgadgetd --version)" "mmcgadgetd $version"
check 'mmcgadgetd --check-config has no complaint' is \
	"$(mmcgadgetd --check-config 2>&1 | grep -i 'warning\|error'; mmcgadgetd --check-config >/dev/null 2>&1 && echo 0)" 0
check 'mmcgadgetctl status: exit code 3 without a daemon' is "$(mmcgadgetctl status >/dev/null 2>&1; echo $?)" 3
check 'man shows the pages' manuals
check 'the documents are installed, uncompressed' is "$(documents)" ''
check 'bash completes' completion
check 'built with PIE, bind now, stack protector' hardened /usr/sbin/mmcgadgetd /usr/bin/mmcgadgetctl \
	/usr/lib/mmcgadget/mmcgadget-resolver /usr/lib/mmcgadget/mmcgadget-decoder \
	/usr/lib/mmcgadget/mmcgadget-usbip

# Changes that an administrator makes.
echo '# mine' >>$conf
: >$media/disc.iso
check 'a new file in the folder belongs to the group' is "$(stat -c %G $media/disc.iso)" mmcgadget
chmod 2770 $media
systemctl disable $unit >/dev/null 2>&1
check 'the package is reinstalled' quiet apt install --reinstall "$deb"
check 'reinstalled: the configuration is kept' grep -qx '# mine' $conf
check 'reinstalled: the folder and its disc are kept' is "$(state $media) $(ls $media)" 'root:mmcgadget 2770 disc.iso'
check 'reinstalled: the service stays disabled' no enabled
check 'the package is upgraded' apt -o Dpkg::Options::=--force-confold install "$here/next.deb"
check 'upgraded: the version is the new one' is "$(dpkg-query -W -f '${Version}' mmcgadget)" "$(dpkg-deb -f "$here/next.deb" Version)"
check 'upgraded: the changed configuration is kept' grep -qx '# mine' $conf
check 'upgraded: the folder and its disc are kept' is "$(state $media) $(ls $media)" 'root:mmcgadget 2770 disc.iso'

check 'the package is removed' apt remove mmcgadget
check 'removed: the programs are gone' is "$(command -v mmcgadgetd mmcgadgetctl)" ''
check 'removed: configuration, group and disc are still there' test -e $conf -a -e $media/disc.iso -a -n "$(has_group)"
# Without this option dpkg would ask, because it remembers the newer version's configuration.
check 'the package is installed after a removal' quiet apt -o Dpkg::Options::=--force-confold install "$deb"
check 'the old configuration is in use again' grep -qx '# mine' $conf
check 'the package is purged with a disc in the folder' apt purge mmcgadget
check 'purged: configuration and unit are gone' test ! -e /etc/mmcgadget -a ! -e /lib/systemd/system/$unit
check 'purged: disc and group are still there' is "$(stat -c '%n %G' $media/disc.iso)" "$media/disc.iso mmcgadget"
rm -f $media/disc.iso

check 'the package is installed into the old folder' quiet apt install "$deb"
check 'the service is enabled again' enabled
check 'the mode of the old folder is kept' is "$(state $media)" 'root:mmcgadget 2770'
check 'the package is purged' quiet apt purge mmcgadget
check 'purged: nothing is left, nor the group' left_over

# With setfacl, which this system does not have.
acl="-d -m u::rwX,g::rwX,g:mmcgadget:rwX,o::rX $media"
printf '#!/bin/sh\necho "$*" >>/tmp/acl\n' >/usr/bin/setfacl
chmod 755 /usr/bin/setfacl
check 'the package is installed where setfacl is' quiet apt install "$deb"
check 'the new folder gets a default access control list' is "$(state $media) $(cat /tmp/acl)" "root:mmcgadget 2775 $acl"
check 'it is reinstalled there' quiet apt install --reinstall "$deb"
check 'the folder, which is the administrator'"'"'s now, gets no other' is "$(cat /tmp/acl)" "$acl"
check 'it is purged there' quiet apt purge mmcgadget
rm -f /usr/bin/setfacl /tmp/acl
check 'purged: nothing is left there' left_over

# A folder elsewhere, as a link.
mkdir /srv/discs && ln -s /srv/discs $media
check 'the package is installed over a link to a folder' quiet apt install "$deb"
check 'the link stays, and its folder belongs to the group' is \
	"$(readlink $media) $(state $media)" '/srv/discs root:mmcgadget 2775'
check 'the package is purged' apt purge mmcgadget
check 'purged: link and group are still there' is "$(readlink $media) $(state $media)" \
	'/srv/discs root:mmcgadget 2775'
rm -f $media && rmdir /srv/discs
check 'the package is installed for the last time' quiet apt install "$deb"
check 'the package is purged in one step' quiet apt purge mmcgadget
check 'purged: nothing is left again' left_over

# The shim alone, without the other package and its user.
shim_reads() {
	head -c 200000 /dev/urandom >/tmp/image.iso && truncate -s 204800 /tmp/image.iso &&
		mmcgadget-shim --insert /tmp/image.iso cmp /dev/sr0 /tmp/image.iso && rm /tmp/image.iso
}
check 'the package of the shim is installed' quiet apt install "$here/shim.deb"
check 'it does not bring the daemon' is "$(command -v mmcgadgetd)$(has_group)" ''
check 'mmcgadget-shim --version' is "$(mmcgadget-shim --version)" "mmcgadget-shim $version"
check 'a program reads a disc through the shim' shim_reads
check 'man shows the page of the shim' eval 'MANWIDTH=80 man -P cat 1 mmcgadget-shim | grep -i "^mmcgadget-shim(1)"'
check 'the shim is built with PIE, bind now, stack protector' hardened /usr/bin/mmcgadget-shim
check 'the shim is purged' quiet apt purge mmcgadget-shim
check 'purged: nothing is left of the shim' left_over
