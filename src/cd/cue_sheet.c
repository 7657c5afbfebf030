// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/cue_sheet.h"

#include <string.h>

#include "cd/address.h"
#include "cd/block.h"
#include "cd/check.h"

enum { ADR_POSITION = 1, ADR_MCN = 2, ADR_ISRC = 3 };
enum { NO_INDEX = 0xff };
enum { TRACK_LEAD_IN = 0x00, TRACK_LEAD_OUT = 0xaa };

#define MCN_DIGITS   13u
#define ISRC_LENGTH  12u
#define FORM_TEXT    0x41u
#define FORM_WITHSUB 0xc0u

/* The state of the parser between two entries. */
struct parser {
	const uint8_t *p, *end;
	const struct cd_cue_place *place;
	struct cd_cue *cue;
	struct cd_track *track; /* the one whose entries are read; NULL: none yet */
	uint8_t number;         /* its number */
	uint8_t index;          /* the last one of it; NO_INDEX: none yet */
	int32_t at;             /* address of the last entry */
	bool ended;             /* the lead-out was read */
};

static uint8_t adr(const uint8_t *entry)
{
	return entry[0] & 0x0f;
}

static bool read_mcn(struct parser *s)
{
	const uint8_t *p = s->p;

	if (s->end - p < 2 * (int)CD_CUE_ENTRY || adr(p + CD_CUE_ENTRY) != ADR_MCN ||
		p[2 * CD_CUE_ENTRY - 1] != 0)
		return false;
	memcpy(s->cue->mcn, p + 1, 7);
	memcpy(s->cue->mcn + 7, p + CD_CUE_ENTRY + 1, 6);
	s->p += 2 * CD_CUE_ENTRY;
	return s->cue->mcn[0] && cd_is_mcn(s->cue->mcn);
}

/* The lead-in. The host sends nothing for it but CD-Text, and its time does not matter. */
static bool read_lead_in(struct parser *s)
{
	const uint8_t *p = s->p;
	const struct cd_block *block;

	if (s->end - p < (int)CD_CUE_ENTRY || adr(p) != ADR_POSITION || p[1] != TRACK_LEAD_IN ||
		p[2] != 0)
		return false;
	s->cue->text = p[3] == FORM_TEXT;
	block = cd_block_of_data_form(s->cue->text ? 0x01 : p[3]);
	s->p += CD_CUE_ENTRY;
	return block && block->unit == 0;
}

/* Every track needs one. */
static bool has_index_1(const struct parser *s)
{
	return !s->track || (s->index != 0 && s->index != NO_INDEX);
}

/* Begins the track of that number, of which the entry is the first one. */
static bool begin_track(struct parser *s, uint8_t number)
{
	unsigned expected = s->place->first_track + s->cue->tracks;

	if (number != expected || number > CD_MAX_TRACKS || !has_index_1(s))
		return false;
	s->track = &s->cue->track[s->cue->tracks++];
	*s->track = (struct cd_track){.start = -1};
	s->number = number;
	s->index = NO_INDEX;
	return true;
}

static bool is_of_next_track(const struct parser *s, const uint8_t *entry)
{
	return !s->track || entry[1] != s->number;
}

static bool read_isrc(struct parser *s)
{
	const uint8_t *p = s->p, *next = p + CD_CUE_ENTRY;
	char isrc[ISRC_LENGTH + 1] = "";

	if (s->end - p < 2 * (int)CD_CUE_ENTRY || adr(next) != ADR_ISRC || next[1] != p[1] ||
		!is_of_next_track(s, p) || !begin_track(s, p[1]))
		return false;
	memcpy(isrc, p + 2, 6);
	memcpy(isrc + 6, next + 2, 6);
	memcpy(s->track->isrc, isrc, sizeof(isrc));
	s->p += 2 * CD_CUE_ENTRY;
	return isrc[0] && cd_is_isrc(isrc);
}

static void add_part(struct cd_cue *cue, int32_t lba, uint8_t data_form)
{
	/* An entry with the same data form continues the part. */
	if (cue->parts && cue->part[cue->parts - 1].data_form == data_form)
		return;
	cue->part[cue->parts++] = (struct cd_cue_part){lba, data_form};
}

/* Control and form of the track are those of its first entry. */
static bool has_form(struct parser *s, const uint8_t *entry)
{
	const struct cd_block *block = cd_block_of_data_form(entry[3]);
	uint8_t control = entry[0] >> 4;

	if (!block || (block->form == CD_AUDIO) != !(control & 4))
		return false;
	if (s->index == NO_INDEX) {
		s->track->control = control;
		s->track->form = block->form;
	}
	return s->track->form == block->form && s->track->control == control;
}

