// SPDX-License-Identifier: GPL-2.0-or-later
/* What a CHD says of itself: a disc of tracks, or words why it is none. */
#include "unit/cdimage/fake_files.h"

#include "cd/check.h"
#include "cdimage/chd_frames.h"
#include "util/be.h"

#define HUNK   (8 * CHD_FRAME)
#define FRAMES 1000u

/* A CHD as chdman writes it, without its hunks. */
static uint8_t chd[8192];
static size_t chd_len;

static void put64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static void begin(void)
{
	memset(chd, 0, sizeof(chd));
	memcpy(chd, CHD_MAGIC, 8);
	put_be32(chd + 8, 124);
	put_be32(chd + 12, 5);
	memcpy(chd + 16, "cdlzcdzlcdfl", 12);
	put64(chd + 32, (uint64_t)FRAMES * CHD_FRAME);
	put64(chd + 40, 100); /* the map */
	put_be32(chd + 56, HUNK);
	put_be32(chd + 60, CHD_FRAME);
	chd_len = 124;
}

/* Adds an entry at the end of the chain. */
static void add(const char *tag, const char *text)
{
	size_t n = strlen(text) + 1, at = 48, next;

	while ((next = (size_t)get_be64(chd + at)))
		at = next + 8;
	assert_true(chd_len + 16 + n <= sizeof(chd));
	put64(chd + at, chd_len);
	memcpy(chd + chd_len, tag, 4);
	chd[chd_len + 4] = 1;
	put_be24(chd + chd_len + 5, (uint32_t)n);
	memcpy(chd + chd_len + 16, text, n);
	chd_len += 16 + n;
}

static bool parse_chd(void)
{
	const struct fake_file file = {
		.name = "x.chd", .size = chd_len, .head = chd, .head_len = chd_len};

	return parse("x.chd", "", &file, 1);
}

static void assert_disc(void)
{
	if (!parse_chd())
		fail_msg("%s", parsed.error);
	assert_null(cd_map_check(&parsed.map, parsed.size, NULL));
	assert_int_equal(parsed.map.files, 1);
	assert_int_equal(parsed.use[0], CDIMAGE_CHD_FRAMES);
	assert_true(parsed.size[0] == FRAMES * UINT64_C(9184));
	assert_int_equal(parsed.mentions.count, 0);
}

static void assert_no_disc(const char *why)
{
	if (parse_chd())
		fail_msg("it is a disc; expected: %s", why);
	assert_string_equal(parsed.error, why);
}

#define TYPE(n, type) "TRACK:" n " TYPE:" type " SUBTYPE:NONE FRAMES:"
#define ABSENT        " PGTYPE:MODE1 PGSUB:NONE POSTGAP:"
#define STORED        " PGTYPE:VAUDIO PGSUB:NONE POSTGAP:"

#define PACKED                                                                                     \
	"x.chd: the subchannels of its tracks are left out, and computed instead: they are not "   \
	"stored as those of a disc (RW_RAW, in tracks of 2352 bytes)"

/* ---- discs -------------------------------------------------------------------------------- */

static void tracks_are_where_chdman_puts_them(void **state)
{
	(void)state;
	begin();
	add("CHT2", TYPE("1", "MODE1_RAW") "41 PREGAP:0" ABSENT "0");
	add("CHT2", TYPE("2", "AUDIO") "33 PREGAP:150" ABSENT "0");
	add("CHT2", TYPE("3", "AUDIO") "25 PREGAP:5" STORED "3");
	assert_disc();
	assert_int_equal(parsed.map.tracks, 3);
	assert_track(1, 0, 150, 41, CD_MODE1, 4);
	assert_track(2, 41 + 150, 150, 33, CD_AUDIO, 0);
	assert_track(3, 41 + 150 + 33 + 5, 5, 20 + 3, CD_AUDIO, 0);
	/* Each begins at a multiple of 4 frames. */
	assert_extent(0, -150, 150, -1, 0, 0);
	assert_extent(1, 0, 41, 0, 0, 2352);
	assert_extent(2, 41, 150, -1, 0, 0);
	assert_extent(3, 191, 33, 0, 44 * 2352, 2352);
	assert_extent(4, 224, 5, 0, 80 * 2352, 2352);
	assert_extent(5, 229, 20, 0, 85 * 2352, 2352);
	assert_extent(6, 249, 3, -1, 0, 0);
	assert_false(parsed.map.extent[1].swapped);
	assert_true(parsed.map.extent[3].swapped);
	assert_string_equal(parsed.note, "");
}

