// SPDX-License-Identifier: GPL-2.0-or-later
/* A state file that follows its image to another name; the power is cut at each step. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/powercut.h"

#define OLD   "d.iso"
#define NEW   "e.iso"
#define FIRST "the first text"
#define NEXT  "the next text, which is longer"

static bool holds(struct folder *f, const char *name, const char *text)
{
	char buf[STORE_TEXT_MAX];
	int n = f->ops->read(f, name, buf, sizeof(buf));

	return n >= (int)strlen(text) && memcmp(buf, text, strlen(text)) == 0;
}

/* A store with a text under the old name. */
static struct store *old_store(struct powercut *c)
{
	struct store *s;

	assert_int_equal(store_new(powercut_folder(c), OLD, "", &s), 0);
	assert_int_equal(store_sync_found(s, true), 0);
	assert_int_equal(store_save(s, FIRST, strlen(FIRST)), 0);
	return s;
}

static void a_text_is_saved_at_the_new_place(void **state)
{
	for (int exchange = 0; exchange < 2; exchange++) {
		struct powercut *c = powercut_new(1, 1, exchange);
		struct store *s = old_store(c);

		(void)state;
		assert_int_equal(store_move(s, powercut_folder(c), NEW, NEXT, strlen(NEXT)), 0);
		assert_string_equal(s->name, NEW STORE_SUFFIX);
		assert_true(holds(s->folder, NEW STORE_SUFFIX, NEXT));
		assert_false(powercut_has(c, OLD STORE_SUFFIX));
		assert_false(powercut_has(c, OLD STORE_SPARE_SUFFIX));
		assert_int_equal(store_save(s, FIRST, strlen(FIRST)), 0);
		assert_true(holds(s->folder, NEW STORE_SUFFIX, FIRST));
		assert_true(s->own && s->present);
		/* Without a text there is no state file at either place. */
		assert_int_equal(store_move(s, powercut_folder(c), OLD, "", 0), 0);
		assert_false(powercut_has(c, NEW STORE_SUFFIX));
		assert_false(powercut_has(c, OLD STORE_SUFFIX));
		store_close(s);
		powercut_free(c);
	}
}

static void a_state_file_of_another_disc_is_left_alone(void **state)
{
	struct powercut *c = powercut_new(1, 1, true);
	struct store *s = old_store(c);
	struct folder *f = powercut_folder(c);

	(void)state;
	assert_int_equal(f->ops->unlink(f, OLD STORE_SUFFIX), 0);
	assert_int_equal(f->ops->write(f, OLD STORE_SUFFIX, "other", 5), 0);
	assert_int_equal(store_move(s, powercut_folder(c), NEW, NEXT, strlen(NEXT)), 0);
	assert_true(holds(f, OLD STORE_SUFFIX, "other"));
	assert_true(holds(f, NEW STORE_SUFFIX, NEXT));
	f->ops->close(f);
	store_close(s);
	powercut_free(c);
}

/* Renamed twice before the first text could be saved: the image has its old name again. */
static void a_text_stays_if_the_place_is_the_same(void **state)
{
	struct powercut *c = powercut_new(1, 1, true);
	struct store *s = old_store(c);

	(void)state;
	assert_int_equal(store_move(s, powercut_folder(c), OLD, FIRST, strlen(FIRST)), 0);
	assert_true(holds(s->folder, OLD STORE_SUFFIX, FIRST));
	assert_int_equal(store_move(s, powercut_folder(c), OLD, NEXT, strlen(NEXT)), 0);
	assert_true(holds(s->folder, OLD STORE_SUFFIX, NEXT));
	assert_int_equal(store_move(s, powercut_folder(c), OLD, "", 0), 0);
	assert_false(powercut_has(c, OLD STORE_SUFFIX));
	store_close(s);
	powercut_free(c);
}

