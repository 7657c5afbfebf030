// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/engine_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

struct engine_thread {
	struct mmc_drive *engine;
	struct recorder *recorder;
	const struct engine_observer *observer;
	void *observer_ctx;
	void (*mail_ready)(void *ctx, const struct engine_mail *mail);
	void *ctx;
	unsigned sync_ms;
	sd_event_source *wake, *sync_timer;
	int wake_fd;

	/* Used by the engine's thread while task_posted, otherwise by the main thread. */
	struct usb_task task;
	struct usb_result result;
	bool task_posted; /* main thread: posted, and not yet seen as done */

	/* Engine's thread: these wait for storage, see engine_thread_resumed(). */
	bool task_waits, flush_waits;
	bool data_changed; /* the disc's data was changed, and the main thread was woken for it */

	pthread_mutex_t lock; /* guards what follows; no other lock is taken while it is held,
				 except by port.resume() and port.get_state() */
	struct drive_port port;
	bool attached;
	bool watched;         /* see engine_thread_watch_host() */
	struct ffs_state usb; /* its state when watched became true */
	struct mmc_state state;
	struct mmc_state last; /* state just before a disc was removed last */
	uint64_t wrote;        /* see engine_thread_wrote() */
	bool task_done, flush_posted;
	struct disc *released[ENGINE_RELEASED];
	unsigned n_released;
};

/* ---- any thread --------------------------------------------------------------------------- */

void engine_thread_wake(void *engine_thread)
{
	struct engine_thread *e = engine_thread;
	uint64_t one = 1;

	/* EAGAIN: the counter is full, so the main thread is going to wake anyway. */
	(void)!write(e->wake_fd, &one, sizeof(one));
}

void engine_thread_storage_ready(void *engine_thread)
{
	struct engine_thread *e = engine_thread;

	/* While the lock is held, the port is not detached. */
	pthread_mutex_lock(&e->lock);
	if (e->attached && e->port.resume)
		e->port.resume(e->port.usb);
	pthread_mutex_unlock(&e->lock);
}

/* Mostly called on the USB thread at the end of a command, where it must not wait for storage. */
void engine_thread_released(struct disc *disc, void *engine_thread)
{
	struct engine_thread *e = engine_thread;
	bool full;

	pthread_mutex_lock(&e->lock);
	full = e->n_released == ENGINE_RELEASED;
	if (!full)
		e->released[e->n_released++] = disc;
	pthread_mutex_unlock(&e->lock);
	/*
	 * Does not happen with one disc in the drive and one being inserted. Closing the disc
	 * here is slow, but correct.
	 */
	if (full)
		disc_destroy(disc);
	engine_thread_wake(e);
}

bool engine_is_idle(const struct mmc_state *m, uint64_t blocks_moved)
{
	return !m->locked && m->blocks_read + m->blocks_written == blocks_moved;
}

/* ---- the engine's thread ------------------------------------------------------------------ */

/* Compares what the main thread acts upon or logs; it reads the counters when asked for them. */
static bool differs(const struct mmc_state *a, const struct mmc_state *b)
{
	return a->loaded != b->loaded || a->ejected_by_host != b->ejected_by_host ||
	       a->locked != b->locked || a->eject_requested != b->eject_requested ||
	       a->profile != b->profile || a->finalised != b->finalised ||
	       a->sessions != b->sessions || (a->end > a->readable) != (b->end > b->readable) ||
	       a->removal_unseen != b->removal_unseen || a->open_track != b->open_track;
}

/* True if the host has changed the disc's data for the first time since it came in. */
static bool changes_data(struct engine_thread *e, const struct mmc_state *now)
{
	if (e->data_changed || (now->blocks_written == e->state.blocks_written &&
				       now->image_blocks >= e->state.image_blocks))
		return false;
	e->data_changed = true;
	return true;
}

/* True if the main thread waits for a change of the host, and this is one. */
static bool is_awaited(struct engine_thread *e, const struct mmc_state *now)
{
	struct ffs_state usb = e->usb;

	if (!e->watched)
		return false;
	if (e->attached && e->port.get_state)
		e->port.get_state(e->port.usb, &usb);
	if (now->blocks_read == e->state.blocks_read &&
		now->blocks_written == e->state.blocks_written && usb.enabled == e->usb.enabled &&
		usb.suspended == e->usb.suspended && usb.speed == e->usb.speed)
		return false;
	e->watched = false;
	return true;
}

void engine_thread_changed(struct engine_thread *e)
{
	struct mmc_state now;
	bool wake;

	mmc_get_state(e->engine, &now);
	e->observer->changed(e->observer_ctx);
	pthread_mutex_lock(&e->lock);
	if (now.blocks_written > e->state.blocks_written)
		e->wrote = clock_ms();
	wake = changes_data(e, &now) || differs(&now, &e->state);
	wake |= is_awaited(e, &now);
	if (e->state.loaded && !now.loaded)
		e->last = e->state;
	e->state = now;
	pthread_mutex_unlock(&e->lock);
	if (wake)
		engine_thread_wake(e);
}

