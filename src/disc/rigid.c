// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The write model of a formatted DVD-RW: rigid restricted overwrite (MMC-6 4.4.4).
 *
 * DISC_FORMATTED: as the overwrite model, each block below the formatted size may be written. A
 * real drive takes whole ECC blocks only; any number of blocks is taken here, because wodim writes
 * so.
 *
 * DISC_INTERMEDIATE, after a quick format or while the size grows: blocks are written in order from
 * the end of the recorded ones on, and those before may be overwritten. Closing the session makes
 * all that is recorded the formatted size. The state file counts the recorded blocks as that of a
 * sequential disc does, so after a power cut the disc ends where the last sync left it.
 */
#include <errno.h>

#include "disc/disc_int.h"
#include "disc/model.h"
#include "util/array.h"

static bool is_growing(const struct disc *d)
{
	return d->format == DISC_INTERMEDIATE;
}

static uint32_t end_of(const struct disc *d)
{
	return disc_layout_end(&d->layout);
}

static int may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	const struct disc_track *t = &d->layout.track[0];
	int64_t end = is_growing(d) ? t->written + disc_track_free(d, t) : end_of(d);

	if (!d->media->writable)
		return DISC_PROTECTED;
	if (lba < 0 || lba >= end || lba + count > end)
		return DISC_OUT_OF_RANGE;
	return is_growing(d) && lba > t->written ? DISC_NOT_WRITABLE_ADDRESS : DISC_OK;
}

/*
 * While the size grows, blocks from `from` on are no longer counted: the host was not told that
 * they are safe. Then cuts off what a failed write may have appended. Lost blocks that were
 * overwritten have their old or their new data.
 */
static void drop_unwritten(struct disc *d, uint64_t from)
{
	struct disc_track *t = &d->layout.track[0];

	if (is_growing(d) && t->written > from)
		t->written = (uint32_t)from;
	d->media->end_uncertain = true;
	(void)media_truncate(d->media,
		MIN(d->media->blocks, is_growing(d) ? (uint64_t)end_of(d) : d->written_end));
}

/*
 * Syncs first what a power cut must not take with these blocks: no more than max_unsaved, appended
 * or overwritten. Or if the store is uncertain.
 */
static int make_room_for(struct disc *d, int64_t lba, uint32_t count)
{
	bool grows = is_growing(d) && lba + count > end_of(d);
	bool too_many = d->overwritten && d->overwritten + count > d->max_unsaved;

	if (!d->store_uncertain && d->intent == DISC_INTENT_NONE && !too_many &&
		(!grows || lba + count - d->safe_end <= d->max_unsaved))
		return DISC_OK;
	return disc_sync(d);
}

static int write_blocks(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	struct disc_track *t = &d->layout.track[0];
	int r = may_write(d, lba, count);

	if (r != DISC_OK || count == 0)
		return r;
	r = make_room_for(d, lba, count);
	if (r < 0 && r != -EAGAIN && lba > t->written)
		return DISC_LOST;
	if (r == DISC_OK)
		r = media_write(d->media, (uint64_t)lba, count, buf);
	if (r == DISC_OK) {
		if (is_growing(d))
			t->written = MAX(t->written, (uint32_t)lba + count);
		d->overwritten += MIN(count, end_of(d) - d->overwritten);
	} else if (r != -EAGAIN && disc_wait_written(d) == 0) {
		drop_unwritten(d, end_of(d));
	}
	return r;
}

/* Blocks of the image that a changed size keeps. A lost write may have left more of them. */
static uint32_t kept_blocks(const struct disc *d)
{
	return (uint32_t)MIN(d->media->blocks, (uint64_t)end_of(d));
}

/* wodim reserves, and gives up if that is refused; there is nothing to reserve. */
static int reserve(struct disc *d, uint32_t blocks, bool at_once)
{
	(void)d;
	(void)blocks;
	(void)at_once;
	return DISC_OK;
}

/*
 * The recorded blocks, rounded up to ECC blocks, become the formatted size. While disc_replace()
 * waits for its announcement to be saved, the store is uncertain: a sync would save the text before
 * it again, and neither of the two would ever come to an end.
 */
static int close_session(struct disc *d)
{
	const uint64_t ecc = d->medium->ecc_blocks;
	struct disc_layout layout;
	uint64_t size;
	int r = DISC_OK;

	if (!is_growing(d) || end_of(d) == 0 || disc_unsynced(d) || d->media->dirty)
		r = disc_sync(d);
	if (r != DISC_OK || !is_growing(d) || end_of(d) == 0)
		return r;
	size = (end_of(d) + ecc - 1) / ecc * ecc;
	disc_layout_one_track(
		&layout, (uint32_t)MIN(size, (uint64_t)disc_format_capacity(d)), DISC_TRACK_CLOSED);
	return disc_replace(d, &layout, DISC_FORMATTED, kept_blocks(d));
}

int disc_rigid_format(
	struct disc *d, const struct disc_format_offer *offer, uint32_t blocks, bool keep)
{
	bool grows = offer->flags & DISC_FORMAT_GROWS;
	struct disc_layout layout;

	(void)keep;
	(void)disc_test_write(d, false);
	if (grows) {
		disc_layout_one_track(&layout, end_of(d), DISC_TRACK_OPEN);
		return disc_replace(d, &layout, DISC_INTERMEDIATE, kept_blocks(d));
	}
	disc_layout_one_track(&layout, blocks, blocks ? DISC_TRACK_CLOSED : DISC_TRACK_OPEN);
	return disc_replace(d, &layout, blocks ? DISC_FORMATTED : DISC_INTERMEDIATE, 0);
}

static const char *misfit(struct disc *d, const struct disc_state *s)
{
	uint64_t most = disc_layout_end(&s->layout);

	if (s->format == DISC_INTERMEDIATE)
		most += s->max_unsaved;
	return d->media->blocks > most ? "the image has more blocks than were formatted" : NULL;
}

static const char *resume(struct disc *d, const struct disc_state *s)
{
	d->layout = s->layout;
	/* An interrupted burn: what its state does not count, as of a sequential disc. */
	if (is_growing(d) && d->media->writable && d->media->blocks > end_of(d)) {
		const char *why = disc_sequential_resume(d, s);

		if (why)
			return why;
	}
	return disc_overwrite_resume_image(d);
}

const struct disc_model disc_model_rigid = {
	.recordable = true,
	.rewritable = true,
	.zero_fill = true,
	.may_write = may_write,
	.write = write_blocks,
	.lost = drop_unwritten,
	.reserve = reserve,
	.close_track = disc_overwrite_close_track,
	.close_session = close_session,
	.finalise = close_session,
	.format = disc_rigid_format,
	.misfit = misfit,
	.resume = resume,
};
