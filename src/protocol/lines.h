/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits a stream of bytes into lines, for the FIFO and for each client of the socket. */
#ifndef PROTOCOL_LINES_H
#define PROTOCOL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/words.h"

struct lines {
	char buf[WORDS_LINE_MAX + 1];
	size_t len;
	bool skipping; /* the rest of a line that is too long */
};

enum lines_event {
	LINES_LINE,    /* a line of len bytes; line[len] may be written to */
	LINES_TOO_LONG /* once, when a line grows longer than WORDS_LINE_MAX; line is NULL */
};

/*
 * Takes bytes until an event; returns how many it took. If *event is true, *what is the event,
 * and *line and *len are valid until the next call. Lines that are empty, or of spaces and tabs
 * alone, are not an event (also with a carriage return at the end).
 */
size_t lines_take(struct lines *l, const char *data, size_t n, bool *event, enum lines_event *what,
	char **line, size_t *len);

/* True if the beginning of a line has been taken, but not its end. */
bool lines_partial(const struct lines *l);
/* Drops the beginning of a line. */
void lines_reset(struct lines *l);

#endif
