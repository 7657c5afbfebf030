/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's help: it needs no daemon. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The verbs that only the client has, ended by NULL. */
extern const char *const help_own_verbs[];

/* Prints the usage, with all verbs and options. */
void help_usage(FILE *out);
/* Prints synopsis and help of a verb in all its forms. False: there is no such verb. */
bool help_verb(const char *verb, FILE *out);
/* Returns the answer to help with --json; verb NULL: all verbs. NULL: there is no such verb. */
json_t *help_json(const char *verb);

#endif
