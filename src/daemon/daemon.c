// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "control/control.h"
#include "drive/drive.h"
#include "usb/fdstore.h"
#include "control/rundir.h"
#include "usb/usb.h"
#include "daemon/watchdog.h"
#include "util/log.h"
#include "version.h"

struct daemon {
	const struct config *config;
	sd_event *event;
	struct rundir dir;
	struct drives drives;
	struct fdstore store;
	struct control *control;
	struct usb *usb;
	struct watchdog *watchdog;
	bool dir_open;
};

void daemon_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int on_stop(sd_event_source *s, const struct signalfd_siginfo *si, void *ctx)
{
	(void)ctx;
	log_info("%s: stopping", si->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(s), 0);
}

static int on_hup(sd_event_source *s, const struct signalfd_siginfo *si, void *ctx)
{
	(void)s;
	(void)si;
	(void)ctx;
	log_warn("SIGHUP: the configuration is read at start only; restart to apply changes");
	return 0;
}

static const char *current_udc(void *daemon)
{
	return usb_udc(((struct daemon *)daemon)->usb);
}

static const char *current_problem(void *daemon)
{
	return usb_problem(((struct daemon *)daemon)->usb);
}

static json_t *current_functions(void *daemon)
{
	return usb_functions(((struct daemon *)daemon)->usb);
}

static int add_drive(struct daemon *d, unsigned i)
{
	const struct config_drive *c = &d->config->drive[i];
	struct drive_config dc = {
		.name = c->name,
		.media = c->media,
		.mmc = {.finalised = (enum mmc_finalised)d->config->behaviour.finalised,
			.dvd_only = d->config->behaviour.large_image_dvd == 1},
		.swap_gap = (unsigned)d->config->behaviour.swap_gap,
		.seen_wait = d->config->behaviour.swap_seen ? DRIVE_SEEN_WAIT : 0,
		.brings_next = d->config->behaviour.eject_brings_next == 1,
		.unlock_wait = DRIVE_UNLOCK_WAIT,
		.label_wait = CATALOG_LABEL_WAIT,
		.max_unsaved = (uint32_t)d->config->behaviour.sync_mb * (1024 * 1024 / MEDIA_BLOCK),
		.sync_ms = (unsigned)d->config->behaviour.sync_seconds * 1000,
		.iso = (enum image_as)c->iso,
		.limit_to_free_space = d->config->behaviour.blank_size == 1,
		.blank = disc_medium_named(c->blank_type),
		.remember = d->config->behaviour.last_disc == 1,
		.image = c->image,
		.burned = {.rename = (enum postburn_rename)d->config->burned.rename,
			.checksum = d->config->burned.checksum == 1,
			.songs = d->config->burned.songs == 1,
			.blank = d->config->burned.blank == 1,
			.idle = (unsigned)d->config->burned.idle * 1000,
			.reload = DRIVE_RELOAD_WAIT,
			.retry = DRIVE_RETRY_WAIT},
		.faults = c->faults == 1,
	};
	const char *serial = d->config->usb.serial;
	struct drive *drive;

	strcpy(dc.mmc.vendor, c->vendor);
	strcpy(dc.mmc.product, c->product);
	strcpy(dc.mmc.revision, c->revision);
	/* Hosts tell two drives of one board apart by their serial numbers. */
	snprintf(dc.mmc.serial, sizeof(dc.mmc.serial), i == 0 ? "%s" : "%s%u", serial, i);
	return drive_new(&dc, d->event, &d->drives, &drive);
}

/* Answer to the insert at start: it goes to the status file, a refusal also to the log. */
struct start_reply {
	struct reply base;
	struct daemon *daemon;
	const char *drive;
};

static void start_progress(struct reply *r, json_t *answer)
{
	(void)r;
	json_decref(answer);
}

