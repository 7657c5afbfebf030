/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logging to stderr. Names in a line cannot deceive its reader, see utf8_clean(). If stderr is the
 * journal, each line has the prefix <N> from which journald takes the priority. Preserves errno.
 * Any thread may log. The engine and BOT do not log: they count, and report errors to the host.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the least important level that is written; LOG_LEVEL_INFO at the start. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Sets the name before lines on a terminal, which stays the caller's; "mmcgadgetd" at the start. */
void log_set_name(const char *name);

/* Writes one line, formatted as by printf(); adds the newline. */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
