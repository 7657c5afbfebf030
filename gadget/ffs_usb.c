// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The USB thread: BOT and the engine run here and nowhere else. Three things
 * wake it: completions, its mailbox (calls, and what ep0 saw), BOT's timer.
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

#define RESET_SETTLE_NS 20000000 /* rare enough, and the host gives a reset seconds */
#define USB_NICE        (-10) /* the host times commands; nothing else on the board is so urgent */
#define QUIET_MS        20u   /* longer than a host takes between two commands of a burn */

/* ---- news --------------------------------------------------------------------------------- */

static void publish(struct ffs *f)
{
	const struct bot_stats *stats = bot_get_stats(f->bot);
	bool busy = bot_busy(f->bot);
	bool news = stats->commands != f->seen_commands || busy != f->seen_busy;

	pthread_mutex_lock(&f->lock);
	news |= f->state.speed != f->speed || f->state.suspended != f->seen.suspended ||
		f->state.bot.resets != stats->resets;
	f->state.enabled = f->speed != FFS_SPEED_NONE;
	f->state.suspended = f->seen.suspended;
	f->state.speed = f->speed;
	f->state.bot = *stats;
	pthread_mutex_unlock(&f->lock);
	f->seen_commands = stats->commands;
	f->seen_busy = busy;
	if (news && f->changed)
		f->changed(f->ctx);
}

/* After anything that may have made BOT submit: a submission finds completions of others. */
static void settle(struct ffs *f)
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
 * Whoever takes over after our death has to know whether the host waits for us.
 * A wrong yes costs a reset, a wrong no the host's time-out. So it stays a yes
 * between two commands that follow each other, where a CBW may have come that we
 * have not seen; and one timer in QUIET_MS is cheaper than one a command. It also
 * bounds how late BOT hears of a send that was lost.
 */
static void mark_in_flight(struct ffs *f)
{
	if (f->marked)
		return;
	f->marked = true;
	if (f->in_flight)
		atomic_store(f->in_flight, 1);
	f->quiet_commands = bot_get_stats(f->bot)->commands;
	set_timer(f->quiet_fd, QUIET_MS);
}

static void on_quiet(struct ffs *f)
{
	bool quiet;

	/* That a CSW has gone out wakes nobody. */
	settle(f);
	quiet = bot_at_rest(f->bot) && bot_get_stats(f->bot)->commands == f->quiet_commands;
	f->marked = false;
	if (quiet && f->in_flight)
		atomic_store(f->in_flight, 0);
	if (!quiet && f->speed != FFS_SPEED_NONE)
		mark_in_flight(f);
}

static void client_sent(void *ctx, int32_t result)
{
	bot_sent(((struct ffs *)ctx)->bot, result);
}

static bool client_received(void *ctx, const uint8_t *data, int32_t result)
{
	if (result >= 0)
		mark_in_flight(ctx);
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

/* ---- what the host did -------------------------------------------------------------------- */

/* Of the current speed; 0 when the function is not enabled (any more). */
static uint16_t max_packet(struct ffs *f)
{
	struct usb_endpoint_descriptor d;

	return ioctl(f->aio.in_fd, FUNCTIONFS_ENDPOINT_DESC, &d) < 0 ? 0
								     : le16toh(d.wMaxPacketSize);
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

static void flush(struct ffs *f)
{
	if (f->flush)
		f->flush(f->ctx);
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
		return;
	}
	bot_disabled(f->bot);
	if (was_on) {
		if (ffs_may_log(f))
			log_info("%s: the host is gone", f->instance);
		flush(f);
	}
}

static void class_reset(struct ffs *f)
{
	/*
	 * What has come belongs before the reset, while the host waits for it to be
	 * acknowledged; if it is not waiting, the next CBW may be among that. The
	 * kernel hands received data on by a worker of its own, which a reset can
	 * overtake: a CBW of before would be carried out after it.
	 */
	if (!f->seen.late) {
		nanosleep(&(struct timespec){.tv_nsec = RESET_SETTLE_NS}, NULL);
		ffs_aio_dispatch(&f->aio);
	}
	f->aio.reset = f->seen.reset;
	ffs_aio_unhold(&f->aio);
	bot_class_reset(f->bot);
}

/*
 * What the process before us left is ours. same: the host knows of no change. Else it
 * has reset the bus; and if it was waiting for us, for that, or for a process before.
 */
static void take_over(struct ffs *f, bool same)
{
	uint16_t packet = same ? max_packet(f) : 0;
	bool in_flight = f->in_flight && atomic_load(f->in_flight);

	f->speed = speed_of(packet);
	bot_taken_over(f->bot, packet, in_flight);
	if (in_flight)
		mark_in_flight(f);
	if (!same)
		log_info("%s: goes on behind a reset by the host", f->instance);
	else if (packet)
		log_info("%s: goes on at %s speed%s", f->instance, speed_name(f->speed),
			in_flight ? "; the host may wait for an answer, and is made to reset" : "");
	else
		log_info("%s: goes on, not configured by the host", f->instance);
}

static void follow_host(struct ffs *f)
{
	struct ffs_host was = f->seen;

	pthread_mutex_lock(&f->lock);
	f->seen = f->host;
	pthread_mutex_unlock(&f->lock);
	if (f->inherited && !f->taken_over && f->seen.known) {
		f->taken_over = true;
		take_over(f, f->seen.generation == 0);
	}
	if (f->seen.generation != was.generation)
		new_session(f, f->seen.enabled);
	else if (f->seen.reset != was.reset)
		class_reset(f);
	if (f->seen.suspended && !was.suspended)
		flush(f);
}

/* ---- the loop ----------------------------------------------------------------------------- */

static bool on_wake(struct ffs *f)
{
	bool stop, resume;

	follow_host(f);
	resume = atomic_exchange(&f->resume, false);
	if (ffs_run_mail(f) || resume) {
		ffs_aio_unhold(&f->aio);
		bot_resume(f->bot);
	}
	if (resume && f->resumed)
		f->resumed(f->ctx);
	settle(f);
	pthread_mutex_lock(&f->lock);
	stop = f->stopping;
	pthread_mutex_unlock(&f->lock);
	return !stop;
}

static void on_tick(struct ffs *f)
{
	if (!f->ticking)
		return; /* taken back when it was on its way */
	f->ticking = false;
	ffs_aio_dispatch(&f->aio);
	/* Unless it wants another one by now. */
	if (!f->ticking)
		bot_tick(f->bot);
	settle(f);
}

enum source { SOURCE_WAKE, SOURCE_COMPLETION, SOURCE_TICK, SOURCE_QUIET, SOURCES };

/*
 * Edge-triggered: none is ever read, one system call less for each wake-up. The
 * mailbox goes first, so that completions of a dead session find it closed.
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
			settle(f);
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
	/* Linux has a nice value for each thread; without the right to raise it, so be it. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), USB_NICE);
	ret = loop(f);
	if (ret < 0)
		log_error("%s: event loop: %s", f->instance, strerror(-ret));
	pthread_mutex_lock(&f->lock);
	f->running = false;
	pthread_mutex_unlock(&f->lock);
	ffs_run_mail(f); /* somebody may wait for what came in last */
	return NULL;
}
