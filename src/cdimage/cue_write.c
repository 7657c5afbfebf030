// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cue sheet gives the place of an index as a number of sectors from the beginning of the file.
 * Each sector has the size of its track. All sectors up to the first index of a track belong to
 * the track before it.
 */
#include "cdimage/cue_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cd/find.h"
#include "cd/names.h"
#include "cdimage/build.h"
#include "cdimage/cdtext.h"
#include "util/array.h"
#include "util/utf8.h"

#define MARK "REM MMCGADGET "

/* Lengths of a lead-out. REM LEAD-OUT with one of them is not taken for an address. */
#define IS_LENGTH(lba) ((lba) == 6750 || (lba) == 2250)

struct writer {
	const struct cd_map *m;
	const struct cue_write *ask;
	char *out;
	size_t size, len;
	bool full;
	uint64_t byte;   /* of the file: where what was written so far ends */
	uint32_t sector; /* the same as a cue sheet counts */
};

/* The place of a track in the file. */
struct stored {
	int32_t first; /* sector of the track, its pregap included; 0 on the first track */
	int32_t end;
	int32_t lba, lba_end; /* sectors that are stored */
	uint64_t offset;
	uint16_t unit;
	bool swapped;
};

/* How a track follows the one before it. */
struct plan {
	uint32_t skipped; /* sectors after the previous track, of its size, that the disc lacks */
	uint32_t gap;     /* the same, in sectors of this track: before its pregap */
	uint32_t absent;  /* sectors of the pregap that are in no file */
};

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out + w->len, w->size - w->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= w->size - w->len)
		w->full = true;
	else
		w->len += (size_t)n;
}

static void put_time(struct writer *w, const char *what, uint32_t sectors)
{
	put(w, "%s %02u:%02u:%02u\r\n", what, sectors / (60 * 75), sectors / 75 % 60, sectors % 75);
}

static void put_index(struct writer *w, unsigned n, uint32_t sector)
{
	char what[32];

	snprintf(what, sizeof(what), "    INDEX %02u", n);
	put_time(w, what, sector);
}

/* Lines that hold texts of CD-Text. Quotation marks end a string for most programs. */
static void put_titles(struct writer *w, unsigned track)
{
	static const struct {
		enum cd_name type;
		const char *word;
	} line[] = {
		{CD_TITLE, "TITLE"},
		{CD_PERFORMER, "PERFORMER"},
		{CD_SONGWRITER, "SONGWRITER"},
		{CD_COMPOSER, "COMPOSER"},
		{CD_ARRANGER, "ARRANGER"},
		{CD_MESSAGE, "MESSAGE"},
	};
	char text[CD_NAME_MAX];

	for (size_t i = 0; i < ARRAY_LEN(line); i++) {
		if (!cd_name(w->m, line[i].type, track, text))
			continue;
		for (char *p = text; *p; p++)
			*p = *p == '"' ? '\'' : *p;
		/* Programs that know three of them take the others for an error. */
		put(w, "%s%s%s \"%s\"\r\n", track ? "    " : "",
			line[i].type > CD_SONGWRITER ? "REM " : "", line[i].word, text);
	}
}

/* ---- where a track is --------------------------------------------------------------------- */

static bool is_first_of_session(const struct cd_map *m, unsigned track)
{
	return track == 0 || m->track[track - 1].session != m->track[track].session;
}

/* Finds out where the track is in the file. NULL, or why a cue sheet cannot say it. */
static const char *find_stored(const struct cd_map *m, unsigned track, struct stored *out)
{
	const struct cd_track *t = &m->track[track];
	struct cd_run run;

	*out = (struct stored){
		.first = track == 0 ? 0 : t->start - (int32_t)t->pregap,
		.end = t->start + (int32_t)t->length,
	};
	for (int32_t lba = out->first; lba < out->end; lba += (int32_t)run.count) {
		uint64_t expected = out->offset + (uint64_t)(lba - out->lba) * out->unit;

		if (!cd_find_run(m, lba, &run))
			return "a part of a track is on no disc";
		run.count = MIN(run.count, (uint32_t)(out->end - lba));
		if (run.file == CD_NO_FILE)
			continue;
		if (out->unit == 0) {
			out->lba = lba;
			out->offset = run.offset;
			out->unit = run.unit;
			out->swapped = run.swapped;
		} else if (run.offset != expected || run.unit != out->unit ||
			   run.swapped != out->swapped) {
			return "a track is stored in several pieces";
		}
		out->lba_end = lba + (int32_t)run.count;
	}
	return out->unit ? NULL : "nothing of a track is stored";
}

