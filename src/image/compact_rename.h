/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renames a compact disc: its text, and the files that have their names from it. */
#ifndef IMAGE_COMPACT_RENAME_H
#define IMAGE_COMPACT_RENAME_H

#include "library/disc_file.h"
#include "library/image_refusal.h"
#include "library/library.h"

struct compact_renamed {
	struct disc_files text; /* as of disc_file_rename() or disc_file_delete() */
	unsigned parts;         /* files that were renamed with it */
	unsigned kept;          /* files of the disc that keep their names */
};

/*
 * Renames the disc of the text f in its folder to `to`, a name with the same suffix. A file goes
 * along if its name begins with that of the text ("x.cue": "x.bin", "x (Track 1).bin"), it belongs
 * to this disc alone, and the text names it without escapes or other spelling (upper and lower case
 * may differ, and a path before the name stays). The new text is resolved before anything changes,
 * and must be the same disc. If the text is not a disc, only the text is renamed. A .ccd, which
 * finds its files by its own name, is renamed with all of them or not at all. 0: the new names are
 * on storage. -errno: *why has the reason, or an empty text if disc_file_rename() failed; that
 * function and compact_move() say which names the disc has then. Any thread; waits for storage and
 * the resolver.
 */
int compact_rename(struct folder *folder, const struct library_file *f, const char *to,
	struct compact_renamed *out, struct refusal *why);

#endif
