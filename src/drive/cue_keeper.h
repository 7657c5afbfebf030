/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the drive: when a CD is finalised, its cue sheet is written beside it, so that other
 * programs can read the disc, and when it is erased, the cue sheet goes (library/cd_set.h). The
 * same is made good for each CD that comes into the drive, since a power cut may have come before
 * it. Main thread; a thread does the work, because a card may stall.
 */
#ifndef DRIVE_CUE_KEEPER_H
#define DRIVE_CUE_KEEPER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "drive/drive_observer.h"
#include "util/thread.h"

/* All members 0, except those that the owner sets: no disc is in the drive. */
struct cue_keeper {
	const char *drive; /* its name; set by the owner */
	/*
	 * Called when a disc is to be looked at, and by the thread when it is done. After that the
	 * owner calls the observer's engine_state(), and looks at cue_keeper_busy().
	 */
	void (*done)(void *ctx);
	void *ctx;

	bool wanted;     /* the disc that is in the drive is to be looked at */
	bool finalised;  /* and its state file has to say that it is finalised */
	unsigned looked; /* how often it did not */
	pthread_t thread;
	bool started;
	atomic_bool busy;
	/* The thread's, and its result: the state file does not say what it has to. */
	atomic_bool too_early;
	bool must_be_finalised;
	int folder;
	char base[256];
};

/* Its ctx is a struct cue_keeper. */
extern const struct drive_observer cue_keeper_observer;

/* Returns true while files beside the disc are written: it must not be renamed. Any thread. */
bool cue_keeper_busy(const struct cue_keeper *k);
/* Waits for the thread. */
void cue_keeper_finish(struct cue_keeper *k);

/*
 * Makes good what is beside the image `base` of the folder dir, and reports it to the log, with the
 * name of the drive. Any thread; waits for storage. True if its state file says that it is a
 * finalised CD, or if storage failed, so that another look at once would not help.
 */
bool cue_keeper_look(int dir, const char *base, const char *drive);

#endif
