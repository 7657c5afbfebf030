#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cdrwtool of udftools reads page 05h, disc and track of every rewritable disc. It takes a refused MODE SELECT
# for a broken drive.
# shellcheck source=test/shim/lib.sh
. test/shim/lib.sh
need cdrwtool "cdrwtool, rewritable discs" || exit 0
need dvd+rw-format "dvd+rw-format, rewritable discs" || exit 0
drive

# shown DISC BLOCKS: cdrwtool ends well, and shows an erasable disc with that many blocks to write.
shown() {
	run cdrwtool -d /dev/sr0 -i
	check "cdrwtool -i, $1: exit code 0" exits 0
	check "cdrwtool -i, $1: nothing refused, every data phase fits" wire_clean
	check "cdrwtool -i, $1: an erasable disc of one track" says 'erasable : Yes' 'number of tracks = 1'
	check "cdrwtool -i, $1: its blocks" says "$2"
}

blank dvd-rw
shown "blank DVD-RW" 'free_blocks = 2298496'
blank dvd+rw
run dvd+rw-format /dev/sr0
check "dvd+rw-format: exit code 0" exits 0
shown "formatted DVD+RW" 'track_size = 2295104'
blank dvd-ram
shown DVD-RAM 'track_size = 2236704'
blank bd-re
run dvd+rw-format /dev/sr0
check "dvd+rw-format, BD-RE: exit code 0" exits 0
shown "formatted BD-RE" 'track_size = 11826176'
