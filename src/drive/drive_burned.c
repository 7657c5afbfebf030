// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disc that was burned in the drive makes room when the host has done with it, and
 * the drive remembers what is in it. Main thread, where it is not said otherwise.
 */
#include "drive/drive_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "library/library.h"
#include "util/log.h"

#define LOOK_MOST  1000u /* ms between two looks at what the host does */
/* With less than that a card is full: a blank would be none. */
#define ROOM_LEAST (UINT64_C(32) << 20)

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool is_wanted(const struct drive_burned *b)
{
	return b->move != POSTBURN_RENAME_NO || b->checksum || b->blank;
}

/* ---- what is remembered ------------------------------------------------------------------- */

void drive_remember(struct drive *d, const char *image)
{
	struct last_disc l = {.burned = d->burned.finished};

	if (!d->last)
		return;
	if (image && strlen(image) >= sizeof(l.image))
		image = NULL;
	snprintf(l.image, sizeof(l.image), "%s", image ? image : "");
	snprintf(l.configured, sizeof(l.configured), "%s", d->configured);
	last_disc_set(d->last, &l);
}

/* It is one of ours, whose turn a power cut or a restart has come before. */
static bool was_burned(const struct drive *d, const char *image)
{
	const struct last_disc *l = d->last ? last_disc_get(d->last) : NULL;

	return is_wanted(&d->burned.config) && l && l->burned && strcmp(l->image, image) == 0;
}

static bool is_there(struct drive *d, const char *image)
{
	struct library_file f;
	int r = library_find(d->folder, image, &f);

	if (r == 0)
		library_forget(&f);
	else
		log_warn("%s: %s, which was in it last, is not there any more: %s", d->name, image,
			strerror(-r));
	return r == 0;
}

static const char *first_image(struct drive *d)
{
	const struct last_disc *l = d->last ? last_disc_get(d->last) : NULL;
	const char *kept = drive_inherited_image(d);

	if (kept)
		return kept;
	/* Somebody has written another one into the configuration since. */
	if (!l || (*d->configured && strcmp(l->configured, d->configured) != 0))
		return *d->configured ? d->configured : NULL;
	if (*l->image && !is_there(d, l->image))
		return NULL;
	return l->image;
}

static bool in_a_drive(void *drive, dev_t dev, ino_t ino)
{
	const struct drive *d = drive;

	for (unsigned i = 0; d->set && i < d->set->count; i++) {
		const struct drive *each = d->set->drive[i];

		if (drive_holds(each, dev, ino) ||
			(each->op.next.name && each->op.next.dev == dev &&
				each->op.next.ino == ino))
			return true;
	}
	return false;
}

const char *drive_initial_disc(struct drive *d, enum drive_verb *verb)
{
	static char blank[POSTBURN_STEM];
	const char *image = first_image(d);

	*verb = DRIVE_INSERT;
	if (image)
		return *image ? image : NULL;
	if (!d->burned.config.blank || postburn_blank_name(d->folder, in_a_drive, d, blank) < 0)
		return NULL;
	*verb = DRIVE_BLANK;
	return blank;
}

/* ---- a disc's way out --------------------------------------------------------------------- */

static void look_again(struct drive *d)
{
	unsigned ms = d->burned.config.idle && d->burned.config.idle / 4 < LOOK_MOST
			      ? d->burned.config.idle / 4
			      : LOOK_MOST;

	sd_event_source_set_time_relative(d->burned.timer, (uint64_t)(ms + 1) * 1000);
	sd_event_source_set_enabled(d->burned.timer, SD_EVENT_ONESHOT);
}

/* Another blank would be asked for again and again: it is said once. */
static void put_off(struct drive *d, const char *problem)
{
	if (strcmp(d->burned.problem, problem) != 0)
		log_warn("%s: %s", d->name, problem);
	snprintf(d->burned.problem, sizeof(d->burned.problem), "%s", problem);
	d->burned.due = now_us() + (uint64_t)d->burned.config.retry * 1000;
}

static bool used(const struct mmc_state *m, uint64_t before)
{
	return m->locked || m->blocks_read + m->blocks_written != before;
}

bool drive_burned_in_use(const struct drive *d, uint64_t before)
{
	struct mmc_state now;

	mmc_get_state(d->engine, &now);
	return now.ejected_by_host || used(&now, before);
}

static int on_look(sd_event_source *s, uint64_t usec, void *drive)
{
	struct drive *d = drive;
	struct mmc_state m;

	(void)s;
	(void)usec;
	pthread_mutex_lock(&d->lock);
	m = d->mail.state;
	pthread_mutex_unlock(&d->lock);
	look_again(d);
	if (m.ejected_by_host)
		d->burned.used = UINT64_MAX;
	if (m.loaded && used(&m, d->burned.used)) {
		d->burned.used = m.blocks_read + m.blocks_written;
		d->burned.due = now_us() + (uint64_t)d->burned.config.idle * 1000;
	} else if (!d->op.cmd && !d->queue && now_us() >= d->burned.due &&
		   (m.ejected_by_host ? !d->brings_next : d->burned.config.idle > 0)) {
		drive_op_start_internal(d, DRIVE_REPLACE_BURNED, m.ejected_by_host);
	}
	return 0;
}

