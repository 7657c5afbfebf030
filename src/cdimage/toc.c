// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The .toc of cdrdao (its manual, "TOC FILES"): all of it but FIFO, the packed subchannels, and
 * texts in more than one language. Samples in a file that is no WAV are big-endian, as cdrdao has
 * them.
 */
#include <string.h>

#include "cdimage/build.h"
#include "cdimage/cdtext.h"
#include "cdimage/toc_lex.h"
#include "util/array.h"

#define SAMPLES 588u /* of a sector, and 4 bytes each */

struct toc_mode {
	struct build_mode mode;
	const char *refused; /* NULL: it is read */
};
static const struct toc_mode modes[] = {
	{{"AUDIO", CD_AUDIO, 2352, FORMAT_CD_ROM}, NULL},
	{{"MODE1", CD_MODE1, 2048, FORMAT_CD_ROM}, NULL},
	{{"MODE1_RAW", CD_MODE1, 2352, FORMAT_CD_ROM}, NULL},
	{{"MODE2", CD_MODE2, 2336, FORMAT_CD_ROM}, NULL},
	{{"MODE2_RAW", CD_XA, 2352, FORMAT_XA}, NULL},
	{{"MODE2_FORM1", CD_XA_FORM1, 2048, FORMAT_XA}, NULL},
	{{"MODE2_FORM_MIX", CD_XA, 2336, FORMAT_XA}, NULL},
	{{"MODE2_FORM2", CD_XA_FORM2, 2324, FORMAT_XA}, "sectors of 2324 bytes are not read"},
};

struct toc {
	struct toc_lex lex;
	struct reading *r;
	struct build b;
	const struct build_mode *mode; /* of the present track */
	unsigned unit;
	int64_t begin;                  /* of the present track */
	bool has_start;                 /* START or PREGAP was there */
	uint32_t start;                 /* sectors from begin to index 1 */
	unsigned indexes;               /* used entries of index[] */
	uint32_t index[CD_MAX_INDEXES]; /* from index 1 on, in sectors */
	struct cdtext text;
	char string[TOC_STRING_MAX];
};

static bool need_string(struct toc *t, const char *of, struct slice *out)
{
	if (t->lex.token != TOC_STRING)
		return reading_fail(t->r, "%s needs a text in quotation marks", of);
	*out = toc_lex_string(t->lex.word, t->string);
	toc_lex_next(&t->lex);
	return true;
}

/* True if the present token is a time or a number of that unit; takes it, in bytes. */
static bool take_length(struct toc *t, unsigned unit, uint64_t *out)
{
	uint32_t sectors;
	uint64_t n;

	if (t->lex.token != TOC_WORD)
		return false;
	if (slice_msf(t->lex.word, &sectors))
		*out = (uint64_t)sectors * t->unit;
	else if (slice_number(t->lex.word, UINT64_C(1) << 48, &n))
		*out = n * unit;
	else
		return false;
	toc_lex_next(&t->lex);
	return true;
}

static bool need_sectors(struct toc *t, const char *of, uint64_t *out)
{
	if (!take_length(t, t->mode->form == CD_AUDIO ? 4 : t->mode->unit, out))
		return reading_fail(t->r, "%s needs a time, MINUTES:SECONDS:FRAMES", of);
	if (*out % t->unit != 0)
		return reading_fail(t->r, "the length of %s is not a whole number of sectors", of);
	*out /= t->unit;
	return true;
}

static bool need_msf(struct toc *t, const char *of, uint32_t *out)
{
	if (t->lex.token != TOC_WORD || !slice_msf(t->lex.word, out))
		return reading_fail(t->r, "%s needs a time, MINUTES:SECONDS:FRAMES", of);
	toc_lex_next(&t->lex);
	return true;
}

/* ---- parts of a track --------------------------------------------------------------------- */

/* The bytes of a file that a track may use: from offset on, to end. */
struct piece {
	int file;
	uint64_t offset, end;
	bool swapped;
};

static bool ends_in(struct slice name, const char *suffix)
{
	size_t n = strlen(suffix);

	return name.len > n && slice_is((struct slice){name.at + name.len - n, n}, suffix);
}

