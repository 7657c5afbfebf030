// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks a record of a CD that comes from a state file: any number in it may be anything. */
#include <string.h>

#include "cd/check.h"
#include "disc/cd_recording.h"
#include "disc/cd_record.h"

/* The state after the tracks that were checked so far. */
struct walk {
	int64_t end; /* of the track before */
	unsigned session, in_session;
	bool plain; /* all tracks are stored as user data of mode 1 */
};

static bool track_alone(const struct disc_cd_track *t)
{
	int64_t before = t->start, end = (int64_t)t->start + t->written + t->silent;

	if (t->form > CD_XA || t->control > 15 || (t->form == CD_AUDIO) != !(t->control & 4) ||
		t->indexes > CD_MAX_INDEXES || !cd_is_isrc(t->isrc) ||
		(t->unit != CD_SECTOR && (t->unit != 2048 || t->form != CD_MODE1)))
		return false;
	for (unsigned i = 0; i < t->indexes; i++) {
		if (t->index[i] <= before || t->index[i] >= end)
			return false;
		before = t->index[i];
	}
	return true;
}

/* The track follows those before it, on a disc of that capacity. */
static bool track_in_line(struct walk *w, const struct disc_cd_track *t, uint32_t capacity)
{
	int64_t begin = (int64_t)t->start - t->pregap, expected = w->end;

	if (t->session != w->session) {
		int64_t gap = w->session == 0 ? 0 : w->session == 1 ? CD_FIRST_GAP : CD_GAP;

		expected += gap - CD_PREGAP;
		if (t->session != w->session + 1 || t->pregap < CD_PREGAP)
			return false;
		w->session++;
	}
	if (begin != expected || (t->unit == 2048 && !w->plain))
		return false;
	w->plain = t->unit == 2048;
	w->end = (int64_t)t->start + t->written + t->silent;
	return w->end <= capacity;
}

static bool tracks(const struct disc_cd_record *r, uint32_t capacity, struct walk *w)
{
	if (r->tracks > CD_MAX_TRACKS || (r->open && r->tracks == 0))
		return false;
	for (unsigned i = 0; i < r->tracks; i++) {
		const struct disc_cd_track *t = &r->track[i];
		bool open = r->open && i + 1u == r->tracks;

		if (!track_alone(t) || !track_in_line(w, t, capacity))
			return false;
		if (open ? t->silent || t->session != r->sessions + 1 || t->indexes ||
					w->end + CD_RUN_OUT > capacity
			 : t->written + t->silent == 0)
			return false;
	}
	/* The last session may be open. */
	return w->session == r->sessions || w->session == r->sessions + 1u;
}

static bool sessions(const struct disc_cd_record *r)
{
	if (r->sessions > CD_MAX_SESSIONS)
		return false;
	for (unsigned i = 0; i < r->sessions; i++)
		if (r->format[i] != 0x00 && r->format[i] != 0x10 && r->format[i] != 0x20)
			return false;
	return true;
}

static bool texts(const struct disc_cd_record *r)
{
	if (r->text_packs > CD_MAX_TEXT_PACKS || !cd_is_mcn(r->mcn))
		return false;
	for (unsigned i = 0; i < r->text_packs; i++)
		if (r->text[i][0] < 0x80 || r->text[i][0] > 0x8f)
			return false;
	return true;
}

static bool cue_sheet(const struct disc_cd_record *r, uint32_t capacity, struct cd_cue *cue)
{
	const struct cd_cue_place place = disc_cd_cue_place(r, capacity);

	return r->cue_len <= CD_CUE_MAX && cd_cue_parse(r->cue, r->cue_len, &place, cue) &&
	       r->next >= disc_cd_first_address(r, cue) && r->next <= cue->lead_out;
}

bool disc_cd_is_possible(const struct disc_cd_record *r, uint32_t capacity, struct cd_cue *cue)
{
	struct walk w = {.plain = true};

	if (capacity == 0 || capacity > CD_LBA_END || !sessions(r) || !texts(r) ||
		!tracks(r, capacity, &w))
		return false;
	if (r->finalised && (r->sessions == 0 || w.session != r->sessions || r->cue_len))
		return false;
	if (r->cue_len)
		return w.session == r->sessions && cue_sheet(r, capacity, cue);
	return r->next == 0;
}

uint32_t disc_cd_state_bytes(const struct disc_cd_record *r, const struct cd_cue *cue)
{
	/* Bytes of the lines that state_cd.c writes; COMMON: of the lines that all discs have. */
	const uint32_t COMMON = 512, SESSION = 24, TRACK = 128, ISRC = 18, INDEX = 7, TEXT = 38;
	uint32_t bytes = COMMON + r->sessions * SESSION, of_cue = 0, packs = r->text_packs;

	for (unsigned i = 0; i < r->tracks; i++)
		bytes += TRACK + ISRC + r->track[i].indexes * INDEX;
	if (r->cue_len) {
		for (unsigned i = 0; i < cue->tracks; i++)
			of_cue += TRACK + ISRC + cue->track[i].indexes * INDEX;
		/* Hexadecimal, 64 bytes in a line. */
		if (of_cue < r->cue_len * 2u + (r->cue_len / 64u + 1) * 5)
			of_cue = r->cue_len * 2u + (r->cue_len / 64u + 1) * 5;
		if (cue->text && r->sessions == 0)
			packs = CD_MAX_TEXT_PACKS;
	}
	return bytes + of_cue + SESSION + packs * TEXT;
}
