// SPDX-License-Identifier: GPL-2.0-or-later
/* When wait ends, by a sequence of what status says. */
#include "daemon/scratch.h"

#include "ctl/wait.h"
#include "util/array.h"

/* One look at the drive. */
struct look {
	const char *image, *state;
	int recorded;
	const char *after, *problem; /* members state and problem of "burned" */
	enum wait_result result;
};

static void play(enum wait_for what, const struct look *looks, size_t n)
{
	struct wait_state w = {.image = ""};

	for (size_t i = 0; i < n; i++) {
		const struct look *l = &looks[i];
		json_t *drive = json_pack("{s:s, s:s, s:i, s:{s:s, s:i, s:s}}", "image", l->image,
			"state", l->state, "recorded_blocks", l->recorded, "burned", "state",
			l->after, "waiting", 0, "problem", l->problem);

		assert_non_null(drive);
		assert_int_equal(wait_look(&w, what, drive), l->result);
		json_decref(drive);
	}
}

#define PLAY(what, ...)                                                                            \
	do {                                                                                       \
		static const struct look looks_[] = __VA_ARGS__;                                   \
		play(what, looks_, ARRAY_LEN(looks_));                                             \
	} while (0)

static void a_burn_ends_when_the_disc_is_closed(void **state)
{
	(void)state;
	PLAY(WAIT_BURNED,
		{{"a", "blank", 0, "", "", WAIT_NOT_YET}, {"a", "open", 16, "", "", WAIT_NOT_YET},
			{"a", "complete", 32, "", "", WAIT_DONE}});
	PLAY(WAIT_BURNED, {{"a", "open", 16, "", "", WAIT_NOT_YET},
				  {"a", "appendable", 32, "", "", WAIT_DONE}});
	PLAY(WAIT_BURNED, {{"a", "complete", 0, "", "", WAIT_DONE}});
	/* The problem of an earlier disc stays in status until the next one is looked after. */
	PLAY(WAIT_BURNED, {{"b", "blank", 0, "", "a: it differs", WAIT_NOT_YET},
				  {"b", "open", 16, "", "a: it differs", WAIT_NOT_YET},
				  {"b", "complete", 32, "", "a: it differs", WAIT_DONE}});
}

/* The daemon renames, verifies and replaces the disc before the answer. */
static void a_burn_ends_after_what_follows_it(void **state)
{
	(void)state;
	PLAY(WAIT_BURNED, {{"blank-1", "open", 16, "", "", WAIT_NOT_YET},
				  {"blank-1", "complete", 32, "waiting", "", WAIT_NOT_YET},
				  {"blank-2", "blank", 0, "moving", "", WAIT_NOT_YET},
				  {"blank-2", "blank", 0, "verifying", "", WAIT_NOT_YET},
				  {"blank-2", "blank", 0, "", "", WAIT_DONE}});
	PLAY(WAIT_BURNED, {{"blank-1", "open", 16, "", "", WAIT_NOT_YET},
				  {"", "empty", 0, "verifying", "", WAIT_NOT_YET},
				  {"", "empty", 0, "", "it differs", WAIT_PROBLEM}});
}

static void a_disc_that_was_not_burned_ends_no_wait(void **state)
{
	(void)state;
	PLAY(WAIT_BURNED,
		{{"", "empty", 0, "", "", WAIT_NOT_YET}, {"a", "blank", 0, "", "", WAIT_NOT_YET},
			{"a", "ejected", 0, "", "", WAIT_NOT_YET},
			{"", "empty", 0, "", "", WAIT_NOT_YET},
			{"b", "blank", 0, "", "", WAIT_NOT_YET},
			{"b", "open", 16, "", "", WAIT_NOT_YET},
			{"b", "ejected", 16, "", "", WAIT_DONE}});
}

static void empty_and_host(void **state)
{
	struct wait_state w = {.image = ""};
	static const struct {
		int connected, suspended;
		enum wait_result result;
	} rows[] = {{0, 0, WAIT_NOT_YET}, {1, 1, WAIT_NOT_YET}, {1, 0, WAIT_DONE}};

	(void)state;
	PLAY(WAIT_EMPTY, {{"a", "complete", 0, "", "", WAIT_NOT_YET},
				 {"a", "ejected", 0, "", "", WAIT_NOT_YET},
				 {"", "empty", 0, "", "", WAIT_DONE}});
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *drive = json_pack("{s:{s:b, s:b}}", "host", "connected", rows[i].connected,
			"suspended", rows[i].suspended);

		assert_int_equal(wait_look(&w, WAIT_HOST, drive), rows[i].result);
		json_decref(drive);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burn_ends_when_the_disc_is_closed),
		cmocka_unit_test(a_burn_ends_after_what_follows_it),
		cmocka_unit_test(a_disc_that_was_not_burned_ends_no_wait),
		cmocka_unit_test(empty_and_host),
	};

	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