static bool open_piece(struct toc *t, const char *of, struct piece *p)
{
	struct slice name;
	if (!need_string(t, of, &name))
		return false;
	*p = (struct piece){.swapped = t->mode->form == CD_AUDIO};
	if (ends_in(name, ".wav") || ends_in(name, ".flac")) {
		struct cdimage_wav wav = {0};

		p->file = reading_wav(t->r, name, &wav);
		p->offset = wav.offset;
		p->end = wav.offset + wav.length;
		p->swapped = false;
	} else {
		p->file = reading_file(t->r, name);
		p->end = p->file >= 0 ? t->r->out->size[p->file] : 0;
	}
	if (p->file < 0)
		return false;
	if (toc_lex_take(&t->lex, "SWAP"))
		p->swapped = !p->swapped && t->mode->form == CD_AUDIO;
	if (t->lex.token == TOC_WORD && t->lex.word.len > 0 && t->lex.word.at[0] == '#') {
		uint64_t offset;

		if (!slice_number((struct slice){t->lex.word.at + 1, t->lex.word.len - 1},
			    UINT64_C(1) << 48, &offset))
			return reading_fail(t->r, "there is no number behind \"#\"");
		p->offset += offset;
		toc_lex_next(&t->lex);
	}
	return true;
}

/* FILE, AUDIOFILE (from a start on) and DATAFILE. */
static bool take_piece(struct toc *t, const char *of, bool has_start)
{
	const unsigned unit = has_start ? 4 : 1; /* of lengths: samples, or bytes */
	uint64_t start = 0, length;
	struct piece p;

	if (!open_piece(t, of, &p))
		return false;
	if (has_start && !take_length(t, unit, &start))
		return reading_fail(t->r, "%s needs a start behind the name of the file", of);
	p.offset += start;
	if (take_length(t, unit, &length)) {
		if (length % t->unit != 0)
			return reading_fail(
				t->r, "the length of %s is not a whole number of sectors", of);
	} else {
		length = p.end > p.offset ? p.end - p.offset : 0;
		reading_rest(
			t->r, p.file, length % t->unit, t->mode->form == CD_AUDIO && unit == 4);
	}
	if (p.offset > p.end || length > p.end - p.offset)
		return reading_fail(t->r, "the file \"%s\" is too short for this %s",
			t->r->out->name[p.file], of);
	return build_add(&t->b, p.file, p.offset, t->unit, p.swapped, length / t->unit);
}

/* SILENCE and ZERO; the latter may repeat the mode of the track. */
static bool take_zeros(struct toc *t, const char *of)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (toc_lex_take(&t->lex, modes[i].mode.name))
			break;
	}
	if (!toc_lex_take(&t->lex, "RW"))
		toc_lex_take(&t->lex, "RW_RAW");
	return need_sectors(t, of, &n) && build_add(&t->b, BUILD_ZEROS, 0, 0, false, n);
}

static bool take_start(struct toc *t)
{
	if (t->has_start)
		return reading_fail(t->r, "the track has two pregaps");
	t->has_start = true;
	if (t->lex.token == TOC_WORD && slice_msf(t->lex.word, &t->start))
		toc_lex_next(&t->lex);
	else
		t->start = (uint32_t)(t->b.lba - t->begin);
	return true;
}

static bool take_pregap(struct toc *t)
{
	if (t->has_start)
		return reading_fail(t->r, "the track has two pregaps");
	t->has_start = true;
	return need_msf(t, "PREGAP", &t->start) &&
	       build_add(&t->b, BUILD_ZEROS, 0, 0, false, t->start);
}

static bool take_index(struct toc *t)
{
	uint32_t at;

	if (!need_msf(t, "INDEX", &at))
		return false;
	if (t->indexes < CD_MAX_INDEXES)
		t->index[t->indexes++] = at;
	return true;
}

/* ---- CD_TEXT ------------------------------------------------------------------------------ */

/* Skips what is between braces, also within. */
static bool skip_braces(struct toc *t)
{
	unsigned depth = 0;

	do {
		if (t->lex.token == TOC_END)
			return reading_fail(t->r, "a \"}\" is missing");
		depth += t->lex.token == TOC_OPEN;
		depth -= t->lex.token == TOC_CLOSE;
		toc_lex_next(&t->lex);
	} while (depth > 0);
	return true;
}

/*
 * "TITLE "x"" in the braces of a language. The text is kept where it is in the input, for a text
 * without escapes; one with escapes is left out.
 */
