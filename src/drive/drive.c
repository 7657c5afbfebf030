// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "library/library.h"
#include "util/log.h"

static void wake_main(struct drive *d)
{
	uint64_t one = 1;

	/* Full (EAGAIN) means it is going to wake anyway. */
	(void)!write(d->wake_fd, &one, sizeof(one));
}

/* What the main thread acts upon or logs; the counters it reads when somebody asks. */
static bool differs(const struct mmc_state *a, const struct mmc_state *b)
{
	return a->loaded != b->loaded || a->ejected_by_host != b->ejected_by_host ||
	       a->locked != b->locked || a->eject_requested != b->eject_requested ||
	       a->profile != b->profile || a->finalised != b->finalised;
}

void drive_changed(void *drive)
{
	struct drive *d = drive;
	struct mmc_state now;
	bool wake;

	mmc_get_state(d->engine, &now);
	drive_handover_store(d);
	pthread_mutex_lock(&d->lock);
	wake = differs(&now, &d->mail.state);
	d->mail.state = now;
	pthread_mutex_unlock(&d->lock);
	if (wake)
		wake_main(d);
}

/* A medium's thread: what the engine waits for is there. */
static void medium_ready(void *drive)
{
	struct drive *d = drive;

	/* The lock holds the port where it is. */
	pthread_mutex_lock(&d->lock);
	if (d->attached && d->port.resume)
		d->port.resume(d->port.usb);
	pthread_mutex_unlock(&d->lock);
}

void drive_flush(void *drive)
{
	struct drive *d = drive;

	d->flush_waits = !mmc_flush(d->engine);
	drive_changed(d);
}

/*
 * Last reference gone, mostly on the USB thread at the end of a command, which
 * must not wait for the storage.
 */
void drive_disc_released(struct disc *disc, void *drive)
{
	struct drive *d = drive;
	bool full;

	pthread_mutex_lock(&d->lock);
	full = d->mail.n_released == DRIVE_RELEASED;
	if (!full)
		d->mail.released[d->mail.n_released++] = disc;
	pthread_mutex_unlock(&d->lock);
	/* Not met with one disc in and one in flight; closing here is slow, not wrong. */
	if (full)
		disc_destroy(disc);
	wake_main(d);
}

/* False: storage is at it, and says when it is worth going on. */
static bool close_disc(struct drive *d)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (;;) {
		d->job.sense = mmc_finalise(d->engine);
		if (d->job.sense != MMC_SENSE_AGAIN)
			return true;
		if (d->attached && d->port.resume)
			return false;
		nanosleep(&nap, NULL); /* no thread that would be told */
	}
}

/* Asked where the host's commands are carried out: it cannot load it in between. */
static bool is_out(const struct drive *d)
{
	struct mmc_state now;

	mmc_get_state(d->engine, &now);
	return now.ejected_by_host;
}

static void record_eject(struct drive *d)
{
	if (d->job.result == MMC_EJECT_REQUESTED)
		recorder_event(d->recorder, TRACE_EJECT_ASKS);
	else if (d->job.result == MMC_EJECT_DONE)
		recorder_event(d->recorder, d->job.force ? TRACE_EJECT_FORCE : TRACE_EJECT);
}

static void run_job(void *arg)
{
	struct drive *d = arg;

	switch (d->job.kind) {
	case JOB_EJECT:
		d->job.stays = d->job.if_out && !is_out(d);
		d->job.stays |= d->job.if_idle && drive_burned_in_use(d, d->job.used);
		if (d->job.stays)
			break;
		d->job.result = mmc_eject(d->engine, d->job.force);
		record_eject(d);
		if (d->job.result != MMC_EJECT_REQUESTED)
			drive_handover_name(&d->handover_state.image, NULL);
		break;
	case JOB_INSERT:
		mmc_insert(d->engine, d->job.disc);
		d->job.disc = NULL;
		recorder_inserted(d->recorder);
		d->handover_state.image = d->job.image;
		break;
	case JOB_CLOSE:
		d->job_waits = !close_disc(d);
		if (d->job_waits)
			return;
		if (!d->job.sense)
			recorder_event(d->recorder, TRACE_FINALISE);
		break;
	}
	drive_changed(d);
	pthread_mutex_lock(&d->lock);
	d->mail.job_done = true;
	pthread_mutex_unlock(&d->lock);
	wake_main(d);
}

void drive_resumed(void *drive)
{
	struct drive *d = drive;

	if (d->job_waits)
		run_job(d);
	if (d->flush_waits)
		drive_flush(d);
}

static void log_host(struct drive *d, const struct mmc_state *now)
{
	const char *image = d->in.name ? d->in.name : "the disc";

	if (now->ejected_by_host && !d->seen.ejected_by_host)
		log_info("%s: the host ejected %s", d->name, image);
	if (!now->ejected_by_host && d->seen.ejected_by_host && now->loaded)
		log_info("%s: the host loaded %s again", d->name, image);
	if (now->finalised && !d->seen.finalised && d->in.recordable && d->seen.loaded)
		log_info("%s: %s is finalised, %u blocks", d->name, image, now->recorded);
	if (now->finalised && !now->testing && !d->burned.finished && d->in.recordable &&
		d->in.name)
		drive_burned_finished(d);
	if (now->locked != d->seen.locked)
		log_debug(
			"%s: the host %s the drive", d->name, now->locked ? "locked" : "unlocked");
}

