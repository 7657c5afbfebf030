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
 * Returns CD_MODE1 or CD_XA (enum cd_form) if the first two sectors of 2352 bytes in the file fd,
 * which has `size` bytes, are whole sectors of mode 1 or of mode 2; -1 if they are not, or if the
 * file is longer than a CD. Any thread; reads 32 bytes.
 */
int image_raw_form(int fd, uint64_t size);

/* True if the file begins as each CHD of MAME does. Any thread; reads 8 bytes. */
bool image_raw_is_chd(int fd);

#endif
