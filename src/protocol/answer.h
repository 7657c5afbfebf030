/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to commands, and where they go. */
#ifndef PROTOCOL_ANSWER_H
#define PROTOCOL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>

/* {"ok":true,"message":...}. NULL when there is no memory. */
json_t *answer_ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* {"ok":false,"message":...,"code":...}; code is a fixed word for scripts. */
json_t *answer_error(const char *code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool answer_is_ok(const json_t *answer);

/*
 * Who asked. Both calls take the answer over. progress may come any number of
 * times, final exactly once: it ends the reply's life.
 */
struct reply {
	bool changes; /* set by command_run(): the line asks for a change */
	void (*progress)(struct reply *r, json_t *answer);
	void (*final)(struct reply *r, json_t *answer);
};

#endif
