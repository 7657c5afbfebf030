// SPDX-License-Identifier: GPL-2.0-or-later
/* Titles and performers in the packs of CD-Text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cd/names.h"
#include "unit/cd/discs.h"

static struct cd_map m;

/* expected NULL: there is none. */
static void assert_name(enum cd_name type, unsigned track, const char *expected)
{
	char out[CD_NAME_MAX];
	bool has = cd_name(&m, type, track, out);

	assert_string_equal(out, expected ? expected : "");
	assert_int_equal(has, expected != NULL);
}

static void names_are_found_across_packs(void **state)
{
	(void)state;
	audio_disc(&m);
	assert_name(CD_TITLE, 0, "Album Title");
	assert_name(CD_TITLE, 1, "First");
	assert_name(CD_TITLE, 2, "Second");
	assert_name(CD_TITLE, 3, "Third");
	assert_name(CD_TITLE, 4, NULL);
	assert_name(CD_TITLE, 99, NULL);
	assert_name(CD_PERFORMER, 0, NULL);
	/* Nothing is invented of a disc without packs. */
	m.text_packs = 0;
	assert_name(CD_TITLE, 1, NULL);
}

static void text_of_a_lost_pack_is_none(void **state)
{
	(void)state;
	audio_disc(&m);
	/* The middle one: the third track's is whole, the second one's has lost its beginning. */
	m.text[1][5] ^= 1;
	assert_name(CD_TITLE, 0, "Album Title");
	assert_name(CD_TITLE, 1, NULL);
	assert_name(CD_TITLE, 2, NULL);
	assert_name(CD_TITLE, 3, "Third");
	/* The last one: "Second" may go on in it. */
	audio_disc(&m);
	m.text_packs = 2;
	assert_name(CD_TITLE, 1, "First");
	assert_name(CD_TITLE, 2, NULL);
}

static void each_text_may_begin_a_pack(void **state)
{
	(void)state;
	m = (struct cd_map){.first_track = 1, .tracks = 3};
	add_pack(&m, "80 01 00 00", "One\0\0\0\0\0\0\0\0");
	add_pack(&m, "80 02 01 00", "Two\0\0\0\0\0\0\0\0");
	add_pack(&m, "80 03 02 00", "Three is lon");
	add_pack(&m, "80 03 03 0c", "ger\0\0\0\0\0\0\0\0");
	assert_name(CD_TITLE, 1, "One");
	assert_name(CD_TITLE, 2, "Two");
	assert_name(CD_TITLE, 3, "Three is longer");
}

static void a_tab_is_the_text_before(void **state)
{
	(void)state;
	m = (struct cd_map){.first_track = 1, .tracks = 3};
	add_pack(&m, "81 00 00 00", "X\0Y\0\t\0\t\0Z\0\0");
	assert_name(CD_PERFORMER, 0, "X");
	assert_name(CD_PERFORMER, 1, "Y");
	assert_name(CD_PERFORMER, 2, "Y");
	assert_name(CD_PERFORMER, 3, "Y");
	assert_name(CD_PERFORMER, 4, "Z");
}

static void each_type_has_its_texts(void **state)
{
	(void)state;
	m = (struct cd_map){.first_track = 1, .tracks = 1};
	add_pack(&m, "80 01 00 00", "T\0\0\0\0\0\0\0\0\0\0");
	add_pack(&m, "82 01 01 00", "S\0\0\0\0\0\0\0\0\0\0");
	add_pack(&m, "83 01 02 00", "C\0\0\0\0\0\0\0\0\0\0");
	add_pack(&m, "85 00 03 00", "M\0\0\0\0\0\0\0\0\0\0");
	assert_name(CD_TITLE, 1, "T");
	assert_name(CD_PERFORMER, 1, NULL);
	assert_name(CD_SONGWRITER, 1, "S");
	assert_name(CD_COMPOSER, 1, "C");
	assert_name(CD_ARRANGER, 1, NULL);
	assert_name(CD_MESSAGE, 0, "M");
}

static void latin_becomes_utf_8(void **state)
{
	(void)state;
	m = (struct cd_map){.first_track = 1, .tracks = 1};
	/* C0 and C1 are left out. */
	add_pack(&m, "80 01 00 00", "M\xe4rz\x1b\x9b\x07\x7f \xff\0");
	assert_name(CD_TITLE, 1, "M\xc3\xa4rz \xc3\xbf");
}

static void other_character_sets_are_left_out(void **state)
{
	(void)state;
	m = (struct cd_map){.first_track = 1, .tracks = 1};
	add_pack(&m, "80 01 00 80", "\x83\x41\x83\x42\0\0\0\0\0\0\0");
	add_pack(&m, "8f 00 01 00", "\x80\1\1\0\1\0\0\0\0\0\0");
	assert_name(CD_TITLE, 1, NULL);
	/* MS-JIS without the flag, by the sizes alone. */
	m.text_packs = 0;
	add_pack(&m, "80 01 00 00", "\x83\x41\x83\x42\0\0\0\0\0\0\0");
	add_pack(&m, "8f 00 01 00", "\x80\1\1\0\1\0\0\0\0\0\0");
	assert_name(CD_TITLE, 1, NULL);
	/* The second language can be read. */
	add_pack(&m, "80 01 00 10", "English\0\0\0\0");
	add_pack(&m, "8f 00 01 10", "\1\1\1\0\1\0\0\0\0\0\0");
	assert_name(CD_TITLE, 1, "English");
}

/* Longer than any text of a disc: 255 packs of one letter. */
static void endless_text_is_cut(void **state)
{
	char header[32], out[CD_NAME_MAX];

	(void)state;
	m = (struct cd_map){.first_track = 1, .tracks = 1};
	for (unsigned i = 0; i < CD_MAX_TEXT_PACKS; i++) {
		snprintf(header, sizeof(header), "80 01 %02x %02x", i, i ? 15 : 0);
		add_pack(&m, header,
			i < 254 ? "\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4"
				: "\0\0\0\0\0\0\0\0\0\0\0");
	}
	assert_true(cd_name(&m, CD_TITLE, 1, out));
	assert_int_equal(strlen(out), CD_NAME_MAX - 2);
	assert_int_equal((unsigned char)out[strlen(out) - 2], 0xc3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_across_packs),
		cmocka_unit_test(text_of_a_lost_pack_is_none),
		cmocka_unit_test(each_text_may_begin_a_pack),
		cmocka_unit_test(a_tab_is_the_text_before),
		cmocka_unit_test(each_type_has_its_texts),
		cmocka_unit_test(latin_becomes_utf_8),
		cmocka_unit_test(other_character_sets_are_left_out),
		cmocka_unit_test(endless_text_is_cut),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
