#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package: "make deb", lintian, what is in it; and its life in Debian 12 and 13, each
# in a system that is made for that and thrown away. Where it is not this machine's own suite, the
# package is built there too. Needs root, the network, and some minutes.
#   SUITES="trixie"   only this
set -u
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
O=${O:-build}
dir=$O/deb-test
top=$PWD
# shellcheck source=/dev/null
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
read -ra suites <<<"${SUITES:-bookworm trixie}"
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
log=$dir/log

result() { # STATUS NAME
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		tail -n 25 "$log" | sed 's/^/# /'
	fi
}
named() { sed -E "s/^(not )?ok - /&$1: /"; }

# What "make install" installs, and what a package has besides. Units are below /lib or /usr/lib.
contents() { # DEB
	dpkg-deb -c "$1" | awk '{ print $1, $2, $6 }' | sed 's, \./usr/lib/systemd/, ./lib/systemd/,' |
		grep -v '^d' | sort -k3 >"$log.have"
	{
		cat <<-L
			-rw-r--r-- root/root ./etc/mmcgadget/mmcgadget.conf
			-rw-r--r-- root/root ./lib/systemd/system/mmcgadgetd.service
			-rw-r--r-- root/root ./usr/lib/sysusers.d/mmcgadget.conf
			-rw-r--r-- root/root ./usr/share/bash-completion/completions/mmcgadgetctl
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/README.Debian
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/changelog.Debian.gz
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/copyright
			-rw-r--r-- root/root ./usr/share/lintian/overrides/mmcgadget
			-rw-r--r-- root/root ./usr/share/man/man1/mmcgadgetctl.1.gz
			-rw-r--r-- root/root ./usr/share/man/man5/mmcgadget.conf.5.gz
			-rw-r--r-- root/root ./usr/share/man/man8/mmcgadgetd.8.gz
			-rwxr-xr-x root/root ./usr/bin/mmcgadgetctl
			-rwxr-xr-x root/root ./usr/sbin/mmcgadgetd
		L
		sed 's,^,-rw-r--r-- root/root ./usr/share/doc/mmcgadget/,' "$dir/docs"
	} | sort -k3 >"$log.want"
	diff "$log.want" "$log.have" >"$log" || return 1
	dpkg-deb -c "$1" | grep '^d' | grep -v '^drwxr-xr-x root/root' >"$log"
	[ ! -s "$log" ]
}

printf '%s\n' README.md docs/*.md docs/boards/*.md docs/decisions/*.md >"$dir/docs"
sed -n 's/^VERSION *:= *//p' Makefile >"$dir/version"
dpkg-parsechangelog -S Version >"$log" 2>&1
result "$([ "$(sed 's/-[^-]*$//' "$log")" = "$(cat "$dir/version")" ] && echo 0 || echo 1)" \
	'debian/changelog has the version of the Makefile'
git status --porcelain >"$dir/before" 2>/dev/null
make --no-print-directory O="$O" deb >"$log" 2>&1
result $? 'make deb'
git status --porcelain >"$dir/after" 2>/dev/null
diff "$dir/before" "$dir/after" >"$log" 2>&1
result $? 'it leaves nothing in the tree'
deb=$(echo "$O"/deb/mmcgadget_*.deb)
lintian --allow-root --fail-on error,warning "$O"/deb/*.changes >"$log" 2>&1
result $? 'lintian sees neither errors nor warnings'
contents "$deb"
result $? 'the files that should be in it, no more, owners and modes'

# Inside of the suite, with what stands in FOLDER; its TAP comes through.
inside() { # SUITE FOLDER SCRIPT FILE
	: >"$dir/tap"
	"$top/test/mmdebstrap.sh" "$1" /dev/null --format=null \
		--customize-hook="mkdir \"\$1/deb\" && cp -a '$2/.' \"\$1/deb/\"" \
		--customize-hook="chroot \"\$1\" bash /deb/$3 /deb/$4 >'$dir/tap'" \
		--customize-hook="cp \"\$1\"/deb/*.deb '$2/'" >"$log" 2>&1
	local rc=$?
	named "$1" <"$dir/tap"
	result $rc "$1: the system can be made"
}

for suite in "${suites[@]}"; do
	begin=$SECONDS
	if [ "$suite" != "$own" ]; then
		mkdir "$dir/$suite-build"
		cp "$O"/deb/*.dsc "$O"/deb/*.tar.* test/deb/build.sh "$dir/$suite-build/"
		inside "$suite" "$dir/$suite-build" build.sh "$(basename "$O"/deb/*.dsc)"
		deb=$(echo "$dir/$suite-build"/mmcgadget_*.deb)
		contents "$deb"
		result $? "$suite: the files that should be in it, no more, owners and modes"
	else
		deb=$(echo "$O"/deb/mmcgadget_*.deb)
	fi
	mkdir "$dir/$suite"
	cp "$deb" "$dir/docs" "$dir/version" test/completion.sh test/deb/life.sh "$dir/$suite/"
	inside "$suite" "$dir/$suite" life.sh "$(basename "$deb")"
	echo "# $suite took $((SECONDS - begin)) s"
done
[ -n "${KEEP:-}" ] || rm -rf "$dir"
