// SPDX-License-Identifier: GPL-2.0-or-later
/* The .toc of cdrdao. */
#include "unit/cdimage/fake_files.h"

#define S UINT64_C(2352)

/* As "cdrdao read-cd --read-raw" writes a mixed disc. */
static void mixed_disc(void **state)
{
	static const struct fake_file files[] = {{.name = "data.bin", .size = 3000 * S}};

	(void)state;
	assert_parses("m.toc",
		"CD_ROM\n\nCATALOG \"4006381333931\"\n\n"
		"// Track 1\nTRACK MODE1_RAW\nNO COPY\nDATAFILE \"data.bin\" 00:13:25 // length in "
		"bytes: 2352000\n"
		"ZERO MODE1_RAW 00:02:00\n\n"
		"// Track 2\nTRACK AUDIO\nCOPY\nNO PRE_EMPHASIS\nTWO_CHANNEL_AUDIO\nISRC "
		"\"DEA419900001\"\n"
		"SILENCE 00:02:00\nFILE \"data.bin\" #2352000 0 00:06:50\nSTART 00:02:00\n\n"
		"TRACK AUDIO\nNO COPY\nPRE_EMPHASIS\n"
		"AUDIOFILE \"data.bin\" SWAP #2352000 00:06:50 00:20:00\nINDEX 00:10:00\nINDEX "
		"00:12:00\n",
		files);
	assert_int_equal(parsed.map.tracks, 3);
	assert_string_equal(parsed.map.mcn, "4006381333931");
	assert_track(1, 0, 150, 1150, CD_MODE1, 4);
	assert_track(2, 1300, 150, 500, CD_AUDIO, 2);
	assert_track(3, 1800, 0, 1500, CD_AUDIO, 1);
	assert_int_equal(parsed.map.track[2].indexes, 2);
	assert_int_equal(parsed.map.track[2].index[0], 1800 + 750);
	assert_string_equal(parsed.map.track[1].isrc, "DEA419900001");
	assert_int_equal(parsed.map.session[0].lead_out, 3300);
	assert_extent(1, 0, 1000, 0, 0, 2352);
	assert_extent(2, 1000, 150, -1, 0, 0);
	assert_extent(4, 1300, 500, 0, 1000 * S, 2352);
	assert_extent(5, 1800, 1500, 0, 1500 * S, 2352);
	/* cdrdao's samples are big-endian, unless SWAP says otherwise. */
	assert_true(parsed.map.extent[4].swapped);
	assert_false(parsed.map.extent[5].swapped);
	assert_int_equal(parsed.map.files, 1);
}

