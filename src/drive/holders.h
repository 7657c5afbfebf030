/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which drive holds which image. A file that is being recorded may be in one drive only, and a
 * burned disc that is being renamed or verified may not go into any. Each drive of a daemon
 * looks here for what the others hold. Main thread only.
 */
#ifndef DRIVE_HOLDERS_H
#define DRIVE_HOLDERS_H

#include "burned/postburn.h"
#include "drive/disc_closer.h"
#include "gadget/gadget.h"
#include "image/image.h"

#define DRIVE_MAX GADGET_MAX_FUNCTIONS

/* A disc that is being renamed, deleted or erased. All members 0: none is. */
struct holder_job {
	bool active;
	dev_t dev;
	ino_t ino;
};

/* One drive, as the other drives see it. The drive keeps what the pointers lead to up to date. */
struct holder {
	const char *drive;            /* its name */
	const struct image *in;       /* in the drive; in->name NULL = none */
	const struct image *prepared; /* opened for a command, not in the drive; name NULL = none */
	const bool *unchangeable;     /* the disc in the drive is finalised, and cannot be erased */
	const struct disc_closer *closer; /* counts the discs of the drive that are open */
	struct postburn *postburn;        /* its burned discs; NULL = nothing is done with them */
	struct holder_job job;            /* by a command for this drive's folder */
};

/* The drives in the order in which they were added. All members 0: no drive. */
struct holders {
	const struct holder *at[DRIVE_MAX];
	unsigned count;
};

/* The holder must outlive its entry, and there must be room for it. */
void holders_add(struct holders *all, const struct holder *h);
/* Does nothing if the holder was not added. */
void holders_remove(struct holders *all, const struct holder *h);

/* Returns true if the image is in the drive. */
bool holder_has(const struct holder *h, dev_t dev, ino_t ino);
/*
 * Returns true if the image is in the drive and must not be in another one, because it can be
 * recorded.
 */
bool holder_has_alone(const struct holder *h, dev_t dev, ino_t ino);
/*
 * Returns true if all discs that left this drive are closed. A disc in the drive, and
 * one that is prepared, may be open.
 */
bool holder_removed_are_closed(const struct holder *h);

/* Returns the first drive that has the image in it, or NULL. */
const struct holder *holders_find(const struct holders *all, dev_t dev, ino_t ino);
/* Returns true if the image is in a drive, or prepared for one. */
bool holders_in_use(const struct holders *all, dev_t dev, ino_t ino);
/* Returns true if the image is being renamed, deleted or erased by a command. */
bool holders_is_changing(const struct holders *all, dev_t dev, ino_t ino);
/*
 * Returns true if discs that were taken out, or opened and given back, are not closed yet. A
 * disc that is being inserted counts as not closed until it is in the drive.
 */
bool holders_any_leaving(const struct holders *all);
/*
 * Takes the image, which is to be inserted again, out of every drive's queue of burned discs.
 * Returns false if it is being renamed at this moment.
 */
bool holders_claim(const struct holders *all, dev_t dev, ino_t ino);

#endif
