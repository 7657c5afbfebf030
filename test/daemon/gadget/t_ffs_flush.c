// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The USB thread flushes the drive whenever the host may be about to switch the power off, because
 * the host may not have sent SYNCHRONIZE CACHE.
 */
#include "daemon/gadget/fake_function.h"

/* ---- the drive ------------------------------------------------------------------------------ */

static unsigned flushes;
static bool flushed_by_usb_thread;

static void on_flush(void *ctx)
{
	(void)ctx;
	flushes++;
	flushed_by_usb_thread = pthread_equal(pthread_self(), f->usb_thread) != 0;
}

static int setup(void **state)
{
	(void)state;
	flushes = 0;
	if (open_function((struct ffs_config){.flush = on_flush}) < 0)
		return -1;
	/* What happened before it was taken over is known: nothing. */
	pthread_mutex_lock(&f->lock);
	f->host.caught_up = true;
	pthread_mutex_unlock(&f->lock);
	return 0;
}

/* ---- the host ------------------------------------------------------------------------------- */

/* Runs on the USB thread. *seen: the thread has acted on the present state of the host. */
static void look(void *arg)
{
	bool *seen = arg;

	pthread_mutex_lock(&f->lock);
	*seen = f->seen.generation == f->host.generation && f->seen.reset == f->host.reset &&
		f->seen.enabled == f->host.enabled && f->seen.suspended == f->host.suspended;
	pthread_mutex_unlock(&f->lock);
}

/* Changes the host's state as the ep0 thread does; returns when the USB thread has acted on it. */
static void host(bool enabled, bool suspended, unsigned sessions, unsigned resets)
{
	bool seen;

	pthread_mutex_lock(&f->lock);
	f->host.enabled = enabled;
	f->host.suspended = suspended;
	f->host.generation += sessions;
	f->host.reset += resets;
	atomic_store(&f->generation, f->host.generation);
	atomic_store(&f->reset, f->host.reset);
	pthread_mutex_unlock(&f->lock);
	/* The USB thread may have read the state before this change, and run look() after it. */
	do {
		ffs_wake(f);
		ffs_call(f, look, &seen);
	} while (!seen);
}

static void expect_flushes(unsigned n)
{
	assert_int_equal(flushes, n);
	assert_true(flushed_by_usb_thread || n == 0);
	flushes = 0;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void a_host_that_arrives_flushes_nothing(void **state)
{
	(void)state;
	host(true, false, 1, 0);
	expect_flushes(0);
}

static void a_host_that_leaves_or_sleeps_flushes(void **state)
{
	(void)state;
	host(true, false, 1, 0);
	host(true, true, 0, 0);
	expect_flushes(1);
	host(true, false, 0, 0);
	expect_flushes(0);
	host(false, false, 1, 0);
	expect_flushes(1);
	host(true, false, 1, 0);
	expect_flushes(0);
}

/* FunctionFS may report ENABLE without the DISABLE before it. */
static void a_bus_reset_or_a_configuration_anew_flushes(void **state)
{
	(void)state;
	host(true, false, 1, 0);
	host(true, false, 1, 0);
	expect_flushes(1);
	host(true, false, 2, 0);
	expect_flushes(1);
}

static void a_bulk_only_reset_flushes(void **state)
{
	(void)state;
	host(true, false, 1, 0);
	host(true, false, 0, 1);
	expect_flushes(1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_host_that_arrives_flushes_nothing),
		T(a_host_that_leaves_or_sleeps_flushes),
		T(a_bus_reset_or_a_configuration_anew_flushes),
		T(a_bulk_only_reset_flushes),
	};

	return cmocka_run_group_tests_name("ffs_flush", tests, NULL, NULL);
}
