/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary of a compact disc for people: "3 audio tracks, 12:34". */
#ifndef CD_TALLY_H
#define CD_TALLY_H

#include "cd/map.h"

struct cd_tally {
	uint8_t audio, data; /* tracks */
	uint32_t seconds;    /* of the disc, with the first pregap; 0: it has no tracks */
};

/* Adds a track of that form, which ends before that address. They are added in order. */
static inline void cd_tally_add(struct cd_tally *t, unsigned form, int64_t end)
{
	if (form == CD_AUDIO)
		t->audio++;
	else
		t->data++;
	t->seconds = (uint32_t)(end + CD_PREGAP) / 75;
}

static inline struct cd_tally cd_tally_of(const struct cd_map *m)
{
	struct cd_tally t = {0};

	for (unsigned i = 0; i < m->tracks; i++)
		cd_tally_add(&t, m->track[i].form, (int64_t)m->track[i].start + m->track[i].length);
	return t;
}

#endif
