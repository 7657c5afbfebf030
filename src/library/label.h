/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The label of a disc, as udev on the host would show it. */
#ifndef LIBRARY_LABEL_H
#define LIBRARY_LABEL_H

#include <stdint.h>

#define LABEL_MAX 256u /* bytes; UDF holds 126 characters of Latin-1, or 63 others */

/*
 * Reads the label of the regular file fd, which is open for reading; session is the offset
 * of the last complete session in bytes. Writes "" if there is no label or it cannot be
 * read. Any thread; reads a few blocks, takes no lock, and may wait for storage.
 */
typedef void label_fn(int fd, uint64_t session, char out[LABEL_MAX]);
label_fn label_read;

#endif
