// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ctl/client.h"
#include "protocol/words.h"
#include "util/log.h"
#include "web/json_list.h"

#define ANSWER_MOST (4u << 20) /* bytes of an answer that is kept whole */
#define PIECE       16384u

struct question {
	struct link *link;
	struct link_reader reader;
	struct question *next;
	sd_event_source *io, *timer;
	char *line;
	struct json_text text;
	int fd, passed; /* the connection, and the descriptor that came over it */
	bool failed;
};

struct link {
	sd_event *event;
	const char *path;
	struct question *running, *waiting;
	unsigned count; /* of the running ones */
	bool ending;
};

static void start_next(struct link *l);

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void take_out(struct question **list, struct question *q)
{
	while (*list != q)
		list = &(*list)->next;
	*list = q->next;
}

/* Tells the asker, and frees the question. */
static void finish(struct question *q)
{
	struct link *l = q->link;
	json_t *answer = NULL;

	take_out(&l->running, q);
	l->count--;
	sd_event_source_disable_unref(q->io);
	sd_event_source_disable_unref(q->timer);
	if (q->fd >= 0)
		close(q->fd);
	if (!q->failed && !q->reader.piece && q->text.text)
		answer = json_loadb(q->text.text, q->text.len, 0, NULL);
	if (q->passed >= 0 && !answer) {
		close(q->passed);
		q->passed = -1;
	}
	q->reader.done(q->reader.ctx, answer, q->passed);
	json_decref(answer);
	free(q->text.text);
	free(q->line);
	free(q);
	start_next(l);
}

static unsigned seconds_of(const struct question *q)
{
	return q->reader.seconds ? q->reader.seconds : LINK_SECONDS;
}

static int on_late(sd_event_source *s, uint64_t usec, void *question)
{
	struct question *q = question;

	(void)s;
	(void)usec;
	q->failed = true;
	if (q->fd >= 0 && q->io)
		log_warn("the daemon gave no answer within %u s", seconds_of(q));
	finish(q);
	return 0;
}

/* Takes the descriptor out of the control messages. */
static void take_descriptor(struct question *q, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
			c->cmsg_len < CMSG_LEN(sizeof(int)))
			continue;
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		if (q->passed >= 0)
			close(q->passed);
		q->passed = fd;
	}
}

/* Takes bytes of the answer. False: it ends here. */
static bool take(struct question *q, const char *data, size_t n)
{
	const char *end = memchr(data, '\n', n);
	size_t len = end ? (size_t)(end - data) : n;

	if (q->reader.piece)
		q->failed = !q->reader.piece(q->reader.ctx, data, len);
	else
		q->failed = !json_text_add(&q->text, data, len, ANSWER_MOST);
	return !end && !q->failed;
}

/* Receives bytes, and a descriptor if there is one. As recv(). */
static ssize_t receive(struct question *q, char *buf, size_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(q->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n > 0)
		take_descriptor(q, &m);
	return n;
}

static int on_answer(sd_event_source *s, int fd, uint32_t events, void *question)
{
	struct question *q = question;
	char buf[PIECE];
	ssize_t n = receive(q, buf, sizeof(buf));

	(void)s;
	(void)fd;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		q->failed = true;
	if (n > 0 && take(q, buf, (size_t)n))
		return 0;
	finish(q);
	return 0;
}

/* 0 or -errno; then done() has still to be called. */
static int start(struct question *q)
{
	struct link *l = q->link;
	int r;

	q->fd = client_connect(l->path, 0);
	if (q->fd < 0)
		return q->fd;
	/* A line is shorter than what a socket takes at once. */
	r = client_send(q->fd, q->line);
	if (r == 0)
		r = sd_event_add_io(l->event, &q->io, q->fd, EPOLLIN, on_answer, q);
	return r < 0 ? r : 0;
}

static void start_next(struct link *l)
{
	while (l->waiting && l->count < LINK_QUESTIONS && !l->ending) {
		struct question *q = l->waiting;
		int r;

		l->waiting = q->next;
		q->next = l->running;
		l->running = q;
		l->count++;
		r = start(q);
		q->failed = r < 0;
		/* A question that cannot be asked is answered by the timer, at once. */
		if (sd_event_add_time_relative(l->event, &q->timer, CLOCK_MONOTONIC,
			    r < 0 ? 0 : seconds_of(q) * UINT64_C(1000000), 1000, on_late, q) < 0)
			finish(q);
	}
}

int link_new(sd_event *event, const char *path, struct link **out)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->event = event;
	l->path = path;
	*out = l;
	return 0;
}

void link_free(struct link *l)
{
	struct question *q;

	if (!l)
		return;
	l->ending = true;
	while (l->running) {
		l->running->failed = true;
		finish(l->running);
	}
	while ((q = l->waiting)) {
		l->waiting = q->next;
		q->reader.done(q->reader.ctx, NULL, -1);
		free(q->line);
		free(q);
	}
	free(l);
}

void link_ask(struct link *l, const char *line, const struct link_reader *reader)
{
	struct question *q = calloc(1, sizeof(*q)), **end = &l->waiting;

	if (q)
		q->line = strdup(line);
	if (!q || !q->line) {
		free(q);
		reader->done(reader->ctx, NULL, -1);
		return;
	}
	q->link = l;
	q->reader = *reader;
	q->fd = q->passed = -1;
	while (*end)
		end = &(*end)->next;
	*end = q;
	start_next(l);
}

void link_ask_words(
	struct link *l, const char *const *words, const bool *literal, const struct link_reader *r)
{
	char line[WORDS_LINE_MAX + 2];
	char *word[WORDS_MAX];
	int n = 0;

	while (words[n] && n < (int)WORDS_MAX) {
		memcpy(&word[n], &words[n], sizeof(word[n])); /* client_line() changes none */
		n++;
	}
	/* Too long, or no text: the daemon says so. */
	if (client_line(n, word, literal, line, sizeof(line)) < 0)
		strcpy(line, "\001\n");
	link_ask(l, line, r);
}

/* Reads until the end of the line. False: there is none in time. */
static bool read_line(struct question *q, uint64_t until)
{
	for (;;) {
		int64_t left = (int64_t)(until - now_ms());
		char buf[PIECE];
		ssize_t n;

		if (left <= 0 || !client_soon(q->fd, (int)left))
			return false;
		n = receive(q, buf, sizeof(buf));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		if (!take(q, buf, (size_t)n))
			return !q->failed;
	}
}

json_t *link_now(const char *path, const char *line, int ms, int *fd)
{
	struct question q = {.fd = client_connect(path, 0), .passed = -1};
	json_t *answer = NULL;

	if (q.fd >= 0 && client_send(q.fd, line) == 0 && read_line(&q, now_ms() + (uint64_t)ms))
		answer = json_loadb(q.text.text, q.text.len, 0, NULL);
	if (q.passed >= 0 && (!answer || !fd)) {
		close(q.passed);
		q.passed = -1;
	}
	if (fd)
		*fd = q.passed;
	if (q.fd >= 0)
		close(q.fd);
	free(q.text.text);
	return answer;
}
