#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs, reinstalls, upgrades, removes and purges the package, as root in a temporary system. Prints
# TAP without numbers.
#   life.sh MMCGADGET.deb   beside it: lib.sh, web.deb, next.deb and next-web.deb (the same with a higher
#                           version), completion.sh, version (of the programs), docs (names), shim.deb
set -u
deb=${1:?usage: life.sh MMCGADGET.deb}
here=$(dirname "$0")
version=$(cat "$here/version")
# shellcheck source=test/deb/lib.sh
. "$here/lib.sh"
enabled() { [ -L "/etc/systemd/system/usb-gadget.target.wants/$unit" ]; }

# Installs the dependencies before the first list of files is made.
prepare() {
	apt update && apt satisfy "$(dpkg-deb -f "$deb" Depends)" \
		"$(dpkg-deb -f "$here/web.deb" Depends | sed 's/mmcgadget ([^)]*), //')"
}
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
check 'upgraded: so do the programs' is "$(mmcgadgetctl --version) $(mmcgadgetd --version)" "mmcgadgetctl 9${version#?} mmcgadgetd 9${version#?}"
check 'upgraded: the installed files are those of the package' is "$(dpkg -V mmcgadget)" "??5?????? c $conf"
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
# What a daemon that was killed leaves: a second name of a disc, and once its only one; an unfinished upload.
echo data >$media/a.iso
ln $media/a.iso $media/.mmcgadget-drive0.disc
echo data >$media/.mmcgadget-drive1.disc
touch $media/.mmcgadget-drive0.mmcdisc $media/.mmcgadget-drive1.mmcdisc.new $media/.mmcgadget-0a.part $media/.mmcgadget-0a.part.mmcdisc
purge_tells() {
	apt purge mmcgadget >"$here/purge" 2>&1
	cat "$here/purge"
	grep -q 'YOUR DISCS: 3 files' "$here/purge"
}
check 'the package is purged after a daemon was killed, and tells of three files' purge_tells
check 'purged: the data is there' is "$(cd $media && ls -A | sort | tr '\n' ' ')" \
	'.mmcgadget-0a.part .mmcgadget-0a.part.mmcdisc .mmcgadget-drive1.disc a.iso '
rm -f $media/a.iso $media/.mmcgadget-*
check 'the package is installed into the empty folder' quiet apt install "$deb"
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

# The web page, which needs the other package of the same version.
web_conf=/etc/mmcgadget/web.conf
secrets=(/etc/mmcgadget/web.passwd /etc/mmcgadget/web.tokens)
secret_files() { cat "${secrets[@]}" && stat -c '%n %U:%G %a' "${secrets[@]}"; }
none_is_enabled() { is "$(find /etc/systemd/system -name 'mmcgadget-web.*')" ''; }
next_step() { mmcgadgetctl web | sed -n '1s/.*; next: //p'; }
as=(setpriv --clear-groups --reuid)
as_page=("${as[@]}" mmcgadget-web --regid mmcgadget-web)
can_read() { # FILE...: the user of the page can; nobody in the group of the discs can
	local f
	for f; do
		"${as_page[@]}" test -r "$f" && "${as[@]}" nobody --regid mmcgadget test ! -r "$f" || return 1
	done
}
# logs_in PASSWORD STATUS: the installed program, started by a connection as from mmcgadget-web.socket, answers that
# to a log-in. The socket is one of the file system: this system has no network.
logs_in() {
	local rc pid
	install -d -o mmcgadget-web -g mmcgadget-web -m 700 /var/lib/mmcgadget-web /tmp/page
	"${as_page[@]}" systemd-socket-activate -l /tmp/page/socket /usr/sbin/mmcgadget-web >/tmp/page/log 2>&1 &
	pid=$!
	perl -MIO::Socket::UNIX -e '
		my ($password, $want) = @ARGV;
		my $body = "{\"password\":\"$password\"}";
		my ($s, $tries);
		until ($s = IO::Socket::UNIX->new("/tmp/page/socket")) {
			die "nobody listens\n" if $tries++ > 300;
			select(undef, undef, undef, 0.1);
		}
		alarm 60;
		print $s "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX-Mmcgadget: 1\r\n",
			"Content-Type: application/json\r\nContent-Length: ", length $body, "\r\n\r\n", $body;
		$s->flush;
		my $answer = <$s> // "";
		print $answer;
		exit $answer !~ m,^HTTP/1\.1 $want ,;
	' "$1" "$2"
	rc=$?
	cat /tmp/page/log
	kill $pid
	wait $pid
	rm -r /tmp/page
	return $rc
}
check 'the package of the page is installed, and brings the other' quiet apt install "$deb" "$here/web.deb"
check 'page: the installed files are those of the package' dpkg -V mmcgadget-web
check 'page: nobody listens, now or after a boot' none_is_enabled
check 'page: its user is in no other group' is "$(id -nG mmcgadget-web)" mmcgadget-web
check 'page: the daemon can make a socket for it' is "$(id -nG mmcgadget)" 'mmcgadget mmcgadget-web'
check 'page: the configuration is the only conffile' is \
	"$(dpkg-query -W -f '${Conffiles}' mmcgadget-web | awk '{ print $1 }' | xargs)" $web_conf
