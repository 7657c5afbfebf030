// SPDX-License-Identifier: GPL-2.0-or-later
/* A cue sheet and its files get other names, with power cuts and errors at every step. */
#include <errno.h>

#include "daemon/library/disc_fixture.h"

#include "compact/compact_move.h"
#include "util/array.h"

#define TEXT     "FILE x 1.bin"
#define NEW_TEXT "FILE y 1.bin"

static char from[2][256] = {"x 1.bin", "x 2.bin"}, to[2][256] = {"y 1.bin", "y 2.bin"};
static const char *const part[] = {"one", "two"};
static const struct compact_move move = {
	.from = "x.cue",
	.to = "y.cue",
	.text = NEW_TEXT,
	.length = sizeof(NEW_TEXT) - 1,
	.parts = 2,
	.part_from = from,
	.part_to = to,
};

static void put(struct folder *f, const char *name, const char *text)
{
	assert_int_equal(f->ops->write(f, name, text, strlen(text)), 0);
	assert_int_equal(f->ops->sync(f, name), 0);
}

static struct folder *folder_with_cue(struct powercut *c)
{
	struct folder *f = powercut_folder(c);

	put(f, "x.cue", TEXT);
	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		put(f, from[i], part[i]);
	assert_int_equal(f->ops->sync_names(f), 0);
	return f;
}

static bool is_whole(struct folder *f, const char *text, const char *says, char (*names)[256])
{
	return holds(f, text, says) && holds(f, names[0], part[0]) && holds(f, names[1], part[1]);
}

/* Whatever happens: each file has a name, and without links a text says which. */
static void assert_nothing_is_lost(struct folder *f, bool links, int fault, uint64_t at)
{
	bool old = is_whole(f, "x.cue", TEXT, from), new = is_whole(f, "y.cue", NEW_TEXT, to);

	if (links && !old && !new)
		fail_msg("fault %d at %u: no disc is whole", fault, (unsigned)at);
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (!holds(f, from[i], part[i]) && !holds(f, to[i], part[i]))
			fail_msg("fault %d at %u: file %zu is lost", fault, (unsigned)at, i);
	}
	if (!holds(f, "x.cue", TEXT) && !holds(f, "y.cue", NEW_TEXT))
		fail_msg("fault %d at %u: the text is lost", fault, (unsigned)at);
	if (fault == POWERCUT_ERRNO && !old && !new)
		fail_msg("error at %u: the names are those of two discs", (unsigned)at);
}

/* Returns true if the fault was reached. error: for POWERCUT_ERRNO. */
static bool move_with_fault(bool links, int fault, int error, uint64_t seed, uint64_t at)
{
	struct powercut *c = powercut_new(1, seed, true);
	struct disc_files done;
	struct folder *f;
	bool reached;
	int r;

	c->no_links = !links;
	f = folder_with_cue(c);
	powercut_plan(c, (enum powercut_fault)fault, c->ops + at, error);
	r = compact_move(f, &move, &done);
	reached = c->reached;
	f = folder_after_fault(c, f, fault);
	assert_nothing_is_lost(f, links, fault, at);
	if (reached && fault == POWERCUT_ERRNO && r != 0)
		assert_int_equal(r, -error);
	if (!reached) {
		assert_int_equal(r, 0);
		assert_true(is_whole(f, "y.cue", NEW_TEXT, to));
		assert_false(powercut_has(c, "x.cue") || powercut_has(c, from[0]) ||
			     powercut_has(c, from[1]) || powercut_has(c, "y.cue.mmcdisc.new"));
	}
	f->ops->close(f);
	powercut_free(c);
	return reached;
}

static void move_at_every_step(bool links)
{
	static const int errors[] = {ENOSPC, EOPNOTSUPP};
	unsigned steps = 0;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		for (uint64_t at = 0; move_with_fault(links, POWERCUT_ERRNO, errors[i], 1, at);
			at++)
			steps++;
	}
	for (int fault = POWERCUT_POWER; fault < POWERCUT_ERRNO; fault++) {
		for (uint64_t seed = 1; seed <= (fault == POWERCUT_POWER ? 20 : 1); seed++) {
			for (uint64_t at = 0; move_with_fault(links, fault, 0, seed, at); at++)
				steps++;
		}
	}
	assert_true(steps > 200);
}

static void a_move_by_links(void **state)
{
	(void)state;
	move_at_every_step(true);
}

static void a_move_without_links(void **state)
{
	(void)state;
	move_at_every_step(false);
}

static void names_that_are_taken(void **state)
{
	static const char *const names[] = {
		"y.cue", "y.cue.mmcdisc", "y 1.bin", "y 2.bin", "y 2.bin.sha256"};
	static const char *const taken[] = {"y.cue", "y.cue", "y 1.bin", "y 2.bin", "y 2.bin"};
	struct disc_files done;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct powercut *c = powercut_new(1, 1, true);
		struct folder *f = folder_with_cue(c);

		assert_null(compact_move_taken(f, &move));
		put(f, names[i], "another");
		assert_string_equal(compact_move_taken(f, &move), taken[i]);
		/* The move fails, too, if the name is taken after the check. */
		if (strcmp(names[i], taken[i]) == 0) {
			assert_int_equal(compact_move(f, &move, &done), -EEXIST);
			assert_true(is_whole(f, "x.cue", TEXT, from));
			assert_true(holds(f, names[i], "another"));
			c->no_links = true;
			assert_int_equal(compact_move(f, &move, &done), -EEXIST);
			assert_true(is_whole(f, "x.cue", TEXT, from));
			assert_true(holds(f, names[i], "another"));
		}
		f->ops->close(f);
		powercut_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_by_links),
		cmocka_unit_test(a_move_without_links),
		cmocka_unit_test(names_that_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
