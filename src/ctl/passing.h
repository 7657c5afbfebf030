/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of the daemon whose answers come with a descriptor, for upload and get. */
#ifndef CTL_PASSING_H
#define CTL_PASSING_H

#include <jansson.h>
#include <stdint.h>

#include "ctl/options.h"
#include "ctl/say.h"

/* A connection on which one command after another is sent. */
struct passing {
	const struct options *o;
	const char *drive;   /* NULL = none is named */
	const char *name[2]; /* the words of the command line after the verb; NULL = not given */
	int fd;
};

/* Sorts the words of the command line. False: too many or too few. */
bool passing_words(const struct options *o, struct passing *p);

/* Connects. EXIT_OK, or what was reported. The caller closes p->fd. */
enum exit_code passing_open(struct passing *p);
/*
 * Sends a line of the words, up to NULL, in which those after the first `names` are options; adds
 * the drive if with_drive. *answer is the daemon's, which the caller drops, and *passed its
 * descriptor, -1 = none. EXIT_OK if the answer is ok; otherwise an exit code, and what the daemon
 * or the connection says is reported.
 */
enum exit_code passing_ask(struct passing *p, bool with_drive, unsigned names,
	const char *const *words, json_t **answer, int *passed);

/* Shows on a terminal how far something is, at most five times a second; the end clears the line.
 */
struct progress {
	const char *what;
	uint64_t size, begin;  /* bytes: all, and where it began */
	uint64_t start, shown; /* us; start 0 = it is not shown */
};
void progress_begin(struct progress *g, const struct options *o, const char *what, uint64_t size,
	uint64_t begin);
void progress_show(struct progress *g, uint64_t at);
void progress_end(struct progress *g);

#endif
