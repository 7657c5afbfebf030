/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces personal names and numbers in a text that goes to strangers. */
#ifndef CTL_REDACT_H
#define CTL_REDACT_H

#include <stdbool.h>
#include <stdio.h>

struct redact;

/* NULL: no memory. */
struct redact *redact_new(void);
void redact_free(struct redact *r);

/*
 * From now on name becomes "<what>" wherever it stands as a whole word; what is static. For a
 * path, its last part counts as well. Names of less than 2 bytes are left out.
 */
void redact_add(struct redact *r, const char *name, const char *what);

/*
 * Writes text to out, with its names replaced. MAC, IP and UUID numbers, the users in /home/USER,
 * and the values of the keys serial and image are replaced without having been added. log: the
 * lines are of the daemon's log; then names of files that no longer exist and quoted names are
 * replaced, too, except those of gadgets and controllers.
 */
void redact_write(const struct redact *r, const char *text, bool log, FILE *out);

#endif
