// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/passing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/line_reader.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "protocol/format_size.h"
#include "util/array.h"

#define WORDS   6u
#define LONGEST (1u << 20) /* bytes of an answer */

bool passing_words(const struct options *o, struct passing *p)
{
	unsigned names = 0;

	*p = (struct passing){.o = o, .drive = o->drive, .fd = -1};
	for (unsigned i = 1; i < o->count; i++) {
		bool drive = !o->literal[i] && strncasecmp(o->word[i], "drive=", 6) == 0;

		if (drive && !p->drive)
			p->drive = o->word[i] + 6;
		else if (!drive && names < ARRAY_LEN(p->name))
			p->name[names++] = o->word[i];
		else
			return false;
	}
	return names > 0;
}

enum exit_code passing_open(struct passing *p)
{
	enum exit_code code = EXIT_OK;

	p->fd = ask_connect(p->o, &code);
	return code;
}

/* Receives what there is, and a descriptor. As recv(). */
static ssize_t receive_some(int fd, char *buf, size_t size, int *passed)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = {buf, size};
	struct msghdr m = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && *passed < 0)
		memcpy(passed, CMSG_DATA(c), sizeof(int));
	return n;
}

/* Returns the answer without its newline, which the caller frees; NULL: the daemon hung up. */
static char *receive(int fd, int *passed)
{
	size_t size = 0, len = 0;
	char *text = NULL, *grown;

	for (;;) {
		ssize_t n;

		if (size - len < 4096) {
			size = size ? size * 2 : 8192;
			grown = size <= LONGEST ? realloc(text, size) : NULL;
			if (!grown)
				break;
			text = grown;
		}
		n = receive_some(fd, text + len, size - len - 1, passed);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (text[len - 1] == '\n') {
			text[len - 1] = '\0';
			return text;
		}
	}
	free(text);
	return NULL;
}

static enum exit_code lost(const struct passing *p)
{
	return say_failure(p->o->json, EXIT_NO_DAEMON, "no-daemon",
		"the daemon has hung up; once it runs again, the same command goes on");
}

/* Drops the answer. */
static enum exit_code refused(const struct passing *p, json_t *answer)
{
	json_t *shown = answer_shown(answer);

	if (strcmp(field_text(answer, "code"), "unknown-verb") == 0)
		(void)say_failure(p->o->json, EXIT_REFUSED, "unknown-verb",
			"the daemon that runs is older than mmcgadgetctl and cannot do this; "
			"restart "
			"it: sudo systemctl restart mmcgadgetd");
	else
		(void)say_failure(p->o->json, EXIT_REFUSED, field_text(answer, "code"), "%s",
			format_message(shown));
	json_decref(shown);
	json_decref(answer);
	return EXIT_REFUSED;
}

static enum exit_code make_line(const struct passing *p, bool with_drive, unsigned names,
	const char *const *words, char *line)
{
	char *argv[WORDS + 1], copy[WORDS + 1][ASK_LINE];
	bool literal[WORDS + 1] = {false};
	int count = 0, r;

	for (; words[count]; count++) {
		snprintf(copy[count], ASK_LINE, "%s", words[count]);
		argv[count] = copy[count];
		literal[count] = count > 0 && (unsigned)count <= names;
	}
	if (with_drive && p->drive) {
		snprintf(copy[count], ASK_LINE, "drive=%s", p->drive);
		argv[count] = copy[count];
		count++;
	}
	r = client_line(count, argv, literal, line, ASK_LINE);
	if (r == 0)
		return EXIT_OK;
	return say_failure(p->o->json, EXIT_USAGE, "usage", "the arguments %s",
		r == -E2BIG ? "are too long" : "hold control characters or are not UTF-8");
}

enum exit_code passing_ask(struct passing *p, bool with_drive, unsigned names,
	const char *const *words, json_t **answer, int *passed)
{
	char line[ASK_LINE], *text = NULL;
	enum exit_code r = make_line(p, with_drive, names, words, line);
	int fd = -1;

	*answer = NULL;
	if (r == EXIT_OK && client_send(p->fd, line) == 0)
		text = receive(p->fd, &fd);
	if (r == EXIT_OK && !text)
		r = lost(p);
	if (text)
		*answer = json_loads(text, 0, NULL);
	free(text);
	if (r == EXIT_OK && !json_is_object(*answer))
		r = say_failure(
			p->o->json, EXIT_REFUSED, "io-error", "the daemon's answer cannot be read");
	if (r == EXIT_OK && !answer_is_ok(*answer))
		r = refused(p, *answer);
	if (passed)
		*passed = fd;
	else if (fd >= 0)
		close(fd);
	return r;
}

/* ---- progress ------------------------------------------------------------------------------- */

void progress_begin(struct progress *g, const struct options *o, const char *what, uint64_t size,
	uint64_t begin)
{
	*g = (struct progress){.what = what, .size = size, .begin = begin};
	if (!o->json && isatty(STDERR_FILENO))
		g->start = line_now();
}

void progress_show(struct progress *g, uint64_t at)
{
	uint64_t now = g->start ? line_now() : 0, took = now - g->start;
	char done[16], all[16], left[24] = "";

	if (!g->start || now - g->shown < 200000)
		return;
	g->shown = now;
	format_size(at, done);
	format_size(g->size, all);
	if (took > 2000000 && at > g->begin) {
		char time[16];

		format_duration((uint64_t)((double)(g->size - at) * (double)took / 1e6 /
					   (double)(at - g->begin)),
			time);
		snprintf(left, sizeof(left), ", %s left", time);
	}
	fprintf(stderr, "\r\033[K%s: %u %%, %s of %s%s", g->what,
		(unsigned)(g->size ? at * 100 / g->size : 100), done, all, left);
}

void progress_end(struct progress *g)
{
	if (g->start && g->shown)
		fputs("\r\033[K", stderr);
	g->start = 0;
}
