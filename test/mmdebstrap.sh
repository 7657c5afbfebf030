#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs mmdebstrap for a Debian suite, with the hosts of this machine's apt sources, because these can be
# reached from here. Needs root.
#   mmdebstrap.sh SUITE TARGET [OPTION_OF_MMDEBSTRAP]...
#   RELEASE_ONLY=1   without updates, which an archive may not have for other architectures
set -eu
suite=${1:?usage: mmdebstrap.sh SUITE TARGET [OPTION]...}
target=${2:?usage: mmdebstrap.sh SUITE TARGET [OPTION]...}
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=/dev/null
host_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016 # apt's own variables
apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	sort -u | awk -v host="$host_suite" -v want="$suite" -v only="${RELEASE_ONLY:-}" '
	{
		tail = $2
		if (!sub("^(" host "|oldstable|stable|testing)", "", tail))
			next
		if (tail == "" || (only == "" && (tail == "-updates" || tail == "-security")))
			print "deb", $1, want tail, $3
	}' >"$work/sources"
# A sources.list with nothing fetched yet, or of another distribution, has no index targets.
[ -s "$work/sources" ] || {
	echo "mmdebstrap.sh: apt knows no Debian archive here (apt-get indextargets is empty)" >&2
	exit 1
}
apt-config dump | grep -E '^Acquire::(https?|ftp|Check|Retries|ForceIPv|Allow)[^"]* "[^"]' \
	>"$work/apt.conf" || true

for k in /usr/share/keyrings/debian-archive-keyring.gpg \
	/usr/share/keyrings/debian-archive-keyring.pgp; do
	[ -e "$k" ] && set -- "$@" --keyring="$k"
done
# Passwords for the archive are needed for fetching only. This hook is the last one, so the result
# does not have them.
if [ -e /etc/apt/auth.conf ] || [ -d /etc/apt/auth.conf.d ]; then
	# shellcheck disable=SC2016 # mmdebstrap expands $1
	set -- "$@" --setup-hook='for f in auth.conf auth.conf.d; do
			[ ! -e /etc/apt/$f ] || cp -a /etc/apt/$f "$1/etc/apt/"; done' \
		--customize-hook='rm -rf "$1/etc/apt/auth.conf" "$1/etc/apt/auth.conf.d"'
fi
mmdebstrap --mode=root --variant=minbase --aptopt="$work/apt.conf" "$@" \
	"$suite" "$target" - <"$work/sources"
