/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three discs that the tests of the room share. Conversations of real programs with discs of the
 * same numbers are known, and the answers that the programs accepted.
 */
#ifndef TEST_UNIT_CD_DISCS_H
#define TEST_UNIT_CD_DISCS_H

#include <stdio.h>
#include <string.h>

#include "cd/check.h"
#include "cd/text.h"

/* The bytes of a text like "00 a0 ff". Returns their number. */
static inline unsigned unhex(const char *text, uint8_t *out, unsigned room)
{
	unsigned n = 0, byte;
	int used;

	while (n < room && sscanf(text, " %2x%n", &byte, &used) == 1) {
		out[n++] = (uint8_t)byte;
		text += used;
	}
	return n;
}

#define ADD_TRACK(m, ...) ((m)->track[(m)->tracks++] = (struct cd_track){__VA_ARGS__})

/* One extent for all of a track; its pregap is not stored. */
static inline void add_extent(
	struct cd_map *m, unsigned track, uint16_t file, uint16_t unit, uint64_t offset)
{
	m->extent[m->extents++] = (struct cd_extent){.lba = m->track[track].start,
		.count = m->track[track].length,
		.offset = offset,
		.file = file,
		.unit = unit};
}

/* Sizes of the files of these discs. */
static const uint64_t sizes[CD_MAX_FILES] = {2048000, 2587200, 4586400};

/* A data track from an ISO, two audio tracks in one file; 150 sectors of silence before the first.
 */
static inline void mixed_disc(struct cd_map *m)
{
	*m = (struct cd_map){.first_track = 1, .sessions = 1, .files = 2, .mcn = "4006381333931"};
	m->session[0].lead_out = 2250;
	ADD_TRACK(m, .pregap = 150, .length = 1000, .session = 1, .control = 4, .form = CD_MODE1);
	ADD_TRACK(m, .start = 1150, .pregap = 150, .length = 600, .session = 1,
		.isrc = "DEAAA0000001");
	ADD_TRACK(m, .start = 1750, .length = 500, .session = 1, .isrc = "DEAAA0000002");
	add_extent(m, 0, 0, 2048, 0);
	add_extent(m, 1, 1, 2352, 0);
	add_extent(m, 2, 1, 2352, 1411200);
	m->extent[2].swapped = true;
}

static inline void add_pack(struct cd_map *m, const char *header, const char *text)
{
	uint8_t *pack = m->text[m->text_packs++];

	unhex(header, pack, 4);
	memcpy(pack + 4, text, 12);
	cd_text_seal(pack);
}

/* Three audio tracks in one file, the pregap of the second one is in it, the third one has index 2.
 */
static inline void audio_disc(struct cd_map *m)
{
	*m = (struct cd_map){.first_track = 1, .sessions = 1, .files = 3, .mcn = "4006381333931"};
	m->session[0].lead_out = 1950;
	ADD_TRACK(m, .pregap = 150, .length = 700, .session = 1, .isrc = "DEAAA0000001");
	ADD_TRACK(m, .start = 850, .pregap = 150, .length = 600, .session = 1,
		.isrc = "DEAAA0000002");
	ADD_TRACK(m, .start = 1450, .length = 500, .session = 1, .indexes = 1, .index = {1675},
		.isrc = "DEAAA0000003");
	m->extent[m->extents++] = (struct cd_extent){.count = 1950, .file = 2, .unit = 2352};
	add_pack(m, "80 00 00 00", "Album Title");
	add_pack(m, "80 01 01 00", "First\0Second");
	add_pack(m, "80 02 02 06", "\0Third\0\0\0\0\0");
}

/* Two audio tracks and a second session with a track of XA; the track of it is a file of its own.
 */
static inline void extra_disc(struct cd_map *m)
{
	*m = (struct cd_map){.first_track = 1, .sessions = 2, .files = 3};
	m->session[0] = (struct cd_session){.format = 0x20, .lead_out = 1450};
	m->session[1] = (struct cd_session){.format = 0x20, .lead_out = 13750};
	ADD_TRACK(m, .pregap = 150, .length = 700, .session = 1);
	ADD_TRACK(m, .start = 850, .pregap = 150, .length = 600, .session = 1);
	ADD_TRACK(m, .start = 12850, .pregap = 150, .length = 900, .session = 2, .control = 4,
		.form = CD_XA);
	m->extent[m->extents++] = (struct cd_extent){.count = 1450, .file = 2, .unit = 2352};
	add_extent(m, 2, 1, 2336, 1000);
}

#endif
