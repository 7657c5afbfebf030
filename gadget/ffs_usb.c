// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The USB thread, the only one that calls BOT and the engine. It is woken by completions,
 * by other threads (queued tasks, events of the host that the ep0 thread saw), by BOT's
 * timer, and by the timer of *in_flight.
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/functionfs.h>

#include "gadget/ffs_int.h"
#include "util/log.h"

#define RESET_WAIT_NS 20000000 /* before a reset: resets are rare, hosts allow seconds */
#define USB_NICE      (-10)    /* the host times commands; nothing on the board is so urgent */
#define QUIET_MS      20u      /* longer than a host takes between two commands of a burn */

/* ---- published state ---------------------------------------------------------------------- */

/* Copies BOT's and the host's state for ffs_get_state(); calls changed() if it differs. */
static void publish(struct ffs *f)
{
	const struct bot_stats *stats = bot_get_stats(f->bot);
	bool busy = bot_busy(f->bot);
	bool differs = stats->commands != f->seen_commands || busy != f->seen_busy;

	pthread_mutex_lock(&f->lock);
	differs |= f->state.speed != f->speed || f->state.suspended != f->seen.suspended ||
		   f->state.bot.resets != stats->resets;
	f->state.enabled = f->speed != FFS_SPEED_NONE;
	f->state.suspended = f->seen.suspended;
	f->state.speed = f->speed;
	f->state.in = f->speed == FFS_SPEED_NONE ? 0 : f->in;
	f->state.out = f->speed == FFS_SPEED_NONE ? 0 : f->out;
	f->state.bot = *stats;
	pthread_mutex_unlock(&f->lock);
	f->seen_commands = stats->commands;
	f->seen_busy = busy;
	if (differs && f->changed)
		f->changed(f->ctx);
}

/*
 * Called after everything that may have made BOT submit a request: ffs_aio_send() and
 * ffs_aio_recv() may have found completions of other requests, which are delivered here.
 */
static void deliver_and_publish(struct ffs *f)
{
	ffs_aio_dispatch(&f->aio);
	publish(f);
}

/* ---- between BOT and the endpoints -------------------------------------------------------- */

static int ep_send(void *ep, const void *data, uint32_t len)
{
	return ffs_aio_send(&((struct ffs *)ep)->aio, data, len);
}

static int ep_recv(void *ep, uint32_t len)
{
	return ffs_aio_recv(&((struct ffs *)ep)->aio, len);
}

static int ep_halt_in(void *ep)
{
	return ffs_aio_halt_in(&((struct ffs *)ep)->aio);
}

static void ep_cancel_in(void *ep)
{
	ffs_aio_cancel_in(&((struct ffs *)ep)->aio);
}

static void set_timer(int fd, unsigned ms)
{
	struct itimerspec t = {.it_value = {ms / 1000, (long)(ms % 1000) * 1000000}};

	(void)timerfd_settime(fd, 0, &t, NULL);
}

static void ep_arm_tick(void *ep, unsigned ms)
{
	struct ffs *f = ep;

	f->ticking = ms != 0;
	set_timer(f->tick_fd, ms);
}

static void ep_reset_done(void *ep)
{
	struct ffs *f = ep;

	pthread_mutex_lock(&f->lock);
	f->reset_done = f->seen.reset;
	pthread_cond_broadcast(&f->cond);
	pthread_mutex_unlock(&f->lock);
}

const struct bot_ep_ops ffs_bot_ops = {
	.send = ep_send,
	.recv = ep_recv,
	.halt_in = ep_halt_in,
	.cancel_in = ep_cancel_in,
	.arm_tick = ep_arm_tick,
	.reset_done = ep_reset_done,
};

/*
 * Sets *in_flight, and a timer that may clear it. If this daemon dies, the next one reads
 * there whether the host waits for an answer. A wrong 1 costs a reset, a wrong 0 the
 * host's time-out. So it stays 1 between commands that follow each other, because a CBW
 * may have arrived that this thread has not seen. One timer in QUIET_MS is also cheaper
 * than one for each command, and it bounds how late BOT learns that a send was lost.
 */
static void set_in_flight(struct ffs *f)
{
	if (f->in_flight_set)
		return;
	f->in_flight_set = true;
	if (f->in_flight)
		atomic_store(f->in_flight, 1);
	f->quiet_commands = bot_get_stats(f->bot)->commands;
	set_timer(f->quiet_fd, QUIET_MS);
}

static void on_quiet(struct ffs *f)
{
	bool quiet;

	/* The completion of a CSW does not wake this thread (decision 011). */
	deliver_and_publish(f);
	quiet = bot_at_rest(f->bot) && bot_get_stats(f->bot)->commands == f->quiet_commands;
	f->in_flight_set = false;
	if (quiet && f->in_flight)
		atomic_store(f->in_flight, 0);
	if (quiet)
		ffs_aio_idle(&f->aio);
	if (!quiet && f->speed != FFS_SPEED_NONE)
		set_in_flight(f);
}

