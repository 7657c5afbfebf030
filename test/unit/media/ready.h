/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of media that answer "again" and say when it is worth asking once more. */
#ifndef TEST_UNIT_READY_H
#define TEST_UNIT_READY_H

#include <pthread.h>
#include <time.h>

static pthread_mutex_t ready_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready_cond = PTHREAD_COND_INITIALIZER;
static unsigned told; /* calls of ready */

static void ready(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&ready_lock);
	told++;
	pthread_cond_broadcast(&ready_cond);
	pthread_mutex_unlock(&ready_lock);
}

static unsigned told_so_far(void)
{
	unsigned n;

	pthread_mutex_lock(&ready_lock);
	n = told;
	pthread_mutex_unlock(&ready_lock);
	return n;
}

/* Until ready was called more than n times; fails when that never happens. */
static void await(unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_lock(&ready_lock);
	while (told <= n)
		assert_int_equal(pthread_cond_timedwait(&ready_cond, &ready_lock, &until), 0);
	pthread_mutex_unlock(&ready_lock);
}

/* Asks until the answer is another than "again". */
#define insist(result, call)                                                                       \
	for (unsigned was_ = told_so_far(); (result = (call)) == -EAGAIN; was_ = told_so_far())    \
	await(was_)

#endif
