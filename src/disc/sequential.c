// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The write model of media that are written once, block after block (MMC-6 4.4 DVD+R).
 * How such a disc is opened: sequential_open.c.
 */
#include <errno.h>

#include "disc/disc_int.h"
#include "disc/model.h"
#include "util/array.h"

static uint32_t ecc_align(const struct disc *d, uint32_t blocks)
{
	uint32_t ecc = d->medium->ecc_blocks;
	uint64_t up = ((uint64_t)blocks + ecc - 1) / ecc * ecc;

	return up > UINT32_MAX ? UINT32_MAX : (uint32_t)up;
}

static struct disc_track *open_track(struct disc *d)
{
	return disc_layout_open(&d->layout);
}

static uint32_t recorded_end(const struct disc *d)
{
	return disc_layout_end(&d->layout);
}

/* ---- recording ------------------------------------------------------------------------------ */

/* Blocks from `to` on are no longer counted. Only the open track can hold such blocks. */
static void roll_back(struct disc *d, uint64_t to)
{
	struct disc_track *t = open_track(d);

	if (t && t->start + t->written > to) {
		t->written = to > t->start ? (uint32_t)to - t->start : 0;
		if (t->written == 0)
			t->state = t->reserved ? DISC_TRACK_RESERVED : DISC_TRACK_INVISIBLE;
		d->checked = 0;
	}
	(void)media_truncate(d->media, recorded_end(d));
}

static int may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	const struct disc_track *t = disc_track(d, disc_open_track(d));

	if (!t)
		return DISC_CLOSED;
	if (lba < 0 || lba >= d->limit)
		return DISC_OUT_OF_RANGE;
	if (lba != t->start + t->written)
		return count ? DISC_NOT_WRITABLE_ADDRESS : DISC_OK;
	if (lba + count > d->limit)
		return DISC_OUT_OF_RANGE;
	return count > disc_track_free(d, t) ? DISC_TRACK_FULL : DISC_OK;
}

/*
 * Syncs before these blocks are written, if with them the saved layout would leave too many
 * blocks uncounted, or if no layout was saved since the disc was opened. Without a state, an
 * image of more than 0 bytes would be a DVD-ROM after a power cut; and an older state may
 * allow fewer uncounted blocks, or be of another boot.
 */
static int make_room_for(struct disc *d, int64_t lba, uint32_t count)
{
	uint32_t end = recorded_end(d);
	int r;

	if (d->store && !d->saved)
		d->store_uncertain = true;
	if (!d->store_uncertain && d->intent == DISC_INTENT_NONE &&
		lba + count - d->safe_end <= disc_max_unsaved(d))
		return DISC_OK;
	r = disc_sync(d);
	return r < 0 && recorded_end(d) < end ? DISC_LOST : r;
}

static int write_medium(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	int r = make_room_for(d, lba, count);

	if (r != DISC_OK)
		return r;
	r = media_write(d->media, (uint64_t)lba, count, buf);
	/* A medium with write-behind may have lost blocks that it accepted earlier. */
	if (r < 0 && r != -EAGAIN && disc_wait_written(d) == 0)
		(void)media_truncate(d->media, recorded_end(d));
	return r;
}

static int write_blocks(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	int r = may_write(d, lba, count);

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

/* ---- reservations, closing ----------------------------------------------------------------- */

static int reserve(struct disc *d, uint32_t blocks, bool at_once)
{
	const struct disc_layout before = d->layout;
	struct disc_track *t = open_track(d);

	if (!t)
		return DISC_CLOSED;
	/* Disc-at-once begins with a blank: no other track, and so no other session. */
	if (t->state != DISC_TRACK_INVISIBLE || (at_once && d->layout.tracks > 1))
		return DISC_TRACK_FULL;
	uint32_t size = at_once ? blocks : ecc_align(d, blocks);
	/* Discs of real sizes end at an ECC boundary; short discs of tests may not. */
	if (size > disc_track_free(d, t) && blocks <= disc_track_free(d, t))
		size = disc_track_free(d, t);
	if (blocks == 0 || size > disc_track_free(d, t))
		return DISC_NO_ROOM;
	int r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	t->reserved = size;
	t->state = DISC_TRACK_RESERVED;
	d->layout.at_once = at_once;
	return disc_commit(d, &before);
}

/* Adds the invisible track after the last one, on the next ECC block, if anything is left. */
static void open_next(struct disc *d, uint16_t session)
{
	struct disc_layout *l = &d->layout;
	uint32_t start = ecc_align(d, recorded_end(d));

	if (l->tracks < d->medium->max_tracks && start < d->capacity)
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

/* Closes the open track in the layout only; the caller saves the layout. */
static void close_open_track(struct disc *d)
{
	struct disc_track *t = open_track(d);

	if (!t)
		return;
	if (t->written == 0) {
		/*
		 * wodim's failed append closes a reservation that it never wrote to: the
		 * reservation is dropped.
		 */
		t->reserved = 0;
		t->state = DISC_TRACK_INVISIBLE;
		d->layout.at_once = false;
		return;
	}
	t->state = DISC_TRACK_CLOSED;
	if (d->layout.at_once)
		d->layout.finalised = true;
	else
		open_next(d, t->session);
}

/* Moves the open or invisible track to the session after the one that was just closed. */
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

static int close_session(struct disc *d)
{
	if (d->layout.finalised)
		return DISC_OK;
	int r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	const struct disc_layout before = d->layout;
	close_open_track(d);
	if (session_has_data(d, d->layout.sessions))
		next_session(d);
	return disc_commit(d, &before);
}

static int close_track(struct disc *d, uint32_t number)
{
	if (number > d->layout.tracks)
		return DISC_NO_SUCH_TRACK;
	if (!open_track(d) || (number && number != d->layout.tracks))
		return DISC_OK;
	if (d->format == DISC_FORMATTED_POW)
		return close_session(d);
	int r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	const struct disc_layout before = d->layout;
	close_open_track(d);
	return disc_commit(d, &before);
}

static int finalise(struct disc *d)
{
	if (d->layout.finalised)
		return DISC_OK;
	if (recorded_end(d) == 0)
		return DISC_NO_SUCH_TRACK;
	int r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	const struct disc_layout before = d->layout;
	close_open_track(d);
	drop_open_track(d);
	return disc_commit(d, &before);
}

/* Takes the spare area from a blank. Nothing is recorded yet, so only the state is saved. */
static int format(struct disc *d, const struct disc_format_offer *offer, uint32_t blocks, bool keep)
{
	const enum disc_format format_before = d->format;
	const uint32_t capacity = d->capacity, limit = d->limit;
	int r;

	(void)keep;
	d->format = offer->flags & DISC_FORMAT_POW ? DISC_FORMATTED_POW : DISC_FORMATTED;
	d->capacity = blocks;
	d->limit = MIN(limit, blocks);
	r = disc_save(d);
	if (r == DISC_OK)
		return r;
	d->format = format_before;
	d->capacity = capacity;
	d->limit = limit;
	return r;
}

const struct disc_model disc_model_sequential = {
	.recordable = true,
	.has_tracks = true,
	.has_test_write = true,
	.counts_recorded = true,
	.may_write = may_write,
	.write = write_blocks,
	.lost = roll_back,
	.reserve = reserve,
	.close_track = close_track,
	.close_session = close_session,
	.finalise = finalise,
	.format = format,
	.misfit = disc_sequential_misfit,
	.resume = disc_sequential_resume,
};
