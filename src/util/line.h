/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of lines, each of which begins with a word that says what it is. */
#ifndef UTIL_LINE_H
#define UTIL_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies the rest of the line at *p if the line begins with word, and moves *p past it. False: it
 * begins with something else, does not end, or its rest does not fit; then nothing changes.
 */
bool line_take(const char **p, const char *word, char *out, size_t size);

#endif
