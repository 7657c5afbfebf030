#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package of this machine's release: "make deb", lintian, the files in it. Then it is
# installed, upgraded and purged: in a chroot (files, maintainer scripts), and in a guest that boots
# (service, users, PC). FULL=1 does that for Debian 12 and 13, whatever this machine has, and also
# builds the package for boards (arm64, armhf), and a new user does what the README says in a third
# system, which has neither compiler nor libraries.
# Changes to the systems are dropped, but the systems are kept (test/deb/system.sh); making them needs
# root and the network.
#   SUITES="trixie"   this release, and this machine's    PARTS="cross life readme guest"   only these
#   CROSS=bookworm    release of the boards' packages     KEEP=1   keep logs and packages
set -u
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
export O=${O:-build}
top=$PWD
began=$SECONDS
own_arch=$(dpkg --print-architecture)
# shellcheck source=/dev/null
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if [ -n "${FULL:-}" ]; then
	read -ra suites <<<"${SUITES:-bookworm trixie}"
	read -ra parts <<<"${PARTS:-cross life readme guest}"
else
	read -ra suites <<<"${SUITES:-}"
	read -ra parts <<<"${PARTS:-life guest}"
fi
cross_suite=${CROSS:-trixie}
# build() runs the unit tests with FULL=1 only, as they are a suite of their own; make_deb() always does.
build_options=${FULL:+parallel=$(nproc)}
build_options=${build_options:-parallel=$(nproc) nocheck}
dir=$O/deb-test
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
log=$dir/log

result() { # STATUS NAME [LOG]
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		tail -n 25 "${3:-$log}" | sed 's/^/# /'
	fi
}
# What the programs of a package print as their version: the package's, without its revision.
version_of() { dpkg-deb -f "$1" Version | sed 's/-[^-]*$//'; }
named() { sed -uE "s/^(not )?ok - /&$1: /; s/^# /&$1 /"; }
wanted() { [[ " ${parts[*]} " == *" $1 "* ]]; }
took() { # NAME SINCE
	echo "# $1 took $((SECONDS - $2)) s"
}

# Checks that the package has the files of "make install" and those that only a package has. Units are
# below /lib or /usr/lib.
contents() { # DEB
	local have want
	have=$(dpkg-deb -c "$1" | awk '{ print $1, $2, $6 }' | sed 's, \./usr/lib/systemd/, ./lib/systemd/,; s,/usr/lib/[^/]*/mmcgadget/,/usr/lib/mmcgadget/,' |
		grep -v '^d' | sort -k3)
	want=$({
		cat <<-L
			-rw-r--r-- root/root ./etc/mmcgadget/mmcgadget.conf
			-rw-r--r-- root/root ./lib/systemd/system/mmcgadget-usbip.socket
			-rw-r--r-- root/root ./lib/systemd/system/mmcgadget-usbip@.service
			-rw-r--r-- root/root ./lib/systemd/system/mmcgadgetd.service
			-rw-r--r-- root/root ./usr/lib/sysusers.d/mmcgadget.conf
			-rw-r--r-- root/root ./usr/share/bash-completion/completions/mmcgadgetctl
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/README.Debian
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/changelog.Debian.gz
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/copyright
			-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/mmcgadgetctl.fish
			-rw-r--r-- root/root ./usr/share/lintian/overrides/mmcgadget
			-rw-r--r-- root/root ./usr/share/man/man1/mmcgadgetctl.1.gz
			-rw-r--r-- root/root ./usr/share/man/man5/mmcgadget.conf.5.gz
			-rw-r--r-- root/root ./usr/share/man/man8/mmcgadgetd.8.gz
			-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_mmcgadgetctl
			-rwxr-xr-x root/root ./usr/bin/mmcgadgetctl
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/examples/mmcgadget-attach@.service
			-rwxr-xr-x root/root ./usr/share/doc/mmcgadget/examples/mmcgadget-attach
			-rw-r--r-- root/root ./usr/share/doc/mmcgadget/examples/mmcgadget-hook.service
			-rwxr-xr-x root/root ./usr/share/doc/mmcgadget/examples/mmcgadget-hook
			-rwxr-xr-x root/root ./usr/lib/mmcgadget/mmcgadget-decoder
			-rwxr-xr-x root/root ./usr/lib/mmcgadget/mmcgadget-resolver
			-rwxr-xr-x root/root ./usr/lib/mmcgadget/mmcgadget-usbip
			-rwxr-xr-x root/root ./usr/sbin/mmcgadgetd
		L
		sed 's,^,-rw-r--r-- root/root ./usr/share/doc/mmcgadget/,' "$dir/docs"
	} | sort -k3)
	diff - <(echo "$have") <<<"$want" || return 1
	! dpkg-deb -c "$1" | grep '^d' | grep -v '^drwxr-xr-x root/root'
}
check_contents() { # DEB
	contents "$1" >"$1.log" 2>&1
	result $? 'the package has the right files, owners and modes' "$1.log"
}