static void modes(void **state)
{
	static const struct fake_file files[] = {{.name = "x", .size = 10000 * S}};
	static const struct {
		const char *text;
		unsigned form, unit, format;
	} rows[] = {
		{"CD_ROM TRACK MODE1 DATAFILE \"x\" 00:06:00", CD_MODE1, 2048, 0},
		{"CD_ROM TRACK MODE2 DATAFILE \"x\" 00:06:00", CD_MODE2, 2336, 0},
		{"CD_ROM_XA TRACK MODE2_FORM1 DATAFILE \"x\" 00:06:00", CD_XA_FORM1, 2048, 0x20},
		{"CD_ROM_XA TRACK MODE2_FORM_MIX DATAFILE \"x\" 00:06:00", CD_XA, 2336, 0x20},
		{"CD_ROM_XA TRACK MODE2_RAW DATAFILE \"x\" 00:06:00", CD_XA, 2352, 0x20},
		{"CD_I TRACK MODE2_RAW RW_RAW DATAFILE \"x\" 00:06:00", CD_XA, 2448, 0x20},
		{"CD_DA TRACK AUDIO RW_RAW FILE \"x\" 0 00:06:00", CD_AUDIO, 2448, 0},
		{"CD_DA TRACK AUDIO FILE \"x\" 588 264600", CD_AUDIO, 2352, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_parses("m.toc", rows[i].text, files);
		assert_int_equal(parsed.map.track[0].form, rows[i].form);
		assert_int_equal(parsed.map.track[0].length, 450);
		assert_int_equal(parsed.map.extent[1].unit, rows[i].unit);
		assert_int_equal(parsed.map.session[0].format, rows[i].format);
	}
	assert_int_equal(parsed.map.extent[1].offset, 2352);
	/* Only samples have a byte order. */
	assert_parses("m.toc", "CD_ROM TRACK MODE1 FILE \"x\" SWAP 0 00:06:00", files);
	assert_false(parsed.map.extent[1].swapped);
}

static void texts(void **state)
{
	static const struct fake_file files[] = {{.name = "x.bin", .size = 1000 * S}};

	(void)state;
	assert_parses("t.toc",
		"CD_DA CD_TEXT { LANGUAGE_MAP { 0 : EN }\n LANGUAGE 0 { TITLE \"Album\" SIZE_INFO "
		"{ 0, 1,\n 2 }\n"
		" GENRE { 0 } } LANGUAGE 1 { TITLE \"Other\" } }\n"
		"TRACK AUDIO CD_TEXT { LANGUAGE 0 { TITLE \"Song\" PERFORMER \"a\\\"b\" } }\n"
		"PREGAP 00:01:00 FILE \"x.bin\" 0\n",
		files);
	assert_track(1, 75, 225, 1000, CD_AUDIO, 0);
	assert_int_equal(parsed.map.text_packs, 1 + 3);
	assert_memory_equal(parsed.map.text[0], "\x80\0\0\0Album\0Song\0\0", 16);
}

static void refusals(void **state)
{
	static const struct fake_file files[] = {{.name = "x.bin", .size = 1000 * S + 4}};
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "a.toc line 1: it has no TRACK"},
		{"// x\nhello", "a.toc line 2: \"hello\" is not known here"},
		{"CD_TEXT { LANGUAGE 0 { TITLE \"a\\\nb\" } }\nhello",
			"a.toc line 3: \"hello\" is not known here"},
		{"CATALOG 5", "a.toc line 1: CATALOG needs a text in quotation marks"},
		{"CD_DA\nTRACK FIFO", "a.toc line 2: \"FIFO\" is not a type of track that is read"},
		{"TRACK MODE2_FORM2", "a.toc line 1: sectors of 2324 bytes are not read"},
		{"TRACK AUDIO\nFILE \"y.bin\" 0", "a.toc line 2: the file \"y.bin\" is missing"},
		{"TRACK AUDIO\nFILE \"x.bin\" 0 \n 1",
			"a.toc line 3: the length of FILE is not a whole number of sectors"},
		{"TRACK AUDIO FILE \"x.bin\"",
			"a.toc line 1: FILE needs a start behind the name of the file"},
		{"TRACK AUDIO FILE \"x.bin\" 0 00:14:00",
			"a.toc line 1: the file \"x.bin\" is too short for this FILE"},
		{"TRACK AUDIO FILE \"x.bin\" #281474976710656 281474976710656 281474976710656",
			"a.toc line 1: the length of FILE is not a whole number of sectors"},
		{"TRACK AUDIO FILE \"x.bin\" #99999999999999999999 0",
			"a.toc line 1: there is no number behind \"#\""},
		{"TRACK AUDIO SILENCE 999:00:00",
			"a.toc line 1: the disc is longer than a CD (99:59:74)"},
		{"TRACK AUDIO\n", "a.toc line 2: track 1 ends before its START"},
		{"TRACK AUDIO SILENCE 00:04:00 START 00:04:00",
			"a.toc line 1: track 1 ends before its START"},
		{"TRACK AUDIO SILENCE 00:04:00 INDEX 00:04:00",
			"a.toc line 1: an INDEX of track 1 is behind its end"},
		{"TRACK AUDIO CD_TEXT { LANGUAGE 0 { TITLE",
			"a.toc line 1: a text in quotation marks is missing"},
		{"TRACK AUDIO CD_TEXT { LANGUAGE_MAP {", "a.toc line 1: a \"}\" is missing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused("a.toc", rows[i].text, files, ARRAY_LEN(files), rows[i].why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed_disc),
		cmocka_unit_test(modes),
		cmocka_unit_test(texts),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
