// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The .ccd of CloneCD: the raw table of contents of a disc, with the sectors of all tracks, 2352
 * bytes each, in an .img beside it. Not in the .img are the gaps between sessions, and the pregap
 * of the first track of each session: of session 1 only its 150 sectors before LBA 0. The
 * subchannels of the sectors in the .img are in a .sub, which may be missing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cd/subq.h"
#include "cdimage/build.h"
#include "cdimage/cdtext.h"
#include "util/array.h"

#define POINT_FIRST    0xa0u /* its PSEC is the format of the session */
#define POINT_LEAD_OUT 0xa2u
#define FAR_LBA        1000000 /* beyond the end of every CD */

/* A track, from an [Entry] and a [TRACK]. */
struct ccd_track {
	bool has_start, has_0, has_1;
	int64_t start; /* LBA of index 1 */
	uint64_t session, control, mode;
	/* As the INDEX lines have them; only differences of them are used. */
	int64_t index_0, index_1;
	uint8_t indexes; /* used entries of index[], from INDEX 2 on */
	int64_t index[CD_MAX_INDEXES];
	char isrc[13];
};

struct ccd_session {
	bool has_lead_out;
	int64_t lead_out;
	uint64_t format;
};

/* An [Entry], whose lines come in any order. */
struct ccd_entry {
	uint64_t session, point, control, psec;
	int64_t plba;
	bool has_plba;
};

struct ccd {
	struct reading *r;
	enum { IN_OTHER, IN_DISC, IN_ENTRY, IN_TRACK, IN_TEXT } in;
	struct ccd_entry entry;
	unsigned at_track;                               /* number of the [TRACK] */
	struct ccd_track track[CD_MAX_TRACKS + 1];       /* from 1 */
	struct ccd_session session[CD_MAX_SESSIONS + 1]; /* from 1 */
};

/* A number: decimal, negative, or hexadecimal with 0x. */
static bool take_number(struct slice s, int64_t *out)
{
	bool minus = s.len > 0 && s.at[0] == '-';
	uint64_t n = 0;

	if (minus) {
		s.at++;
		s.len--;
	}
	if (s.len > 2 && s.len <= 10 && s.at[0] == '0' && (s.at[1] == 'x' || s.at[1] == 'X')) {
		for (size_t i = 2; i < s.len; i++) {
			const char *digit = memchr("0123456789abcdefABCDEF", s.at[i], 22);
			unsigned d;

			if (!digit)
				return false;
			d = (unsigned)(digit - "0123456789abcdefABCDEF");
			n = n * 16 + (d < 16 ? d : d - 6);
		}
	} else if (!slice_number(s, FAR_LBA, &n)) {
		return false;
	}
	*out = minus ? -(int64_t)n : (int64_t)n;
	return n <= FAR_LBA;
}

/* Takes an [Entry] that is complete. */
static bool end_entry(struct ccd *c)
{
	const struct ccd_entry *e = &c->entry;

	if (c->in != IN_ENTRY || e->session < 1 || e->session > CD_MAX_SESSIONS)
		return c->in != IN_ENTRY ||
		       reading_fail(
			       c->r, "an [Entry] has no session from 1 to %u", CD_MAX_SESSIONS);
	if (e->point == POINT_FIRST) {
		c->session[e->session].format = e->psec;
	} else if (e->point == POINT_LEAD_OUT) {
		c->session[e->session].has_lead_out = e->has_plba;
		c->session[e->session].lead_out = e->plba;
	} else if (e->point >= 1 && e->point <= CD_MAX_TRACKS) {
		struct ccd_track *t = &c->track[e->point];

		t->has_start = e->has_plba;
		t->start = e->plba;
		t->session = e->session;
		t->control = e->control & 15;
	}
	return true;
}

