/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compact disc: where its sectors are stored. Such a disc has a map (cd/map.h) of tracks and of
 * the byte ranges that hold them, and one medium with the bytes of all its files. Only the map of a
 * CD-R or CD-RW changes, as it is recorded (cd_record.h).
 *
 * Addresses may be any values, as in disc.h. One thread at a time, that of the disc.
 */
#ifndef DISC_COMPACT_H
#define DISC_COMPACT_H

#include <stdint.h>

#include "cd/map.h"
#include "disc/disc.h"

/* Most sectors of one disc_view_sectors(): more than 64 KiB of the smallest. */
#define DISC_SECTORS_MOST 33u

/* Sectors of one form that follow each other on the disc, as they are stored. */
struct disc_sectors {
	const uint8_t *data; /* of the first one; NULL: they are not stored, and hold zeros */
	uint32_t count;      /* 1 to DISC_SECTORS_MOST */
	uint32_t unit;       /* bytes from one to the next: 2048, 2336, 2352 or 2448 */
	uint8_t form;        /* enum cd_form; CD_XA: each says itself whether it has form 1 or 2 */
	bool swapped;        /* audio samples are stored big-endian */
	uint8_t track;       /* position in cd_map.track */
	/*
	 * The 96 bytes of subchannel of the first sector, a symbol each; sub_unit: bytes from those
	 * of one sector to those of the next. NULL: they are not stored, or were not asked for.
	 */
	const uint8_t *sub;
	uint32_t sub_unit;
	bool has_q; /* P and Q are stored, too, not R to W alone */
};

/* The map of a compact disc; NULL: the disc is not one. */
const struct cd_map *disc_cd_map(const struct disc *d);

/* Position in cd_map.track of the track of that address, its pregap included; -1: there is none. */
int disc_sector_track(const struct disc *d, int64_t lba);
/*
 * May these sectors be read: those of the pregap of the first track (from -150 on), and of every
 * session? DISC_OK or DISC_OUT_OF_RANGE, and then *bad is the first that cannot.
 */
int disc_may_read_sectors(const struct disc *d, int64_t lba, uint32_t count, int64_t *bad);
/*
 * Finds up to count sectors from lba on. They are valid until the next call on the disc.
 * DISC_OK; DISC_OUT_OF_RANGE; -EAGAIN or -errno of the medium.
 */
int disc_view_sectors(struct disc *d, int64_t lba, uint32_t count, struct disc_sectors *out);
/* The same, with subchannels that are in another file. */
int disc_view_sectors_sub(struct disc *d, int64_t lba, uint32_t count, struct disc_sectors *out);

#endif
