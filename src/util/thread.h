/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts helper threads: they wait for storage, or compute, for threads that must not wait. */
#ifndef UTIL_THREAD_H
#define UTIL_THREAD_H

#include <pthread.h>

/*
 * Starts run(arg) in a thread with a small stack, all signals blocked and that name (at most 15
 * characters). The caller joins or detaches it. 0 or a positive errno.
 */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg);

/*
 * Gives the calling thread the lowest priority, for the processor and for storage. Without the
 * right to do so, it competes with others.
 */
void thread_lower_priority(void);

#endif
