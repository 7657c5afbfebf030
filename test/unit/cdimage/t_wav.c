// SPDX-License-Identifier: GPL-2.0-or-later
/* WAV files that a cue sheet names. */
#include "unit/cdimage/fake_files.h"

/* fmt: tag, channels, rate, bytes per second, bytes per sample, bits */
#define FMT(tag, channels, rate, bits)                                                             \
	"fmt \x10\0\0\0" tag channels rate "\x10\xb1\x02\0\x04\0" bits
#define PCM "\x01\0"
#define TWO "\x02\0"
#define R44 "\x44\xac\0\0"
#define B16 "\x10\0"
#define RIFF                                                                                       \
	"RIFF\xff\xff\xff\xff"                                                                     \
	"WAVE"
#define CUE         "FILE a.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
#define LEFT        "are left out, because they are no whole sector"
#define BYTES(text) (text), sizeof(text) - 1

/* FLAC: rate, channels and bits; the lower 32 bits of the number of samples */
#define INFO(format, samples) "\x10\0\x10\0\0\0\0\0\0\0" format samples "0123456789abcdef"
#define FLAC(format, samples) "fLaC\0\0\0\x22" INFO(format, samples)

static void samples_are_found(void **state)
{
	/* 500 sectors and 276 bytes, which are no sector */
	static const char plain[] = RIFF FMT(PCM, TWO, R44, B16) "data\xd4\xf2\x11\0";
	static const char chunks[] =
		RIFF "LIST\x05\0\0\0abcde\0" FMT(PCM, TWO, R44, B16) "bext\x02\0\0\0xy"
								     "data\xd4\xf2\x11\0";
	static const char pipe[] = RIFF FMT(PCM, TWO, R44, B16) "data\xff\xff\xff\xff";
	static const char extensible[] = RIFF "fmt \x28\0\0\0\xfe\xff" TWO R44
					      "\x10\xb1\x02\0\x04\0" B16 "\x16\0\x10\0\x03\0\0\0"
					      "\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
					      "data\xd4\xf2\x11\0";
	static const struct {
		const char *head;
		size_t len;
		uint64_t size, offset;
	} rows[] = {
		{BYTES(plain), 44 + 500 * 2352 + 276, 44},
		{BYTES(chunks), 68 + 500 * 2352 + 276, 68},
		{BYTES(pipe), 44 + 500 * 2352, 44},
		{BYTES(extensible), 68 + 500 * 2352 + 276, 68},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct fake_file files[] = {{.name = "a.wav",
			.size = rows[i].size,
			.head = rows[i].head,
			.head_len = rows[i].len}};

		assert_parses("a.cue", CUE, files);
		assert_extent(1, 0, 500, 0, rows[i].offset, 2352);
		assert_false(parsed.map.extent[1].swapped);
		assert_string_equal(parsed.note,
			rows[i].head == pipe ? ""
					     : "a.cue: the last 69 samples of \"a.wav\" " LEFT
					       " of 588");
	}
}