static void all_types_of_sectors(void **state)
{
	static const struct {
		const char *type;
		unsigned unit, form, format;
		uint64_t row;
	} rows[] = {
		{"MODE1", 2048, CD_MODE1, 0x00, FRAMES * UINT64_C(4688)},
		{"MODE1_RAW", 2352, CD_MODE1, 0x00, 0},
		{"MODE2", 2336, CD_XA, 0x20, FRAMES * UINT64_C(2352)},
		{"MODE2_FORM1", 2048, CD_XA_FORM1, 0x20, FRAMES * UINT64_C(4688)},
		{"MODE2_FORM_MIX", 2336, CD_XA, 0x20, FRAMES * UINT64_C(2352)},
		{"MODE2_RAW", 2352, CD_XA, 0x20, 0},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		add("CHTR", "TRACK:1 TYPE:AUDIO SUBTYPE:RW FRAMES:301");
		snprintf(text, sizeof(text), TYPE("2", "%s") "500 PREGAP:0" ABSENT "0",
			rows[i].type);
		add("CHT2", text);
		assert_disc();
		assert_track(2, 301, 0, 500, rows[i].form, 4);
		assert_extent(
			2, 301, 500, 0, rows[i].row + UINT64_C(304) * rows[i].unit, rows[i].unit);
		assert_int_equal(parsed.map.session[0].format, rows[i].format);
		assert_string_equal(parsed.note, PACKED);
	}
}

/* Raw subchannels are read with their sectors, also those of a pregap; of shorter sectors they are
 * not. */
static void subchannels(void **state)
{
	(void)state;
	begin();
	add("CHT2", "TRACK:1 TYPE:MODE1_RAW SUBTYPE:RW_RAW FRAMES:41");
	add("CHT2", "TRACK:2 TYPE:AUDIO SUBTYPE:RW_RAW FRAMES:33 PREGAP:5" STORED "0");
	add("CHT2", TYPE("3", "AUDIO") "25 PREGAP:0" ABSENT "0");
	assert_disc();
	assert_extent(1, 0, 41, 0, FRAMES * UINT64_C(6736), 2448);
	assert_extent(2, 41, 5, 0, FRAMES * UINT64_C(6736) + 44 * 2448, 2448);
	assert_extent(3, 46, 28, 0, FRAMES * UINT64_C(6736) + 49 * 2448, 2448);
	assert_extent(4, 74, 25, 0, 80 * 2352, 2352);
	assert_true(parsed.map.extent[2].swapped);
	assert_string_equal(parsed.note, "");
	begin();
	add("CHT2", "TRACK:1 TYPE:MODE1 SUBTYPE:RW_RAW FRAMES:41");
	assert_disc();
	assert_extent(1, 0, 41, 0, FRAMES * UINT64_C(4688), 2048);
	assert_string_equal(parsed.note, PACKED);
}

static void last_track_ends_with_the_frames(void **state)
{
	(void)state;
	begin();
	add("abcd", "something else");
	add("CHT2", TYPE("1", "AUDIO") "1000 PREGAP:0" ABSENT "0");
	assert_disc();
	begin();
	add("CHT2", TYPE("1", "AUDIO") "999 PREGAP:0" ABSENT "0");
	add("CHT2", TYPE("2", "AUDIO") "1 PREGAP:0" ABSENT "0");
	assert_no_disc("x.chd: its tracks have more sectors than it holds");
}

/* ---- what is no disc ---------------------------------------------------------------------- */

