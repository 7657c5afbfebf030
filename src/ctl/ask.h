/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends the command of the command line to the daemon and shows the answer. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include <jansson.h>

#include "ctl/options.h"
#include "ctl/say.h"
#include "protocol/words.h"

#define ASK_LINE (WORDS_LINE_MAX + 2) /* bytes of a line with its newline and a 0 */

/*
 * Makes the line for verb and the words after the first one, with drive= and force as the
 * options say. EXIT_OK, or what was reported.
 */
enum exit_code ask_line(const struct options *o, const char *verb, char line[ASK_LINE]);
/*
 * watch and wait send the command status: copies the text of a refusal as one of the command that
 * was typed, which its beginning and its usage name.
 */
void ask_as_typed(const char *typed, const char *text, char *out, size_t size);
/* Connects to the daemon. A descriptor; or -1, reported with *code. */
int ask_connect(const struct options *o, enum exit_code *code);
/* Sends line and shows the answer. */
enum exit_code ask(const struct options *o, const char *line);
/*
 * Asks the daemon at socket for its status, and waits ms for the answer. 0 or -errno;
 * -ETIMEDOUT: it hangs. The caller drops *status.
 */
int ask_status(const char *socket, double wait, int ms, json_t **status);

#endif
