/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the place of an address on a disc: track, index, time, and the bytes of a file. The map is
 * one that cd_map_check() accepts.
 */
#ifndef CD_FIND_H
#define CD_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

#define CD_LEAD_OUT 0xaau /* number of the lead-out, as if it were a track */

/*
 * Position in m->track of the track that has this address, including its pregap. The first track
 * begins at -150 even if its pregap is shorter. -1: between two sessions, before -150, or in the
 * lead-out; a read there is 5/21/00.
 */
int cd_find_track(const struct cd_map *m, int32_t lba);

/* The extent that has this address, NULL if none: the sector is not stored. */
const struct cd_extent *cd_find_extent(const struct cd_map *m, int32_t lba);

/* As subchannel Q tells it (ECMA-130 22.3.2). */
struct cd_position {
	uint8_t track; /* its number, 1 to 99; CD_LEAD_OUT */
	uint8_t index; /* 0 in the pregap */
	uint8_t control;
	int32_t lba;
	/*
	 * Sectors since index 1. In the pregap they count down to -1, the sector before
	 * index 1.
	 */
	int32_t relative;
};

/*
 * False before -150 and between two sessions, except for the lead-out of a session: 6750 sectors
 * after the first session, 2250 after each later one (Orange Book), unless the next one begins
 * before.
 */
bool cd_find_position(const struct cd_map *m, int32_t lba, struct cd_position *position);

/* Sectors that are alike: one track, and stored one after another or not at all. */
struct cd_run {
	uint32_t count; /* from the address that was asked for on, at least 1 */
	uint8_t track;  /* position in m->track */
	uint8_t form;   /* of the track: may be CD_XA */
	bool swapped;
	uint16_t file;   /* CD_NO_FILE: not stored, the rest is 0 */
	uint16_t unit;   /* bytes from sector to sector */
	uint64_t offset; /* of the first byte of the first sector in the file */
	uint8_t subs;    /* enum cd_subs, and where they are as in struct cd_extent */
	uint16_t sub_file;
	uint64_t sub_offset;
};

/* False where cd_find_track() finds no track. */
bool cd_find_run(const struct cd_map *m, int32_t lba, struct cd_run *run);

/* Lead-out of the last session: the first address that cannot be read. */
static inline int32_t cd_end(const struct cd_map *m)
{
	return m->session[m->sessions - 1].lead_out;
}

#endif
