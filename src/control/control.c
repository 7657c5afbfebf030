// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/control_socket.h"
#include "control/events.h"
#include "protocol/answer.h"
#include "protocol/format.h"
#include "protocol/lines.h"
#include "transfer/sums.h"
#include "transfer/uploads.h"
#include "util/log.h"
#include "util/stream.h"

/*
 * The beginning of a line that was written to the FIFO is dropped after this time: a writer
 * that is killed in the middle of a line must not spoil the line of the next writer.
 */
#define PARTIAL_USEC 2000000u

struct control {
	struct control_config config;
	int dir_fd;
	struct command_env env;
	sd_event *event;

	int fifo_fd;
	struct lines fifo_lines;
	sd_event_source *fifo_io, *fifo_timer;
	struct control_socket *socket, *web; /* web: NULL if nobody may use it */
	struct events *events;
};

/* One command under way. */
struct request {
	struct reply base; /* first: a struct reply * is a struct request * */
	struct control *control;
	struct control_client *client; /* NULL: the command came through the FIFO */
	char *line;                    /* for the status file */
};

static void write_status(struct control *c, const char *head, json_t *answer, const char *command)
{
	json_t *shown;
	char tmp[64];
	FILE *f;
	int fd, r;

	/*
	 * Writes a temporary file and renames it: a reader sees all of the old answer, or all
	 * of the new one.
	 */
	snprintf(tmp, sizeof(tmp), ".%s.new", c->config.status);
	unlinkat(c->dir_fd, tmp, 0);
	fd = openat(c->dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		log_warn("%s/%s: %s", c->config.directory, tmp, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	fchmod(fd, 0644);
	shown = answer_shown(answer);
	fprintf(f, "%s: %s\n", head, format_message(shown));
	if (command)
		fprintf(f, "command: %s\n", command);
	format_details(shown, f);
	json_decref(shown);
	r = stream_close(f);
	if (r == 0 && renameat(c->dir_fd, tmp, c->dir_fd, c->config.status) < 0)
		r = -errno;
	if (r == 0)
		return;
	log_warn("%s/%s: %s", c->config.directory, c->config.status, strerror(-r));
	unlinkat(c->dir_fd, tmp, 0);
}

static void request_progress(struct reply *r, json_t *answer)
{
	struct request *q = (struct request *)r;

	write_status(q->control, "waiting", answer, q->line);
	json_decref(answer);
}

static void request_final(struct reply *r, json_t *answer)
{
	struct request *q = (struct request *)r;

	if (r->from_web && r->changes)
		log_info("by the web: %s: %s", q->line,
			json_string_value(json_object_get(answer, "message")));
	if (!q->client || r->changes)
		write_status(q->control, answer_is_ok(answer) ? "ok" : "error", answer, q->line);
	if (q->client)
		control_client_answer(q->client, answer);
	json_decref(answer);
	free(q->line);
	free(q);
}

static void request_final_fd(struct reply *r, json_t *answer, int fd)
{
	struct request *q = (struct request *)r;

	if (r->from_web && r->changes)
		log_info("by the web: %s: %s", q->line,
			json_string_value(json_object_get(answer, "message")));
	if (r->changes)
		write_status(q->control, "ok", answer, q->line);
	control_client_answer_fd(q->client, answer, fd);
	json_decref(answer);
	free(q->line);
	free(q);
}

/* The answer changes nothing, so that it is not in the status file. */
static void request_final_text(struct reply *r, char *text)
{
	struct request *q = (struct request *)r;

	control_client_answer_text(q->client, text);
	free(q->line);
	free(q);
}

static void request_listen(struct reply *r, int drive)
{
	struct request *q = (struct request *)r;

	events_listen(q->control->events, q->client, drive);
	free(q->line);
	free(q);
}

void control_note(struct control *c, json_t *answer)
{
	write_status(c, answer_is_ok(answer) ? "ok" : "error", answer, NULL);
	json_decref(answer);
}

/* Returns a copy of the line for the status file: without what ends it or parts its words. */
static char *shown_line(const char *line, size_t len)
{
	char *copy = strndup(line, len > 0 && line[len - 1] == '\r' ? len - 1 : len);

	for (char *p = copy; p && *p != '\0'; p++) {
		if (*p == '\t')
			*p = ' ';
	}
	if (copy)
		words_clean(copy);
	return copy;
}

/* Runs a line; NULL: it was too long. client NULL: it came through the FIFO. */
static void run_line_of(
	struct control *c, struct control_client *client, bool from_web, char *line, size_t len)
{
	struct request *q = calloc(1, sizeof(*q));

	if (!q) {
		if (client)
			control_client_answer(client, NULL);
		return;
	}
	q->base.progress = request_progress;
	q->base.final = request_final;
	q->base.final_text = client ? request_final_text : NULL;
	q->base.listen = client ? request_listen : NULL;
	q->base.final_fd = client ? request_final_fd : NULL;
	q->base.asker = client ? control_client_fd(client) : -1;
	q->base.from_web = from_web;
	q->control = c;
	q->client = client;
	q->line = line ? shown_line(line, len) : strdup("(too long)");
	if (line)
		command_run(&c->env, line, len, &q->base);
	else
		q->base.final(&q->base, command_too_long());
}

static void run_line(void *control, struct control_client *client, char *line, size_t len)
{
	run_line_of(control, client, false, line, len);
}

static void run_line_of_web(void *control, struct control_client *client, char *line, size_t len)
{
	run_line_of(control, client, true, line, len);
}

static int on_fifo(sd_event_source *s, int fd, uint32_t events, void *control)
{
	struct control *c = control;
	enum lines_event what;
	size_t used, len;
	char buf[4096], *line;
	bool event;
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)s;
	(void)events;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		log_warn("%s/%s: %s", c->config.directory, c->config.fifo, strerror(errno));
	for (size_t at = 0; n > 0 && at < (size_t)n; at += used) {
		used = lines_take(
			&c->fifo_lines, buf + at, (size_t)n - at, &event, &what, &line, &len);
		if (event)
			run_line(c, NULL, what == LINES_LINE ? line : NULL, len);
	}
	if (!lines_partial(&c->fifo_lines))
		return sd_event_source_set_enabled(c->fifo_timer, SD_EVENT_OFF);
	sd_event_source_set_time_relative(c->fifo_timer, PARTIAL_USEC);
	return sd_event_source_set_enabled(c->fifo_timer, SD_EVENT_ONESHOT);
}

static int on_partial(sd_event_source *s, uint64_t usec, void *control)
{
	struct control *c = control;

	(void)s;
	(void)usec;
	/* A line that is too long has been answered already, when it grew too long. */
	if (!c->fifo_lines.skipping)
		control_note(c, answer_error("bad-line",
					"a line without a newline at its end; nothing was done"));
	lines_reset(&c->fifo_lines);
	return 0;
}

/* Removes a FIFO or socket that an earlier daemon left, and nothing else. */
static int remove_old(struct control *c, const char *name, mode_t type)
{
	struct stat st;

	if (fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((st.st_mode & S_IFMT) != type || (st.st_uid != geteuid() && geteuid() != 0)) {
		log_error("%s/%s: exists and is not our %s; remove it", c->config.directory, name,
			type == S_IFIFO ? "FIFO" : "socket");
		return -EEXIST;
	}
	return unlinkat(c->dir_fd, name, 0) < 0 ? -errno : 0;
}

static int open_fifo(struct control *c, gid_t gid)
{
	/* Open for writing too: without any writer, epoll would report the end of file forever. */
	const int flags = O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
	int r = remove_old(c, c->config.fifo, S_IFIFO);

	if (r < 0)
		return r;
	if (mkfifoat(c->dir_fd, c->config.fifo, 0600) < 0 ||
		fchownat(c->dir_fd, c->config.fifo, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(c->dir_fd, c->config.fifo, 0660, 0) < 0)
		return -errno;
	c->fifo_fd = openat(c->dir_fd, c->config.fifo, flags);
	if (c->fifo_fd < 0)
		return -errno;
	r = sd_event_add_io(c->event, &c->fifo_io, c->fifo_fd, EPOLLIN, on_fifo, c);
	if (r >= 0)
		r = sd_event_add_time_relative(c->event, &c->fifo_timer, CLOCK_MONOTONIC,
			PARTIAL_USEC, 100000, on_partial, c);
	if (r >= 0)
		r = sd_event_source_set_enabled(c->fifo_timer, SD_EVENT_OFF);
	return r;
}

/* Returns the group that may use the web's socket; (gid_t)-1 = there is to be no such socket. */
static gid_t find_web_group(const char *name)
{
	const struct group *g = *name ? getgrnam(name) : NULL;

	if (!g)
		return (gid_t)-1;
	if (geteuid() == 0 || group_member(g->gr_gid))
		return g->gr_gid;
	log_warn("the daemon's user is not in the group \"%s\", so there is no socket for the web "
		 "page; add it: usermod -aG %s USER",
		name, name);
	return (gid_t)-1;
}

/* Returns the group that may use FIFO and socket; (gid_t)-1 = leave their group as it is. */
static gid_t find_group(const char *name)
{
	const struct group *g = *name ? getgrnam(name) : NULL;

	if (*name && !g)
		log_warn("no group \"%s\" on this system, so only root may use FIFO and socket; "
			 "make "
			 "the group with groupadd --system %s",
			name, name);
	if (!g)
		return (gid_t)-1;
	if (geteuid() == 0 || group_member(g->gr_gid))
		return g->gr_gid;
	log_warn("the daemon's user is not in the group \"%s\", so its members cannot use "
		 "FIFO and socket; set SupplementaryGroups=%s in the unit",
		name, name);
	return (gid_t)-1;
}

/* config: of the other socket. A socket that an earlier daemon left goes in any case. */
static int open_web(struct control *c, const struct control_socket_config *config)
{
	struct control_socket_config wc = *config;
	int r = *c->config.web ? remove_old(c, c->config.web, S_IFSOCK) : 0;

	wc.name = c->config.web;
	wc.group = find_web_group(c->config.web_group);
	wc.run_line = run_line_of_web;
	if (r >= 0 && *c->config.web && wc.group != (gid_t)-1)
		r = control_socket_new(&wc, c->event, &c->web);
	if (r < 0)
		log_error("%s/%s: %s", c->config.directory, c->config.web, strerror(-r));
	return r;
}

static int open_all(struct control *c)
{
	struct control_socket_config sc = {
		.directory = c->config.directory,
		.name = c->config.socket,
		.group = find_group(c->config.group),
		.run_line = run_line,
		.ctx = c,
	};
	int r;

	c->dir_fd = open(c->config.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return -errno;
	r = open_fifo(c, sc.group);
	if (r < 0) {
		log_error("%s/%s: %s", c->config.directory, c->config.fifo, strerror(-r));
		return r;
	}
	sc.dir_fd = c->dir_fd;
	r = remove_old(c, c->config.socket, S_IFSOCK);
	if (r >= 0)
		r = control_socket_new(&sc, c->event, &c->socket);
	if (r < 0) {
		log_error("%s/%s: %s", c->config.directory, c->config.socket, strerror(-r));
		return r;
	}
	return open_web(c, &sc);
}

int control_new(const struct control_config *config, const struct command_env *env, sd_event *event,
	struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->dir_fd = c->fifo_fd = -1;
	c->config = *config;
	c->env = *env;
	c->event = sd_event_ref(event);
	r = open_all(c);
	if (r >= 0)
		r = sums_new(env->drives, event, &c->env.sums);
	if (r >= 0)
		r = uploads_new(env->drives, c->env.sums, event, &c->env.uploads);
	if (r >= 0)
		r = events_new(&c->env, event, &c->events);
	if (r < 0) {
		control_free(c);
		return r;
	}
	*out = c;
	return 0;
}

void control_free(struct control *c)
{
	bool all_made;

	if (!c)
		return;
	all_made = c->socket != NULL;
	/* These answer what is under way. */
	sums_free(c->env.sums);
	uploads_free(c->env.uploads);
	control_socket_free(c->socket);
	control_socket_free(c->web);
	events_free(c->events);
	sd_event_source_disable_unref(c->fifo_io);
	sd_event_source_disable_unref(c->fifo_timer);
	sd_event_unref(c->event);
	/* Only what was made here is removed. */
	if (c->fifo_fd >= 0) {
		unlinkat(c->dir_fd, c->config.fifo, 0);
		close(c->fifo_fd);
	}
	if (all_made)
		unlinkat(c->dir_fd, c->config.status, 0);
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	free(c);
}
