// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/hub.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/client.h"
#include "protocol/field.h"
#include "util/log.h"
#include "web/json_list.h"

#define SUBJECTS  64u /* the daemon, drives, folders, uploads; and BURNED burned discs */
#define BURNED    16u /* the last burned discs; the daemon keeps as many */
#define LINE_MOST (256u * 1024u)
#define PING_US   UINT64_C(15000000)
#define RETRY_US  UINT64_C(2000000)

/* A subject of events, with its newest text. */
struct subject {
	char name[320];
	struct news *news;
};

/* A text that all listeners share, with a count of its users. */
struct news {
	unsigned users;
	uint64_t seq;
	size_t len;
	char text[];
};

struct listener {
	struct hub *hub;
	struct MHD_Connection *connection;
	struct news *now; /* being sent */
	size_t at;
	uint64_t told, joined; /* seq of what was told last, and when it began to listen */
	bool suspended, ping, greeted;
	bool over; /* its log-in has ended */
	struct auth_pass pass;
	struct listener *next;
};

struct hub {
	sd_event *event;
	const char *path, *hello;
	struct listener *listeners;
	unsigned count;
	struct subject subject[SUBJECTS];
	unsigned burned; /* counts, for the names of burned discs */
	uint64_t seq;
	int fd;
	sd_event_source *io, *ping, *retry;
	struct json_text line;
	bool answered; /* the first line has come: the answer to the verb */
	bool ending;
	bool *resumed; /* set when a connection goes on */
	struct auth *auth;
};

static void connect_daemon(struct hub *h);

/* ---- news ----------------------------------------------------------------------------------- */

static struct news *make_news(const char *event, uint64_t seq, const char *data)
{
	size_t size = strlen(data) + strlen(event) + 64;
	struct news *n = malloc(sizeof(*n) + size);

	if (!n)
		return NULL;
	n->users = 1;
	n->seq = seq;
	n->len = (size_t)snprintf(n->text, size, "event: %s\nid: %llu\ndata: %s\n\n", event,
		(unsigned long long)seq, data);
	return n;
}

static void drop_news(struct news *n)
{
	if (n && --n->users == 0)
		free(n);
}

static void wake(struct listener *l)
{
	if (!l->suspended)
		return;
	MHD_resume_connection(l->connection);
	l->suspended = false;
	*l->hub->resumed = true;
}

static void wake_all(struct hub *h)
{
	for (struct listener *l = h->listeners; l; l = l->next)
		wake(l);
}

/* Returns the place of the subject, or a free one; NULL: there are too many. */
static struct subject *place_of(struct hub *h, const char *name)
{
	struct subject *free_one = NULL;

	for (unsigned i = 0; i < SUBJECTS; i++) {
		struct subject *s = &h->subject[i];

		if (s->news && strcmp(s->name, name) == 0)
			return s;
		if (!s->news && !free_one)
			free_one = s;
	}
	return free_one;
}

static void tell(struct hub *h, const char *name, const char *event, const char *data)
{
	struct subject *s = place_of(h, name);
	struct news *n = s ? make_news(event, h->seq + 1, data) : NULL;

	if (!n)
		return;
	h->seq++;
	snprintf(s->name, sizeof(s->name), "%s", name);
	drop_news(s->news);
	s->news = n;
	wake_all(h);
}

static void forget_all(struct hub *h)
{
	for (unsigned i = 0; i < SUBJECTS; i++) {
		drop_news(h->subject[i].news);
		h->subject[i].news = NULL;
	}
}

/* ---- the daemon ----------------------------------------------------------------------------- */

/* Takes a line of the daemon, which is passed on as it is. */
static void take_line(struct hub *h, const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	const char *event = field_text(o, "event"), *about = "";
	char name[320];

	if (strcmp(event, "drive") == 0)
		about = field_text(json_object_get(o, "drive"), "name");
	else if (strcmp(event, "library") == 0 || strcmp(event, "upload") == 0)
		about = field_text(o, "folder");
	if (strcmp(event, "burned") == 0)
		snprintf(name, sizeof(name), "burned %u", h->burned++ % BURNED);
	else
		snprintf(name, sizeof(name), "%s %s", event, about);
	/* A newline in the event's name would begin another field; the line itself has none. */
	if (*event && event[strspn(event, "abcdefghijklmnopqrstuvwxyz-")] == '\0')
		tell(h, name, event, line);
	json_decref(o);
}

static void disconnect(struct hub *h)
{
	sd_event_source_disable_unref(h->io);
	h->io = NULL;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	h->line.len = 0;
}

static int on_retry(sd_event_source *s, uint64_t usec, void *hub)
{
	(void)s;
	(void)usec;
	connect_daemon(hub);
	return 0;
}

/* Says that the daemon is away, and tries again in a while. */
static void lost(struct hub *h)
{
	bool said = h->subject[0].news && strcmp(h->subject[0].name, "gone") == 0;

	disconnect(h);
	if (!said) {
		forget_all(h);
		tell(h, "gone", "gone", "{\"event\":\"gone\",\"code\":\"no-daemon\"}");
	}
	if (sd_event_source_set_time_relative(h->retry, RETRY_US) >= 0)
		(void)sd_event_source_set_enabled(h->retry, SD_EVENT_ONESHOT);
}

/* Takes the lines that are whole. False: the daemon refused. */
static bool take_lines(struct hub *h)
{
	char *at = h->line.text, *end;
	size_t left = h->line.len;

	while ((end = memchr(at, '\n', left))) {
		*end = '\0';
		if (h->answered) {
			take_line(h, at);
		} else {
			if (strncmp(at, "{\"ok\":true", 10) != 0) {
				log_warn("the daemon tells no events: %.200s", at);
				return false;
			}
			forget_all(h); /* forgets that the daemon was gone */
			h->answered = true;
		}
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	memmove(h->line.text, at, left);
	h->line.len = left;
	return true;
}

static int on_events(sd_event_source *s, int fd, uint32_t events, void *hub)
{
	struct hub *h = hub;
	char buf[8192];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	(void)s;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || !json_text_add(&h->line, buf, (size_t)n, LINE_MOST) || !take_lines(h))
		lost(h);
	return 0;
}

