/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives the text of a compact disc and its files other names, in an order in which a power cut
 * never loses one of them.
 */
#ifndef COMPACT_COMPACT_MOVE_H
#define COMPACT_COMPACT_MOVE_H

#include "library/disc_file.h"

/* All names are those of one folder. */
struct compact_move {
	const char *from, *to; /* of the text */
	const char *text;      /* the new text, which has the new names of the files */
	size_t length;
	unsigned parts; /* files that are renamed with it */
	char (*part_from)[256], (*part_to)[256];
};

/*
 * Returns the first new name that is taken, also if only by the state file or checksum of an
 * earlier disc of that name; NULL: all are free. Waits for storage.
 */
const char *compact_move_taken(struct folder *f, const struct compact_move *m);

/*
 * Renames the text and its files; the caller has found the new names free. 0: the disc has its new
 * names on storage. -EEXIST: a new name was taken meanwhile. -errno: the disc is whole under its
 * old names; if the old names could not be removed, it is whole under the new ones, and some or all
 * of the old ones are there as well.
 *
 * With hard links, the files first get the new names beside the old ones, then the new text is
 * made, and then the old text and the old names are removed: after a power cut the disc is whole
 * under one of its names, or both; its files may have names that no text has. On file systems
 * without hard links (FAT), a power cut between two files leaves both texts, each of which names
 * files that have the name of the other. Any thread; waits for storage.
 */
int compact_move(struct folder *f, const struct compact_move *m, struct disc_files *done);

#endif
