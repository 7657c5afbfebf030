// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/find.h"

#include "cd/subq.h"
#include "util/array.h"

/* First sector of a track, its pregap included. */
static int32_t first_sector(const struct cd_map *m, unsigned i)
{
	return i == 0 ? -(int32_t)CD_PREGAP : m->track[i].start - (int32_t)m->track[i].pregap;
}

/* The sector after a track. */
static int32_t end_sector(const struct cd_map *m, unsigned i)
{
	return m->track[i].start + (int32_t)m->track[i].length;
}

/* The last track that begins at or before the address; -1 before -150. */
static int track_before(const struct cd_map *m, int32_t lba)
{
	unsigned low = 0, high = m->tracks;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (first_sector(m, middle) <= lba)
			low = middle + 1;
		else
			high = middle;
	}
	return (int)low - 1;
}

int cd_find_track(const struct cd_map *m, int32_t lba)
{
	int i = track_before(m, lba);

	return i >= 0 && lba < end_sector(m, (unsigned)i) ? i : -1;
}

/* Number of extents that begin at or before the address. */
static unsigned extents_before(const struct cd_map *m, int32_t lba)
{
	unsigned low = 0, high = m->extents;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (m->extent[middle].lba <= lba)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct cd_extent *cd_find_extent(const struct cd_map *m, int32_t lba)
{
	unsigned n = extents_before(m, lba);
	const struct cd_extent *e = n ? &m->extent[n - 1] : NULL;

	if (!e || e->file == CD_NO_FILE || lba >= e->lba + (int32_t)e->count)
		return NULL;
	return e;
}

static uint8_t index_at(const struct cd_track *t, int32_t lba)
{
	uint8_t index = lba >= t->start;

	for (unsigned i = 0; index && i < t->indexes && t->index[i] <= lba; i++)
		index++;
	return index;
}

/*
 * True if lba is in the lead-out after track i. The track is the last one that begins before lba,
 * and ends before lba.
 */
static bool is_lead_out(const struct cd_map *m, unsigned i, int32_t lba)
{
	unsigned session = m->track[i].session;

	return lba < m->session[session - 1].lead_out + (session == 1 ? 6750 : 2250);
}

bool cd_find_position(const struct cd_map *m, int32_t lba, struct cd_position *position)
{
	int i = track_before(m, lba);
	const struct cd_track *t;

	if (i < 0)
		return false;
	t = &m->track[i];
	position->control = t->control;
	position->lba = lba;
	if (lba < end_sector(m, (unsigned)i)) {
		position->track = (uint8_t)(m->first_track + i);
		position->index = index_at(t, lba);
		position->relative = lba - t->start;
		return true;
	}
	position->track = CD_LEAD_OUT;
	position->index = 1;
	position->relative = lba - end_sector(m, (unsigned)i);
	return is_lead_out(m, (unsigned)i, lba);
}

/* Sets where the sectors of the run are stored. The run begins at lba, inside the extent. */
static void place_run(const struct cd_extent *e, int32_t lba, struct cd_run *run)
{
	uint64_t before = (uint32_t)(lba - e->lba);

	run->swapped = e->swapped;
	run->file = e->file;
	run->unit = e->unit;
	run->offset = e->offset + before * e->unit;
	if (e->subs == CD_SUBS_NONE)
		return;
	run->subs = e->subs;
	run->sub_file = e->sub_file;
	run->sub_offset = e->sub_offset + before * CD_RAW_PW;
}

bool cd_find_run(const struct cd_map *m, int32_t lba, struct cd_run *run)
{
	int i = cd_find_track(m, lba);
	const struct cd_extent *e;
	int32_t end;
	unsigned n;

	if (i < 0)
		return false;
	*run = (struct cd_run){.track = (uint8_t)i, .form = m->track[i].form, .file = CD_NO_FILE};
	end = end_sector(m, (unsigned)i);
	n = extents_before(m, lba);
	e = n ? &m->extent[n - 1] : NULL;
	if (e && lba < e->lba + (int32_t)e->count) {
		end = MIN(end, e->lba + (int32_t)e->count);
		if (e->file != CD_NO_FILE)
			place_run(e, lba, run);
	} else if (n < m->extents) {
		end = MIN(end, m->extent[n].lba);
	}
	run->count = (uint32_t)(end - lba);
	return true;
}
