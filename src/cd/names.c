// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/names.h"

#include <string.h>

#include "cd/text.h"

#define PACK_SIZES     0x8fu
#define PACK_HEAD      4u
#define PACK_DATA      12u
#define BLOCKS         8u    /* languages */
#define TWO_BYTES      0x80u /* in byte 3: characters of two bytes */
#define LATIN_1        0x00u /* character sets, in the first pack of the sizes */
#define ASCII          0x01u
#define SAME_AS_BEFORE '\t' /* alone: the text of the track before */

static unsigned block_of(const uint8_t *pack)
{
	return pack[3] >> 4 & 7;
}

/* True if the language has such packs, and their characters are single bytes that are known. */
static bool can_be_read(const struct cd_map *m, enum cd_name type, unsigned block)
{
	uint8_t set = LATIN_1;
	bool has = false;

	for (unsigned i = 0; i < m->text_packs; i++) {
		const uint8_t *pack = m->text[i];

		if (block_of(pack) != block || !cd_text_is_intact(pack))
			continue;
		if (pack[0] == PACK_SIZES && pack[1] == 0)
			set = pack[PACK_HEAD];
		if (pack[0] == type) {
			if (pack[3] & TWO_BYTES)
				return false;
			has = true;
		}
	}
	return has && (set == LATIN_1 || set == ASCII);
}

/* The texts of one type, one track after another. */
struct walk {
	unsigned want;  /* number of the track that is looked for */
	unsigned track; /* whose text is being gathered */
	bool broken;    /* its beginning is missing */
	bool has_next;  /* the sequence number of the next pack is known */
	uint8_t next;   /* that number */
	size_t len, before_len;
	char text[CD_NAME_MAX], before[CD_NAME_MAX]; /* of the track, of the one before */
};

static void put(struct walk *w, uint8_t c)
{
	if (w->len + 3 > sizeof(w->text) || (c < 0x20 && c != SAME_AS_BEFORE) ||
		(c >= 0x7f && c < 0xa0))
		return;
	if (c >= 0x80) {
		w->text[w->len++] = (char)(0xc0 | c >> 6);
		c = 0x80 | (c & 0x3f);
	}
	w->text[w->len++] = (char)c;
}

/*
 * A text has ended. Returns true if it is the one that is looked for. An empty text may be only the
 * zeros that fill up a pack; then the text of this track comes in the next pack.
 */
static bool end_text(struct walk *w)
{
	if (w->len == 1 && w->text[0] == SAME_AS_BEFORE) {
		memcpy(w->text, w->before, w->before_len);
		w->len = w->before_len;
	}
	if (w->broken)
		w->len = 0;
	if (w->track == w->want && w->len > 0)
		return true;
	memcpy(w->before, w->text, w->len);
	w->before_len = w->len;
	w->track++;
	w->len = 0;
	w->broken = false;
	return false;
}

/* Takes the head of a pack. If packs before it are missing, its text may lack its beginning. */
static void take_head(struct walk *w, const uint8_t *pack)
{
	unsigned track = pack[1] & 0x7f, position = pack[3] & 0xf;
	bool follows = w->has_next && w->next == pack[2] && w->track == track;

	w->has_next = true;
	w->next = (uint8_t)(pack[2] + 1);
	if (follows)
		return;
	w->track = track;
	w->len = w->before_len = 0;
	w->broken = position > 0;
}

static bool find(struct walk *w, const struct cd_map *m, enum cd_name type, unsigned block)
{
	for (unsigned i = 0; i < m->text_packs; i++) {
		const uint8_t *pack = m->text[i];

		if (pack[0] != type || block_of(pack) != block || !cd_text_is_intact(pack))
			continue;
		take_head(w, pack);
		for (unsigned k = 0; k < PACK_DATA; k++) {
			if (pack[PACK_HEAD + k] != 0)
				put(w, pack[PACK_HEAD + k]);
			else if (end_text(w))
				return true;
		}
	}
	return false;
}

bool cd_name(const struct cd_map *m, enum cd_name type, unsigned track, char out[CD_NAME_MAX])
{
	struct walk w = {.want = track};
	unsigned block = 0;
	size_t n = 0;

	out[0] = '\0';
	while (block < BLOCKS && !can_be_read(m, type, block))
		block++;
	if (block == BLOCKS || !find(&w, m, type, block))
		return false;
	/* Tabs that do not stand alone are left out. */
	for (size_t i = 0; i < w.len; i++) {
		if (w.text[i] != SAME_AS_BEFORE)
			out[n++] = w.text[i];
	}
	out[n] = '\0';
	return n > 0;
}
