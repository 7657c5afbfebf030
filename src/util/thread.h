/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that waits for storage, for one that may not. */
#ifndef UTIL_THREAD_H
#define UTIL_THREAD_H

#include <pthread.h>

/* Small stack, no signals, name of at most 15 characters. 0 or a positive errno. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg);

#endif
