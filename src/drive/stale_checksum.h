/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the drive: once the host has changed the data of the disc, NAME.sha256 is of data that
 * is gone. Its line becomes a comment then, so that nobody takes a good disc for a damaged one
 * (library/checksum.h). Main thread; a thread does the work, because a card may stall.
 */
#ifndef DRIVE_STALE_CHECKSUM_H
#define DRIVE_STALE_CHECKSUM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "drive/drive_observer.h"
#include "util/thread.h"

/* All members 0, except those that the owner sets: no disc is watched. */
struct stale_checksum {
	const char *drive; /* its name; set by the owner */
	/* Called by the thread when it is done; the owner then looks at stale_checksum_busy(). */
	void (*done)(void *ctx);
	void *ctx;

	bool watching;
	bool restored;          /* the state that the disc came with is not known yet */
	struct mmc_state first; /* of the engine when the disc came in */
	struct mmc_state before, last;
	pthread_t thread;
	bool started;
	atomic_bool busy;
	int folder; /* the thread's, with the image's name in it */
	char base[256];
};

/* Its ctx is a struct stale_checksum. */
extern const struct drive_observer stale_checksum_observer;

/* Returns true while a checksum file is worked on: it must not be written. Any thread. */
bool stale_checksum_busy(const struct stale_checksum *s);
/* Waits for the thread. */
void stale_checksum_finish(struct stale_checksum *s);

#endif
