// SPDX-License-Identifier: GPL-2.0-or-later
/* Cue sheets of burned discs: their text, and that our own parser reads them back as the disc. */
#include "fake_files.h"

#include <stdlib.h>

#include "cd/check.h"
#include "cd/find.h"
#include "cd/names.h"
#include "cd/text.h"
#include "cdimage/cue_write.h"

static char text[CDIMAGE_TEXT_MAX];
static struct cd_map disc;

static struct cd_track *add_track(
	int32_t start, uint32_t pregap, uint32_t length, uint8_t session, uint8_t form)
{
	struct cd_track *t = &disc.track[disc.tracks++];

	*t = (struct cd_track){.start = start,
		.pregap = pregap,
		.length = length,
		.session = session,
		.control = form == CD_AUDIO ? 0 : 4,
		.form = form};
	return t;
}

static void add_extent(int32_t lba, uint32_t count, uint64_t offset, uint16_t unit)
{
	disc.extent[disc.extents++] =
		(struct cd_extent){.lba = lba, .count = count, .offset = offset, .unit = unit};
}

static void add_zeros(int32_t lba, uint32_t count)
{
	if (count > 0)
		disc.extent[disc.extents++] =
			(struct cd_extent){.lba = lba, .count = count, .file = CD_NO_FILE};
}

static void begin(void)
{
	disc = (struct cd_map){.first_track = 1, .sessions = 1, .files = 1};
}

static const char *write_it(const char *file, uint64_t size, const char *packs)
{
	const struct cue_write ask = {&disc, file, size, packs};
	size_t len;
	const char *why;

	assert_null(cd_map_check(&disc, &size, NULL));
	why = cue_write(&ask, text, sizeof(text), &len);
	assert_int_equal(len, why ? 0 : strlen(text));
	return why;
}

/* ---- texts -------------------------------------------------------------------------------- */

static void add_pack(const char *header, const char *words)
{
	uint8_t *pack = disc.text[disc.text_packs++];

	memcpy(pack, header, 4);
	memcpy(pack + 4, words, 12);
	cd_text_seal(pack);
}

static void three_audio_tracks(void)
{
	begin();
	strcpy(disc.mcn, "4006381333931");
	add_track(0, 150, 700, 1, CD_AUDIO);
	strcpy(add_track(850, 150, 600, 1, CD_AUDIO)->isrc, "DEAAA0000002");
	disc.track[1].control = 3;
	*add_track(1450, 0, 500, 1, CD_AUDIO)->index = 1675;
	disc.track[2].indexes = 1;
	disc.session[0].lead_out = 1950;
	add_extent(0, 1950, 0, 2352);
}

static void an_audio_cd(void **state)
{
	(void)state;
	three_audio_tracks();
	add_pack("\x80\0\0\0", "Album\0First");
	add_pack("\x80\2\1\0", "\t\0Third\0\0\0\0\0");
	assert_null(write_it("album.bin", 1950 * 2352, NULL));
	assert_string_equal(text, "REM MMCGADGET album.bin\r\n"
				  "CATALOG 4006381333931\r\n"
				  "TITLE \"Album\"\r\n"
				  "FILE \"album.bin\" BINARY\r\n"
				  "  TRACK 01 AUDIO\r\n"
				  "    TITLE \"First\"\r\n"
				  "    INDEX 01 00:00:00\r\n"
				  "  TRACK 02 AUDIO\r\n"
				  "    FLAGS DCP PRE\r\n"
				  "    TITLE \"First\"\r\n"
				  "    ISRC DEAAA0000002\r\n"
				  "    INDEX 00 00:09:25\r\n"
				  "    INDEX 01 00:11:25\r\n"
				  "  TRACK 03 AUDIO\r\n"
				  "    TITLE \"Third\"\r\n"
				  "    INDEX 01 00:19:25\r\n"
				  "    INDEX 02 00:22:25\r\n");
}

