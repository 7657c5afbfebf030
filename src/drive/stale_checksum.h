/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the drive: once the host has changed the data of the disc, NAME.sha256 is of data that
 * is gone. Its line becomes a comment then, so that nobody takes a good disc for a damaged one
 * (library/checksum.h). Main thread; threads do the work, because a card may stall: that of one
 * disc can still be at it when the next disc needs one.
 */
#ifndef DRIVE_STALE_CHECKSUM_H
#define DRIVE_STALE_CHECKSUM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "drive/drive_observer.h"

/* All members 0, except those that the owner sets: no disc is watched. */
struct stale_checksum {
	const char *drive; /* its name; set by the owner */
	/* Called by a thread when it is done; the owner then looks at stale_checksum_busy(). */
	void (*done)(void *ctx);
	void *ctx;

	bool watching;
	bool restored;          /* the state that the disc came with is not known yet */
	struct mmc_state first; /* of the engine when the disc came in */
	struct mmc_state before, last;
	struct stale_job *jobs; /* each with its thread */
	atomic_uint busy;       /* jobs that have not ended */
};

/* Its ctx is a struct stale_checksum. */
extern const struct drive_observer stale_checksum_observer;

/* Returns true while a checksum file is worked on: it must not be written. Any thread. */
bool stale_checksum_busy(const struct stale_checksum *s);
/* Waits for the threads. */
void stale_checksum_finish(struct stale_checksum *s);

#endif
