/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a map that comes from elsewhere: from a parser that read a stranger's file. */
#ifndef CD_CHECK_H
#define CD_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

/*
 * NULL if the map can be a disc and every byte that it names is in a file; otherwise what is wrong
 * with it, a constant sentence, and *number (may be NULL) is the number of the track, session,
 * extent or pack that it is about. The map may hold any bytes. sizes: bytes of each file, m->files
 * of them; NULL: not known yet, the ends of the extents are not checked.
 *
 * What must hold (Red Book, ECMA-130 20, MMC-6 4.2.3.5):
 *  - tracks have numbers from first_track to 99, sessions follow each other and each has a track;
 *  - the first track's index 1 is at 0 or later, its pregap begins at 0 or up to 150 sectors
 * before;
 *  - in a session each track (its pregap first) begins where the one before it ends, and the last
 *    one ends at the lead-out; a session begins at or after the lead-out of the one before it;
 *  - the last lead-out is at CD_LBA_END at the most;
 *  - bit 2 of control says data for all forms but CD_AUDIO; indexes ascend inside their track;
 *  - extents ascend, lie in tracks or their pregaps, and have all sectors of a track from its index
 * 1 on. A sector of a pregap that no extent has is zeros, or silence;
 *  - the unit of an extent can hold the form of the tracks in which it lies: 2352 and 2448 any,
 *    2336 CD_MODE2 and XA, 2048 CD_MODE1 and CD_XA_FORM1. Only audio is swapped;
 *  - subchannels that an extent has in a file are there for each of its sectors;
 *  - MCN and ISRC have the characters that subchannel Q has codes for, text packs a known type.
 */
const char *cd_map_check(const struct cd_map *m, const uint64_t *sizes, unsigned *number);

/*
 * True of a media catalogue number (13 digits), or an ISRC (5 capitals or digits, 7 digits), and of
 * an empty text: none.
 */
bool cd_is_mcn(const char *text);
bool cd_is_isrc(const char *text);

#endif