/*
 * Finds out how a track begins if all before it ends at that byte of the file. False: a cue sheet
 * cannot say it.
 */
static bool plan_begin(const struct cd_map *m, unsigned track, const struct stored *s,
	uint64_t byte, unsigned unit_before, struct plan *out)
{
	const struct cd_track *t = &m->track[track];
	uint64_t lead = (uint64_t)(s->lba - s->first), skip;

	*out = (struct plan){0};
	if (s->offset < byte)
		return false;
	if (s->offset - byte == lead * s->unit)
		return true;
	if (s->offset == byte && s->lba <= t->start) {
		out->absent = (uint32_t)lead;
		return true;
	}
	/* The gap between two sessions may be in the file. */
	if (track == 0 || !is_first_of_session(m, track) || s->offset - byte < lead * s->unit)
		return false;
	skip = s->offset - byte - lead * s->unit;
	if (skip / s->unit > CD_LBA_END)
		return false;
	if (skip % s->unit == 0 && t->pregap == CD_PREGAP && skip / s->unit >= GAP_AFTER_OTHER) {
		out->gap = (uint32_t)(skip / s->unit);
		return true;
	}
	if (skip % unit_before != 0 || IS_LENGTH(m->session[t->session - 2].lead_out))
		return false;
	out->skipped = (uint32_t)(skip / unit_before);
	return true;
}

/* True if what follows the track is explained by it ending at that byte. */
static bool fits_after(const struct writer *w, unsigned track, uint64_t byte, unsigned unit)
{
	struct stored next;
	struct plan plan;

	if (track + 1u == w->m->tracks)
		return byte <= w->ask->size;
	return !find_stored(w->m, track + 1, &next) &&
	       plan_begin(w->m, track + 1, &next, byte, unit, &plan);
}

/* ---- a track ------------------------------------------------------------------------------ */

static const char *mode_of(const struct cd_map *m, const struct cd_track *t, unsigned unit)
{
	bool cdi = m->session[t->session - 1].format == FORMAT_CD_I;

	switch (t->form) {
	case CD_AUDIO:
		return unit == 2352 ? "AUDIO" : unit == 2448 ? "CDG" : NULL;
	case CD_MODE1:
		return unit == 2048 ? "MODE1/2048" : unit == 2352 ? "MODE1/2352" : NULL;
	default:
		if (unit == 2336)
			return cdi ? "CDI/2336" : "MODE2/2336";
		if (unit == 2352)
			return cdi ? "CDI/2352" : "MODE2/2352";
		return unit == 2048 ? "MODE2/2048" : NULL;
	}
}

static void put_flags(struct writer *w, const struct cd_track *t)
{
	bool audio = t->form == CD_AUDIO;
	bool pre = audio && t->control & CONTROL_PRE_EMPHASIS;
	bool four = audio && t->control & CONTROL_4_CHANNELS;

	if (pre || four || t->control & CONTROL_COPY)
		put(w, "    FLAGS%s%s%s\r\n", t->control & CONTROL_COPY ? " DCP" : "",
			four ? " 4CH" : "", pre ? " PRE" : "");
}

/* The line at the end of a session. */
static void put_lead_out(struct writer *w, unsigned session)
{
	int32_t lba = w->m->session[session - 1].lead_out;

	if (!IS_LENGTH(lba))
		put_time(w, "REM LEAD-OUT", (uint32_t)lba);
}

/* The pregap and the indexes; w->sector is where the track begins. */
static void put_indexes(
	struct writer *w, const struct cd_track *t, const struct stored *s, const struct plan *p)
{
	uint32_t before = p->gap + (uint32_t)(t->start - s->first) - p->absent;
	uint32_t at_1 = w->sector + before;

	/* The standard pregap of the first track is there whether or not a cue says so. */
	if (p->absent > 0)
		put_time(w, "    PREGAP", p->absent + (s->first == 0 ? CD_PREGAP : 0));
	if (before > 0)
		put_index(w, 0, w->sector);
	put_index(w, 1, at_1);
	for (unsigned i = 0; i < t->indexes; i++)
		put_index(w, i + 2, at_1 + (uint32_t)(t->index[i] - t->start));
}

