// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Erasing by the owner: at every single storage operation, in one run each, the power is cut, the
 * daemon dies, or the operation fails. What is left is all of the old disc, or the blank.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "disc/disc_state.h"
#include "lib/powercut.h"
#include "unit/disc/made_up.h"

#define IMAGE  "disc.img"
#define BLOCKS 96u  /* of the image */
#define SIZE   300u /* formatted */
#define SEEDS  6u

static struct disc *open_disc(struct powercut *c, const struct disc_medium *medium)
{
	struct disc_options o = {.medium = medium, .media = powercut_media(c, true)};
	struct disc *d;

	assert_non_null(o.media);
	assert_int_equal(store_new(powercut_folder(c), IMAGE, c->boot, &o.store), 0);
	d = disc_open(&o);
	assert_non_null(d);
	return d;
}

static void fill(uint8_t block[MEDIA_BLOCK], uint32_t lba)
{
	memset(block, (int)(lba % 255 + 1), MEDIA_BLOCK);
}

/* Puts a formatted disc with a smaller capacity than a new one on storage. */
static void put_disc(struct powercut *c)
{
	struct disc_state s = {.medium = &made_up_rw,
		.format = DISC_FORMATTED,
		.capacity = SIZE,
		.unit = MEDIA_BLOCK};
	struct media *m = powercut_media(c, true);
	struct store *store;
	char text[STORE_TEXT_MAX];
	uint8_t block[MEDIA_BLOCK];

	disc_layout_one_track(&s.layout, SIZE, DISC_TRACK_CLOSED);
	assert_int_equal(store_new(powercut_folder(c), IMAGE, c->boot, &store), 0);
	assert_int_equal(store_save(store, text, disc_state_encode(&s, text)), 0);
	store_close(store);
	for (uint32_t lba = 0; lba < BLOCKS; lba++) {
		fill(block, lba);
		assert_int_equal(media_write(m, lba, 1, block), 0);
	}
	assert_int_equal(media_sync(m), 0);
	media_close(m);
}

/* Returns true if the disc is blank; false: it is the old one, whole. */
static bool is_erased(struct powercut *c, uint64_t at)
{
	struct disc *d = open_disc(c, &made_up_rw);
	bool erased = d->format == DISC_UNFORMATTED;
	uint8_t is[MEDIA_BLOCK], want[MEDIA_BLOCK];

	if (d->read_only || d->medium != &made_up_rw)
		fail_msg("at %u: %s", (unsigned)at, d->read_only ? d->read_only : "another medium");
	assert_int_equal(d->capacity, erased ? 400 : SIZE);
	assert_int_equal(d->media->blocks, erased ? 0 : BLOCKS);
	assert_int_equal(disc_is_blank(d), erased);
	for (uint32_t lba = 0; lba < BLOCKS && !erased; lba++) {
		fill(want, lba);
		assert_int_equal(disc_read(d, lba, 1, is), DISC_OK);
		assert_memory_equal(is, want, MEDIA_BLOCK);
	}
	disc_put(d);
	return erased;
}

/* Erases with a fault at that operation. Returns false if there are not that many. */
static bool erase_with(enum powercut_fault fault, uint64_t seed, uint64_t at, unsigned count[2])
{
	struct powercut *c = powercut_new(BLOCKS, seed, seed & 1);
	struct disc *d;
	bool reached, erased;
	int r;

	put_disc(c);
	d = open_disc(c, &made_up_rw);
	powercut_plan(c, fault, c->ops + at, ENOSPC);
	r = disc_erase(d);
	/* The disc that stays open after a failure is the old one or the blank. */
	if (fault == POWERCUT_ERRNO)
		assert_int_equal(d->capacity, d->format == DISC_UNFORMATTED ? 400 : SIZE);
	disc_put(d);
	reached = c->reached;
	powercut_plan(c, POWERCUT_NOTHING, 0, 0);
	if (fault == POWERCUT_POWER)
		powercut_power_on(c, seed & 2 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	else if (fault == POWERCUT_DEATH)
		powercut_restart_daemon(c);
	erased = is_erased(c, at);
	/* After DISC_OK the blank survives a power cut. */
	if (r == DISC_OK)
		assert_true(erased);
	if (!reached)
		assert_int_equal(r, DISC_OK);
	count[erased] += reached;
	powercut_free(c);
	return reached;
}

static void a_fault_at_each_operation_leaves_one_of_the_two(void **state)
{
	unsigned count[2] = {0};

	(void)state;
	for (int fault = POWERCUT_POWER; fault <= POWERCUT_ERRNO; fault++) {
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			uint64_t at = 0;

			while (erase_with((enum powercut_fault)fault, seed, at, count))
				at++;
			/*
			 * The state file is saved, the image is cut and synced, and the state file
			 * is saved again.
			 */
			assert_in_range(at, 8, 40);
		}
	}
	assert_true(count[0] > 0 && count[1] > 0);
}

/*
 * The state file keeps no intent to erase, which would undo at the next opening what a host has
 * recorded since. Erasing the disc again changes nothing.
 */
static void an_erased_disc_is_a_new_one(void **state)
{
	struct powercut *c = powercut_new(BLOCKS, 1, true);
	char text[STORE_TEXT_MAX];
	struct folder *f = powercut_folder(c);
	struct disc *d;
	int n;

	(void)state;
	put_disc(c);
	d = open_disc(c, &made_up_rw);
	assert_int_equal(disc_erase(d), DISC_OK);
	assert_int_equal(d->intent, DISC_INTENT_NONE);
	assert_int_equal(disc_erase(d), DISC_OK);
	disc_put(d);
	n = f->ops->read(f, IMAGE STORE_SUFFIX, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "\ntype made-up-rw\n"));
	assert_non_null(strstr(text, "\nstate blank\n"));
	assert_null(strstr(text, "pending"));
	f->ops->close(f);
	powercut_free(c);
}

/* Neither a medium that is recorded once is erased, nor an image that cannot be written. */
static void what_is_recorded_once_is_never_erased(void **state)
{
	uint8_t block[16 * MEDIA_BLOCK] = {1};
	struct powercut *c = powercut_new(BLOCKS, 1, true);
	struct disc *d = open_disc(c, &made_up_r);

	(void)state;
	assert_int_equal(disc_write(d, 0, 16, block), DISC_OK);
	assert_int_equal(disc_erase(d), DISC_NOT_FOR_MEDIUM);
	assert_int_equal(disc_sync(d), DISC_OK);
	assert_int_equal(d->media->blocks, 16);
	disc_put(d);
	powercut_free(c);
	c = powercut_new(BLOCKS, 1, true);
	put_disc(c);
	struct disc_options o = {.medium = &made_up_rw, .media = powercut_media(c, false)};

	assert_int_equal(store_new(powercut_folder(c), IMAGE, c->boot, &o.store), 0);
	d = disc_open(&o);
	assert_int_equal(disc_erase(d), DISC_CLOSED);
	disc_put(d);
	assert_false(is_erased(c, 0));
	powercut_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_at_each_operation_leaves_one_of_the_two),
		cmocka_unit_test(an_erased_disc_is_a_new_one),
		cmocka_unit_test(what_is_recorded_once_is_never_erased),
	};

	return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
