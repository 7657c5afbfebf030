/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mark of an image that was burned, and for which no state file says so: an extended attribute
 * of its file, which goes with it through renames. It has the time of the image's last change, so
 * that it is void as soon as anything writes to the image. File systems without such attributes
 * (FAT, exFAT) have no marks. Any thread; waits for storage.
 */
#ifndef MEDIA_BURN_MARK_H
#define MEDIA_BURN_MARK_H

#include <stdbool.h>
#include <time.h>

#define BURN_MARK "user.mmcgadget.burned"

enum burn_mark {
	BURN_MARK_NONE,    /* there is none, or the image was changed since */
	BURN_MARK_BURNED,  /* burned; nothing is known of a verification */
	BURN_MARK_VERIFIED /* and then storage gave back what was burned */
};

/* Marks the image `base` in the folder dir, as it is now. 0 or -errno, -EOPNOTSUPP among others. */
int burn_mark_set(int dir, const char *base, bool verified);
/* Returns the mark of the open image fd. written: when the image was, its mtime. */
enum burn_mark burn_mark_of(int fd, const struct timespec *written);

#endif
