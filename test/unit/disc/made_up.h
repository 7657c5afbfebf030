/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Medium rows that no drive offers. They prove that the disc code takes all it needs to
 * know from a row: another ECC block, capacity and number of tracks, a name that only
 * version 2 of the state file can say, and the overwrite model.
 */
#ifndef TEST_UNIT_DISC_MADE_UP_H
#define TEST_UNIT_DISC_MADE_UP_H

#include "disc/disc.h"
#include "disc/model.h"

/* Recorded like a DVD+R, whose profile it also has. */
static const struct disc_medium made_up_r = {
	.name = "made-up-r",
	.title = "made-up R",
	.type = DISC_DVD_PLUS_R,
	.state_version = 2,
	.capacity = 1024,
	.layers = 1,
	.ecc_blocks = 32,
	.unit = MEDIA_BLOCK,
	.max_tracks = 7,
	.when_finalised = DISC_DVD_ROM,
	.model = &disc_model_sequential,
};

/* Formatted, then overwritten in place. With the profile of a DVD-ROM it can be read. */
static const struct disc_medium made_up_rw = {
	.name = "made-up-rw",
	.title = "made-up RW",
	.type = DISC_DVD_ROM,
	.state_version = 2,
	.capacity = 400,
	.layers = 2,
	.ecc_blocks = 4,
	.unit = MEDIA_BLOCK,
	.max_tracks = 1,
	.erasable = true,
	.when_finalised = DISC_DVD_ROM,
	.format =
		{
			{.formats = 1 << DISC_UNFORMATTED | 1 << DISC_FORMATTED,
				.type = 0x26,
				.flags = DISC_FORMAT_RESTARTS,
				.blocks = 400,
				.least = 4},
			{.formats = 1 << DISC_FORMATTED,
				.type = 0x13,
				.parameter = 0x10,
				.blocks = 300},
		},
	.model = &disc_model_overwrite,
};

/* Formats the made-up RW to that many blocks, a multiple of 4. */
static inline int made_up_format(struct disc *d, uint32_t blocks)
{
	const struct disc_format_request r = {.type = 0x26, .blocks = blocks};

	return disc_format(d, &r);
}

#endif
