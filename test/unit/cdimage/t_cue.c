// SPDX-License-Identifier: GPL-2.0-or-later
/* Cue sheets as programs write them. */
#include "unit/cdimage/fake_files.h"

#define S UINT64_C(2352)

/* ---- one file ----------------------------------------------------------------------------- */

static void one_data_track(void **state)
{
	static const struct fake_file files[] = {{.name = "GAME.BIN", .size = 1000 * S}};

	(void)state;
	assert_parses("game.cue",
		"FILE \"GAME.BIN\" BINARY\r\n  TRACK 01 MODE1/2352\r\n    INDEX 01 00:00:00\r\n",
		files);
	assert_int_equal(parsed.map.first_track, 1);
	assert_int_equal(parsed.map.sessions, 1);
	assert_int_equal(parsed.map.session[0].lead_out, 1000);
	assert_int_equal(parsed.map.session[0].format, 0x00);
	assert_track(1, 0, 150, 1000, CD_MODE1, 4);
	assert_int_equal(parsed.map.extents, 2);
	assert_extent(0, -150, 150, -1, 0, 0);
	assert_extent(1, 0, 1000, 0, 0, 2352);
	assert_string_equal(parsed.name[0], "GAME.BIN");
}

static void units(void **state)
{
	static const struct {
		const char *mode;
		unsigned unit, form, control, format;
	} rows[] = {
		{"AUDIO", 2352, CD_AUDIO, 0, 0},
		{"CDG", 2448, CD_AUDIO, 0, 0},
		{"MODE1/2048", 2048, CD_MODE1, 4, 0},
		{"MODE1/2352", 2352, CD_MODE1, 4, 0},
		{"MODE2/2048", 2048, CD_XA_FORM1, 4, 0x20},
		{"MODE2/2336", 2336, CD_XA, 4, 0x20},
		{"MODE2/2352", 2352, CD_XA, 4, 0x20},
		{"cdi/2352", 2352, CD_XA, 4, 0x10},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct fake_file files[] = {
			{.name = "a.bin", .size = 700 * (uint64_t)rows[i].unit + 7}};
		char text[120];

		snprintf(text, sizeof(text), "FILE a.bin BINARY\nTRACK 1 %s\nINDEX 1 0:0:0",
			rows[i].mode);
		assert_parses("a.cue", text, files);
		assert_track(1, 0, 150, 700, rows[i].form, rows[i].control);
		assert_extent(1, 0, 700, 0, 0, rows[i].unit);
		assert_int_equal(parsed.map.session[0].format, rows[i].format);
	}
}

/* Old Macs end a line with a carriage return alone. */
static void lines_end_as_the_text_has_it(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 700 * S}};

	(void)state;
	assert_parses("a.cue",
		"REM x\rFILE \"a.bin\" BINARY\r TRACK 01 AUDIO\r  INDEX 01 00:00:00\r"
		" TRACK 02 AUDIO\r  INDEX 01 00:04:00",
		files);
	assert_track(1, 0, 150, 300, CD_AUDIO, 0);
	assert_track(2, 300, 0, 400, CD_AUDIO, 0);
	assert_refused("a.cue", "REM x\r\rFILE a.bin\r", files, ARRAY_LEN(files),
		"a.cue line 3: FILE needs a name and then BINARY, MOTOROLA or WAVE");
	/* In a text of other lines it is a blank. */
	assert_parses(
		"a.cue", "FILE a.bin BINARY\r\r\nTRACK 01 AUDIO\r\r\nINDEX\r01 00:00:00\n", files);
	assert_refused("a.cue", "REM x\r\r\nFILE a.bin\n", files, ARRAY_LEN(files),
		"a.cue line 2: FILE needs a name and then BINARY, MOTOROLA or WAVE");
}

/* A data track in sectors of 2048 bytes, and audio after it in the same file. */
static void units_change_within_a_file(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 600 * 2048 + 500 * S}};

	(void)state;
	assert_parses("a.cue",
		"FILE \"a.bin\" BINARY\n"
		" TRACK 01 MODE1/2048\n  INDEX 01 00:00:00\n"
		" TRACK 02 AUDIO\n  INDEX 00 00:08:00\n  INDEX 01 00:10:00\n",
		files);
	assert_track(1, 0, 150, 600, CD_MODE1, 4);
	assert_track(2, 750, 150, 350, CD_AUDIO, 0);
	assert_extent(1, 0, 600, 0, 0, 2048);
	assert_extent(2, 600, 150, 0, 600 * 2048, 2352);
	assert_extent(3, 750, 350, 0, 600 * 2048 + 150 * S, 2352);
}

