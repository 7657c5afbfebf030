// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cue sheet, a format of the program CDRWIN (its guide, appendix "Cuesheet Commands"), with
 * commands that other programs have added, such as REM SESSION, REM LEAD-OUT, and COMPOSER for
 * CD-Text. Lines with unknown commands are skipped, as other programs do.
 */
#include "cdimage/cue.h"

#include <string.h>

#include "util/array.h"

static const struct build_mode modes[] = {
	{"AUDIO", CD_AUDIO, 2352, FORMAT_CD_ROM},
	{"CDG", CD_AUDIO, 2448, FORMAT_CD_ROM},
	{"MODE1/2048", CD_MODE1, 2048, FORMAT_CD_ROM},
	{"MODE1/2352", CD_MODE1, 2352, FORMAT_CD_ROM},
	{"MODE2/2048", CD_XA_FORM1, 2048, FORMAT_XA},
	{"MODE2/2336", CD_XA, 2336, FORMAT_XA},
	{"MODE2/2352", CD_XA, 2352, FORMAT_XA},
	{"CDI/2336", CD_XA, 2336, FORMAT_CD_I},
	{"CDI/2352", CD_XA, 2352, FORMAT_CD_I},
};

static struct cue_track *now(struct cue *c)
{
	return c->tracks > 0 ? &c->track[c->tracks - 1] : NULL;
}

static bool take_file(struct cue *c, struct slice rest)
{
	struct reading *r = c->r;
	struct cue_part p = {.file = -1};
	struct slice name = slice_trim(rest), type;

	if (name.len > 0 && name.at[0] == '"') {
		name = slice_string(&rest);
		type = slice_word(&rest);
	} else {
		/* Without quotation marks, the last word is the type. */
		size_t n = name.len;

		while (n > 0 && name.at[n - 1] != ' ' && name.at[n - 1] != '\t')
			n--;
		type = (struct slice){name.at + n, name.len - n};
		name.len = n;
	}
	if (c->parts == CD_MAX_FILES)
		return reading_fail(r, "it names more than %u files", CD_MAX_FILES);
	p.swapped = slice_is(type, "MOTOROLA");
	p.wave = !p.swapped && !slice_is(type, "BINARY");
	if (p.wave) {
		struct cdimage_wav wav = {0};

		if (!slice_is(type, "WAVE") && !slice_is(type, "FLAC") && !slice_is(type, "MP3") &&
			!slice_is(type, "AIFF"))
			return reading_fail(
				r, "FILE needs a name and then BINARY, MOTOROLA or WAVE");
		/* The content of the file decides, not the type that the cue sheet gives. */
		p.file = reading_wav(r, name, &wav);
		p.offset = wav.offset;
		p.length = wav.length;
	} else {
		p.file = reading_file(r, name);
		p.length = p.file >= 0 ? r->out->size[p.file] : 0;
	}
	if (p.file < 0)
		return false;
	c->part[c->parts++] = p;
	return true;
}

static bool take_track(struct cue *c, struct slice rest)
{
	struct reading *r = c->r;
	struct slice number = slice_word(&rest), mode = slice_word(&rest);
	const struct cue_track *last = now(c);
	const struct build_mode *m = NULL;
	uint64_t n;

	if (c->parts == 0)
		return reading_fail(r, "TRACK before the first FILE");
	if (!slice_number(number, CD_MAX_TRACKS, &n) || n == 0)
		return reading_fail(r, "TRACK needs a number from 1 to %u", CD_MAX_TRACKS);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (slice_is(mode, modes[i].name))
			m = &modes[i];
	}
	if (!m)
		return reading_fail(r, "\"%.*s\" is not a type of track that is read",
			(int)MIN(mode.len, 40u), mode.at);
	if (c->tracks == 0)
		c->first_track = (uint8_t)n;
	/* In a new session, some programs begin with 1 again, and go on with 2. */
	else if (n != c->number + 1u && n != c->first_track + c->tracks + 0u &&
		 !(n == 1 && c->session > last->session))
		return reading_fail(
			r, "track %u is not the one that follows track %u", (unsigned)n, c->number);
	c->number = (uint8_t)n;
	if (c->tracks == CD_MAX_TRACKS)
		return reading_fail(r, "there are more than %u tracks", CD_MAX_TRACKS);
	c->track[c->tracks++] = (struct cue_track){
		.mode = m,
		.line = r->line,
		.session = c->session,
		.control = m->form == CD_AUDIO ? 0 : CONTROL_DATA,
	};
	return true;
}

