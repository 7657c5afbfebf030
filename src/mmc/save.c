// SPDX-License-Identifier: GPL-2.0-or-later
/* Saves the state of a drive as plain data, and restores it. */
#include <assert.h>
#include <string.h>

#include "mmc/mmc_int.h"

static_assert(sizeof(struct mmc_saved) == 64 + MMC_SAVED_PAGES * MMC_SAVED_PAGE_SIZE,
	"another daemon reads it, so it must have no padding");

void mmc_save(const struct mmc_drive *d, struct mmc_saved *s)
{
	*s = (struct mmc_saved){
		.has_disc = d->disc != NULL,
		.tray_out = d->tray_out,
		.prevent = d->prevent,
		.persistent_prevent = d->persistent_prevent,
		.eject_requested = d->eject_requested,
		.ua = d->ua,
		.media_event = d->media_event,
		.feature_change = d->feature_change,
		.gesn_seen = d->gesn_seen,
		.sense_has_lba = d->sense_has_lba,
		.disc_type = d->disc ? (uint8_t)(d->disc->medium->type + 1) : 0,
		.profile = d->profile->code,
		.sense = d->sense,
		.sense_lba = d->sense_lba,
		.read_speed = d->read_speed,
		.write_speed = d->write_speed,
		.write_lost = d->write_lost,
		.eject_event_pending = d->eject_event_pending,
		.removal_unseen = d->removal_unseen,
		.commands = d->commands,
		.errors = d->errors,
		.blocks_read = d->blocks_read,
		.blocks_written = d->blocks_written,
	};
	memcpy(s->page, d->page, sizeof(s->page));
}

static void restore_speeds(struct mmc_drive *d, const struct mmc_saved *s)
{
	const uint16_t *speed = d->profile->write_speed;

	d->read_speed = profile_read_speed(d->profile);
	d->write_speed = speed[0];
	if (s->read_speed >= profile_slowest(d->profile) && s->read_speed <= d->read_speed)
		d->read_speed = s->read_speed;
	for (size_t i = 0; i < PROFILE_MAX_SPEEDS && speed[i]; i++)
		if (s->write_speed == speed[i])
			d->write_speed = s->write_speed;
}

void mmc_restore(struct mmc_drive *d, const struct mmc_saved *s, struct disc *disc)
{
	mmc_abort(d);
	disc_put(d->disc);
	d->disc = disc;
	d->tray_out = disc && s->tray_out;
	d->profile = profile_for(mmc_loaded(d), &d->config);
	d->prevent = s->prevent;
	d->persistent_prevent = s->persistent_prevent;
	d->eject_requested = s->eject_requested;
	d->eject_event_pending = s->eject_requested && s->eject_event_pending;
	d->write_lost = disc && s->write_lost;
	d->removal_unseen = !mmc_loaded(d) && s->removal_unseen;
	d->ua = s->ua & UA_ALL;
	d->media_event = s->media_event <= MEDIA_EVENT_REMOVAL ? s->media_event : MEDIA_EVENT_NONE;
	d->feature_change = s->feature_change;
	d->gesn_seen = s->gesn_seen;
	d->sense = s->sense & (SENSE_DEFERRED | 0x0fffff);
	d->sense_has_lba = s->sense_has_lba;
	d->sense_lba = s->sense_lba;
	d->commands = s->commands;
	d->errors = s->errors;
	d->blocks_read = s->blocks_read;
	d->blocks_written = s->blocks_written;
	modepage_restore(d, s->page);
	restore_speeds(d, s);

	if (s->has_disc && !disc)
		d->prevent = d->persistent_prevent = false;
	if (d->profile->code == s->profile)
		return;
	d->feature_change = true;
	if (mmc_loaded(d))
		mmc_disc_arrived(d);
	else if (s->has_disc && !s->tray_out)
		mmc_disc_left(d);
}
