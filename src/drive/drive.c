// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disc/model.h"
#include "drive/drive_extract.h"
#include "drive/drive_int.h"
#include "drive/unfinished.h"
#include "library/library.h"
#include "util/clock.h"
#include "util/log.h"

/* ---- events for the state machine ----------------------------------------------------------- */

static void on_found(void *ctx, const char *name, json_t *answer)
{
	drive_machine_found(((const struct drive *)ctx)->machine, name, answer);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *drive)
{
	(void)s;
	(void)usec;
	drive_machine_timeout(((const struct drive *)drive)->machine);
	return 0;
}

static void on_mail(void *ctx, const struct engine_mail *mail)
{
	const struct drive *d = ctx;

	for (unsigned i = 0; i < mail->n_released; i++)
		disc_closer_add(d->closer, mail->released[i]);
	disc_closer_run(d->closer);
	drive_machine_engine_event(
		d->machine, &mail->state, &mail->last, mail->task_done ? &mail->result : NULL);
	if (mail->state.vanished)
		drive_commands_take_out(d->commands);
	drive_faults_look(d->faults);
}

/* ---- creation ------------------------------------------------------------------------------- */

/* All drives of a folder share one catalog, so the folder is read once for all of them. */
static int get_folder(struct drive *d, const struct drive_config *config, const struct drives *set,
	sd_event *event)
{
	int r;

	for (unsigned i = 0; i < set->count; i++) {
		if (strcmp(set->drive[i]->media, d->media) != 0)
			continue;
		d->folder = media_folder_ref(set->drive[i]->folder);
		d->catalog = catalog_ref(set->drive[i]->catalog);
		return 0;
	}
	r = media_folder_new(d->media, event, &d->folder);
	return r < 0 ? r : catalog_new(d->media, event, config->label_wait, &d->catalog);
}

static int make_engine(struct drive *d, const struct drive_config *config, sd_event *event)
{
	struct engine_thread_config ec = {
		.mmc = config->mmc,
		.event = event,
		.sync_ms = config->sync_ms,
		.observer = &drive_handover_observer,
		.mail = on_mail,
		.ctx = d,
	};
	int r = drive_handover_new(&d->handover);

	ec.observer_ctx = d->handover;
	if (r == 0)
		r = engine_thread_new(&ec, &d->engine);
	if (r == 0)
		r = disc_closer_new(engine_thread_wake, d->engine, &d->closer);
	if (r == 0 && config->faults)
		r = drive_faults_new(d->name, d->engine, event, &d->faults);
	return r;
}

static void setup_opener(
	struct drive *d, const struct drive_config *config, const struct drives *set)
{
	d->opener = (struct disc_opener){
		.media = d->media,
		.policy = {.max_unsaved = config->max_unsaved,
			.blank = config->blank ? config->blank : disc_medium_of_blank(),
			.iso = config->iso,
			.limit_to_free_space = config->limit_to_free_space,
			.release = engine_thread_released,
			.release_ctx = d->engine,
			.ready = engine_thread_storage_ready,
			.ready_ctx = d->engine},
		.closer = d->closer,
		.holders = &set->holders,
		.self = &d->holder,
	};
}

static int make_find(struct drive *d)
{
	const struct drive_find_config fc = {
		.drive = d->name,
		.media = d->media,
		.catalog = d->catalog,
		.holders = d->opener.holders,
		.self = &d->holder,
		.iso = d->opener.policy.iso,
		.found = on_found,
		.ctx = d,
	};

	return drive_find_new(&fc, &d->find);
}

static int make_machine(struct drive *d, const struct drive_config *config)
{
	struct drive_machine_config mc = {
		.drive = d->name,
		.swap_gap = config->swap_gap,
		.seen_wait = config->seen_wait,
		.unlock_wait = config->unlock_wait,
		.reload_wait = config->burned.reload,
		.services = &drive_services,
		.ctx = d,
	};
	struct drive_commands_config cc = {.drive = d->name,
		.brings_next = config->brings_next,
		.blank = d->opener.policy.blank};
	int r;

	engine_thread_get_state(d->engine, &mc.state);
	r = drive_machine_new(&mc, &d->machine);
	cc.machine = d->machine;
	if (r == 0)
		r = drive_commands_new(&cc, &d->commands);
	if (r == 0)
		d->holder = (struct holder){
			.drive = d->name,
			.in = drive_machine_in(d->machine),
			.prepared = drive_machine_prepared(d->machine),
			.unchangeable = drive_machine_unchangeable(d->machine),
			.closer = d->closer,
		};
	return r;
}

