#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints the latest time at which this card is known to have been in use, in seconds since 1970; 0 if it is not
# known. Most boards have no clock: prepare.sh lets their time go on from there.
#   clock.sh MEDIA-FOLDER
# Besides the file for that purpose, the daemon writes a drive's record whenever a disc comes or goes. The times
# of the discs themselves do not count: an owner may copy one with a time that is wrong.
latest=0
for file in "$1"/.system/clock "$1"/.mmcgadget-drive*.mmcdisc; do
	[ -f "$file" ] || continue
	time=$(stat -c %Y "$file")
	[ "$time" -le "$latest" ] || latest=$time
done
echo "$latest"
