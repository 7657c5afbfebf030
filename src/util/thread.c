// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/thread.h"

#include <signal.h>
#include <stddef.h>

#define STACK (128u * 1024u) /* bytes; small, as each drive may have two threads, in 512 MB */

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	/* The main thread handles all signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	r = pthread_create(thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		pthread_setname_np(*thread, name);
	return r;
}