/*
 * Accounts for the sectors at the end of the track that are not stored: the file has their place,
 * or else a POSTGAP line counts them. NULL, or why a cue sheet cannot say it.
 */
static const char *put_end(struct writer *w, unsigned track, const struct stored *s)
{
	uint32_t rest = (uint32_t)(s->end - s->lba_end);
	uint64_t place = (uint64_t)rest * s->unit;

	if (fits_after(w, track, w->byte + place, s->unit)) {
		w->byte += place;
		w->sector += rest;
		return NULL;
	}
	if (rest == 0 || !fits_after(w, track, w->byte, s->unit))
		return "the parts of the disc are not one behind the other in the file";
	put_time(w, "    POSTGAP", rest);
	return NULL;
}

/* NULL, or why a cue sheet cannot say where the track is on the disc. */
static const char *check_place(const struct cd_map *m, unsigned track)
{
	const struct cd_track *t = &m->track[track];
	int32_t first = t->start - (int32_t)t->pregap;
	const struct cd_session *before;

	if (track == 0 || !is_first_of_session(m, track))
		return NULL;
	before = &m->session[t->session - 2];
	if (first != before->lead_out + (t->session == 2 ? GAP_AFTER_FIRST : GAP_AFTER_OTHER))
		return "a session begins where none does by itself";
	/* cue_parse() would make a shorter one longer, and take a longer one for a gap. */
	if (t->pregap < CD_PREGAP || t->pregap >= GAP_AFTER_OTHER + CD_PREGAP)
		return "the pregap of a session is too short or too long";
	return NULL;
}

static const char *put_track(struct writer *w, unsigned track, unsigned unit_before)
{
	const struct cd_track *t = &w->m->track[track];
	const char *mode, *why = check_place(w->m, track);
	struct stored s;
	struct plan p;

	if (!why)
		why = find_stored(w->m, track, &s);
	if (why)
		return why;
	mode = mode_of(w->m, t, s.unit);
	if (!mode)
		return "there is no word for the size of the sectors of a track";
	if (!plan_begin(w->m, track, &s, w->byte, unit_before, &p))
		return "the parts of the disc are not one behind the other in the file";
	put(w, "  TRACK %02u %s\r\n", w->m->first_track + track, mode);
	put_flags(w, t);
	put_titles(w, w->m->first_track + track);
	if (t->isrc[0])
		put(w, "    ISRC %s\r\n", t->isrc);
	w->sector += p.skipped;
	put_indexes(w, t, &s, &p);
	w->sector += p.gap - p.absent + (uint32_t)(s.lba_end - s.first);
	w->byte = s.offset + (uint64_t)(s.lba_end - s.lba) * s.unit;
	return put_end(w, track, &s);
}

/* ---- the sheet ---------------------------------------------------------------------------- */

/* True if a cue sheet can name that file, and cue_parse() finds it. */
static bool can_be_named(const char *file)
{
	size_t len = strlen(file);
	uint32_t c;

	if (len == 0 || len >= CDIMAGE_NAME_MAX || file[0] == '.' || file[0] == ' ' ||
		file[len - 1] == ' ' || strchr(file, '\\') || strchr(file, '/'))
		return false;
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(file + i, len - i, &c);
		if (n == 0 || utf8_is_control(c))
			return false;
	}
	return true;
}

/* *swapped: whether the file has audio as big-endian. NULL, or why it cannot be said. */
static const char *byte_order(const struct cd_map *m, bool *swapped)
{
	struct stored s;
	bool known = false;
	const char *why;

	*swapped = false;
	for (unsigned i = 0; i < m->tracks; i++) {
		why = m->track[i].form == CD_AUDIO ? find_stored(m, i, &s) : NULL;
		if (why)
			return why;
		if (m->track[i].form != CD_AUDIO)
			continue;
		if (known && s.swapped != *swapped)
			return "its audio is stored in two byte orders";
		known = true;
		*swapped = s.swapped;
	}
	return NULL;
}

