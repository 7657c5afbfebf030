// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/line_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE 4096u

uint64_t line_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Takes a line out of the buffer. False: there is no whole one. */
static bool take(struct line_reader *r, char **line)
{
	char *end = r->len > r->at ? memchr(r->buf + r->at, '\n', r->len - r->at) : NULL;

	if (!end)
		return false;
	*end = '\0';
	*line = r->buf + r->at;
	r->at = (size_t)(end + 1 - r->buf);
	return true;
}

/* Makes room for another piece after what is left of the last one. */
static bool make_room(struct line_reader *r)
{
	char *grown;

	if (r->at > 0)
		memmove(r->buf, r->buf + r->at, r->len - r->at);
	r->len -= r->at;
	r->at = 0;
	if (r->size - r->len >= PIECE)
		return true;
	grown = realloc(r->buf, r->size + 4 * PIECE);
	if (!grown)
		return false;
	r->buf = grown;
	r->size += 4 * PIECE;
	return true;
}

static enum line_result wait_input(
	const struct line_reader *r, uint64_t until, const sigset_t *unblocked)
{
	struct pollfd p[] = {{.fd = r->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	uint64_t now = line_now(), left = until > now ? until - now : 0;
	struct timespec t = {
		.tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000};
	int n = ppoll(p, 2, until == UINT64_MAX ? NULL : &t, unblocked);

	if (n < 0)
		return errno == EINTR ? LINE_SIGNAL : LINE_END;
	if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		return LINE_NO_READER;
	return n == 0 ? LINE_TIMEOUT : LINE_READ;
}

enum line_result line_next(
	struct line_reader *r, uint64_t until, const sigset_t *unblocked, char **line)
{
	enum line_result result;
	ssize_t n;

	while (!take(r, line)) {
		result = wait_input(r, until, unblocked);
		if (result != LINE_READ)
			return result;
		if (!make_room(r))
			return LINE_END;
		n = recv(r->fd, r->buf + r->len, r->size - r->len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return LINE_END;
		if (n > 0)
			r->len += (size_t)n;
	}
	return LINE_READ;
}

void line_reader_free(struct line_reader *r)
{
	free(r->buf);
}
