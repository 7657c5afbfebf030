/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A USB function whose USB thread is real; the host and its endpoints are simulated. */
#ifndef DAEMON_FAKE_FUNCTION_H
#define DAEMON_FAKE_FUNCTION_H

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
static inline int k_submit(io_context_t ctx, struct iocb *iocb)
{
	(void)ctx;
	(void)iocb;
	return 0;
}

static inline int k_reap(io_context_t ctx, struct io_event *events, int max)
{
	(void)ctx;
	(void)events;
	(void)max;
	return 0;
}

static inline int k_cancel(io_context_t ctx, struct iocb *iocb)
{
	(void)ctx;
	(void)iocb;
	return -EINPROGRESS;
}

static const struct ffs_io_ops kernel = {.submit = k_submit, .reap = k_reap, .cancel = k_cancel};

/* ---- the function --------------------------------------------------------------------------- */

static struct mmc_drive *drive;
static struct ffs *f;

/* Opens the function with the files of a daemon that died, and starts its USB thread. */
static inline int open_function(struct ffs_config config)
{
	const struct mmc_config mmc = {.vendor = "V", .product = "P", .revision = "1"};
	const struct ffs_files files = {open("/dev/null", O_RDWR | O_CLOEXEC),
		open("/dev/null", O_RDWR | O_CLOEXEC), open("/dev/null", O_RDWR | O_CLOEXEC)};

	log_set_level(LOG_LEVEL_ERROR);
	drive = mmc_drive_new(&mmc);
	config.instance = "test.drive0";
	config.directory = "/nowhere";
	config.drive = drive;
	config.inherited = &files;
	if (!drive || ffs_open(&config, &f) < 0)
		return -1;
	f->aio.io = &kernel;
	f->running = true;
	f->usb_started = pthread_create(&f->usb_thread, NULL, ffs_usb_run, f) == 0;
	return f->usb_started ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	ffs_close(f);
	mmc_drive_free(drive);
	return 0;
}

#endif
