// SPDX-License-Identifier: GPL-2.0-or-later
/* All calls on a drive except those for commands: creation, resets, insert and eject, status. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disc/cd_record.h"
#include "disc/compact.h"
#include "mmc/mmc_int.h"
#include "util/array.h"

struct mmc_drive *mmc_drive_new(const struct mmc_config *config)
{
	struct mmc_drive *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->config = *config;
	if (d->config.buffer == 0)
		d->config.buffer = MEDIA_RING;
	d->profile = profile_for(NULL, config);
	mmc_bus_reset(d);
	return d;
}

void mmc_drive_free(struct mmc_drive *d)
{
	if (!d)
		return;
	mmc_abort(d);
	disc_put(d->disc);
	free(d);
}

void mmc_transport_reset(struct mmc_drive *d)
{
	mmc_abort(d);
	d->sense = SENSE_NONE;
	d->sense_has_lba = false;
}

void mmc_bus_reset(struct mmc_drive *d)
{
	mmc_transport_reset(d);
	d->prevent = false;
	d->persistent_prevent = false;
	d->ua |= UA_RESET;
	modepage_reset(d);
	mmc_default_speeds(d);
	/* Page 05h asks for no test write any more, and the next host must not see one. */
	if (d->disc)
		(void)disc_test_write(d->disc, false);
}

bool mmc_flush(struct mmc_drive *d)
{
	int r = d->disc ? disc_sync(d->disc) : 0;

	if (r < 0 && r != -EAGAIN)
		d->write_lost = true;
	return r != -EAGAIN;
}

void mmc_image_moved(struct mmc_drive *d, struct folder *folder, const char *name)
{
	if (d->disc)
		disc_image_moved(d->disc, folder, name);
	else
		folder->ops->close(folder);
}

bool mmc_state_missing(struct mmc_drive *d)
{
	return d->disc && disc_state_missing(d->disc);
}

/* ---- insert and eject --------------------------------------------------------------------- */

void mmc_insert(struct mmc_drive *d, struct disc *disc)
{
	disc_put(d->disc);
	d->disc = disc;
	d->tray_out = d->gone = false;
	mmc_disc_arrived(d);
}

enum mmc_eject mmc_eject(struct mmc_drive *d, bool force)
{
	if (!d->disc)
		return MMC_EJECT_EMPTY;
	bool was_in = mmc_loaded(d) != NULL;

	if (was_in && (d->prevent || d->persistent_prevent) && !force) {
		d->eject_requested = true;
		/* It follows the event of a new medium that the host has not got. */
		if (d->media_event == MEDIA_EVENT_NEW_MEDIA)
			d->eject_event_pending = true;
		else
			d->media_event = MEDIA_EVENT_EJECT_REQUEST;
		/*
		 * Windows acts on both event and attention, so only a host that never polls
		 * events gets the attention.
		 */
		if (!d->gesn_seen)
			d->ua |= UA_REMOVAL_REQUEST;
		return MMC_EJECT_REQUESTED;
	}
	struct disc *disc = d->disc;

	d->disc = NULL;
	d->tray_out = d->gone = false;
	d->prevent = false;
	d->persistent_prevent = false;
	if (was_in)
		mmc_disc_left(d);
	disc_put(disc);
	return MMC_EJECT_DONE;
}

/* Counts the tracks of a compact disc, and finds the one that is being recorded. */
static void tally(const struct disc *disc, struct mmc_state *s)
{
	const struct cd_map *m = disc_cd_map(disc);
	const struct disc_track *open = disc_track(disc, disc_open_track(disc));
	const struct cd_track *last;

	if (!m)
		return;
	s->cd = cd_tally_of(m);
	if (m->tracks == 0 || !open || open->state != DISC_TRACK_OPEN)
		return;
	last = &m->track[m->tracks - 1];
	s->open_track = (uint8_t)(m->first_track + m->tracks - 1);
	s->open_track_audio = last->form == CD_AUDIO;
}

/* ---- status ------------------------------------------------------------------------------- */

static void disc_state(const struct disc *disc, struct mmc_state *s)
{
	s->type = disc->medium->type;
	s->format = disc->format;
	s->image_blocks = (uint32_t)MIN(disc->media->blocks, UINT32_MAX);
	s->blank = disc_is_blank(disc);
	s->appendable = disc_is_appendable(disc);
	s->finalised = disc->layout.finalised;
	s->testing = disc->testing;
	s->read_only = disc->read_only;
	s->unsynced = disc_unsynced(disc);
	s->capacity = disc->capacity;
	s->layer_break = disc->layer_break;
	s->at_once = disc->layout.at_once;
	s->readable = disc_readable_blocks(disc);
	s->sessions = disc->layout.sessions;
	s->tracks = disc->layout.tracks;
	for (uint32_t i = 0; i < disc->layout.tracks; i++) {
		const struct disc_track *t = &disc->layout.track[i];

		s->recorded += t->written;
		if (t->written)
			s->end = t->start + t->written;
	}
	const struct disc_track *t = disc_track(disc, disc_open_track(disc));
	if (t) {
		s->nwa = disc_track_nwa(disc, t);
		s->free = disc_track_free(disc, t);
		s->reserved = t->reserved;
	}
	if (disc_is_cd_recordable(disc))
		s->announced_end = disc_cd_announced_end(disc);
	tally(disc, s);
}

static uint8_t pending(const struct mmc_drive *d)
{
	unsigned set = 0;

	if (d->ua & UA_RESET)
		set |= MMC_PENDING_RESET;
	if (d->ua & (UA_CHANGED | UA_REMOVAL_REQUEST))
		set |= MMC_PENDING_ATTENTION;
	if (d->ua & UA_CLOSED)
		set |= MMC_PENDING_CLOSE;
	if (d->ua & UA_AFTER_EVENT)
		set |= MMC_PENDING_FORMAT;
	if (d->media_event != MEDIA_EVENT_NONE)
		set |= MMC_PENDING_MEDIA;
	if (d->feature_change)
		set |= MMC_PENDING_OPERATIONAL;
	return (uint8_t)set;
}

void mmc_get_state(const struct mmc_drive *d, struct mmc_state *s)
{
	*s = (struct mmc_state){
		.profile = d->profile->code,
		.loaded = mmc_loaded(d) != NULL,
		.ejected_by_host = d->disc && d->tray_out && !d->gone,
		.vanished = d->gone,
		.locked = d->prevent || d->persistent_prevent,
		.eject_requested = d->eject_requested,
		.busy = d->cmd.active,
		.removal_unseen = d->removal_unseen,
		.pending = pending(d),
		.read_speed = d->read_speed,
		.write_speed = d->write_speed,
		.commands = d->commands,
		.errors = d->errors,
		.blocks_read = d->blocks_read,
		.blocks_written = d->blocks_written,
	};
	if (d->disc)
		disc_state(d->disc, s);
	if (s->loaded)
		s->shown_as = mmc_shown_medium(d)->type;
	else if (d->disc)
		s->shown_as = mmc_medium_in_tray(d)->type;
	else
		s->shown_as = s->type;
}

const struct disc_layout *mmc_layout(const struct mmc_drive *d)
{
	return d->disc ? &d->disc->layout : NULL;
}

const struct mmc_config *mmc_get_config(const struct mmc_drive *d)
{
	return &d->config;
}

mmc_sense_t mmc_last_sense(const struct mmc_drive *d)
{
	return d->sense;
}