static void header_is_checked(void **state)
{
#define CUT "x.chd: it is cut: its header tells of a larger file"
#define BIG "x.chd: its hunks are too large, or no whole sectors; make it with chdman's usual size"
	static const struct {
		unsigned at, bytes;
		uint64_t value;
		const char *why;
	} rows[] = {
		{7, 1, 'd', "x.chd: it is no CHD, or it is cut"},
		{12, 4, 4,
			"x.chd: it has another version than 5; \"chdman copy\" makes one of it "
			"that is read"},
		{16, 4, 0x61766875, "x.chd: it is compressed in a way that is not read"},
		{32, 8, 0, "x.chd: it holds no sectors, or more than a CD can have"},
		{32, 8, UINT64_MAX, "x.chd: it holds no sectors, or more than a CD can have"},
		{32, 8, UINT64_C(450301) * CHD_FRAME,
			"x.chd: it holds no sectors, or more than a CD can have"},
		{40, 8, UINT64_MAX, CUT},
		{48, 8, UINT64_MAX, CUT},
		{56, 4, 0, BIG},
		{56, 4, 19583, BIG},
		{56, 4, 27 * CHD_FRAME, BIG},
		{60, 4, 512, "x.chd: it is not the CHD of a CD"},
		{104, 1, 1,
			"x.chd: it is only the difference to another CHD; \"chdman copy\" "
			"makes a whole one of both"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		add("CHT2", TYPE("1", "AUDIO") "1000 PREGAP:0" ABSENT "0");
		for (unsigned k = 0; k < rows[i].bytes; k++)
			chd[rows[i].at + k] =
				(uint8_t)(rows[i].value >> 8 * (rows[i].bytes - 1 - k));
		assert_no_disc(rows[i].why);
	}
	begin();
	chd_len = 123;
	assert_no_disc("x.chd: it is no CHD, or it is cut");
}

static void texts_are_checked(void **state)
{
	static const struct {
		const char *tag, *text, *why;
	} rows[] = {
		{"CHT2", TYPE("2", "AUDIO") "10", "its track 1 is not where it belongs"},
		{"CHT2", "", "its track 1 is not where it belongs"},
		{"CHT2", "TRACK: TYPE:", "its track 1 is not where it belongs"},
		{"CHT2", "TRACK:1", "sectors of the type \"\" (track 1) are not read"},
		{"CHT2", TYPE("1", "MODE2_FORM2") "9",
			"sectors of the type \"MODE2_FORM2\" (track 1) are not read"},
		{"CHT2", TYPE("1", "AUDIO") "-1",
			"FRAMES of a track is not a number, or too large"},
		{"CHT2", TYPE("1", "AUDIO") "99999999999999999999",
			"FRAMES of a track is not a number, or too large"},
		{"CHT2", TYPE("1", "AUDIO") "450301",
			"FRAMES of a track is not a number, or too large"},
		{"CHT2", TYPE("1", "AUDIO") "0 PREGAP:0", "track 1 has no sectors"},
		{"CHT2", TYPE("1", "AUDIO") "9 PREGAP:9" STORED "0", "track 1 is all pregap"},
		{"CHT2", TYPE("1", "AUDIO") "1001", "its tracks have more sectors than it holds"},
		{"CHT2", TYPE("1", "AUDIO") "9 PREGAP:450000" ABSENT "0",
			"the disc is longer than a CD (99:59:74)"},
		{"CHGD", TYPE("1", "AUDIO") "10", "it is a GD-ROM, and no CD"},
		{"CHCD", "",
			"it is of an old chdman; \"chdman copy\" makes one of it that is read"},
		{"DVD ", "", "it has no tracks; of CHDs only those of CDs are read"},
	};
	char why[128], text[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		add(rows[i].tag, rows[i].text);
		snprintf(why, sizeof(why), "x.chd: %s", rows[i].why);
		assert_no_disc(why);
	}
	begin();
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	add("CHT2", text);
	assert_no_disc("x.chd: the text of a track is too long");
}

static void chain_ends(void **state)
{
	(void)state;
	begin();
	assert_no_disc("x.chd: it has no tracks; of CHDs only those of CDs are read");
	add("abcd", "");
	put64(chd + 124 + 8, 124);
	assert_no_disc("x.chd: the list of its tracks has no end");
	put64(chd + 124 + 8, UINT64_MAX - 3);
	assert_no_disc("x.chd: it is cut, or cannot be read");
	begin();
	add("CHT2", TYPE("1", "AUDIO") "10");
	put_be24(chd + 124 + 5, 100);
	assert_no_disc("x.chd: it is cut, or cannot be read");
	begin();
	for (unsigned i = 1; i <= 100; i++) {
		char text[64];

		snprintf(text, sizeof(text), "TRACK:%u TYPE:AUDIO FRAMES:1", i);
		add("CHT2", text);
	}
	assert_no_disc("x.chd: there are more than 99 tracks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracks_are_where_chdman_puts_them),
		cmocka_unit_test(all_types_of_sectors),
		cmocka_unit_test(subchannels),
		cmocka_unit_test(last_track_ends_with_the_frames),
		cmocka_unit_test(header_is_checked),
		cmocka_unit_test(texts_are_checked),
		cmocka_unit_test(chain_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