/* The end of a file that is no whole sector is left out, and the note says so. */
static void end_of_a_file_is_told(void **state)
{
	/* 300 sectors and 69 samples */
	static const char wav[] = RIFF FMT(PCM, TWO, R44, B16) "data\x54\xc5\x0a\0";
	static const struct fake_file files[] = {
		{.name = "a.bin", .size = 300 * 2352 + 7},
		{.name = "a.wav",
			.size = 44 + 300 * 2352 + 276,
			.head = wav,
			.head_len = sizeof(wav) - 1},
		{.name = "b.bin", .size = 300 * 2352},
	};
	static const struct {
		const char *name, *text, *note;
	} rows[] = {
		{"a.cue",
			"FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n"
			"FILE b.bin BINARY\nTRACK 02 AUDIO\nINDEX 01 0:0:0\n",
			"a.cue: the last 7 bytes of \"a.bin\" " LEFT},
		{"a.cue",
			"FILE b.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n"
			"FILE a.wav WAVE\nTRACK 02 AUDIO\nINDEX 01 0:0:0\n"
			"FILE a.bin BINARY\nTRACK 03 AUDIO\nINDEX 01 0:0:0\n",
			"a.cue: the last 69 samples of \"a.wav\" " LEFT
			" of 588; so it is with 1 other file"},
		{"a.toc", "CD_DA TRACK AUDIO FILE \"a.wav\" 0",
			"a.toc: the last 69 samples of \"a.wav\" " LEFT " of 588"},
		{"a.toc", "CD_ROM TRACK MODE1_RAW DATAFILE \"a.bin\"",
			"a.toc: the last 7 bytes of \"a.bin\" " LEFT},
		/* The text gives a length, and so wants no more of the file. */
		{"a.toc", "CD_DA TRACK AUDIO FILE \"a.wav\" 0 0:4:0", ""},
		{"a.cue", "FILE b.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_parses(rows[i].name, rows[i].text, files);
		assert_int_equal(parsed.map.track[0].length, 300);
		assert_string_equal(parsed.note, rows[i].note);
	}
}

/* Extents of a FLAC file count its samples, whatever the size of the file. */
static void samples_of_flac_are_counted(void **state)
{
	/* 294000 samples are 500 sectors. */
	static const char plain[] = FLAC("\x0a\xc4\x42\xf0", "\0\x04\x7c\x70");
	static const char tagged[] =
		"ID3\x03\0\0\0\0\0\x02xy" FLAC("\x0a\xc4\x42\xf0", "\0\x04\x7c\x70");
	/* The bits of the number above 32 */
	static const char endless[] = FLAC("\x0a\xc4\x42\xf1", "\0\x04\x7c\x70");
	struct fake_file files[] = {{.name = "a.wav", .size = 1000}};

	(void)state;
	files[0].head = plain;
	files[0].head_len = sizeof(plain) - 1;
	assert_parses("a.cue", CUE, files);
	assert_extent(1, 0, 500, 0, 0, 2352);
	assert_int_equal(parsed.use[0], CDIMAGE_FLAC);
	assert_int_equal(parsed.size[0], 500 * 2352);
	files[0].head = tagged;
	files[0].head_len = sizeof(tagged) - 1;
	assert_parses("a.cue", CUE, files);
	assert_extent(1, 0, 500, 0, 0, 2352);
	files[0].head = endless;
	assert_refused(
		"a.cue", CUE, files, 1, "a.cue line 2: the disc is longer than a CD (99:59:74)");
	files[0].head = plain;
	/* A track of a FLAC file that is named twice, as a .toc does. */
	assert_parses("a.toc",
		"CD_DA\nTRACK AUDIO\nFILE \"a.wav\" 0 0:2:0\nTRACK AUDIO\nFILE \"a.wav\" 0:2:0\n",
		files);
	assert_int_equal(parsed.map.tracks, 2);
	assert_extent(2, 150, 350, 0, 150 * 2352, 2352);
	assert_refused("a.cue", CUE "FILE a.wav BINARY\n", files, 1,
		"a.cue line 4: \"a.wav\" is FLAC, and is named as a file of sectors as well");
	assert_refused("a.cue", "FILE a.wav BINARY\n" CUE, files, 1,
		"a.cue line 2: \"a.wav\" is FLAC, and is named as a file of sectors as well");
}

static void other_files_are_refused_in_words(void **state)
{
	static const struct {
		const char *head;
		size_t len;
		const char *why;
	} rows[] = {
		{BYTES("RIFF"), "is not a WAV file"},
		{BYTES("fLaC\0\0\0\x21" INFO("\x0a\xc4\x42\xf0", "\0\0\x4e\x20")),
			"is a damaged FLAC file"},
		{BYTES("fLaC\x01\0\0\x22" INFO("\x0a\xc4\x42\xf0", "\0\0\x4e\x20")),
			"is a damaged FLAC file"},
		{BYTES(FLAC("\x0b\xb8\x02\xf0", "\0\0\x4e\x20")),
			"has another sample rate than a CD's 44.1 kHz"},
		{BYTES(FLAC("\x0a\xc4\x40\xf0", "\0\0\x4e\x20")),
			"is not stereo; a CD needs two channels"},
		{BYTES(FLAC("\x0a\xc4\x43\x70", "\0\0\x4e\x20")),
			"does not have 16 bits in a sample, as a CD has"},
		{BYTES(FLAC("\x0a\xc4\x42\xf0", "\0\0\0\0")),
			"does not say how long it is, like FLAC from a pipe; encode it to a file"},
		{BYTES("ID3\x03"),
			"is MP3, which is not read: make a WAV file of it and name that"},
		{BYTES("FORM"), "is AIFF, which is not read: make a WAV file of it and name that"},
		{BYTES(RIFF FMT("\x03\0", TWO, R44, B16) "data\0\0\0\0"),
			"is compressed; a CD needs plain samples (PCM)"},
		{BYTES(RIFF FMT(PCM, "\x01\0", R44, B16) "data\0\0\0\0"),
			"is not stereo; a CD needs two channels"},
		{BYTES(RIFF FMT(PCM, TWO, "\x80\xbb\0\0", B16) "data\0\0\0\0"),
			"has another sample rate than a CD's 44.1 kHz"},
		{BYTES(RIFF FMT(PCM, TWO, R44, "\x18\0") "data\0\0\0\0"),
			"does not have 16 bits in a sample, as a CD has"},
		{BYTES(RIFF "fmt \x08\0\0\0abcdefgh"
			    "data\0\0\0\0"),
			"is a damaged WAV file: its format is cut"},
		{BYTES(RIFF "data\0\0\0\0"), "is a damaged WAV file: its samples have no format"},
		{BYTES(RIFF FMT(PCM, TWO, R44, B16) "LIST\xff\xff\xff\xff"),
			"is a damaged WAV file: it has no samples"},
		{BYTES(RIFF FMT(PCM, TWO, R44, B16) "data\0\0\0\x10"),
			"is cut: its header tells of more samples"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct fake_file files[] = {{.name = "a.wav",
			.size = 1000 * 2352,
			.head = rows[i].head,
			.head_len = rows[i].len}};
		char why[200];

		snprintf(why, sizeof(why), "a.cue line 1: \"a.wav\" %s", rows[i].why);
		assert_refused("a.cue", CUE, files, 1, why);
	}
}

/* A file of empty chunks is given up: the samples are found in the 64th, not after it. */
static void endless_chunks_end(void **state)
{
	static const char samples[] = FMT(PCM, TWO, R44, B16) "data\0\0\0\0";
	static char head[12 + 8 * 63 + sizeof(samples) - 1] = RIFF;

	(void)state;
	for (unsigned empty = 62; empty <= 63; empty++) {
		size_t at = 12 + 8 * empty;
		const struct fake_file files[] = {{.name = "a.wav",
			.size = at + sizeof(samples) - 1 + 500 * 2352,
			.head = head,
			.head_len = at + sizeof(samples) - 1}};

		for (unsigned i = 0; i < empty; i++)
			memcpy(head + 12 + 8 * i, "junk\0\0\0", 8);
		memcpy(head + at, samples, sizeof(samples) - 1);
		if (empty == 62) {
			assert_parses("a.cue", CUE, files);
			assert_extent(1, 0, 500, 0, at + sizeof(samples) - 1, 2352);
		} else {
			assert_refused("a.cue", CUE, files, 1,
				"a.cue line 1: \"a.wav\" is a damaged WAV file: it has no samples");
		}
	}
}

static void data_tracks_are_not_in_samples(void **state)
{
	static const char plain[] = RIFF FMT(PCM, TWO, R44, B16) "data\0\0\0\0";
	const struct fake_file files[] = {
		{.name = "a.wav", .size = 1000 * 2352, .head = plain, .head_len = sizeof(plain)}};

	(void)state;
	assert_refused("a.cue", "FILE a.wav WAVE\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n", files,
		1, "a.cue line 2: a data track cannot be in a file of samples, \"a.wav\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_found),
		cmocka_unit_test(end_of_a_file_is_told),
		cmocka_unit_test(samples_of_flac_are_counted),
		cmocka_unit_test(other_files_are_refused_in_words),
		cmocka_unit_test(endless_chunks_end),
		cmocka_unit_test(data_tracks_are_not_in_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
