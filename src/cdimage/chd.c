// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CHD of MAME, version 5: a header, and at the offsets that it names the map of the hunks and a
 * chain of texts, one for each track (chdman createcd). All numbers are big-endian. A frame is 2352
 * bytes of a sector and 96 of its subchannels; what a track stores of a sector is at the beginning
 * of its frame, and each track begins at a frame whose number is a multiple of 4. Only the decoder
 * reads the hunks; this file does not.
 */
#include <stdio.h>
#include <string.h>

#include "cdimage/build.h"
#include "cdimage/chd_frames.h"
#include "util/array.h"
#include "util/be.h"

#define HEADER       124u
#define ENTRY        16u /* tag, flags and length, where the next one is */
#define ENTRIES_MAX  256u
#define TRACK_FRAMES 4u /* a track takes a multiple of these */
#define TEXT_MAX     256u

#define TAG(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static const struct build_mode modes[] = {
	{"AUDIO", CD_AUDIO, 2352, FORMAT_CD_ROM},
	{"MODE1", CD_MODE1, 2048, FORMAT_CD_ROM},
	{"MODE1_RAW", CD_MODE1, 2352, FORMAT_CD_ROM},
	{"MODE2", CD_XA, 2336, FORMAT_XA},
	{"MODE2_FORM1", CD_XA_FORM1, 2048, FORMAT_XA},
	{"MODE2_FORM_MIX", CD_XA, 2336, FORMAT_XA},
	{"MODE2_RAW", CD_XA, 2352, FORMAT_XA},
};

struct chd {
	struct reading *r;
	struct build b;
	int file;
	uint64_t size;  /* of the file, bytes */
	uint64_t total; /* frames */
	uint64_t frame; /* where the next track begins */
};

/* The text of a track. */
struct chd_track {
	const struct build_mode *mode;
	uint16_t unit;                    /* bytes that are read of each frame */
	uint64_t frames, pregap, postgap; /* sectors */
	bool pregap_stored;               /* frames counts it, too */
	bool without_subs;                /* it has some that are not read */
};

static bool read_all(struct chd *c, uint64_t at, void *buf, size_t len)
{
	const struct cdimage_source *s = c->r->source;

	return (at <= c->size && s->read(s->ctx, (unsigned)c->file, at, buf, len) == (int)len) ||
	       reading_fail(c->r, "it is cut, or cannot be read");
}

/* ---- the header --------------------------------------------------------------------------- */

/* The ways to compress a hunk that libchdr knows, of those that chdman offers for data. */
static bool is_codec(uint32_t tag)
{
	static const uint32_t known[] = {0, TAG('c', 'd', 'l', 'z'), TAG('c', 'd', 'z', 'l'),
		TAG('c', 'd', 'f', 'l'), TAG('c', 'd', 'z', 's'), TAG('l', 'z', 'm', 'a'),
		TAG('z', 'l', 'i', 'b'), TAG('z', 's', 't', 'd'), TAG('h', 'u', 'f', 'f'),
		TAG('f', 'l', 'a', 'c')};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (tag == known[i])
			return true;
	}
	return false;
}

/* Returns what is wrong with the header; NULL: nothing. */
static const char *check_header(struct chd *c, const uint8_t h[HEADER])
{
	static const uint8_t none[20];
	uint64_t bytes = get_be64(h + 32);
	uint32_t hunk = get_be32(h + 56);

	if (get_be32(h + 12) != 5 || get_be32(h + 8) != HEADER)
		return "it has another version than 5; \"chdman copy\" makes one of it that is "
		       "read";
	for (unsigned i = 0; i < 4; i++) {
		if (!is_codec(get_be32(h + 16 + 4 * i)))
			return "it is compressed in a way that is not read";
	}
	if (memcmp(h + 104, none, sizeof(none)) != 0)
		return "it is only the difference to another CHD; \"chdman copy\" makes a whole "
		       "one of both";
	if (get_be32(h + 60) != CHD_FRAME)
		return "it is not the CHD of a CD";
	if (hunk == 0 || hunk % CHD_FRAME != 0 || hunk > CHD_HUNK_MAX)
		return "its hunks are too large, or no whole sectors; make it with chdman's usual "
		       "size";
	if (bytes == 0 || bytes % CHD_FRAME != 0 || bytes / CHD_FRAME > CHD_FRAMES_MAX)
		return "it holds no sectors, or more than a CD can have";
	c->total = bytes / CHD_FRAME;
	if (get_be64(h + 40) >= c->size || get_be64(h + 48) >= c->size)
		return "it is cut: its header tells of a larger file";
	return NULL;
}

