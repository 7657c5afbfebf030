/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of media that answer -EAGAIN and call ready() when the call is worth repeating. */
#ifndef TEST_UNIT_READY_H
#define TEST_UNIT_READY_H

#include <pthread.h>
#include <time.h>

static pthread_mutex_t ready_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready_cond = PTHREAD_COND_INITIALIZER;
static unsigned ready_calls;

static void ready(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&ready_lock);
	ready_calls++;
	pthread_cond_broadcast(&ready_cond);
	pthread_mutex_unlock(&ready_lock);
}

static unsigned ready_calls_so_far(void)
{
	unsigned n;

	pthread_mutex_lock(&ready_lock);
	n = ready_calls;
	pthread_mutex_unlock(&ready_lock);
	return n;
}

/* Waits until ready() was called more than n times; fails after a minute. */
static void wait_ready(unsigned n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_lock(&ready_lock);
	while (ready_calls <= n)
		assert_int_equal(pthread_cond_timedwait(&ready_cond, &ready_lock, &until), 0);
	pthread_mutex_unlock(&ready_lock);
}

/* Repeats the call, each time after ready(), until its result is not -EAGAIN. */
#define repeat_until_done(result, call)                                                            \
	for (unsigned was_ = ready_calls_so_far(); (result = (call)) == -EAGAIN;                   \
		was_ = ready_calls_so_far())                                                       \
	wait_ready(was_)

#endif
