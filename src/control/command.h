/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control line carried out. */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/answer.h"
#include "drive/drive.h"

struct command_env {
	struct drives *drives;
	const char *(*udc)(void *ctx);     /* name of the controller, "" = none; may be NULL */
	const char *(*problem)(void *ctx); /* why there is none, "" = there is one; may be NULL */
	json_t *(*functions)(void *ctx);   /* beside the drives, a new array; may be NULL */
	void *ctx;
};

/*
 * Runs one line (line[len] must be writable) and answers to r, at once or when
 * it is done.
 */
void command_run(const struct command_env *env, char *line, size_t len, struct reply *r);

/* The answer to a line that was too long to be taken in. */
json_t *command_too_long(void);

#endif
