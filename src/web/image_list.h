/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's answer to list, filtered while it arrives. Pure but for the allocator. */
#ifndef WEB_IMAGE_LIST_H
#define WEB_IMAGE_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "web/json_list.h"

#define IMAGE_LIST_LIMIT 200u

/* Selects the images of the list. A text that is NULL selects all. */
struct image_filter {
	const char *part;  /* of name or label, in any case of its ASCII letters */
	const char *kind;  /* only these kinds, joined by commas; also "burned", "verified" */
	const char *after; /* only names after this one */
	const char *name;  /* exactly this one; part and kind do not count then */
	unsigned limit;    /* at most so many */
};

/* All members but filter and list 0; image_list_begin() sets these. */
struct image_list {
	struct image_filter filter;
	struct json_list list;
	struct json_text images; /* joined by commas */
	unsigned kept, matched;
	char *last;  /* name of the last one that was kept */
	bool more;   /* others follow it */
	bool failed; /* no memory, or the images are too many bytes */
};

void image_list_begin(struct image_list *l, const struct image_filter *filter);
/* Takes the next bytes of the answer. False: it cannot be read. */
bool image_list_feed(struct image_list *l, const char *data, size_t n);
/*
 * Returns the answer with the images that were wanted, and with matched and next, as text to be
 * freed. NULL: it could not be read. *ok: what the daemon said.
 */
char *image_list_end(struct image_list *l, bool *ok);
void image_list_free(struct image_list *l);

#endif
