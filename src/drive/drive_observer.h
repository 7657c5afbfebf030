/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of the disc in a drive. The state machine notifies the parts of the drive that have
 * asked for them, without depending on these parts. Main thread only.
 */
#ifndef DRIVE_DRIVE_OBSERVER_H
#define DRIVE_DRIVE_OBSERVER_H

#include "burned/postburn.h"
#include "image/image.h"
#include "mmc/mmc.h"

/*
 * Each callback may be NULL. Only host_ejected may start a command. For one event of the engine,
 * callbacks are called in this order: engine_state; finalised or erased; those that follow from
 * what the control command under way does; event_handled; host_ejected.
 */
struct drive_observer {
	/*
	 * The engine's state was copied again; it may be the same as before. If the disc was
	 * removed, its last state has come before that, with what followed from it.
	 */
	void (*engine_state)(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
		const struct image *in);
	/*
	 * The recordable disc in the drive is finalised, and not by a test write. Called once
	 * for each disc, and once more if the disc is finalised again after an erase.
	 */
	void (*finalised)(void *ctx, const struct image *in);
	/* The command close has finalised a disc of that name, which is not in the drive. */
	void (*closed)(void *ctx, const char *image);
	/* The host has erased a finalised disc in the drive. */
	void (*erased)(void *ctx, const struct image *in);
	/* next: the name of the image that will be opened once this disc is closed; NULL = none. */
	void (*removed)(void *ctx, const struct image *was, const char *next);
	/* Called after removed() if no other disc will be inserted. */
	void (*left_empty)(void *ctx);
	void (*inserted)(void *ctx, const struct image *in);
	/* The disc from the drive of an earlier daemon is in the drive. */
	void (*restored)(void *ctx, const struct image *in);
	/* The state machine has acted on an event of the engine or the closing of discs. */
	void (*event_handled)(void *ctx);
	/* The postburn queue is done with a burned disc: renamed and verified, as configured. */
	void (*postburn_done)(void *ctx, const struct postburn_result *result);
	/* The host opened the tray, while no command except DRIVE_CLOSE was under way or waited. */
	void (*host_ejected)(void *ctx);
};

/* Room for the drive's own parts (drive.c adds 7) and for listeners of src/control. */
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
/* Removes the one that was added with this ctx. Must not be called from a callback. */
void drive_observers_remove(struct drive_observers *all, const void *ctx);

/* Each calls the callback of that name of all observers. */
void notify_engine_state(const struct drive_observers *all, const struct mmc_state *before,
	const struct mmc_state *now, const struct image *in);
void notify_finalised(const struct drive_observers *all, const struct image *in);
void notify_closed(const struct drive_observers *all, const char *image);
void notify_erased(const struct drive_observers *all, const struct image *in);
void notify_removed(const struct drive_observers *all, const struct image *was, const char *next);
void notify_left_empty(const struct drive_observers *all);
void notify_inserted(const struct drive_observers *all, const struct image *in);
void notify_restored(const struct drive_observers *all, const struct image *in);
void notify_event_handled(const struct drive_observers *all);
void notify_postburn_done(const struct drive_observers *all, const struct postburn_result *result);
void notify_host_ejected(const struct drive_observers *all);

#endif
