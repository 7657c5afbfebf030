// SPDX-License-Identifier: GPL-2.0-or-later
/* Words in commands that users copy into a shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/shell_word.h"

static void words_are_quoted_if_a_shell_would_change_them(void **state)
{
	static const struct {
		const char *word, *quoted;
	} words[] = {
		{"/srv/discs-2_a+b.iso", "/srv/discs-2_a+b.iso"},
		{"[::1]:3240", "'[::1]:3240'"},
		{"", "''"},
		{"a b", "'a b'"},
		{"$HOME`id`", "'$HOME`id`'"},
		{"~/x", "'~/x'"},
		{"a\"b\\c", "'a\"b\\c'"},
		{"it's", "'it'\\''s'"},
		{"'", "''\\'''"},
		{"größe#1", "'größe#1'"},
		{"a\nb", "'a\nb'"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_true(shell_word(words[i].word, out, sizeof(out)));
		assert_string_equal(out, words[i].quoted);
	}
}

static void a_word_that_does_not_fit_is_none(void **state)
{
	char out[8];

	(void)state;
	assert_true(shell_word("1234567", out, sizeof(out)));
	assert_string_equal(out, "1234567");
	assert_false(shell_word("12345678", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_true(shell_word("1 345", out, sizeof(out)));
	assert_string_equal(out, "'1 345'");
	for (size_t size = 0; size < 8; size++) {
		memset(out, 'x', sizeof(out));
		assert_false(shell_word("1 345", out, size));
		assert_int_equal(out[size], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_quoted_if_a_shell_would_change_them),
		cmocka_unit_test(a_word_that_does_not_fit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