/* An unstored pregap moves what follows; a stored one does not. */
static void pregap_is_not_index_0(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 2000 * S}};

	(void)state;
	assert_parses("a.cue",
		"FILE \"a.bin\" BINARY\n"
		" TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n"
		" TRACK 02 AUDIO\n  PREGAP 00:02:00\n  INDEX 01 00:13:25\n"
		" TRACK 03 AUDIO\n  INDEX 00 00:20:00\n  INDEX 01 00:22:00\n  POSTGAP 00:01:00\n",
		files);
	assert_track(1, 0, 150, 1000, CD_MODE1, 4);
	assert_track(2, 1150, 150, 500, CD_AUDIO, 0);
	assert_track(3, 1800, 150, 425, CD_AUDIO, 0);
	assert_int_equal(parsed.map.session[0].lead_out, 2225);
	assert_extent(2, 1000, 150, -1, 0, 0);
	assert_extent(3, 1150, 500, 0, 1000 * S, 2352);
	assert_extent(4, 1650, 150, 0, 1500 * S, 2352);
	assert_extent(5, 1800, 350, 0, 1650 * S, 2352);
	assert_extent(6, 2150, 75, -1, 0, 0);
}

/* "Hidden track one": what is before index 1 of the first track follows the standard pregap. */
static void first_track_may_begin_late(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 1000 * S}};

	(void)state;
	assert_parses("a.cue",
		"FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 00 00:00:00\nINDEX 01 00:04:00\n", files);
	assert_track(1, 300, 450, 700, CD_AUDIO, 0);
	assert_extent(0, -150, 150, -1, 0, 0);
	assert_extent(1, 0, 300, 0, 0, 2352);
	/* Without INDEX 00 it is the same. The standard pregap is not added twice. */
	assert_parses("a.cue",
		"FILE a.bin BINARY\nTRACK 01 AUDIO\nPREGAP 00:02:00\nINDEX 01 00:04:00\n", files);
	assert_track(1, 300, 450, 700, CD_AUDIO, 0);
}

static void indexes_and_flags_and_numbers(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 3000 * S}};

	(void)state;
	assert_parses("a.cue",
		"CATALOG 4006381333931\nFILE \"a.bin\" MOTOROLA\n"
		" TRACK 05 AUDIO\n  FLAGS DCP PRE SCMS\n  ISRC DE-A41-99-00001\n"
		"  INDEX 01 00:00:00\n  INDEX 02 00:10:00\n  INDEX 03 00:11:00\n"
		" TRACK 06 MODE1/2352\n  FLAGS DCP PRE\n  ISRC nonsense\n  INDEX 01 00:20:00\n"
		" TRACK 07 AUDIO\n  FLAGS 4CH\n  INDEX 01 00:30:00\n",
		files);
	assert_int_equal(parsed.map.first_track, 5);
	assert_string_equal(parsed.map.mcn, "4006381333931");
	assert_track(1, 0, 150, 1500, CD_AUDIO, 1 | 2);
	assert_track(2, 1500, 0, 750, CD_MODE1, 4 | 2);
	assert_track(3, 2250, 0, 750, CD_AUDIO, 8);
	assert_string_equal(parsed.map.track[0].isrc, "DEA419900001");
	assert_string_equal(parsed.map.track[1].isrc, "");
	assert_int_equal(parsed.map.track[0].indexes, 2);
	assert_int_equal(parsed.map.track[0].index[0], 750);
	assert_int_equal(parsed.map.track[0].index[1], 825);
	/* Only samples are big-endian, data are not. */
	assert_true(parsed.map.extent[1].swapped);
	assert_false(parsed.map.extent[2].swapped);
}

/* ---- a file for each track ---------------------------------------------------------------- */

