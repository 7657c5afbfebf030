/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As which disc a plain image is shown: one without a state file, which could be a DVD or a CD. */
#ifndef LIBRARY_IMAGE_AS_H
#define LIBRARY_IMAGE_AS_H

#include <stdbool.h>
#include <stdint.h>

#include "disc/medium.h"

enum image_as {
	IMAGE_AS_DRIVE, /* not given: as the drive's configuration says */
	IMAGE_AS_DVD,   /* a DVD-ROM, or a BD-ROM if no DVD can hold it */
	IMAGE_AS_CD,    /* a CD-ROM */
	IMAGE_AS_AUTO   /* a CD-ROM if it fits on a CD of 80 minutes and has no UDF volume */
};

/* Blocks of a CD of 80 minutes (79:59:74), the largest that is for sale everywhere. */
#define IMAGE_AS_CD_USUAL 359849u

/* "cd", "dvd" or "auto"; "" for IMAGE_AS_DRIVE. */
const char *image_as_name(enum image_as as);
/* False: there is no such name. */
bool image_as_named(const char *name, enum image_as *as);

/*
 * The row of the disc as which an image of that many bytes is shown. wish: IMAGE_AS_DRIVE, or what
 * the user has given for this image; drive: the configured one. udf: it has a UDF volume. With
 * IMAGE_AS_CD an image that no CD can hold gets the row as with IMAGE_AS_DVD; image_open() refuses
 * such an image.
 */
const struct disc_medium *image_as_medium(
	enum image_as wish, enum image_as drive, uint64_t size, bool udf);
/* True if the image is to be a CD, and no CD can hold it. */
bool image_as_is_too_large(enum image_as wish, enum image_as drive, uint64_t size);
/* True if image_as_medium() depends on udf. */
bool image_as_needs_volume(enum image_as wish, enum image_as drive, uint64_t size);

#endif
