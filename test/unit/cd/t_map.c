// SPDX-License-Identifier: GPL-2.0-or-later
/* The check of a map: each rule with a map that breaks only it. The look-ups, against slow ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cd/find.h"
#include "unit/cd/discs.h"

static struct cd_map m;

/* ---- the check ---- */

static void discs_of_the_tests_are_discs(void **state)
{
	(void)state;
	mixed_disc(&m);
	assert_null(cd_map_check(&m, sizes, NULL));
	audio_disc(&m);
	assert_null(cd_map_check(&m, sizes, NULL));
	extra_disc(&m);
	assert_null(cd_map_check(&m, sizes, NULL));
	assert_null(cd_map_check(&m, NULL, NULL));
}

/* The map is refused with a sentence that has these words, about this track, session or extent. */
static void assert_refused(const char *words, unsigned number)
{
	unsigned at = 12345;
	const char *what = cd_map_check(&m, sizes, &at);

	assert_non_null(what);
	if (!strstr(what, words))
		fail_msg("\"%s\" lacks \"%s\"", what, words);
	assert_int_equal(at, number);
}

/* Breaks the mixed disc by one statement. */
#define REFUSES(words, number, ...)                                                                \
	do {                                                                                       \
		mixed_disc(&m);                                                                    \
		__VA_ARGS__;                                                                       \
		assert_refused(words, number);                                                     \
	} while (0)

static void wrong_counts(void **state)
{
	(void)state;
	REFUSES("1 to 99 tracks", 0, m.tracks = 0);
	REFUSES("1 to 99 tracks", 0, m.tracks = 100);
	REFUSES("numbers from 1 to 99", 0, m.first_track = 0);
	REFUSES("numbers from 1 to 99", 0, m.first_track = 98);
	REFUSES("numbers from 1 to 99", 0, m.first_track = 255);
	REFUSES("at least one session", 0, m.sessions = 0);
	REFUSES("at least one session", 0, m.sessions = 4);
	REFUSES("too many files", 0, m.files = CD_MAX_FILES + 1);
	REFUSES("too many files", 0, m.extents = CD_MAX_EXTENTS + 1);
	REFUSES("too much CD-Text", 0, m.text_packs = CD_MAX_TEXT_PACKS + 1);
	REFUSES("13 digits", 0, m.mcn[12] = '\0');
	REFUSES("13 digits", 0, m.mcn[13] = '1');
	REFUSES("13 digits", 0, m.mcn[12] = 'A');
	REFUSES("unknown type", 0, m.text_packs = 1);
}

static void wrong_tracks(void **state)
{
	(void)state;
	REFUSES("form or the control", 2, m.track[1].form = CD_XA + 1);
	REFUSES("form or the control", 2, m.track[1].control = 16);
	REFUSES("data for audio", 2, m.track[1].control = 4);
	REFUSES("data for audio", 1, m.track[0].control = 2);
	REFUSES("no sectors", 2, m.track[1].length = 0);
	REFUSES("99 minutes", 2, m.track[1].length = UINT32_MAX);
	REFUSES("99 minutes", 2, m.track[1].length = CD_LBA_END - 1150 + 1);
	REFUSES("99 minutes", 2, m.track[1].start = INT32_MAX);
	REFUSES("99 minutes", 2, m.track[1].pregap = UINT32_MAX);
	REFUSES("too many indexes", 2, m.track[1].indexes = CD_MAX_INDEXES + 1);
	REFUSES("indexes of the track", 2, (m.track[1].indexes = 1, m.track[1].index[0] = 1150));
	REFUSES("indexes of the track", 2, (m.track[1].indexes = 1, m.track[1].index[0] = 1750));
	REFUSES("indexes of the track", 2,
		(m.track[1].indexes = 2, m.track[1].index[0] = m.track[1].index[1] = 1200));
	REFUSES("ISRC", 2, m.track[1].isrc[0] = 'd');
	REFUSES("ISRC", 2, m.track[1].isrc[5] = 'A');
	REFUSES("ISRC", 2, m.track[1].isrc[11] = '\0');
	REFUSES("ISRC", 2, m.track[1].isrc[12] = '0');
}