#define HEAD "REM COMMENT \"x\"\nCATALOG 4006381333931\n"
static const char multi_cue[] =
	HEAD "FILE \"d (Track 1).bin\" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n"
	     "FILE \"d (Track 2).bin\" BINARY\n TRACK 02 AUDIO\n  INDEX 00 00:00:00\n  INDEX 01 "
	     "00:02:00\n"
	     "FILE \"d (Track 3).bin\" BINARY\n TRACK 03 AUDIO\n  ISRC DEA419900001\n"
	     "  INDEX 00 00:00:00\n  INDEX 01 00:01:33\n  INDEX 02 00:05:00\n";
static const char single_cue[] =
	HEAD "FILE \"d.bin\" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n"
	     " TRACK 02 AUDIO\n  INDEX 00 00:13:25\n  INDEX 01 00:15:25\n"
	     " TRACK 03 AUDIO\n  ISRC DEA419900001\n"
	     "  INDEX 00 00:20:00\n  INDEX 01 00:21:33\n  INDEX 02 00:25:00\n";
static const char previous_cue[] =
	HEAD "FILE \"p1.bin\" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n"
	     " TRACK 02 AUDIO\n  INDEX 00 00:13:25\n"
	     "FILE \"p2.bin\" BINARY\n  INDEX 01 00:00:00\n"
	     " TRACK 03 AUDIO\n  ISRC DEA419900001\n  INDEX 00 00:04:50\n"
	     "FILE \"p3.bin\" BINARY\n  INDEX 01 00:00:00\n  INDEX 02 00:03:42\n";

/* Replaces what may differ between texts of one disc. */
static void forget_files(struct cd_map *m)
{
	m->files = 0;
	for (unsigned i = 0; i < m->extents; i++) {
		struct cd_extent *e = &m->extent[i];

		e->file = e->file == CD_NO_FILE ? CD_NO_FILE : 0;
		e->offset = 0;
	}
}

static void forms_of_one_disc_are_one_map(void **state)
{
	static const struct fake_file multi[] = {{.name = "d (Track 1).bin", .size = 1000 * S},
		{.name = "d (Track 2).bin", .size = 500 * S},
		{.name = "d (Track 3).bin", .size = 1500 * S}};
	static const struct fake_file single[] = {{.name = "d.bin", .size = 3000 * S}};
	static const struct fake_file previous[] = {{.name = "p1.bin", .size = 1150 * S},
		{.name = "p2.bin", .size = 458 * S}, {.name = "p3.bin", .size = 1392 * S}};
	static struct cd_map a, b, c;

	(void)state;
	assert_parses("d.cue", multi_cue, multi);
	assert_track(1, 0, 150, 1000, CD_MODE1, 4);
	assert_track(2, 1150, 150, 350, CD_AUDIO, 0);
	assert_track(3, 1608, 108, 1392, CD_AUDIO, 0);
	assert_int_equal(parsed.map.track[2].index[0], 1875);
	assert_extent(2, 1000, 150, 1, 0, 2352);
	assert_extent(5, 1608, 1392, 2, 108 * S, 2352);
	a = parsed.map;
	assert_parses("d.cue", single_cue, single);
	assert_extent(5, 1608, 1392, 0, 1608 * S, 2352);
	b = parsed.map;
	assert_parses("d.cue", previous_cue, previous);
	assert_extent(2, 1000, 150, 0, 1000 * S, 2352);
	assert_extent(3, 1150, 350, 1, 0, 2352);
	assert_extent(4, 1500, 108, 1, 350 * S, 2352);
	assert_extent(5, 1608, 1392, 2, 0, 2352);
	c = parsed.map;
	forget_files(&a);
	forget_files(&b);
	forget_files(&c);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_memory_equal(&a, &c, sizeof(a));
}

static void names_of_other_systems(void **state)
{
	static const struct fake_file files[] = {{.name = "a b.bin", .size = 400 * S},
		{.name = "gr\xc3\xb6\xc3\x9f\x65.bin", .size = 400 * S}};

	(void)state;
	assert_parses("x.cue",
		"\xef\xbb\xbf"
		"FILE \"C:\\My Discs\\a b.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"FILE \"../../etc/gr\xc3\xb6\xc3\x9f\x65.bin\" BINARY\nTRACK 02 AUDIO\nINDEX 01 "
		"00:00:00\n",
		files);
	assert_string_equal(parsed.name[0], "a b.bin");
	/* ISO 8859-1; and no quotation marks. */
	assert_parses("x.cue",
		"FILE a b.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"FILE gr\xf6\xdf\x65.bin BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n",
		files);
	assert_string_equal(parsed.name[1], "gr\xc3\xb6\xc3\x9f\x65.bin");
}

