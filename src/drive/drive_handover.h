/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the engine's thread, and stores the drive's hand-over state after each command.
 * If the daemon dies, the next daemon restores the drive from it: same disc, same engine
 * state, and a host that notices nothing.
 */
#ifndef DRIVE_DRIVE_HANDOVER_H
#define DRIVE_DRIVE_HANDOVER_H

#include "drive/disc_opener.h"
#include "drive/engine_thread.h"
#include "drive/handover.h"

struct drive_handover;

/* 0 or -ENOMEM. Stores nothing before drive_handover_set_memory(). */
int drive_handover_new(struct drive_handover **out);
/* Calls handover_free() for its memory. The engine's thread must be gone. NULL is fine. */
void drive_handover_free(struct drive_handover *h);

/* Its ctx is a struct drive_handover. */
extern const struct engine_observer drive_handover_observer;

/* ---- main thread, before the port is attached ----------------------------------------------- */

/* Stores into memory from now on, and takes it over. Loads what an earlier daemon stored there. */
void drive_handover_set_memory(
	struct drive_handover *h, struct handover *memory, struct mmc_drive *engine);
/* NULL if there is none. */
struct handover *drive_handover_memory(struct drive_handover *h);
/*
 * Returns the image in the drive of the previous daemon; "" = none; NULL: no state was
 * inherited.
 */
const char *drive_handover_image(const struct drive_handover *h);
/*
 * Restores the engine with its disc. *in becomes the image in the drive, with in->disc NULL, as the
 * engine has the disc; *in stays empty if there was no disc or its image cannot be opened. False:
 * no state was inherited, and nothing was done. name: the drive's, for the log.
 */
bool drive_handover_restore(struct drive_handover *h, const char *name,
	const struct disc_opener *opener, struct image *in);

/* ---- also while the port is attached -------------------------------------------------------- */

/* Sets *to to the name and identity of that image, by which the next daemon finds it. */
void drive_handover_describe(struct handover_image *to, const struct image *image);
/* The image in the drive has another name. On the engine's thread; the caller stores the state. */
void drive_handover_renamed(struct drive_handover *h, const struct handover_image *image);
/* Stores the state as it is now. On the engine's thread. */
void drive_handover_store(struct drive_handover *h);

#endif
