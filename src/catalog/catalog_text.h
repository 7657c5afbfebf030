/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of compact discs (cue, ccd, toc) in a scan: each is one disc, and the files that it names
 * are not discs of their own. Used by the scan alone.
 */
#ifndef CATALOG_CATALOG_TEXT_H
#define CATALOG_CATALOG_TEXT_H

#include "catalog/catalog.h"
#include "library/library.h"

struct catalog_text; /* a text, as a scan found it */

/* The texts of a scan. All members except old and olds are 0 at first. */
struct catalog_texts {
	const struct catalog_text *old; /* of the scan before */
	size_t olds;
	struct catalog_text *at; /* of this one: the caller releases it with catalog_texts_fini() */
	size_t count, room;
};

/*
 * Fills in what the text e is. resolve: the text may be resolved if it is not cached. If it is
 * neither cached nor resolved, n->tracks is all 0 and n->label is NULL.
 */
void catalog_text_look(struct catalog_texts *t, int folder, const struct library_entry *e,
	bool resolve, struct catalog_entry *n);
/* Fills in what an empty file with the name of a text is. */
void catalog_text_empty(struct catalog_entry *n);
/* Frees what an entry of a list points to. */
void catalog_entry_fini(struct catalog_entry *e);
/*
 * Removes the entries that are parts of discs from the list. If a text is not a disc, for example
 * because a file is missing, the other files that it names stay in the list, but not as discs. An
 * empty file that a text names is not a blank: it is probably being copied.
 */
void catalog_text_hide_parts(const struct catalog_texts *t, struct catalog_list *list);
/* Sorts what the scan has found, for the next one. */
void catalog_texts_sort(struct catalog_texts *t);
void catalog_texts_fini(struct catalog_text *at, size_t count);

#endif