static void wrong_places_of_tracks(void **state)
{
	(void)state;
	REFUSES("where a disc does", 1, m.track[0].session = 2);
	REFUSES("where a disc does", 1, m.track[0].start = -1);
	REFUSES("where a disc does", 1, m.track[0].pregap = 151);
	REFUSES("where a disc does", 1, m.track[0].start = 151);
	REFUSES("where the one before it ends", 2, m.track[1].start = 1149);
	REFUSES("where the one before it ends", 2, m.track[1].start = INT32_MIN);
	REFUSES("where the one before it ends", 3, m.track[2].pregap = 1);
	REFUSES("do not follow", 3, m.track[2].session = 3);
	REFUSES("do not follow", 3, m.track[2].session = 0);
	REFUSES("do not follow", 3, m.track[2].session = 2);
	REFUSES("a session has no track", 3, m.sessions = 2);
	REFUSES("lead-out", 1, m.session[0].lead_out = 2249);
	REFUSES("format of the session", 1, m.session[0].format = 0x30);
	extra_disc(&m);
	m.track[2].start = 1450;
	assert_refused("session begins before", 3);
	extra_disc(&m);
	m.session[0].lead_out = 12700;
	assert_refused("lead-out", 1);
}

static void wrong_extents(void **state)
{
	(void)state;
	REFUSES("do not follow", 1, m.extent[1].lba = 999);
	REFUSES("do not follow", 0, m.extent[0].lba = -151);
	REFUSES("do not follow", 2, m.extent[2].count = 0);
	REFUSES("file that is not there", 1, m.extent[1].file = 2);
	REFUSES("byte order", 1, memset(&m.extent[1].swapped, 2, 1));
	REFUSES("unknown size", 1, m.extent[1].unit = 2351);
	REFUSES("unknown size", 1, m.extent[1].unit = 0);
	REFUSES("after the end of its file", 0, m.extent[0].offset = 1);
	REFUSES("after the end of its file", 0, m.extent[0].offset = UINT64_MAX);
	REFUSES("after the end of its file", 0, m.extent[0].offset = UINT64_MAX - 2047999);
	REFUSES("after the end of its file", 0, m.extent[0].count = UINT32_MAX);
	REFUSES("after the end of its file", 0, m.extent[0].unit = 2352);
	REFUSES("cannot hold", 1, m.extent[1].unit = 2048);
	REFUSES("cannot hold", 1, m.extent[1].unit = 2336);
	REFUSES("cannot hold", 0, m.extent[0].lba = 150);
	REFUSES("other byte order", 0, m.extent[0].swapped = true);
	REFUSES("in no track", 2,
		m.extent[2] = (struct cd_extent){.lba = 2000, .count = 251, .file = CD_NO_FILE});
	REFUSES("in no track", 2,
		m.extent[2] = (struct cd_extent){
			.lba = INT32_MAX, .count = UINT32_MAX, .file = CD_NO_FILE});
	/* An element of the array after the last track is not a track. */
	REFUSES("in no track", 2,
		(m.track[3] = (struct cd_track){.start = 2250, .length = 600, .session = 1},
			m.extent[2] =
				(struct cd_extent){.lba = 2000, .count = 251, .file = CD_NO_FILE}));
	REFUSES("nowhere", 1, m.extents = 0);
	REFUSES("nowhere", 3, m.extents = 2);
	REFUSES("nowhere", 1, m.extent[0].count = 999);
	REFUSES("nowhere", 1, (m.extent[0].lba = 1, m.extent[0].count = 999));
	extra_disc(&m);
	m.extent[0] = (struct cd_extent){.lba = 0, .count = 1451, .file = CD_NO_FILE};
	assert_refused("in no track", 0);
}

/* File 2 has subchannels for the second track of file 1. */
static void add_subs(void)
{
	mixed_disc(&m);
	m.files = 3;
	m.extent[1].subs = CD_SUBS_PLANES;
	m.extent[1].sub_file = 2;
	m.extent[1].sub_offset = sizes[2] - 600 * 96;
}

#define REFUSES_SUBS(why, change)                                                                  \
	do {                                                                                       \
		add_subs();                                                                        \
		change;                                                                            \
		assert_refused(why, 1);                                                            \
	} while (0)

static void subchannels_are_in_their_file(void **state)
{
	struct cd_run run;

	(void)state;
	add_subs();
	assert_null(cd_map_check(&m, sizes, NULL));
	assert_true(cd_find_run(&m, 1160, &run));
	assert_int_equal(run.subs, CD_SUBS_PLANES);
	assert_int_equal(run.sub_file, 2);
	assert_int_equal(run.sub_offset, sizes[2] - 590 * 96);
	assert_true(cd_find_run(&m, 1750, &run));
	assert_int_equal(run.subs, CD_SUBS_NONE);
	assert_true(cd_find_run(&m, 1149, &run));
	assert_int_equal(run.subs, CD_SUBS_NONE);
	REFUSES_SUBS("are nowhere", m.extent[1].subs = 2);
	REFUSES_SUBS("are nowhere", m.extent[1].sub_file = 3);
	REFUSES_SUBS("end of their file", m.extent[1].sub_offset++);
	REFUSES_SUBS("end of their file", m.extent[1].sub_offset = UINT64_MAX);
	REFUSES_SUBS("end of their file", m.extent[1].sub_offset = UINT64_MAX - 600 * 96 + 1);
}

