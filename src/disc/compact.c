// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/compact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cd/find.h"
#include "cd/subq.h"
#include "disc/compact_int.h"
#include "util/array.h"

#define NOWHERE UINT64_MAX

/*
 * Subchannels that are read at once. A reader of sectors and subchannels goes from file to file,
 * and the read-ahead of the medium with it.
 */
#define SUBS 128u

struct disc_compact {
	struct cd_map map;
	uint64_t file[CD_MAX_FILES]; /* where each file begins in the medium, bytes */
	/*
	 * The first bytes of a sector that the medium could not give at once: its views may end
	 * within one. at: the byte of the medium where it begins, or NOWHERE.
	 */
	struct {
		uint64_t at;
		uint32_t len;
		uint8_t data[MEDIA_UNIT_MAX];
	} part;
	/* Subchannels. at: the byte of the medium where they begin, or NOWHERE. */
	struct {
		uint64_t at;
		uint32_t len, want; /* bytes that there are, and that there shall be */
		uint8_t data[SUBS * CD_RAW_PW];
	} subs;
	uint8_t stage[DISC_SECTORS_MOST * MEDIA_UNIT_MAX]; /* for media without views */
};

static bool is_address(int64_t lba)
{
	return lba >= -(int64_t)CD_PREGAP && lba < CD_LBA_END;
}

const struct cd_map *disc_cd_map(const struct disc *d)
{
	return d->compact ? &d->compact->map : NULL;
}

int disc_sector_track(const struct disc *d, int64_t lba)
{
	return is_address(lba) ? cd_find_track(&d->compact->map, (int32_t)lba) : -1;
}

int disc_may_read_sectors(const struct disc *d, int64_t lba, uint32_t count, int64_t *bad)
{
	const struct cd_map *m = &d->compact->map;
	int64_t end = lba + count;

	do {
		int i = disc_sector_track(d, lba);

		*bad = lba;
		if (i < 0)
			return DISC_OUT_OF_RANGE;
		lba = (int64_t)m->track[i].start + m->track[i].length;
	} while (lba < end);
	return DISC_OK;
}

/* ---- sectors -------------------------------------------------------------------------------- */

/*
 * Views bytes of the medium, whose blocks are single bytes, or blocks of 2048 (a plain image, whose
 * one extent begins with block 0). As media_view(); *len is in bytes.
 */
static int view_bytes(struct disc *d, uint64_t at, uint32_t *len, const uint8_t **data)
{
	struct media *m = d->media;
	uint32_t count = *len;
	int r;

	if (m->unit == 1)
		return media_view(m, at, len, d->compact->stage, data);
	count /= MEDIA_BLOCK;
	r = media_view(m, at / MEDIA_BLOCK, &count, d->compact->stage, data);
	*len = count * MEDIA_BLOCK;
	return r;
}

/*
 * Copies from the medium, where the first byte is at `at`, until data has that many bytes; *len of
 * them it has already. May go on after -EAGAIN.
 */
static int gather(struct disc *d, uint64_t at, uint32_t bytes, uint8_t *data, uint32_t *len)
{
	while (*len < bytes) {
		uint32_t n = bytes - *len;
		const uint8_t *more;
		int r = view_bytes(d, at + *len, &n, &more);

		if (r != 0)
			return r;
		memcpy(data + *len, more, n);
		*len += n;
	}
	return 0;
}

/* Views one sector that a view of the medium does not hold as a whole. May go on after -EAGAIN. */
static int join_sector(struct disc *d, uint64_t at, uint32_t unit, const uint8_t **data)
{
	struct disc_compact *c = d->compact;
	int r;

	if (c->part.at != at)
		c->part.len = 0;
	c->part.at = at;
	r = gather(d, at, unit, c->part.data, &c->part.len);
	if (r != -EAGAIN)
		c->part.at = NOWHERE;
	if (r == 0)
		*data = c->part.data;
	return r;
}

/* Views the sectors of a run that are stored. Sets data and count of *out. */
static int view_run(struct disc *d, const struct cd_run *run, struct disc_sectors *out)
{
	uint64_t at = d->compact->file[run->file] + run->offset;
	uint32_t len = out->count * run->unit;
	int r;

	/* A medium that is asked for the first bytes again forgets what it knows of the others. */
	if (d->compact->part.at != at) {
		r = view_bytes(d, at, &len, &out->data);
		if (r != 0)
			return r;
		if (len >= run->unit) {
			out->count = len / run->unit;
			return 0;
		}
	}
	out->count = 1;
	return join_sector(d, at, run->unit, &out->data);
}

