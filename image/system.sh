# shellcheck shell=bash disable=SC2154 # variables of build.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by build.sh: makes the root file system of unpacked packages. No script of a package has run; here is
# what this system needs of their work.

# Commands of busybox that the system has under their own names, unless a package has them.
applets="ash awk basename cat chgrp chmod chown chroot clear cmp cp cut date dd df diff dirname dmesg du echo env expr
	false find free grep gunzip gzip head hexdump hostname id ifconfig ip kill killall less ln ls md5sum mkdir
	mkfifo mknod mktemp more mv nproc od pidof ping printf ps pwd readlink realpath rm rmdir route sed seq
	sh sha256sum sleep sort stat stty sync tail tar tee test time timeout top touch tr true tty umount uname uniq
	uptime vi wc wget which who xargs xzcat yes zcat"

make_system() {
	prune_system
	make_accounts
	make_files_of_system
	make_units
}

# Removes files that are of no use on a board without a keyboard. The licences stay: a package whose folder of
# documents is a link has them in the folder of another package.
prune_system() {
	find "${root:?}/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -delete
	rm -rf "${root:?}"/usr/share/{bash-completion,bug,doc-base,fish,initramfs-tools,i18n,info,libc-bin,lintian,locale,man,menu} \
		"${root:?}"/usr/share/{pam,pam-configs,perl5,pkgconfig,polkit-1,readline,reportbug,zsh,zoneinfo,mime,gcc,gdb,systemd,factory} \
		"${root:?}"/usr/share/{applications,icons,pixmaps,dbus-1,openpgp,keyrings,tabset,terminfo,calendar} \
		"${root:?}"/usr/lib/raspi-firmware "${root:?}"/etc/{init.d,rc?.d,kernel,initramfs,cron*,logrotate.d,default,skel,opt} \
		"${root:?}"/usr/lib/{pcrlock.d,kernel,systemd/boot,systemd/catalog,environment.d,modules-load.d,binfmt.d} \
		"${root:?}"/usr/lib/udev/{hwdb.d,hwdb.bin} "${root:?}"/usr/share/mmcgadget "${root:?}"/boot
	rm -f "${root:?}"/usr/lib/systemd/system-generators/* "${root:?}"/usr/lib/systemd/user-generators/*
	find "$root/usr/share/doc" "$root/usr/lib" -depth -type d -empty -delete
	# sftp's server comes with the client, of which only the licence is needed.
	rm -rf "${root:?}"/usr/lib/openssh/ssh-* "${root:?}"/usr/bin/{scp,sftp,slogin,ssh,ssh-*} "${root:?}"/etc/ssh "${root:?}"/usr/sbin/update-passwd
	# No program needs set-user-ID or set-group-ID on this card.
	find "$root" -perm /6000 -type f -exec chmod ug-s {} +
	local name
	# Only the firmware for the Wi-Fi of the boards is kept.
	if [ -d "$root/usr/lib/firmware" ]; then
		# What brcmfmac asks for is a link to the same chip's file in another folder, whose name begins with cyfmac.
		find "$root/usr/lib/firmware" ! -type d ! -name '*fmac43430-*' ! -name '*fmac4345[56]-*' ! -name 'regulatory.*' -delete
		find "$root/usr/lib/firmware" ! -type d -name '*[-.]sdio.*.txt' ! -name '*raspberrypi*' -delete
		find "$root/usr/lib/firmware" -xtype l -delete
		# Two versions of the regulatory database: a link that update-alternatives would have made.
		for name in db db.p7s; do
			[ ! -e "$root/usr/lib/firmware/regulatory.$name-debian" ] ||
				mv "$root/usr/lib/firmware/regulatory.$name-debian" "$root/usr/lib/firmware/regulatory.$name"
		done
		rm -f "${root:?}"/usr/lib/firmware/regulatory.*-upstream
	fi
}

make_accounts() {
	sed 's,:/bin/bash$,:/bin/sh,; s,^root:[^:]*:,root:x:,' "$root/usr/share/base-passwd/passwd.master" >"$root/etc/passwd"
	cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
	install -m 640 -g 42 /dev/null "$root/etc/shadow"
	awk -F: '{ print $1 ":*:::::::" }' "$root/etc/passwd" >"$root/etc/shadow"
	# Newer packages mark accounts that nobody logs in with, "u!", which an older systemd-sysusers does not know. In
	# shadow they are locked in any case.
	cat "$root"/usr/lib/sysusers.d/*.conf | sed 's/^u!/u/' |
		systemd-sysusers --root="$root" - >"$work/sysusers.log" 2>&1 || {
		cat "$work/sysusers.log" >&2
		exit 1
	}
	rm -f "${root:?}"/etc/*- "$root"/etc/.pwd.lock
	rm -rf "${root:?}/usr/share/base-passwd" "$root"/usr/lib/sysusers.d
}

make_files_of_system() {
	local a
	for a in $applets; do
		[ -e "$root/usr/bin/$a" ] || [ -L "$root/usr/bin/$a" ] || [ -e "$root/usr/sbin/$a" ] ||
			ln -s busybox "$root/usr/bin/$a"
	done
	mkdir -p "$root"/{dev,proc,sys,run,tmp,root,boot/firmware,var/lib/mmcgadget,var/tmp,var/log,etc/mmcgadget}
	chmod 1777 "$root/tmp" "$root/var/tmp"
	chmod 700 "$root/root"
	# The folder itself belongs to root: without the partition of the discs on it, nothing is burned to RAM.
	chown 0:0 "$root/var/lib/mmcgadget"
	chmod 755 "$root/var/lib/mmcgadget"
	ln -sfn ../run "$root/var/run"
	ln -sf ../proc/self/mounts "$root/etc/mtab"
	printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
	printf '/bin/sh\n' >"$root/etc/shells"
	: >"$root/etc/fstab"
	rm -f "$root/etc/machine-id" "$root/etc/hostname" "$root/etc/motd"
	ln -sfn /var/lib/mmcgadget/.system/ssh "$root/etc/dropbear"
	# systemd sets a clock that is behind the date of clock-epoch to that date. The files .updated say that
	# nothing in /etc and /var waits for an update (ConditionNeedsUpdate=).
	: >"$root/usr/lib/clock-epoch"
	: >"$root/etc/.updated"
	: >"$root/var/.updated"

	mkdir -p "$root/usr/lib/mmcgadget-card"
	for a in image/card/*.sh; do
		case $a in
		*/init.sh | */mmcgadget-update.sh) ;;
		*) install -m 644 "$a" "$root/usr/lib/mmcgadget-card/" ;;
		esac
	done
	install -m 755 image/card/mmcgadget-update.sh "$root/usr/bin/mmcgadget-update"
	echo $discs_start >"$root/usr/lib/mmcgadget-card/discs-start"
	echo "$board" >"$root/usr/lib/mmcgadget-card/board"
	echo "$our_version" >"$root/usr/lib/mmcgadget-card/version"
	manifest >"$work/manifest.txt"
	cp "$work/manifest.txt" "$root/usr/lib/mmcgadget-card/"
	mkdir -p "$root/usr/share/doc/mmcgadget"
	install -m 644 debian/copyright "$root/usr/share/doc/mmcgadget/copyright"
}