/* ---- sessions ----------------------------------------------------------------------------- */

static void assert_two_sessions(unsigned pregap_file)
{
	assert_int_equal(parsed.map.sessions, 2);
	assert_int_equal(parsed.map.session[0].lead_out, 1000);
	assert_int_equal(parsed.map.session[1].lead_out, 1000 + 11400 + 700);
	assert_int_equal(parsed.map.session[1].format, 0x20);
	assert_track(1, 0, 150, 1000, CD_AUDIO, 0);
	assert_track(2, 12400, 150, 700, CD_XA, 4);
	assert_int_equal(parsed.map.track[1].session, 2);
	assert_int_equal(parsed.map.extent[2].lba, 12250);
	assert_int_equal(parsed.map.extent[2].count, 150);
	assert_int_equal(parsed.map.extent[2].file, pregap_file);
}

/* As redumper, IsoBuster and DiscImageCreator write it; the gap in the file, and not in it. */
static void second_sessions(void **state)
{
	static const struct fake_file multi[] = {
		{.name = "1.bin", .size = 1000 * S}, {.name = "2.bin", .size = 700 * S}};
	static const struct fake_file stored[] = {
		{.name = "a.bin", .size = 1000 * S + 11400 * S + 700 * S}};
	static const struct fake_file absent[] = {{.name = "a.bin", .size = 1700 * S}};
	static const struct fake_file tail[] = {
		{.name = "1.bin", .size = 12400 * S}, {.name = "2.bin", .size = 700 * S}};

	(void)state;
	assert_parses("a.cue",
		"REM SESSION 01\nFILE 1.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM LEAD-OUT 01:30:00\nREM SESSION 02\nREM LEAD-IN 01:00:00\nREM PREGAP 00:02:00\n"
		"FILE 2.bin BINARY\nTRACK 02 MODE2/2352\nINDEX 01 00:00:00\n",
		multi);
	assert_two_sessions(CD_NO_FILE);
	assert_extent(3, 12400, 700, 1, 0, 2352);
	assert_parses("a.cue",
		"FILE a.bin BINARY\nREM SESSION 01\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM LEAD-OUT 00:13:25\nREM SESSION 02\nTRACK 02 MODE2/2352\nINDEX 01 02:45:25\n",
		stored);
	assert_two_sessions(CD_NO_FILE);
	assert_extent(3, 12400, 700, 0, 12400 * S, 2352);
	/* The pregap of the second session is in the file, too. */
	assert_parses("a.cue",
		"FILE a.bin BINARY\nREM SESSION 01\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM LEAD-OUT 00:13:25\nREM SESSION 02\nTRACK 02 MODE2/2352\n"
		"INDEX 00 02:43:25\nINDEX 01 02:45:25\n",
		stored);
	assert_two_sessions(0);
	assert_extent(2, 12250, 150, 0, 12250 * S, 2352);
	/* INDEX 00 is where the gap begins. */
	assert_parses("a.cue",
		"FILE a.bin BINARY\nREM SESSION 01\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM SESSION 02\nTRACK 02 MODE2/2352\nINDEX 00 00:13:25\nINDEX 01 02:45:25\n",
		stored);
	assert_two_sessions(0);
	assert_extent(3, 12400, 700, 0, 12400 * S, 2352);
	assert_parses("a.cue",
		"FILE a.bin BINARY\nREM SESSION 01\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM SESSION 02\nTRACK 01 MODE2/2352\nINDEX 01 00:13:25\n",
		absent);
	assert_two_sessions(CD_NO_FILE);
	assert_extent(3, 12400, 700, 0, 1000 * S, 2352);
	/* A session that begins with track 1 again goes on with track 2. */
	assert_parses("a.cue",
		"FILE a.bin BINARY\nREM SESSION 01\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM SESSION 02\nTRACK 01 MODE2/2352\nINDEX 01 00:13:25\n"
		"TRACK 02 MODE2/2352\nINDEX 01 00:17:25\n",
		absent);
	assert_int_equal(parsed.map.tracks, 3);
	assert_track(2, 12400, 150, 300, CD_XA, 4);
	assert_track(3, 12700, 0, 400, CD_XA, 4);
	/* The gap belongs to the file of the last track of the first session. */
	assert_parses("a.cue",
		"REM SESSION 01\nFILE 1.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"REM LEAD-OUT 00:13:25\nREM SESSION 02\n"
		"FILE 2.bin BINARY\nTRACK 02 MODE2/2352\nINDEX 01 00:00:00\n",
		tail);
	assert_two_sessions(CD_NO_FILE);
	assert_extent(3, 12400, 700, 1, 0, 2352);
}

