/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises by its bytes a file without a text beside it: the sectors of a data track, as a .bin
 * has them, or a CHD.
 */
#ifndef LIBRARY_IMAGE_RAW_H
#define LIBRARY_IMAGE_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

/*
 * The file fd of that size begins with whole sectors of data: of mode 1, or mode 2 (XA). Returns
 * the form of the track, enum cd_form; -1: it does not, or is longer than a CD. Any thread; reads
 * 32 bytes.
 */
int image_raw_form(int fd, uint64_t size);

/* True if the file is a CHD of MAME, which is compressed. Any thread; reads 8 bytes. */
bool image_raw_is_chd(int fd);

#endif
