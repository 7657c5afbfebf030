#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the examples of docs/ci.md that need a kernel, as written: the drive on dummy_hcd with the service,
# and the job for a guest.
# shellcheck disable=SC2154 # media and work are lib.sh's
. ./lib.sh

# examples FOLDER: writes the examples, each to FOLDER/N.sh
examples() {
	/src/test/ci_examples.sh --extract 't_ci runs this' /src/docs/ci.md |
		awk -v dir="$1" '/^#END$/ { n++; next } { print >(dir "/" n + 1 ".sh") }'
}
examples "$work"
check "docs/ci.md has two examples for a kernel" test -e "$work/2.sh" -a ! -e "$work/3.sh"
make_iso SOURCE 4 "$work/source.iso"
systemctl daemon-reload
(cd "$work" && sh -e 1.sh) >"$work/1.log" 2>&1
is "the drive on dummy_hcd: the example ends with 0" $? 0 || sed 's/^/#   /' "$work/1.log"
timeout 60 systemctl stop mmcgadgetd
wait_for 10 have_drives 0
# The job is run as guest.sh would, with an empty media folder; its results are lines of comment here.
cp "$work/2.sh" /tmp/ci_job.sh
bash /tmp/ci_job.sh >/tmp/ci_job.log 2>&1
rc=$?
sed 's/^/# /' /tmp/ci_job.log
mkdir -p "$work"
timeout 60 systemctl stop mmcgadgetd
is "the job for a guest: the example ends with 0" $rc 0
is "the job for a guest: it checks five things" "$(grep -c '^ok' /tmp/ci_job.log)" 5
finish
