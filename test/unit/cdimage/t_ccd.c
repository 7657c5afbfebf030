// SPDX-License-Identifier: GPL-2.0-or-later
/* The .ccd of CloneCD. */
#include "unit/cdimage/fake_files.h"

#define S UINT64_C(2352)
#define HEAD                                                                                       \
	"[CloneCD]\r\nVersion=3\r\n[Disc]\r\nTocEntries=8\r\nSessions=1\r\nCATALOG="               \
	"4006381333931\r\n"
#define ENTRY(session, point, control, psec, plba)                                                 \
	"[Entry 0]\r\nSession=" session "\r\nPoint=" point "\r\nADR=0x01\r\nControl=" control      \
	"\r\nTrackNo=0\r\nAMin=0\r\nALBA=-150\r\nZero=0\r\nPMin=1\r\nPSec=" psec                   \
	"\r\nPFrame=0\r\nPLBA=" plba "\r\n"

static const uint8_t sector_1[16] = {
	0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0, 1};
static const uint8_t sector_2[16] = {
	0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 2, 47, 25, 2};

static void mixed_disc(void **state)
{
	static const struct fake_file files[] = {{.name = "my disc.img",
		.size = 3000 * S,
		.head = sector_1,
		.head_len = sizeof(sector_1)}};

	(void)state;
	assert_parses("my disc.ccd",
		HEAD ENTRY("1", "0xa0", "0x04", "0", "4350") ENTRY(
			"1", "0xa1", "0x00", "0", "13350") ENTRY("1", "0xa2", "0x00", "42", "3000")
			ENTRY("1", "0x01", "0x04", "2", "0") ENTRY(
				"1", "0x02", "0x02", "17", "1150") ENTRY("1", "0x03", "0x00", "23",
				"1608") "[TRACK 1]\r\nMODE=1\r\nINDEX 1=0\r\n"
					"[TRACK 2]\r\nMODE=0\r\nINDEX 0=1000\r\nINDEX 1=1150\r\n"
					"[TRACK 3]\r\nMODE=0\r\nISRC=DEA419900001\r\nINDEX "
					"0=1500\r\nINDEX 1=1608\r\nINDEX 2=1875\r\n",
		files);
	assert_int_equal(parsed.map.tracks, 3);
	assert_string_equal(parsed.map.mcn, "4006381333931");
	assert_track(1, 0, 150, 1000, CD_MODE1, 4);
	assert_track(2, 1150, 150, 350, CD_AUDIO, 2);
	assert_track(3, 1608, 108, 1392, CD_AUDIO, 0);
	assert_int_equal(parsed.map.track[2].index[0], 1875);
	assert_string_equal(parsed.map.track[2].isrc, "DEA419900001");
	assert_extent(2, 1000, 150, 0, 1000 * S, 2352);
	assert_extent(5, 1608, 1392, 0, 1608 * S, 2352);
	assert_int_equal(parsed.map.session[0].lead_out, 3000);
}

/*
 * The gap between the sessions is not in the image. The first sector of the second track, and not
 * its MODE, says what its mode is.
 */
static void two_sessions(void **state)
{
	static const struct fake_file files[] = {{.name = "a.img",
		.size = 1700 * S,
		.head = sector_2,
		.head_len = sizeof(sector_2),
		.at = 1000 * S}};

	(void)state;
	assert_parses("a.ccd",
		ENTRY("1", "0xa0", "0x00", "0", "0") ENTRY("1", "0xa2", "0x00", "0", "1000") ENTRY(
			"1", "1", "0x00", "2", "0") ENTRY("2", "0xa0", "0x04", "32", "0") ENTRY("2",
			"0xa2", "0x04", "0", "13100") ENTRY("2", "2", "0x04", "0",
			"12400") "[TRACK 1]\nMODE=0\nINDEX 1=0\n[TRACK 2]\nMODE=1\nINDEX 1=0\n",
		files);
	assert_int_equal(parsed.map.sessions, 2);
	assert_int_equal(parsed.map.session[0].lead_out, 1000);
	assert_int_equal(parsed.map.session[1].lead_out, 13100);
	assert_int_equal(parsed.map.session[1].format, 0x20);
	assert_track(1, 0, 150, 1000, CD_AUDIO, 0);
	assert_track(2, 12400, 150, 700, CD_XA, 4);
	assert_extent(3, 12400, 700, 0, 1000 * S, 2352);
}

