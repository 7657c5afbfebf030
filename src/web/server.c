// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/log.h"
#include "web/front.h"
#include "web/peer.h"
#include "web/routes.h"
#include "web/tally.h"
#include "web/upload.h"

#define LISTENERS  8u
#define POOL       65536u /* bytes for a request's headers */
#define SECOND     UINT64_C(1000000)
#define HEADERS_US (10 * SECOND) /* for all headers of a request, after the connection */
#define KEEP_US    (30 * SECOND) /* for the next request on the same connection */
#define BODY_US    (10 * SECOND) /* for a body in JSON or a form */
#define MOVE_US    (60 * SECOND) /* for each MOVE_BYTES of an upload */
#define MOVE_BYTES 1024u
#define SILENCE    65u /* seconds; for what the other end does not take */
/*
 * How often, and how long, the library may run before other events have their turn. Each time is
 * one recv() or sendfile() of each connection that is busy.
 */
#define RUNS       16u
#define RUNS_US    20000u

/* A connection. */
struct conn {
	struct server *server;
	struct conn *next;
	int fd;
	struct in6_addr peer, own;
	bool local;        /* loopback, or a socket of the file system */
	uint64_t deadline; /* us of the monotonic clock; 0: none */
	uint64_t moved;    /* bytes of the body since the deadline was set */
	struct request *request;
};

/* A timer whose time moves often. */
struct timer {
	sd_event_source *source;
	uint64_t at; /* for which it is set; UINT64_MAX: it is off */
};

struct server {
	struct web *web;
	struct MHD_Daemon *mhd;
	sd_event_source *listening[LISTENERS], *epoll, *post, *idle;
	struct timer library, deadlines;
	unsigned listeners;
	struct conn *conns;
	unsigned count, remote;
	struct tally refused; /* connections */
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec / 1000;
}

/* ---- timers --------------------------------------------------------------------------------- */

