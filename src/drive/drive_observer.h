/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of the disc in a drive. The state machine notifies the parts of the drive that have
 * asked for them, without depending on these parts. Main thread only.
 */
#ifndef DRIVE_DRIVE_OBSERVER_H
#define DRIVE_DRIVE_OBSERVER_H

#include "library/image.h"
#include "library/postburn.h"
#include "mmc/mmc.h"

/*
 * Each callback may be NULL. Only host_ejected may start a command. One event of the engine is
 * notified in this order: engine_state; finalised; callbacks for what the command under way
 * does then; settled; host_ejected.
 */
struct drive_observer {
	/* The engine's state was copied again; it may be the same as before. */
	void (*engine_state)(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
		const struct image *in);
	/*
	 * The recordable disc in the drive is finalised, and not by a test write. Called once
	 * for each disc, and again after each time that the host has erased it.
	 */
	void (*finalised)(void *ctx, const struct image *in);
	/* The host has erased the disc in the drive, which was finalised. */
	void (*erased)(void *ctx, const struct image *in);
	/* next: the name of the image that will be opened once this disc is closed; NULL = none. */
	void (*removed)(void *ctx, const struct image *was, const char *next);
	/* After removed: no other disc follows. */
	void (*left_empty)(void *ctx);
	void (*inserted)(void *ctx, const struct image *in);
	/* The disc from the drive of an earlier daemon is in the drive. */
	void (*restored)(void *ctx, const struct image *in);
	/* The state machine has acted on an event of the engine or the closing of discs. */
	void (*settled)(void *ctx);
	/* A burned disc that had left the drive was renamed and verified, as configured. */
	void (*treated)(void *ctx, const struct postburn_result *result);
	/* The host opened the tray, while no command except DRIVE_CLOSE was under way or waited. */
	void (*host_ejected)(void *ctx);
};

/* The drive's own parts, and a control or two. */
#define DRIVE_OBSERVERS 12u

/* They are notified in the order in which they were added. All members 0: no observer. */
struct drive_observers {
	struct drive_observer_entry {
		const struct drive_observer *observer;
		void *ctx;
	} at[DRIVE_OBSERVERS];
	unsigned count;
};

/* At most DRIVE_OBSERVERS of them. o and ctx must outlive the list. */
void drive_observers_add(struct drive_observers *all, const struct drive_observer *o, void *ctx);
/* Removes the one that was added with this ctx. Not from within an event. */
void drive_observers_remove(struct drive_observers *all, const void *ctx);

/* Each calls the callback of that name of all observers. */
void notify_engine_state(const struct drive_observers *all, const struct mmc_state *before,
	const struct mmc_state *now, const struct image *in);
void notify_finalised(const struct drive_observers *all, const struct image *in);
void notify_erased(const struct drive_observers *all, const struct image *in);
void notify_removed(const struct drive_observers *all, const struct image *was, const char *next);
void notify_left_empty(const struct drive_observers *all);
void notify_inserted(const struct drive_observers *all, const struct image *in);
void notify_restored(const struct drive_observers *all, const struct image *in);
void notify_settled(const struct drive_observers *all);
void notify_treated(const struct drive_observers *all, const struct postburn_result *result);
void notify_host_ejected(const struct drive_observers *all);

#endif
