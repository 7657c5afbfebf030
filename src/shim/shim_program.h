/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a program, and finds out whether a library can be preloaded into it. */
#ifndef SHIM_PROGRAM_H
#define SHIM_PROGRAM_H

#include <stddef.h>

/*
 * Finds a program as execvp() does; if PATH is not set, in /usr/local/bin as well. 0 and its path;
 * -ENOENT; -EACCES: there is one that cannot be run; other errors of stat(), if the name has a
 * slash.
 */
int shim_program_find(const char *name, char *path, size_t size);
/*
 * NULL if the program at path, or the interpreter of a script, accepts a preloaded library of this
 * program's kind, or if that cannot be found out (the file cannot be read, or is no ELF file);
 * otherwise why it does not (static text). Programs that it starts are not looked at.
 */
const char *shim_program_obstacle(const char *path);

#endif
