// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be shown of a name, a label or a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "util/array.h"
#include "util/utf8.h"

#define ACUTE "\xcc\x81" /* U+0301, a combining acute accent */

static void deceptive_text_is_replaced(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"", ""},
		{"debian 12.iso", "debian 12.iso"},
		{"gr\xc3\xb6\xc3\x9f\x65.iso", "gr\xc3\xb6\xc3\x9f\x65.iso"},
		{"\xe6\x97\xa5\xe6\x9c\xac.iso", "\xe6\x97\xa5\xe6\x9c\xac.iso"},
		{"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
		{"\xf0\x9f\x92\xbf.iso", "\xf0\x9f\x92\xbf.iso"},
		/* control characters of terminals; one of C1 has two bytes and becomes one '?' */
		{"a\x1b[2Jb\tc\nd\x7f", "a?[2Jb?c?d?"},
		{"a\xc2\x9b\x32Jb\xc2\x85", "a?2Jb?"},
		/* invalid UTF-8: byte by byte */
		{"a\xff\xc3\xa4\xc3", "a?\xc3\xa4?"},
		{"\xed\xa0\x80", "???"},
		{"\xc0\xaf", "??"},
		{"\xf4\x90\x80\x80", "????"},
		/* direction */
		{"gnp\xe2\x80\xaeosi.txt.iso", "gnp?osi.txt.iso"},
		{"\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad", "????"},
		{"\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "????"},
		{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "???"},
		/* U+2028 and U+2029: a terminal ignores them, other programs begin a new line */
		{"a\xe2\x80\xa8"
		 "b\xe2\x80\xa9"
		 "c",
			"a?b?c"},
		/* what nobody sees */
		{"a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf"
		 "b",
			"a?????b"},
		{"a\xc2\xad\xe3\x85\xa4\xef\xb8\x8f", "a???"},
		{"a\xf3\xa0\x81\xa1\xf3\xa0\x84\x80", "a??"},
		/* noncharacters */
		{"\xef\xbf\xbf\xef\xb7\x90\xf0\x9f\xbf\xbe", "???"},
		/* combining marks: four stay, the rest and one at the beginning become a '?' */
		{"e" ACUTE "x", "e" ACUTE "x"},
		{"e" ACUTE ACUTE ACUTE ACUTE "x", "e" ACUTE ACUTE ACUTE ACUTE "x"},
		{"e" ACUTE ACUTE ACUTE ACUTE ACUTE ACUTE ACUTE "x" ACUTE,
			"e" ACUTE ACUTE ACUTE ACUTE "?x" ACUTE},
		{ACUTE "x", "?x"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		strcpy(text, rows[i].text);
		utf8_clean(text);
		assert_string_equal(text, rows[i].shown);
		utf8_clean(text); /* what may be shown stays */
		assert_string_equal(text, rows[i].shown);
	}
}

/* Every code point but the surrogates is decoded to itself; these and cut sequences are invalid. */
static void all_code_points_are_decoded(void **state)
{
	uint32_t valid = 0, c = 0;
	char p[4];

	(void)state;
	for (uint32_t i = 0; i < 0x110000; i++) {
		size_t n = i < 0x80 ? 1 : i < 0x800 ? 2 : i < 0x10000 ? 3 : 4;

		for (size_t k = n; k-- > 1;)
			p[k] = (char)(0x80 | (i >> 6 * (n - 1 - k) & 0x3f));
		p[0] = (char)(n == 1 ? i : (0xf00u >> n & 0xff) | i >> 6 * (n - 1));
		assert_int_equal(utf8_decode(p, 4, &c), i >= 0xd800 && i < 0xe000 ? 0 : n);
		if (i < 0xd800 || i >= 0xe000) {
			assert_int_equal(c, i);
			valid++;
		}
		if (n > 1)
			assert_int_equal(utf8_decode(p, n - 1, &c), 0);
	}
	assert_int_equal(valid, 0x110000 - 0x800);
}

static void columns_of_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(utf8_columns('a'), 1);
	assert_int_equal(utf8_columns(0xe4), 1);
	assert_int_equal(utf8_columns(0x301), 0);
	assert_int_equal(utf8_columns(0x5d0), 1);
	assert_int_equal(utf8_columns(0x5b0), 0);
	assert_int_equal(utf8_columns(0x65e5), 2);
	assert_int_equal(utf8_columns(0xac00), 2);
	assert_int_equal(utf8_columns(0x1f4bf), 2);
}

static void a_text_is_cut_between_characters(void **state)
{
	/* One byte, two, three, four. */
	static const char text[] = "a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x92\xbf";
	static const size_t fit[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10};

	(void)state;
	for (size_t max = 0; max < ARRAY_LEN(fit); max++)
		assert_int_equal(utf8_fit(text, max), fit[max]);
	assert_int_equal(utf8_fit("", 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deceptive_text_is_replaced),
		cmocka_unit_test(all_code_points_are_decoded),
		cmocka_unit_test(columns_of_a_terminal),
		cmocka_unit_test(a_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