static void start_final(struct reply *r, json_t *answer)
{
	struct start_reply *s = (struct start_reply *)r;

	if (!answer_is_ok(answer))
		log_warn("%s: starts empty: %s", s->drive,
			json_string_value(json_object_get(answer, "message")));
	control_note(s->daemon->control, answer);
	free(s);
}

/* Restores the drive of a gadget that was taken over; otherwise inserts its initial disc. */
static int load_disc(struct daemon *d, unsigned i)
{
	struct drive *drive = d->drives.drive[i];
	enum drive_verb verb;
	const char *image;
	struct start_reply *r;

	if (usb_taken_over(d->usb)) {
		drive_restore(drive);
		return 0;
	}
	image = drive_initial_disc(drive, &verb);
	if (!image)
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->base.progress = start_progress;
	r->base.final = start_final;
	r->daemon = d;
	r->drive = d->config->drive[i].name;
	drive_submit_as(drive, verb, image, drive_initial_as(drive, image), false, &r->base);
	return 0;
}

static const char *changed_config(void *daemon)
{
	const struct config *c = ((struct daemon *)daemon)->config;
	struct stat st;

	if (!c->file || stat(c->file, &st) < 0 ||
		(st.st_mtim.tv_sec == c->changed.tv_sec &&
			st.st_mtim.tv_nsec == c->changed.tv_nsec))
		return NULL;
	return c->file;
}

static int start_control(struct daemon *d)
{
	struct command_env env = {
		.drives = &d->drives,
		.udc = current_udc,
		.problem = current_problem,
		.changed_config = changed_config,
		.functions = current_functions,
		.ctx = d,
	};
	int r = control_new(&d->config->control, &env, d->event, &d->control);

	if (r == 0)
		control_note(d->control, answer_ok("mmcgadgetd %s started", MMCGADGET_VERSION));
	return r;
}

static int start(struct daemon *d)
{
	char why[256];
	int r = rundir_open(&d->dir, d->config->control.directory, why, sizeof(why));

	if (r < 0) {
		log_error("%s", why);
		return r;
	}
	d->dir_open = true;
	r = sd_event_new(&d->event);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGTERM, on_stop, NULL);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGINT, on_stop, NULL);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGHUP, on_hup, NULL);
	for (unsigned i = 0; r >= 0 && i < d->config->drives; i++)
		r = add_drive(d, i);
	fdstore_inherit(&d->store, &d->drives);
	if (r >= 0)
		r = start_control(d);
	if (r >= 0)
		r = usb_open(&d->config->usb, &d->drives, &d->store, &d->usb);
	for (unsigned i = 0; r >= 0 && i < d->config->drives; i++)
		r = load_disc(d, i);
	if (r >= 0)
		r = usb_start(d->usb, d->event);
	if (r >= 0)
		r = watchdog_new(&d->drives, d->event, &d->watchdog);
	if (r < 0)
		return r;
	/*
	 * Ready means that FIFO and socket are served. For days a controller may be missing, or
	 * another gadget may have it; systemctl start must not hang meanwhile, and status says what
	 * the daemon waits for.
	 */
	sd_notify(0, "READY=1");
	return 0;
}

static void stop(struct daemon *d)
{
	usb_stop(d->usb);
	d->usb = NULL;
	watchdog_free(d->watchdog);
	fdstore_free(&d->store);
	while (d->drives.count > 0)
		drive_free(d->drives.drive[d->drives.count - 1]);
	control_free(d->control);
	sd_event_unref(d->event);
	if (d->dir_open)
		rundir_close(&d->dir);
}

int daemon_run(const struct config *config)
{
	struct daemon d = {.config = config};
	int r;

	fdstore_init(&d.store);
	log_info("version %s", MMCGADGET_VERSION);
	r = start(&d);
	if (r == 0) {
		r = sd_event_loop(d.event);
		if (r < 0)
			log_error("event loop: %s", strerror(-r));
	} else {
		log_error("could not start; the reason is above");
	}
	stop(&d);
	if (r == 0)
		log_info("stopped");
	return r;
}