# Checks the package of the shim, which is beside the other one on machines of 64 bits only.
shim_contents() { # FOLDER ARCHITECTURE
	local deb multiarch
	deb=$(echo "$1"/mmcgadget-shim_*.deb)
	case $2 in
	armhf | armel | i386) [ ! -e "$deb" ] && return ;;
	esac
	multiarch=$(dpkg-architecture -a "$2" -q DEB_HOST_MULTIARCH 2>/dev/null) || return 1
	diff - <(dpkg-deb -c "$deb" | awk '!/^d/ { print $1, $2, $6 }' | sort -k3) <<-L
		-rwxr-xr-x root/root ./usr/bin/mmcgadget-shim
		-rw-r--r-- root/root ./usr/lib/$multiarch/mmcgadget/libmmcshim.so
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-shim/changelog.Debian.gz
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-shim/ci.md
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-shim/copyright
		-rw-r--r-- root/root ./usr/share/lintian/overrides/mmcgadget-shim
		-rw-r--r-- root/root ./usr/share/man/man1/mmcgadget-shim.1.gz
	L
}
check_shim() { # FOLDER ARCHITECTURE
	shim_contents "$1" "$2" >"$1/shim.log" 2>&1
	result $? 'the package of the shim has the right files, and is there for 64 bits only' "$1/shim.log"
}

web_contents() { # FOLDER
	diff - <(dpkg-deb -c "$(echo "$1"/mmcgadget-web_*.deb)" | awk '!/^d/ { print $1, $2, $6 }' |
		sed 's, \./usr/lib/systemd/, ./lib/systemd/,' | sort -k3) <<-L
		-rw-r--r-- root/root ./etc/mmcgadget/web.conf
		-rw-r--r-- root/root ./lib/systemd/system/mmcgadget-web.service
		-rw-r--r-- root/root ./lib/systemd/system/mmcgadget-web.socket
		-rw-r--r-- root/root ./usr/lib/sysusers.d/mmcgadget-web.conf
		-rwxr-xr-x root/root ./usr/sbin/mmcgadget-web
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-web/changelog.Debian.gz
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-web/copyright
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-web/examples/mmcgadget-avahi.service
		-rw-r--r-- root/root ./usr/share/doc/mmcgadget-web/web.md
		-rw-r--r-- root/root ./usr/share/man/man8/mmcgadget-web.8.gz
	L
}
check_web() { # FOLDER
	web_contents "$1" >"$1/web.log" 2>&1
	result $? 'the package of the web page has the right files' "$1/web.log"
}

# Makes a directory that a system sees as /deb; the packages are written there.
folder() { # NAME FILE...
	mkdir -p "$dir/$1"
	cp "$top/test/deb/lib.sh" "${@:2}" "$dir/$1/"
}

