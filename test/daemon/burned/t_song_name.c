// SPDX-License-Identifier: GPL-2.0-or-later
/* Names for songs and their folder, and the header of a WAV file. */
#include "daemon/scratch.h"

#include "burned/song_name.h"
#include "cd/text.h"
#include "library/portable.h"
#include "util/array.h"
#include "util/utf8.h"

static struct cd_map m;

/* Writes a text of any length as packs of a track's text. */
static void add_text(unsigned type, unsigned track, const char *text)
{
	size_t len = strlen(text) + 1;

	for (size_t at = 0; at < len; at += 12) {
		uint8_t *pack = m.text[m.text_packs];

		memset(pack, 0, CD_TEXT_PACK);
		pack[0] = (uint8_t)type;
		pack[1] = (uint8_t)track;
		pack[2] = (uint8_t)m.text_packs++;
		pack[3] = at > 15 ? 15 : (uint8_t)at;
		memcpy(pack + 4, text + at, len - at < 12 ? len - at : 12);
		cd_text_seal(pack);
	}
}

/* A disc of that many tracks. */
static void make(unsigned tracks)
{
	m = (struct cd_map){.first_track = 1, .tracks = (uint8_t)tracks};
}

/* Valid UTF-8 that FAT, exFAT, Windows and ext4 can hold. */
static void assert_fit(const char *name)
{
	size_t n = strlen(name), len;
	uint32_t c;

	assert_true(n > 0 && n < SONG_NAME);
	assert_null(portable_fault(name));
	assert_null(strchr(name, '/'));
	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(name + i, n - i, &c);
		assert_true(len > 0 && !utf8_is_control(c));
	}
}

// clang-format off
static const struct { const char *title, *file; } titles[] = {
	{ "Song", "01 Song.wav" },
	{ "M\xe4rz", "01 M\xc3\xa4rz.wav" },
	{ "AC/DC: Back\\in*Black?", "01 AC_DC_ Back_in_Black_.wav" },
	{ "a\"b<c>d|e", "01 a_b_c_d_e.wav" },
	{ "...And Justice", "01 And Justice.wav" }, { "Wait...", "01 Wait.wav" }, { "x . ", "01 x.wav" },
	{ "../../etc/passwd", "01 _.._etc_passwd.wav" },
	{ "CON", "01 CON_.wav" }, { "nul.txt", "01 nul_.txt.wav" },
	{ "a\x1b[2J\nb", "01 a[2Jb.wav" }, { "a\x9b" "b", "01 ab.wav" },
	{ "-rf", "01 rf.wav" },
	/* Nothing of these can be used, but the other track has a title. */
	{ "???", "01 Track 01.wav" }, { "...", "01 Track 01.wav" }, { " ", "01 Track 01.wav" },
};
// clang-format on

static void titles_give_names_of_files(void **state)
{
	char out[SONG_NAME];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		make(2);
		add_text(0x80, 1, titles[i].title);
		add_text(0x80, 2, "Other");
		song_file_name(&m, 0, out);
		assert_string_equal(out, titles[i].file);
		assert_fit(out);
	}
}

static void tracks_without_titles_have_numbers(void **state)
{
	char out[SONG_NAME];

	(void)state;
	make(12);
	song_file_name(&m, 11, out);
	assert_string_equal(out, "Track 12.wav");
	/* The titles of some: all names begin with their number, so that they stay in order. */
	add_text(0x80, 1, "One");
	song_file_name(&m, 0, out);
	assert_string_equal(out, "01 One.wav");
	song_file_name(&m, 11, out);
	assert_string_equal(out, "12 Track 12.wav");
	/* A title in MS-JIS is none. */
	make(1);
	add_text(0x80, 1, "\x83\x41");
	m.text[0][3] |= 0x80;
	cd_text_seal(m.text[0]);
	song_file_name(&m, 0, out);
	assert_string_equal(out, "Track 01.wav");
	/* The number is that of the track, on a disc that begins with another one, too. */
	make(2);
	m.first_track = 7;
	add_text(0x80, 8, "Eight");
	song_file_name(&m, 1, out);
	assert_string_equal(out, "08 Eight.wav");
}

