// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The thread of the control pipe. It is separate from the USB thread for two reasons: the
 * answer to a control request blocks in the kernel until the host takes it, and the
 * USB thread may wait for storage longer than the host waits for an answer (5 s).
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/functionfs.h>

#include "gadget/ffs_int.h"
#include "util/array.h"
#include "util/log.h"

#define MSC_RESET       0xff /* BOT 3.1 */
#define MSC_GET_MAX_LUN 0xfe /* BOT 3.2 */
#define CLASS_IN        (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define CLASS_OUT       (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define RESET_WAIT_MS   1000 /* hosts wait 5 s */

static const char *event_name(unsigned type)
{
	static const char *const names[] = {
		[FUNCTIONFS_BIND] = "bind",
		[FUNCTIONFS_UNBIND] = "unbind",
		[FUNCTIONFS_ENABLE] = "enable",
		[FUNCTIONFS_DISABLE] = "disable",
		[FUNCTIONFS_SETUP] = "setup",
		[FUNCTIONFS_SUSPEND] = "suspend",
		[FUNCTIONFS_RESUME] = "resume",
	};

	return type < ARRAY_LEN(names) ? names[type] : "unknown event";
}

/* Logs a failed answer, unless the host no longer waits for it (EIDRM: a newer event came). */
static void check_answer(struct ffs *f, ssize_t ret, const char *what)
{
	if (ret < 0 && errno != EIDRM && errno != EL2HLT && errno != ESHUTDOWN && ffs_may_log(f))
		log_warn("%s: %s: %s", f->instance, what, strerror(errno));
}

/* FunctionFS stalls a request when it is answered in the wrong direction. */
static void ep0_stall(struct ffs *f, const struct usb_ctrlrequest *r)
{
	char unused;

	if (r->bRequestType & USB_DIR_IN)
		check_answer(f, read(f->ep0, &unused, 0), "stalling a request");
	else
		check_answer(f, write(f->ep0, &unused, 0), "stalling a request");
}

/*
 * Has the USB thread do the reset, then acknowledges it. Waits at most RESET_WAIT_MS: the
 * host must not time out while the USB thread waits for storage.
 */
static void ep0_reset(struct ffs *f)
{
	struct timespec until;
	unsigned reset, generation;
	char unused;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RESET_WAIT_MS / 1000;
	pthread_mutex_lock(&f->lock);
	reset = ++f->host.reset;
	f->host.early = false;
	atomic_store(&f->reset, reset);
	generation = f->host.generation;
	pthread_mutex_unlock(&f->lock);
	ffs_wake(f);
	pthread_mutex_lock(&f->lock);
	while (f->reset_done != reset && f->host.generation == generation && !f->stopping &&
		!pthread_cond_timedwait(&f->cond, &f->lock, &until))
		;
	f->host.early = f->reset_done != reset;
	if (f->host.early)
		log_debug("%s: Bulk-Only Reset acknowledged before it is done", f->instance);
	pthread_mutex_unlock(&f->lock);
	/* wLength is 0: reading no bytes completes the status stage. */
	check_answer(f, read(f->ep0, &unused, 0), "Bulk-Only Reset");
}

static void ep0_setup(struct ffs *f, const struct usb_ctrlrequest *r)
{
	bool plain = !r->wValue;
	unsigned length = le16toh(r->wLength);

	if (r->bRequestType == CLASS_IN && r->bRequest == MSC_GET_MAX_LUN && plain && length == 1)
		check_answer(f, write(f->ep0, &f->max_lun, 1), "Get Max LUN");
	else if (r->bRequestType == CLASS_OUT && r->bRequest == MSC_RESET && plain && !length)
		ep0_reset(f);
	else
		ep0_stall(f, r);
}

/*
 * Records the host's state as the event reports it. The USB thread compares states and does
 * not count events, because FunctionFS drops some (no DISABLE at a bus reset).
 */
static void ep0_follow(struct ffs *f, unsigned type)
{
	pthread_mutex_lock(&f->lock);
	switch (type) {
	case FUNCTIONFS_ENABLE:
	case FUNCTIONFS_DISABLE:
	case FUNCTIONFS_UNBIND:
		f->host.enabled = type == FUNCTIONFS_ENABLE;
		f->host.suspended = false;
		f->host.generation++;
		/*
		 * Seen by the USB thread at once: it must not submit requests of the old
		 * session into the new one.
		 */
		atomic_store(&f->generation, f->host.generation);
		break;
	case FUNCTIONFS_SUSPEND:
		f->host.suspended = true;
		break;
	case FUNCTIONFS_RESUME:
		f->host.suspended = false;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&f->lock);
	ffs_wake(f);
	log_debug("%s: %s", f->instance, event_name(type));
}

/*
 * After a take-over: the events from before it have been read, so the USB thread may begin.
 * reset: the previous daemon died during a Bulk-Only Reset, which is done now.
 */
static void ep0_caught_up(struct ffs *f, bool reset)
{
	pthread_mutex_lock(&f->lock);
	f->host.caught_up = true;
	if (reset) {
		f->host.early = true;
		atomic_store(&f->reset, ++f->host.reset);
	}
	pthread_mutex_unlock(&f->lock);
	ffs_wake(f);
}

/* Reads and handles events. False: the file is unusable. */
static bool ep0_events(struct ffs *f)
{
	struct usb_functionfs_event events[4]; /* all that the kernel can queue */
	ssize_t n = read(f->ep0, events, sizeof(events));

	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == EIDRM)
			return true;
		log_error("%s: reading events: %s", f->instance, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < (size_t)n / sizeof(events[0]); i++) {
		if (events[i].type != FUNCTIONFS_SETUP) {
			ep0_follow(f, events[i].type);
			continue;
		}
		if (f->inherited && !f->host.caught_up)
			ep0_caught_up(f, false);
		ep0_setup(f, &events[i].u.setup);
	}
	return true;
}

/*
 * Answers a request that the previous daemon had read but not answered when it died. Reading
 * no bytes acknowledges a Bulk-Only Reset; it stalls Get Max LUN, which means 0 (BOT 3.2).
 * Without such a request the kernel returns EINVAL and does nothing.
 */
static void ep0_take_over(struct ffs *f)
{
	struct pollfd fd = {.fd = f->ep0, .events = POLLIN};
	char unused;
	bool reset = read(f->ep0, &unused, 0) == 0;

	if (poll(&fd, 1, 0) > 0)
		ep0_events(f);
	if (!f->host.caught_up || reset)
		ep0_caught_up(f, reset);
}

void *ffs_ep0_run(void *arg)
{
	struct ffs *f = arg;
	struct pollfd fds[] = {
		{.fd = f->ep0, .events = POLLIN},
		{.fd = f->stop_fd, .events = POLLIN},
	};

	pthread_setname_np(pthread_self(), "usb-ep0");
	if (f->inherited)
		ep0_take_over(f);
	for (;;) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			break;
		/* Events first: an UNBIND before ffs_stop() must reach the USB thread. */
		if (fds[0].revents && !ep0_events(f))
			break;
		if (fds[1].revents)
			break;
	}
	return NULL;
}
