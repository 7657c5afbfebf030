/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program of the system and waits for its end. */
#ifndef CTL_RUN_PROGRAM_H
#define CTL_RUN_PROGRAM_H

#include <stdbool.h>

/*
 * Runs argv[0], which is looked up in the system's folders of programs, whatever PATH is. What it
 * prints goes to standard error; with quiet nowhere. Returns its exit code, 128 plus the number of
 * the signal that ended it, or -errno if it could not be started.
 */
int run_program(const char *const *argv, bool quiet);

#endif
