// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/own_verbs.h"
#include "ctl/passing.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "util/array.h"

#define PIECE      (1u << 20)
#define SAVE_BYTES (UINT64_C(64) << 20) /* the most that a break can cost */

static volatile sig_atomic_t stop;

struct upload {
	struct passing p;
	const char *path, *name;
	int in, out; /* the file, and the daemon's descriptor */
	struct stat st;
	char id[32];
	uint64_t at, saved, piece, asked; /* bytes */
	char *buf;
};

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static enum exit_code fail(const struct upload *u, const char *code, const char *what, int error)
{
	return say_failure(u->p.o->json, EXIT_REFUSED, code,
		"%s: %s; %" PRIu64 " bytes are on the card, and the same command goes on there",
		what, strerror(error), u->saved);
}

static bool has_changed(const struct upload *u)
{
	struct stat now;

	return fstat(u->in, &now) < 0 || now.st_size != u->st.st_size ||
	       now.st_mtim.tv_sec != u->st.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != u->st.st_mtim.tv_nsec;
}

static enum exit_code say_changed(const struct upload *u, const char *id)
{
	return say_failure(u->p.o->json, EXIT_REFUSED, "changed",
		"%s was changed since its upload began; drop what arrived, and start again: "
		"mmcgadgetctl upload-drop %s",
		u->path, id);
}

static void take_pace(struct upload *u, const json_t *answer)
{
	u->piece = field_number(answer, "piece_bytes");
	if (u->piece == 0)
		u->piece = PIECE;
	u->asked = u->at;
}

/* Syncs the bytes so far to storage and tells the daemon their number. */
static enum exit_code save(struct upload *u)
{
	char offset[48];
	const char *const words[] = {"upload-at", u->id, offset, NULL};
	enum exit_code r;
	json_t *a;

	if (fdatasync(u->out) < 0)
		return fail(u, errno == ENOSPC ? "no-room" : "io-error", u->name, errno);
	snprintf(offset, sizeof(offset), "offset=%" PRIu64, u->at);
	r = passing_ask(&u->p, false, 1, words, &a, NULL);
	if (r != EXIT_OK)
		return r;
	u->saved = u->at;
	take_pace(u, a);
	json_decref(a);
	return has_changed(u) ? say_changed(u, u->id) : EXIT_OK;
}

/* Waits as long as the daemon says, because a burn has precedence over uploads. */
static enum exit_code ask_pace(struct upload *u)
{
	const char *const words[] = {"upload-at", u->id, NULL};
	uint64_t ms = 1;

	while (ms > 0 && !stop) {
		json_t *a;
		enum exit_code r = passing_ask(&u->p, false, 1, words, &a, NULL);
		struct timespec t;

		if (r != EXIT_OK)
			return r;
		ms = field_number(a, "wait_ms");
		ms = MIN(ms, UINT64_C(10000));
		take_pace(u, a);
		json_decref(a);
		t = (struct timespec){
			.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
		if (ms > 0)
			nanosleep(&t, NULL);
	}
	return EXIT_OK;
}

/* Copies the next piece. 1, 0: the file is shorter than it was; -errno, of the daemon's side too.
 */
static int copy_piece(struct upload *u)
{
	uint64_t left = (uint64_t)u->st.st_size - u->at;
	ssize_t n = pread(u->in, u->buf, MIN(left, (uint64_t)PIECE), (off_t)u->at), done = 0;

	if (n <= 0)
		return n == 0 ? 0 : -errno;
	while (done < n) {
		ssize_t w = pwrite(
			u->out, u->buf + done, (size_t)(n - done), (off_t)(u->at + (uint64_t)done));

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w == 0 ? -EIO : -errno;
		done += w;
	}
	u->at += (uint64_t)n;
	return 1;
}

static enum exit_code copy_all(struct upload *u)
{
	struct progress g;
	enum exit_code code = EXIT_OK;
	int r = 1;

