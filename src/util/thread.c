// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/thread.h"

#include <linux/ioprio.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Bytes of address space, of which only what is used takes memory; small, as each drive has several
 * threads. A thread that opens an image has the texts of two state files on its stack.
 */
#define STACK  (256u * 1024u)
#define LOWEST 19 /* nice value */

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

void thread_lower_priority(void)
{
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST);
	(void)syscall(
		SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}
