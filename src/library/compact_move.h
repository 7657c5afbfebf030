/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives the text of a compact disc and its files other names, in an order in which a power cut
 * never loses one of them.
 */
#ifndef LIBRARY_COMPACT_MOVE_H
#define LIBRARY_COMPACT_MOVE_H

#include "library/disc_file.h"

/* All names are those of one folder. */
struct compact_move {
	const char *from, *to; /* of the text */
	const char *text;      /* what the new text says: the new names of the files */
	size_t length;
	unsigned parts; /* files that are renamed with it */
	char (*part_from)[256], (*part_to)[256];
};

/*
 * Returns the first new name that is taken, also by what an earlier disc of that name has left;
 * NULL: all are free. Waits for storage.
 */
const char *compact_move_taken(struct folder *f, const struct compact_move *m);

/*
 * Renames all of it; the caller has found the names free. 0: the disc has its new names on storage.
 * -errno: it has the old ones; -EEXIST: a name was taken meanwhile.
 *
 * Where a file can have two names, the files get the new ones beside the old ones, then the new
 * text is made, and then the old text and the old names are removed: after a power cut the disc is
 * whole under one of its names, or both; it may leave second names of its files. On other file
 * systems (FAT), a power cut between two files leaves both texts, of which each names files that
 * have the name of the other. Any thread; waits for storage.
 */
int compact_move(struct folder *f, const struct compact_move *m, struct disc_files *done);

#endif