static void set_timer(sd_event_source *s, uint64_t at)
{
	if (at != UINT64_MAX)
		(void)sd_event_source_set_time(s, at);
	(void)sd_event_source_set_enabled(s, at == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/*
 * The times move with each piece of an upload or a download. A timer that comes too early only
 * looks again, so it is set for earlier times alone.
 */
static void set_moving_timer(struct timer *t, uint64_t at)
{
	if (at != UINT64_MAX && t->at <= at)
		return;
	if (t->at != at)
		set_timer(t->source, at);
	t->at = at;
}

/* Whether the library would go on at once. */
static bool is_busy(const struct server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(s->mhd, &ms) == MHD_YES && ms == 0;
}

/* Sets all timers as they are needed now; without connections there are none but the last. */
static void set_timers(struct server *s)
{
	uint64_t first = UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG ms;
	int enabled = SD_EVENT_OFF;

	for (const struct conn *c = s->conns; c; c = c->next) {
		if (c->deadline && c->deadline < first)
			first = c->deadline;
	}
	set_moving_timer(&s->deadlines, first);
	set_moving_timer(&s->library, s->conns && MHD_get_timeout(s->mhd, &ms) == MHD_YES
					      ? now_us() + ms * 1000
					      : UINT64_MAX);
	(void)sd_event_source_get_enabled(s->idle, &enabled);
	if (s->conns || s->web->config.idle == 0)
		set_timer(s->idle, UINT64_MAX);
	else if (enabled == SD_EVENT_OFF)
		set_timer(s->idle, now_us() + s->web->config.idle * SECOND);
}

static void run_library(struct server *s)
{
	uint64_t end = now_us() + RUNS_US;
	unsigned runs = 0;

	do {
		s->web->resumed = false;
		(void)MHD_run(s->mhd);
	} while (++runs < RUNS && is_busy(s) && now_us() < end);
	set_timers(s);
}

static int on_library(sd_event_source *source, uint64_t usec, void *server)
{
	struct server *s = server;

	(void)source;
	(void)usec;
	s->library.at = UINT64_MAX; /* it has come, and is off */
	run_library(s);
	return 0;
}

static int on_epoll(sd_event_source *source, int fd, uint32_t events, void *server)
{
	(void)source;
	(void)fd;
	(void)events;
	run_library(server);
	return 0;
}

/* After each event: the library does not notice by itself which connections go on. */
static int on_post(sd_event_source *source, void *server)
{
	struct server *s = server;

	(void)source;
	if (s->web->resumed)
		run_library(s);
	return 0;
}

/* Ends the connections that have taken too long. The library finds out by itself. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *server)
{
	struct server *s = server;
	uint64_t now = now_us();

	(void)source;
	(void)usec;
	s->deadlines.at = UINT64_MAX; /* it has come, and is off */
	for (struct conn *c = s->conns; c; c = c->next) {
		if (!c->deadline || c->deadline > now)
			continue;
		/* While the card is slow, the other end cannot move. */
		if (c->request && c->request->suspended) {
			c->deadline = now + MOVE_US;
			continue;
		}
		c->deadline = 0;
		(void)shutdown(c->fd, SHUT_RDWR);
	}
	run_library(s);
	return 0;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *server)
{
	struct server *s = server;

	(void)usec;
	if (s->conns)
		return 0;
	/* Data that was sent is still being saved. */
	if (!uploads_are_idle(s->web->uploads)) {
		set_timer(source, now_us() + SECOND);
		return 0;
	}
	log_info("nobody was connected for %u s", s->web->config.idle);
	return sd_event_exit(s->web->event, 0);
}

/* ---- requests ------------------------------------------------------------------------------- */

/* The body is here. */
static void finish(struct request *r)
{
	const struct route *route = r->route;

	if (r->taken)
		r->taken(r);
	else if (front_form_is_own(r, route))
		route->run(r);
	else
		reply_error(r, "other-site", "This form is too old; go back and look again.");
}

/* The other end has time again for each MOVE_BYTES. */
static void note_moved(struct conn *c, size_t n)
{
	c->moved += n;
	if (c->moved >= MOVE_BYTES) {
		c->moved = 0;
		c->deadline = now_us() + MOVE_US;
	}
}

/*
 * Whether the rest of a body is read and dropped before its refusal is answered: a connection that
 * is closed with bytes unread is reset, and not every system gives a browser the answer then. Only
 * for as much as the page sends at once, and not if the other end waits for leave to send it.
 */
static bool is_dropped(const struct request *r)
{
	return r->login != LOGIN_NONE && r->gate.length > 0 && r->gate.length <= UPLOAD_SLICE &&
	       !MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Expect");
}

/* Takes a piece of the body; what is left of it stays in *size. */
static void take_body(struct request *r, struct conn *c, const char *data, size_t *size)
{
	size_t n = *size;

	if (r->take) {
		n = r->take(r, data, n);
		note_moved(c, n);
	} else if (!json_text_add(&r->body, data, n, REQUEST_JSON)) {
		reply_error(r, "too-large", "the body has more than %u bytes", REQUEST_JSON);
	}
	*size -= n;
}

static struct conn *conn_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static enum MHD_Result answer(struct request *r)
{
	enum MHD_Result result = MHD_queue_response(r->connection, r->status, r->response);

	MHD_destroy_response(r->response);
	r->response = NULL;
	return result;
}

static struct request *new_request(
	struct server *s, struct conn *c, struct MHD_Connection *connection, const char *method)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->web = s->web;
	r->connection = connection;
	r->method = method;
	r->peer = c->peer;
	r->scheme = "http";
	strcpy(r->who, "nobody");
	c->request = r;
	return r;
}

/* The handler has seen the headers, and takes the body or has refused it. */
static enum MHD_Result begin_body(struct request *r, struct conn *c)
{
	c->moved = 0;
	c->deadline = 0;
	if (r->gate.length > 0)
		c->deadline = now_us() + (r->take ? MOVE_US : BODY_US);
	return r->status && !is_dropped(r) ? answer(r) : MHD_YES;
}