static void set_finished(struct drive *d, bool finished)
{
	d->burned.finished = finished;
	d->burned.problem[0] = '\0';
	/* The first look counts as a use. */
	d->burned.used = UINT64_MAX;
	d->burned.due = 0;
	if (finished)
		look_again(d);
	else
		sd_event_source_set_enabled(d->burned.timer, SD_EVENT_OFF);
}

void drive_burned_finished(struct drive *d)
{
	if (!is_wanted(&d->burned.config))
		return;
	set_finished(d, true);
	drive_remember(d, d->in.name);
}

/* The command under way puts the very same one in again. */
static bool comes_back(const struct drive *d, const struct image *was)
{
	struct library_file f;
	bool same;

	if (!d->op.reopen || !d->op.cmd->image || library_find(d->folder, d->op.cmd->image, &f) < 0)
		return false;
	same = f.dev == was->dev && f.ino == was->ino;
	library_forget(&f);
	return same;
}

void drive_burned_removed(struct drive *d, const struct image *was)
{
	if (!d->burned.finished)
		return;
	set_finished(d, false);
	if (d->burned.postburn && !comes_back(d, was))
		postburn_add(d->burned.postburn, was->name, was->dev, was->ino);
}

void drive_burned_inserted(struct drive *d)
{
	/* At a start, or when it is put in again by hand. */
	set_finished(d, was_burned(d, d->in.name));
	drive_remember(d, d->in.name);
}

void drive_burned_restored(struct drive *d)
{
	if (d->in.name && was_burned(d, d->in.name))
		set_finished(d, true);
}

static int choose_blank(struct drive *d, json_t **answer)
{
	char name[POSTBURN_STEM];
	struct statvfs fs;
	uint64_t room;

	if (fstatvfs(d->folder, &fs) == 0) {
		room = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (room < ROOM_LEAST) {
			*answer = answer_error("no-room",
				"no room for another blank in %.128s, %u MB are free; %.64s stays "
				"in "
				"the drive",
				d->media, (unsigned)(room / 1000000), d->in.name);
			return -ENOSPC;
		}
	}
	if (postburn_blank_name(d->folder, in_a_drive, d, name) == 0)
		d->op.cmd->image = strdup(name);
	if (!d->op.cmd->image) {
		*answer = answer_error("io-error", "no name for another blank in %.128s", d->media);
		return -EEXIST;
	}
	return drive_op_open(d, answer);
}

void drive_burned_replace(struct drive *d)
{
	json_t *answer = NULL;

	/* The host had its time, and the disc may be another one by now. */
	if (!d->burned.finished || !d->in.name) {
		drive_op_finish(d, answer_ok("%s: there is no burned disc", d->name));
		return;
	}
	if (d->burned.config.blank && choose_blank(d, &answer) < 0) {
		put_off(d, json_string_value(json_object_get(answer, "message")));
		json_decref(answer);
		drive_op_finish(d, answer_ok("%s: later", d->name));
		return;
	}
	drive_op_post_eject(d);
}

/* ---- made and freed ----------------------------------------------------------------------- */

/* Of this drive; those of others are no business of its postburn. */
static bool discs_are_closed(void *drive)
{
	const struct drive *d = drive;

	return disc_closer_open_discs(d->closer) <=
	       (d->in.name ? 1u : 0u) + (d->op.disc || d->op.state == OP_INSERTING ? 1u : 0u);
}

int drive_burned_setup(struct drive *d, const struct drive_config *config)
{
	struct postburn_config cc = {
		.folder = d->folder,
		.drive = d->name,
		.move = config->burned.move,
		.checksum = config->burned.checksum,
		.ready = discs_are_closed,
		.ctx = d,
	};
	int r = 0;

	d->burned.config = config->burned;
	d->configured = strdup(config->image ? config->image : "");
	if (!d->configured)
		return -ENOMEM;
	if (config->remember)
		r = last_disc_new(d->folder, d->name, &d->last);
	if (r == 0 && (cc.move != POSTBURN_RENAME_NO || cc.checksum))
		r = postburn_new(&cc, d->event, &d->burned.postburn);
	if (r >= 0)
		r = sd_event_add_time_relative(
			d->event, &d->burned.timer, CLOCK_MONOTONIC, 0, 10000, on_look, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->burned.timer, SD_EVENT_OFF);
	return r;
}

void drive_burned_free(struct drive *d)
{
	postburn_free(d->burned.postburn);
	last_disc_free(d->last);
	sd_event_source_disable_unref(d->burned.timer);
	free(d->configured);
}

void drive_burned_status(const struct drive *d, struct drive_info *info)
{
	info->has_postburn = is_wanted(&d->burned.config);
	if (d->burned.postburn)
		postburn_status(d->burned.postburn, &info->postburn);
	else
		info->postburn.state = "";
	if (d->burned.problem[0])
		memcpy(info->postburn.problem, d->burned.problem, sizeof(d->burned.problem));
}