# Builds the package in a system of the suite, by build.sh, whose TAP is printed.
build() { # SUITE ARCHITECTURE
	local tree at=$1-$2
	tree=$(test/deb/system.sh build "$1" 2>"$dir/$at.log")
	result $? 'the system for the build can be made' "$dir/$at.log"
	folder "$at" "$dir"/source/* test/deb/build.sh
	test/deb/inside.sh "$tree/tree" "$dir/$at" env DEB_BUILD_OPTIONS="$build_options" \
		bash /deb/build.sh "/deb/$dsc" "$2" 2>&1
	deb=$(echo "$dir/$at"/mmcgadget_*.deb)
	check_contents "$deb"
	check_shim "$dir/$at" "$2"
	check_web "$dir/$at"
}

# Builds the package for another architecture, unpacks it and runs its programs by emulation.
declare -A machine=(
	[arm64]="AArch64 qemu-aarch64" [armhf]="ARM qemu-arm"
)
foreign() { # SUITE ARCHITECTURE
	local deb name emulator x=$dir/$1-$2/x tree p text
	build "$1" "$2"
	read -r name emulator <<<"${machine[$2]}"
	log=$dir/$1-$2/log
	dpkg-deb -x "$deb" "$x" >"$log" 2>&1
	result $? 'it can be unpacked'
	dpkg-deb -f "$deb" Architecture >"$log" 2>&1
	result "$([ "$(cat "$log")" = "$2" ] && echo 0 || echo 1)" "its architecture is $2"
	readelf -h "$x/usr/sbin/mmcgadgetd" "$x/usr/bin/mmcgadgetctl" >"$log" 2>&1
	result "$([ "$(grep -c "Machine: .*$name" "$log")" = 2 ] && echo 0 || echo 1)" "its programs are for $2 ($name)"
	# shellcheck source=test/deb/lib.sh
	(. test/deb/lib.sh && hardened "$x/usr/sbin/mmcgadgetd" "$x/usr/bin/mmcgadgetctl") >"$log" 2>&1
	result $? 'built with PIE, bind now, stack protector'
	# The system in which it was built has the libraries of the other architecture, too.
	tree=$(test/deb/system.sh build "$1")/tree
	for p in usr/bin/mmcgadgetctl usr/sbin/mmcgadgetd; do
		text="${p##*/} $(version_of "$deb")"
		"$emulator" -L "$tree" "$x/$p" --version >"$log" 2>&1
		result "$([ "$(cat "$log")" = "$text" ] && echo 0 || echo 1)" "$emulator: ${p##*/} --version"
	done
	"$emulator" -L "$tree" "$x/usr/sbin/mmcgadgetd" --check-config -c "$x/etc/mmcgadget/mmcgadget.conf" >"$log" 2>&1
	result $? "$emulator: mmcgadgetd --check-config, with the package's configuration"
}

# Runs "make deb", as users do, for this machine.
make_deb() {
	local log=$dir/own/log
	mkdir "$dir/own"
	git status --porcelain >"$dir/own/before" 2>/dev/null
	# Building runs the unit tests, which have run at full length before.
	[ -n "${FULL:-}" ] || export MATRIX=13
	make --no-print-directory O="$O" deb >"$log" 2>&1
	result $? 'make deb' "$log"
	git status --porcelain >"$dir/own/after" 2>/dev/null
	diff "$dir/own/before" "$dir/own/after" >"$log" 2>&1
	result $? 'make deb leaves nothing in the source tree' "$log"
	lintian --allow-root --fail-on error,warning "$O"/deb/*.changes >"$log" 2>&1
	result $? 'lintian sees neither errors nor warnings' "$log"
	cp "$O"/deb/mmcgadget_*.deb "$O"/deb/mmcgadget-shim_*.deb "$O"/deb/mmcgadget-web_*.deb "$dir/own/"
	deb=$(echo "$dir/own"/mmcgadget_*.deb)
	check_contents "$deb"
	check_shim "$dir/own" "$own_arch"
	check_web "$dir/own"
}

# Lets the programs below the current directory say a higher version, which is as long.
relabel() { # VERSION
	local sums=DEBIAN/md5sums
	grep -rlZF "$1" usr | LC_ALL=C xargs -0 sed -i "s/${1//./\\.}/9${1#?}/g" &&
		sed 's/^[0-9a-f]*  //' $sums | xargs -d '\n' md5sum >$sums.new && mv $sums.new $sums
}
# Makes the same package with a higher version and a changed configuration file, for upgrades. The package of
# the page depends on the other one of the same version.
next_version() { # DEB NEXT CONFIGURATION-FILE
	local x=$2.tree conf=$2.tree/etc/mmcgadget/$3
	dpkg-deb -R "$1" "$x" && (cd "$x" && relabel "$(version_of "$1")") &&
		sed -i 's/^Version: .*/&+next/; /^Depends:/s/mmcgadget (= [^)]*/&+next/' "$x/DEBIAN/control" &&
		echo '# new' >>"$conf" && sed -i 's/behaviour: {/behaviour: { # new/' "$conf" &&
		dpkg-deb --root-owner-group -b "$x" "$2" && rm -rf "$x"
}

life() { # SUITE DEB NEXT
	local tree
	tree=$(test/deb/system.sh fresh "$1" 2>"$dir/$1.log")
	result $? 'the system can be made' "$dir/$1.log"
	folder "$1-life" "$2" "$dir/docs" test/completion.sh test/deb/life.sh
	version_of "$2" >"$dir/$1-life/version"
	cp "$3" "$dir/$1-life/next.deb"
	cp "${3%-next.deb}-next-web.deb" "$dir/$1-life/next-web.deb"
	cp "$(dirname "$2")"/mmcgadget-shim_*.deb "$dir/$1-life/shim.deb"
	cp "$(dirname "$2")"/mmcgadget-web_*.deb "$dir/$1-life/web.deb"
	test/deb/inside.sh "$tree/tree" "$dir/$1-life" bash /deb/life.sh "/deb/$(basename "$2")" 2>&1
}

