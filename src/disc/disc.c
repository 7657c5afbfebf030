// SPDX-License-Identifier: GPL-2.0-or-later
/* The recorder, and what it says of the disc. How a disc begins and ends: disc_open.c. */
#include "disc/disc.h"

#include <assert.h>
#include <errno.h>

#include "disc/disc_int.h"
#include "util/array.h"

static uint32_t ecc_align(uint32_t blocks)
{
	uint64_t up = ((uint64_t)blocks + DISC_ECC_BLOCKS - 1) / DISC_ECC_BLOCKS * DISC_ECC_BLOCKS;

	return up > UINT32_MAX ? UINT32_MAX : (uint32_t)up;
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
	return disc_layout_open(&d->layout);
}

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

bool disc_is_appendable(const struct disc *d)
{
	return !d->layout.finalised;
}

/* First block that was never recorded. All below it is recorded, or padding of an ECC block. */
static uint32_t recorded_end(const struct disc *d)
{
	return disc_layout_end(&d->layout);
}

uint32_t disc_last_closed_session(const struct disc *d)
{
	return d->layout.finalised ? d->layout.sessions : d->layout.sessions - 1u;
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
	return d->layout.finalised ? recorded_end(d) : d->limit;
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

/* First block that the track may not take. */
static uint32_t track_limit(const struct disc *d, const struct disc_track *t)
{
	uint32_t end = t->reserved ? t->start + t->reserved : d->limit;

	/* Storage may have got too full for what is reserved or even written already. */
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

/* ---- storage -------------------------------------------------------------------------------- */

/* Blocks on the medium, whatever a test write plays. */
static uint32_t real_end(const struct disc *d)
{
	return disc_layout_end(d->testing ? &d->real : &d->layout);
}

uint32_t disc_unsynced(const struct disc *d)
{
	return real_end(d) - d->safe_end;
}

/* Blocks from there on are not counted any more. Only the open track can hold such. */
static void roll_back(struct disc *d, uint32_t to)
{
	struct disc_track *t = open_track(d);

	if (t && t->start + t->written > to) {
		t->written = to > t->start ? to - t->start : 0;
		if (t->written == 0)
			t->state = t->reserved ? DISC_TRACK_RESERVED : DISC_TRACK_INVISIBLE;
		d->checked = 0;
	}
	(void)media_truncate(d->media, recorded_end(d));
}

int disc_wait_written(struct disc *d)
{
	uint64_t lost;
	int r = d->testing ? 0 : media_wait_written(d->media, &lost);

	if (r < 0 && r != -EAGAIN)
		roll_back(d, (uint32_t)MAX(lost, d->data_end));
	return r;
}

/*
 * A failed sync leaves nobody sure of what storage has: the kernel forgets such
 * pages, a second sync would find nothing to complain about.
 */
static int sync_data(struct disc *d)
{
	int r = media_sync(d->media);

	if (r == 0)
		d->data_end = recorded_end(d);
	else if (r != -EAGAIN)
		roll_back(d, d->data_end);
	return r;
}

/*
 * The data is on storage also when the layout could not be saved: it stays, or the
 * store, which may have got that layout all the same, would count blocks that are gone.
 */
static int save(struct disc *d)
{
	int r = disc_save(d);

	d->store_uncertain = r < 0;
	if (r == 0) {
		d->safe_end = recorded_end(d);
		d->saved = true;
	}
	return r;
}

int disc_sync(struct disc *d)
{
	int r;

	if (d->testing || !d->media->writable ||
		(disc_unsynced(d) == 0 && !d->media->dirty && !d->store_uncertain))
		return DISC_OK;
	r = disc_wait_written(d);
	if (r == 0)
		r = sync_data(d);
	return r == 0 ? save(d) : r;
}

/* Data first: a layout that calls a track closed must find it whole, and nothing behind it. */
static int sync_before_change(struct disc *d)
{
	int r;

	if (d->testing)
		return DISC_OK;
	r = disc_wait_written(d);
	if (r == 0)
		r = media_truncate(d->media, recorded_end(d));
	return r == 0 ? sync_data(d) : r;
}

/* Saves a changed layout; on failure it is as it was before. */
static int commit(struct disc *d, const struct disc_layout *before)
{
	int r = d->testing ? DISC_OK : save(d);

	if (r < 0)
		d->layout = *before;
	return r;
}

/* ---- reading and recording ---------------------------------------------------------------- */

int disc_may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	uint32_t number = disc_open_track(d);

	if (number == 0)
		return DISC_CLOSED;
	const struct disc_track *t = &d->layout.track[number - 1];
	if (lba < 0 || lba >= d->limit)
		return DISC_OUT_OF_RANGE;
	if (lba != disc_track_nwa(d, t))
		return count ? DISC_NOT_WRITABLE_ADDRESS : DISC_OK;
	if (lba + count > d->limit)
		return DISC_OUT_OF_RANGE;
	if (lba + count > track_limit(d, t))
		return DISC_TRACK_FULL;
	return DISC_OK;
}

/*
 * What must be on storage before these blocks go to the medium: a layout of this run, since
 * an image of more than 0 bytes without one would be a DVD-ROM after a cut, and an older
 * one may allow less to be missed or be of another boot; and enough of what is ahead.
 */
static int make_way(struct disc *d, int64_t lba, uint32_t count)
{
	uint32_t end = recorded_end(d);
	int r;

	if (d->store && !d->saved)
		d->store_uncertain = true;
	if (!d->store_uncertain && lba + count - d->safe_end <= disc_max_unsaved(d))
		return DISC_OK;
	r = disc_sync(d);
	return r < 0 && recorded_end(d) < end ? DISC_LOST : r;
}

static int write_medium(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	int r = make_way(d, lba, count);

	if (r != DISC_OK)
		return r;
	r = media_write(d->media, (uint64_t)lba, count, buf);
	/* Where blocks are taken before they are written, some of those before may be lost. */
	if (r < 0 && r != -EAGAIN && disc_wait_written(d) == 0)
		(void)media_truncate(d->media, recorded_end(d));
	return r;
}

int disc_write(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	int r = disc_may_write(d, lba, count);

	if (r != DISC_OK || count == 0)
		return r;
	r = d->testing ? DISC_OK : write_medium(d, lba, count, buf);
	if (r != DISC_OK)
		return r;
	struct disc_track *t = open_track(d);
	t->written += count;
	t->state = DISC_TRACK_OPEN;
	return DISC_OK;
}

int disc_may_read(const struct disc *d, int64_t lba, uint32_t count)
{
	int64_t size = disc_end(d), end = lba + count;

	if (lba < 0 || lba >= size || end > size)
		return DISC_OUT_OF_RANGE;
	/* No blocks is no error anywhere on the disc, also on a blank one (MMC-6 6.15). */
	return count && end > real_end(d) ? DISC_UNREADABLE : DISC_OK;
}

int disc_read(struct disc *d, int64_t lba, uint32_t count, void *buf)
{
	int r = disc_may_read(d, lba, count);

	return r != DISC_OK ? r : media_read(d->media, (uint64_t)lba, count, buf);
}

int disc_view(struct disc *d, int64_t lba, uint32_t *count, void *stage, const uint8_t **data)
{
	int r = disc_may_read(d, lba, *count);

	return r != DISC_OK ? r : media_view(d->media, (uint64_t)lba, count, stage, data);
}

/* ---- reservations, closing ----------------------------------------------------------------- */

int disc_reserve(struct disc *d, uint32_t blocks)
{
	const struct disc_layout before = d->layout;
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
	int r = sync_before_change(d);
	if (r != DISC_OK)
		return r;
	t->reserved = size;
	t->state = DISC_TRACK_RESERVED;
	return commit(d, &before);
}

/* The invisible track behind the last one: on the next ECC block, when anything is left. */
static void open_next(struct disc *d, uint16_t session)
{
	struct disc_layout *l = &d->layout;
	uint32_t start = ecc_align(recorded_end(d));

	if (l->tracks < DISC_MAX_TRACKS && start < d->capacity)
		l->track[l->tracks++] = (struct disc_track){
			.start = start, .session = session, .state = DISC_TRACK_INVISIBLE};
}

static bool session_has_data(const struct disc *d, uint32_t session)
{
	for (uint32_t i = 0; i < d->layout.tracks; i++)
		if (d->layout.track[i].session == session && d->layout.track[i].written)
			return true;
	return false;
}

/* In the layout alone. */
static void close_open_track(struct disc *d)
{
	struct disc_track *t = open_track(d);

	if (!t)
		return;
	if (t->written == 0) {
		/* wodim's failed append closes a reservation it never wrote: it is dropped. */
		t->reserved = 0;
		t->state = DISC_TRACK_INVISIBLE;
		return;
	}
	t->state = DISC_TRACK_CLOSED;
	open_next(d, t->session);
}

/* The open or invisible track goes to the session after the one that was just closed. */
static void next_session(struct disc *d)
{
	struct disc_track *t = open_track(d);

	if (t)
		t->session = ++d->layout.sessions;
	else /* A disc without room for another track has nothing to append to. */
		d->layout.finalised = true;
}

static void drop_open_track(struct disc *d)
{
	if (!session_has_data(d, d->layout.sessions))
		d->layout.sessions--;
	if (open_track(d))
		d->layout.tracks--;
	d->layout.finalised = true;
}

int disc_close_track(struct disc *d, uint32_t number)
{
	if (number > d->layout.tracks)
		return DISC_NO_SUCH_TRACK;
	if (!open_track(d) || (number && number != d->layout.tracks))
		return DISC_OK;
	int r = sync_before_change(d);
	if (r != DISC_OK)
		return r;
	const struct disc_layout before = d->layout;
	close_open_track(d);
	return commit(d, &before);
}

int disc_close_session(struct disc *d)
{
	if (d->layout.finalised)
		return DISC_OK;
	int r = sync_before_change(d);
	if (r != DISC_OK)
		return r;
	const struct disc_layout before = d->layout;
	close_open_track(d);
	if (session_has_data(d, d->layout.sessions))
		next_session(d);
	return commit(d, &before);
}

int disc_finalise(struct disc *d)
{
	if (d->layout.finalised)
		return DISC_OK;
	if (recorded_end(d) == 0)
		return DISC_NO_SUCH_TRACK;
	int r = sync_before_change(d);
	if (r != DISC_OK)
		return r;
	const struct disc_layout before = d->layout;
	close_open_track(d);
	drop_open_track(d);
	return commit(d, &before);
}

int disc_test_write(struct disc *d, bool on)
{
	int r = on && !d->testing ? disc_sync(d) : DISC_OK;

	if (on == d->testing || r < 0)
		return r;
	if (on)
		d->real = d->layout;
	else
		d->layout = d->real;
	d->testing = on;
	return DISC_OK;
}