void engine_thread_flush(struct engine_thread *e)
{
	e->flush_waits = !mmc_flush(e->engine);
	engine_thread_changed(e);
}

/* Returns false if the task must wait for storage; engine_thread_resumed() continues it. */
static bool finalise(struct engine_thread *e)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (;;) {
		e->result.sense = mmc_finalise(e->engine);
		if (e->result.sense != MMC_SENSE_AGAIN)
			return true;
		if (e->attached && e->port.resume)
			return false;
		nanosleep(&nap, NULL); /* without a port there is no thread to resume */
	}
}

static bool must_keep(const struct engine_thread *e)
{
	const struct usb_task *t = &e->task;
	struct mmc_state now;

	mmc_get_state(e->engine, &now);
	return (t->only_if_ejected && !now.ejected_by_host) ||
	       (t->only_if_idle && (now.ejected_by_host || !engine_is_idle(&now, t->blocks_moved)));
}

static void record_eject(struct engine_thread *e)
{
	if (e->result.eject == MMC_EJECT_REQUESTED)
		recorder_event(e->recorder, TRACE_EJECT_ASKS);
	else if (e->result.eject == MMC_EJECT_DONE)
		recorder_event(e->recorder, e->task.force ? TRACE_EJECT_FORCE : TRACE_EJECT);
}

static void eject(struct engine_thread *e)
{
	e->result.kept = must_keep(e);
	if (e->result.kept)
		return;
	e->result.eject = mmc_eject(e->engine, e->task.force);
	record_eject(e);
	if (e->result.eject != MMC_EJECT_REQUESTED)
		e->observer->removed(e->observer_ctx);
}

static void insert(struct engine_thread *e)
{
	mmc_insert(e->engine, e->task.disc);
	e->task.disc = NULL;
	e->data_changed = false;
	pthread_mutex_lock(&e->lock);
	e->wrote = 0;
	pthread_mutex_unlock(&e->lock);
	recorder_inserted(e->recorder);
	e->observer->inserted(e->observer_ctx, &e->task.image);
}

static void run_task(void *engine_thread)
{
	struct engine_thread *e = engine_thread;

	switch (e->task.kind) {
	case USB_TASK_EJECT:
		eject(e);
		break;
	case USB_TASK_INSERT:
		insert(e);
		break;
	case USB_TASK_FINALISE:
		e->task_waits = !finalise(e);
		if (e->task_waits)
			return;
		if (!e->result.sense)
			recorder_event(e->recorder, TRACE_FINALISE);
		break;
	}
	engine_thread_changed(e);
	pthread_mutex_lock(&e->lock);
	e->task_done = true;
	pthread_mutex_unlock(&e->lock);
	engine_thread_wake(e);
}

void engine_thread_resumed(struct engine_thread *e)
{
	if (e->task_waits)
		run_task(e);
	if (e->flush_waits)
		engine_thread_flush(e);
}

static void flush_by_time(void *engine_thread)
{
	struct engine_thread *e = engine_thread;

	pthread_mutex_lock(&e->lock);
	e->flush_posted = false;
	pthread_mutex_unlock(&e->lock);
	engine_thread_flush(e);
}

/* ---- main thread -------------------------------------------------------------------------- */

static void take_mail(struct engine_thread *e)
{
	struct engine_mail mail = {0};

	pthread_mutex_lock(&e->lock);
	mail.state = e->state;
	mail.last = e->state.loaded ? e->state : e->last;
	mail.task_done = e->task_done;
	e->task_done = false;
	mail.n_released = e->n_released;
	memcpy(mail.released, e->released, sizeof(mail.released));
	e->n_released = 0;
	pthread_mutex_unlock(&e->lock);
	if (mail.task_done) {
		e->task_posted = false;
		mail.result = e->result;
	}
	e->mail_ready(e->ctx, &mail);
}

static int on_wake(sd_event_source *s, int fd, uint32_t events, void *engine_thread)
{
	uint64_t count;

	(void)s;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	take_mail(engine_thread);
	return 0;
}