/* ---- the texts ---------------------------------------------------------------------------- */

/* The value of key in a text of words "KEY:VALUE"; of length 0: the text does not have the key. */
static struct slice value_of(struct slice text, const char *key)
{
	size_t n = strlen(key);

	for (;;) {
		struct slice word = slice_word(&text);

		if (word.len == 0)
			return word;
		if (word.len > n && memcmp(word.at, key, n) == 0 && word.at[n] == ':')
			return (struct slice){word.at + n + 1, word.len - n - 1};
	}
}

/* An absent number is 0. */
static bool number_of(struct chd *c, struct slice text, const char *key, uint64_t *out)
{
	struct slice s = value_of(text, key);

	*out = 0;
	return s.len == 0 || slice_number(s, CHD_FRAMES_MAX, out) ||
	       reading_fail(c->r, "%s of a track is not a number, or too large", key);
}

static bool read_text(struct chd *c, struct slice text, struct chd_track *t)
{
	unsigned n = c->r->out->map.tracks + 1u;
	struct slice type = value_of(text, "TYPE"), pregap = value_of(text, "PGTYPE"),
		     sub = value_of(text, "SUBTYPE");
	uint64_t number;

	*t = (struct chd_track){.pregap_stored = pregap.len > 0 && pregap.at[0] == 'V'};
	if (!number_of(c, text, "TRACK", &number) || !number_of(c, text, "FRAMES", &t->frames) ||
		!number_of(c, text, "PREGAP", &t->pregap) ||
		!number_of(c, text, "POSTGAP", &t->postgap))
		return false;
	if (number != n)
		return reading_fail(c->r, "its track %u is not where it belongs", n);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (slice_is(type, modes[i].name))
			t->mode = &modes[i];
	}
	if (!t->mode)
		return reading_fail(c->r, "sectors of the type \"%.*s\" (track %u) are not read",
			(int)type.len, type.at, n);
	/* The types of subchannels are those of cdrdao's .toc, from which chdman takes them: RW is
	 * packed, which is not how a disc has them. */
	t->unit = t->mode->unit;
	if (t->unit == CD_SECTOR && slice_is(sub, "RW_RAW"))
		t->unit = CHD_FRAME;
	else
		t->without_subs = sub.len > 0 && !slice_is(sub, "NONE");
	if (t->pregap_stored && t->pregap >= t->frames)
		return reading_fail(c->r, "track %u is all pregap", n);
	return true;
}

/* ---- the tracks --------------------------------------------------------------------------- */

/* The next sectors that are stored become a part of the disc. */
static bool add_stored(struct chd *c, const struct chd_track *t, uint64_t count)
{
	uint64_t at = chd_frames_offset(c->total, t->unit) + c->frame * t->unit;

	if (count > c->total - c->frame)
		return reading_fail(c->r, "its tracks have more sectors than it holds");
	c->frame += count;
	return build_add(&c->b, c->file, at, t->unit, t->mode->form == CD_AUDIO, count);
}

