/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a disc that is to be renamed, deleted or erased, in the media folder. Any thread. */
#ifndef DRIVE_DISC_IN_FOLDER_H
#define DRIVE_DISC_IN_FOLDER_H

#include <stdbool.h>

#include "library/library.h"

/*
 * Locks an image as a burn does, so that neither another program nor a disc that is still being
 * closed uses it. 0: the lock lasts until *fd, if it is not -1, is closed; -EBUSY.
 */
int disc_lock(const struct library_file *f, int *fd);
/* True if the name is that of a symbolic link. */
bool disc_is_link(int folder, const char *name);
/*
 * Finds the place of a state or checksum that an image of that name has left; f->base is then the
 * name of the image. 0, then the caller calls library_forget(); -errno.
 */
int disc_find_leftover(int folder, const char *name, struct library_file *f);

#endif