/* The closer's thread: wakes the main thread. */
static void discs_closed(void *drive)
{
	wake_main(drive);
}

/* Takes in what the USB thread left. */
static void take_mail(struct drive *d)
{
	struct disc *released[DRIVE_RELEASED];
	bool done, opened;
	struct mmc_state now;
	unsigned n;

	pthread_mutex_lock(&d->lock);
	now = d->mail.state;
	done = d->mail.job_done;
	d->mail.job_done = false;
	n = d->mail.n_released;
	memcpy(released, d->mail.released, sizeof(released));
	d->mail.n_released = 0;
	pthread_mutex_unlock(&d->lock);

	for (unsigned i = 0; i < n; i++)
		disc_closer_add(d->closer, released[i]);
	disc_closer_run(d->closer);
	log_host(d, &now);
	opened = now.ejected_by_host && !d->seen.ejected_by_host;
	d->seen = now;
	if (done) {
		d->job.out = false;
		drive_op_job_done(d);
	}
	drive_op_event(d);
	postburn_kick(d->burned.postburn);
	if (opened)
		drive_op_host_ejected(d);
}

static int on_wake(sd_event_source *s, int fd, uint32_t events, void *drive)
{
	uint64_t count;

	(void)s;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	take_mail(drive);
	return 0;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *drive)
{
	(void)s;
	(void)usec;
	drive_op_timeout(drive);
	return 0;
}

static void flush_by_time(void *drive)
{
	struct drive *d = drive;

	pthread_mutex_lock(&d->lock);
	d->mail.flush_posted = false;
	pthread_mutex_unlock(&d->lock);
	drive_flush(d);
}

/* What a host leaves unsynced when it pauses must not stay so: it may pause for good. */
static int on_sync_timer(sd_event_source *s, uint64_t usec, void *drive)
{
	struct drive *d = drive;
	bool dirty;

	(void)usec;
	/* One at a time: the thread may hang in a slow medium. */
	pthread_mutex_lock(&d->lock);
	dirty = d->attached && d->mail.state.unsynced > 0 && !d->mail.flush_posted;
	d->mail.flush_posted |= dirty;
	pthread_mutex_unlock(&d->lock);
	if (dirty)
		(void)d->port.post(d->port.usb, flush_by_time, d);
	sd_event_source_set_time_relative(s, (uint64_t)d->sync_ms * 1000);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

void drive_start_timer(struct drive *d, unsigned ms)
{
	sd_event_source_set_time_relative(d->timer, (uint64_t)ms * 1000);
	sd_event_source_set_enabled(d->timer, SD_EVENT_ONESHOT);
}

void drive_stop_timer(struct drive *d)
{
	sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
}

int drive_post(struct drive *d)
{
	int r;

	d->job.out = true;
	if (!d->attached) {
		run_job(d);
		take_mail(d);
		return 0;
	}
	r = d->port.post(d->port.usb, run_job, d);
	if (r < 0)
		d->job.out = false;
	return r;
}

int drive_call(struct drive *d, void (*fn)(void *arg), void *arg)
{
	if (d->attached)
		return d->port.post(d->port.usb, fn, arg);
	fn(arg);
	return 0;
}

/* What a service sees and writes to is for its unit to say. */
#define SHUT_IN " (as this user, in this service: see drives[].media in mmcgadget.conf(5))"

/* One look is enough for all drives of a folder. */
static int get_catalog(struct drive *d, const struct drive_config *config, const struct drives *set,
	sd_event *event)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (!catalog_is_of(set->drive[i]->catalog, d->folder))
			continue;
		d->catalog = catalog_ref(set->drive[i]->catalog);
		return 0;
	}
	return catalog_new(d->folder, event, config->label_wait, &d->catalog);
}

static int setup(struct drive *d, const struct drive_config *config, const struct drives *set,
	sd_event *event)
{
	int r;

	d->folder = library_open_folder(config->media);
	if (d->folder < 0) {
		log_error("drives[%u]: media folder %s: %s%s", set->count, config->media,
			strerror(-d->folder), geteuid() ? SHUT_IN : "");
		return d->folder;
	}
	if (faccessat(d->folder, ".", W_OK, AT_EACCESS) < 0)
		log_warn("drives[%u]: media folder %s: nothing can be burned there: %s%s",
			set->count, config->media, strerror(errno), geteuid() ? SHUT_IN : "");
	d->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->wake_fd < 0)
		return -errno;
	d->name = strdup(config->name);
	d->media = strdup(config->media);
	d->engine = mmc_drive_new(&config->mmc);
	if (!d->name || !d->media || !d->engine || recorder_new(d->engine, &d->recorder) < 0 ||
		disc_closer_new(discs_closed, d, &d->closer) < 0)
		return -ENOMEM;
	mmc_get_state(d->engine, &d->seen);
	d->mail.state = d->seen;
	d->event = sd_event_ref(event);
	r = get_catalog(d, config, set, event);
	if (r >= 0)
		r = sd_event_add_io(event, &d->wake, d->wake_fd, EPOLLIN, on_wake, d);
	if (r >= 0)
		r = sd_event_add_time_relative(
			event, &d->timer, CLOCK_MONOTONIC, 0, 10000, on_timer, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	if (r >= 0 && d->sync_ms)
		r = sd_event_add_time_relative(event, &d->sync_timer, CLOCK_MONOTONIC,
			(uint64_t)d->sync_ms * 1000, 100000, on_sync_timer, d);
	if (r >= 0)
		r = drive_burned_setup(d, config);
	return r < 0 ? r : 0;
}

