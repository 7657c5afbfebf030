// SPDX-License-Identifier: GPL-2.0-or-later
/* Derives from the record of a CD its layout, its map, and where the next sector goes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "disc/cd_int.h"
#include "disc/compact_int.h"
#include "util/array.h"

static_assert(DISC_CD_CUE_MAX == CD_CUE_MAX, "the header promises what the parser takes");

struct disc_cd *disc_cd_new(void)
{
	return calloc(1, sizeof(struct disc_cd));
}

void disc_cd_free_all(struct disc_cd *cd)
{
	free(cd);
}

/* Bytes that the sector that is recorded next has in the image. */
static uint32_t next_unit(const struct disc_cd *cd)
{
	return cd->recording ? cd->at.unit : disc_cd_track_unit(&cd->now, cd->write.form);
}

void disc_cd_choose_limit(struct disc *d)
{
	const struct disc_cd *cd = d->cd;

	d->limit = cd->now.finalised            ? d->capacity
		   : next_unit(cd) == CD_SECTOR ? cd->raw_limit
						: cd->plain_limit;
}

/*
 * The address at which the disc is full if so many more sectors can be recorded (0 counts as 1);
 * at most its capacity.
 */
static uint32_t limit_after(const struct disc *d, uint64_t sectors)
{
	const struct disc_cd_record *r = &d->cd->now;
	int64_t next = disc_cd_next_track(r);

	if (r->open)
		next += r->track[r->tracks - 1].written;
	else if (r->cue_len)
		next = MAX(r->next, 0);
	sectors = MIN(MAX(sectors, 1u), d->capacity);
	return (uint32_t)MIN((uint64_t)next + sectors, (uint64_t)d->capacity);
}

void disc_cd_set_room(struct disc *d, uint64_t room)
{
	d->cd->plain_limit = limit_after(d, room / MEDIA_BLOCK);
	d->cd->raw_limit = limit_after(d, room / CD_SECTOR);
	disc_cd_choose_limit(d);
}

void disc_cd_refresh(struct disc *d)
{
	struct disc_cd *cd = d->cd;
	const struct disc_cd_record *r = &cd->now;

	if (r->cue_len) {
		const struct cd_cue_place place = disc_cd_cue_place(r, d->capacity);

		/* Only a sheet that was right is kept in a record. */
		if (!cd_cue_parse(r->cue, r->cue_len, &place, &cd->cue))
			cd->now.cue_len = 0;
	}
	disc_cd_view(r, &cd->cue, &cd->view);
	disc_cd_to_layout(r, &cd->cue, &cd->view, d->capacity, &d->layout);
	disc_cd_to_map(
		r, &cd->view, d->testing ? cd->real_end : UINT64_MAX, disc_compact_map(d->compact));
	cd->recording = disc_cd_next_place(r, &cd->cue, &cd->at);
	cd->end = disc_cd_end_in_image(r, &cd->cue);
	disc_cd_choose_limit(d);
}

void disc_cd_keep(struct disc *d)
{
	d->cd->before = d->cd->now;
}

void disc_cd_restore(struct disc *d)
{
	d->cd->now = d->cd->before;
	disc_cd_refresh(d);
}

void disc_cd_reset(struct disc *d)
{
	memset(&d->cd->now, 0, sizeof(d->cd->now));
	d->cd->block = NULL;
	d->cd->text_unsaved = d->cd->position_lost = false;
	disc_cd_refresh(d);
}

bool disc_cd_is_empty(const struct disc_cd *cd)
{
	const struct disc_cd_record *r = &cd->now;

	return r->tracks == 0 && r->cue_len == 0 && r->text_packs == 0 && r->mcn[0] == '\0';
}

void disc_cd_test(struct disc *d, bool on)
{
	struct disc_cd *cd = d->cd;

	if (on) {
		cd->real = cd->now;
		cd->real_end = cd->end;
	} else {
		cd->now = cd->real;
		cd->block = NULL;
		cd->text_unsaved = false;
	}
	disc_cd_refresh(d);
}

bool disc_cd_is_under_way(const struct disc_cd *cd)
{
	return cd->now.cue_len && cd->now.next != disc_cd_first_address(&cd->now, &cd->cue);
}

bool disc_cd_is_whole(const struct disc_cd *cd)
{
	return disc_cd_is_under_way(cd) &&
	       disc_cd_skip_silence(&cd->cue, cd->now.next) == cd->cue.lead_out;
}

void disc_cd_close_open(struct disc_cd_record *r)
{
	struct disc_cd_track *t;

	if (!r->open)
		return;
	t = &r->track[r->tracks - 1];
	r->open = false;
	if (t->written)
		t->silent = CD_RUN_OUT;
	else
		r->tracks--;
}

/* True if no track has room after the last session. */
static bool is_full(const struct disc *d)
{
	const struct disc_cd_record *r = &d->cd->now;

	return r->tracks == CD_MAX_TRACKS || r->sessions == CD_MAX_SESSIONS ||
	       (int64_t)disc_cd_program_start(r) + CD_RUN_OUT >= d->capacity;
}

void disc_cd_end_session(struct disc *d, bool last)
{
	const struct disc_cd_write *w = &d->cd->write;
	struct disc_cd_record *r = &d->cd->now;
	bool known = w->session_format == 0x10 || w->session_format == 0x20;

	r->format[r->sessions++] = known ? w->session_format : 0;
	r->finalised = last || is_full(d);
}

bool disc_cd_close_all(struct disc *d)
{
	struct disc_cd *cd = d->cd;

	if (disc_cd_is_under_way(cd))
		disc_cd_settle(&cd->now, &cd->cue);
	cd->now.cue_len = 0;
	cd->now.next = 0;
	disc_cd_close_open(&cd->now);
	if (disc_cd_open_session(&cd->now))
		disc_cd_end_session(d, true);
	cd->now.finalised = cd->now.sessions > 0;
	return cd->now.finalised;
}

uint32_t disc_cd_unsynced(const struct disc_cd *cd, uint32_t safe, uint32_t end)
{
	uint32_t unit = cd->recording ? cd->at.unit : MEDIA_BLOCK;

	return (end - safe + unit - 1) / unit;
}
