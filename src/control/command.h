/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs control commands. Main thread. */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "control/command_env.h"
#include "drive/drive.h"
#include "protocol/answer.h"

/*
 * Runs one line (line[len] must be writable). Answers with r->final(), or with the function that
 * takes its place, exactly once: before it returns, or later, when the command has ended.
 */
void command_run(const struct command_env *env, char *line, size_t len, struct reply *r);

/* Returns the answer to a line that is longer than WORDS_LINE_MAX. */
json_t *command_too_long(void);

#endif
