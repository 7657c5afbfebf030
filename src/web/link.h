/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to the daemon, over its socket for the web. Each has a connection of its own; at most
 * LINK_QUESTIONS at a time, more wait. Main thread.
 */
#ifndef WEB_LINK_H
#define WEB_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#define LINK_QUESTIONS 8u
#define LINK_SECONDS   90u   /* for an answer; the slowest commands of the daemon take 12 */
#define LINK_END       1800u /* the same for upload-end, which may read the whole file */

struct link;

/* Receives an answer. */
struct link_reader {
	/*
	 * The answer is here. It stays the link's. NULL: there is no daemon, or it gave none that
	 * can be read. fd: the descriptor that came along, which becomes the receiver's; -1: none.
	 */
	void (*done)(void *ctx, const json_t *answer, int fd);
	/* Not NULL: takes the answer in pieces instead, and done() gets NULL at its end. False: it
	 * is no good. */
	bool (*piece)(void *ctx, const char *data, size_t n);
	void *ctx;
	unsigned seconds; /* for the answer; 0 = LINK_SECONDS */
};

/* path must stay. 0 or -errno. */
int link_new(sd_event *event, const char *path, struct link **out);
/* Ends all questions: done() of each is called. NULL is fine. */
void link_free(struct link *l);

/*
 * Asks. line ends in a newline, and is copied. done() is called exactly once; without memory
 * before this returns.
 */
void link_ask(struct link *l, const char *line, const struct link_reader *reader);
/* The same; the words are quoted. Ended by NULL; a word like drive=x is an option. */
void link_ask_words(
	struct link *l, const char *const *words, const bool *literal, const struct link_reader *r);
/*
 * Asks, and waits for the answer, at most ms; the rights are those of link_reader.done(). The
 * caller drops the answer. NULL: there is none. fd may be NULL. Any thread but the main one, where
 * everybody else would wait as well.
 */
json_t *link_now(const char *path, const char *line, int ms, int *fd);

#endif
