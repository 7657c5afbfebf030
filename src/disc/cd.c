// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The write model of CD-R and CD-RW: tracks, sessions and their closing. Writing: cd_write.c; how
 * such a disc is opened: cd_open.c.
 */
#include <string.h>

#include "disc/cd_int.h"
#include "disc/disc_int.h"
#include "disc/model.h"
#include "util/array.h"

/* ---- capacities ----------------------------------------------------------------------------- */

/* Last possible start of the lead-out of discs that are sold. */
static const struct {
	uint8_t minutes;
	uint32_t blocks;
} capacities[] = {
	{21, 94350}, {63, 283350}, {74, 332849}, {80, 359849}, {90, 404849}, {99, 445349}};

uint32_t disc_cd_capacity(unsigned minutes)
{
	for (size_t i = 0; i < ARRAY_LEN(capacities); i++)
		if (capacities[i].minutes == minutes)
			return capacities[i].blocks;
	return 0;
}

unsigned disc_cd_minutes(uint32_t capacity)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(capacities) && capacity > capacities[i].blocks)
		i++;
	return capacities[i].minutes;
}

/* ---- queries -------------------------------------------------------------------------------- */

bool disc_is_cd_recordable(const struct disc *d)
{
	return d->cd != NULL;
}

void disc_cd_set_write(struct disc *d, const struct disc_cd_write *w)
{
	d->cd->write = *w;
	disc_cd_choose_limit(d);
}

int32_t disc_cd_lead_in(const struct disc *d)
{
	return d->cd->now.finalised ? DISC_CD_LEAD_IN : disc_cd_lead_in_of(&d->cd->now);
}

uint32_t disc_cd_open_tracks(const struct disc *d)
{
	const struct disc_cd_view *v = &d->cd->view;
	uint32_t n = 0;

	while (n < v->tracks && v->track[v->tracks - 1 - n].session > d->cd->now.sessions)
		n++;
	return n;
}

bool disc_cd_is_at_once(const struct disc *d)
{
	return disc_cd_is_under_way(d->cd);
}

uint32_t disc_cd_announced_end(const struct disc *d)
{
	return d->cd->now.cue_len ? (uint32_t)d->cd->cue.lead_out : 0;
}

/* ---- closing -------------------------------------------------------------------------------- */

/* Saves cd->now, which was changed after disc_cd_keep(). */
static int commit(struct disc *d)
{
	int r;

	disc_cd_refresh(d);
	r = d->testing ? DISC_OK : disc_save(d);
	if (r < 0)
		disc_cd_restore(d);
	return r;
}

static int close_track(struct disc *d, uint32_t number)
{
	struct disc_cd *cd = d->cd;
	int r;

	if (number > d->layout.tracks)
		return DISC_NO_SUCH_TRACK;
	if (!cd->now.open || (number && number != d->layout.tracks))
		return disc_sync(d);
	r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	disc_cd_keep(d);
	disc_cd_close_open(&cd->now);
	return commit(d);
}

static int close_session(struct disc *d)
{
	struct disc_cd *cd = d->cd;
	int r;

	if (cd->now.finalised)
		return disc_sync(d);
	/* Some of the sectors that the cue sheet announced are not recorded yet. */
	if (disc_cd_is_under_way(cd) && !disc_cd_is_whole(cd))
		return DISC_SEQUENCE;
	r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	disc_cd_keep(d);
	if (disc_cd_is_under_way(cd))
		disc_cd_settle(&cd->now, &cd->cue);
	disc_cd_close_open(&cd->now);
	if (disc_cd_open_session(&cd->now))
		disc_cd_end_session(d, !cd->write.next_session);
	return commit(d);
}

int disc_cd_flush(struct disc *d)
{
	const struct disc_cd *cd = d->cd;

	if (cd && disc_cd_is_whole(cd))
		return close_session(d);
	if (cd && cd->now.open && cd->now.track[cd->now.tracks - 1].written)
		return close_track(d, 0);
	return disc_sync(d);
}

/* Announces the new end of the image in the state file, then cuts the image. */
static int cut(struct disc *d)
{
	int r = disc_announce_cut(d, (uint32_t)d->cd->end);

	if (r < 0) {
		disc_cd_restore(d);
		return r;
	}
	r = disc_save(d);
	if (r == 0)
		r = media_truncate(d->media, d->cd->end);
	if (r == 0)
		return disc_sync(d);
	d->intent = DISC_INTENT_NONE;
	d->store_uncertain = true;
	disc_cd_restore(d);
	return r;
}

static int finalise(struct disc *d)
{
	uint64_t end = d->cd->end;
	int r;

	if (d->cd->now.finalised)
		return disc_sync(d);
	r = disc_sync_before_change(d);
	if (r != DISC_OK)
		return r;
	disc_cd_keep(d);
	if (!disc_cd_close_all(d)) {
		disc_cd_restore(d);
		return DISC_NO_SUCH_TRACK;
	}
	disc_cd_refresh(d);
	/* The image gets shorter if a pregap was sent, and not the track that it belongs to. */
	return d->cd->end < end && !d->testing ? cut(d) : commit(d);
}

/* ---- cue sheet ------------------------------------------------------------------------------ */

int disc_cd_cue_sheet(struct disc *d, const uint8_t *sheet, uint32_t len)
{
	struct disc_cd *cd = d->cd;
	struct disc_cd_record *r = &cd->now;
	struct cd_cue_place place;
	bool right;

	if (r->finalised)
		return DISC_CLOSED;
	if (disc_cd_is_under_way(cd) ||
		disc_cd_open_session(r) > (r->open && r->track[r->tracks - 1].written == 0))
		return DISC_SEQUENCE;
	disc_cd_keep(d);
	disc_cd_close_open(r);
	place = disc_cd_cue_place(r, d->cd->plain_limit);
	right = cd_cue_parse(sheet, len, &place, &cd->cue);
	if (right) {
		memcpy(r->cue, sheet, len);
		r->cue_len = (uint16_t)len;
		r->next = disc_cd_first_address(r, &cd->cue);
		if (r->sessions == 0)
			r->text_packs = 0;
		disc_cd_refresh(d);
		/* The limit is known only now: the sheet says how large the image's sectors are. */
		right = (uint32_t)cd->cue.lead_out <= d->limit &&
			disc_cd_state_bytes(r, &cd->cue) <= STORE_TEXT_MAX;
	}
	cd->position_lost = false;
	if (right)
		return commit(d);
	disc_cd_restore(d);
	return DISC_BAD_PARAMETER;
}

const struct disc_model disc_model_cd = {
	.recordable = true,
	.has_tracks = true,
	.has_test_write = true,
	.compact = true,
	.counts_recorded = true,
	.may_write = disc_cd_may_write,
	.write = disc_cd_write,
	.lost = disc_cd_lost,
	.close_track = close_track,
	.close_session = close_session,
	.finalise = finalise,
	.misfit = disc_cd_misfit,
	.resume = disc_cd_resume,
};