/* An index after the beginning of the lead-out does not belong to the track. */
static void lead_out_cuts_indexes(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 1000 * S}};

	(void)state;
	assert_parses("a.cue",
		"FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nINDEX 02 00:01:00\n"
		"INDEX 03 00:04:25\nREM LEAD-OUT 00:03:25\n",
		files);
	assert_track(1, 0, 150, 250, CD_AUDIO, 0);
	assert_int_equal(parsed.map.track[0].indexes, 1);
}

static void third_session_has_the_shorter_gap(void **state)
{
	static const struct fake_file files[] = {{.name = "1.bin", .size = 400 * 2048},
		{.name = "2.bin", .size = 500 * 2048}, {.name = "3.bin", .size = 600 * 2048}};

	(void)state;
	assert_parses("a.cue",
		"FILE 1.bin BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\nREM SESSION 02\n"
		"FILE 2.bin BINARY\nTRACK 02 MODE1/2048\nINDEX 01 00:00:00\nREM SESSION 03\n"
		"FILE 3.bin BINARY\nTRACK 03 MODE1/2048\nINDEX 01 00:00:00\n",
		files);
	assert_track(2, 400 + 11400, 150, 500, CD_MODE1, 4);
	assert_track(3, 400 + 11400 + 500 + 6900, 150, 600, CD_MODE1, 4);
}

/* ---- texts -------------------------------------------------------------------------------- */

static uint16_t crc(const uint8_t *p, size_t len)
{
	uint16_t c = 0;

	for (size_t i = 0; i < len * 8; i++) {
		unsigned bit = (p[i / 8] >> (7 - i % 8) & 1u) ^ (c >> 15);

		c = (uint16_t)(c << 1 ^ (bit ? 0x1021 : 0));
	}
	return (uint16_t)~c;
}

static void titles_become_cd_text(void **state)
{
	static const struct fake_file files[] = {{.name = "a.bin", .size = 1000 * S}};
	static const uint8_t first[] = "\x80\x00\x00\x00"
				       "The Album\0Fi";
	static const uint8_t second[] = "\x80\x01\x01\x02"
					"rst\0Zw\xf6i?\0\0";

	(void)state;
	assert_parses("a.cue",
		"TITLE \"The Album\"\nPERFORMER \"A \"B\" C\"\nFILE a.bin BINARY\n"
		"TRACK 01 AUDIO\nTITLE First\nINDEX 01 00:00:00\n"
		"TRACK 02 AUDIO\nTITLE \"Zw\xc3\xb6i\xe2\x98\x83\"\nINDEX 01 00:05:00\n",
		files);
	assert_int_equal(parsed.map.text_packs, 2 + 1 + 3);
	assert_memory_equal(parsed.map.text[0], first, 16);
	assert_memory_equal(parsed.map.text[1], second, 15);
	assert_memory_equal(parsed.map.text[2],
		"\x81\x00\x02\x00"
		"A \"B\" C\0\0\0\0",
		16);
	/* ISO 8859-1, tracks 1 to 2; two packs of titles, one of performers, three of sizes. */
	assert_memory_equal(parsed.map.text[3], "\x8f\x00\x03\x00\x00\x01\x02\x00\x02\x01", 10);
	assert_memory_equal(
		parsed.map.text[4], "\x8f\x01\x04\x00\x00\x00\x00\x00\x00\x00\x00\x03\x05", 13);
	assert_memory_equal(parsed.map.text[5], "\x8f\x02\x05\x00\x00\x00\x00\x00\x09", 9);
	for (unsigned i = 0; i < parsed.map.text_packs; i++) {
		const uint8_t *p = parsed.map.text[i];

		assert_int_equal(p[16] << 8 | p[17], crc(p, 16));
	}
}