/* The library calls this when the headers are here, for the pieces of the body, and at its end. */
static enum MHD_Result on_request(void *server, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	struct conn *c = conn_of(connection);
	struct request *r = *context;

	if (!c)
		return MHD_NO;
	if (!r) {
		r = new_request(server, c, connection, method);
		*context = r;
		if (!r)
			return MHD_NO;
		front_begin(r, &c->own, url, version);
		return r->begins ? MHD_YES : begin_body(r, c);
	}
	if (r->begins) {
		r->begins = false;
		return begin_body(r, c);
	}
	if (r->response && *size > 0 && is_dropped(r)) {
		note_moved(c, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->response)
		return answer(r);
	if (r->status) {
		*size = 0;
		return MHD_YES;
	}
	if (*size > 0) {
		take_body(r, c, data, size);
		return MHD_YES;
	}
	c->deadline = 0;
	if (!r->suspended && !r->finished) {
		r->finished = true;
		finish(r);
	}
	return r->response && !r->suspended ? answer(r) : MHD_YES;
}

static void on_completed(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode how)
{
	struct conn *c = conn_of(connection);

	(void)server;
	(void)how;
	if (*context)
		request_free(*context);
	*context = NULL;
	if (c) {
		c->request = NULL;
		c->deadline = now_us() + KEEP_US;
	}
}

/* Names are decoded by text_decode(), once and after the path was taken apart. */
static size_t leave_as_it_is(void *server, struct MHD_Connection *connection, char *text)
{
	(void)server;
	(void)connection;
	return strlen(text);
}

/* ---- connections ---------------------------------------------------------------------------- */

static void drop(struct server *s, struct conn *c)
{
	struct conn **p = &s->conns;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	s->count--;
	if (!c->local)
		s->remote--;
	free(c);
}

static void on_connection(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct server *s = server;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context)
			drop(s, *context);
		*context = NULL;
		return;
	}
	for (struct conn *c = s->conns; info && c; c = c->next) {
		if (c->fd == info->connect_fd)
			*context = c;
	}
}

/* True if the address of the connection may use the page. */
static bool is_allowed(const struct server *s, const struct conn *c)
{
	const struct web_config *config = &s->web->config;

	if (c->local)
		return true;
	for (unsigned i = 0; i < config->allowed; i++) {
		if (peer_net_has(&config->allow[i], &c->peer))
			return true;
	}
	return config->allowed == 0 && peer_is_near(&c->peer, &c->own);
}

static bool has_room(const struct server *s, const struct conn *c)
{
	unsigned same = 0;

	if (c->local)
		return s->count < SERVER_CONNECTIONS;
	for (const struct conn *p = s->conns; p; p = p->next)
		same += memcmp(&p->peer, &c->peer, sizeof(c->peer)) == 0;
	return same < SERVER_PER_ADDRESS && s->count < SERVER_CONNECTIONS - SERVER_KEPT;
}

static void count_refused(struct server *s, const struct conn *c, const char *why)
{
	unsigned count = tally_add(&s->refused, now_us() / 1000);
	char from[INET6_ADDRSTRLEN];

	if (count == 0)
		return;
	peer_text(&c->peer, from, sizeof(from));
	log_warn("refused %u connection%s, the last one from %s: %s", count, count == 1 ? "" : "s",
		from, why);
}