/* A host may abandon a burn without a sync, so the timer syncs the recorded blocks. */
static int on_sync_timer(sd_event_source *s, uint64_t usec, void *engine_thread)
{
	struct engine_thread *e = engine_thread;
	bool dirty;

	(void)usec;
	/* Only one flush at a time, because the USB thread may hang in a slow medium. */
	pthread_mutex_lock(&e->lock);
	dirty = e->attached && e->state.unsynced > 0 && !e->flush_posted;
	e->flush_posted |= dirty;
	pthread_mutex_unlock(&e->lock);
	if (dirty && e->port.post(e->port.usb, flush_by_time, e) < 0) {
		pthread_mutex_lock(&e->lock);
		e->flush_posted = false; /* the next time tries it again */
		pthread_mutex_unlock(&e->lock);
	}
	sd_event_source_set_time_relative(s, (uint64_t)e->sync_ms * 1000);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int setup(struct engine_thread *e, const struct engine_thread_config *config)
{
	int r;

	e->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (e->wake_fd < 0)
		return -errno;
	e->engine = mmc_drive_new(&config->mmc);
	if (!e->engine || recorder_new(e->engine, &e->recorder) < 0)
		return -ENOMEM;
	mmc_get_state(e->engine, &e->state);
	r = sd_event_add_io(config->event, &e->wake, e->wake_fd, EPOLLIN, on_wake, e);
	if (r >= 0 && e->sync_ms)
		r = sd_event_add_time_relative(config->event, &e->sync_timer, CLOCK_MONOTONIC,
			(uint64_t)e->sync_ms * 1000, 100000, on_sync_timer, e);
	return r;
}

int engine_thread_new(const struct engine_thread_config *config, struct engine_thread **out)
{
	struct engine_thread *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->observer = config->observer;
	e->observer_ctx = config->observer_ctx;
	e->mail_ready = config->mail;
	e->ctx = config->ctx;
	e->sync_ms = config->sync_ms;
	pthread_mutex_init(&e->lock, NULL);
	r = setup(e, config);
	if (r < 0) {
		engine_thread_free(e);
		return r;
	}
	*out = e;
	return 0;
}

void engine_thread_free(struct engine_thread *e)
{
	if (!e)
		return;
	recorder_free(e->recorder);
	mmc_drive_free(e->engine);
	for (unsigned i = 0; i < e->n_released; i++)
		disc_destroy(e->released[i]);
	sd_event_source_disable_unref(e->wake);
	sd_event_source_disable_unref(e->sync_timer);
	if (e->wake_fd >= 0)
		close(e->wake_fd);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

struct mmc_drive *engine_thread_engine(struct engine_thread *e)
{
	return e->engine;
}

struct recorder *engine_thread_recorder(struct engine_thread *e)
{
	return e->recorder;
}

void engine_thread_attach(struct engine_thread *e, const struct drive_port *port)
{
	pthread_mutex_lock(&e->lock);
	e->port = *port;
	e->attached = true;
	pthread_mutex_unlock(&e->lock);
	/* The port's thread runs already, and may have been waiting for storage. */
	engine_thread_storage_ready(e);
}

void engine_thread_detach(struct engine_thread *e)
{
	pthread_mutex_lock(&e->lock);
	e->attached = false;
	pthread_mutex_unlock(&e->lock);
	if (e->task_posted && e->task.disc) {
		disc_put(e->task.disc);
		e->task.disc = NULL;
	}
	e->task_posted = false;
}

int engine_thread_post(struct engine_thread *e, const struct usb_task *task)
{
	int r;

	e->task = *task;
	e->result = (struct usb_result){0};
	e->task_posted = true;
	if (!e->attached) {
		run_task(e);
		take_mail(e);
		return 0;
	}
	r = e->port.post(e->port.usb, run_task, e);
	if (r < 0)
		e->task_posted = false;
	return r;
}

int engine_thread_call(struct engine_thread *e, void (*fn)(void *arg), void *arg)
{
	if (e->attached)
		return e->port.post(e->port.usb, fn, arg);
	fn(arg);
	return 0;
}

void engine_thread_get_state(struct engine_thread *e, struct mmc_state *state)
{
	pthread_mutex_lock(&e->lock);
	*state = e->state;
	pthread_mutex_unlock(&e->lock);
}

uint64_t engine_thread_wrote(struct engine_thread *e)
{
	uint64_t wrote;

	pthread_mutex_lock(&e->lock);
	wrote = e->wrote;
	pthread_mutex_unlock(&e->lock);
	return wrote;
}

void engine_thread_get_usb(struct engine_thread *e, struct ffs_state *usb)
{
	memset(usb, 0, sizeof(*usb));
	if (e->attached && e->port.get_state)
		e->port.get_state(e->port.usb, usb);
}

void engine_thread_watch_host(struct engine_thread *e)
{
	pthread_mutex_lock(&e->lock);
	memset(&e->usb, 0, sizeof(e->usb));
	if (e->attached && e->port.get_state)
		e->port.get_state(e->port.usb, &e->usb);
	e->watched = true;
	pthread_mutex_unlock(&e->lock);
}

bool engine_thread_host_is_absent(struct engine_thread *e)
{
	struct ffs_state usb;

	if (!e->attached || !e->port.get_state)
		return false;
	e->port.get_state(e->port.usb, &usb);
	return !usb.enabled || usb.suspended;
}

void engine_thread_restored(struct engine_thread *e, struct mmc_state *state)
{
	mmc_get_state(e->engine, state);
	pthread_mutex_lock(&e->lock);
	e->state = e->last = *state;
	pthread_mutex_unlock(&e->lock);
}