static void packs_of_a_file_come_first(void **state)
{
	uint8_t packs[4 + 2 * 18 + 1] = {0, 38, 0, 0, 0x80, 0, 0, 0, 'H', 'i'};
	const struct fake_file files[] = {{.name = "a.bin", .size = 1000 * S},
		{.name = "a.cdt", .size = 4 + 2 * 18, .head = packs, .head_len = sizeof(packs)}};

	(void)state;
	packs[4 + 16] = (uint8_t)(crc(packs + 4, 16) >> 8);
	packs[4 + 17] = (uint8_t)crc(packs + 4, 16);
	packs[4 + 18] = 0x81; /* its checksum is wrong */
	assert_parses("a.cue",
		"CDTEXTFILE \"a.cdt\"\nTITLE \"other\"\nFILE a.bin BINARY\nTRACK 01 AUDIO\n"
		"INDEX 01 00:00:00\n",
		files);
	assert_int_equal(parsed.map.text_packs, 1);
	assert_memory_equal(parsed.map.text[0], packs + 4, 18);
	assert_int_equal(parsed.map.files, 2);
	assert_int_equal(parsed.map.extent[1].file, 1);
}

/* ---- where the text has the names of files ------------------------------------------------ */

static void assert_mention(unsigned n, const char *text, const char *name, unsigned file)
{
	const struct cdimage_mention *m = &parsed.mentions.at[n];

	assert_true(n < parsed.mentions.count);
	assert_int_equal(m->file, file);
	assert_int_equal(m->length, strlen(name));
	assert_memory_equal(text + m->at, name, m->length);
}

