// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients of the control socket. A client has one command under way at a time;
 * its next line is looked at when that is answered and the answer is sent.
 */
#include "control/control_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/log.h"

#define CLIENTS_MAX 64u

struct client {
	struct control *control;
	struct client *next; /* control::clients */
	int fd;
	sd_event_source *io;
	struct lines lines;
	char in[4096];
	size_t in_at, in_len;
	char *out;
	size_t out_at, out_len;
	struct asked *asked; /* the command under way */
	bool eof;
	bool stepping; /* client_step() is on the stack */
};

static const char no_memory[] =
	"{\"ok\":false,\"message\":\"out of memory\",\"code\":\"io-error\"}\n";
static const char too_many[] =
	"{\"ok\":false,\"message\":\"too many clients at once\",\"code\":\"busy\"}\n";
static const char unfinished[] = "{\"ok\":false,\"message\":\"a line without a newline at its end; "
				 "nothing was done\",\"code\":\"bad-line\"}\n";

static void client_free(struct client *cl)
{
	struct client **at = &cl->control->clients;

	while (*at != cl)
		at = &(*at)->next;
	*at = cl->next;
	cl->control->n_clients--;
	if (cl->asked)
		cl->asked->client = NULL;
	sd_event_source_disable_unref(cl->io);
	close(cl->fd);
	free(cl->out);
	free(cl);
}

/* 1: all sent; 0: the rest later; -errno. */
static int flush(struct client *cl)
{
	ssize_t n;

	while (cl->out_at < cl->out_len) {
		n = send(cl->fd, cl->out + cl->out_at, cl->out_len - cl->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		cl->out_at += (size_t)n;
	}
	free(cl->out);
	cl->out = NULL;
	cl->out_at = cl->out_len = 0;
	return 1;
}

/* 1: there is input to work on, or its end; 0: later; -errno. */
static int fill(struct client *cl)
{
	ssize_t n = read(cl->fd, cl->in, sizeof(cl->in));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	cl->in_at = 0;
	cl->in_len = (size_t)n;
	cl->eof = n == 0;
	if (cl->eof && lines_partial(&cl->lines)) {
		cl->out = strdup(unfinished);
		cl->out_len = cl->out ? strlen(cl->out) : 0;
		lines_reset(&cl->lines);
	}
	return 1;
}

static void take_line(struct client *cl)
{
	enum lines_event what;
	char *line;
	size_t len;
	bool event;

	cl->in_at += lines_take(
		&cl->lines, cl->in + cl->in_at, cl->in_len - cl->in_at, &event, &what, &line, &len);
	if (event)
		control_ask(cl->control, cl, what == LINES_LINE ? line : NULL, len);
}

/* As far as it goes; the client may be gone afterwards. */
static void client_step(struct client *cl)
{
	uint32_t wait = 0;
	int r = 1;

	cl->stepping = true;
	while (r == 1) {
		r = flush(cl);
		wait = EPOLLOUT;
		if (r != 1)
			break;
		wait = 0;
		if (cl->asked)
			break;
		if (cl->in_at < cl->in_len) {
			take_line(cl);
			continue;
		}
		if (cl->eof) {
			r = -ECONNRESET;
			break;
		}
		wait = EPOLLIN;
		r = fill(cl);
	}
	cl->stepping = false;
	if (r < 0) {
		client_free(cl);
		return;
	}
	/* With a command under way not even a hang-up is waited for: epoll would spin on it. */
	if (wait)
		sd_event_source_set_io_events(cl->io, wait);
	sd_event_source_set_enabled(cl->io, wait ? SD_EVENT_ON : SD_EVENT_OFF);
}

void client_set_asked(struct client *cl, struct asked *asked)
{
	cl->asked = asked;
}

void client_answer(struct client *cl, const json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	cl->asked = NULL;
	if (!text || asprintf(&cl->out, "%s\n", text) < 0)
		cl->out = strdup(no_memory);
	free(text);
	cl->out_at = 0;
	cl->out_len = cl->out ? strlen(cl->out) : 0;
	if (!cl->stepping)
		client_step(cl);
}

static int on_client(sd_event_source *s, int fd, uint32_t events, void *client)
{
	(void)s;
	(void)fd;
	(void)events;
	client_step(client);
	return 0;
}

static int on_accept(sd_event_source *s, int fd, uint32_t events, void *control)
{
	struct control *c = control;
	struct client *cl;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)s;
	(void)events;
	if (peer < 0)
		return 0;
	cl = c->n_clients < CLIENTS_MAX ? calloc(1, sizeof(*cl)) : NULL;
	if (!cl || sd_event_add_io(c->event, &cl->io, peer, EPOLLIN, on_client, cl) < 0) {
		(void)!send(peer, too_many, sizeof(too_many) - 1, MSG_NOSIGNAL);
		close(peer);
		free(cl);
		return 0;
	}
	cl->control = c;
	cl->fd = peer;
	cl->next = c->clients;
	c->clients = cl;
	c->n_clients++;
	return 0;
}

int client_listen(struct control *c, int gid)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, r;

	r = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", c->directory, c->socket);
	if (r >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Nobody may connect between bind and chown. */
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0) {
		close(fd);
		return r;
	}
	c->socket_fd = fd;
	if (fchownat(c->dir_fd, c->socket, (uid_t)-1, (gid_t)gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(c->dir_fd, c->socket, 0660, 0) < 0 || listen(fd, 16) < 0)
		return -errno;
	return sd_event_add_io(c->event, &c->socket_io, fd, EPOLLIN, on_accept, c);
}

void client_close_all(struct control *c)
{
	while (c->clients) {
		(void)flush(c->clients);
		client_free(c->clients);
	}
}
