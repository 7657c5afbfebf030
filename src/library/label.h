/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The label of a disc: what the host's udev would show for it. */
#ifndef LIBRARY_LABEL_H
#define LIBRARY_LABEL_H

#include <stdint.h>

#define LABEL_MAX 256u /* bytes; UDF has 126 characters of Latin-1, or 63 others */

/*
 * Of the regular file behind fd, opened for reading. session is the byte at which the
 * last complete session begins. "" = it has none, or none that can be read. Reads a few
 * blocks, takes no lock, and may wait for storage. Any thread.
 */
typedef void label_fn(int fd, uint64_t session, char out[LABEL_MAX]);
label_fn label_read;

#endif
