/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A word in a command that a user copies into a shell. */
#ifndef UTIL_SHELL_WORD_H
#define UTIL_SHELL_WORD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes word to out so that a POSIX shell reads it as that word: as it is if it consists of
 * letters, digits and "._/+-:@%,", otherwise in single quotes. False: it does not fit into size
 * bytes, and out is empty.
 */
bool shell_word(const char *word, char *out, size_t size);

#endif
