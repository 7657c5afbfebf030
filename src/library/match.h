/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which image of a list is meant. */
#ifndef LIBRARY_MATCH_H
#define LIBRARY_MATCH_H

#include <jansson.h>

#include "library/catalog.h"

#define MATCH_MAX 16u /* candidates that are kept to be named */

struct match {
	enum match_result {
		MATCH_ONE, /* it is at[0] */
		MATCH_NONE,
		MATCH_MANY,   /* it could be any of at[] */
		MATCH_UNREAD, /* not all labels are known yet */
		MATCH_MORE,   /* the list is not whole, so nothing in it is unique */
	} result;
	bool by_label;
	size_t count; /* all candidates; those above MATCH_MAX are not in at[] */
	const struct catalog_entry *at[MATCH_MAX];
};

/*
 * The image of that name; else the only one whose name begins with text; else the
 * only one of that label, in capitals or not; else the only one whose label begins
 * with it. Several names of one file are one image.
 */
void match_find(const struct catalog_list *l, const char *text, struct match *p);
/* The answer to anyone that is not MATCH_ONE. folder: for the message. */
json_t *match_refusal(
	const struct catalog_list *l, const struct match *p, const char *text, const char *folder);

/*
 * The usable image behind (back: before) the one of that name in the list, round and
 * round; name NULL: the first (the last). dev and ino help where the name is not in the
 * list as such. ok: one more thing to be asked. NULL: there is none.
 */
struct match_from {
	const char *name;
	dev_t dev;
	ino_t ino;
};
const struct catalog_entry *match_neighbour(const struct catalog_list *l,
	const struct match_from *from, bool back,
	bool (*ok)(const struct catalog_entry *e, void *ctx), void *ctx);

#endif
