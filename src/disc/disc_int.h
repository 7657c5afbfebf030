/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between disc.c and disc_open.c. */
#ifndef DISC_DISC_INT_H
#define DISC_DISC_INT_H

#include "disc/disc.h"
#include "disc/disc_state.h"

/*
 * The layout to the store; or nothing in the store, when the size of the image
 * says the same. The data it counts must be on storage. 0 or -errno.
 */
int disc_save(struct disc *d);
/*
 * Blocks that may be written and not counted. Few, until the saved layout has the
 * checksum that tells this image from any other: one that somebody copied in its
 * place must not pass for the rest of a burn that was cut, which is taken off.
 */
uint32_t disc_max_unsaved(const struct disc *d);

#endif
