// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/control_int.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/format.h"
#include "util/log.h"

/* A writer that is killed in mid-line must not spoil the next one's. */
#define PARTIAL_USEC 2000000u

static void write_status(
	struct control *c, const char *head, const json_t *answer, const char *command)
{
	char tmp[64];
	FILE *f;
	int fd;

	/* Written aside and renamed: a reader sees one answer whole, the old or the new. */
	snprintf(tmp, sizeof(tmp), ".%s.new", c->status);
	unlinkat(c->dir_fd, tmp, 0);
	fd = openat(c->dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		log_warn("%s/%s: %s", c->directory, tmp, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	fchmod(fd, 0644);
	fprintf(f, "%s: %s\n", head, format_message(answer));
	if (command)
		fprintf(f, "command: %s\n", command);
	format_details(answer, f);
	if (fclose(f) == 0 && renameat(c->dir_fd, tmp, c->dir_fd, c->status) == 0)
		return;
	log_warn("%s/%s: %s", c->directory, c->status, strerror(errno));
	unlinkat(c->dir_fd, tmp, 0);
}

static void asked_progress(struct reply *r, json_t *answer)
{
	struct asked *a = (struct asked *)r;

	write_status(a->control, "waiting", answer, a->command);
	json_decref(answer);
}

static void asked_final(struct reply *r, json_t *answer)
{
	struct asked *a = (struct asked *)r;

	if (a->by_fifo || r->changes)
		write_status(a->control, answer_is_ok(answer) ? "ok" : "error", answer, a->command);
	if (a->client)
		client_answer(a->client, answer);
	json_decref(answer);
	free(a->command);
	free(a);
}

void control_note(struct control *c, json_t *answer)
{
	write_status(c, answer_is_ok(answer) ? "ok" : "error", answer, NULL);
	json_decref(answer);
}

void control_ask(struct control *c, struct client *client, char *line, size_t len)
{
	struct asked *a = calloc(1, sizeof(*a));

	if (!a) {
		if (client)
			client_answer(client, NULL);
		return;
	}
	a->base.progress = asked_progress;
	a->base.final = asked_final;
	a->control = c;
	a->client = client;
	a->by_fifo = !client;
	a->command = strndup(line ? line : "(too long)", line ? len : 16);
	if (a->command)
		words_clean(a->command);
	if (client)
		client_set_asked(client, a);
	if (line)
		command_run(&c->env, line, len, &a->base);
	else
		a->base.final(&a->base, command_too_long());
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
		log_warn("%s/%s: %s", c->directory, c->fifo, strerror(errno));
	for (size_t at = 0; n > 0 && at < (size_t)n; at += used) {
		used = lines_take(
			&c->fifo_lines, buf + at, (size_t)n - at, &event, &what, &line, &len);
		if (event)
			control_ask(c, NULL, what == LINES_LINE ? line : NULL, len);
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
	/* The head of an over-long line has been answered already. */
	if (!c->fifo_lines.skipping)
		control_note(c, answer_error("bad-line",
					"a line without a newline at its end; nothing was done"));
	lines_reset(&c->fifo_lines);
	return 0;
}

/* Removes what an earlier daemon left there, and nothing else. */
static int clear_place(struct control *c, const char *name, mode_t type)
{
	struct stat st;

	if (fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((st.st_mode & S_IFMT) != type || (st.st_uid != geteuid() && geteuid() != 0)) {
		log_error("%s/%s: there is something else than an old %s of ours; remove it",
			c->directory, name, type == S_IFIFO ? "FIFO" : "socket");
		return -EEXIST;
	}
	return unlinkat(c->dir_fd, name, 0) < 0 ? -errno : 0;
}

static int open_fifo(struct control *c, gid_t gid)
{
	/* Reading and writing: with a writer of our own there is no end of file to spin on. */
	const int flags = O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
	int r = clear_place(c, c->fifo, S_IFIFO);

	if (r < 0)
		return r;
	if (mkfifoat(c->dir_fd, c->fifo, 0600) < 0 ||
		fchownat(c->dir_fd, c->fifo, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(c->dir_fd, c->fifo, 0660, 0) < 0)
		return -errno;
	c->fifo_fd = openat(c->dir_fd, c->fifo, flags);
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

/* (gid_t)-1 leaves the group as it is. */
static gid_t find_group(const char *name)
{
	const struct group *g = *name ? getgrnam(name) : NULL;

	if (*name && !g)
		log_warn("no group \"%s\" on this system: only root may use the control "
			 "(groupadd --system %s)",
			name, name);
	if (!g)
		return (gid_t)-1;
	if (geteuid() == 0 || group_member(g->gr_gid))
		return g->gr_gid;
	log_warn("the daemon's user is not in the group \"%s\", which cannot use the control "
		 "therefore (SupplementaryGroups=%s in the unit)",
		name, name);
	return (gid_t)-1;
}

static int setup(struct control *c, const struct control_config *config)
{
	gid_t gid = find_group(config->group);
	int r;

	c->directory = strdup(config->directory);
	c->fifo = strdup(config->fifo);
	c->socket = strdup(config->socket);
	c->status = strdup(config->status);
	if (!c->directory || !c->fifo || !c->socket || !c->status)
		return -ENOMEM;
	c->dir_fd = open(c->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return -errno;
	r = open_fifo(c, gid);
	if (r < 0) {
		log_error("%s/%s: %s", c->directory, c->fifo, strerror(-r));
		return r;
	}
	r = clear_place(c, c->socket, S_IFSOCK);
	if (r >= 0)
		r = client_listen(c, (int)gid);
	if (r < 0)
		log_error("%s/%s: %s", c->directory, c->socket, strerror(-r));
	return r;
}

int control_new(const struct control_config *config, const struct command_env *env, sd_event *event,
	struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->dir_fd = c->fifo_fd = c->socket_fd = -1;
	c->env = *env;
	c->event = sd_event_ref(event);
	r = setup(c, config);
	if (r < 0) {
		control_free(c);
		return r;
	}
	*out = c;
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	client_close_all(c);
	sd_event_source_disable_unref(c->socket_io);
	sd_event_source_disable_unref(c->fifo_io);
	sd_event_source_disable_unref(c->fifo_timer);
	sd_event_unref(c->event);
	/* Only what was opened is ours to remove. */
	if (c->socket_fd >= 0) {
		unlinkat(c->dir_fd, c->socket, 0);
		close(c->socket_fd);
	}
	if (c->fifo_fd >= 0) {
		unlinkat(c->dir_fd, c->fifo, 0);
		close(c->fifo_fd);
	}
	if (c->dir_fd >= 0) {
		if (c->socket_fd >= 0)
			unlinkat(c->dir_fd, c->status, 0);
		close(c->dir_fd);
	}
	free(c->directory);
	free(c->fifo);
	free(c->socket);
	free(c->status);
	free(c);
}