static void client_sent(void *ctx, int32_t result)
{
	bot_sent(((struct ffs *)ctx)->bot, result);
}

static bool client_received(void *ctx, const uint8_t *data, int32_t result)
{
	if (result >= 0)
		set_in_flight(ctx);
	return bot_received(((struct ffs *)ctx)->bot, data, result);
}

static void client_posted(void *ctx, uint32_t len)
{
	bot_posted(((struct ffs *)ctx)->bot, len);
}

const struct ffs_aio_client ffs_bot_client = {
	.sent = client_sent,
	.received = client_received,
	.posted = client_posted,
};

/* ---- events of the host ------------------------------------------------------------------- */

/*
 * Reads from the kernel which endpoints the controller has given to this function. Returns the
 * bulk wMaxPacketSize of the current speed, 0 if the function is not enabled.
 */
static uint16_t max_packet(struct ffs *f)
{
	struct usb_endpoint_descriptor in, out;

	if (ioctl(f->aio.in_fd, FUNCTIONFS_ENDPOINT_DESC, &in) < 0)
		return 0;
	f->in = in.bEndpointAddress;
	f->out =
		ioctl(f->aio.out_fd, FUNCTIONFS_ENDPOINT_DESC, &out) < 0 ? 0 : out.bEndpointAddress;
	return le16toh(in.wMaxPacketSize);
}

static enum ffs_speed speed_of(uint16_t packet)
{
	if (!packet)
		return FFS_SPEED_NONE;
	return packet >= 1024 ? FFS_SPEED_SUPER : packet >= 512 ? FFS_SPEED_HIGH : FFS_SPEED_FULL;
}

static const char *speed_name(enum ffs_speed speed)
{
	static const char *const names[] = {
		[FFS_SPEED_NONE] = "none",
		[FFS_SPEED_FULL] = "full",
		[FFS_SPEED_HIGH] = "high",
		[FFS_SPEED_SUPER] = "super",
	};

	return names[speed];
}

/* The host may be about to switch the power off, or to go. */
static void flush(struct ffs *f)
{
	if (f->flush)
		f->flush(f->ctx);
}

/* The host has disconnected or suspended the bus. */
static void host_left(struct ffs *f)
{
	ffs_aio_trim(&f->aio);
	flush(f);
}

static void new_session(struct ffs *f, bool enabled)
{
	uint16_t packet = enabled ? max_packet(f) : 0;
	bool was_on = f->speed != FFS_SPEED_NONE;

	ffs_aio_reset(&f->aio, f->seen.generation);
	f->aio.reset = f->seen.reset;
	f->speed = speed_of(packet);
	if (packet) {
		bot_enabled(f->bot, packet);
		if (ffs_may_log(f))
			log_info("%s: configured by the host at %s speed", f->instance,
				speed_name(f->speed));
		/* A reset: a host that boots again does not say so in any other way. */
		if (was_on)
			flush(f);
		return;
	}
	bot_disabled(f->bot);
	if (was_on) {
		if (ffs_may_log(f))
			log_info("%s: the host disconnected", f->instance);
		host_left(f);
	}
}

static void class_reset(struct ffs *f)
{
	/*
	 * While the host still waits for the acknowledgement, everything received so far was
	 * sent before the reset, so BOT gets it first. A kernel worker delivers received data,
	 * and a reset can overtake it: without the pause a CBW from before the reset would be
	 * carried out after it. Once the reset has been acknowledged, the next CBW may have
	 * come already, so BOT resets first.
	 */
	if (!f->seen.early) {
		nanosleep(&(struct timespec){.tv_nsec = RESET_WAIT_NS}, NULL);
		ffs_aio_dispatch(&f->aio);
	}
	f->aio.reset = f->seen.reset;
	ffs_aio_unhold(&f->aio);
	bot_class_reset(f->bot);
	flush(f);
}

/*
 * Continues the session of the daemon that died. same_session: the host has noticed
 * nothing. Otherwise it has reset the bus since then; if a command was in flight, this is
 * the reset that bot_taken_over() hides from the drive.
 */
static void take_over(struct ffs *f, bool same_session)
{
	uint16_t packet = same_session ? max_packet(f) : 0;
	bool in_flight = f->in_flight && atomic_load(f->in_flight);

	f->speed = speed_of(packet);
	bot_taken_over(f->bot, packet, in_flight);
	if (in_flight)
		set_in_flight(f);
	if (!same_session)
		log_info("%s: resumed after a reset by the host", f->instance);
	else if (packet)
		log_info("%s: resumed at %s speed%s", f->instance, speed_name(f->speed),
			in_flight ? "; the host may be waiting for an answer, bulk-in "
				    "is halted until it resets"
				  : "");
	else
		log_info("%s: resumed, not configured by the host", f->instance);
}

