/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb open: gives a client a descriptor for reading an image. Main thread. */
#ifndef TRANSFER_DOWNLOAD_H
#define TRANSFER_DOWNLOAD_H

#include "drive/drives.h"
#include "protocol/answer.h"

/*
 * Answers r with a descriptor of the image of that name in the media folder of d, or with a
 * refusal. Among others, an image that may change now (in_use.h) is refused, and, unless
 * `unfinished` is set, one that is open or appendable.
 */
void download_open(const struct drives *drives, struct drive *d, const char *name, bool unfinished,
	struct reply *r);

#endif
