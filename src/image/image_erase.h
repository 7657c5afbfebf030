/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a rewritable disc of the media folder blank again. Any thread; waits for storage. */
#ifndef IMAGE_IMAGE_ERASE_H
#define IMAGE_IMAGE_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "disc/medium.h"
#include "library/image_refusal.h"
#include "media/store.h"

/* The disc, which is in no drive. */
struct image_erase {
	const char *name;      /* as people call it */
	struct folder *folder; /* in which it is ... */
	const char *base;      /* ... by this name */
	struct store *store;   /* its own; image_erase() takes it over */
	int fd; /* the image, open for writing and locked; -1: it cannot be written */
	const struct disc_medium *plain; /* what an empty image without a state is */
};

struct image_erased {
	const struct disc_medium *medium;
	uint64_t dropped;  /* bytes that the image had */
	bool was_blank;    /* nothing had to be done */
	bool had_checksum; /* its checksum was removed with the data */
};

/*
 * Erases the disc, if a real drive could erase its medium. 0: the blank is on storage. -errno with
 * *why: not erasable, the state is not that of the image, or storage failed; then the disc is
 * whole, or blank. A power cut leaves all of the old disc, or the blank.
 */
int image_erase(const struct image_erase *e, struct image_erased *out, struct refusal *why);

#endif