/* An image that had the name before had a longer text, of which nothing stays. */
static void nothing_stays_of_a_longer_text(void **state)
{
	static const size_t lengths[] = {3 * STORE_GRAIN, STORE_TEXT_MAX};
	char longer[STORE_TEXT_MAX], buf[STORE_TEXT_MAX];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	for (unsigned i = 0; i < 2; i++) {
		struct powercut *c = powercut_new(1, 1, true);
		struct store *s = old_store(c);
		struct folder *f = powercut_folder(c);
		int n;

		assert_int_equal(f->ops->write(f, NEW STORE_SUFFIX, longer, lengths[i]), 0);
		assert_int_equal(store_move(s, powercut_folder(c), NEW, NEXT, strlen(NEXT)), 0);
		for (unsigned saves = 0; saves < 3; saves++) {
			n = f->ops->read(f, NEW STORE_SUFFIX, buf, sizeof(buf));
			assert_true(n > 0 && n % (int)STORE_GRAIN == 0);
			assert_null(memchr(buf + strlen(NEXT), 'x', (size_t)n - strlen(NEXT)));
			assert_int_equal(store_save(s, NEXT, strlen(NEXT)), 0);
		}
		/* The store knows its text again. */
		assert_int_equal(store_move(s, powercut_folder(c), OLD, NEXT, strlen(NEXT)), 0);
		assert_false(powercut_has(c, NEW STORE_SUFFIX));
		f->ops->close(f);
		store_close(s);
		powercut_free(c);
	}
}

/* One of the two names has a whole text, and the new one never has the older text. */
static void a_power_cut_leaves_one_of_the_texts(void **state)
{
	static const enum powercut_fault faults[] = {POWERCUT_POWER, POWERCUT_DEATH};
	unsigned old = 0, moved = 0;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		for (uint64_t seed = 1; seed <= 20; seed++) {
			bool reached = true;

			for (uint64_t at = 0; reached; at++) {
				struct powercut *c = powercut_new(1, seed, true);
				struct store *s = old_store(c);
				struct folder *f;

				powercut_plan(c, faults[i], c->ops + at, EIO);
				(void)store_move(s, powercut_folder(c), NEW, NEXT, strlen(NEXT));
				reached = c->reached;
				store_close(s);
				if (faults[i] == POWERCUT_POWER)
					powercut_power_on(c, POWERCUT_JOURNAL);
				else
					powercut_restart_daemon(c);
				f = powercut_folder(c);
				if (holds(f, NEW STORE_SUFFIX, NEXT))
					moved += reached;
				else if (holds(f, OLD STORE_SUFFIX, FIRST) &&
					 !powercut_has(c, NEW STORE_SUFFIX))
					old++;
				else
					fail_msg("seed %u, operation %u: no text", (unsigned)seed,
						(unsigned)at);
				f->ops->close(f);
				powercut_free(c);
			}
		}
	}
	assert_true(old > 20 && moved > 20);
}

/* If the text cannot be saved at the new place, it is saved at the old one. */
static void a_failure_keeps_the_old_place(void **state)
{
	unsigned stayed = 0, moved = 0;
	bool reached = true;

	(void)state;
	for (uint64_t at = 0; reached; at++) {
		struct powercut *c = powercut_new(1, 1, true);
		struct store *s = old_store(c);
		int r;

		powercut_plan(c, POWERCUT_ERRNO, c->ops + at, EROFS);
		r = store_move(s, powercut_folder(c), NEW, NEXT, strlen(NEXT));
		reached = c->reached;
		powercut_plan(c, POWERCUT_NOTHING, 0, 0);
		assert_int_equal(r, 0);
		assert_true(holds(s->folder, s->name, NEXT));
		/* An older text at the image's place would be taken for its state. */
		if (strcmp(s->name, NEW STORE_SUFFIX) != 0)
			assert_false(powercut_has(c, NEW STORE_SUFFIX));
		if (strcmp(s->name, NEW STORE_SUFFIX) == 0)
			moved += reached;
		else
			stayed++;
		store_close(s);
		powercut_free(c);
	}
	assert_true(stayed > 2 && moved > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_saved_at_the_new_place),
		cmocka_unit_test(a_state_file_of_another_disc_is_left_alone),
		cmocka_unit_test(a_text_stays_if_the_place_is_the_same),
		cmocka_unit_test(nothing_stays_of_a_longer_text),
		cmocka_unit_test(a_power_cut_leaves_one_of_the_texts),
		cmocka_unit_test(a_failure_keeps_the_old_place),
	};

	return cmocka_run_group_tests_name("store_move", tests, NULL, NULL);
}
