// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/utf8.h"

static _Atomic int max_level = LOG_LEVEL_INFO;
static const char *_Atomic own_name = "mmcgadgetd";

void log_set_name(const char *name)
{
	atomic_store(&own_name, name);
}

void log_set_level(enum log_level level)
{
	atomic_store(&max_level, (int)level);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load(&max_level);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	/* syslog(3) priorities: err, warning, info, debug */
	static const int priority[] = {3, 4, 6, 7};
	int saved = errno;
	char line[1024];
	va_list ap;

	if ((int)level > atomic_load(&max_level))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	utf8_clean(line);
	/* One fprintf() for each line: stdio locks the stream, so lines do not mix. */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", priority[level], line);
	else
		fprintf(stderr, "%s: %s\n", atomic_load(&own_name), line);
	errno = saved;
}