/* The first position of all. A pregap that the sheet does not have is made by the drive. */
static bool first_position(struct parser *s, uint8_t index, int32_t lba)
{
	static const uint8_t silent[] = {
		[CD_AUDIO] = 0x01, [CD_MODE1] = 0x14, [CD_MODE2] = 0x34, [CD_XA] = 0x24};
	int32_t begin = s->place->begin;

	if (index == 0)
		return lba == begin;
	add_part(s->cue, begin, silent[s->track->form]);
	s->track->pregap = CD_PREGAP;
	return lba == begin + (int32_t)CD_PREGAP;
}

static bool put_index(struct parser *s, uint8_t index, int32_t lba)
{
	struct cd_track *t = s->track;
	struct cd_track *before = s->cue->tracks > 1 ? t - 1 : NULL;
	bool first = s->index == NO_INDEX;

	if (first ? index > 1 : index != s->index + 1)
		return false;
	/* The first entry of a track ends the track before it. */
	if (first && before) {
		if (lba <= s->at)
			return false;
		before->length = (uint32_t)(lba - before->start);
	} else if (first ? !first_position(s, index, lba) : lba <= s->at) {
		return false;
	}
	/* The program area begins 150 sectors after the pregap of the first track does. */
	if (index == 1 && !before && lba < s->place->begin + (int32_t)CD_PREGAP)
		return false;
	if (index == 1) {
		t->start = lba;
		t->pregap = first ? t->pregap : (uint32_t)(lba - s->at);
	} else if (index > 1 && t->indexes < CD_MAX_INDEXES) {
		t->index[t->indexes++] = lba;
	}
	s->index = index;
	s->at = lba;
	return true;
}

static bool read_lead_out(struct parser *s, int32_t lba)
{
	const uint8_t *p = s->p;
	const struct cd_block *block = cd_block_of_data_form(p[3]);

	if (!s->track || !has_index_1(s) || p[2] != 1 || !block || block->unit || lba <= s->at ||
		lba > s->place->last_lead_out)
		return false;
	s->track->length = (uint32_t)(lba - s->track->start);
	s->cue->lead_out = lba;
	s->ended = true;
	return true;
}

static bool read_position(struct parser *s)
{
	const uint8_t *p = s->p;
	int32_t lba;

	if (!cd_lba((struct cd_msf){p[5], p[6], p[7]}, &lba))
		return false;
	if (p[1] == TRACK_LEAD_OUT) {
		if (!read_lead_out(s, lba))
			return false;
		s->p += CD_CUE_ENTRY;
		return true;
	}
	if (is_of_next_track(s, p) && !begin_track(s, p[1]))
		return false;
	if ((p[3] & FORM_WITHSUB) || !has_form(s, p) || !put_index(s, p[2], lba))
		return false;
	add_part(s->cue, lba, p[3]);
	s->p += CD_CUE_ENTRY;
	return true;
}

bool cd_cue_parse(
	const uint8_t *sheet, uint32_t len, const struct cd_cue_place *place, struct cd_cue *cue)
{
	struct parser s = {.p = sheet, .end = sheet + len, .place = place, .cue = cue};

	if (len == 0 || len > CD_CUE_MAX || len % CD_CUE_ENTRY)
		return false;
	cue->mcn[0] = cue->mcn[MCN_DIGITS] = '\0';
	cue->tracks = 0;
	cue->parts = 0;
	cue->begin = place->begin;
	if (adr(s.p) == ADR_MCN && !read_mcn(&s))
		return false;
	if (!read_lead_in(&s))
		return false;
	while (s.p < s.end && !s.ended) {
		bool is_isrc = adr(s.p) == ADR_ISRC;

		if (adr(s.p) != ADR_POSITION && !is_isrc)
			return false;
		if (is_isrc ? !read_isrc(&s) : !read_position(&s))
			return false;
	}
	return s.ended && s.p == s.end;
}

const struct cd_cue_part *cd_cue_part_at(const struct cd_cue *cue, int32_t lba)
{
	unsigned low = 0, high = cue->parts;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (cue->part[middle].lba <= lba)
			low = middle;
		else
			high = middle;
	}
	return &cue->part[low];
}

int32_t cd_cue_part_end(const struct cd_cue *cue, const struct cd_cue_part *part)
{
	return part + 1 < cue->part + cue->parts ? part[1].lba : cue->lead_out;
}
