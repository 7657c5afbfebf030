// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the client's output goes: to a full disk, a pipe without a reader, nowhere, a terminal. */
#include "daemon/ctl/habits_fixture.h"

#include "util/array.h"

static void a_full_disk_is_told(void **state)
{
	static const struct habit rows[] = {
		{"status >/dev/full", 1, "standard output: No space left on device"},
		{"list >/dev/full", 1, "standard output: No space left on device"},
		{"--json status >/dev/full", 1, "standard output: No space left on device"},
		{"help >/dev/full", 1, "standard output: No space left on device"},
		{"version >/dev/full", 1, "standard output: No space left on device"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

/* An answer that is longer than what stdio holds back, and a parent that ignores SIGPIPE. */
static void nothing_is_said_when_the_reader_has_gone(void **state)
{
	static char out[16384], err[16384];
	char path[32];

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "media/%02u.iso", i);
		put_size(path, 4096);
	}
	/* The loop ends when "true" has: then echo fails. */
	assert_int_equal(type("version; trap '' PIPE; { while echo 2>/dev/null; do :; done; "
			      "mmcgadgetctl --json list; echo $? >code; } | true",
				 out, err, sizeof(out)),
		0);
	assert_string_equal(get_text("code"), "1\n");
	assert_string_equal(err, "");
}

/* What is printed must not go to a file or socket that takes the place of a closed descriptor. */
static void a_closed_output_is_told(void **state)
{
	static const struct habit rows[] = {
		{"status >&-", 1, "standard output: Bad file descriptor"},
		{"--json list >&-", 1, "standard output: Bad file descriptor"},
		{"watch >&-", 1, "standard output: "},
		{"watch --json >&-", 1, "standard output: "},
		{"events >&-", 1, "standard output: "},
		{"list <&-", 0, "My Holiday.iso"},
		{"version; mmcgadgetctl get a.iso got.iso <&- >&- 2>&-; cmp got.iso $M/a.iso", 0,
			""},
	};

	(void)state;
	put_discs();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

/* script(1) makes the terminal. */
static void a_terminal_gets_what_it_can_show(void **state)
{
	static char out[16384], err[16384];
	size_t longest = 0, n;

	(void)state;
	put_size("media/a name that is far too long for the line of a small terminal, part 1.iso",
		4096);
	put_size("media/a name that is far too long for the line of a small terminal, part 2.iso",
		4096);
	if (type("version; cd $W; script -qec 'stty cols 70; $CTL --socket run/socket "
		 "list' /dev/null </dev/null",
		    out, err, sizeof(out)) != 0)
		skip();
	for (const char *p = strchr(out, '\n') + 1; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\r\n");
		longest = n > longest ? n : longest;
		n += strspn(p + n, "\r");
	}
	assert_true(longest > 0 && longest <= 70);
	assert_non_null(strstr(out, "part 1.iso"));
	assert_non_null(strstr(out, "part 2.iso"));
	assert_non_null(strstr(out, "..."));
	/* No codes for a terminal that has none. */
	assert_int_equal(type("version; cd $W; TERM=dumb timeout 2 script -qec "
			      "'$CTL --socket run/socket watch' /dev/null </dev/null; true",
				 out, err, sizeof(out)),
		0);
	assert_non_null(strstr(out, "drive0: idle"));
	assert_null(strchr(out, '\033'));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_full_disk_is_told),
		T(nothing_is_said_when_the_reader_has_gone),
		T(a_closed_output_is_told),
		T(a_terminal_gets_what_it_can_show),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