static bool add_track(struct chd *c, const struct chd_track *t)
{
	struct cdimage *out = c->r->out;
	bool first = out->map.tracks == 0;
	uint64_t stored = t->pregap_stored ? t->pregap : 0, absent = t->pregap - stored;

	if (first && !build_session(&c->b, BUILD_AUTO))
		return false;
	if (!build_track(&c->b, t->mode->form, t->mode->form == CD_AUDIO ? 0 : CONTROL_DATA))
		return false;
	build_format(&c->b, t->mode->format);
	/* The first track has the standard pregap whether or not its text says so. */
	if (first)
		absent = MAX(absent, CD_PREGAP);
	if (!build_add(&c->b, BUILD_ZEROS, 0, 0, false, absent) || !add_stored(c, t, stored) ||
		!build_index(&c->b, 1, c->b.lba) || !add_stored(c, t, t->frames - stored) ||
		!build_add(&c->b, BUILD_ZEROS, 0, 0, false, t->postgap))
		return false;
	c->frame = MIN((c->frame + TRACK_FRAMES - 1) / TRACK_FRAMES * TRACK_FRAMES, c->total);
	if (t->without_subs && !out->note[0])
		snprintf(out->note, sizeof(out->note),
			"%.255s: the subchannels of its tracks are left out, and computed instead: "
			"they are not stored as those of a disc (RW_RAW, in tracks of 2352 bytes)",
			c->r->name);
	return true;
}

/* An entry of the chain whose text is at that byte. */
static bool take_entry(struct chd *c, uint32_t tag, uint64_t at, uint32_t length)
{
	char text[TEXT_MAX];
	struct chd_track t;

	if (tag == TAG('C', 'H', 'G', 'D') || tag == TAG('C', 'H', 'G', 'T'))
		return reading_fail(c->r, "it is a GD-ROM, and no CD");
	if (tag == TAG('C', 'H', 'C', 'D'))
		return reading_fail(c->r, "it is of an old chdman; \"chdman copy\" makes one of it "
					  "that is read");
	if (tag != TAG('C', 'H', 'T', '2') && tag != TAG('C', 'H', 'T', 'R'))
		return true;
	if (length > sizeof(text))
		return reading_fail(c->r, "the text of a track is too long");
	if (!read_all(c, at, text, length))
		return false;
	return read_text(c, (struct slice){text, strnlen(text, length)}, &t) && add_track(c, &t);
}

static bool take_chain(struct chd *c, uint64_t at)
{
	for (unsigned i = 0; at != 0; i++) {
		uint8_t e[ENTRY];

		if (i == ENTRIES_MAX)
			return reading_fail(c->r, "the list of its tracks has no end");
		if (!read_all(c, at, e, sizeof(e)))
			return false;
		if (!take_entry(c, get_be32(e), at + sizeof(e), get_be24(e + 5)))
			return false;
		at = get_be64(e + 8);
	}
	return c->r->out->map.tracks > 0 ||
	       reading_fail(c->r, "it has no tracks; of CHDs only those of CDs are read");
}

bool chd_parse(struct reading *r)
{
	struct chd c = {.r = r, .b = {.r = r}};
	uint8_t h[HEADER] = {0};
	const char *fault;

	c.file = reading_self(r);
	if (c.file < 0)
		return false;
	c.size = r->out->size[c.file];
	if (r->source->read(r->source->ctx, (unsigned)c.file, 0, h, sizeof(h)) < (int)sizeof(h) ||
		memcmp(h, CHD_MAGIC, sizeof(CHD_MAGIC) - 1) != 0)
		return reading_fail(r, "it is no CHD, or it is cut");
	fault = check_header(&c, h);
	if (fault)
		return reading_fail(r, "%s", fault);
	/* The extents count the bytes that the decoder makes of the file (chd_frames.h). */
	r->out->use[c.file] = CDIMAGE_CHD_FRAMES;
	r->out->size[c.file] = chd_frames_size(c.total);
	r->out->map.first_track = 1;
	return take_chain(&c, get_be64(h + 48)) && build_end(&c.b);
}
