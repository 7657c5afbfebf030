#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does what the first workflow of docs/ci.md does to get the shim, as written, with the packages that it
# names to build it and no others; then a program burns or reads with it. Runs as root in a temporary
# system without network (inside.sh, system.sh plain). Prints TAP without numbers.
#   ci_page.sh   beside it: lib.sh, ci.md, repo.bundle (the sources, as git bundle)
set -u
here=$(dirname "$0")
# shellcheck source=test/deb/lib.sh
. "$here/lib.sh"
export PATH=/usr/local/bin:$PATH

# The lines of the workflow's first "run: |".
lines() { awk '/^      - run: \|$/ { inside = 1; next } inside && !/^          / { exit } inside { sub(/^ */, ""); print }' "$here/ci.md"; }
packages() { lines | sed -n 's/^apt-get install -y //p'; }
builders() { packages | tr ' ' '\n' | grep -xE 'git|gcc|libc6-dev|make'; }
sources() { git clone -q "$here/repo.bundle" /srv/repo; }
reads() {
	head -c 204800 /dev/urandom >/tmp/image.iso && mmcgadget-shim --insert /tmp/image.iso cmp /dev/sr0 /tmp/image.iso
}
check 'the workflow updates, installs, clones and makes' is "$(lines | cut -d' ' -f1 | paste -sd' ')" 'apt-get apt-get git'
check 'it names what the shim is built with, and burning programs' is \
	"$(packages | tr ' ' '\n' | grep -vxF "$(builders)" | paste -sd' ')" 'genisoimage growisofs xorriso cdrskin jq'
check 'apt-get update' apt update
# This system's archive has no burning programs.
# shellcheck disable=SC2046 # words
check "apt-get install $(builders | paste -sd' ')" apt install $(builders)
check 'there is no pkg-config' no command -v pkg-config
check 'the sources can be cloned' sources
line=$(lines | sed -n 's/^git clone/&/p')
check "$line" env MMCGADGET=file:///srv/repo sh -ec "cd /tmp && $line"
check 'a program reads a disc with it' reads
