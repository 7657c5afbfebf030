// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/stale_checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "library/checksum.h"
#include "library/disc_file.h"
#include "util/log.h"

bool stale_checksum_busy(const struct stale_checksum *s)
{
	return atomic_load(&s->busy);
}

void stale_checksum_finish(struct stale_checksum *s)
{
	if (s->started)
		pthread_join(s->thread, NULL);
	s->started = false;
}

static void *outdate(void *stale_checksum)
{
	struct stale_checksum *s = stale_checksum;
	struct folder *folder = folder_file_of(s->folder);
	int r = folder ? disc_file_outdate_checksum(folder, s->base) : -ENOMEM;

	if (r > 0)
		log_info("%s: %s" CHECKSUM_SUFFIX
			 " is of the data that was on the disc before; its line is a comment now",
			s->drive, s->base);
	else if (r < 0)
		log_warn("%s: %s" CHECKSUM_SUFFIX
			 " is of the data that was on the disc before; delete it: %s",
			s->drive, s->base, strerror(-r));
	if (folder)
		folder->ops->close(folder);
	close(s->folder);
	atomic_store(&s->busy, false);
	s->done(s->ctx);
	return NULL;
}

/* The disc's data is not what the checksum was computed of. */
static void start(struct stale_checksum *s, const struct image *in)
{
	s->watching = false;
	stale_checksum_finish(s);
	s->folder = fcntl(in->place->dir_fd, F_DUPFD_CLOEXEC, 0);
	if (s->folder < 0)
		return;
	snprintf(s->base, sizeof(s->base), "%s", in->place->base);
	atomic_store(&s->busy, true);
	s->started = thread_start(&s->thread, "checksum", outdate, s) == 0;
	if (!s->started)
		outdate(s);
}

/* A test write changes nothing, but while it lasts it is counted in these numbers. */
static bool is_changed(const struct stale_checksum *s, const struct mmc_state *now)
{
	const struct mmc_state *was = &s->first;

	if (now->testing)
		return false;
	/* The disc was removed before its last state was seen. */
	if (!now->loaded && !now->ejected_by_host)
		return !s->last.testing && now->blocks_written > was->blocks_written;
	if (now->type != was->type || now->format != was->format)
		return true;
	if (mmc_state_is_overwritable(now))
		return now->blocks_written > was->blocks_written ||
		       now->image_blocks < was->image_blocks;
	return now->recorded != was->recorded || now->end != was->end;
}

/*
 * No checksum can be of a blank, which has no data. If there is one, a power cut came between the
 * host's erasing and the change of the checksum file.
 */
static void begin(struct stale_checksum *s, const struct mmc_state *first, const struct image *in)
{
	s->first = *first;
	s->restored = false;
	if (first->blank)
		start(s, in);
}

static void on_engine_state(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
	const struct image *in)
{
	struct stale_checksum *s = ctx;

	if (s->watching && in->place && s->restored)
		begin(s, before, in);
	if (s->watching && in->place && is_changed(s, now))
		start(s, in);
	s->before = *before;
	s->last = *now;
}

static void on_inserted(void *ctx, const struct image *in)
{
	struct stale_checksum *s = ctx;
	struct mmc_state first = s->last;

	s->watching = in->recordable && in->place;
	/* The host may have written to the disc before this call. */
	first.blocks_written = s->before.blocks_written;
	if (s->watching)
		begin(s, &first, in);
}

static void on_restored(void *ctx, const struct image *in)
{
	struct stale_checksum *s = ctx;

	s->watching = in->recordable && in->place;
	s->restored = s->watching;
}

static void on_removed(void *ctx, const struct image *was, const char *next)
{
	(void)was;
	(void)next;
	((struct stale_checksum *)ctx)->watching = false;
}

const struct drive_observer stale_checksum_observer = {
	.engine_state = on_engine_state,
	.inserted = on_inserted,
	.restored = on_restored,
	.removed = on_removed,
};