	progress_begin(&g, u->p.o, u->name, (uint64_t)u->st.st_size, u->at);
	while (code == EXIT_OK && r > 0 && !stop && u->at < (uint64_t)u->st.st_size) {
		if (u->at - u->asked >= u->piece)
			code = ask_pace(u);
		if (code == EXIT_OK && !stop)
			r = copy_piece(u);
		if (code == EXIT_OK && r > 0 && u->at - u->saved >= SAVE_BYTES)
			code = save(u);
		progress_show(&g, u->at);
	}
	progress_end(&g);
	if (code == EXIT_OK && u->at > u->saved)
		code = save(u);
	if (code != EXIT_OK)
		return code;
	if (r == 0)
		return say_changed(u, u->id);
	if (r < 0)
		return fail(u, r == -ENOSPC ? "no-room" : "io-error", u->name, -r);
	return stop ? fail(u, "io-error", u->name, EINTR) : EXIT_OK;
}

/* ---- begin and end -------------------------------------------------------------------------- */

/* Refuses to continue an upload of a file that was changed since it began. */
static enum exit_code check_earlier(struct upload *u)
{
	const char *const words[] = {"uploads", NULL};
	enum exit_code r;
	json_t *a, *each;
	size_t i;

	r = passing_ask(&u->p, true, 0, words, &a, NULL);
	if (r != EXIT_OK)
		return r;
	json_array_foreach(json_object_get(a, "uploads"), i, each)
	{
		if (strcmp(field_text(each, "image"), u->name) == 0 &&
			field_number(each, "offset") > 0 &&
			(uint64_t)u->st.st_mtim.tv_sec > field_number(each, "touched"))
			r = say_changed(u, field_text(each, "id"));
	}
	json_decref(a);
	return r;
}

static enum exit_code begin(struct upload *u)
{
	char size[32];
	const char *const words[] = {UPLOAD_VERB, u->name, size, NULL};
	enum exit_code r = check_earlier(u);
	json_t *a;

	if (r != EXIT_OK)
		return r;
	snprintf(size, sizeof(size), "size=%" PRIu64, (uint64_t)u->st.st_size);
	r = passing_ask(&u->p, true, 1, words, &a, &u->out);
	if (r != EXIT_OK)
		return r;
	snprintf(u->id, sizeof(u->id), "%s", field_text(a, "id"));
	u->at = u->saved = field_number(a, "offset");
	take_pace(u, a);
	json_decref(a);
	if (u->out < 0)
		return say_failure(
			u->p.o->json, EXIT_REFUSED, "io-error", "the daemon passed no descriptor");
	return EXIT_OK;
}

static enum exit_code end(struct upload *u)
{
	const char *const words[] = {"upload-end", u->id, NULL};
	enum exit_code r;
	json_t *a, *shown;

	/* The upload cannot end as long as a process can write to the part file. */
	close(u->out);
	u->out = -1;
	r = passing_ask(&u->p, false, 1, words, &a, NULL);
	if (r != EXIT_OK)
		return r;
	shown = answer_shown(a);
	if (u->p.o->json)
		say_object(json_incref(a));
	else
		puts(format_message(shown));
	json_decref(shown);
	json_decref(a);
	return EXIT_OK;
}

static enum exit_code upload(struct upload *u)
{
	enum exit_code r;

	u->in = open(u->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (u->in < 0 || fstat(u->in, &u->st) < 0)
		return say_failure(
			u->p.o->json, EXIT_REFUSED, "io-error", "%s: %s", u->path, strerror(errno));
	if (!S_ISREG(u->st.st_mode))
		return say_failure(u->p.o->json, EXIT_REFUSED, "not-a-file",
			"%s is not a regular file; make an image of it first", u->path);
	u->buf = malloc(PIECE);
	if (!u->buf)
		return say_failure(u->p.o->json, EXIT_REFUSED, "io-error", "%s", strerror(errno));
	r = passing_open(&u->p);
	if (r == EXIT_OK)
		r = begin(u);
	if (r == EXIT_OK)
		r = copy_all(u);
	return r == EXIT_OK ? end(u) : r;
}

enum exit_code upload_run(const struct options *o)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct upload u = {.in = -1, .out = -1};
	enum exit_code r;

	if (!passing_words(o, &u.p) || o->force)
		return say_failure(o->json, EXIT_USAGE, "usage", "usage: %s", UPLOAD_SYNOPSIS);
	u.path = u.p.name[0];
	u.name = strrchr(u.path, '/') ? strrchr(u.path, '/') + 1 : u.path;
	if (u.p.name[1])
		u.name = u.p.name[1];
	/*
	 * SIGINT and SIGTERM end the copy, and the bytes that arrived are saved. A second one ends
	 * the client, which may wait for an answer that does not come.
	 */
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	r = upload(&u);
	if (u.in >= 0)
		close(u.in);
	if (u.out >= 0)
		close(u.out);
	if (u.p.fd >= 0)
		close(u.p.fd);
	free(u.buf);
	return say_end(r);
}