static bool take_text_item(struct toc *t, unsigned track, bool keep)
{
	int type = cdtext_type(t->lex.word);

	if (t->lex.token != TOC_WORD)
		return reading_fail(t->r, "a keyword of CD_TEXT is missing");
	toc_lex_next(&t->lex);
	if (t->lex.token == TOC_OPEN)
		return skip_braces(t);
	if (t->lex.token != TOC_STRING)
		return reading_fail(t->r, "a text in quotation marks is missing");
	if (keep && type >= 0 && !memchr(t->lex.word.at, '\\', t->lex.word.len))
		t->text.text[type][track] = t->lex.word;
	toc_lex_next(&t->lex);
	return true;
}

static bool take_language(struct toc *t, unsigned track)
{
	bool keep = t->lex.token == TOC_WORD && slice_is(t->lex.word, "0");

	toc_lex_next(&t->lex);
	if (t->lex.token != TOC_OPEN)
		return reading_fail(t->r, "\"{\" is missing behind LANGUAGE");
	toc_lex_next(&t->lex);
	while (t->lex.token != TOC_CLOSE) {
		if (t->lex.token == TOC_END)
			return reading_fail(t->r, "a \"}\" is missing");
		if (!take_text_item(t, track, keep))
			return false;
	}
	toc_lex_next(&t->lex);
	return true;
}

static bool take_text(struct toc *t, unsigned track)
{
	if (t->lex.token != TOC_OPEN)
		return reading_fail(t->r, "\"{\" is missing behind CD_TEXT");
	toc_lex_next(&t->lex);
	while (t->lex.token != TOC_CLOSE) {
		if (t->lex.token == TOC_END)
			return reading_fail(t->r, "a \"}\" is missing");
		if (toc_lex_take(&t->lex, "LANGUAGE")) {
			if (!take_language(t, track))
				return false;
		} else {
			/* LANGUAGE_MAP */
			toc_lex_next(&t->lex);
			if (t->lex.token == TOC_OPEN && !skip_braces(t))
				return false;
		}
	}
	toc_lex_next(&t->lex);
	return true;
}

/* ---- tracks ------------------------------------------------------------------------------- */

static unsigned number(const struct toc *t)
{
	return t->r->out->map.tracks;
}

static bool begin_track(struct toc *t)
{
	const struct toc_mode *m = NULL;
	bool first = number(t) == 0;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (toc_lex_take(&t->lex, modes[i].mode.name)) {
			m = &modes[i];
			break;
		}
	}
	if (!m)
		return reading_fail(t->r, "\"%.*s\" is not a type of track that is read",
			(int)MIN(t->lex.word.len, 40u), t->lex.word.at);
	if (m->refused)
		return reading_fail(t->r, "%s", m->refused);
	t->mode = &m->mode;
	t->unit = t->mode->unit;
	if (toc_lex_take(&t->lex, "RW"))
		return reading_fail(t->r, "packed subchannels (RW) are not read, only RW_RAW");
	if (toc_lex_take(&t->lex, "RW_RAW")) {
		if (t->unit != CD_SECTOR)
			return reading_fail(
				t->r, "subchannels are read with sectors of 2352 bytes only");
		t->unit += 96;
	}
	if (!build_track(&t->b, t->mode->form, t->mode->form == CD_AUDIO ? 0 : CONTROL_DATA) ||
		!build_add(&t->b, BUILD_ZEROS, 0, 0, false, first ? CD_PREGAP : 0))
		return false;
	build_format(&t->b, t->mode->format);
	t->begin = t->b.lba;
	t->has_start = false;
	t->start = 0;
	t->indexes = 0;
	return true;
}

/* All parts are there: sets the indexes. */
static bool end_track(struct toc *t)
{
	int64_t at = t->begin + t->start;

	if (number(t) == 0)
		return true;
	if (at >= t->b.lba)
		return reading_fail(t->r, "track %u ends before its START", number(t));
	if (!build_index(&t->b, 1, at))
		return false;
	for (unsigned i = 0; i < t->indexes; i++) {
		if (at + t->index[i] >= t->b.lba)
			return reading_fail(
				t->r, "an INDEX of track %u is behind its end", number(t));
		if (!build_index(&t->b, i + 2, at + t->index[i]))
			return false;
	}
	return true;
}

