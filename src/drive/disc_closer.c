// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/disc_closer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "util/thread.h"

#define QUEUE_MAX 4u

struct disc_closer {
	void (*done)(void *ctx);
	void *ctx;
	unsigned open; /* discs that were counted and are not closed yet */
	struct disc *queue[QUEUE_MAX];
	unsigned queued;

	/* Written by the main thread while there is no closing thread. */
	pthread_t thread;
	struct disc *closing[QUEUE_MAX];
	unsigned n_closing; /* 0 = there is no thread */

	atomic_bool all_closed; /* set by the thread: it is about to end */
};

int disc_closer_new(void (*done)(void *ctx), void *ctx, struct disc_closer **out)
{
	struct disc_closer *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->done = done;
	c->ctx = ctx;
	*out = c;
	return 0;
}

static void close_each(struct disc_closer *c)
{
	for (unsigned i = 0; i < c->n_closing; i++)
		disc_destroy(c->closing[i]);
}

static void *close_discs(void *closer)
{
	struct disc_closer *c = closer;

	close_each(c);
	atomic_store(&c->all_closed, true);
	c->done(c->ctx);
	return NULL;
}

static void join(struct disc_closer *c)
{
	if (c->n_closing == 0)
		return;
	pthread_join(c->thread, NULL);
	atomic_store(&c->all_closed, false);
	c->open -= c->n_closing;
	c->n_closing = 0;
}

void disc_closer_free(struct disc_closer *c)
{
	if (!c)
		return;
	join(c);
	for (unsigned i = 0; i < c->queued; i++)
		disc_destroy(c->queue[i]);
	free(c);
}

void disc_closer_count(struct disc_closer *c)
{
	c->open++;
}

unsigned disc_closer_open_discs(const struct disc_closer *c)
{
	return c->open;
}

void disc_closer_add(struct disc_closer *c, struct disc *disc)
{
	if (c->queued < QUEUE_MAX) {
		c->queue[c->queued++] = disc;
		return;
	}
	disc_destroy(disc);
	c->open--;
}

static void start(struct disc_closer *c)
{
	if (c->queued == 0 || c->n_closing > 0)
		return;
	memcpy(c->closing, c->queue, sizeof(c->queue));
	c->n_closing = c->queued;
	c->queued = 0;
	if (thread_start(&c->thread, "disc-closer", close_discs, c) == 0)
		return;
	/* Without a thread, control commands wait until the discs are closed. */
	close_each(c);
	c->open -= c->n_closing;
	c->n_closing = 0;
}

void disc_closer_run(struct disc_closer *c)
{
	if (atomic_load(&c->all_closed))
		join(c);
	start(c);
}
