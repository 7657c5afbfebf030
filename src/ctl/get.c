// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/get.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/own_verbs.h"
#include "ctl/passing.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format_size.h"
#include "util/array.h"

#define PIECE (1u << 20)

struct get {
	struct passing p;
	char name[ASK_LINE]; /* of the image: as it was typed, then its name in the media folder */
	const char *path;    /* of the new file; NULL = named as the image */
	char part[PATH_MAX]; /* the file of what has arrived; its name has the image's etag, so
				that no other image is continued in it */
	int in, out;         /* descriptors of the image and of part */
	uint64_t size, at;   /* bytes: of the image, and how many have arrived */
};

static enum exit_code fail(const struct get *g, const char *path, int error)
{
	return say_failure(g->p.o->json, EXIT_REFUSED, error == EEXIST ? "exists" : "io-error",
		"%s: %s%s", path, strerror(error),
		error == EEXIST ? "; nothing is overwritten: name another file"
		: g->out >= 0   ? "; the same command goes on"
				: "");
}

static enum exit_code copy_all(struct get *g)
{
	char *buf = malloc(PIECE);
	const char *failed = g->part;
	struct progress show;
	bool shorter = false; /* the image became shorter than it was when it was opened */
	int r = buf ? 0 : ENOMEM;

	progress_begin(&show, g->p.o, g->name, g->size, g->at);
	while (r == 0 && !shorter && g->at < g->size) {
		ssize_t n = pread(g->in, buf, MIN(g->size - g->at, (uint64_t)PIECE), (off_t)g->at);
		ssize_t w = n > 0 ? pwrite(g->out, buf, (size_t)n, (off_t)g->at) : n;

		shorter = n == 0;
		if (w < 0 && errno != EINTR) {
			r = errno;
			failed = n < 0 ? g->name : g->part;
		} else if (w > 0) {
			g->at += (uint64_t)w;
		}
		progress_show(&show, g->at);
	}
	progress_end(&show);
	free(buf);
	if (shorter)
		return say_failure(g->p.o->json, EXIT_REFUSED, "changed",
			"%s was cut while it was copied; the same command starts again", g->name);
	if (r == 0 && fsync(g->out) < 0 && errno != EINVAL)
		r = errno;
	return r ? fail(g, failed, r) : EXIT_OK;
}

static enum exit_code open_part(struct get *g, const char *etag)
{
	struct stat st;

	if (snprintf(g->part, sizeof(g->part), "%s.%s.part", g->path, etag) >= (int)sizeof(g->part))
		return fail(g, g->path, ENAMETOOLONG);
	g->out = open(g->part, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (g->out < 0 || fstat(g->out, &st) < 0)
		return fail(g, g->part, errno);
	g->at = (uint64_t)st.st_size <= g->size ? (uint64_t)st.st_size : 0;
	return EXIT_OK;
}

/* FILE appears as a whole, and no other of that name is touched. */
static enum exit_code give_name(const struct get *g)
{
	char size[16];
	json_t *a;

	if (renameat2(AT_FDCWD, g->part, AT_FDCWD, g->path, RENAME_NOREPLACE) < 0) {
		if (errno != EINVAL && errno != ENOSYS)
			return fail(g, g->path, errno);
		/* The file system has no such rename: link() refuses a name that exists, too. */
		if (link(g->part, g->path) < 0)
			return fail(g, g->path, errno);
		(void)unlink(g->part);
	}
	format_size(g->size, size);
	a = answer_ok("wrote %s, %s", g->path, size);
	if (!g->p.o->json) {
		printf("%s\n", json_string_value(json_object_get(a, "message")));
		json_decref(a);
		return EXIT_OK;
	}
	json_object_set_new(a, "image", json_string(g->name));
	json_object_set_new(a, "file", json_string(g->path));
	json_object_set_new(a, "size", json_integer((json_int_t)g->size));
	say_object(a);
	return EXIT_OK;
}

/* The name that was typed may be a prefix or the label: the file gets the image's own name. */
static enum exit_code take_name(struct get *g, const char *image)
{
	const char *slash;

	snprintf(g->name, sizeof(g->name), "%s", image);
	slash = strrchr(g->name, '/');
	if (g->path)
		return EXIT_OK;
	g->path = slash ? slash + 1 : g->name;
	return access(g->path, F_OK) == 0 ? fail(g, g->path, EEXIST) : EXIT_OK;
}

static enum exit_code get(struct get *g)
{
	const char *words[] = {"open", g->name, g->p.o->force ? "unfinished=yes" : NULL, NULL};
	enum exit_code r = EXIT_OK;
	json_t *a = NULL;

	if (g->path && access(g->path, F_OK) == 0)
		return fail(g, g->path, EEXIST);
	r = passing_open(&g->p);
	if (r == EXIT_OK)
		r = passing_ask(&g->p, true, 1, words, &a, &g->in);
	if (r != EXIT_OK)
		return r;
	g->size = field_number(a, "size");
	r = take_name(g, field_text(a, "image"));
	if (r == EXIT_OK)
		r = g->in < 0 ? say_failure(g->p.o->json, EXIT_REFUSED, "io-error",
					"the daemon passed no descriptor")
			      : open_part(g, field_text(a, "etag"));
	json_decref(a);
	if (r == EXIT_OK)
		r = copy_all(g);
	return r == EXIT_OK ? give_name(g) : r;
}

enum exit_code get_run(const struct options *o)
{
	struct get g = {.in = -1, .out = -1};
	enum exit_code r;

	if (!passing_words(o, &g.p))
		return say_failure(o->json, EXIT_USAGE, "usage", "usage: %s", GET_SYNOPSIS);
	snprintf(g.name, sizeof(g.name), "%s", g.p.name[0]);
	g.path = g.p.name[1];
	r = get(&g);
	if (g.in >= 0)
		close(g.in);
	if (g.out >= 0)
		close(g.out);
	if (g.p.fd >= 0)
		close(g.p.fd);
	return say_end(r);
}