static const char *put_tracks(struct writer *w)
{
	const struct cd_map *m = w->m;
	unsigned unit_before = 1;
	struct stored s;
	const char *why;

	for (unsigned i = 0; i < m->tracks; i++) {
		unsigned session = m->track[i].session;

		if (m->sessions > 1 && is_first_of_session(m, i)) {
			if (i > 0)
				put_lead_out(w, session - 1);
			put(w, "REM SESSION %02u\r\n", session);
		}
		why = put_track(w, i, unit_before);
		if (why)
			return why;
		if (find_stored(m, i, &s) == NULL)
			unit_before = s.unit;
	}
	/* A file may be longer than the disc. */
	if (m->sessions > 1 || w->ask->size - w->byte >= unit_before)
		put_lead_out(w, m->sessions);
	return w->ask->size - w->byte >= unit_before && IS_LENGTH(cd_end(m))
		       ? "the file is longer than the disc"
		       : NULL;
}

const char *cue_write(const struct cue_write *ask, char *out, size_t size, size_t *len)
{
	struct writer w = {.m = ask->map, .ask = ask, .out = out, .size = size};
	const struct cd_map *m = ask->map;
	bool swapped;
	const char *why;

	*len = 0;
	if (!can_be_named(ask->file) || (ask->packs && !can_be_named(ask->packs)))
		return "it cannot name this file";
	why = byte_order(m, &swapped);
	if (why)
		return why;
	put(&w, MARK "%s\r\n", ask->file);
	if (m->mcn[0])
		put(&w, "CATALOG %s\r\n", m->mcn);
	if (ask->packs)
		put(&w, "CDTEXTFILE \"%s\"\r\n", ask->packs);
	put_titles(&w, 0);
	put(&w, "FILE \"%s\" %s\r\n", ask->file, swapped ? "MOTOROLA" : "BINARY");
	why = put_tracks(&w);
	if (why || w.full)
		return why ? why : "it would be too long";
	*len = w.len;
	return NULL;
}

bool cue_write_made(const char *text, size_t len, char *file, size_t size)
{
	const size_t mark = sizeof(MARK) - 1;
	const char *end;
	size_t n;

	file[0] = '\0';
	if (len < mark || memcmp(text, MARK, mark) != 0)
		return false;
	end = memchr(text + mark, '\n', len - mark);
	if (!end)
		return false;
	n = (size_t)(end - text) - mark;
	if (n > 0 && text[mark + n - 1] == '\r')
		n--;
	if (n < size) {
		memcpy(file, text + mark, n);
		file[n] = '\0';
	}
	return true;
}

/* ---- CD-Text ------------------------------------------------------------------------------ */

/* True if a line of a cue sheet says all that the pack does. */
static bool is_said_by_lines(const uint8_t *pack)
{
	static const unsigned header = 4, english = 9, sizes = 0x8f;
	bool first = pack[3] >> 4 == 0; /* language, of one byte for a character */

	if (pack[0] == sizes)
		/* The first of three has the character set, the last one the language: English. */
		return pack[1] == 0 ? pack[header] <= 1
				    : pack[1] != 2 || pack[header + 4] == 0 ||
					      pack[header + 4] == english;
	if (!first || pack[0] < CD_TITLE || pack[0] > CD_SONGWRITER)
		return false;
	for (unsigned i = header; i < header + 12; i++) {
		if (pack[i] == '"' || (pack[i] != 0 && pack[i] < ' ') ||
			(pack[i] >= 0x7f && pack[i] < 0xa0))
			return false;
	}
	return true;
}

/* False: the pack before it is of the same type, and one between the two is missing. */
static bool follows(const uint8_t *pack, const uint8_t *before)
{
	return pack[0] != before[0] || pack[2] == (uint8_t)(before[2] + 1);
}

/* True if cd_name() cuts a text of the track. */
static bool has_long_text(const struct cd_map *m, unsigned track)
{
	char text[CD_NAME_MAX];

	for (enum cd_name type = CD_TITLE; type <= CD_MESSAGE; type++) {
		/* It stops where a character of two bytes may not fit any more. */
		if (cd_name(m, type, track, text) && strlen(text) + 2 >= sizeof(text))
			return true;
	}
	return false;
}

bool cue_write_needs_packs(const struct cd_map *m)
{
	for (unsigned i = 0; i < m->text_packs; i++) {
		if (!is_said_by_lines(m->text[i]) ||
			(i > 0 && !follows(m->text[i], m->text[i - 1])))
			return true;
	}
	for (unsigned i = 0; m->text_packs > 0 && i <= m->tracks; i++) {
		if (has_long_text(m, i == 0 ? 0 : m->first_track + i - 1))
			return true;
	}
	return false;
}
