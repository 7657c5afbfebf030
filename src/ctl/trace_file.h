/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's own forms of trace, which read and write files. */
#ifndef CTL_TRACE_FILE_H
#define CTL_TRACE_FILE_H

#include <stdbool.h>

/* Forms of "trace" that the daemon does not have. */
#define TRACE_SAVE_SYNOPSIS   "trace save FILE [drive=DRIVE]"
#define TRACE_SAVE_HELP       "write the recorded commands to a file; - is standard output"
#define TRACE_SHOW_SYNOPSIS   "trace show FILE"
#define TRACE_SHOW_HELP       "show such a file; needs no daemon"
#define TRACE_SCRIPT_SYNOPSIS "trace script FILE"
#define TRACE_SCRIPT_HELP     "print it as a conversation that the drive's tests can replay"

/* True if word, the one after "trace", is save, show or script. */
bool trace_file_is(const char *word);

/* Both print errors on standard error. 0, or -1. */
int trace_file_show(const char *path, bool script);
/* Saves a drive's trace; drive is "drive=NAME" or NULL. fd is connected to the daemon. */
int trace_file_save(int fd, const char *path, const char *drive);

#endif