static void the_folder_has_performer_and_title(void **state)
{
	char out[SONG_NAME];

	(void)state;
	make(1);
	song_folder_name(&m, "My album.cue", out);
	assert_string_equal(out, "My album");
	song_folder_name(&m, "2026-11-29-101500.iso", out);
	assert_string_equal(out, "2026-11-29-101500");
	song_folder_name(&m, "no suffix", out);
	assert_string_equal(out, "no suffix");
	song_folder_name(&m, "con.cue", out);
	assert_string_equal(out, "con_");
	song_folder_name(&m, "___.cue", out);
	assert_string_equal(out, "Audio CD");
	/* A performer alone would give all discs of his one name. */
	add_text(0x81, 0, "The Band");
	song_folder_name(&m, "x.cue", out);
	assert_string_equal(out, "x");
	add_text(0x80, 0, "Live: 1/2");
	song_folder_name(&m, "x.cue", out);
	assert_string_equal(out, "The Band - Live_ 1_2");
	make(1);
	add_text(0x80, 0, "Album");
	song_folder_name(&m, "x.cue", out);
	assert_string_equal(out, "Album");
}

/* 255 bytes at most, cut between characters, with room for a number after a folder's name. */
static void long_names_are_cut(void **state)
{
	char text[400] = "", out[SONG_NAME];

	(void)state;
	memset(text, 0xe4, 300); /* two bytes each in UTF-8 */
	make(1);
	add_text(0x80, 0, text);
	song_folder_name(&m, "x.cue", out);
	assert_fit(out);
	assert_in_range(strlen(out), 248, 251);
	make(1);
	add_text(0x80, 1, text);
	song_file_name(&m, 0, out);
	assert_fit(out);
	assert_in_range(strlen(out), 253, 255);
	assert_string_equal(out + strlen(out) - 4, ".wav");
	memset(text, 'x', 300);
	make(1);
	add_text(0x80, 1, text);
	song_file_name(&m, 0, out);
	assert_fit(out);
	assert_int_equal(strlen(out), 255);
	/* "CON" becomes a byte longer, the last character makes room, and no dot stays there. */
	memset(text, 'x', 300);
	memcpy(text, "CON.", 4);
	memcpy(text + 248, " .x", 3);
	for (unsigned end = 248; end < 256; end++) {
		char cut[400];

		snprintf(cut, sizeof(cut), "%.*s", (int)end, text);
		make(1);
		add_text(0x80, 0, cut);
		song_folder_name(&m, "x.cue", out);
		assert_fit(out);
		assert_memory_equal(out, "CON_.xxx", 8);
	}
}

/* Whatever room there is, a name has no fault and stays in it. */
static void names_fit_into_any_room(void **state)
{
	static const char *const texts[] = {"con", "con.x", "con. x", "CON .iso", "COM1", "lpt9.a",
		"COM\xc2\xb9", "COM\xc2\xb9.x", "CONIN$", "CLOCK$ .y", "nul.\xc3\xa4",
		"\xf0\x9f\x8e\xb5 x", "a.b.c.d.e.f", "a . . . b"};
	char out[SONG_NAME + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t size = 3; size <= 16; size++) {
			memset(out, '#', sizeof(out));
			if (portable_name(texts[i], out, size)) {
				assert_fit(out);
				assert_true(strlen(out) < size);
			}
			for (size_t k = size; k < sizeof(out); k++)
				assert_int_equal(out[k], '#');
		}
	}
}

/* As the module wave of Python writes it, byte for byte. */
static void header_is_that_of_16_bits_stereo(void **state)
{
	static const uint8_t one_second[SONG_WAV_HEADER] =
		"RIFF\x34\xb1\x02\0WAVEfmt \x10\0\0\0\x01\0\x02\0"
		"\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0"
		"data\x10\xb1\x02";
	uint8_t out[SONG_WAV_HEADER];

	(void)state;
	song_wav_header(176400, out);
	assert_memory_equal(out, one_second, SONG_WAV_HEADER);
	/* The longest track that a disc can have. */
	song_wav_header(CD_LBA_END * CD_SECTOR, out);
	assert_memory_equal(out + 40, "\xb0\x7b\x10\x3f", 4);
	assert_memory_equal(out + 4, "\xd4\x7b\x10\x3f", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_give_names_of_files),
		cmocka_unit_test(tracks_without_titles_have_numbers),
		cmocka_unit_test(the_folder_has_performer_and_title),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(names_fit_into_any_room),
		cmocka_unit_test(header_is_that_of_16_bits_stereo),
	};

	return cmocka_run_group_tests_name("song names", tests, NULL, NULL);
}
