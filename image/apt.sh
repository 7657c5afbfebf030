# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by image/fetch.sh and test/arch/sysroot.sh: apt in a folder of its own, for any architecture, so
# that the packages and architectures of this machine do not change. It needs no root.

# apt_options ARCHITECTURE: prints the text in brackets after "deb".
apt_options() {
	local k keyring=
	for k in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
		[ ! -e "$k" ] || keyring=$k
	done
	echo "arch=$1${keyring:+ signed-by=$keyring}"
}

# apt_targets: prints a line "CODENAME ORIGIN SITE RELEASE COMPONENT" for each archive that apt uses on this
# machine, because these archives can be reached from it.
apt_targets() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(CODENAME) $(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u
}

# apt_begin FOLDER ARCHITECTURE ARCHIVES: sets up apt in FOLDER, with FOLDER/sources.list and nothing installed,
# and its downloads in ARCHIVES. From this machine apt takes only the settings about fetching and the passwords
# for archives (auth.conf), and none of the hooks.
apt_begin() {
	apt=$1
	mkdir -p "$apt/lists/partial" "$3/partial"
	[ -s "$apt/sources.list" ] || {
		echo "${0##*/}: apt knows no Debian archive here (apt-get indextargets is empty)" >&2
		return 1
	}
	{
		cat <<-C
			APT::Architecture "$2";
			APT::Architectures { "$2"; };
			APT::Install-Recommends "false";
			APT::Sandbox::User "";
			Acquire::Languages "none";
			Acquire::Retries "3";
			Dir::State "$apt";
			Dir::State::status "$apt/status";
			Dir::Cache "$apt";
			Dir::Cache::archives "$3";
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			Dir::Etc::sourcelist "$apt/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Debug::NoLocking "true";
		C
		apt-config dump | grep -E '^Acquire::(https?|ftp|Check|Retries|ForceIPv|Allow)[^"]* "[^"]' || true
	} >"$apt/conf"
	: >"$apt/status"
}

# apt_run ARGUMENT...: apt-get in the folder of apt_begin; its output is in FOLDER/log.
apt_run() {
	APT_CONFIG=$apt/conf apt-get "$@" >"$apt/log" 2>&1 || {
		tail -n 20 "$apt/log" >&2
		echo "${0##*/}: apt-get $1 failed, see $apt/log" >&2
		exit 1
	}
}