static bool take_index(struct cue *c, struct slice rest)
{
	struct slice number = slice_word(&rest), time = slice_word(&rest);
	struct cue_track *t = now(c);
	struct cue_at at = {.part = (uint16_t)(c->parts - 1), .line = c->r->line};
	uint64_t n;

	if (!t)
		return reading_fail(c->r, "INDEX before the first TRACK");
	if (!slice_number(number, 99, &n) || !slice_msf(time, &at.sector))
		return reading_fail(
			c->r, "INDEX needs a number and a time, MINUTES:SECONDS:FRAMES");
	if (n == 0 ? t->has_0 || t->has_1 : n == 1 ? t->has_1 : !t->has_1 || n <= t->last)
		return reading_fail(
			c->r, "INDEX %02u does not follow INDEX %02u", (unsigned)n, t->last);
	t->last = (uint8_t)n;
	if (n == 0) {
		t->has_0 = true;
		t->at_0 = at;
	} else if (n == 1) {
		t->has_1 = true;
		t->at_1 = at;
	} else if (t->indexes < CD_MAX_INDEXES) {
		t->index[t->indexes++] = at;
	}
	return true;
}

/* PREGAP and POSTGAP. */
static bool take_gap(struct cue *c, struct slice rest, bool before)
{
	struct cue_track *t = now(c);
	uint32_t n;

	if (!t)
		return reading_fail(
			c->r, "%s before the first TRACK", before ? "PREGAP" : "POSTGAP");
	if (!slice_msf(slice_word(&rest), &n))
		return reading_fail(c->r, "%s needs a time, MINUTES:SECONDS:FRAMES",
			before ? "PREGAP" : "POSTGAP");
	*(before ? &t->pregap : &t->postgap) = n;
	return true;
}

static void take_flags(struct cue_track *t, struct slice rest)
{
	struct slice word;

	for (word = slice_word(&rest); t && word.len > 0; word = slice_word(&rest)) {
		if (slice_is(word, "DCP"))
			t->control |= CONTROL_COPY;
		else if (slice_is(word, "PRE") && t->mode->form == CD_AUDIO)
			t->control |= CONTROL_PRE_EMPHASIS;
		else if (slice_is(word, "4CH") && t->mode->form == CD_AUDIO)
			t->control |= CONTROL_4_CHANNELS;
	}
}

static bool take_rem(struct cue *c, struct slice rest)
{
	struct slice word = slice_word(&rest), value = slice_word(&rest);
	uint64_t n;
	uint32_t msf;

	if (slice_is(word, "SESSION")) {
		const struct cue_track *last = now(c);

		if (!slice_number(value, CD_MAX_SESSIONS, &n) || n == 0)
			return reading_fail(
				c->r, "REM SESSION needs a number from 1 to %u", CD_MAX_SESSIONS);
		if (n != c->session && (!last || n != last->session + 1u))
			return reading_fail(c->r, "session %u does not follow session %u",
				(unsigned)n, c->session);
		c->session = (uint8_t)n;
	} else if (slice_is(word, "LEAD-OUT") && slice_msf(value, &msf)) {
		/*
		 * The time is the address of the lead-out, or its length: 1:30 in the first
		 * session of a disc, 0:30 in later ones.
		 */
		if (msf != 6750 && msf != 2250)
			c->lead_out[c->session] = msf;
	}
	return true;
}

static void take_text(struct cue *c, int type, struct slice rest)
{
	c->text.text[type][c->tracks] = slice_string(&rest);
}

static bool take_line(struct cue *c, struct slice line)
{
	struct slice rest = line, word = slice_word(&rest);
	struct cue_track *t = now(c);
	int type = cdtext_type(word);

	if (slice_is(word, "FILE"))
		return take_file(c, rest);
	if (slice_is(word, "TRACK"))
		return take_track(c, rest);
	if (slice_is(word, "INDEX"))
		return take_index(c, rest);
	if (slice_is(word, "PREGAP") || slice_is(word, "POSTGAP"))
		return take_gap(c, rest, word.at[1] == 'R' || word.at[1] == 'r');
	if (slice_is(word, "REM"))
		return take_rem(c, rest);
	if (slice_is(word, "CDTEXTFILE"))
		return cdtext_file(c->r, slice_string(&rest));
	if (slice_is(word, "CATALOG"))
		reading_mcn(c->r, slice_string(&rest));
	else if (slice_is(word, "ISRC") && t)
		slice_isrc(slice_string(&rest), t->isrc);
	else if (slice_is(word, "FLAGS"))
		take_flags(t, rest);
	else if (type >= 0)
		take_text(c, type, rest);
	return true;
}

bool cue_parse(struct reading *r)
{
	struct cue c = {.r = r, .session = 1};
	struct slice rest = r->text, line;

	while (reading_line(r, &rest, &line)) {
		if (!take_line(&c, line))
			return false;
	}
	r->line = 0;
	if (c.tracks == 0)
		return reading_fail(r, "it is not a cue sheet: it has no TRACK");
	r->out->map.first_track = c.first_track;
	if (!cue_layout(&c))
		return false;
	cdtext_make(r, &c.text);
	return true;
}
