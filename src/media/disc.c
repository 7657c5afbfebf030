// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/disc.h"

#include <assert.h>
#include <stdlib.h>

static uint32_t ecc_align(uint32_t blocks)
{
	uint64_t up = ((uint64_t)blocks + DISC_ECC_BLOCKS - 1) / DISC_ECC_BLOCKS * DISC_ECC_BLOCKS;

	return up > UINT32_MAX ? UINT32_MAX : (uint32_t)up;
}

static struct disc_track *add_track(
	struct disc *d, uint32_t start, uint16_t session, enum disc_track_state state)
{
	struct disc_track *t = &d->track[d->tracks++];

	*t = (struct disc_track){.start = start, .session = session, .state = state};
	return t;
}

struct disc *disc_new(struct media *media, uint32_t capacity, disc_release_fn *release, void *ctx)
{
	struct disc *d = calloc(1, sizeof(*d));

	if (!d) {
		media_close(media);
		return NULL;
	}
	d->media = media;
	d->refs = 1;
	d->release = release;
	d->release_ctx = ctx;
	d->sessions = 1;
	if (media->blocks == 0 && media->writable) {
		d->type = DISC_DVD_PLUS_R;
		d->capacity = capacity ? capacity : DISC_DVD_PLUS_R_BLOCKS;
		add_track(d, 0, 1, DISC_TRACK_INVISIBLE);
	} else {
		d->type = DISC_DVD_ROM;
		d->finalised = true;
		d->capacity = media->blocks > 0xfffffffe ? 0xfffffffe : (uint32_t)media->blocks;
		add_track(d, 0, 1, DISC_TRACK_CLOSED)->written = d->capacity;
	}
	return d;
}

void disc_destroy(struct disc *d)
{
	if (!d)
		return;
	media_close(d->media);
	free(d);
}

struct disc *disc_get(struct disc *d)
{
	if (d)
		d->refs++;
	return d;
}

void disc_put(struct disc *d)
{
	if (!d)
		return;
	assert(d->refs > 0);
	if (--d->refs > 0)
		return;
	if (d->release)
		d->release(d, d->release_ctx);
	else
		disc_destroy(d);
}

/* ---- what is on it ------------------------------------------------------------------------ */

static struct disc_track *open_track(struct disc *d)
{
	if (d->finalised || d->tracks == 0)
		return NULL;
	struct disc_track *t = &d->track[d->tracks - 1];
	return t->state == DISC_TRACK_CLOSED ? NULL : t;
}

uint32_t disc_open_track(const struct disc *d)
{
	if (d->finalised || d->tracks == 0)
		return 0;
	return d->track[d->tracks - 1].state == DISC_TRACK_CLOSED ? 0 : d->tracks;
}

bool disc_is_blank(const struct disc *d)
{
	return d->tracks == 1 && d->track[0].state == DISC_TRACK_INVISIBLE;
}

bool disc_is_appendable(const struct disc *d)
{
	return !d->finalised;
}

/* First block that was never recorded. All below it is recorded, or padding of an ECC block. */
static uint32_t recorded_end(const struct disc *d)
{
	for (uint32_t i = d->tracks; i-- > 0;)
		if (d->track[i].written)
			return d->track[i].start + d->track[i].written;
	return 0;
}

uint32_t disc_last_closed_session(const struct disc *d)
{
	return d->finalised ? d->sessions : d->sessions - 1u;
}

