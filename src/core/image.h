/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image file on its way into a drive, and the words for what is wrong with it. */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "media/media.h"

struct image {
	char *name; /* in the media folder */
	char *path;
	uint64_t size; /* bytes when it was opened */
	bool blank;    /* it was empty: a blank DVD+R */
	dev_t dev;
	ino_t ino;
	struct media *media; /* the caller takes it out */
	char warning[160];   /* "" or what the user should know, with "; " before it */
};

/* Why an operation was refused: a fixed code for scripts, a text for people. */
struct refusal {
	const char *code;
	char text[512];
};

/*
 * Opens name. 0, or -errno with *why; -EBUSY: somebody holds it, dev and ino
 * of *out are set then. *out is to be released with image_fini() in any case.
 */
int image_open(int folder, const char *folder_name, const char *name, struct image *out,
	struct refusal *why);
/* Makes name an empty file unless it is one. 0 or -errno with *why. */
int image_create_blank(int folder, const char *folder_name, const char *name, struct refusal *why);
void image_fini(struct image *image);

#endif