/* Reads subchannels, all of them. May go on after -EAGAIN. */
static int read_subs(struct disc *d, uint64_t at, uint32_t bytes)
{
	struct disc_compact *c = d->compact;
	int r;

	if (c->subs.at != at || c->subs.want != bytes)
		c->subs.len = 0;
	c->subs.at = at;
	c->subs.want = bytes;
	r = gather(d, at, bytes, c->subs.data, &c->subs.len);
	if (r != 0 && r != -EAGAIN)
		c->subs.at = NOWHERE;
	if (r != 0)
		return r;
	for (uint32_t i = 0; i < bytes; i += CD_RAW_PW)
		cd_sub_weave(c->subs.data + i);
	return 0;
}

/*
 * Views the subchannels of the sectors of a run, which may make the count of *out less. They stay
 * as they are while the sectors are viewed, so that both come to an end on a medium that says
 * -EAGAIN for either.
 */
static int view_subs(struct disc *d, const struct cd_run *run, struct disc_sectors *out)
{
	struct disc_compact *c = d->compact;
	uint64_t at = c->file[run->sub_file] + run->sub_offset;
	bool there = c->subs.at != NOWHERE && c->subs.len == c->subs.want && c->subs.at <= at &&
		     at - c->subs.at < c->subs.want && (at - c->subs.at) % CD_RAW_PW == 0;
	int r = there ? 0 : read_subs(d, at, MIN(run->count, SUBS) * CD_RAW_PW);

	if (r != 0)
		return r;
	out->sub = c->subs.data + (at - c->subs.at);
	out->sub_unit = CD_RAW_PW;
	out->has_q = true;
	out->count = MIN(out->count, (c->subs.want - (uint32_t)(at - c->subs.at)) / CD_RAW_PW);
	return 0;
}

static int view(
	struct disc *d, int64_t lba, uint32_t count, bool with_sub, struct disc_sectors *out)
{
	struct cd_run run;
	int r = DISC_OK;

	if (!is_address(lba) || !cd_find_run(&d->compact->map, (int32_t)lba, &run))
		return DISC_OUT_OF_RANGE;
	*out = (struct disc_sectors){
		.count = MIN(MIN(run.count, count), DISC_SECTORS_MOST),
		.unit = run.unit,
		.form = run.form,
		.swapped = run.swapped,
		.track = run.track,
	};
	if (run.file == CD_NO_FILE)
		return DISC_OK;
	if (with_sub && run.subs != CD_SUBS_NONE)
		r = view_subs(d, &run, out);
	if (r == DISC_OK)
		r = view_run(d, &run, out);
	if (r == DISC_OK && !out->sub && run.unit == CD_SECTOR + CD_RAW_PW) {
		out->sub = out->data + CD_SECTOR;
		out->sub_unit = run.unit;
	}
	return r;
}

int disc_view_sectors(struct disc *d, int64_t lba, uint32_t count, struct disc_sectors *out)
{
	return view(d, lba, count, false, out);
}

int disc_view_sectors_sub(struct disc *d, int64_t lba, uint32_t count, struct disc_sectors *out)
{
	return view(d, lba, count, true, out);
}

/* ---- opening -------------------------------------------------------------------------------- */

struct disc_compact *disc_compact_new(
	const struct cd_map *map, const uint64_t *file, uint32_t blocks)
{
	struct disc_compact *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->part.at = NOWHERE;
	c->subs.at = NOWHERE;
	if (map)
		c->map = *map;
	else
		cd_map_one_track(&c->map, CD_MODE1, blocks, MEDIA_BLOCK);
	for (unsigned i = 0; map && i < map->files; i++)
		c->file[i] = file[i];
	return c;
}

void disc_compact_free(struct disc_compact *c)
{
	free(c);
}

struct cd_map *disc_compact_map(struct disc_compact *c)
{
	return &c->map;
}

void disc_compact_layout(const struct disc_compact *c, struct disc_layout *l)
{
	*l = (struct disc_layout){
		.finalised = true,
		.sessions = c->map.sessions,
		.tracks = c->map.tracks,
	};
	for (unsigned i = 0; i < c->map.tracks; i++) {
		const struct cd_track *t = &c->map.track[i];

		l->track[i] = (struct disc_track){
			.start = (uint32_t)t->start,
			.written = t->length,
			.session = t->session,
			.state = DISC_TRACK_CLOSED,
		};
	}
}