bool disc_session_tracks(const struct disc *d, uint32_t session, uint32_t *first, uint32_t *last)
{
	bool found = false;

	for (uint32_t i = 0; i < d->tracks; i++) {
		if (d->track[i].session != session)
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
	return d->track[last - 1].start + d->track[last - 1].written;
}

const struct disc_track *disc_track(const struct disc *d, uint32_t number)
{
	return number >= 1 && number <= d->tracks ? &d->track[number - 1] : NULL;
}

uint32_t disc_end(const struct disc *d)
{
	return d->finalised ? recorded_end(d) : d->capacity;
}

uint32_t disc_track_at(const struct disc *d, uint32_t lba)
{
	if (lba >= disc_end(d))
		return 0;
	for (uint32_t i = d->tracks; i-- > 0;)
		if (lba >= d->track[i].start)
			return i + 1;
	return 0;
}

/* First block that the track may not take. */
static uint32_t track_limit(const struct disc *d, const struct disc_track *t)
{
	return t->reserved ? t->start + t->reserved : d->capacity;
}

uint32_t disc_track_nwa(const struct disc *d, const struct disc_track *t)
{
	return d->finalised || t->state == DISC_TRACK_CLOSED ? 0 : t->start + t->written;
}

uint32_t disc_track_free(const struct disc *d, const struct disc_track *t)
{
	if (d->finalised || t->state == DISC_TRACK_CLOSED)
		return 0;
	return track_limit(d, t) - (t->start + t->written);
}

uint32_t disc_track_size(const struct disc *d, const struct disc_track *t)
{
	if (d->finalised || t->state == DISC_TRACK_CLOSED)
		return t->written;
	return track_limit(d, t) - t->start;
}

/* ---- reading and recording ---------------------------------------------------------------- */

int disc_may_write(const struct disc *d, uint32_t lba, uint32_t count)
{
	uint32_t number = disc_open_track(d);

	if (number == 0)
		return DISC_CLOSED;
	const struct disc_track *t = &d->track[number - 1];
	if (lba >= d->capacity)
		return DISC_OUT_OF_RANGE;
	if (lba != disc_track_nwa(d, t))
		return count ? DISC_NOT_WRITABLE_ADDRESS : DISC_OK;
	if ((uint64_t)lba + count > d->capacity)
		return DISC_OUT_OF_RANGE;
	if ((uint64_t)lba + count > track_limit(d, t))
		return DISC_TRACK_FULL;
	return DISC_OK;
}

int disc_write(struct disc *d, uint32_t lba, uint32_t count, const void *buf)
{
	int r = disc_may_write(d, lba, count);

	if (r != DISC_OK || count == 0)
		return r;
	r = media_write(d->media, lba, count, buf);
	if (r < 0)
		return r;
	struct disc_track *t = open_track(d);
	t->written += count;
	t->state = DISC_TRACK_OPEN;
	return DISC_OK;
}

int disc_may_read(const struct disc *d, uint32_t lba, uint32_t count)
{
	uint64_t end = (uint64_t)lba + count;

	if (lba >= disc_end(d) || end > disc_end(d))
		return DISC_OUT_OF_RANGE;
	/* No blocks is no error anywhere on the disc, also on a blank one (MMC-6 6.15). */
	return count && end > recorded_end(d) ? DISC_UNREADABLE : DISC_OK;
}

int disc_read(struct disc *d, uint32_t lba, uint32_t count, void *buf)
{
	int r = disc_may_read(d, lba, count);

	return r != DISC_OK ? r : media_read(d->media, lba, count, buf);
}

int disc_sync(struct disc *d)
{
	return d->media->writable ? media_sync(d->media) : DISC_OK;
}

/* ---- reservations, closing ----------------------------------------------------------------- */

int disc_reserve(struct disc *d, uint32_t blocks)
{
	struct disc_track *t = open_track(d);

	if (!t)
		return DISC_CLOSED;
	if (t->state != DISC_TRACK_INVISIBLE)
		return DISC_TRACK_FULL;
	uint32_t size = ecc_align(blocks);
	/* The disc's end is an ECC boundary for the real sizes; a short test disc may have none. */
	if (size > disc_track_free(d, t) && blocks <= disc_track_free(d, t))
		size = disc_track_free(d, t);
	if (blocks == 0 || size > disc_track_free(d, t))
		return DISC_NO_ROOM;
	t->reserved = size;
	t->state = DISC_TRACK_RESERVED;
	return DISC_OK;
}

/* The invisible track behind the last one: on the next ECC block, when anything is left. */
static void open_next(struct disc *d, uint16_t session)
{
	uint32_t start = ecc_align(recorded_end(d));

	if (d->tracks < DISC_MAX_TRACKS && start < d->capacity)
		add_track(d, start, session, DISC_TRACK_INVISIBLE);
}

static bool session_has_data(const struct disc *d, uint32_t session)
{
	for (uint32_t i = 0; i < d->tracks; i++)
		if (d->track[i].session == session && d->track[i].written)
			return true;
	return false;
}

int disc_close_track(struct disc *d, uint32_t number)
{
	struct disc_track *t = open_track(d);

	if (number > d->tracks)
		return DISC_NO_SUCH_TRACK;
	if (!t || (number && number != d->tracks))
		return DISC_OK;
	int r = disc_sync(d);
	if (r != DISC_OK)
		return r;
	if (t->written == 0) {
		/* wodim's failed append closes a reservation it never wrote: it is dropped. */
		t->reserved = 0;
		t->state = DISC_TRACK_INVISIBLE;
		return DISC_OK;
	}
	t->state = DISC_TRACK_CLOSED;
	open_next(d, t->session);
	return DISC_OK;
}

/* The open or invisible track goes to the session after the one that was just closed. */
static void next_session(struct disc *d)
{
	struct disc_track *t = open_track(d);

	if (!t)
		return;
	d->sessions++;
	t->session = d->sessions;
}

int disc_close_session(struct disc *d)
{
	if (d->finalised)
		return DISC_OK;
	int r = disc_close_track(d, 0);
	if (r != DISC_OK)
		return r;
	if (!session_has_data(d, d->sessions))
		return DISC_OK;
	next_session(d);
	/* A disc without room for another track has nothing to append to. */
	if (disc_open_track(d) == 0)
		d->finalised = true;
	return DISC_OK;
}

int disc_finalise(struct disc *d)
{
	if (d->finalised)
		return DISC_OK;
	if (recorded_end(d) == 0)
		return DISC_NO_SUCH_TRACK;
	int r = disc_close_track(d, 0);
	if (r != DISC_OK)
		return r;
	bool empty = !session_has_data(d, d->sessions);
	if (disc_open_track(d))
		d->tracks--;
	if (empty)
		d->sessions--;
	d->finalised = true;
	return DISC_OK;
}
