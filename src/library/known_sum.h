/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checksum of an image, if the file beside it can be believed. Any thread; waits for storage.
 */
#ifndef LIBRARY_KNOWN_SUM_H
#define LIBRARY_KNOWN_SUM_H

#include <time.h>

#include "library/checksum.h"

enum known_sum {
	KNOWN_SUM_NONE,   /* there is none, or it is older than what is in the image */
	KNOWN_SUM_IS,     /* hex is written */
	KNOWN_SUM_DAMAGED /* when the disc was verified, storage returned other data */
};

/* Looks for base.sha256 in the folder dir; written: the mtime of the image, in seconds. */
enum known_sum known_sum(int dir, const char *base, time_t written, char hex[CHECKSUM_HEX]);

#endif
