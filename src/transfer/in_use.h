/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which images may be read by others: those that nobody writes to. Main thread. */
#ifndef TRANSFER_IN_USE_H
#define TRANSFER_IN_USE_H

#include "drive/drives.h"
#include "library/library.h"
#include "protocol/answer.h"

/*
 * Returns NULL if the image has data, and no drive or command may change it now; otherwise the
 * answer to the command, blank or in-use.
 */
json_t *in_use_refusal(const struct drives *drives, const struct library_file *f, const char *name);

#endif
