// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/title.h"

#define PACK_SIZES  0x8fu
#define PACK_HEADER 4u
#define PACK_TEXT   12u
#define LATIN_1     0x00u
#define ASCII       0x01u

/* Byte 3: bit 7 two bytes for a character, bits 6 to 4 the language. */
static unsigned language_of(const uint8_t *pack)
{
	return pack[3] >> 4 & 7u;
}

/* False: the texts of the first language are in a character set that is not read here. */
static bool is_latin(const struct cd_map *m)
{
	for (unsigned i = 0; i < m->text_packs; i++) {
		const uint8_t *pack = m->text[i];

		if (pack[0] == PACK_SIZES && pack[1] == 0 && language_of(pack) == 0)
			return pack[PACK_HEADER] == LATIN_1 || pack[PACK_HEADER] == ASCII;
	}
	return true;
}

/* A text that is being put together. */
struct text {
	char *out;
	size_t len;
	size_t kept; /* bytes of the text of the track before, which a lone TAB stands for */
	bool tab;    /* it began with a TAB */
};

static void put(struct text *t, uint8_t c)
{
	if (t->len + 2 >= CD_TITLE_MAX)
		return;
	if (c == '\t' && t->len == 0)
		t->tab = true;
	else if (c < 0x80)
		t->out[t->len++] = (char)c;
	else {
		t->out[t->len++] = (char)(0xc0 | c >> 6);
		t->out[t->len++] = (char)(0x80 | (c & 0x3f));
	}
}

/* The text of a track has ended. */
static void end(struct text *t)
{
	if (t->len == 0 && t->tab)
		t->len = t->kept;
	t->kept = t->len;
	t->tab = false;
	t->out[t->len] = '\0';
}

static void clean(char *text)
{
	unsigned char *to = (unsigned char *)text;

	/* Only ASCII and U+0080 to U+00FF are there; C1 begins with C2 80 to C2 9F. */
	for (const unsigned char *p = to; *p; p++) {
		if (p[0] == 0xc2 && p[1] < 0xa0)
			p++;
		else if (*p >= 0x20 && *p != 0x7f)
			*to++ = *p;
	}
	*to = '\0';
}

bool cd_title(const struct cd_map *m, enum cd_title type, unsigned track, char *out)
{
	struct text t = {.out = out};
	unsigned now = 0;
	bool begun = false, found = false;

	out[0] = '\0';
	for (unsigned i = 0; i < m->text_packs && !found && is_latin(m); i++) {
		const uint8_t *pack = m->text[i];

		if (pack[0] != (unsigned)type || language_of(pack) != 0 || pack[3] & 0x80)
			continue;
		if (!begun || (pack[1] & 0x7fu) > now) {
			now = pack[1] & 0x7fu;
			t.len = 0;
		}
		begun = true;
		for (unsigned k = PACK_HEADER; k < PACK_HEADER + PACK_TEXT && !found; k++) {
			if (pack[k] != '\0') {
				put(&t, pack[k]);
				continue;
			}
			end(&t);
			found = now == track;
			now++;
			t.len = found ? t.len : 0;
		}
	}
	if (!found)
		out[0] = '\0';
	clean(out);
	return out[0] != '\0';
}