check 'mmcgadget-web --version' is "$(mmcgadget-web --version)" "mmcgadget-web $version"
check 'mmcgadget-web --check-config has no complaint' is "$(mmcgadget-web --check-config 2>&1)" 'the configuration is good'
check 'man shows the page of the page' eval 'MANWIDTH=80 man -P cat 8 mmcgadget-web | grep -i "^mmcgadget-web(8)"'
check 'page: its document is not compressed' test -s /usr/share/doc/mmcgadget-web/web.md
check 'page: built with PIE, bind now, stack protector' hardened /usr/sbin/mmcgadget-web
check 'page: the next step is a password' is "$(next_step)" 'sudo mmcgadgetctl web password'
check 'page: without one, nobody is let in' logs_in '' 503
check 'page: a password is set' eval 'echo "correct horse" | mmcgadgetctl web password'
check 'page: a token is made' mmcgadgetctl web token add job
check 'page: the next step is to listen' is "$(next_step)" 'sudo systemctl enable --now mmcgadget-web.socket'
check 'page: its user can read the secrets, the group of the discs cannot' can_read "${secrets[@]}"
check 'page: the password is right' logs_in 'correct horse' 204
check 'page: another is not' logs_in 'wrong horse' 401
echo '# mine' >>$web_conf
before=$(secret_files)
check 'page: it is upgraded, with the other package' apt -o Dpkg::Options::=--force-confold install \
	"$here/next.deb" "$here/next-web.deb"
check 'page, upgraded: the version is the new one' is "$(dpkg-query -W -f '${Version}' mmcgadget-web)" \
	"$(dpkg-deb -f "$here/next-web.deb" Version)"
check 'page, upgraded: password and token are kept, with their owner and mode' is "$(secret_files)" "$before"
check 'page, upgraded: the password is right' logs_in 'correct horse' 204
check 'page, upgraded: the changed configuration is kept' grep -qx '# mine' $web_conf
check 'page, upgraded: nobody listens' none_is_enabled
systemctl enable mmcgadget-web.socket >/dev/null 2>&1
check 'page: it is removed' apt remove mmcgadget-web
check 'page, removed: the program is gone' is "$(command -v mmcgadget-web)" ''
check 'page, removed: the other package is not' mmcgadgetctl --version
check 'page, removed: password and token are kept' is "$(secret_files)" "$before"
check 'page: it is installed again' quiet apt -o Dpkg::Options::=--force-confold install "$here/next-web.deb"
check 'page, installed again: the password is right' logs_in 'correct horse' 204
check 'page, installed again: the configuration is the old one' grep -qx '# mine' $web_conf
check 'page: it is purged' quiet apt purge mmcgadget-web
check 'page, purged: no secret, session, user or unit is left' is "$(ls -A /etc/mmcgadget) $(
	find /etc/systemd /var/lib -name '*mmcgadget-web*' -not -path '/var/lib/dpkg/info/*'; getent passwd mmcgadget-web; getent group mmcgadget-web)" \
	'mmcgadget.conf '
check 'page, purged: the other package still works' is "$(mmcgadgetctl web | head -n 1 | cut -d';' -f1)" 'the web page is not installed'
# The other package goes first, and takes this one along.
check 'page: it is installed with the other one of before' apt -o Dpkg::Options::=--force-confold install \
	--allow-downgrades "$deb" "$here/web.deb"
check 'page: a password is set once more' eval 'echo "battery staple" | mmcgadgetctl web password'
check 'both packages are removed by the name of the first' apt remove mmcgadget
check 'both, removed: the password is kept' test -s "${secrets[0]}" -a ! -e /usr/sbin/mmcgadget-web
check 'both packages are purged' quiet apt purge mmcgadget mmcgadget-web
check 'both, purged: nothing is left, nor users and groups' left_over

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
