#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Downloads the sources of all packages of a manifest, for whoever passes an image on.
#   sources.sh MANIFEST FOLDER APT-FOLDER   APT-FOLDER is the folder in which fetch.sh ran apt
set -eu -o pipefail
manifest=$1 folder=$2 apt=$3
mkdir -p "$folder"
sed 's/^deb /deb-src /' "$apt/sources.list" >"$apt/sources-src.list"
export APT_CONFIG=$apt/conf
options=(-o "Dir::Etc::sourcelist=$apt/sources-src.list" -o "Dir::State::lists=$apt/lists-src")
mkdir -p "$apt/lists-src/partial"
apt-get "${options[@]}" update >"$apt/log" 2>&1 || {
	tail -n 5 "$apt/log" >&2
	exit 1
}
cd "$folder"
missing=0
while read -r source version; do
	apt-get "${options[@]}" source --download-only "$source=$version" >>"$apt/log" 2>&1 || {
		echo "sources.sh: $source $version was not downloaded, see $apt/log; snapshot.debian.org has old versions" >&2
		missing=$((missing + 1))
	}
done < <(sed '1d; /this tree$/d' "$manifest" | awk '{ print $4, substr($5, 2, length($5) - 2) }' | sort -u)
echo "sources: $(find . -name '*.dsc' | wc -l) packages in $folder; those of mmcgadget are this tree"
[ "$missing" = 0 ]
