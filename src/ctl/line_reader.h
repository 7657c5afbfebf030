/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a connection that keeps sending them. */
#ifndef CTL_LINE_READER_H
#define CTL_LINE_READER_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/* All members but fd 0: nothing read yet. */
struct line_reader {
	int fd;
	char *buf;
	size_t at, len, size;
};

enum line_result { LINE_READ, LINE_TIMEOUT, LINE_SIGNAL, LINE_END, LINE_NO_READER };

/*
 * Waits for the next line: *line, without its newline, is valid until the next call. until: us of
 * a monotonic clock, UINT64_MAX = for ever; LINE_TIMEOUT then. unblocked: the signal mask during
 * the wait, in which the signals that may end it (LINE_SIGNAL) are not blocked; NULL = it stays.
 * LINE_END: the daemon hung up, or reading failed. LINE_NO_READER: nobody reads standard output any
 * more.
 */
enum line_result line_next(
	struct line_reader *r, uint64_t until, const sigset_t *unblocked, char **line);
void line_reader_free(struct line_reader *r);

/* us of a monotonic clock. */
uint64_t line_now(void);

#endif