/* A pregap and a run-out that are in no file, and a second session. */
static void an_enhanced_cd(void **state)
{
	(void)state;
	begin();
	disc.sessions = 2;
	add_track(0, 150, 602, 1, CD_AUDIO);
	add_track(752, 150, 452, 1, CD_AUDIO);
	add_track(12604, 150, 402, 2, CD_XA);
	disc.session[0].lead_out = 1204;
	disc.session[1] = (struct cd_session){0x20, 13006};
	add_extent(0, 600, 0, 2352);
	add_zeros(600, 2);
	add_extent(752, 450, 600 * 2352, 2352);
	add_zeros(1202, 2);
	add_extent(12604, 400, 1050 * 2352, 2352);
	add_zeros(13004, 2);
	assert_null(write_it("a.bin", 1450 * 2352, NULL));
	assert_string_equal(text, "REM MMCGADGET a.bin\r\n"
				  "FILE \"a.bin\" BINARY\r\n"
				  "REM SESSION 01\r\n"
				  "  TRACK 01 AUDIO\r\n"
				  "    INDEX 01 00:00:00\r\n"
				  "    POSTGAP 00:00:02\r\n"
				  "  TRACK 02 AUDIO\r\n"
				  "    PREGAP 00:02:00\r\n"
				  "    INDEX 01 00:08:00\r\n"
				  "    POSTGAP 00:00:02\r\n"
				  "REM LEAD-OUT 00:16:04\r\n"
				  "REM SESSION 02\r\n"
				  "  TRACK 03 MODE2/2352\r\n"
				  "    PREGAP 00:02:00\r\n"
				  "    INDEX 01 00:14:00\r\n"
				  "    POSTGAP 00:00:02\r\n"
				  "REM LEAD-OUT 02:53:31\r\n");
}

static void what_a_cue_cannot_say(void **state)
{
	(void)state;
	three_audio_tracks();
	assert_string_equal(write_it(".a.bin", 1950 * 2352, NULL), "it cannot name this file");
	assert_string_equal(write_it("a\\b.bin", 1950 * 2352, NULL), "it cannot name this file");
	assert_string_equal(write_it("a.bin ", 1950 * 2352, NULL), "it cannot name this file");
	assert_string_equal(write_it("a.bin", 1950 * 2352, "b\n.cdt"), "it cannot name this file");
	disc.extent[0].unit = 2448;
	disc.extent[0].offset = 1;
	assert_string_equal(write_it("a.bin", 1950 * 2448 + 1, NULL),
		"the parts of the disc are not one behind the other in the file");
	three_audio_tracks();
	disc.extents = 0;
	add_extent(0, 100, 0, 2352);
	add_extent(100, 1850, 200 * 2352, 2352);
	assert_string_equal(
		write_it("a.bin", 2050 * 2352, NULL), "a track is stored in several pieces");
}

static void a_small_buffer(void **state)
{
	const struct cue_write ask = {&disc, "a.bin", 1950 * 2352, NULL};
	size_t len, whole;

	(void)state;
	three_audio_tracks();
	assert_null(cue_write(&ask, text, sizeof(text), &whole));
	for (size_t size = 1; size <= whole; size++) {
		assert_string_equal(cue_write(&ask, text, size, &len), "it would be too long");
		assert_int_equal(len, 0);
	}
	assert_null(cue_write(&ask, text, whole + 1, &len));
}

static void the_first_line_says_whose_it_is(void **state)
{
	char name[16];

	(void)state;
	three_audio_tracks();
	assert_null(write_it("album.bin", 1950 * 2352, NULL));
	assert_true(cue_write_made(text, strlen(text), name, sizeof(name)));
	assert_string_equal(name, "album.bin");
	assert_true(cue_write_made(text, strlen(text), name, 9));
	assert_string_equal(name, "");
	assert_false(cue_write_made(text, 12, name, sizeof(name)));
	assert_false(cue_write_made(text + 1, strlen(text) - 1, name, sizeof(name)));
}

/* ---- CD-Text ------------------------------------------------------------------------------ */

static void titles(void **state)
{
	char title[CD_NAME_MAX];

	(void)state;
	begin();
	add_track(0, 150, 700, 1, CD_AUDIO);
	add_pack("\x80\0\0\0", "A long name,");
	add_pack("\x80\0\1\xc", " of M\xfcller\0\1");
	add_pack("\x80\2\2\0", "Two\0\0\0\0\0\0\0\0");
	add_pack("\x80\0\3\x10", "Deutsch\0Eins");
	assert_true(cd_name(&disc, CD_TITLE, 0, title));
	assert_string_equal(title, "A long name, of M\xc3\xbcller");
	assert_false(cd_name(&disc, CD_TITLE, 1, title)); /* its text is not complete */
	assert_true(cd_name(&disc, CD_TITLE, 2, title));
	assert_string_equal(title, "Two");
	assert_false(cd_name(&disc, CD_TITLE, 4, title));
	assert_false(cd_name(&disc, CD_PERFORMER, 0, title));
	assert_string_equal(title, "");
	/* Japanese is in the raw packs only; the lines have the other language. */
	add_pack("\x8f\0\4\0", "\x80\1\1\0\0\0\0\0\0\0\0");
	assert_true(cd_name(&disc, CD_TITLE, 0, title));
	assert_string_equal(title, "Deutsch");
}

