// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/answer.h"
#include "protocol/lines.h"
#include "util/log.h"

#define CLIENTS_MAX  64u
#define LARGE_ANSWER (1024u * 1024u) /* bytes; more than a socket takes at once */

struct control_socket {
	struct control_socket_config config;
	char *name;
	int fd;
	sd_event *event;
	sd_event_source *io;
	struct control_client *clients;
	unsigned count; /* of clients without a stream */
};

struct control_client {
	struct control_socket *socket;
	struct control_client *next; /* control_socket::clients */
	int fd;
	sd_event_source *io;
	struct lines lines;
	char in[4096];
	size_t in_at, in_len;
	char *out;
	size_t out_at, out_len;
	int out_fd;       /* goes with the first byte of out; -1 = none */
	bool has_command; /* a line runs, its answer is due */
	struct control_stream *stream;
	bool eof;
	bool stepping; /* client_step() is on the stack */
};

static const char no_memory[] =
	"{\"ok\":false,\"message\":\"out of memory\",\"code\":\"io-error\",\"format\":1}\n";
static const char too_many[] =
	"{\"ok\":false,\"message\":\"too many clients at once\",\"code\":\"busy\",\"format\":1}\n";
static const char unfinished[] = "{\"ok\":false,\"message\":\"a line without a newline at its end; "
				 "nothing was done\",\"code\":\"bad-line\",\"format\":1}\n";

static void client_free(struct control_client *cl)
{
	struct control_client **at = &cl->socket->clients;

	while (*at != cl)
		at = &(*at)->next;
	*at = cl->next;
	if (cl->stream)
		cl->stream->gone(cl->stream);
	else
		cl->socket->count--;
	sd_event_source_disable_unref(cl->io);
	if (cl->out_fd >= 0)
		close(cl->out_fd);
	close(cl->fd);
	free(cl->out);
	free(cl);
}

/*
 * A list of ten thousand images takes 17 MB while it is made, all of it free again when the answer
 * has been sent. glibc keeps it, because the labels that stay cached lie in between.
 */
static void give_back_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* Sends what is left of the answer, and the descriptor. Bytes or -errno. */
static ssize_t send_some(struct control_client *cl)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec data = {cl->out + cl->out_at, cl->out_len - cl->out_at};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1};
	ssize_t n;

	if (cl->out_fd >= 0) {
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &cl->out_fd, sizeof(int));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.space);
	}
	n = sendmsg(cl->fd, &m, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	if (cl->out_fd >= 0 && n > 0) {
		close(cl->out_fd);
		cl->out_fd = -1;
	}
	return n;
}

/* 1: all was sent; 0: the kernel takes the rest later; -errno. */
static int flush(struct control_client *cl)
{
	ssize_t n;

	while (cl->out_at < cl->out_len) {
		n = send_some(cl);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		cl->out_at += (size_t)n;
	}
	free(cl->out);
	if (cl->out_len >= LARGE_ANSWER)
		give_back_memory();
	cl->out = NULL;
	cl->out_at = cl->out_len = 0;
	return 1;
}

/* 1: input was read, or its end; 0: there is none yet; -errno. */
static int read_input(struct control_client *cl)
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

static void take_line(struct control_client *cl)
{
	const struct control_socket_config *c = &cl->socket->config;
	enum lines_event what;
	char *line;
	size_t len;
	bool event;

	cl->in_at += lines_take(
		&cl->lines, cl->in + cl->in_at, cl->in_len - cl->in_at, &event, &what, &line, &len);
	if (!event)
		return;
	cl->has_command = true;
	c->run_line(c->ctx, cl, what == LINES_LINE ? line : NULL, len);
}

/* Takes the next text of the stream; otherwise drops input. As read_input(). */
static int step_stream(struct control_client *cl)
{
	ssize_t n;

	cl->out = cl->stream->next(cl->stream);
	cl->out_len = cl->out ? strlen(cl->out) : 0;
	if (cl->out)
		return 1;
	/* A client may close its own side after the line: what it asked for goes on. */
	if (cl->eof)
		return 0;
	n = read(cl->fd, cl->in, sizeof(cl->in));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	cl->eof = n == 0;
	return 1;
}

