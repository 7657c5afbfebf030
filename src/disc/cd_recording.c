// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/cd_recording.h"

#include <string.h>

#include "cd/block.h"
#include "disc/cd_record.h"
#include "util/array.h"

/* ---- sessions and tracks -------------------------------------------------------------------- */

static int32_t track_end(const struct disc_cd_track *t)
{
	return t->start + (int32_t)(t->written + t->silent);
}

unsigned disc_cd_open_session(const struct disc_cd_record *r)
{
	unsigned n = 0;

	while (n < r->tracks && r->track[r->tracks - 1 - n].session > r->sessions)
		n++;
	return n;
}

/* Address of the lead-out of the last closed session; only if a session is closed. */
static int32_t last_lead_out(const struct disc_cd_record *r)
{
	return track_end(&r->track[r->tracks - disc_cd_open_session(r) - 1]);
}

static int32_t gap_after(unsigned session)
{
	return session == 1 ? CD_FIRST_GAP : CD_GAP;
}

int32_t disc_cd_program_start(const struct disc_cd_record *r)
{
	return r->sessions ? last_lead_out(r) + gap_after(r->sessions) : 0;
}

int32_t disc_cd_lead_in_of(const struct disc_cd_record *r)
{
	return r->sessions ? disc_cd_program_start(r) - (int32_t)CD_PREGAP - CD_LEAD_IN_LENGTH
			   : DISC_CD_LEAD_IN;
}

int32_t disc_cd_next_track(const struct disc_cd_record *r)
{
	if (r->open)
		return r->track[r->tracks - 1].start;
	if (disc_cd_open_session(r))
		return track_end(&r->track[r->tracks - 1]) + (int32_t)CD_PREGAP;
	return disc_cd_program_start(r);
}

/* True if all tracks but an open one are stored as user data of mode 1. */
static bool is_plain(const struct disc_cd_record *r)
{
	unsigned closed = r->tracks - r->open;

	return closed == 0 || r->track[closed - 1].unit == 2048;
}

uint16_t disc_cd_track_unit(const struct disc_cd_record *r, uint8_t form)
{
	return form == CD_MODE1 && is_plain(r) ? 2048 : CD_SECTOR;
}

/* ---- session-at-once ------------------------------------------------------------------------ */

struct cd_cue_place disc_cd_cue_place(const struct disc_cd_record *r, uint32_t last)
{
	return (struct cd_cue_place){
		.first_track = (uint8_t)(r->tracks + 1),
		.begin = disc_cd_program_start(r) - (int32_t)CD_PREGAP,
		.last_lead_out = (int32_t)last,
	};
}

int32_t disc_cd_first_address(const struct disc_cd_record *r, const struct cd_cue *cue)
{
	return cue->text ? disc_cd_lead_in_of(r) : cue->begin;
}

int32_t disc_cd_skip_silence(const struct cd_cue *cue, int32_t lba)
{
	while (lba >= cue->begin && lba < cue->lead_out) {
		const struct cd_cue_part *part = cd_cue_part_at(cue, lba);

		if (cd_block_of_data_form(part->data_form)->unit)
			break;
		lba = cd_cue_part_end(cue, part);
	}
	return lba;
}

int32_t disc_cd_before_silence(const struct cd_cue *cue, int32_t lba)
{
	while (lba > cue->begin && lba <= cue->lead_out) {
		const struct cd_cue_part *part = cd_cue_part_at(cue, lba - 1);

		if (cd_block_of_data_form(part->data_form)->unit)
			break;
		lba = part->lba;
	}
	return lba;
}

static bool is_whole(const struct disc_cd_record *r, const struct cd_cue *cue)
{
	return disc_cd_skip_silence(cue, r->next) == cue->lead_out;
}

static uint16_t cue_unit(const struct disc_cd_record *r, const struct cd_cue *cue)
{
	for (unsigned i = 0; i < cue->parts; i++)
		if (cue->part[i].data_form != 0x10 && cue->part[i].data_form != 0x14)
			return CD_SECTOR;
	return is_plain(r) ? 2048 : CD_SECTOR;
}

/*
 * Makes the track of a cue sheet, as far as it is recorded. False: nothing of it is. Once the host
 * has sent all of a session, the silence at its end counts as recorded, too.
 */
static bool cue_track(const struct disc_cd_record *r, const struct cd_cue *cue, unsigned i,
	uint16_t unit, struct disc_cd_track *out)
{
	const struct cd_track *t = &cue->track[i];
	int64_t written = (int64_t)r->next - t->start;

	*out = (struct disc_cd_track){
		.start = t->start,
		.pregap = t->pregap,
		.written = (uint32_t)MIN(MAX(written, 0), (int64_t)t->length),
		.unit = unit,
		.session = (uint8_t)(r->sessions + 1),
		.control = t->control,
		.form = t->form,
	};
	memcpy(out->isrc, t->isrc, sizeof(out->isrc));
	if (is_whole(r, cue))
		out->silent = t->length - out->written;
	while (out->indexes < t->indexes && t->index[out->indexes] < track_end(out)) {
		out->index[out->indexes] = t->index[out->indexes];
		out->indexes++;
	}
	return out->written + out->silent > 0;
}

