/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The size of a disc, as its own file system has it: tells a copy that is not complete. */
#ifndef LIBRARY_VOLUME_H
#define LIBRARY_VOLUME_H

#include <stdint.h>

/*
 * Returns the bytes that the first volume of the file fd takes from the beginning of the file:
 * ISO 9660 or UDF, whichever is longer. 0: unknown. Reads at most 50 blocks that a label's
 * reader needs as well. Any thread; may wait for storage.
 */
uint64_t volume_size(int fd);

#endif