/* Takes the first line of a section, such as "[TRACK 1]". */
static bool take_section(struct ccd *c, struct slice line)
{
	struct slice rest = {line.at + 1, line.len - 1}, word, number;
	int64_t n = 0;

	if (!end_entry(c))
		return false;
	if (rest.len > 0 && rest.at[rest.len - 1] == ']')
		rest.len--;
	word = slice_word(&rest);
	number = slice_word(&rest);
	c->in = IN_OTHER;
	if (slice_is(word, "Disc")) {
		c->in = IN_DISC;
	} else if (slice_is(word, "CDText")) {
		c->in = IN_TEXT;
	} else if (slice_is(word, "Entry")) {
		c->in = IN_ENTRY;
		c->entry = (struct ccd_entry){0};
	} else if (slice_is(word, "TRACK")) {
		if (!take_number(number, &n) || n < 1 || n > (int64_t)CD_MAX_TRACKS)
			return reading_fail(
				c->r, "TRACK needs a number from 1 to %u", CD_MAX_TRACKS);
		c->in = IN_TRACK;
		c->at_track = (unsigned)n;
	}
	return true;
}

static void take_entry(struct ccd_entry *e, struct slice key, int64_t n)
{
	if (slice_is(key, "PLBA")) {
		e->plba = n;
		e->has_plba = true;
	}
	if (n < 0)
		return;
	if (slice_is(key, "Session"))
		e->session = (uint64_t)n;
	else if (slice_is(key, "Point"))
		e->point = (uint64_t)n;
	else if (slice_is(key, "Control"))
		e->control = (uint64_t)n;
	else if (slice_is(key, "PSec"))
		e->psec = (uint64_t)n;
}

static void take_track(struct ccd_track *t, struct slice key, struct slice value)
{
	struct slice rest = key, word = slice_word(&rest), number = slice_word(&rest);
	int64_t n = 0;

	if (slice_is(word, "ISRC")) {
		slice_isrc(value, t->isrc);
	} else if (!take_number(value, &n)) {
		return;
	} else if (slice_is(word, "MODE")) {
		t->mode = (uint64_t)n;
	} else if (slice_is(word, "INDEX") && slice_is(number, "0")) {
		t->has_0 = true;
		t->index_0 = n;
	} else if (slice_is(word, "INDEX") && slice_is(number, "1")) {
		t->has_1 = true;
		t->index_1 = n;
	} else if (slice_is(word, "INDEX") && t->indexes < CD_MAX_INDEXES) {
		t->index[t->indexes++] = n;
	}
}

/* "Entry 0=80 00 00 00 41 ...": a pack, with or without its checksum. */
static void take_pack(struct ccd *c, struct slice value)
{
	uint8_t pack[CD_TEXT_PACK];
	size_t n = 0;

	for (struct slice w = slice_word(&value); w.len > 0; w = slice_word(&value)) {
		char hex[4] = {'0', 'x', w.at[0], w.len > 1 ? w.at[1] : '\0'};
		int64_t byte;

		if (w.len > 2 || n == sizeof(pack) ||
			!take_number((struct slice){hex, 2 + w.len}, &byte) || byte < 0)
			return;
		pack[n++] = (uint8_t)byte;
	}
	if (n == sizeof(pack) - 2) {
		cdtext_sum(pack);
		n = sizeof(pack);
	}
	if (n == sizeof(pack))
		cdtext_add(&c->r->out->map, pack);
}

static bool take_line(struct ccd *c, struct slice line)
{
	const char *equal = line.len > 0 ? memchr(line.at, '=', line.len) : NULL;
	struct slice key, value;
	int64_t n = 0;

	if (line.len > 0 && line.at[0] == '[')
		return take_section(c, line);
	if (!equal)
		return true;
	key = slice_trim((struct slice){line.at, (size_t)(equal - line.at)});
	value = slice_trim((struct slice){equal + 1, line.len - (size_t)(equal - line.at) - 1});
	if (c->in == IN_DISC && slice_is(key, "CATALOG")) {
		reading_mcn(c->r, value);
	} else if (c->in == IN_TEXT && key.len > 5) {
		take_pack(c, value);
	} else if (c->in == IN_TRACK) {
		take_track(&c->track[c->at_track], key, value);
	} else if (c->in == IN_ENTRY) {
		if (!take_number(value, &n))
			return reading_fail(c->r, "there is no number behind \"=\"");
		take_entry(&c->entry, key, n);
	}
	return true;
}

