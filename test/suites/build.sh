#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Both compilers build without a warning; "make install" installs the right files.
O=${O:-build}
n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		tail -n 20 "$log" | sed 's/^/# /'
	fi
}
log=$(mktemp)
dest=$(mktemp -d)
trap 'rm -rf "$log" "$dest"' EXIT

# All targets that later suites use, because two suites must not build the same target at a time.
firmware=
[ "$(uname -m)" != x86_64 ] || firmware=$O/mmcredir
# shellcheck disable=SC2086 # none, or one
make -j"$(nproc)" O="$O" CC=gcc WERROR=1 all unit-build daemon-test-build shim-test-build web-test-build $firmware \
	>"$log" 2>&1
result $? 'gcc builds without a warning'
# No program of clang's runs; its warnings are the same without optimisation, in half the time.
make -j"$(nproc)" O="$O-clang" CC=clang CFLAGS='-O0 -g0' WERROR=1 all unit-build shim-test-build >"$log" 2>&1
result $? 'clang builds without a warning'
make O="$O" PREFIX=/usr DESTDIR="$dest" install >"$log" 2>&1
result $? 'make install'
(cd "$dest" && find . -type f | sort) >"$log"
diff - "$log" <<'L' >"$log.diff"
./etc/mmcgadget/mmcgadget.conf
./lib/systemd/system/mmcgadget-usbip.socket
./lib/systemd/system/mmcgadget-usbip@.service
./lib/systemd/system/mmcgadgetd.service
./usr/bin/mmcgadgetctl
./usr/lib/mmcgadget/mmcgadget-decoder
./usr/lib/mmcgadget/mmcgadget-resolver
./usr/lib/mmcgadget/mmcgadget-usbip
./usr/lib/sysusers.d/mmcgadget.conf
./usr/sbin/mmcgadgetd
./usr/share/bash-completion/completions/mmcgadgetctl
./usr/share/fish/vendor_completions.d/mmcgadgetctl.fish
./usr/share/man/man1/mmcgadgetctl.1
./usr/share/man/man5/mmcgadget.conf.5
./usr/share/man/man8/mmcgadgetd.8
./usr/share/zsh/vendor-completions/_mmcgadgetctl
L
rc=$?
mv "$log.diff" "$log"
result $rc 'make install installs these files and no other'
grep -rl "$dest" "$dest" >"$log" 2>/dev/null
result "$([ -s "$log" ] && echo 1 || echo 0)" 'no installed file contains DESTDIR'
"$dest/usr/sbin/mmcgadgetd" --check-config -c "$dest/etc/mmcgadget/mmcgadget.conf" >"$log" 2>&1
result $? 'the installed daemon accepts the installed configuration'
rm -rf "$dest"
make O="$O" PREFIX=/usr DESTDIR="$dest" install-web >"$log" 2>&1
result $? 'make install-web'
(cd "$dest" && find . -type f | sort) >"$log"
diff - "$log" <<'L' >"$log.diff"
./etc/mmcgadget/web.conf
./lib/systemd/system/mmcgadget-web.service
./lib/systemd/system/mmcgadget-web.socket
./usr/lib/sysusers.d/mmcgadget-web.conf
./usr/sbin/mmcgadget-web
./usr/share/man/man8/mmcgadget-web.8
L
rc=$?
mv "$log.diff" "$log"
result $rc 'make install-web installs its six files and no other'
"$dest/usr/sbin/mmcgadget-web" --check-config -c "$dest/etc/mmcgadget/web.conf" >"$log" 2>&1
result $? 'the installed mmcgadget-web accepts the installed configuration'
make O="$O" PREFIX=/usr DESTDIR="$dest" uninstall-web >"$log" 2>&1
(cd "$dest" && find . -type f) >"$log"
result "$([ "$(cat "$log")" = ./etc/mmcgadget/web.conf ] && echo 0 || echo 1)" 'make uninstall-web leaves the configuration alone'
rm -rf "$dest"
make O="$O" PREFIX=/usr DESTDIR="$dest" install-shim >"$log" 2>&1
result $? 'make install-shim'
(cd "$dest" && find . -type f | sort) >"$log"
diff - "$log" <<'L' >"$log.diff"
./usr/bin/mmcgadget-shim
./usr/lib/mmcgadget/libmmcshim.so
./usr/share/man/man1/mmcgadget-shim.1
L
rc=$?
mv "$log.diff" "$log"
result $rc 'make install-shim installs the three files and no other'
head -c 65536 /dev/urandom >"$dest/image"
"$dest/usr/bin/mmcgadget-shim" --insert "$dest/image" cmp /dev/sr0 "$dest/image" >"$log" 2>&1
result $? 'the installed shim finds its library'
rm -f "$dest/image"
make O="$O" PREFIX=/usr DESTDIR="$dest" uninstall-shim >"$log" 2>&1
find "$dest" -type f >>"$log"
result "$([ -z "$(find "$dest" -type f)" ] && echo 0 || echo 1)" 'make uninstall-shim removes them'
make O="$O" compile_commands.json >"$log" 2>&1 && grep -q '"src/mmc/gate.c"' compile_commands.json
result $? 'compile_commands.json'
echo "1..$n"
