/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The label of a plain ISO 9660 image, which needs no libblkid: most images are plain. */
#ifndef LIBRARY_PLAIN_LABEL_H
#define LIBRARY_PLAIN_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "library/label.h"

#define PLAIN_LABEL_AT    (16u * 2048u) /* byte of the first descriptor, ECMA-119 6.2.1 */
#define PLAIN_LABEL_BYTES (6u * 2048u)

enum plain_label {
	PLAIN_LABEL_UNSURE,    /* libblkid has to be asked; *out was not changed */
	PLAIN_LABEL_NO_VOLUME, /* there is neither ISO 9660 nor UDF; *out was not changed */
	PLAIN_LABEL_KNOWN,     /* *out has all members, but sectors */
};

/*
 * p has n bytes of the image from PLAIN_LABEL_AT on; n < PLAIN_LABEL_BYTES only if the file ends
 * there. Is sure only if all versions of libblkid (2.34 to 2.41 were read) give the same label.
 */
enum plain_label plain_label(const uint8_t *p, size_t n, struct label *out);

#endif
