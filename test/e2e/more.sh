#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs packages on top of the guest of a Debian suite, which stays as it is, and prints the path of a tar
# file with all that came to it. guest.sh gives it to a job whose line "# packages: NAME..." asks for it;
# add_packages of lib.sh unpacks it. It is made once, and again when the guest is another one. Needs root.
#   more.sh SUITE JOB PACKAGE...
set -eu
suite=${1:?usage: more.sh SUITE JOB PACKAGE...}
job=${2:?usage: more.sh SUITE JOB PACKAGE...}
shift 2
guest=$("$(dirname "$0")/image.sh" "$suite")
# shellcheck source=test/cached.sh
. "$(dirname "$0")/../cached.sh"

# Increase this when something else than the guest or the packages changes.
recipe=1
if cached "more-$suite-$job" "$recipe" "${guest##*/}" "$*"; then
	echo "$dir/more.tar"
	exit 0
fi
making "the packages of $job for $suite"

# This machine's apt chooses and fetches, by what is installed in the guest.
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends \
		-o Dir::Etc::sourcelist="$guest/tree/etc/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::trusted=/usr/share/keyrings/debian-archive-keyring.gpg -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$dir/state" -o Dir::State::status="$guest/tree/var/lib/dpkg/status" \
		-o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root "$@"
}
mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/upper" "$dir/work" "$dir/root"
# The guest is the lower layer of an overlay, so what dpkg writes is in the upper one. The tar is made inside,
# because it holds the names of owners, whose numbers may be others in the guest that it is unpacked in.
# shellcheck disable=SC2016 # the inner shell's variables
{
	apt update && apt install --download-only "$@" &&
		unshare --mount --propagation private sh -eu -c '
			mount -t overlay -o "lowerdir=$1/tree,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
			mount -t proc proc "$2/root/proc"
			mount --bind -o ro "$2/cache/archives" "$2/root/src"
			mount --bind "$2/upper" "$2/root/mnt"
			printf "#!/bin/sh\nexit 101\n" >"$2/root/usr/sbin/policy-rc.d"
			chmod 755 "$2/root/usr/sbin/policy-rc.d"
			export DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
			chroot "$2/root" sh -euc "dpkg --unpack /src/*.deb && dpkg --configure -a"
			rm "$2/root/usr/sbin/policy-rc.d"
			# A file that dpkg removed is a device with the number 0 in the upper layer.
			(cd "$2/upper" && find . -type c) >"$2/removed"
			chroot "$2/root" tar -C /mnt -cf - -X - --exclude=./boot --exclude=./tmp --exclude=./var/cache \
				--exclude=./var/log --exclude=./var/lib/dpkg --exclude=./usr/share/doc --exclude=./usr/share/fonts \
				--exclude=./usr/share/locale --exclude=./usr/share/man . <"$2/removed" >"$2/more.tar"' \
			sh "$guest" "$dir"
} >"$dir/log" 2>&1 || {
	tail -n 30 "$dir/log" >&2
	echo "more.sh: the packages of $job cannot be added to the guest of $suite, see $dir/log" >&2
	exit 1
}
rm -rf "$dir/upper" "$dir/work" "$dir/root" "$dir/state" "$dir/cache"
made >/dev/null
echo "$dir/more.tar"
