/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the client ends: a text for people, or with --json one object for programs. */
#ifndef CTL_SAY_H
#define CTL_SAY_H

#include <jansson.h>
#include <stdbool.h>

enum exit_code { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON, EXIT_NO_PERMISSION };

/*
 * Reports a failure of the client itself: on standard error as text, or if json on standard
 * output as an object with that code. Returns exit.
 */
enum exit_code say_failure(bool json, enum exit_code exit, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Prints the object on one line, with the version of the format, and takes it over. */
void say_object(json_t *object);
/*
 * Call last: flushes standard output. Returns code. If not everything could be written, returns
 * EXIT_REFUSED in place of EXIT_OK, and prints an error text, unless the reader of a pipe has gone
 * (EPIPE).
 */
enum exit_code say_end(enum exit_code code);

#endif
