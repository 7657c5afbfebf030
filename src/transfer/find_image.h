/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image that a command names. Main thread. */
#ifndef TRANSFER_FIND_IMAGE_H
#define TRANSFER_FIND_IMAGE_H

#include "library/library.h"
#include "protocol/answer.h"

/*
 * Finds the image of that name in the media folder. Returns NULL if it is there: then the caller
 * ends *f by library_forget(), and closes *folder. Otherwise the answer to the command.
 */
json_t *find_image(const char *media, const char *name, int *folder, struct library_file *f);

#endif
