#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "make demo" on a machine that has a device controller, as a board has: what it prints, the disc that the
# PC then sees, the lines for the second terminal, and Ctrl-C. (In a virtual machine: test/e2e/demo.sh.)
# shellcheck disable=SC2154 # work and sr are lib.sh's
. ./lib.sh

udc_load
before=$(host_drives | wc -w)
# The programs are built, and /build is read-only: make has nothing to do here.
mkdir -p "$work/o" "$work/bin"
ln -s "$(command -v mmcgadgetd)" "$(command -v mmcgadgetctl)" "$work/o/"
printf '#!/bin/sh\necho "make $*" >>%s/made\n' "$work" >"$work/bin/make"
chmod 755 "$work/bin/make"
is "before the demo there is no drive" "$before" 0
# A process in the background ignores SIGINT, one at a terminal does not.
PATH=$work/bin:$PATH O=$work/o setsid env --default-signal=INT /src/test/e2e/demo.sh >"$work/demo.log" 2>&1 &
demo=$!
if wait_for 60 have_drives 1; then ok "the PC sees a drive"; else
	fail "the PC sees a drive"
	sed 's/^/#   /' "$work/demo.log"
	finish
fi
sr=$(host_drives)
is "it has built what it needs" "$(cut -d' ' -f1,5- "$work/made")" "make O=$work/o all"
like "it says which controller, and that nothing is to be connected" "$(cat "$work/demo.log")" \
	'This machine has a USB device controller: dummy_udc' 'Nothing is to be connected: dummy_hcd makes this PC itself see'
check "the PC sees the disc that it names" wait_for 15 has_label "$sr" MMCGADGET_DEMO
check "the disc has the file that it names" grep -aq 'This file came from the board' "/dev/$sr"
# The lines for the second terminal.
mapfile -t typed < <(sed -nE 's/^ +(.*mmcgadgetctl .*)$/\1/p' "$work/demo.log" | sed 's/   .*//')
is "it has four lines to type" "${#typed[@]}" 4
for line in "${typed[@]}"; do
	# shellcheck disable=SC2086 # words
	check "${line##*/}" $line
	case $line in
	*blank*) check "the PC sees a blank" wait_for 15 blank_seen ;;
	*insert*) check "the PC sees the first disc again" wait_for 15 has_label "$sr" MMCGADGET_DEMO ;;
	esac
done
check "the blank is a file in the folder that it names" test -e "$(sed -nE 's/.* then in (.*), a plain ISO image\./\1/p' "$work/demo.log")"
kill -INT -- "-$demo"
wait $demo
check "Ctrl-C takes the drive away" wait_for 10 have_drives 0
is "nothing is left: no daemon, no gadget" "$(pgrep -x mmcgadgetd)$(ls -A /sys/kernel/config/usb_gadget)" ''
finish
