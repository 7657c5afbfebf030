// SPDX-License-Identifier: GPL-2.0-or-later
/* Effects of inserting, removing and closing a disc: profile, speeds, attentions, events. */
#include "mmc/mmc_int.h"

struct disc *mmc_loaded(const struct mmc_drive *d)
{
	return d->tray_out ? NULL : d->disc;
}

static const struct disc_medium *shown_by(const struct mmc_profile *p, const struct disc *disc)
{
	return disc && profile_is_for(p, disc->medium->type) ? disc->medium
							     : disc_medium_of(p->type);
}

const struct disc_medium *mmc_shown_medium(const struct mmc_drive *d)
{
	return shown_by(d->profile, mmc_loaded(d));
}

const struct disc_medium *mmc_medium_in_tray(const struct mmc_drive *d)
{
	return shown_by(profile_for(d->disc, &d->config), d->disc);
}

void mmc_default_speeds(struct mmc_drive *d)
{
	d->read_speed = profile_read_speed(d->profile);
	d->write_speed = d->profile->write_speed[0];
}

static void refresh_profile(struct mmc_drive *d)
{
	const struct mmc_profile *p = profile_for(mmc_loaded(d), &d->config);

	if (p == d->profile)
		return;
	d->profile = p;
	d->feature_change = true;
	modepage_fit_profile(d);
}

void mmc_disc_arrived(struct mmc_drive *d)
{
	d->write_lost = false;
	/* A program that wants to record this disc may leave page 05h as another one set it. */
	modepage_end_test_write(d);
	refresh_profile(d);
	mmc_default_speeds(d);
	d->position = 0;
	d->ua &= (uint8_t)~UA_AFTER_EVENT;
	d->ua |= UA_CHANGED;
	/* Replaces a removal event that the host has not polled: a swap is one event. */
	d->media_event = MEDIA_EVENT_NEW_MEDIA;
	d->eject_requested = d->eject_event_pending = false;
	d->removal_unseen = false;
}

void mmc_disc_left(struct mmc_drive *d)
{
	refresh_profile(d);
	/* Commands now fail as NOT READY; attentions of the old disc are void. */
	d->ua &= (uint8_t) ~(UA_CHANGED | UA_CLOSED | UA_AFTER_EVENT | UA_REMOVAL_REQUEST);
	d->media_event = MEDIA_EVENT_REMOVAL;
	d->eject_requested = d->eject_event_pending = false;
	d->removal_unseen = true;
}

mmc_sense_t mmc_host_eject(struct mmc_drive *d)
{
	if (d->prevent || d->persistent_prevent)
		return SENSE_REMOVAL_PREVENTED;
	if (mmc_loaded(d)) {
		/* A test write ends when the disc leaves the drive. */
		(void)disc_test_write(d->disc, false);
		d->tray_out = true;
		mmc_disc_left(d);
	}
	return SENSE_NONE;
}

void mmc_host_load(struct mmc_drive *d)
{
	/* libburn loads although the disc is in: that must have no effect. */
	if (!d->disc || !d->tray_out || d->gone)
		return;
	d->tray_out = false;
	mmc_disc_arrived(d);
}

/* The event of a CLOSE, FORMAT or BLANK; a request to eject that the host has not got follows it.
 */
static void put_new_media_event(struct mmc_drive *d)
{
	d->eject_event_pending |= d->media_event == MEDIA_EVENT_EJECT_REQUEST;
	d->media_event = MEDIA_EVENT_NEW_MEDIA;
}

void mmc_disc_changed(struct mmc_drive *d, struct disc *disc)
{
	/* The disc may have been ejected, and replaced, while its CLOSE was running. */
	if (disc != mmc_loaded(d))
		return;
	refresh_profile(d);
	d->ua |= UA_CLOSED;
	put_new_media_event(d);
}

void mmc_disc_formatted(struct mmc_drive *d, struct disc *disc)
{
	if (disc != mmc_loaded(d))
		return;
	refresh_profile(d);
	d->feature_change = true;
	put_new_media_event(d);
	d->ua |= UA_AFTER_EVENT;
}

void mmc_media_event_seen(struct mmc_drive *d)
{
	d->media_event = d->eject_event_pending ? MEDIA_EVENT_EJECT_REQUEST : MEDIA_EVENT_NONE;
	d->eject_event_pending = false;
	if (d->ua & UA_AFTER_EVENT)
		d->ua = (uint8_t)((d->ua & ~UA_AFTER_EVENT) | UA_CLOSED);
}
