/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the store of the state file of an image. Any thread; waits for storage. */
#ifndef LIBRARY_DISC_STORE_H
#define LIBRARY_DISC_STORE_H

#include "library/library.h"
#include "media/store.h"

/* Makes the store of an image that was found. 0 and *out, or -errno. */
int disc_store_open(const struct library_file *f, struct store **out);

#endif