static bool take_flag(struct toc *t)
{
	static const struct {
		const char *name;
		uint8_t bit;
	} flags[] = {{"COPY", CONTROL_COPY}, {"PRE_EMPHASIS", CONTROL_PRE_EMPHASIS},
		{"FOUR_CHANNEL_AUDIO", CONTROL_4_CHANNELS}};
	struct cd_track *track = build_now(&t->b);

	if (toc_lex_take(&t->lex, "NO")) {
		toc_lex_next(&t->lex);
		return true;
	}
	if (toc_lex_take(&t->lex, "TWO_CHANNEL_AUDIO"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (!toc_lex_take(&t->lex, flags[i].name))
			continue;
		if (t->mode->form == CD_AUDIO || flags[i].bit == CONTROL_COPY)
			track->control |= flags[i].bit;
		return true;
	}
	return reading_fail(
		t->r, "\"%.*s\" is not known here", (int)MIN(t->lex.word.len, 40u), t->lex.word.at);
}

/* END may say where an index follows the last part; no drive tells of it. */
static bool skip_time(struct toc *t)
{
	uint32_t unused;

	if (t->lex.token == TOC_WORD && slice_msf(t->lex.word, &unused))
		toc_lex_next(&t->lex);
	return true;
}

static bool take_statement(struct toc *t)
{
	struct slice s;

	if (toc_lex_take(&t->lex, "FILE") || toc_lex_take(&t->lex, "AUDIOFILE"))
		return take_piece(t, "FILE", true);
	if (toc_lex_take(&t->lex, "DATAFILE"))
		return take_piece(t, "DATAFILE", false);
	if (toc_lex_take(&t->lex, "SILENCE"))
		return take_zeros(t, "SILENCE");
	if (toc_lex_take(&t->lex, "ZERO"))
		return take_zeros(t, "ZERO");
	if (toc_lex_take(&t->lex, "START"))
		return take_start(t);
	if (toc_lex_take(&t->lex, "PREGAP"))
		return take_pregap(t);
	if (toc_lex_take(&t->lex, "INDEX"))
		return take_index(t);
	if (toc_lex_take(&t->lex, "END"))
		return skip_time(t);
	if (toc_lex_take(&t->lex, "CD_TEXT"))
		return take_text(t, number(t));
	if (toc_lex_take(&t->lex, "ISRC")) {
		if (!need_string(t, "ISRC", &s))
			return false;
		slice_isrc(s, build_now(&t->b)->isrc);
		return true;
	}
	return take_flag(t);
}

/* Reads one item of those before the first track. */
static bool take_head(struct toc *t)
{
	static const struct {
		const char *name;
		uint8_t format;
	} kinds[] = {{"CD_DA", FORMAT_CD_ROM}, {"CD_ROM", FORMAT_CD_ROM}, {"CD_ROM_XA", FORMAT_XA},
		{"CD_I", FORMAT_CD_I}};
	struct slice s;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!toc_lex_take(&t->lex, kinds[i].name))
			continue;
		build_format(&t->b, kinds[i].format);
		return true;
	}
	if (toc_lex_take(&t->lex, "CD_TEXT"))
		return take_text(t, 0);
	if (toc_lex_take(&t->lex, "CATALOG")) {
		if (!need_string(t, "CATALOG", &s))
			return false;
		reading_mcn(t->r, s);
		return true;
	}
	return reading_fail(
		t->r, "\"%.*s\" is not known here", (int)MIN(t->lex.word.len, 40u), t->lex.word.at);
}

bool toc_parse(struct reading *r)
{
	struct toc t = {.r = r, .b = {.r = r}};

	toc_lex_begin(&t.lex, r);
	r->out->map.first_track = 1;
	if (!build_session(&t.b, BUILD_AUTO))
		return false;
	while (t.lex.token != TOC_END) {
		bool ok;

		if (toc_lex_take(&t.lex, "TRACK"))
			ok = end_track(&t) && begin_track(&t);
		else
			ok = number(&t) == 0 ? take_head(&t) : take_statement(&t);
		if (!ok)
			return false;
	}
	if (number(&t) == 0)
		return reading_fail(r, "it has no TRACK");
	if (!end_track(&t) || !build_end(&t.b))
		return false;
	cdtext_make(r, &t.text);
	return true;
}