/* ---- layout ------------------------------------------------------------------------------- */

/* Writes the name of the text with another suffix. Its length; 0: the error is written. */
static size_t name_beside(struct reading *r, const char *suffix, char name[CDIMAGE_NAME_MAX])
{
	size_t n = strlen(r->name);

	if (n <= 4 || n >= CDIMAGE_NAME_MAX) {
		reading_fail(r, "the name of a file is too long or too short");
		return 0;
	}
	memcpy(name, r->name, n - 4);
	memcpy(name + n - 4, suffix, 5);
	return n;
}

static int image_file(struct reading *r)
{
	char name[CDIMAGE_NAME_MAX];
	size_t n = name_beside(r, ".img", name);
	bool latin = r->latin;
	int file;

	if (n == 0)
		return -1;
	/* This name is not from the text. */
	r->latin = false;
	file = reading_file(r, (struct slice){name, n});
	r->latin = latin;
	return file;
}

/* The file of subchannels; -1: there is none. */
static int subchannel_file(struct reading *r)
{
	char name[CDIMAGE_NAME_MAX];

	return name_beside(r, ".sub", name) > 0 ? reading_optional_file(r, name) : -1;
}

/* The form of a track by its first sector, because programs write the wrong MODE. */
static enum cd_form form_of(struct ccd *c, const struct ccd_track *t, int file, uint64_t sector)
{
	static const uint8_t sync[12] = {0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
	uint8_t head[16];

	if (c->r->source->read(c->r->source->ctx, (unsigned)file, sector * CD_SECTOR, head,
		    sizeof(head)) == (int)sizeof(head) &&
		memcmp(head, sync, sizeof(sync)) == 0 && (head[15] == 1 || head[15] == 2))
		return head[15] == 1 ? CD_MODE1 : CD_XA;
	if (!(t->control & CONTROL_DATA))
		return CD_AUDIO;
	return t->mode == 2 ? CD_XA : CD_MODE1;
}

/* Sectors of the pregap of a track that are in the image. */
static int64_t pregap_of(const struct ccd *c, unsigned track, bool first)
{
	const struct ccd_track *t = &c->track[track];

	if (first)
		return t->session == 1 && t->start > 0 ? t->start : 0;
	return t->has_0 && t->has_1 ? t->index_1 - t->index_0 : 0;
}

/* Returns the end of the track: the pregap of the next one of its session, or the lead-out. */
static int64_t end_of(const struct ccd *c, unsigned track)
{
	const struct ccd_track *t = &c->track[track];

	if (track < CD_MAX_TRACKS && c->track[track + 1].has_start &&
		c->track[track + 1].session == t->session)
		return c->track[track + 1].start - pregap_of(c, track + 1, false);
	return c->session[t->session].lead_out;
}

static bool lay_indexes(const struct ccd_track *t, struct build *b, int64_t end)
{
	for (unsigned i = 0; t->has_1 && i < t->indexes; i++) {
		int64_t at = t->start + t->index[i] - t->index_1;

		if (!build_index(b, i + 2, MIN(at, end)) || at >= end)
			return reading_fail(b->r, "an index is behind the end of its track");
	}
	return true;
}

static bool lay_track(struct ccd *c, struct build *b, unsigned track, int file, uint64_t *sector)
{
	const struct ccd_track *t = &c->track[track];
	struct cd_map *m = &c->r->out->map;
	bool first = m->sessions < t->session;
	int64_t pregap = pregap_of(c, track, first), begin = t->start - pregap;
	int64_t end = end_of(c, track);
	enum cd_form form;

	if (t->session != m->sessions + (first ? 1u : 0u))
		return reading_fail(c->r, "track %u is in session %u, out of order", track,
			(unsigned)t->session);
	if (!c->session[t->session].has_lead_out)
		return reading_fail(c->r, "session %u has no lead-out", (unsigned)t->session);
	if (first && !build_session(b, begin - (int64_t)CD_PREGAP))
		return false;
	if (pregap < 0 || end <= t->start || begin != b->lba + (first ? (int)CD_PREGAP : 0))
		return reading_fail(c->r, "the addresses of track %u do not fit the others", track);
	form = form_of(c, t, file, *sector + (uint64_t)pregap);
	if (!build_track(b, form,
		    form == CD_AUDIO ? (unsigned)t->control & ~CONTROL_DATA
				     : (unsigned)t->control | CONTROL_DATA))
		return false;
	memcpy(build_now(b)->isrc, t->isrc, sizeof(t->isrc));
	if (c->session[t->session].format == FORMAT_CD_I ||
		c->session[t->session].format == FORMAT_XA)
		build_format(b, (unsigned)c->session[t->session].format);
	if (!build_add(b, BUILD_ZEROS, 0, 0, false, first ? CD_PREGAP : 0) ||
		!build_add(b, file, *sector * CD_SECTOR, CD_SECTOR, false, (uint64_t)pregap) ||
		!build_index(b, 1, b->lba) || !lay_indexes(t, b, end))
		return false;
	*sector += (uint64_t)pregap;
	if (!build_add(b, file, *sector * CD_SECTOR, CD_SECTOR, false, (uint64_t)(end - t->start)))
		return false;
	*sector += (uint64_t)(end - t->start);
	return true;
}

/*
 * Says of each stored sector where its subchannels are. A file that cannot be that of the image is
 * left out, because the disc reads without it, too.
 */
static void lay_subchannels(struct reading *r, int image)
{
	struct cdimage *out = r->out;
	int file = subchannel_file(r);
	uint64_t sectors = out->size[image] / CD_SECTOR;

	if (file < 0)
		return;
	if (out->size[file] != sectors * CD_RAW_PW) {
		snprintf(out->note, sizeof(out->note),
			"%.200s: the subchannels in the .sub are left out, and computed instead: "
			"the .sub has %" PRIu64 " bytes, and would have %" PRIu64
			" for the %" PRIu64 " sectors of the .img",
			r->name, out->size[file], sectors * CD_RAW_PW, sectors);
		return;
	}
	out->use[file] = CDIMAGE_STORED;
	for (unsigned i = 0; i < out->map.extents; i++) {
		struct cd_extent *e = &out->map.extent[i];

		if (e->file != image)
			continue;
		e->subs = CD_SUBS_PLANES;
		e->sub_file = (uint16_t)file;
		e->sub_offset = e->offset / CD_SECTOR * CD_RAW_PW;
	}
}

static bool lay_out(struct ccd *c)
{
	struct cd_map *m = &c->r->out->map;
	struct build b = {.r = c->r};
	uint64_t sector = 0;
	unsigned track = 1;
	int file;

	while (track <= CD_MAX_TRACKS && !c->track[track].has_start)
		track++;
	if (track > CD_MAX_TRACKS)
		return reading_fail(
			c->r, "it is not a file of CloneCD: it has no [Entry] of a track");
	file = image_file(c->r);
	if (file < 0)
		return false;
	m->first_track = (uint8_t)track;
	for (; track <= CD_MAX_TRACKS && c->track[track].has_start; track++) {
		if (!lay_track(c, &b, track, file, &sector))
			return false;
	}
	if (!build_end(&b))
		return false;
	lay_subchannels(c->r, file);
	return true;
}

static bool take_lines(struct ccd *c)
{
	struct slice rest = c->r->text, line;

	while (reading_line(c->r, &rest, &line)) {
		if (!take_line(c, line))
			return false;
	}
	return end_entry(c);
}

bool ccd_parse(struct reading *r)
{
	struct ccd c = {.r = r};
	bool ok = take_lines(&c);

	r->line = 0;
	if (ok && lay_out(&c))
		return true;
	/*
	 * The files are parts of the disc although the text has an error. The error stays as it is,
	 * whatever these calls find.
	 */
	(void)image_file(r);
	(void)subchannel_file(r);
	return false;
}