static void what_needs_the_packs(void **state)
{
	(void)state;
	three_audio_tracks();
	assert_false(cue_write_needs_packs(&disc));
	add_pack("\x80\0\0\0", "Album\0First");
	assert_false(cue_write_needs_packs(&disc));
	add_pack("\x8f\0\1\0", "\0\1\3\0\0\0\0\0\0\0\0");
	assert_false(cue_write_needs_packs(&disc));
	add_pack("\x81\0\2\0", "\"A\"\0\0\0\0\0\0\0\0");
	assert_true(cue_write_needs_packs(&disc));
	disc.text_packs = 0;
	add_pack("\x86\0\0\0", "ABC 123\0\0\0\0");
	assert_true(cue_write_needs_packs(&disc));
	disc.text_packs = 0;
	add_pack("\x80\0\0\x10", "Deutsch\0\0\0\0");
	assert_true(cue_write_needs_packs(&disc));
	/* A pack is missing: its texts are on no line. */
	disc.text_packs = 0;
	add_pack("\x80\0\0\0", "Album\0First");
	add_pack("\x80\1\1\5", "\0Second\0\0\0\0");
	assert_false(cue_write_needs_packs(&disc));
	disc.text[1][2] = 2;
	cd_text_seal(disc.text[1]);
	assert_true(cue_write_needs_packs(&disc));
	/* A text that is longer than those of a line. */
	for (unsigned packs = 43; packs <= 44; packs++) {
		disc.text_packs = 0;
		for (unsigned i = 0; i < packs; i++) {
			const char header[4] = {'\x80', 0, (char)i, i ? 15 : 0};

			add_pack(header, i + 1 < packs ? "abcdefghijkl" : "mno\0\0\0\0\0\0\0\0");
		}
		assert_int_equal(cue_write_needs_packs(&disc), packs == 44);
	}
}

/* ---- round trip --------------------------------------------------------------------------- */

static uint32_t seed;

/* 0 to n - 1. */
static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* How the file of a made-up disc grows. */
struct grow {
	int32_t lba;
	uint64_t byte;
	bool holes;        /* what is not stored has its place in the file */
	bool gaps;         /* so has the gap between two sessions */
	bool plain;        /* data of 2048 bytes for a sector */
	uint8_t last_unit; /* 0: none yet */
};

static void grow_track(struct grow *g, uint8_t session, bool first)
{
	static const uint8_t forms[] = {CD_AUDIO, CD_AUDIO, CD_MODE1, CD_MODE1, CD_XA};
	uint8_t form = g->plain && roll(4) ? CD_MODE1 : forms[roll(ARRAY_LEN(forms))];
	uint16_t unit = form == CD_MODE1 && g->plain ? 2048 : 2352;
	uint32_t pregap = first || roll(2) ? 150 : roll(3) * roll(400), runout = roll(2) * 2;
	uint32_t data = 300 + roll(2000), stored_gap = roll(2) ? roll(pregap + 1) : pregap;
	struct cd_track *t;

	if (first && session > 1) {
		int32_t gap = session == 2 ? 11250 : 6750;

		g->lba += gap;
		if (g->gaps)
			g->byte += (uint64_t)gap * unit;
	}
	if (session == 1 && first)
		stored_gap = 0;
	t = add_track(g->lba + (int32_t)pregap, pregap, data + runout, session, form);
	if (session == 1 && first && roll(3) == 0) {
		/* More before index 1 than the standard pregap. */
		uint32_t more = 1 + roll(500);

		t->pregap += more;
		t->start += (int32_t)more;
		stored_gap = roll(2) ? more : roll(more);
		if (g->holes)
			g->byte += (uint64_t)(more - stored_gap) * unit;
	} else if (g->holes && !(session == 1 && first)) {
		g->byte += (uint64_t)(pregap - stored_gap) * unit;
	}
	add_extent(t->start - (int32_t)stored_gap, stored_gap + data, g->byte, unit);
	add_zeros(t->start + (int32_t)data, runout);
	g->byte += (uint64_t)(stored_gap + data) * unit;
	if (g->holes)
		g->byte += (uint64_t)runout * unit;
	g->lba = t->start + (int32_t)(data + runout);
	t->control |= (uint8_t)(roll(2) * 2 + (form == CD_AUDIO ? roll(2) + roll(2) * 8 : 0));
	for (int32_t at = t->start; roll(4) == 0 && t->indexes < CD_MAX_INDEXES;) {
		at += 1 + (int32_t)roll(100);
		if (at < g->lba)
			t->index[t->indexes++] = at;
	}
	if (roll(3) == 0) {
		int letter = (int)('A' + roll(26));

		snprintf(t->isrc, sizeof(t->isrc), "DEAB%c%07u", letter, roll(10000000));
	}
	if (form == CD_XA)
		disc.session[session - 1].format = 0x20;
}