int drive_new(
	const struct drive_config *config, sd_event *event, struct drives *set, struct drive **out)
{
	struct drive *d;
	int r;

	if (set->count == DRIVE_MAX)
		return -ENOSPC;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->folder = d->wake_fd = -1;
	drive_find_init(d);
	d->swap_gap = config->swap_gap;
	d->unlock_wait = config->unlock_wait;
	d->brings_next = config->brings_next;
	d->sync_ms = config->sync_ms;
	d->policy = (struct image_policy){
		.max_unsaved = config->max_unsaved,
		.fits = config->fits,
		.release = drive_disc_released,
		.release_ctx = d,
		.ready = medium_ready,
		.ready_ctx = d,
	};
	pthread_mutex_init(&d->lock, NULL);
	r = setup(d, config, set, event);
	if (r < 0) {
		drive_free(d);
		return r;
	}
	d->set = set;
	set->drive[set->count++] = d;
	*out = d;
	return 0;
}

static void leave_set(struct drive *d)
{
	for (unsigned i = 0; d->set && i < d->set->count; i++) {
		if (d->set->drive[i] != d)
			continue;
		d->set->count--;
		memmove(&d->set->drive[i], &d->set->drive[i + 1],
			(d->set->count - i) * sizeof(d->set->drive[0]));
	}
}

void drive_free(struct drive *d)
{
	if (!d)
		return;
	leave_set(d);
	drive_op_cancel(d, "stopping", "the daemon stops");
	drive_burned_free(d);
	catalog_unref(d->catalog);
	recorder_free(d->recorder);
	mmc_drive_free(d->engine);
	disc_closer_free(d->closer);
	for (unsigned i = 0; i < d->mail.n_released; i++)
		disc_destroy(d->mail.released[i]);
	sd_event_source_disable_unref(d->wake);
	sd_event_source_disable_unref(d->timer);
	sd_event_source_disable_unref(d->sync_timer);
	sd_event_unref(d->event);
	image_fini(&d->in);
	handover_free(d->handover);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	if (d->folder >= 0)
		close(d->folder);
	pthread_mutex_destroy(&d->lock);
	free(d->name);
	free(d->media);
	free(d);
}

const char *drive_name(const struct drive *d)
{
	return d->name;
}

const char *drive_media(const struct drive *d)
{
	return d->media;
}

int drive_folder(const struct drive *d)
{
	return d->folder;
}

struct catalog *drive_catalog(const struct drive *d)
{
	return d->catalog;
}

struct mmc_drive *drive_engine(struct drive *d)
{
	return d->engine;
}

struct recorder *drive_recorder(struct drive *d)
{
	return d->recorder;
}

void drive_attach(struct drive *d, const struct drive_port *port)
{
	pthread_mutex_lock(&d->lock);
	d->port = *port;
	d->attached = true;
	pthread_mutex_unlock(&d->lock);
	/* Its thread runs already, and may have been waiting. */
	medium_ready(d);
}

void drive_detach(struct drive *d)
{
	pthread_mutex_lock(&d->lock);
	d->attached = false;
	pthread_mutex_unlock(&d->lock);
	/* An errand the thread did not get to: its disc is ours still. */
	if (d->job.out && d->job.disc) {
		disc_put(d->job.disc);
		d->job.disc = NULL;
	}
	d->job.out = false;
	drive_op_cancel(d, "stopping", "the daemon stops");
}

bool drive_holds(const struct drive *d, dev_t dev, ino_t ino)
{
	return d->in.name && d->in.dev == dev && d->in.ino == ino;
}

bool drive_holds_alone(const struct drive *d, dev_t dev, ino_t ino)
{
	return drive_holds(d, dev, ino) && d->in.recordable;
}

void drive_get_info(struct drive *d, struct drive_info *info)
{
	memset(info, 0, sizeof(*info));
	pthread_mutex_lock(&d->lock);
	info->mmc = d->mail.state;
	pthread_mutex_unlock(&d->lock);
	if (d->attached && d->port.get_state)
		d->port.get_state(d->port.usb, &info->usb);
	info->image = d->in.name;
	info->path = d->in.path;
	/* The file of a burned disc is as long as what was recorded, at every moment. */
	info->size = d->in.recordable ? (uint64_t)info->mmc.end * MEDIA_BLOCK : d->in.size;
	info->pending = d->op.text;
	drive_burned_status(d, info);
}
