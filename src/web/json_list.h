/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes a JSON object apart whose one member is a long list of objects, as the daemon's answer to
 * list is, so that nobody needs memory for all of it. Pure.
 */
#ifndef WEB_JSON_LIST_H
#define WEB_JSON_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_LIST_ELEMENT 65536u   /* bytes of an element, at most */
#define JSON_LIST_REST    1048576u /* bytes of all the rest */

/* A text that grows. All members 0 at the beginning. */
struct json_text {
	char *text; /* with a 0 after it; NULL = nothing yet */
	size_t len, size;
};

/* All members but the first three 0 at the beginning. */
struct json_list {
	const char *key; /* of the list */
	/* Called for each element: an object as text. */
	void (*element)(void *ctx, const char *text, size_t len);
	void *ctx;
	struct json_text rest; /* everything else, with an empty list */
	struct json_text one;
	unsigned depth;
	bool string, escaped, inside, failed;
	char last[16]; /* the string that was read last */
	size_t last_len;
};

/* Takes the next bytes. False: no memory, too large, or it is no object. */
bool json_list_feed(struct json_list *l, const char *data, size_t n);
void json_list_free(struct json_list *l);

/* Appends, at most until max bytes. False: no memory, or more than max. */
bool json_text_add(struct json_text *t, const char *data, size_t n, size_t max);

#endif
