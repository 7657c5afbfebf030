// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop of watch: listens to the daemon, or asks it, and shows what it says. */
#include "ctl/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/line_reader.h"
#include "ctl/own_verbs.h"
#include "ctl/say.h"
#include "ctl/ask.h"
#include "protocol/answer.h"
#include "protocol/format.h"

#define PERIOD_MS 1000
#define DRIVES    16u
#define WIDTH     80u
#define FIRST_MS  100 /* for the states of all drives to come after the first one's */

static volatile sig_atomic_t stop;

struct watch {
	int fd;
	bool json, terminal;
	unsigned drawn; /* lines on the terminal that the next answer replaces */
	unsigned count;
	struct watch_drive drive[DRIVES];
	char *last_line[DRIVES];
};

/* A terminal that knows no codes for its cursor gets lines, as a pipe does. */
static bool may_redraw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static unsigned width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col - 1u : WIDTH;
}

/* Returns the index of the drive of that name, adding it if new; DRIVES: there are too many. */
static unsigned find_drive(struct watch *w, const char *name)
{
	unsigned i = 0;

	while (i < w->count && strcmp(w->drive[i].name, name) != 0)
		i++;
	if (i == w->count && i < DRIVES) {
		snprintf(w->drive[i].name, sizeof(w->drive[i].name), "%s", name);
		w->count++;
	}
	return i;
}

/* Prints a line for the drive if it differs from the last one. */
static void print_change(
	struct watch *w, unsigned i, const json_t *drive, const struct watch_view *v)
{
	json_t *o = w->json ? watch_json(drive, v) : NULL;
	char *line = o ? answer_text(o) : watch_line(drive, v), when[16] = "";
	time_t t = time(NULL);
	struct tm tm;

	json_decref(o);
	if (!line || (w->last_line[i] && strcmp(line, w->last_line[i]) == 0)) {
		free(line);
		return;
	}
	if (w->json)
		printf("{\"time\":%lld,%s\n", (long long)t, line + 1);
	else if (localtime_r(&t, &tm) && strftime(when, sizeof(when), "%H:%M:%S ", &tm))
		printf("%s%s\n", when, line);
	free(w->last_line[i]);
	w->last_line[i] = line;
}

static void show(struct watch *w, const json_t *answer)
{
	const json_t *drives = json_object_get(answer, "drives"), *drive;
	unsigned lines = 0;
	size_t n;

	if (w->terminal && w->drawn)
		printf("\033[%uA", w->drawn);
	json_array_foreach(drives, n, drive)
	{
		const char *name = json_string_value(json_object_get(drive, "name"));
		unsigned i = find_drive(w, name ? name : "?");
		struct watch_view v;

		if (i == DRIVES)
			continue;
		watch_take(&w->drive[i], drive, line_now(), &v);
		if (w->terminal)
			lines += watch_draw(drive, &v, width(), stdout);
		else
			print_change(w, i, drive, &v);
	}
	/* Clears the lines of the last answer that this one does not need. */
	if (w->terminal)
		fputs("\033[J", stdout);
	w->drawn = lines;
}

static enum watch_end refused(const struct watch *w, json_t *answer)
{
	char text[512];

	if (json_is_object(answer)) {
		ask_as_typed(WATCH_VERB, format_message(answer), text, sizeof(text));
		json_object_set_new(answer, "message", json_string(text));
	}
	if (!json_is_object(answer))
		say_failure(
			w->json, EXIT_REFUSED, "io-error", "the daemon's answer cannot be read");
	else if (w->json)
		say_object(json_incref(answer));
	else
		fprintf(stderr, "mmcgadgetctl: %s\n", format_message(answer));
	return json_object_get(answer, "usage") ? WATCH_MISUSED : WATCH_REFUSED;
}

/* Asks once and shows the answer. Signals end it even if the daemon does not answer. */
static enum watch_end ask_and_show(struct watch *w, const char *line, const sigset_t *unblocked)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	enum watch_end end = WATCH_STOPPED;
	json_t *answer, *shown;
	char *text;

	if (client_send(w->fd, line) < 0)
		return WATCH_NO_DAEMON;
	while (!stop && ppoll(&p, 1, NULL, unblocked) < 0)
		;
	if (stop)
		return WATCH_STOPPED;
	if (client_receive(w->fd, &text) < 0)
		return WATCH_NO_DAEMON;
	answer = json_loads(text, 0, NULL);
	shown = w->json ? json_incref(answer) : answer_shown(answer);
	if (answer_is_ok(shown))
		show(w, shown);
	else
		end = refused(w, shown);
	free(text);
	json_decref(shown);
	json_decref(answer);
	if (fflush(stdout) != 0)
		end = WATCH_NO_READER;
	return end;
}

/* Waits until it is time to ask again. Input means a hang-up: the daemon sends only answers. */
static enum watch_end wait_until(struct watch *w, uint64_t until, const sigset_t *unblocked)
{
	struct pollfd p[] = {{.fd = w->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	uint64_t now;

