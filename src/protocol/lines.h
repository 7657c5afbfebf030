/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes in, lines out: the same for the FIFO and for each client of the socket. */
#ifndef PROTOCOL_LINES_H
#define PROTOCOL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/words.h"

struct lines {
	char buf[WORDS_LINE_MAX + 1];
	size_t len;
	bool skipping; /* in a line that was too long, up to its newline */
};

enum lines_event {
	LINES_LINE,    /* a line of len bytes; line[len] may be written to */
	LINES_TOO_LONG /* told once, when the line grows over WORDS_LINE_MAX; line is NULL */
};

/*
 * Takes bytes until an event; returns how many it took. *event is set when
 * there is one: *line, *len are valid until the next call. Empty lines (also
 * with a carriage return) are no event.
 */
size_t lines_take(struct lines *l, const char *data, size_t n, bool *event, enum lines_event *what,
	char **line, size_t *len);

/* Bytes of an unfinished line are waiting. */
bool lines_partial(const struct lines *l);
void lines_reset(struct lines *l);

#endif
