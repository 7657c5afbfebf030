/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says in words what is wrong with the syntax of a configuration file. */
#ifndef DAEMON_CONFIG_SYNTAX_H
#define DAEMON_CONFIG_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Explains why libconfig refused the file at path, in that line and with that text. Reads the
 * file again and writes "FILE:LINE: message" to why. The line can be another one than
 * libconfig's, which notices a missing quote or bracket late.
 */
void config_explain(const char *path, unsigned line, const char *text, char *why, size_t size);

/*
 * Moves file, which is at its beginning, past the byte order mark of UTF-8, if there is one: some
 * editors of Windows write it. False if the file is UTF-16, which libconfig cannot read.
 */
bool config_skip_mark(FILE *file);

#endif
