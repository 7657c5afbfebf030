/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a compact disc whose text names them: which of them belong to it alone, and are
 * renamed and deleted with it. Any thread; waits for storage and the resolver.
 */
#ifndef COMPACT_COMPACT_PARTS_H
#define COMPACT_COMPACT_PARTS_H

#include <stdbool.h>

#include "compact/resolver.h"
#include "library/library.h"

#define COMPACT_PARTS_MAX CD_MAX_FILES

/*
 * True if a file of that name, which a text names, is a part of the disc and nothing else: it is
 * not listed, and is renamed and deleted with the disc. False for a disc of its own ("x.iso",
 * another text), and for the state and the checksum of one.
 */
bool image_compact_is_part(const char *name);

/*
 * Opens the file that the resolver has seen, and no other one of that name. A descriptor; -ESTALE:
 * the name has another file now, or the file another size; -errno.
 */
int compact_parts_open(const struct library_file *text, const struct resolver_file *file);
/* True if anybody has locked the file: a drive, or a program that writes it. */
bool compact_parts_is_locked(const struct library_file *text, const struct resolver_file *file);

/*
 * Finds the parts of the disc d, which the text f describes, except files that another text of the
 * folder names, or seems to name while it is not a disc yet. A file that was burned, or is a blank,
 * is a disc of its own, and not a part. The number of parts; -EBUSY: one of them is in use.
 */
int compact_parts_own(const struct library_file *f, const struct resolver_disc *d,
	struct resolver_file parts[COMPACT_PARTS_MAX]);
/*
 * The same for a text that is not resolved yet: 0 also if it is not a disc; -ENOPKG: there is no
 * resolver; -ENOMEM.
 */
int compact_parts_find(const struct library_file *f, struct resolver_file parts[COMPACT_PARTS_MAX]);

/*
 * True if a text beside the file is a disc of which the file is a part; owner is the text's name.
 * False for a disc of its own.
 */
bool compact_parts_owner(const struct library_file *f, char owner[256]);

#endif