/* Tells BOT what has changed since it last saw the host's state. */
static void follow_host(struct ffs *f)
{
	struct ffs_host was = f->seen;
	bool may_begin;

	pthread_mutex_lock(&f->lock);
	/* The ep0 thread wakes this one for each event from before a take-over, too. */
	may_begin = !f->inherited || f->host.caught_up;
	if (may_begin)
		f->seen = f->host;
	pthread_mutex_unlock(&f->lock);
	if (!may_begin)
		return;
	if (f->inherited && !f->taken_over) {
		f->taken_over = true;
		take_over(f, f->seen.generation == 0);
	}
	if (f->seen.generation != was.generation) {
		new_session(f, f->seen.enabled);
		ep_reset_done(f); /* of a Bulk-Only Reset, too: the new session did its work */
	} else if (f->seen.reset != was.reset) {
		class_reset(f);
	}
	if (f->seen.suspended && !was.suspended)
		host_left(f);
}

/* ---- the loop ----------------------------------------------------------------------------- */

static bool on_wake(struct ffs *f)
{
	bool stop, resume, ran;

	follow_host(f);
	resume = atomic_exchange(&f->resume, false);
	ran = ffs_run_tasks(f);
	/* Before BOT passes on more blocks: what waited for storage, a flush say, goes first. */
	if (resume && f->resumed)
		f->resumed(f->ctx);
	if (ran || resume) {
		ffs_aio_unhold(&f->aio);
		bot_resume(f->bot);
	}
	deliver_and_publish(f);
	pthread_mutex_lock(&f->lock);
	stop = f->stopping;
	pthread_mutex_unlock(&f->lock);
	return !stop;
}

static void on_tick(struct ffs *f)
{
	if (!f->ticking)
		return; /* disarmed after it had expired */
	f->ticking = false;
	ffs_aio_dispatch(&f->aio);
	/* The completions may have disarmed it or armed it again. */
	if (!f->ticking)
		bot_tick(f->bot);
	deliver_and_publish(f);
}

enum source { SOURCE_WAKE, SOURCE_COMPLETION, SOURCE_TICK, SOURCE_QUIET, SOURCES };

/*
 * Edge-triggered, so that no descriptor need be read: one system call less for each
 * wake-up. SOURCE_WAKE comes first: if the host ended the session, BOT must know that
 * before the completions of that session are delivered.
 */
static int loop(struct ffs *f)
{
	struct epoll_event events[SOURCES];
	bool on = true;

	while (on) {
		unsigned due = 0;
		int n = epoll_wait(f->epoll_fd, events, SOURCES, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++)
			due |= 1u << events[i].data.u32;
		if (due & 1u << SOURCE_WAKE)
			on = on_wake(f);
		if (due & 1u << SOURCE_COMPLETION)
			deliver_and_publish(f);
		if (due & 1u << SOURCE_TICK)
			on_tick(f);
		if (due & 1u << SOURCE_QUIET)
			on_quiet(f);
	}
	return 0;
}

static int make_timer(int *fd)
{
	*fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

int ffs_usb_init(struct ffs *f)
{
	int r = make_timer(&f->tick_fd);

	if (!r)
		r = make_timer(&f->quiet_fd);
	if (r)
		return r;
	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->epoll_fd < 0)
		return -errno;
	const int fds[SOURCES] = {
		[SOURCE_WAKE] = f->wake_fd,
		[SOURCE_COMPLETION] = f->aio.event_fd,
		[SOURCE_TICK] = f->tick_fd,
		[SOURCE_QUIET] = f->quiet_fd,
	};
	for (uint32_t i = 0; i < SOURCES; i++) {
		struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u32 = i};

		if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fds[i], &e) < 0)
			return -errno;
	}
	return 0;
}

void *ffs_usb_run(void *arg)
{
	struct ffs *f = arg;
	const char *drive = strrchr(f->instance, '.');
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "usb-%.11s", drive ? drive + 1 : f->instance);
	pthread_setname_np(pthread_self(), name);
	/* Linux has a nice value for each thread. Without the right to lower it this fails. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), USB_NICE);
	ret = loop(f);
	if (ret < 0)
		log_error("%s: event loop: %s", f->instance, strerror(-ret));
	pthread_mutex_lock(&f->lock);
	f->running = false;
	pthread_mutex_unlock(&f->lock);
	ffs_run_tasks(f); /* ffs_call() may wait for a task queued last */
	return NULL;
}
