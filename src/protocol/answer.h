/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to control commands, and where they go. */
#ifndef PROTOCOL_ANSWER_H
#define PROTOCOL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>

/* The version of the answers' members: within one, members are added, and never changed. */
#define ANSWER_FORMAT 1

/* Returns {"ok":true,"message":...,"format":...}; NULL: no memory. */
json_t *answer_ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Returns {"ok":false,"message":...,"code":...,"format":...}; code is a fixed word for scripts. */
json_t *answer_error(const char *code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool answer_is_ok(const json_t *answer);

/*
 * Returns the answer with every string in it fit to be shown, see utf8_clean(): a new reference
 * to the answer itself if nothing has to change, otherwise a copy. Names in a copy may no longer
 * be those of files. NULL: no memory, or answer is NULL.
 */
json_t *answer_shown(json_t *answer);
/*
 * Returns the answer as one line of JSON without a newline, which the caller frees; NULL: no
 * memory. Characters that are not fit to be shown are escaped (\u202e), so that programs get
 * them unchanged and terminals do not.
 */
char *answer_text(const json_t *answer);
/* Does the same with a text that is JSON already; frees it. NULL stays NULL. */
char *answer_escape(char *json);

/*
 * Receives the answers to one command. Both functions take ownership of the answer. progress()
 * is called any number of times, then final() exactly once; final() frees the reply.
 */
struct reply {
	bool changes; /* set by command_run(): the command changes something */
	void (*progress)(struct reply *r, json_t *answer);
	void (*final)(struct reply *r, json_t *answer);
	/*
	 * Instead of final(), for an answer too large to be built as one: takes a line as of
	 * answer_text(), which may be NULL. NULL: this reply needs the answer itself.
	 */
	void (*final_text)(struct reply *r, char *text);
	/*
	 * Instead of final(), for the verb events: the answer, and then all that follows, of that
	 * drive; -1: of all. NULL: it is not a client of the socket that asks.
	 */
	void (*listen)(struct reply *r, int drive);
	/*
	 * Instead of final(): the answer with a descriptor for the client, which it takes over.
	 * NULL: there is no client of a socket.
	 */
	void (*final_fd)(struct reply *r, json_t *answer, int fd);
	int asker; /* the connection of the client that asks, to find out who it is; -1 = none */
	bool from_web; /* the client came through the web's socket, see control/control.h */
};

#endif