/* The ends of the extents are those of the files, to the byte. */
static void a_file_that_lost_a_byte(void **state)
{
	uint64_t shorter[CD_MAX_FILES];

	(void)state;
	mixed_disc(&m);
	memcpy(shorter, sizes, sizeof(shorter));
	assert_null(cd_map_check(&m, shorter, NULL));
	m.extent[0].offset = INT64_MAX - 2047999;
	assert_non_null(cd_map_check(&m, NULL, NULL));
	m.extent[0].offset--;
	assert_null(cd_map_check(&m, NULL, NULL));
	m.extent[0].offset = 0;
	shorter[1]--;
	assert_string_equal(
		cd_map_check(&m, shorter, NULL), "a part of the disc is after the end of its file");
}

static void each_form_has_its_units(void **state)
{
	static const uint16_t units[] = {2048, 2336, 2352, 2448};
	static const char allowed[CD_XA + 1][5] = {"nnyy", "ynyy", "nyyy", "yyyy", "nyyy", "nyyy"};

	(void)state;
	for (uint8_t form = CD_AUDIO; form <= CD_XA; form++) {
		for (unsigned u = 0; u < 4; u++) {
			mixed_disc(&m);
			m.track[0].form = form;
			m.track[0].control = form == CD_AUDIO ? 0 : 4;
			m.extent[0].unit = units[u];
			assert_int_equal(
				cd_map_check(&m, NULL, NULL) == NULL, allowed[form][u] == 'y');
		}
	}
}

static void shorter_first_pregaps_are_discs_too(void **state)
{
	(void)state;
	mixed_disc(&m);
	m.track[0].pregap = 0;
	assert_null(cd_map_check(&m, sizes, NULL));
	assert_int_equal(cd_find_track(&m, -150), 0);
	memmove(m.extent + 1, m.extent, 3 * sizeof(m.extent[0]));
	m.extent[0] = (struct cd_extent){.lba = -150, .count = 150, .file = CD_NO_FILE};
	m.extents++;
	assert_null(cd_map_check(&m, sizes, NULL));
	/* A hidden track before index 1 of track 1. */
	audio_disc(&m);
	m.track[0].start = 300;
	m.track[0].pregap = 450;
	m.track[0].length = 400;
	assert_null(cd_map_check(&m, sizes, NULL));
	m.track[0].pregap = 299;
	assert_refused("where a disc does", 1);
}

/* ---- the look-ups ---- */

/* By the words of the header, without any order. */
static int track_slowly(int32_t lba)
{
	for (int i = 0; i < m.tracks; i++) {
		const struct cd_track *t = &m.track[i];

		if (lba >= (i ? t->start - (int32_t)t->pregap : -150) &&
			lba < t->start + (int32_t)t->length)
			return i;
	}
	return -1;
}

static const struct cd_extent *extent_slowly(int32_t lba)
{
	for (unsigned i = 0; i < m.extents; i++) {
		const struct cd_extent *e = &m.extent[i];

		if (e->file != CD_NO_FILE && lba >= e->lba && lba < e->lba + (int32_t)e->count)
			return e;
	}
	return NULL;
}

static void assert_run(int32_t lba, int track, const struct cd_extent *e)
{
	struct cd_run run;

	assert_int_equal(cd_find_run(&m, lba, &run), track >= 0);
	if (track < 0)
		return;
	assert_int_equal(run.track, track);
	assert_int_equal(run.form, m.track[track].form);
	assert_int_equal(run.file, e ? e->file : CD_NO_FILE);
	assert_true(run.count >= 1);
	assert_int_equal(track_slowly(lba + (int32_t)run.count - 1), track);
	assert_ptr_equal(extent_slowly(lba + (int32_t)run.count - 1), e);
	if (e) {
		assert_int_equal(run.unit, e->unit);
		assert_int_equal(run.swapped, e->swapped);
		assert_int_equal(run.offset, e->offset + (uint64_t)(lba - e->lba) * e->unit);
	}
	/* It ends only where the track or the extent ends, or the next extent begins. */
	lba += (int32_t)run.count;
	if (track_slowly(lba) == track && extent_slowly(lba) == e) {
		bool begins = false;

		for (unsigned i = 0; i < m.extents; i++)
			begins |= lba == m.extent[i].lba ||
				  lba == m.extent[i].lba + (int32_t)m.extent[i].count;
		assert_true(begins);
	}
}

