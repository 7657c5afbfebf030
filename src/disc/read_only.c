// SPDX-License-Identifier: GPL-2.0-or-later
/* The write model of discs that cannot be recorded: they have a layout, and refuse every change. */
#include "disc/disc_int.h"
#include "disc/model.h"

static int may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	(void)d;
	(void)lba;
	(void)count;
	return DISC_CLOSED;
}

static int write_blocks(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	(void)buf;
	return may_write(d, lba, count);
}

static void lost(struct disc *d, uint64_t from)
{
	(void)d;
	(void)from;
}

static int reserve(struct disc *d, uint32_t blocks, bool at_once)
{
	(void)d;
	(void)blocks;
	(void)at_once;
	return DISC_CLOSED;
}

/* Does nothing: every track is closed. */
static int close_track(struct disc *d, uint32_t number)
{
	return number > d->layout.tracks ? DISC_NO_SUCH_TRACK : DISC_OK;
}

static int close_all(struct disc *d)
{
	(void)d;
	return DISC_OK;
}

static const char *misfit(struct disc *d, const struct disc_state *s)
{
	return d->media->blocks < disc_layout_end(&s->layout)
		       ? "its state file counts more blocks than the image has"
		       : NULL;
}

static const char *resume(struct disc *d, const struct disc_state *s)
{
	d->layout = s->layout;
	return NULL;
}

/* A CD-ROM has no state file: the image, or the text that describes it, says what is on it. */
static const char *has_no_state(struct disc *d, const struct disc_state *s)
{
	(void)d;
	(void)s;
	return "its state file is of a CD-ROM, which needs none";
}

#define READ_ONLY                                                                                  \
	.has_tracks = true, .may_write = may_write, .write = write_blocks, .lost = lost,           \
	.reserve = reserve, .close_track = close_track, .close_session = close_all,                \
	.finalise = close_all, .resume = resume

const struct disc_model disc_model_read_only = {READ_ONLY, .misfit = misfit};
const struct disc_model disc_model_compact = {READ_ONLY, .compact = true, .misfit = has_no_state};
