// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The USB thread flushes the drive whenever the host may be about to switch the power off, because
 * the host may not have sent SYNCHRONIZE CACHE. The thread is real, the host and its endpoints are
 * simulated.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/usb/functionfs.h>

#include <cmocka.h>

#include "gadget/ffs_int.h"
#include "util/log.h"

/* ---- the kernel ----------------------------------------------------------------------------- */

/* Replaces the C library's ioctl(): answers as FunctionFS does, with a bulk endpoint. */
int ioctl(int fd, unsigned long request, ...)
{
	struct usb_endpoint_descriptor *d;
	va_list ap;

	(void)fd;
	assert_int_equal(request, FUNCTIONFS_ENDPOINT_DESC);
	va_start(ap, request);
	d = va_arg(ap, struct usb_endpoint_descriptor *);
	va_end(ap);
	*d = (struct usb_endpoint_descriptor){.bEndpointAddress = 0x81, .wMaxPacketSize = 512};
	return 0;
}

/* Requests stay in flight: this host sends no command. */
static int k_submit(io_context_t ctx, struct iocb *iocb)
{
	(void)ctx;
	(void)iocb;
	return 0;
}

static int k_reap(io_context_t ctx, struct io_event *events, int max)
{
	(void)ctx;
	(void)events;
	(void)max;
	return 0;
}

static int k_cancel(io_context_t ctx, struct iocb *iocb)
{
	(void)ctx;
	(void)iocb;
	return -EINPROGRESS;
}

static const struct ffs_io_ops kernel = {.submit = k_submit, .reap = k_reap, .cancel = k_cancel};

/* ---- the drive ------------------------------------------------------------------------------ */

static struct mmc_drive *drive;
static struct ffs *f;
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
	const struct mmc_config mmc = {.vendor = "V", .product = "P", .revision = "1"};
	const struct ffs_files files = {open("/dev/null", O_RDWR | O_CLOEXEC),
		open("/dev/null", O_RDWR | O_CLOEXEC), open("/dev/null", O_RDWR | O_CLOEXEC)};
	struct ffs_config config = {.instance = "test.drive0",
		.directory = "/nowhere",
		.flush = on_flush,
		.inherited = &files};

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	flushes = 0;
	drive = mmc_drive_new(&mmc);
	config.drive = drive;
	if (!drive || ffs_open(&config, &f) < 0)
		return -1;
	f->aio.io = &kernel;
	f->running = true;
	f->usb_started = pthread_create(&f->usb_thread, NULL, ffs_usb_run, f) == 0;
	return f->usb_started ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ffs_close(f);
	mmc_drive_free(drive);
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
