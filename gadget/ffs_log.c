// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits log messages: a host that keeps resetting must not fill the disk. */
#include <time.h>

#include "gadget/ffs_int.h"

#define LOG_LINES   10 /* in LOG_SECONDS, for each USB function */
#define LOG_SECONDS 10

bool ffs_may_log(struct ffs *f)
{
	struct timespec now;
	bool yes;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&f->lock);
	if (now.tv_sec - f->log_second >= LOG_SECONDS) {
		f->log_second = now.tv_sec;
		f->log_count = 0;
	}
	yes = f->log_count++ < LOG_LINES;
	pthread_mutex_unlock(&f->lock);
	return yes;
}