void disc_cd_settle(struct disc_cd_record *r, const struct cd_cue *cue)
{
	uint16_t unit = cue_unit(r, cue);
	unsigned first = r->tracks;

	for (unsigned i = 0; i < cue->tracks; i++)
		if (cue_track(r, cue, i, unit, &r->track[first + i]))
			r->tracks = (uint8_t)(first + i + 1);
	if (cue->mcn[0] && r->tracks > first)
		memcpy(r->mcn, cue->mcn, sizeof(r->mcn));
	r->cue_len = 0;
	r->next = 0;
}

void disc_cd_view(const struct disc_cd_record *r, const struct cd_cue *cue, struct disc_cd_view *v)
{
	v->open = r->open && r->track[r->tracks - 1].written;
	v->tracks = (uint8_t)(r->tracks - (r->open && !v->open));
	v->end = INT32_MAX;
	memcpy(v->track, r->track, v->tracks * sizeof(v->track[0]));
	if (r->cue_len) {
		uint16_t unit = cue_unit(r, cue);

		for (unsigned i = 0; i < cue->tracks; i++) {
			const struct cd_track *t = &cue->track[i];

			if (!cue_track(r, cue, i, unit, &v->track[v->tracks]))
				break;
			v->tracks++;
			v->end = t->start + (int32_t)t->length;
			/* The last one is open until the session is closed. */
			v->open = r->next < v->end || i + 1u == cue->tracks;
		}
	}
	v->sessions = v->tracks ? v->track[v->tracks - 1].session : 0;
}

/* ---- the image ------------------------------------------------------------------------------ */

static bool is_first_of_session(const struct disc_cd_track *track, unsigned i)
{
	return i == 0 || track[i].session != track[i - 1].session;
}

/* The first of the sectors of track i that have a place in the image. */
static int32_t first_stored(const struct disc_cd_track *track, unsigned i)
{
	int32_t first = track[i].start - (int32_t)track[i].pregap;

	return is_first_of_session(track, i) ? first + (int32_t)CD_PREGAP : first;
}

/* Moves the place from the track before to track i. */
static void next_place(const struct disc_cd_track *track, unsigned i, struct disc_cd_place *p)
{
	const struct disc_cd_track *t = &track[i];
	int32_t end = i ? track_end(t - 1) : 0;

	if (t->unit == 2048)
		p->at = (uint64_t)first_stored(track, i) * 2048;
	else
		p->at += (uint64_t)(end - p->lba) * p->unit;
	p->lba = first_stored(track, i);
	p->unit = t->unit;
}

static void place_of(const struct disc_cd_track *track, unsigned i, struct disc_cd_place *p)
{
	*p = (struct disc_cd_place){.unit = 2048};
	for (unsigned k = 0; k <= i; k++)
		next_place(track, k, p);
}

static uint64_t byte_of(const struct disc_cd_place *p, int32_t lba)
{
	return p->at + (uint64_t)(lba - p->lba) * p->unit;
}

bool disc_cd_next_place(
	const struct disc_cd_record *r, const struct cd_cue *cue, struct disc_cd_place *p)
{
	if (r->open) {
		const struct disc_cd_track *t = &r->track[r->tracks - 1];

		place_of(r->track, r->tracks - 1u, p);
		p->at = byte_of(p, t->start);
		p->lba = t->start;
		return true;
	}
	if (r->cue_len == 0)
		return false;
	*p = (struct disc_cd_place){.unit = 2048};
	if (r->tracks) {
		place_of(r->track, r->tracks - 1u, p);
		p->at = byte_of(p, track_end(&r->track[r->tracks - 1]));
	}
	p->lba = cue->begin + (int32_t)CD_PREGAP;
	p->unit = cue_unit(r, cue);
	if (p->unit == 2048)
		p->at = (uint64_t)p->lba * 2048;
	return true;
}

uint64_t disc_cd_end_in_image(const struct disc_cd_record *r, const struct cd_cue *cue)
{
	struct disc_cd_place p;
	unsigned i = r->tracks;

	if (r->cue_len && r->next > cue->begin + (int32_t)CD_PREGAP) {
		(void)disc_cd_next_place(r, cue, &p);
		return byte_of(&p, r->next);
	}
	while (i > 0 && r->track[i - 1].written == 0)
		i--;
	if (i == 0)
		return 0;
	place_of(r->track, i - 1, &p);
	return byte_of(&p, r->track[i - 1].start + (int32_t)r->track[i - 1].written);
}