static int make_watch(struct drive *d, sd_event *event)
{
	struct disc_watch_config wc = {
		.drive = d->name,
		.media = d->media,
		.self = &d->holder,
		.last = drive_record_last(d->record),
	};

	d->mover = (struct image_mover){.in = drive_machine_in(d->machine),
		.engine = d->engine,
		.handover = d->handover,
		.record = d->record};
	image_mover_watch(&d->mover, &wc);
	return disc_watch_new(&wc, event, &d->watch);
}

static void on_postburn_done(void *ctx, const struct postburn_result *result)
{
	drive_machine_postburn_done(((const struct drive *)ctx)->machine, result);
}

static int make_observers(struct drive *d, const struct drive_config *config, sd_event *event)
{
	const struct drive_record_config rc = {
		.media = d->media,
		.drive = d->name,
		.image = config->image,
		.remember = config->remember,
		.treats_burned = burned_is_wanted(&config->burned),
	};
	struct burned_config bc = {
		.what = config->burned,
		.drive = d->name,
		.media = d->media,
		.blank = d->opener.policy.blank,
		.brings_next = config->brings_next,
		.holders = d->opener.holders,
		.self = &d->holder,
		.commands = d->commands,
		.engine = d->engine,
		.stale = &d->stale,
		.cue = &d->cue,
		.postburn_done = on_postburn_done,
		.ctx = d,
	};
	int r = drive_record_new(&rc, &d->record);

	bc.record = d->record;
	if (r == 0)
		r = make_watch(d, event);
	if (r == 0)
		r = burned_new(&bc, event, &d->burned);
	if (r < 0)
		return r;
	d->holder.postburn = burned_postburn(d->burned);
	d->log.drive = d->name;
	drive_machine_observe(d->machine, &host_log_observer, &d->log);
	/* Before the observers that ask where the image is. */
	drive_machine_observe(d->machine, &disc_watch_observer, d->watch);
	d->stale.drive = d->name;
	d->stale.done = engine_thread_wake;
	d->stale.ctx = d->engine;
	drive_machine_observe(d->machine, &stale_checksum_observer, &d->stale);
	d->cue.drive = d->name;
	d->cue.done = engine_thread_wake;
	d->cue.ctx = d->engine;
	drive_machine_observe(d->machine, &cue_keeper_observer, &d->cue);
	drive_machine_observe(d->machine, &burned_observer, d->burned);
	drive_machine_observe(d->machine, &drive_record_observer, d->record);
	drive_machine_observe(d->machine, &drive_commands_observer, d->commands);
	return 0;
}

static int make_jobs(struct drive *d, sd_event *event)
{
	const struct disc_jobs_config jc = {
		.media = d->media,
		.catalog = d->catalog,
		.holders = d->opener.holders,
		.mark = &d->holder.job,
		.blank = d->opener.policy.blank,
	};

	return disc_jobs_new(&jc, event, &d->jobs);
}

static int setup(
	struct drive *d, const struct drive_config *config, struct drives *set, sd_event *event)
{
	int r = media_folder_check(config->media, config->name);

