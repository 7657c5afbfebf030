/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The size of a disc, as its own file system has it: an image that is shorter was not copied as a
 * whole.
 */
#ifndef LIBRARY_VOLUME_H
#define LIBRARY_VOLUME_H

#include <stdint.h>

/*
 * Returns the bytes that the first volume of the file fd takes from the beginning of the file:
 * ISO 9660 or UDF, whichever is longer. 0: unknown. Reads at most 33 blocks; libblkid, which reads
 * the label, needs them as well. Any thread; may wait for storage.
 */
uint64_t volume_size(int fd);

/*
 * Returns the bytes of an ISO 9660 volume by its primary descriptor of 2048 bytes (ECMA-119 8.4:
 * number of blocks and their size, each in both byte orders). 0: it is no such descriptor.
 */
uint64_t volume_iso_size(const uint8_t *p);

#endif