	while (!stop && (now = line_now()) < until) {
		struct timespec t = {.tv_sec = (time_t)((until - now) / 1000000),
			.tv_nsec = (long)((until - now) % 1000000) * 1000};

		if (ppoll(p, 2, &t, unblocked) <= 0)
			continue;
		if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			return WATCH_NO_READER;
		if (p[0].revents)
			return WATCH_NO_DAEMON;
	}
	return WATCH_STOPPED;
}

/* Lets signals in only while ppoll() waits, so that no line is cut. */
static void catch_signals(sigset_t *unblocked)
{
	struct sigaction catch = {.sa_handler = on_signal};
	sigset_t handled;

	sigemptyset(&handled);
	sigaddset(&handled, SIGINT);
	sigaddset(&handled, SIGTERM);
	sigaddset(&handled, SIGHUP);
	sigprocmask(SIG_BLOCK, &handled, unblocked);
	sigdelset(unblocked, SIGINT);
	sigdelset(unblocked, SIGTERM);
	sigdelset(unblocked, SIGHUP);
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	sigaction(SIGHUP, &catch, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- by events ------------------------------------------------------------------------------ */

/* The newest states, as an answer to status has them. */
struct watch_states {
	struct line_reader reader;
	json_t *answer, *drives;
	uint64_t heard; /* us: when the last one came */
};

static bool ask_for_events(struct watch_states *s, const char *line, const sigset_t *unblocked)
{
	char events[1100], *text;
	json_t *answer;
	bool ok;

	/* The same words after another verb. */
	if (snprintf(events, sizeof(events), "events%s", line + strlen("status")) >=
			(int)sizeof(events) ||
		client_send(s->reader.fd, events) < 0 ||
		line_next(&s->reader, UINT64_MAX, unblocked, &text) != LINE_READ)
		return false;
	answer = json_loads(text, 0, NULL);
	/* Without a number of that kind, what answers knows another meaning of the word. */
	ok = answer_is_ok(answer) && json_is_integer(json_object_get(answer, "api"));
	json_decref(answer);
	return ok;
}

/* Keeps the drive's state if that is what the line tells. */
static void take_state(struct watch_states *s, const char *text)
{
	json_t *event = json_loads(text, 0, NULL), *drive = json_object_get(event, "drive"), *known;
	size_t i, at = json_array_size(s->drives);

	json_array_foreach(s->drives, i, known)
	{
		if (json_equal(json_object_get(known, "name"), json_object_get(drive, "name")))
			at = i;
	}
	if (json_is_object(drive)) {
		s->heard = line_now();
		if (at == json_array_size(s->drives))
			json_array_append(s->drives, drive);
		else
			json_array_set(s->drives, at, drive);
	}
	json_decref(event);
}

static enum watch_end show_states(struct watch *w, const struct watch_states *s)
{
	json_t *shown = w->json ? json_incref(s->answer) : answer_shown(s->answer);

	show(w, shown);
	json_decref(shown);
	return fflush(stdout) != 0 ? WATCH_NO_READER : WATCH_STOPPED;
}

/* Takes a line that tells something. *next: when to show it; UINT64_MAX: nothing is to be shown. */
static enum watch_end hear(
	struct watch *w, struct watch_states *s, const char *text, uint64_t *next)
{
	enum watch_end end = WATCH_STOPPED;

	/* After a pause, a rate is that since its end. */
	if (*next == UINT64_MAX && json_array_size(s->drives) > 0)
		end = show_states(w, s);
	take_state(s, text);
	if (*next == UINT64_MAX)
		*next = line_now() + FIRST_MS * 1000u;
	return end;
}

/* Shows the states a second apart, and until the rates have come down to 0 after the last one. */
static enum watch_end follow(struct watch *w, struct watch_states *s, const sigset_t *unblocked)
{
	uint64_t next = UINT64_MAX, now;
	enum watch_end end = WATCH_STOPPED;
	char *text;

	while (!stop && end == WATCH_STOPPED) {
		switch (line_next(&s->reader, next, unblocked, &text)) {
		case LINE_READ:
			end = hear(w, s, text, &next);
			break;
		case LINE_TIMEOUT:
			end = show_states(w, s);
			now = line_now();
			next = next + PERIOD_MS * 1000u > now ? next + PERIOD_MS * 1000u : now;
			if (now >= s->heard + (WATCH_SAMPLES + 1u) * PERIOD_MS * 1000u)
				next = UINT64_MAX;
			break;
		case LINE_SIGNAL:
			break;
		case LINE_END:
			end = WATCH_NO_DAEMON;
			break;
		case LINE_NO_READER:
			end = WATCH_NO_READER;
			break;
		}
	}
	return end;
}

/* Returns false if the daemon has no events for this client; it can then be asked instead. */
static bool watch_events(
	struct watch *w, const char *line, const sigset_t *unblocked, enum watch_end *end)
{
	struct watch_states s = {.reader = {.fd = w->fd}, .drives = json_array()};
	bool ok = ask_for_events(&s, line, unblocked);

	s.answer = json_pack("{s:O}", "drives", s.drives);
	if (ok)
		*end = follow(w, &s, unblocked);
	line_reader_free(&s.reader);
	json_decref(s.answer);
	json_decref(s.drives);
	return ok;
}

/* ---- by asking ------------------------------------------------------------------------------ */

static enum watch_end watch_by_asking(struct watch *w, const char *line, const sigset_t *unblocked)
{
	uint64_t next = line_now();
	enum watch_end end;

	do {
		end = ask_and_show(w, line, unblocked);
		/* From one full second to the next, as long as that is in the future. */
		next += PERIOD_MS * 1000u;
		if (next < line_now())
			next = line_now();
		if (end == WATCH_STOPPED)
			end = wait_until(w, next, unblocked);
	} while (end == WATCH_STOPPED && !stop);
	return end;
}

enum watch_end watch_run(int fd, const char *line, bool json)
{
	struct watch w = {.fd = fd, .json = json, .terminal = !json && may_redraw()};
	enum watch_end end = WATCH_STOPPED;
	sigset_t unblocked;

	catch_signals(&unblocked);
	if (!watch_events(&w, line, &unblocked, &end) && !stop)
		end = watch_by_asking(&w, line, &unblocked);
	for (unsigned i = 0; i < w.count; i++)
		free(w.last_line[i]);
	return end;
}
