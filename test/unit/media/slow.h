/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Storage that takes time to write and to sync, and counts who waits for it. */
#ifndef TEST_UNIT_SLOW_H
#define TEST_UNIT_SLOW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "media/media.h"
#include "util/array.h"

struct slow {
	struct media m;
	struct media *below;
	pthread_t caller; /* of slow_new(): must not write or sync, see calls_by_caller */
	unsigned write_us, sync_us;
	unsigned writes, syncs, calls_by_caller;
	atomic_uint syncing; /* a sync goes on */
	uint32_t largest;    /* blocks in one write */
	uint8_t block[MEDIA_BLOCK];
};

static inline void slow_down(struct slow *s, unsigned us)
{
	struct timespec t = {0, (long)us * 1000};

	/* Nothing is added in another thread, not even 0: that could undo what the caller adds. */
	if (pthread_equal(pthread_self(), s->caller))
		s->calls_by_caller++;
	nanosleep(&t, NULL);
}

static inline int slow_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct slow *s = (struct slow *)m;

	slow_down(s, s->write_us);
	s->writes++;
	s->largest = MAX(s->largest, count);
	return media_write(s->below, block, count, buf);
}

static inline int slow_sync(struct media *m)
{
	struct slow *s = (struct slow *)m;

	atomic_store(&s->syncing, 1);
	slow_down(s, s->sync_us);
	s->syncs++;
	atomic_store(&s->syncing, 0);
	return media_sync(s->below);
}

static inline int slow_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	return media_read(((struct slow *)m)->below, block, count, buf);
}

/* One block at a time, without waiting: the page cache has it. */
static inline int slow_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct slow *s = (struct slow *)m;

	*count = 1;
	*data = s->block;
	return media_read(s->below, block, 1, s->block);
}

static inline int slow_truncate(struct media *m, uint64_t blocks)
{
	return media_truncate(((struct slow *)m)->below, blocks);
}

static inline void slow_close(struct media *m)
{
	media_close(((struct slow *)m)->below);
	free(m);
}

static const struct media_ops slow_ops = {
	.read = slow_read,
	.write = slow_write,
	.sync = slow_sync,
	.truncate = slow_truncate,
	.close = slow_close,
};

static const struct media_ops slow_ops_with_views = {
	.read = slow_read,
	.view = slow_view,
	.write = slow_write,
	.sync = slow_sync,
	.truncate = slow_truncate,
	.close = slow_close,
};

/* Takes `below` over. NULL: no memory. */
static inline struct slow *slow_new(
	struct media *below, const struct media_ops *ops, unsigned write_us, unsigned sync_us)
{
	struct slow *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->m.ops = ops;
	s->m.unit = MEDIA_BLOCK;
	s->m.writable = true;
	s->m.blocks = below->blocks;
	s->below = below;
	s->caller = pthread_self();
	s->write_us = write_us;
	s->sync_us = sync_us;
	return s;
}

#endif
