// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/stale_checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library/checksum.h"
#include "library/disc_file.h"
#include "util/log.h"
#include "util/thread.h"

/* A checksum file that is worked on. */
struct stale_job {
	struct stale_checksum *owner;
	int folder;
	char base[256]; /* the image's name in it */
	pthread_t thread;
	atomic_bool ended;
	struct stale_job *next;
};

bool stale_checksum_busy(const struct stale_checksum *s)
{
	return atomic_load(&s->busy) > 0;
}

/* Joins the threads of jobs that have ended; all: waits for the others, too. */
static void join(struct stale_checksum *s, bool all)
{
	struct stale_job **at = &s->jobs, *job;

	while ((job = *at) != NULL) {
		if (!all && !atomic_load(&job->ended)) {
			at = &job->next;
			continue;
		}
		pthread_join(job->thread, NULL);
		*at = job->next;
		free(job);
	}
}

void stale_checksum_finish(struct stale_checksum *s)
{
	join(s, true);
}

static void *outdate(void *stale_job)
{
	struct stale_job *job = stale_job;
	struct stale_checksum *s = job->owner;
	struct folder *folder = folder_file_of(job->folder);
	int r = folder ? disc_file_outdate_checksum(folder, job->base) : -ENOMEM;

	if (r > 0)
		log_info("%s: %s" CHECKSUM_SUFFIX
			 " is of the data that was on the disc before; its line is a comment now",
			s->drive, job->base);
	else if (r < 0)
		log_warn("%s: %s" CHECKSUM_SUFFIX
			 " is of the data that was on the disc before; delete it: %s",
			s->drive, job->base, strerror(-r));
	if (folder)
		folder->ops->close(folder);
	close(job->folder);
	atomic_fetch_sub(&s->busy, 1);
	atomic_store(&job->ended, true);
	s->done(s->ctx);
	return NULL;
}

/* The disc's data is not what the checksum was computed of. */
static void start(struct stale_checksum *s, const struct image *in)
{
	struct stale_job *job = calloc(1, sizeof(*job));

	s->watching = false;
	join(s, false);
	if (job)
		job->folder = fcntl(in->place->dir_fd, F_DUPFD_CLOEXEC, 0);
	if (!job || job->folder < 0) {
		free(job);
		return;
	}
	job->owner = s;
	snprintf(job->base, sizeof(job->base), "%s", in->place->base);
	atomic_fetch_add(&s->busy, 1);
	if (thread_start(&job->thread, "checksum", outdate, job) == 0) {
		job->next = s->jobs;
		s->jobs = job;
	} else {
		outdate(job);
		free(job);
	}
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