static void connect_daemon(struct hub *h)
{
	h->answered = false;
	h->fd = client_connect(h->path, 0);
	if (h->fd < 0 || client_send(h->fd, "events\n") < 0 ||
		sd_event_add_io(h->event, &h->io, h->fd, EPOLLIN, on_events, h) < 0)
		lost(h);
}

/* ---- listeners ------------------------------------------------------------------------------ */

void hub_end_old(struct hub *h)
{
	for (struct listener *l = h->listeners; l; l = l->next) {
		if (l->over || auth_holds(h->auth, &l->pass))
			continue;
		l->over = true;
		wake(l);
	}
}

/* A comment keeps proxies awake, and finds out who has left. */
static int on_ping(sd_event_source *s, uint64_t usec, void *hub)
{
	struct hub *h = hub;

	(void)usec;
	hub_end_old(h);
	for (struct listener *l = h->listeners; l; l = l->next) {
		l->ping = true;
		wake(l);
	}
	if (sd_event_source_set_time_relative(s, PING_US) >= 0)
		(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

/* Takes the oldest news that the listener has not been told. False: there are none. */
static bool take_news(struct listener *l)
{
	const struct hub *h = l->hub;
	struct news *best = NULL;

	for (unsigned i = 0; i < SUBJECTS; i++) {
		struct news *n = h->subject[i].news;

		if (!n || n->seq <= l->told || (best && n->seq >= best->seq))
			continue;
		/* Discs that were burned before are no news. */
		if (n->seq > l->joined || strncmp(h->subject[i].name, "burned ", 7) != 0)
			best = n;
	}
	if (!best)
		return false;
	best->users++;
	l->now = best;
	l->at = 0;
	l->told = best->seq;
	return true;
}

static bool take_something(struct listener *l)
{
	if (!l->greeted) {
		l->greeted = true;
		l->now = make_news("hello", 0, l->hub->hello);
		l->at = 0;
		return l->now != NULL;
	}
	return take_news(l);
}

/* Called by the library for the next bytes. */
static ssize_t on_read(void *listener, uint64_t pos, char *buf, size_t max)
{
	static const char ping[] = ":\n\n";
	struct listener *l = listener;
	size_t n;

	(void)pos;
	if (l->hub->ending || l->over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!l->now && !take_something(l)) {
		if (l->ping && max >= sizeof(ping)) {
			l->ping = false;
			memcpy(buf, ping, sizeof(ping) - 1);
			return (ssize_t)sizeof(ping) - 1;
		}
		l->suspended = true;
		MHD_suspend_connection(l->connection);
		return 0;
	}
	l->ping = false;
	n = l->now->len - l->at;
	n = n < max ? n : max;
	memcpy(buf, l->now->text + l->at, n);
	l->at += n;
	if (l->at == l->now->len) {
		drop_news(l->now);
		l->now = NULL;
	}
	return (ssize_t)n;
}

static void on_end(void *listener)
{
	struct listener *l = listener, **p = &l->hub->listeners;
	struct hub *h = l->hub;

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	drop_news(l->now);
	free(l);
	if (--h->count > 0)
		return;
	/* Nobody listens: the daemon need not look at its drives. */
	disconnect(h);
	forget_all(h);
	(void)sd_event_source_set_enabled(h->ping, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(h->retry, SD_EVENT_OFF);
}

struct MHD_Response *hub_listen(
	struct hub *h, struct MHD_Connection *connection, const struct auth_pass *pass)
{
	struct listener *l = h->count < HUB_LISTENERS ? calloc(1, sizeof(*l)) : NULL;
	struct MHD_Response *response =
		l ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_read, l, on_end)
		  : NULL;

	if (!response) {
		free(l);
		return NULL;
	}
	l->hub = h;
	l->connection = connection;
	l->pass = *pass;
	l->joined = h->seq;
	l->next = h->listeners;
	h->listeners = l;
	if (h->count++ == 0) {
		connect_daemon(h);
		if (sd_event_source_set_time_relative(h->ping, PING_US) >= 0)
			(void)sd_event_source_set_enabled(h->ping, SD_EVENT_ONESHOT);
	}
	return response;
}

unsigned hub_count(const struct hub *h)
{
	return h->count;
}

int hub_new(sd_event *event, const char *path, const char *hello, bool *resumed, struct auth *auth,
	struct hub **out)
{
	struct hub *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->event = event;
	h->path = path;
	h->hello = hello;
	h->resumed = resumed;
	h->auth = auth;
	h->fd = -1;
	r = sd_event_add_time(event, &h->ping, CLOCK_MONOTONIC, UINT64_MAX, 0, on_ping, h);
	if (r >= 0)
		r = sd_event_add_time(
			event, &h->retry, CLOCK_MONOTONIC, UINT64_MAX, 0, on_retry, h);
	if (r < 0) {
		hub_free(h);
		return r;
	}
	(void)sd_event_source_set_enabled(h->ping, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(h->retry, SD_EVENT_OFF);
	*out = h;
	return 0;
}

void hub_stop(struct hub *h)
{
	h->ending = true;
	wake_all(h);
}

void hub_free(struct hub *h)
{
	if (!h)
		return;
	disconnect(h);
	forget_all(h);
	sd_event_source_disable_unref(h->ping);
	sd_event_source_disable_unref(h->retry);
	free(h->line.text);
	free(h);
}