uint64_t disc_cd_next_in_image(const struct disc_cd_record *r, const struct cd_cue *cue)
{
	uint64_t end = disc_cd_end_in_image(r, cue);
	struct disc_cd_place p;
	int32_t lba;

	if (!disc_cd_next_place(r, cue, &p))
		return end;
	lba = r->open ? p.lba : disc_cd_skip_silence(cue, MAX(r->next, p.lba));
	return MAX(end, byte_of(&p, lba));
}

/* ---- layout and map ------------------------------------------------------------------------- */

/* Adds the invisible track of what can be recorded next. */
static void add_invisible(const struct disc_cd_record *r, const struct cd_cue *cue,
	unsigned cue_tracks, uint32_t capacity, struct disc_layout *l)
{
	int32_t start = disc_cd_next_track(r);

	if (r->cue_len)
		start = cue->track[MIN(cue_tracks, cue->tracks - 1u)].start;
	if (l->tracks == CD_MAX_TRACKS || (uint32_t)start >= capacity)
		return;
	l->track[l->tracks++] = (struct disc_track){
		.start = (uint32_t)start, .session = l->sessions, .state = DISC_TRACK_INVISIBLE};
}

void disc_cd_to_layout(const struct disc_cd_record *r, const struct cd_cue *cue,
	const struct disc_cd_view *v, uint32_t capacity, struct disc_layout *l)
{
	l->finalised = r->finalised;
	l->at_once = false;
	l->sessions = (uint16_t)(r->finalised ? r->sessions : r->sessions + 1);
	l->tracks = v->tracks;
	for (unsigned i = 0; i < v->tracks; i++) {
		const struct disc_cd_track *t = &v->track[i];

		l->track[i] = (struct disc_track){
			.start = (uint32_t)t->start,
			.written = t->written + t->silent,
			.session = t->session,
			.state = v->open && i + 1u == v->tracks ? DISC_TRACK_OPEN
								: DISC_TRACK_CLOSED,
		};
	}
	if (!v->open && !r->finalised)
		add_invisible(r, cue, v->tracks - r->tracks, capacity, l);
}

static void add_extent(struct cd_map *m, int32_t lba, uint32_t count, uint64_t at, uint16_t unit)
{
	struct cd_extent *e = &m->extent[m->extents];

	if (count == 0)
		return;
	*e = (struct cd_extent){.lba = lba, .count = count, .file = CD_NO_FILE};
	if (unit) {
		e->file = 0;
		e->unit = unit;
		e->offset = at;
	}
	m->extents++;
}

/* The stored sectors of track i, then those that are not. */
static void add_extents(const struct disc_cd_view *v, unsigned i, const struct disc_cd_place *p,
	uint64_t stored, struct cd_map *m)
{
	const struct disc_cd_track *t = &v->track[i];
	uint32_t sent = t->written ? (uint32_t)(t->start - p->lba) + t->written : 0;
	uint32_t all = (uint32_t)(t->start - p->lba) + t->written + t->silent;
	uint64_t there = stored > p->at ? (stored - p->at) / p->unit : 0;

	sent = (uint32_t)MIN((uint64_t)sent, there);
	add_extent(m, p->lba, sent, p->at, p->unit);
	add_extent(m, p->lba + (int32_t)sent, all - sent, 0, 0);
}

void disc_cd_to_map(const struct disc_cd_record *r, const struct disc_cd_view *v, uint64_t stored,
	struct cd_map *m)
{
	struct disc_cd_place p = {.unit = 2048};

	m->first_track = 1;
	m->tracks = v->tracks;
	m->sessions = v->sessions;
	m->files = 1;
	m->extents = 0;
	memcpy(m->mcn, r->mcn, sizeof(m->mcn));
	m->text_packs = r->text_packs;
	memcpy(m->text, r->text, sizeof(m->text));
	for (unsigned i = 0; i < v->tracks; i++) {
		const struct disc_cd_track *t = &v->track[i];

		m->track[i] = (struct cd_track){
			.start = t->start,
			.pregap = t->pregap,
			.length = t->written + t->silent,
			.session = t->session,
			.control = t->control,
			.form = t->form,
			.indexes = t->indexes,
		};
		memcpy(m->track[i].index, t->index, sizeof(t->index));
		memcpy(m->track[i].isrc, t->isrc, sizeof(t->isrc));
		m->session[t->session - 1] = (struct cd_session){
			.format = t->session <= r->sessions ? r->format[t->session - 1] : 0,
			.lead_out = track_end(t)};
		next_place(v->track, i, &p);
		add_extents(v, i, &p, stored, m);
	}
}
