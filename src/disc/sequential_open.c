// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens discs of the sequential write model: checks the state, and continues interrupted burns. */
#include <string.h>

#include "disc/disc_int.h"
#include "util/array.h"

const char *disc_sequential_misfit(struct disc *d, const struct disc_state *s)
{
	uint32_t end = disc_layout_end(&s->layout), crc;
	uint64_t blocks = d->media->blocks;

	if (blocks < end || (blocks == end && d->media->tail))
		return "its state file counts more blocks than the image has";
	if (blocks > (uint64_t)end + (s->layout.finalised ? 0 : s->max_unsaved))
		return "the image has more blocks than its state file can have missed";
	if (disc_check_image(d->media, s->checked, &crc) < 0)
		return "the image cannot be read where its state file would be checked";
	if (crc != s->check)
		return "its state file is that of another image";
	return NULL;
}

/*
 * Handles an image that is longer than the layout counts, because a burn was interrupted.
 * Blocks written since the board was started are counted: they are at least in the page cache.
 * Blocks of an earlier boot are dropped.
 */
static const char *take_uncounted(struct disc *d, const struct disc_state *s)
{
	struct disc_track *t = disc_layout_open(&d->layout);
	uint64_t blocks = d->media->blocks - (d->media->tail ? 1 : 0);
	uint32_t end = disc_layout_end(&d->layout);
	bool same_boot = s->boot[0] && strcmp(s->boot, d->store->boot) == 0;

	if (d->media->blocks == end)
		return NULL;
	/* Storage may not have these blocks yet: the sync must not be left out. */
	d->media->dirty = true;
	if (t)
		blocks = MIN(blocks, t->reserved ? t->start + t->reserved : d->capacity);
	if (same_boot && t && blocks > t->start && media_sync(d->media) == 0) {
		d->adopted = (uint32_t)blocks - MAX(end, t->start);
		t->written = (uint32_t)blocks - t->start;
		t->state = DISC_TRACK_OPEN;
	}
	d->dropped = (uint32_t)(d->media->blocks - MAX(disc_layout_end(&d->layout), end));
	if (media_truncate(d->media, disc_layout_end(&d->layout)) < 0)
		return "the rest of a cut burn could not be taken off its end";
	return NULL;
}

/* Makes a disc readable that can no longer be recorded: an open track counts as closed. */
static const char *freeze(struct disc *d)
{
	static const char why[] = "the image cannot be written";
	struct disc_layout *l = &d->layout;
	struct disc_track *t = disc_layout_open(l);

	if (t && t->written)
		t->state = DISC_TRACK_CLOSED;
	else if (t)
		l->tracks--;
	if (l->tracks == 0)
		return why;
	l->sessions = l->track[l->tracks - 1].session;
	l->finalised = true;
	d->read_only = why;
	return NULL;
}

const char *disc_sequential_resume(struct disc *d, const struct disc_state *s)
{
	d->layout = s->layout;
	d->checked = s->checked;
	d->check = s->check;
	if (d->layout.finalised)
		return NULL;
	return d->media->writable ? take_uncounted(d, s) : freeze(d);
}
