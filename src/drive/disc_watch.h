/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the drive, and watches the file of the disc in it: people rename, delete, replace
 * and change images that are in a drive. What was burned is never lost by that as long as the
 * drive holds it: a deleted image gets another name, and its state file goes with it
 * (library/image_place.h). Main thread only; a thread copies images that need it.
 */
#ifndef DRIVE_DISC_WATCH_H
#define DRIVE_DISC_WATCH_H

#include <stdbool.h>

#include "drive/drive_observer.h"
#include "drive/holders.h"

#define DISC_WATCH_TEXT 512u

struct disc_watch_config {
	const char *drive;         /* its name */
	const char *media;         /* path of the media folder */
	const struct holder *self; /* tells when the discs that left the drive are closed */
	/* The disc in the drive by the drive record; "" = nothing is known. For recovery. */
	const char *last;
	/*
	 * The file of the disc in the drive has another place. name: its name in the media
	 * folder, NULL: it is not in there. The image's state file is to move to the place,
	 * if the drive holds the image for writing.
	 */
	void (*moved)(void *ctx, const char *name, const char *path);
	/* The state file is not there. It may be that the disc needs none. */
	void (*state_missing)(void *ctx);
	/* Returns how many bytes of the disc in the drive storage certainly has. */
	uint64_t (*safe_bytes)(void *ctx);
	void *ctx;
};

struct disc_watch;

/*
 * Also recovers the disc that a drive of this name held when its daemon died, if its image was
 * deleted. Everything that config points to must outlive it; config->last needs not. 0 or
 * -errno.
 */
int disc_watch_new(
	const struct disc_watch_config *config, sd_event *event, struct disc_watch **out);
/* The daemon stops: the disc in the drive is about to be closed. NULL is fine. */
void disc_watch_leave(struct disc_watch *w);
/*
 * To be called after disc_watch_leave(), when all discs of the drive are closed: copies what must
 * be copied, and waits for that. NULL is fine.
 */
void disc_watch_free(struct disc_watch *w);

/* Its ctx is a struct disc_watch. */
extern const struct drive_observer disc_watch_observer;

/* Looks at once. Returns what happened to the image in the drive, for people; "" = nothing. */
const char *disc_watch_problem(struct disc_watch *w);
/*
 * 0, or why the disc must stay in the drive, which is logged: its file holds data and has no
 * name, and there is no folder (-ENOENT) or no room (-ENOSPC) for a copy.
 */
int disc_watch_must_stay(struct disc_watch *w);

#endif
