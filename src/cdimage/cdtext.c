// SPDX-License-Identifier: GPL-2.0-or-later
#include "cdimage/cdtext.h"

#include <string.h>

#include "cd/subq.h"
#include "util/array.h"
#include "util/utf8.h"

#define PACK_TEXT  12u
#define PACK_TITLE 0x80u
#define PACK_SIZES 0x8fu

static const char *const keyword[CDTEXT_TYPES] = {
	"TITLE", "PERFORMER", "SONGWRITER", "COMPOSER", "ARRANGER", "MESSAGE"};

int cdtext_type(struct slice word)
{
	for (int i = 0; i < CDTEXT_TYPES; i++) {
		if (slice_is(word, keyword[i]))
			return i;
	}
	return -1;
}

void cdtext_sum(uint8_t *pack)
{
	uint16_t crc = cd_crc16(pack, CD_TEXT_PACK - 2);

	pack[CD_TEXT_PACK - 2] = (uint8_t)(crc >> 8);
	pack[CD_TEXT_PACK - 1] = (uint8_t)crc;
}

void cdtext_add(struct cd_map *m, const uint8_t *pack)
{
	uint16_t crc = cd_crc16(pack, CD_TEXT_PACK - 2);

	if (m->text_packs < CD_MAX_TEXT_PACKS && pack[0] >= PACK_TITLE && pack[0] <= PACK_SIZES &&
		pack[CD_TEXT_PACK - 2] == crc >> 8 && pack[CD_TEXT_PACK - 1] == (crc & 0xff))
		memcpy(m->text[m->text_packs++], pack, CD_TEXT_PACK);
}

/* ---- packs of texts ----------------------------------------------------------------------- */

/* The packs of one type that are being filled. */
struct packer {
	struct cd_map *m;
	unsigned type, track;
	unsigned used;     /* bytes of the last pack */
	unsigned position; /* characters of the track's text so far */
	bool full;
};

static void put_byte(struct packer *p, uint8_t byte)
{
	struct cd_map *m = p->m;
	uint8_t *pack;

	/* Three packs are for the sizes. */
	if (p->used == 0 && m->text_packs >= CD_MAX_TEXT_PACKS - 3)
		p->full = true;
	if (p->full)
		return;
	if (p->used == 0) {
		pack = m->text[m->text_packs++];
		memset(pack, 0, CD_TEXT_PACK);
		pack[0] = (uint8_t)(PACK_TITLE + p->type);
		pack[1] = (uint8_t)p->track;
		pack[2] = (uint8_t)(m->text_packs - 1);
		pack[3] = (uint8_t)MIN(p->position, 15u);
	}
	m->text[m->text_packs - 1][4 + p->used] = byte;
	p->used = (p->used + 1) % PACK_TEXT;
	p->position++;
}

/* Writes the text of one track as ISO 8859-1, and the NUL after it. */
static void put_text(struct packer *p, const struct reading *r, struct slice s)
{
	size_t n;

	p->position = 0;
	for (size_t i = 0; i < s.len; i += n) {
		uint32_t c = (uint8_t)s.at[i];

		n = r->latin ? 1 : utf8_decode(s.at + i, s.len - i, &c);
		if (n == 0)
			return;
		put_byte(p, c > 0xff || utf8_is_control(c) ? '?' : (uint8_t)c);
	}
	put_byte(p, 0);
}

static bool has_type(const struct cdtext *t, unsigned type)
{
	for (unsigned i = 0; i <= CD_MAX_TRACKS; i++) {
		if (t->text[type][i].len > 0)
			return true;
	}
	return false;
}

static void put_type(struct reading *r, const struct cdtext *t, unsigned type)
{
	struct cd_map *m = &r->out->map;
	const uint16_t before = m->text_packs;
	struct packer p = {.m = m, .type = type};

	for (unsigned i = 0; i <= m->tracks; i++) {
		p.track = i == 0 ? 0 : m->first_track + i - 1;
		put_text(&p, r, t->text[type][i]);
	}
	if (p.full)
		m->text_packs = before;
}

/* The three packs that say how many there are of each type (MMC-3 table J.13). */
static void put_sizes(struct cd_map *m)
{
	uint8_t info[3 * PACK_TEXT] = {0}; /* character set 0: ISO 8859-1 */
	unsigned first = m->text_packs;

	info[1] = m->first_track;
	info[2] = (uint8_t)(m->first_track + m->tracks - 1);
	for (unsigned i = 0; i < first; i++)
		info[4 + (m->text[i][0] - PACK_TITLE)]++;
	info[4 + (PACK_SIZES - PACK_TITLE)] = 3;
	info[20] = (uint8_t)(first + 2); /* last sequence number of the first language */
	info[28] = 9;                    /* the language: English */
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *pack = m->text[m->text_packs++];

		memset(pack, 0, CD_TEXT_PACK);
		pack[0] = PACK_SIZES;
		pack[1] = (uint8_t)i;
		pack[2] = (uint8_t)(first + i);
		memcpy(pack + 4, info + i * PACK_TEXT, PACK_TEXT);
	}
}

void cdtext_make(struct reading *r, const struct cdtext *t)
{
	struct cd_map *m = &r->out->map;

	if (m->text_packs > 0)
		return;
	for (unsigned i = 0; i < CDTEXT_TYPES; i++) {
		if (has_type(t, i))
			put_type(r, t, i);
	}
	if (m->text_packs == 0)
		return;
	put_sizes(m);
	for (unsigned i = 0; i < m->text_packs; i++)
		cdtext_sum(m->text[i]);
}

/* ---- packs of a file ---------------------------------------------------------------------- */

bool cdtext_file(struct reading *r, struct slice name)
{
	static const unsigned head = 4; /* of READ TOC, which some programs leave in the file */
	uint8_t pack[CD_TEXT_PACK];
	int file = reading_file(r, name);
	uint64_t at = 0;

	if (file < 0)
		return false;
	/* Other programs end the file with a NUL. */
	if (r->out->size[file] % CD_TEXT_PACK == head)
		at = head;
	for (unsigned i = 0; i < CD_MAX_TEXT_PACKS; i++, at += sizeof(pack)) {
		int n = r->source->read(r->source->ctx, (unsigned)file, at, pack, sizeof(pack));

		if (n < 0)
			return reading_fail(
				r, "the file \"%s\" cannot be read", r->out->name[file]);
		if (n < (int)sizeof(pack))
			break;
		cdtext_add(&r->out->map, pack);
	}
	return true;
}
