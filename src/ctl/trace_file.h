/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's part of trace: files. */
#ifndef CTL_TRACE_FILE_H
#define CTL_TRACE_FILE_H

#include <stdbool.h>

/* After "trace"; what the daemon's verb does not have. */
#define TRACE_SAVE_SYNOPSIS   "trace save FILE [drive=DRIVE]"
#define TRACE_SAVE_HELP       "write the recorded commands to a file; - is standard output"
#define TRACE_SHOW_SYNOPSIS   "trace show FILE"
#define TRACE_SHOW_HELP       "show such a file; needs no daemon"
#define TRACE_SCRIPT_SYNOPSIS "trace script FILE"
#define TRACE_SCRIPT_HELP     "print it as a conversation that the drive's tests can hold again"

/* "save", "show" and "script". */
bool trace_file_is(const char *word);

/* Both say on standard error what went wrong. 0, or -1. */
int trace_file_show(const char *path, bool script);
/* The trace of the drive ("drive=NAME", or NULL) that the daemon at fd has. */
int trace_file_save(int fd, const char *path, const char *drive);

#endif