void server_add(struct server *s, int fd)
{
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC}, own = {.ss_family = AF_UNSPEC};
	socklen_t peer_len = sizeof(peer), own_len = sizeof(own);
	struct conn *c = calloc(1, sizeof(*c));
	const char *why = NULL;

	if (!c || getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0 ||
		getsockname(fd, (struct sockaddr *)&own, &own_len) < 0) {
		free(c);
		close(fd);
		return;
	}
	c->server = s;
	c->fd = fd;
	c->peer = peer_address(&peer);
	c->own = peer_address(&own);
	c->local = own.ss_family == AF_UNIX || peer_is_loopback(&c->peer);
	c->deadline = now_us() + HEADERS_US;
	if (!is_allowed(s, c))
		why = "allow in web.conf does not name this network";
	else if (!has_room(s, c))
		why = "too many connections";
	if (why) {
		count_refused(s, c, why);
		free(c);
		close(fd);
		return;
	}
	c->next = s->conns;
	s->conns = c;
	s->count++;
	if (!c->local)
		s->remote++;
	if (MHD_add_connection(s->mhd, fd, (struct sockaddr *)&peer, peer_len) != MHD_YES) {
		log_warn("a connection could not be taken");
		drop(s, c); /* the library has closed it */
	}
	run_library(s);
}

static int on_listening(sd_event_source *source, int fd, uint32_t events, void *server)
{
	int r;

	(void)source;
	(void)events;
	r = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (r >= 0)
		server_add(server, r);
	else if (errno == EMFILE || errno == ENFILE)
		log_warn("too many descriptors are open");
	return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static void on_message(void *ctx, const char *fmt, va_list ap)
{
	char text[512];

	(void)ctx;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd: %s", text);
}

static int start_library(struct server *s)
{
	s->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
					  MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
		MHD_OPTION_CONNECTION_LIMIT, SERVER_CONNECTIONS + 1,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_CONNECTION_TIMEOUT,
		SILENCE, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, NULL,
#if MHD_VERSION >= 0x01000000
		MHD_OPTION_CLIENT_DISCIPLINE_LVL, 3,
#else
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
#endif
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	return s->mhd ? 0 : -EIO;
}

static int add_timer(struct server *s, sd_event_source **out, sd_event_time_handler_t run)
{
	int r = sd_event_add_time(s->web->event, out, CLOCK_MONOTONIC, UINT64_MAX, 1000, run, s);

	if (r >= 0)
		(void)sd_event_source_set_enabled(*out, SD_EVENT_OFF);
	return r;
}

int server_new(struct web *web, const int *listening, unsigned count, struct server **out)
{
	struct server *s = calloc(1, sizeof(*s));
	const union MHD_DaemonInfo *info;
	int r;

	if (!s)
		return -ENOMEM;
	s->web = web;
	s->library.at = s->deadlines.at = UINT64_MAX;
	r = start_library(s);
	info = r < 0 ? NULL : MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (r == 0)
		r = info ? sd_event_add_io(
				   web->event, &s->epoll, info->epoll_fd, EPOLLIN, on_epoll, s)
			 : -EIO;
	if (r >= 0)
		r = sd_event_add_post(web->event, &s->post, on_post, s);
	if (r >= 0)
		r = add_timer(s, &s->library.source, on_library);
	if (r >= 0)
		r = add_timer(s, &s->deadlines.source, on_deadline);
	if (r >= 0)
		r = add_timer(s, &s->idle, on_idle);
	for (; r >= 0 && s->listeners < count && s->listeners < LISTENERS; s->listeners++)
		r = sd_event_add_io(web->event, &s->listening[s->listeners],
			listening[s->listeners], EPOLLIN, on_listening, s);
	if (r < 0) {
		server_free(s);
		return r;
	}
	set_timers(s);
	*out = s;
	return 0;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->listeners; i++)
		sd_event_source_disable_unref(s->listening[i]);
	sd_event_source_disable_unref(s->epoll);
	sd_event_source_disable_unref(s->post);
	sd_event_source_disable_unref(s->library.source);
	sd_event_source_disable_unref(s->deadlines.source);
	sd_event_source_disable_unref(s->idle);
	if (s->mhd) {
		/* Suspended connections must go on before they can end. */
		for (struct conn *c = s->conns; c; c = c->next) {
			if (c->request)
				request_go_on(c->request);
		}
		(void)MHD_run(s->mhd);
		MHD_stop_daemon(s->mhd);
	}
	while (s->conns)
		drop(s, s->conns);
	free(s);
}