# Only the system's units that this function names start by themselves; the others can still be started.
make_units() {
	local units=$root/usr/lib/systemd/system etc=$root/etc/systemd/system
	rm -rf "$units"/*.wants "$units"/*.requires "$etc"
	rm -rf "${root:?}"/etc/systemd/{user,network} "$root"/etc/udev/rules.d "$root"/usr/lib/systemd/user
	mkdir -p "$etc/card.target.wants" "$etc/sysinit.target.wants" "$etc/sockets.target.wants" \
		"$root"/etc/systemd/{journald.conf.d,system.conf.d,network} "$root/etc/udev/rules.d"
	install -m 644 image/units/*.service image/units/*.target image/units/*.timer image/units/*.path "$units/"
	ln -s card.target "$etc/default.target"
	# The unit of the package, without what it would wait for: prepare.sh has mounted the discs, and the
	# port's module is in the initial RAM disk.
	sed -e '/^After=/s/ local-fs.target//' -e '/^ExecStartPre=.*modprobe/d' \
		-e 's/^PrivateTmp=yes/PrivateTmp=disconnected/' -e '/^\[Install\]/,$d' \
		-e 's/^\[Unit\]/&\nDefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target\nAfter=var-lib-mmcgadget.mount/' \
		"$units/mmcgadgetd.service" >"$etc/mmcgadgetd.service"
	rm "$units/mmcgadgetd.service"
	local unit
	for unit in systemd-udevd.service systemd-udev-trigger.service systemd-tmpfiles-setup.service systemd-sysctl.service \
		systemd-timesyncd.service; do
		mkdir -p "$etc/$unit.d"
		printf '[Unit]\nAfter=mmcgadgetd.service\n' >"$etc/$unit.d/after-the-drive.conf"
		# Only with Wi-Fi: settings.sh.
		[ "$unit" = systemd-timesyncd.service ] || ln -s "/usr/lib/systemd/system/$unit" "$etc/card.target.wants/$unit"
	done
	cat >"$etc/systemd-udev-trigger.service.d/few.conf" <<-END
		[Service]
		ExecStart=
		ExecStart=-udevadm trigger --action=add --subsystem-match=net --subsystem-match=tty --subsystem-match=sdio --subsystem-match=platform
	END
	ln -s /usr/lib/systemd/system/systemd-journald.service "$etc/sysinit.target.wants/"
	for unit in systemd-journald.socket systemd-journald-dev-log.socket systemd-udevd-control.socket systemd-udevd-kernel.socket; do
		ln -s "/usr/lib/systemd/system/$unit" "$etc/sockets.target.wants/"
	done
	ln -s "/etc/systemd/system/mmcgadgetd.service" "$etc/card.target.wants/"
	for unit in card-report.timer card-clock.timer card-commit.timer; do
		ln -s "/usr/lib/systemd/system/$unit" "$etc/card.target.wants/"
	done
	printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=8M\nAudit=no\nReadKMsg=no\n' >"$root/etc/systemd/journald.conf.d/card.conf"
	printf '[Manager]\nRuntimeWatchdogSec=15\nRebootWatchdogSec=60\n' \
		>"$root/etc/systemd/system.conf.d/card.conf"
}