/* For a rename of a disc and its files, which changes their names in the text, too. */
static void names_are_pointed_out(void **state)
{
	static const struct fake_file files[] = {
		{.name = "a b.bin", .size = 1000 * 2352}, {.name = "c.bin", .size = 1000 * 2352}};
	static const char cue[] =
		"\xef\xbb\xbfREM a b.bin\nTITLE \"a b.bin\"\n"
		"FILE \"D:\\rips\\a b.bin\" BINARY\n TRACK 01 AUDIO\n  INDEX 01 "
		"00:00:00\nFILE c.bin BINARY\n TRACK 02 AUDIO\n  INDEX 01 00:00:00\n";
	static const char toc[] = "CD_DA\nTRACK AUDIO\nFILE \"c.bin\" 0 0:2:0\n"
				  "TRACK AUDIO\nFILE \"./c.bin\" 0:2:0 0:2:0\n"
				  "TRACK AUDIO\nFILE \"a\\040b.bin\" 0:2:0\n";

	(void)state;
	assert_parses("x.cue", cue, files);
	assert_int_equal(parsed.mentions.count, 2);
	assert_mention(0, cue, "a b.bin", 0);
	assert_mention(1, cue, "c.bin", 1);
	/* A name that the text writes with escapes is not pointed out. */
	assert_parses("x.toc", toc, files);
	assert_int_equal(parsed.map.files, 2);
	assert_int_equal(parsed.mentions.count, 2);
	assert_mention(0, toc, "c.bin", 0);
	assert_mention(1, toc, "c.bin", 0);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void refusals_say_the_line_and_the_reason(void **state)
{
	static const struct fake_file files[] = {
		{.name = "a.bin", .size = 1000 * S}, {.name = "b.bin", .size = 449000 * S}};
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "d.cue: it is not a cue sheet: it has no TRACK"},
		{"hello\nworld\n", "d.cue: it is not a cue sheet: it has no TRACK"},
		{"\xff\xfe"
		 "F",
			"d.cue: it is UTF-16; save it as UTF-8"},
		{"\n\nFILE \"X.bin\" BINARY\n", "d.cue line 3: the file \"X.bin\" is missing"},
		{"FILE \"/etc/\" BINARY\n", "d.cue line 1: \"\" is not the name of a file"},
		{"FILE \"..\" BINARY\n", "d.cue line 1: \"..\" is not the name of a file"},
		{"FILE a.bin\n",
			"d.cue line 1: FILE needs a name and then BINARY, MOTOROLA or WAVE"},
		{"FILE a.bin WAVE\n", "d.cue line 1: \"a.bin\" is not a WAV file"},
		{"TRACK 01 AUDIO\n", "d.cue line 1: TRACK before the first FILE"},
		{"INDEX 01 00:00:00\n", "d.cue line 1: INDEX before the first TRACK"},
		{"PREGAP 00:00:00\n", "d.cue line 1: PREGAP before the first TRACK"},
		{"FILE a.bin BINARY\nTRACK 1 MODE7\n",
			"d.cue line 2: \"MODE7\" is not a type of track that is read"},
		{"FILE a.bin BINARY\nTRACK 100 AUDIO\n",
			"d.cue line 2: TRACK needs a number from 1 to 99"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 0:0:0\nTRACK 3 AUDIO\n",
			"d.cue line 4: track 3 is not the one that follows track 1"},
		{"FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nREM SESSION 2\n"
		 "TRACK 01 AUDIO\nINDEX 01 00:00:20\nTRACK 04 AUDIO\n",
			"d.cue line 7: track 4 is not the one that follows track 1"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\n", "d.cue line 2: track 1 has no INDEX 01"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 00:00:255\n",
			"d.cue line 3: INDEX needs a number and a time, MINUTES:SECONDS:FRAMES"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 99999999999999999999:00:00\n",
			"d.cue line 3: INDEX needs a number and a time, MINUTES:SECONDS:FRAMES"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 -1:00:00\n",
			"d.cue line 3: INDEX needs a number and a time, MINUTES:SECONDS:FRAMES"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 0:0:0\nINDEX 00 0:1:0\n",
			"d.cue line 4: INDEX 00 does not follow INDEX 01"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 0:0:0\nINDEX 02 0:2:0\nINDEX 03 "
		 "0:1:0\n",
			"d.cue line 5: index 3 of track 1 is not behind the index before it"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 00:14:00\n",
			"d.cue line 3: the index is behind the end of the file \"a.bin\""},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 00:10:00\nTRACK 2 AUDIO\nINDEX 01 "
		 "00:02:00\n",
			"d.cue line 5: the index is not behind the one before it"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 01 0:0:0\nTRACK 2 AUDIO\nINDEX 01 "
		 "0:0:0\n",
			"d.cue line 4: track 1 has no sectors"},
		{"FILE b.bin BINARY\nTRACK 1 AUDIO\nPREGAP 00:14:00\nINDEX 01 0:0:0\n",
			"d.cue line 2: the disc is longer than a CD (99:59:74)"},
		{"FILE a.bin BINARY\nTRACK 1 AUDIO\nPREGAP 999:59:74\nINDEX 01 0:0:0\n",
			"d.cue line 4: the disc is longer than a CD (99:59:74)"},
		{"FILE b.bin BINARY\nTRACK 1 AUDIO\nPREGAP 00:14:00\nINDEX 01 0:0:0\nINDEX 02 "
		 "99:46:40\n",
			"d.cue line 5: the disc is longer than a CD (99:59:74)"},
		{"REM SESSION 0\n", "d.cue line 1: REM SESSION needs a number from 1 to 99"},
		{"REM SESSION 2\n", "d.cue line 1: session 2 does not follow session 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused("d.cue", rows[i].text, files, ARRAY_LEN(files), rows[i].why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_data_track),
		cmocka_unit_test(units),
		cmocka_unit_test(lines_end_as_the_text_has_it),
		cmocka_unit_test(units_change_within_a_file),
		cmocka_unit_test(pregap_is_not_index_0),
		cmocka_unit_test(first_track_may_begin_late),
		cmocka_unit_test(indexes_and_flags_and_numbers),
		cmocka_unit_test(forms_of_one_disc_are_one_map),
		cmocka_unit_test(names_of_other_systems),
		cmocka_unit_test(second_sessions),
		cmocka_unit_test(lead_out_cuts_indexes),
		cmocka_unit_test(third_session_has_the_shorter_gap),
		cmocka_unit_test(titles_become_cd_text),
		cmocka_unit_test(packs_of_a_file_come_first),
		cmocka_unit_test(names_are_pointed_out),
		cmocka_unit_test(refusals_say_the_line_and_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
