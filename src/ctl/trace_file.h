/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of the command trace that the client carries out, because they read and write files. */
#ifndef CTL_TRACE_FILE_H
#define CTL_TRACE_FILE_H

#include <stdbool.h>

/* True if word, the one after "trace", is save, show or script. */
bool trace_file_is(const char *word);

/*
 * Prints a trace file as text, or with script as a conversation. 0, or -1 after printing the
 * error on standard error.
 */
int trace_file_show(const char *path, bool script);
/*
 * Saves a drive's trace to a file; drive is "drive=NAME" or NULL. fd is connected to the
 * daemon. Results as of trace_file_show(); json: the result is an object on standard output.
 */
int trace_file_save(int fd, const char *path, const char *drive, bool json);

#endif