	if (r < 0)
		return r;
	d->name = strdup(config->name);
	d->media = strdup(config->media);
	if (!d->name || !d->media)
		return -ENOMEM;
	r = get_folder(d, config, set, event);
	if (r >= 0)
		r = make_engine(d, config, event);
	if (r < 0)
		return r;
	setup_opener(d, config, set);
	r = sd_event_add_time_relative(event, &d->timer, CLOCK_MONOTONIC, 0, 10000, on_timer, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = make_find(d);
	if (r >= 0)
		r = make_machine(d, config);
	if (r >= 0)
		r = make_observers(d, config, event);
	if (r >= 0)
		r = make_jobs(d, event);
	if (r >= 0)
		r = drive_extract_new(d, set, event);
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
	r = setup(d, config, set, event);
	if (r < 0) {
		drive_free(d);
		return r;
	}
	d->set = set;
	drives_add(set, d, &d->holder);
	*out = d;
	return 0;
}

void drive_free(struct drive *d)
{
	if (!d)
		return;
	disc_jobs_cancel(d->jobs, "stopping", "the daemon stops");
	extract_jobs_cancel(d->extract, "stopping", "the daemon stops");
	drive_faults_cancel(d->faults, "stopping", "the daemon stops");
	if (d->set)
		drives_remove(d->set, d, &d->holder);
	if (d->commands)
		drive_commands_cancel(d->commands, "stopping", "the daemon stops");
	disc_watch_leave(d->watch);
	stale_checksum_finish(&d->stale);
	cue_keeper_finish(&d->cue);
	disc_jobs_free(d->jobs);
	extract_jobs_free(d->extract);
	burned_free(d->burned);
	drive_record_free(d->record);
	drive_find_free(d->find);
	catalog_unref(d->catalog);
	media_folder_unref(d->folder);
	drive_commands_free(d->commands);
	/*
	 * The closer's thread calls engine_thread_wake(), so it must end before the engine is
	 * freed. engine_thread_free() itself closes the discs that are left.
	 */
	disc_closer_free(d->closer);
	drive_machine_free(d->machine);
	drive_faults_free(d->faults);
	engine_thread_free(d->engine);
	disc_watch_free(d->watch);
	drive_handover_free(d->handover);
	sd_event_source_disable_unref(d->timer);
	free(d->name);
	free(d->media);
	free(d);
}

/* ---- the drive ------------------------------------------------------------------------------ */

const char *drive_name(const struct drive *d)
{
	return d->name;
}

const char *drive_media(const struct drive *d)
{
	return d->media;
}

const char *drive_image_problem(const struct drive *d)
{
	return disc_watch_problem(d->watch);
}

const char *drive_unfinished(struct drive *d, uint64_t *bytes)
{
	return unfinished_look(drive_machine_unfinished(d->machine), d->media,
		drive_machine_in(d->machine), bytes);
}

const char *drive_folder_problem(const struct drive *d)
{
	return media_folder_look(d->folder);
}

void drive_warn_room(const struct drive *d, uint64_t bytes, char *out, size_t size)
{
	const struct image *in = drive_machine_in(d->machine);

	out[0] = '\0';
	if (in->place)
		image_warn_room(in->place->path_fd, d->media, bytes, out, size);
}

const struct disc_medium *drive_blank(const struct drive *d)
{
	return d->opener.policy.blank;
}

const struct disc_medium *drive_image_medium(const struct drive *d, uint64_t size, bool udf)
{
	return image_as_medium(IMAGE_AS_DRIVE, d->opener.policy.iso, size, udf);
}

bool drive_image_is_too_large(const struct drive *d, const struct catalog_entry *e)
{
	return catalog_entry_is_too_large(e, d->opener.policy.iso);
}

struct catalog *drive_catalog(const struct drive *d)
{
	return d->catalog;
}

struct mmc_drive *drive_engine(struct drive *d)
{
	return engine_thread_engine(d->engine);
}

struct recorder *drive_recorder(struct drive *d)
{
	return engine_thread_recorder(d->engine);
}

void drive_set_handover(struct drive *d, struct handover *h)
{
	drive_handover_set_memory(d->handover, h, engine_thread_engine(d->engine));
}

struct handover *drive_handover(struct drive *d)
{
	return drive_handover_memory(d->handover);
}

const char *drive_inherited_image(const struct drive *d)
{
	return drive_handover_image(d->handover);
}

void drive_restore(struct drive *d)
{
	struct image in = {0};
	struct mmc_state state;

	if (!drive_handover_restore(d->handover, d->name, &d->opener, &in))
		return;
	engine_thread_restored(d->engine, &state);
	drive_machine_restore(d->machine, &in, &state);
	drive_handover_store(d->handover);
}

const char *drive_initial_disc(struct drive *d, enum drive_verb *verb)
{
	const char *image = drive_handover_image(d->handover);

	*verb = DRIVE_INSERT;
	if (!image)
		image = drive_record_initial(d->record);
	if (image)
		return *image ? image : NULL;
	*verb = DRIVE_BLANK;
	return burned_initial_blank(d->burned);
}

enum image_as drive_initial_as(const struct drive *d, const char *image)
{
	return drive_record_as(d->record, image);
}

void drive_attach(struct drive *d, const struct drive_port *port)
{
	engine_thread_attach(d->engine, port);
}

void drive_detach(struct drive *d)
{
	engine_thread_detach(d->engine);
	disc_jobs_cancel(d->jobs, "stopping", "the daemon stops");
	extract_jobs_cancel(d->extract, "stopping", "the daemon stops");
	drive_faults_cancel(d->faults, "stopping", "the daemon stops");
	drive_commands_cancel(d->commands, "stopping", "the daemon stops");
}

int drive_call(struct drive *d, void (*fn)(void *arg), void *arg)
{
	return engine_thread_call(d->engine, fn, arg);
}

void drive_changed(void *drive)
{
	engine_thread_changed(((const struct drive *)drive)->engine);
}

void drive_flush(void *drive)
{
	engine_thread_flush(((const struct drive *)drive)->engine);
}

void drive_resumed(void *drive)
{
	engine_thread_resumed(((const struct drive *)drive)->engine);
}

void drive_submit(
	struct drive *d, enum drive_verb verb, const char *image, bool force, struct reply *r)
{
	drive_submit_as(d, verb, image, IMAGE_AS_DRIVE, force, r);
}

void drive_submit_as(struct drive *d, enum drive_verb verb, const char *image, enum image_as as,
	bool force, struct reply *r)
{
	(void)media_folder_look(d->folder);
	drive_commands_submit(d->commands, verb, image, NULL, as, force, r);
}

void drive_submit_blank(struct drive *d, const char *image, const struct image_blank *blank,
	bool force, struct reply *r)
{
	(void)media_folder_look(d->folder);
	drive_commands_submit(d->commands, DRIVE_BLANK, image, blank, IMAGE_AS_DRIVE, force, r);
}

struct disc_jobs *drive_jobs(const struct drive *d)
{
	return d->jobs;
}

struct extract_jobs *drive_extract(const struct drive *d)
{
	return d->extract;
}

struct drive_faults *drive_requested_faults(const struct drive *d)
{
	return d->faults;
}

void drive_get_info(struct drive *d, struct drive_info *info)
{
	const struct image *in = drive_machine_in(d->machine);
	uint32_t end;

	memset(info, 0, sizeof(*info));
	engine_thread_get_state(d->engine, &info->mmc);
	engine_thread_get_usb(d->engine, &info->usb);
	info->image = in->name;
	info->path = in->path;
	/* The file of a recordable disc grows: in->size is only what it had when it was opened. */
	end = disc_model_of(disc_medium_of(info->mmc.type), info->mmc.format)->zero_fill
		      ? info->mmc.image_blocks
		      : info->mmc.end;
	if (disc_medium_is_cd_recordable(disc_medium_of(info->mmc.type)))
		info->size = mmc_state_cd_bytes(&info->mmc);
	else
		info->size = in->recordable ? (uint64_t)end * MEDIA_BLOCK : in->size;
	info->pending = drive_machine_pending(d->machine);
	if (*info->pending == '\0')
		info->pending = extract_jobs_pending(d->extract);
	info->has_postburn = burned_status(d->burned, &info->postburn);
	info->burns = d->log.burns;
}

uint32_t drive_burn_end(struct drive *d, const struct mmc_state *m)
{
	return burn_end_find(&d->burn_end, drive_machine_in(d->machine), m);
}

void drive_burn_speed(struct drive *d, const struct mmc_state *m, struct burn_speed *out)
{
	uint32_t end = drive_burn_end(d, m);
	const struct burn_sample now = {.us = clock_ms() * 1000,
		.wrote = engine_thread_wrote(d->engine) * 1000,
		.written = m->blocks_written,
		.block = m->open_track && m->open_track_audio ? CD_SECTOR : MEDIA_BLOCK,
		.left = end > m->nwa ? end - m->nwa : 0,
		.open = m->loaded && m->end > m->readable,
		.overwrites = m->loaded && mmc_state_is_overwritable(m),
		.host = !engine_thread_host_is_absent(d->engine)};

	burn_rate_take(&d->burn_rate, &now, out);
}

void drive_observe(struct drive *d, const struct drive_observer *o, void *ctx)
{
	drive_machine_observe(d->machine, o, ctx);
}

void drive_unobserve(struct drive *d, const void *ctx)
{
	drive_machine_unobserve(d->machine, ctx);
}

void drive_watch_host(struct drive *d)
{
	engine_thread_watch_host(d->engine);
}

bool drive_holds(const struct drive *d, dev_t dev, ino_t ino)
{
	return holder_has(&d->holder, dev, ino);
}
