/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds an image in a list by its name or label, or by the beginning of either. */
#ifndef CATALOG_MATCH_H
#define CATALOG_MATCH_H

#include <jansson.h>

#include "catalog/catalog.h"

#define MATCH_MAX 16u /* candidates that a refusal can name */

struct match {
	enum match_result {
		MATCH_ONE, /* the image is at[0] */
		MATCH_NONE,
		MATCH_MANY,   /* at[] has the candidates */
		MATCH_UNREAD, /* labels are missing in the list, one of them could match */
		MATCH_MORE,   /* the list is incomplete, so no match in it is unique */
	} result;
	bool by_label;
	size_t count; /* of all candidates; at[] has the first MATCH_MAX */
	const struct catalog_entry *at[MATCH_MAX];
};

/*
 * Finds the image of that name; otherwise, with A to Z the same as a to z, the only one of that
 * name; of that name in any folder; whose name begins with text, with its folders or without
 * them; of that label; whose label begins with text. Several names of one file are one image;
 * what is not a disc is found by its whole name only. *m points into the list.
 */
void match_find(const struct catalog_list *l, const char *text, struct match *m);
/* Returns the answer to a command that names no single image. folder is for the message. */
json_t *match_refusal(
	const struct catalog_list *l, const struct match *m, const char *text, const char *folder);

/*
 * Returns the answer to a command that names a folder: what is in it. NULL: no image of the list
 * is in a folder of that name.
 */
json_t *match_folder_refusal(const struct catalog_list *l, const char *folder);

/*
 * Returns the next usable image (back: the previous one) after the one in from, circularly;
 * with from->name NULL the first (the last). from->dev and from->ino find an image that has
 * another name in the list. Skips what is not a disc, and images for which ok() is false. NULL:
 * there is none.
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
