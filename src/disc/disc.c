// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queries and operations of a disc. Reading is the same for all kinds of disc; recording is
 * left to the write model. Saving: disc_save.c. Opening: disc_open.c.
 */
#include "disc/disc.h"

#include <string.h>

#include "disc/disc_int.h"
#include "disc/model.h"

/* ---- queries ----------------------------------------------------------------------------- */

uint32_t disc_open_track(const struct disc *d)
{
	if (d->layout.finalised || d->layout.tracks == 0)
		return 0;
	return d->layout.track[d->layout.tracks - 1].state == DISC_TRACK_CLOSED ? 0
										: d->layout.tracks;
}

bool disc_is_blank(const struct disc *d)
{
	return d->layout.tracks == 1 && d->layout.track[0].state == DISC_TRACK_INVISIBLE;
}

uint32_t disc_format_capacity(const struct disc *d)
{
	uint32_t most = d->medium->format_capacity;

	return most && most < d->capacity ? most : d->capacity;
}

bool disc_is_protected(const struct disc *d)
{
	return d->medium->erasable && !d->media->writable;
}

bool disc_is_appendable(const struct disc *d)
{
	return !d->layout.finalised;
}

uint32_t disc_closed_sessions(const struct disc_layout *l, enum disc_format format)
{
	/* The session of a disc that is being formatted counts as far as it is recorded. */
	return l->finalised || format == DISC_INTERMEDIATE ? l->sessions : l->sessions - 1u;
}

uint32_t disc_last_closed_session(const struct disc *d)
{
	return disc_closed_sessions(&d->layout, d->format);
}

bool disc_session_tracks(const struct disc *d, uint32_t session, uint32_t *first, uint32_t *last)
{
	bool found = false;

	for (uint32_t i = 0; i < d->layout.tracks; i++) {
		if (d->layout.track[i].session != session)
			continue;
		if (!found)
			*first = i + 1;
		*last = i + 1;
		found = true;
	}
	return found;
}

uint32_t disc_readable_blocks(const struct disc *d)
{
	uint32_t first, last;

	if (!disc_session_tracks(d, disc_last_closed_session(d), &first, &last))
		return 0;
	return d->layout.track[last - 1].start + d->layout.track[last - 1].written;
}

const struct disc_track *disc_track(const struct disc *d, uint32_t number)
{
	return number >= 1 && number <= d->layout.tracks ? &d->layout.track[number - 1] : NULL;
}

uint32_t disc_end(const struct disc *d)
{
	return d->layout.finalised ? disc_layout_end(&d->layout) : d->limit;
}

uint32_t disc_track_at(const struct disc *d, int64_t lba)
{
	if (lba < 0 || lba >= disc_end(d))
		return 0;
	for (uint32_t i = d->layout.tracks; i-- > 0;)
		if (lba >= d->layout.track[i].start)
			return i + 1;
	return 0;
}

/* Returns the first block past those that the track may use. */
static uint32_t track_limit(const struct disc *d, const struct disc_track *t)
{
	uint32_t end = t->reserved ? t->start + t->reserved : d->limit;

	if (d->format == DISC_INTERMEDIATE)
		end = disc_format_capacity(d);

	/* Since the track was reserved, or even written, storage may have become too full. */
	end = end < d->limit ? end : d->limit;
	return end > t->start + t->written ? end : t->start + t->written;
}

uint32_t disc_track_nwa(const struct disc *d, const struct disc_track *t)
{
	return d->layout.finalised || t->state == DISC_TRACK_CLOSED ? 0 : t->start + t->written;
}

uint32_t disc_nwa(const struct disc *d)
{
	const struct disc_track *t = disc_track(d, disc_open_track(d));

	return t ? disc_track_nwa(d, t) : 0;
}

uint32_t disc_track_free(const struct disc *d, const struct disc_track *t)
{
	if (d->layout.finalised || t->state == DISC_TRACK_CLOSED)
		return 0;
	return track_limit(d, t) - (t->start + t->written);
}

uint32_t disc_track_size(const struct disc *d, const struct disc_track *t)
{
	if (d->layout.finalised || t->state == DISC_TRACK_CLOSED)
		return t->written;
	return track_limit(d, t) - t->start;
}

/* ---- reading -------------------------------------------------------------------------------- */

int disc_may_read(const struct disc *d, int64_t lba, uint32_t count)
{
	/* A test write records nothing: its blocks cannot be read. */
	int64_t recorded = disc_layout_end(d->testing ? &d->real : &d->layout), end = lba + count;
	int64_t size;

	if (lba >= 0 && lba < recorded && end <= recorded)
		return DISC_OK;
	size = disc_end(d);
	if (lba < 0 || lba >= size || end > size)
		return DISC_OUT_OF_RANGE;
	/* Reading 0 blocks succeeds anywhere on the disc, also on a blank (MMC-6 6.15). */
	return count == 0 ? DISC_OK : DISC_UNREADABLE;
}

/* True if blocks of this range are past the end of the image and read as zeros. */
static bool ends_in_zeros(const struct disc *d, int64_t lba, uint32_t count)
{
	return (uint64_t)lba + count > d->media->blocks && d->model->zero_fill;
}

/* How many of the blocks from lba on lie in the image. */
static uint32_t count_in_image(const struct disc *d, int64_t lba, uint32_t count)
{
	uint64_t blocks = d->media->blocks;

	if ((uint64_t)lba >= blocks)
		return 0;
	return blocks - (uint64_t)lba < count ? (uint32_t)(blocks - (uint64_t)lba) : count;
}

int disc_read(struct disc *d, int64_t lba, uint32_t count, void *buf)
{
	int r = disc_may_read(d, lba, count);
	uint32_t there = count;

	if (r != DISC_OK)
		return r;
	if (ends_in_zeros(d, lba, count)) {
		size_t unit = d->media->unit;

		there = count_in_image(d, lba, count);
		memset((uint8_t *)buf + there * unit, 0, (count - there) * unit);
	}
	return media_read(d->media, (uint64_t)lba, there, buf);
}

int disc_view(struct disc *d, int64_t lba, uint32_t *count, void *stage, const uint8_t **data)
{
	int r = disc_may_read(d, lba, *count);

	if (r != DISC_OK)
		return r;
	if (ends_in_zeros(d, lba, *count)) {
		uint32_t there = count_in_image(d, lba, *count);

		if (there == 0) {
			memset(stage, 0, (size_t)*count * d->media->unit);
			*data = stage;
			return DISC_OK;
		}
		*count = there;
	}
	return media_view(d->media, (uint64_t)lba, count, stage, data);
}

/* ---- recording, by the write model --------------------------------------------------------- */

int disc_may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	return d->model->may_write(d, lba, count);
}

int disc_write(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	return d->model->write(d, lba, count, buf);
}

int disc_reserve(struct disc *d, uint32_t blocks)
{
	return d->model->reserve ? d->model->reserve(d, blocks, false) : DISC_NOT_FOR_MEDIUM;
}

int disc_reserve_at_once(struct disc *d, uint32_t blocks)
{
	return d->medium->has_dao ? d->model->reserve(d, blocks, true) : DISC_CLOSED;
}

int disc_close_track(struct disc *d, uint32_t number)
{
	return d->model->close_track(d, number);
}

int disc_close_session(struct disc *d)
{
	return d->model->close_session(d);
}

int disc_finalise(struct disc *d)
{
	return d->model->finalise(d);
}