/* Sends, runs lines and reads until one of them has to wait. May free the client. */
static void client_step(struct control_client *cl)
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
		if (cl->has_command)
			break;
		if (cl->stream) {
			r = step_stream(cl);
			wait = cl->eof ? 0 : EPOLLIN;
			continue;
		}
		if (cl->in_at < cl->in_len) {
			take_line(cl);
			continue;
		}
		if (cl->eof) {
			r = -ECONNRESET;
			break;
		}
		wait = EPOLLIN;
		r = read_input(cl);
	}
	cl->stepping = false;
	if (r < 0) {
		client_free(cl);
		return;
	}
	/*
	 * While a command runs, epoll watches for nothing: it would report a hang-up again and
	 * again. Of a stream, a hang-up is the end.
	 */
	if (wait || cl->stream)
		sd_event_source_set_io_events(cl->io, wait);
	sd_event_source_set_enabled(cl->io, wait || cl->stream ? SD_EVENT_ON : SD_EVENT_OFF);
}

void control_client_answer(struct control_client *cl, const json_t *answer)
{
	control_client_answer_text(cl, answer ? answer_text(answer) : NULL);
}

void control_client_answer_fd(struct control_client *cl, const json_t *answer, int fd)
{
	/* An answer that there is no memory for has no descriptor. */
	if (answer)
		cl->out_fd = fd;
	else
		close(fd);
	control_client_answer(cl, answer);
}

int control_client_fd(const struct control_client *cl)
{
	return cl->fd;
}

void control_client_answer_text(struct control_client *cl, char *text)
{
	size_t n = text ? strlen(text) : 0;
	char *line = text ? realloc(text, n + 2) : NULL;

	if (line)
		strcpy(line + n, "\n");
	else
		free(text);
	cl->has_command = false;
	cl->out = line ? line : strdup(no_memory);
	cl->out_at = 0;
	cl->out_len = cl->out ? strlen(cl->out) : 0;
	if (!cl->stepping)
		client_step(cl);
}

void control_client_stream(
	struct control_client *cl, const json_t *answer, struct control_stream *s)
{
	cl->stream = s;
	cl->socket->count--;
	control_client_answer(cl, answer);
}

void control_client_more(struct control_client *cl)
{
	/* Otherwise it is sending, and takes the next text by itself. */
	if (!cl->stepping && !cl->out)
		client_step(cl);
}

static int on_client(sd_event_source *s, int fd, uint32_t events, void *client)
{
	struct control_client *cl = client;

	(void)s;
	(void)fd;
	if (cl->stream && (events & (EPOLLHUP | EPOLLERR)))
		client_free(cl);
	else
		client_step(cl);
	return 0;
}

static int on_accept(sd_event_source *source, int fd, uint32_t events, void *socket)
{
	struct control_socket *s = socket;
	struct control_client *cl;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source;
	(void)events;
	if (peer < 0)
		return 0;
	cl = s->count < CLIENTS_MAX ? calloc(1, sizeof(*cl)) : NULL;
	if (!cl || sd_event_add_io(s->event, &cl->io, peer, EPOLLIN, on_client, cl) < 0) {
		(void)!send(peer, too_many, sizeof(too_many) - 1, MSG_NOSIGNAL);
		close(peer);
		free(cl);
		return 0;
	}
	cl->socket = s;
	cl->fd = peer;
	cl->out_fd = -1;
	cl->next = s->clients;
	s->clients = cl;
	s->count++;
	return 0;
}

static int bind_socket(const struct control_socket_config *c)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, r;

	r = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", c->directory, c->name);
	if (r >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Keeps other users from connecting between bind and chown. */
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int control_socket_new(
	const struct control_socket_config *config, sd_event *event, struct control_socket **out)
{
	struct control_socket *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->config.directory = s->config.name = NULL;
	s->event = sd_event_ref(event);
	s->name = strdup(config->name);
	s->fd = s->name ? bind_socket(config) : -ENOMEM;
	if (s->fd < 0)
		r = s->fd;
	else if (fchownat(config->dir_fd, s->name, (uid_t)-1, config->group, AT_SYMLINK_NOFOLLOW) <
			 0 ||
		 fchmodat(config->dir_fd, s->name, 0660, 0) < 0 || listen(s->fd, 16) < 0)
		r = -errno;
	if (r == 0)
		r = sd_event_add_io(event, &s->io, s->fd, EPOLLIN, on_accept, s);
	if (r < 0) {
		control_socket_free(s);
		return r;
	}
	*out = s;
	return 0;
}

void control_socket_free(struct control_socket *s)
{
	if (!s)
		return;
	while (s->clients) {
		(void)flush(s->clients);
		client_free(s->clients);
	}
	sd_event_source_disable_unref(s->io);
	sd_event_unref(s->event);
	/* Only a socket that was bound here is removed. */
	if (s->fd >= 0) {
		unlinkat(s->config.dir_fd, s->name, 0);
		close(s->fd);
	}
	free(s->name);
	free(s);
}
