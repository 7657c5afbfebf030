// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The write model of media that are overwritten in place (DVD+RW, DVD-RAM, BD-RE). FORMAT
 * UNIT gives them a size; from then on each block below it may be read and written.
 *
 * The image ends after the highest block written; blocks past it read as zeros. After a power
 * cut, a block that was being written or was not synced may be old, new or mixed. Other blocks
 * are not touched.
 */
#include <errno.h>

#include "disc/disc_int.h"
#include "disc/model.h"
#include "util/array.h"

static uint32_t size_of(const struct disc *d)
{
	return d->format == DISC_FORMATTED ? disc_layout_end(&d->layout) : 0;
}

static int may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	int64_t size = size_of(d);

	if (!d->media->writable)
		return DISC_PROTECTED;
	if (size == 0)
		return DISC_CLOSED;
	return lba < 0 || lba >= size || lba + count > size ? DISC_OUT_OF_RANGE : DISC_OK;
}

/*
 * Cuts off what a failed write may have appended: the image gets back the length that it had
 * when it last held all accepted blocks. No acknowledged block is cut off, because a WRITE that
 * makes the image longer is answered only after disc_wait_written(). After the cut the medium
 * takes writes again. Lost blocks within the image have their old or their new data.
 */
static void drop_unwritten(struct disc *d, uint64_t from)
{
	(void)from;
	d->media->end_uncertain = true;
	(void)media_truncate(d->media, MIN(d->media->blocks, d->written_end));
}

static int write_blocks(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	int r = may_write(d, lba, count);

	if (r != DISC_OK || count == 0)
		return r;
	/*
	 * The store may hold a layout with an intent to cut the image: after a power cut, that
	 * would remove these blocks. And no more than max_unsaved blocks are to be lost by a power
	 * cut.
	 */
	if (d->store_uncertain || d->intent != DISC_INTENT_NONE ||
		(d->overwritten && d->overwritten + count > d->max_unsaved))
		r = disc_sync(d);
	if (r == DISC_OK)
		r = media_write(d->media, (uint64_t)lba, count, buf);
	if (r == DISC_OK)
		d->overwritten += MIN(count, size_of(d) - d->overwritten);
	else if (r != -EAGAIN && disc_wait_written(d) == 0)
		drop_unwritten(d, (uint64_t)lba);
	return r;
}

/* Only syncs: the one track is always closed. */
int disc_overwrite_close_track(struct disc *d, uint32_t number)
{
	return number > d->layout.tracks ? DISC_NO_SUCH_TRACK : disc_sync(d);
}

static int close_session(struct disc *d)
{
	return disc_stop_format(d);
}

static int finalise(struct disc *d)
{
	return size_of(d) ? disc_stop_format(d) : DISC_NO_SUCH_TRACK;
}

/*
 * All blocks below the size are usable at once, as zeros, so a background format has nothing left
 * to do. Hosts see it run until they stop it, as they are used to (MMC-6 4.4.6).
 */
static int format(struct disc *d, const struct disc_format_offer *offer, uint32_t blocks, bool keep)
{
	struct disc_layout layout;
	int r;

	(void)offer;
	disc_layout_one_track(&layout, blocks, DISC_TRACK_CLOSED);
	r = keep && size_of(d) == blocks ? disc_sync(d)
					 : disc_replace(d, &layout, DISC_FORMATTED, 0);
	if (r == DISC_OK)
		d->formatting = d->medium->background_format;
	return r;
}

static const char *misfit(struct disc *d, const struct disc_state *s)
{
	return d->media->blocks > disc_layout_end(&s->layout)
		       ? "the image has more blocks than were formatted"
		       : NULL;
}

const char *disc_overwrite_resume_image(struct disc *d)
{
	d->written_end = d->media->blocks;
	/* A daemon that died may have left blocks in the page cache that are not on storage. */
	d->media->dirty = d->media->writable;
	if (!d->media->writable)
		d->read_only = "the image cannot be written";
	return NULL;
}

static const char *resume(struct disc *d, const struct disc_state *s)
{
	d->layout = s->layout;
	return disc_overwrite_resume_image(d);
}

const struct disc_model disc_model_overwrite = {
	.recordable = true,
	.rewritable = true,
	.zero_fill = true,
	.may_write = may_write,
	.write = write_blocks,
	.lost = drop_unwritten,
	.close_track = disc_overwrite_close_track,
	.close_session = close_session,
	.finalise = finalise,
	.format = format,
	.misfit = misfit,
	.resume = resume,
};
