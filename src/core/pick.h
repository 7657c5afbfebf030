/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which image of a list is meant. */
#ifndef CORE_PICK_H
#define CORE_PICK_H

#include <jansson.h>

#include "core/shelf.h"

#define PICK_MAX 16u /* candidates that are kept to be named */

struct pick {
	enum pick_result {
		PICK_ONE, /* it is at[0] */
		PICK_NONE,
		PICK_MANY,   /* it could be any of at[] */
		PICK_UNREAD, /* not all labels are known yet */
		PICK_MORE,   /* the list is not whole, so nothing in it is unique */
	} result;
	bool by_label;
	size_t count; /* all candidates; those above PICK_MAX are not in at[] */
	const struct shelf_entry *at[PICK_MAX];
};

/*
 * The image of that name; else the only one whose name begins with text; else the
 * only one of that label, in capitals or not; else the only one whose label begins
 * with it. Several names of one file are one image.
 */
void pick_find(const struct shelf_list *l, const char *text, struct pick *p);
/* The answer to anyone that is not PICK_ONE. folder: for the message. */
json_t *pick_refusal(
	const struct shelf_list *l, const struct pick *p, const char *text, const char *folder);

/*
 * The usable image behind (back: before) the one of that name in the list, round and
 * round; name NULL: the first (the last). dev and ino help where the name is not in the
 * list as such. ok: one more thing to be asked. NULL: there is none.
 */
struct pick_from {
	const char *name;
	dev_t dev;
	ino_t ino;
};
const struct shelf_entry *pick_step(const struct shelf_list *l, const struct pick_from *from,
	bool back, bool (*ok)(const struct shelf_entry *e, void *ctx), void *ctx);

#endif
