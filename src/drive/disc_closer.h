/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes the discs that left a drive, and counts the discs that are open. Closing a
 * burned disc writes what the page cache still holds, which takes many seconds on an SD
 * card. A thread does it, so that the main thread answers control commands meanwhile.
 *
 * Main thread only, except for the done() callback.
 */
#ifndef DRIVE_DISC_CLOSER_H
#define DRIVE_DISC_CLOSER_H

#include "disc/disc.h"

struct disc_closer;

/*
 * Calls done(ctx) on the closer's own thread when it has closed some discs; done() should
 * make the main thread call disc_closer_run(). 0 or -ENOMEM.
 */
int disc_closer_new(void (*done)(void *ctx), void *ctx, struct disc_closer **out);
/* Waits for the thread and closes the discs that are queued. NULL is fine. */
void disc_closer_free(struct disc_closer *c);

/* Counts a disc that was opened, until it is closed after disc_closer_add(). */
void disc_closer_count(struct disc_closer *c);
/* Returns the number of discs that were counted and are not closed yet. */
unsigned disc_closer_open_discs(const struct disc_closer *c);

/*
 * Queues a disc, whose last reference is gone, and takes it over. If the queue is full, the
 * disc is closed before the call returns: slow, but the queue never fills with one disc in the
 * drive and one being inserted.
 */
void disc_closer_add(struct disc_closer *c, struct disc *disc);
/* Takes note of the discs that the thread has closed, and gives it those that are queued. */
void disc_closer_run(struct disc_closer *c);

#endif