static void grow_disc(struct grow *g)
{
	begin();
	*g = (struct grow){.lba = -150, .holes = roll(2), .gaps = roll(2), .plain = roll(2)};
	disc.first_track = (uint8_t)(1 + roll(2) * roll(20));
	disc.sessions = 0;
	for (uint32_t sessions = 1 + roll(2) * roll(4); sessions > 0; sessions--) {
		disc.sessions++;
		for (uint32_t i = 0, n = 1 + roll(5); i < n; i++)
			grow_track(g, disc.sessions, i == 0);
		disc.session[disc.sessions - 1].lead_out = g->lba;
	}
	if (roll(2))
		snprintf(disc.mcn, sizeof(disc.mcn), "%013u", roll(1u << 24));
}

/* The same sector of the file, or one that was not stored, and now is in a hole of it. */
static void assert_same_bytes(int32_t lba, uint64_t size)
{
	struct cd_run a, b;

	assert_true(cd_find_run(&disc, lba, &a) && cd_find_run(&parsed.map, lba, &b));
	if (a.file == CD_NO_FILE) {
		assert_true(b.file == CD_NO_FILE || b.offset + b.unit <= size);
		return;
	}
	assert_int_equal(a.file, b.file);
	assert_int_equal(a.offset, b.offset);
	assert_int_equal(a.unit, b.unit);
	assert_int_equal(a.form, b.form);
	assert_int_equal(a.swapped, b.swapped);
}

static void assert_same_disc(uint64_t size)
{
	const struct cd_map *m = &parsed.map;

	assert_string_equal(m->mcn, disc.mcn);
	assert_int_equal(m->first_track, disc.first_track);
	assert_int_equal(m->tracks, disc.tracks);
	assert_int_equal(m->sessions, disc.sessions);
	for (unsigned i = 0; i < disc.sessions; i++) {
		assert_int_equal(m->session[i].format, disc.session[i].format);
		assert_int_equal(m->session[i].lead_out, disc.session[i].lead_out);
	}
	for (unsigned i = 0; i < disc.tracks; i++) {
		const struct cd_track *t = &disc.track[i];

		assert_int_equal(m->track[i].start, t->start);
		assert_int_equal(m->track[i].pregap, t->pregap);
		assert_int_equal(m->track[i].length, t->length);
		assert_int_equal(m->track[i].session, t->session);
		assert_int_equal(m->track[i].control, t->control);
		assert_int_equal(m->track[i].indexes, t->indexes);
		assert_memory_equal(m->track[i].index, t->index, sizeof(t->index));
		assert_string_equal(m->track[i].isrc, t->isrc);
		for (int32_t lba = t->start - (int32_t)t->pregap;
			lba < t->start + (int32_t)t->length; lba++)
			assert_same_bytes(lba, size);
	}
}

static void made_up_discs_come_back(void **state)
{
	struct grow g;
	unsigned said = 0;

	(void)state;
	for (uint32_t n = 0; n < 4000; n++) {
		const char *why;

		seed = n;
		grow_disc(&g);
		why = write_it("disc.bin", g.byte, NULL);
		if (why) {
			/* The refusal is that of a gap on a disc with sectors of two sizes. */
			assert_true(g.gaps && g.plain && disc.sessions > 1);
			continue;
		}
		said++;
		{
			const struct fake_file file[] = {{"disc.bin", g.byte, NULL, 0, 0}};

			if (!parse("disc.cue", text, file, 1))
				fail_msg("disc %u: %s\n%s", n, parsed.error, text);
		}
		assert_same_disc(g.byte);
	}
	assert_true(said > 3900);
}

/* The number of a lead-out that could be its length. */
static void a_lead_out_that_is_no_length(void **state)
{
	const struct fake_file file[] = {{"a.iso", 2048 * (18150 + 300), NULL, 0, 0}};

	(void)state;
	begin();
	disc.sessions = 2;
	add_track(0, 150, 6750, 1, CD_MODE1);
	add_track(18150, 150, 300, 2, CD_MODE1);
	disc.session[0].lead_out = 6750;
	disc.session[1].lead_out = 18450;
	add_extent(0, 6750, 0, 2048);
	add_extent(18150, 300, 18150 * 2048, 2048);
	assert_null(write_it("a.iso", file[0].size, NULL));
	assert_parses("a.cue", text, file);
	assert_same_disc(file[0].size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_audio_cd),
		cmocka_unit_test(an_enhanced_cd),
		cmocka_unit_test(what_a_cue_cannot_say),
		cmocka_unit_test(a_small_buffer),
		cmocka_unit_test(the_first_line_says_whose_it_is),
		cmocka_unit_test(titles),
		cmocka_unit_test(what_needs_the_packs),
		cmocka_unit_test(made_up_discs_come_back),
		cmocka_unit_test(a_lead_out_that_is_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
