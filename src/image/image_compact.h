/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compact disc whose text names its files, or a CHD: opened as one disc. Any thread; waits for
 * storage. */
#ifndef IMAGE_IMAGE_COMPACT_H
#define IMAGE_IMAGE_COMPACT_H

#include "compact/compact_parts.h"
#include "compact/resolver.h"
#include "image/image.h"
#include "library/disc_file.h"
#include "library/library.h"

/*
 * Opens the disc of the text or CHD f as image_open() does; out has its name and path already.
 * Every file of the disc is open and locked against writing until the disc is closed. 0, or -errno
 * with *why.
 */
int image_compact_open(const struct library_file *f, const struct image_policy *policy,
	struct image *out, struct refusal *why);
/* The same for a file of sectors without a text; form as of image_raw_form(). */
int image_compact_open_raw(const struct library_file *f, int form,
	const struct image_policy *policy, struct image *out, struct refusal *why);

/* Bytes of all files of the disc. */
uint64_t image_compact_size(const struct resolver_disc *d);
/* A number that another map, or another file, makes another one; see struct image. */
uint64_t image_compact_composition(const struct resolver_disc *d);

struct image_compact_deleted {
	struct disc_files text; /* as of disc_file_delete() */
	unsigned parts;         /* files that the text named */
	uint64_t bytes;         /* that they took */
};
/*
 * Deletes the disc of the text f in its folder: the text, then the files that belong to it alone,
 * which are those that no other text of the folder names. A file that was burned, or is a blank, is
 * a disc of its own and stays. If the text is not a disc, only the text goes. A power cut can leave
 * files without their text. 0; -EBUSY: one of the files is in a drive or in use by another program;
 * -ENOPKG: there is no resolver, so that nobody knows its files; and nothing was deleted. -errno as
 * of disc_file_delete(), or of a file.
 */
int image_compact_delete(
	struct folder *folder, const struct library_file *f, struct image_compact_deleted *out);

#endif
