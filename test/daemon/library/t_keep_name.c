// SPDX-License-Identifier: GPL-2.0-or-later
/* Names for images that were deleted while a drive held them. */
#include "daemon/scratch.h"

#include <errno.h>

#include "library/keep_name.h"
#include "media/store.h"
#include "util/array.h"

static int dir = -1;

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(dir);
	return scratch_remove(state);
}

static void a_name_says_that_it_was_kept(void **state)
{
	static const struct {
		const char *base;
		unsigned n;
		const char *kept;
	} row[] = {
		{"disc.iso", 1, "disc-kept.iso"},
		{"disc.iso", 2, "disc-kept-2.iso"},
		{"disc", 1, "disc-kept"},
		{"a.b.iso", 1, "a.b-kept.iso"},
		{".iso", 1, ".iso-kept"},
		{"no ending. It is a sentence", 1, "no ending. It is a sentence-kept"},
		/* The mark is not repeated. */
		{"disc-kept.iso", 1, "disc-kept.iso"},
		{"disc-kept-12.iso", 3, "disc-kept-3.iso"},
		{"disc-kept", 2, "disc-kept-2"},
		/* These are no marks. */
		{"-kept.iso", 1, "-kept-kept.iso"},
		{"disc-kept-x.iso", 1, "disc-kept-x-kept.iso"},
		{"disc-keptx.iso", 1, "disc-keptx-kept.iso"},
		/* Of two, only the one at the end is a mark. */
		{"a-kept-b-kept.iso", 1, "a-kept-b-kept.iso"},
	};
	char name[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		assert_int_equal(keep_name_free(dir, row[i].base, row[i].n, name), 0);
		assert_string_equal(name, row[i].kept);
	}
}

static void a_long_name_is_cut_between_characters(void **state)
{
	char base[256] = "", name[256];

	(void)state;
	/* 125 characters, of two bytes each or the first of one byte, and the ending. */
	for (int odd = 0; odd < 2; odd++) {
		strcpy(base, odd ? "x" : "");
		for (int i = 0; i < 125 - odd; i++)
			strcat(base, "\xc3\xa4");
		strcat(base, ".iso");
		assert_int_equal(keep_name_free(dir, base, 9999, name), 0);
		assert_true(strlen(name) + strlen(STORE_SPARE_SUFFIX) <= STORE_NAME_MAX);
		assert_non_null(strstr(name, "\xc3\xa4-kept-9999.iso"));
	}
}

static void a_name_that_another_disc_has_used_is_taken(void **state)
{
	char name[256];

	(void)state;
	put_text("a-kept.iso", "");
	put_text("b-kept.iso.mmcdisc", "");
	put_text("c-kept.iso.sha256", "");
	assert_int_equal(symlink("nowhere", in_scratch("d-kept.iso")), 0);
	assert_int_equal(keep_name_free(dir, "a.iso", 1, name), 1);
	assert_int_equal(keep_name_free(dir, "b.iso", 1, name), 1);
	assert_int_equal(keep_name_free(dir, "c.iso", 1, name), 1);
	assert_int_equal(keep_name_free(dir, "d.iso", 1, name), 1);
	assert_int_equal(keep_name_free(dir, "a.iso", 2, name), 0);
	assert_int_equal(keep_name_free(-1, "a.iso", 1, name), -EBADF);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_name_says_that_it_was_kept),
		T(a_long_name_is_cut_between_characters),
		T(a_name_that_another_disc_has_used_is_taken),
	};

	return cmocka_run_group_tests_name("keep_name", tests, NULL, NULL);
}
