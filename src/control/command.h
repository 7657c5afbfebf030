/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs control commands. Main thread. */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/answer.h"
#include "drive/drive.h"

struct sums;
struct uploads;

struct command_env {
	struct drives *drives;
	/* Made by control_new(); NULL until then. */
	struct sums *sums;
	struct uploads *uploads;
	/* Callbacks for what only the daemon knows; each may be NULL. */
	const char *(*udc)(void *ctx);     /* name of the controller, "" = none */
	const char *(*problem)(void *ctx); /* why there is none, "" = there is one */
	/* Path of the configuration, if it is another one than the daemon has read; else NULL. */
	const char *(*changed_config)(void *ctx);
	json_t *(*functions)(void *ctx); /* new array of the functions beside the drives */
	void *ctx;
};

/*
 * Runs one line (line[len] must be writable). Calls r->final() before it returns or when the
 * command has ended.
 */
void command_run(const struct command_env *env, char *line, size_t len, struct reply *r);

/* Returns the answer to a line that is longer than WORDS_LINE_MAX. */
json_t *command_too_long(void);

#endif
