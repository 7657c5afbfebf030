// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/state_cd.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cd/text.h"
#include "util/array.h"

#define CUE_LINE   64u                 /* bytes of a cue sheet in one line */
#define PACK_BYTES (CD_TEXT_PACK - 2u) /* the CRC follows from them */

static const char *const form_names[] = {
	[CD_AUDIO] = "audio",
	[CD_MODE1] = "mode1",
	[CD_MODE2] = "mode2",
	[CD_XA_FORM1] = "xa-form1",
	[CD_XA_FORM2] = "xa-form2",
	[CD_XA] = "xa",
};

void state_put(struct state_out *o, const char *fmt, ...)
{
	size_t room = o->len < STORE_TEXT_MAX ? STORE_TEXT_MAX - o->len : 0;
	va_list ap;

	va_start(ap, fmt);
	o->len += (size_t)vsnprintf(room ? o->text + o->len : NULL, room, fmt, ap);
	va_end(ap);
}

static void put_bytes(struct state_out *o, const char *name, const uint8_t *bytes, unsigned n)
{
	state_put(o, "%s ", name);
	for (unsigned i = 0; i < n; i++)
		state_put(o, "%02x", bytes[i]);
	state_put(o, "\n");
}

static void put_track(
	struct state_out *o, const struct disc_cd_track *t, unsigned number, bool open)
{
	state_put(o,
		"track %u session %u start %" PRId32 " pregap %" PRIu32 " written %" PRIu32
		" silent %" PRIu32 " control %u form %s unit %u %s\n",
		number, t->session, t->start, t->pregap, t->written, t->silent, t->control,
		form_names[t->form], t->unit, open ? "open" : "closed");
	if (t->isrc[0])
		state_put(o, "isrc %s\n", t->isrc);
	for (unsigned i = 0; i < t->indexes; i++)
		state_put(o, "%s%" PRId32, i ? " " : "index ", t->index[i]);
	if (t->indexes)
		state_put(o, "\n");
}

void state_put_cd(struct state_out *o, const struct disc_cd_record *r)
{
	state_put(o, "finalised %s\n", r->finalised ? "yes" : "no");
	if (r->mcn[0])
		state_put(o, "mcn %s\n", r->mcn);
	for (unsigned i = 0; i < r->sessions; i++)
		state_put(o, "session %u format %u\n", i + 1, r->format[i]);
	for (unsigned i = 0; i < r->tracks; i++)
		put_track(o, &r->track[i], i + 1, r->open && i + 1u == r->tracks);
	for (unsigned i = 0; i < r->cue_len; i += CUE_LINE)
		put_bytes(o, "cue", r->cue + i, MIN(CUE_LINE, r->cue_len - i));
	if (r->cue_len)
		state_put(o, "next %" PRId32 "\n", r->next);
	for (unsigned i = 0; i < r->text_packs; i++)
		put_bytes(o, "text", r->text[i], PACK_BYTES);
}

/* ---- reading -------------------------------------------------------------------------------- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads hexadecimal bytes to the end of the line, at most `most`. Their number; 0: none, or wrong.
 */
static unsigned read_bytes(const char *text, uint8_t *bytes, unsigned most)
{
	unsigned n = 0;

	for (; *text; text += 2) {
		int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || n == most)
			return 0;
		bytes[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}

static bool read_track(const char *line, struct disc_cd_record *r)
{
	struct disc_cd_track *t = &r->track[r->tracks];
	uint32_t number, session, control, unit;
	char form[16], state[16];
	int used = 0;

	if (r->tracks == CD_MAX_TRACKS || r->open ||
		sscanf(line,
			"track %" SCNu32 " session %" SCNu32 " start %" SCNd32 " pregap %" SCNu32
			" written %" SCNu32 " silent %" SCNu32 " control %" SCNu32
			" form %15s unit %" SCNu32 " %15s%n",
			&number, &session, &t->start, &t->pregap, &t->written, &t->silent, &control,
			form, &unit, state, &used) != 10 ||
		line[used] != '\0' || number != r->tracks + 1u || session > CD_MAX_SESSIONS + 1 ||
		control > 15 || unit > UINT16_MAX)
		return false;
	t->session = (uint8_t)session;
	t->control = (uint8_t)control;
	t->unit = (uint16_t)unit;
	r->open = strcmp(state, "open") == 0;
	if (!r->open && strcmp(state, "closed") != 0)
		return false;
	for (uint8_t i = 0; i < ARRAY_LEN(form_names); i++) {
		if (strcmp(form_names[i], form) != 0)
			continue;
		t->form = i;
		r->tracks++;
		return true;
	}
	return false;
}

static bool read_indexes(const char *text, struct disc_cd_track *t)
{
	int used = 0;

	if (t->indexes)
		return false;
	while (*text && t->indexes < CD_MAX_INDEXES &&
		sscanf(text, "%" SCNd32 "%n", &t->index[t->indexes], &used) == 1) {
		t->indexes++;
		text += used;
	}
	return *text == '\0';
}

static bool read_session(const char *line, struct disc_cd_record *r)
{
	uint32_t number, format;
	int used = 0;

	if (r->sessions == CD_MAX_SESSIONS ||
		sscanf(line, "session %" SCNu32 " format %" SCNu32 "%n", &number, &format, &used) !=
			2 ||
		line[used] != '\0' || number != r->sessions + 1u || format > UINT8_MAX)
		return false;
	r->format[r->sessions++] = (uint8_t)format;
	return true;
}

/* A code of that many characters. */
static bool read_code(const char *text, char *code, size_t n)
{
	if (strlen(text) != n)
		return false;
	memcpy(code, text, n + 1);
	return true;
}

static bool read_pack(const char *text, struct disc_cd_record *r)
{
	if (r->text_packs == CD_MAX_TEXT_PACKS ||
		read_bytes(text, r->text[r->text_packs], PACK_BYTES) != PACK_BYTES)
		return false;
	cd_text_seal(r->text[r->text_packs++]);
	return true;
}

/* If the line begins with that word and a space: what follows. NULL: it does not. */
static const char *after(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] == ' ' && line[n + 1] ? line + n + 1 : NULL;
}

bool state_read_cd(const char *line, struct disc_cd_record *r)
{
	struct disc_cd_track *t = r->tracks ? &r->track[r->tracks - 1] : NULL;
	const char *text;
	int used = 0;

	if (strcmp(line, "finalised yes") == 0 || strcmp(line, "finalised no") == 0) {
		r->finalised = line[10] == 'y';
		return true;
	}
	if (after(line, "track"))
		return read_track(line, r);
	if (after(line, "session"))
		return read_session(line, r);
	if ((text = after(line, "isrc")))
		return t && read_code(text, t->isrc, 12);
	if ((text = after(line, "index")))
		return t && read_indexes(text, t);
	if ((text = after(line, "mcn")))
		return read_code(text, r->mcn, 13);
	if ((text = after(line, "text")))
		return read_pack(text, r);
	if ((text = after(line, "cue"))) {
		unsigned n = read_bytes(text, r->cue + r->cue_len, CD_CUE_MAX - r->cue_len);

		r->cue_len = (uint16_t)(r->cue_len + n);
		return n > 0;
	}
	return sscanf(line, "next %" SCNd32 "%n", &r->next, &used) == 1 && line[used] == '\0';
}