# The README as a new user follows it, in a system without compiler and libraries: build the package,
# install, update, uninstall; the same without a package.
readme() { # SUITE
	local tree
	tree=$(test/deb/system.sh plain "$1" 2>"$dir/$1-readme.log")
	result $? 'the plain system can be made' "$dir/$1-readme.log"
	folder "$1-readme" README.md test/deb/readme.sh
	rm -rf "$dir/$1-sources"
	mkdir "$dir/$1-sources"
	# The sources as they are here, with changes, are the first commit.
	{
		git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c \
			'for f do [ ! -f "$f" ] || cp --parents -p "$f" "$0/"; done' "$dir/$1-sources" &&
			cd "$dir/$1-sources" && git init -q -b main && git add -A &&
			git -c user.name=a -c user.email=a@example commit -q -m sources &&
			git bundle create -q "$dir/$1-readme/repo.bundle" HEAD main
	} >"$dir/$1-readme.log" 2>&1
	result $? 'the sources can be cloned' "$dir/$1-readme.log"
	cd "$top" || return
	test/deb/inside.sh "$tree/tree" "$dir/$1-readme" bash /deb/readme.sh 2>&1
}

# The shim as docs/ci.md builds it, in the same system, with the sources that readme() has made.
ci_page() { # SUITE
	folder "$1-ci" docs/ci.md test/deb/ci_page.sh "$dir/$1-readme/repo.bundle"
	test/deb/inside.sh "$(test/deb/system.sh plain "$1")/tree" "$dir/$1-ci" bash /deb/ci_page.sh 2>&1
}

# Runs all parts for a suite. Two suites run at a time, so each has its own files.
suite() { # SUITE
	local deb begin next=$dir/$1-next.deb
	begin=$SECONDS
	if [ "$1" = "$own" ]; then
		make_deb
	else
		build "$1" "$own_arch"
	fi
	took build "$begin"
	{
		next_version "$deb" "$next" mmcgadget.conf &&
			next_version "$(echo "${deb%/*}"/mmcgadget-web_*.deb)" "${next%.deb}-web.deb" web.conf
	} >"$dir/$1-next.log" 2>&1
	result $? 'packages with a higher version can be made' "$dir/$1-next.log"
	if wanted life; then
		begin=$SECONDS
		life "$1" "$deb" "$next"
		took life "$begin"
	fi
	if wanted readme && [ "$1" = "$own" ]; then
		begin=$SECONDS
		readme "$1" > >(sed -uE 's/^(not )?ok - /&README: /')
		ci_page "$1" > >(sed -uE 's/^(not )?ok - /&docs\/ci.md: /')
		took readme "$begin"
	fi
	if wanted guest; then
		begin=$SECONDS
		test/e2e/package.sh "$1" "$deb" "$next" 2>&1 | sed -uE 's/^(not )?ok - /&guest: /'
		took guest "$begin"
	fi
}

printf '%s\n' README.md docs/demo.svg docs/web-*.webp docs/*.md docs/boards/*.md docs/decisions/*.md >"$dir/docs"
dpkg-parsechangelog -S Version >"$log" 2>&1
result "$([ "$(sed 's/-[^-]*$//' "$log")" = "$(sed -n 's/^VERSION *:= *//p' Makefile)" ] && echo 0 || echo 1)" \
	'debian/changelog has the version of the Makefile'
make --no-print-directory O="$O" DEB_ARGS=-S deb >"$log" 2>&1
result $? 'make deb, of the sources'
mkdir "$dir/source"
cp "$O"/deb/*.dsc "$O"/deb/*.tar.* "$dir/source/"
dsc=$(basename "$dir"/source/*.dsc)

[[ " ${suites[*]} " == *" $own "* ]] || suites+=("$own")
for s in "${suites[@]}"; do
	suite "$s" > >(named "$s") &
done
# The packages for boards are built while the guests boot and wait.
if wanted cross; then
	for a in arm64 armhf; do
		if [ "$a" != "$own_arch" ]; then
			begin=$SECONDS
			{
				# Low priority: a guest that waits too long for its processors reports lockups.
				renice -n 10 "$BASHPID" >/dev/null
				foreign "$cross_suite" "$a"
				took 'build' "$begin"
			} > >(named "$cross_suite $a")
		fi
	done
fi
wait
[ -n "${KEEP:-}" ] || rm -rf "$dir"
took everything "$began"