/* The .sub has what the .img has: nothing of a gap. */
static void subchannels(void **state)
{
	static const char text[] = ENTRY("1", "0xa2", "0", "0", "1000")
		ENTRY("1", "1", "0", "2", "0") ENTRY("2", "0xa2", "0", "0", "13100")
			ENTRY("2", "2", "0", "0", "12400") "[TRACK 1]\nMODE=0\n[TRACK 2]\nMODE=0\n";
	static const struct fake_file files[] = {
		{.name = "a.img", .size = 1700 * S}, {.name = "a.sub", .size = 1700 * 96}};
	static const struct fake_file more[] = {
		{.name = "a.img", .size = 1800 * S}, {.name = "a.sub", .size = 1800 * 96}};
	static const struct fake_file odd[] = {
		{.name = "a.img", .size = 1700 * S}, {.name = "a.sub", .size = 1700 * 96 - 1}};
	const struct cd_extent *e = parsed.map.extent;

	(void)state;
	assert_parses("a.ccd", text, files);
	assert_int_equal(parsed.map.files, 2);
	assert_int_equal(parsed.map.extents, 4);
	assert_string_equal(parsed.note, "");
	assert_int_equal(parsed.use[1], CDIMAGE_STORED);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(e[i].subs, i % 2 ? CD_SUBS_PLANES : CD_SUBS_NONE);
		assert_int_equal(e[i].sub_file, i % 2);
	}
	assert_int_equal(e[1].sub_offset, 0);
	assert_int_equal(e[3].sub_offset, 1000 * 96);
	/* An image may be longer than its tracks. */
	assert_parses("a.ccd", text, more);
	assert_int_equal(e[3].subs, CD_SUBS_PLANES);
	/* A .sub of another size belongs to the disc, too, but the disc is read without it. */
	assert_parses("a.ccd", text, odd);
	assert_int_equal(parsed.map.files, 2);
	assert_int_equal(parsed.use[1], CDIMAGE_UNUSED);
	assert_int_equal(e[1].subs | e[3].subs, CD_SUBS_NONE);
	assert_string_equal(parsed.note,
		"a.ccd: the subchannels in the .sub are left out, and computed instead: the .sub "
		"has 163199 bytes, and would have 163200 for the 1700 sectors of the .img");
	assert_true(parse("a.ccd", text, files, 1));
	assert_int_equal(parsed.map.files, 1);
	assert_int_equal(e[1].subs | e[3].subs, CD_SUBS_NONE);
	assert_string_equal(parsed.note, "");
}

static void texts(void **state)
{
	static const struct fake_file files[] = {{.name = "a.img", .size = 1000 * S}};

	(void)state;
	assert_parses("a.ccd",
		ENTRY("1", "0xa2", "0", "0", "1000")
			ENTRY("1", "1", "0", "0", "0") "[CDText]\nEntries=2\nEntry 0=80 00 00 00 "
						       "48 69 00 00 00 00 00 00 00 00 00 00\n"
						       "Entry 1=81 0 zz\n",
		files);
	assert_int_equal(parsed.map.text_packs, 1);
	assert_memory_equal(parsed.map.text[0], "\x80\0\0\0Hi\0", 7);
}

#define PACK "80 00 00 00 48 69 00 00 00 00 00 00 00 00 00 00 a5 0e"

/* The second entry lacks the last byte of its checksum; the third has a byte too many. */
static void a_pack_with_half_a_checksum_is_left_out(void **state)
{
	static const struct fake_file files[] = {{.name = "a.img", .size = 1000 * S}};
	char text[600];

	(void)state;
	snprintf(text, sizeof(text), "%s[CDText]\nEntry 0=%s\nEntry 1=%.*s\nEntry 2=%s 00\n",
		ENTRY("1", "0xa2", "0", "0", "1000") ENTRY("1", "1", "0", "0", "0"), PACK,
		(int)strlen(PACK) - 3, PACK, PACK);
	assert_parses("a.ccd", text, files);
	assert_int_equal(parsed.map.text_packs, 1);
	assert_memory_equal(parsed.map.text[0], "\x80\0\0\0Hi\0", 7);
}

static void refusals(void **state)
{
	static const struct fake_file files[] = {{.name = "a.img", .size = 1000 * S}};
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"[CloneCD]\n", "a.ccd: it is not a file of CloneCD: it has no [Entry] of a track"},
		{ENTRY("1", "1", "0", "0", "0"), "a.ccd: session 1 has no lead-out"},
		{ENTRY("0", "1", "0", "0", "0"),
			"a.ccd line 13: an [Entry] has no session from 1 to 99"},
		{"[Entry 1]\nPLBA=x\n", "a.ccd line 2: there is no number behind \"=\""},
		{"[Entry 1]\nPLBA=99999999\n", "a.ccd line 2: there is no number behind \"=\""},
		{"[TRACK 100]\n", "a.ccd line 1: TRACK needs a number from 1 to 99"},
		{ENTRY("1", "0xa2", "0", "0", "1001") ENTRY("1", "1", "0", "0", "0"),
			"a.ccd: the file \"a.img\" is too short: track 1 needs 1001 sectors of "
			"2352 bytes "
			"from byte 0 on, and the file has 2352000 bytes"},
		{ENTRY("1", "0xa2", "0", "0", "0") ENTRY("1", "1", "0", "0", "0"),
			"a.ccd: the addresses of track 1 do not fit the others"},
		{ENTRY("2", "0xa2", "0", "0", "9") ENTRY("2", "1", "0", "0", "0"),
			"a.ccd: track 1 is in session 2, out of order"},
		{ENTRY("1", "0xa2", "0", "0", "1000") ENTRY("1", "1", "0", "0", "0") ENTRY(
			 "1", "2", "0", "0", "500") "[TRACK 2]\nINDEX 0=0\nINDEX 1=600\n",
			"a.ccd: the addresses of track 1 do not fit the others"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused("a.ccd", rows[i].text, files, ARRAY_LEN(files), rows[i].why);
	assert_refused("b.ccd", ENTRY("1", "0xa2", "0", "0", "5") ENTRY("1", "1", "0", "0", "0"),
		files, 1, "b.ccd: the file \"b.img\" is missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed_disc),
		cmocka_unit_test(two_sessions),
		cmocka_unit_test(subchannels),
		cmocka_unit_test(texts),
		cmocka_unit_test(a_pack_with_half_a_checksum_is_left_out),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