static void assert_look_ups(void)
{
	int32_t end = cd_end(&m);

	assert_null(cd_map_check(&m, NULL, NULL));
	for (int32_t lba = -200; lba < end + 7000; lba++) {
		int track = track_slowly(lba);
		const struct cd_extent *e = extent_slowly(lba);
		struct cd_position at;
		bool found = cd_find_position(&m, lba, &at);

		assert_int_equal(cd_find_track(&m, lba), track);
		assert_ptr_equal(cd_find_extent(&m, lba), e);
		assert_run(lba, track, e);
		if (track >= 0) {
			assert_true(found);
			assert_int_equal(at.track, m.first_track + track);
			assert_int_equal(at.control, m.track[track].control);
			assert_int_equal(at.lba, lba);
			assert_int_equal(at.relative, lba - m.track[track].start);
			assert_int_equal(at.index == 0, at.relative < 0);
		} else if (found) {
			assert_int_equal(at.track, CD_LEAD_OUT);
			assert_int_equal(at.index, 1);
			assert_true(at.relative >= 0 && at.relative < 6750);
		}
	}
}

static void look_ups_agree_with_slow_ones(void **state)
{
	(void)state;
	mixed_disc(&m);
	assert_look_ups();
	audio_disc(&m);
	assert_look_ups();
	extra_disc(&m);
	assert_look_ups();
}

/* Pieces of 1, 2, 3 ... sectors, every fifth of them not stored; pregaps partly stored. */
static void look_ups_of_many_pieces(void **state)
{
	int32_t at = -150;

	(void)state;
	audio_disc(&m);
	m.extents = 0;
	for (unsigned i = 0; at < 1950; i++) {
		uint32_t n = i % 9 + 1;

		if (at + (int32_t)n > 1950)
			n = (uint32_t)(1950 - at);
		if (i % 5 || (at >= 0 && at + (int32_t)n <= 1940 &&
				     (at + (int32_t)n < 700 || at > 850))) {
			m.extent[m.extents++] = (struct cd_extent){.lba = at,
				.count = n,
				.offset = (uint64_t)i << 33 | i,
				.file = i % 5 ? i % 3 : CD_NO_FILE,
				.unit = i % 2 ? 2352 : 2448,
				.swapped = i % 4 == 1};
		} else if (at + (int32_t)n > 850 || at >= -9) {
			m.extent[m.extents++] =
				(struct cd_extent){.lba = at, .count = n, .file = CD_NO_FILE};
		}
		at += (int32_t)n;
	}
	assert_look_ups();
}

static void indexes(void **state)
{
	struct cd_position at;

	(void)state;
	audio_disc(&m);
	m.track[2].indexes = 3;
	m.track[2].index[1] = 1676;
	m.track[2].index[2] = 1949;
	for (int32_t lba = 1450; lba < 1950; lba++) {
		assert_true(cd_find_position(&m, lba, &at));
		assert_int_equal(at.index, 1 + (lba >= 1675) + (lba >= 1676) + (lba >= 1949));
	}
}

static void lead_outs_have_their_length(void **state)
{
	struct cd_position at;

	(void)state;
	extra_disc(&m);
	assert_true(cd_find_position(&m, 1450 + 6749, &at));
	assert_int_equal(at.relative, 6749);
	assert_int_equal(at.control, 0);
	assert_false(cd_find_position(&m, 1450 + 6750, &at));
	assert_false(cd_find_position(&m, 12850 - 151, &at));
	assert_true(cd_find_position(&m, 12850 - 150, &at));
	assert_int_equal(at.track, 3);
	assert_true(cd_find_position(&m, 13750 + 2249, &at));
	assert_int_equal(at.control, 4);
	assert_false(cd_find_position(&m, 13750 + 2250, &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discs_of_the_tests_are_discs),
		cmocka_unit_test(wrong_counts),
		cmocka_unit_test(wrong_tracks),
		cmocka_unit_test(wrong_places_of_tracks),
		cmocka_unit_test(wrong_extents),
		cmocka_unit_test(a_file_that_lost_a_byte),
		cmocka_unit_test(subchannels_are_in_their_file),
		cmocka_unit_test(each_form_has_its_units),
		cmocka_unit_test(shorter_first_pregaps_are_discs_too),
		cmocka_unit_test(look_ups_agree_with_slow_ones),
		cmocka_unit_test(look_ups_of_many_pieces),
		cmocka_unit_test(indexes),
		cmocka_unit_test(lead_outs_have_their_length),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
