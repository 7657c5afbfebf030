// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BLANK of a DVD-RW with two sessions, the second one open. At every storage operation from there
 * to the end of the next burn, in one run each, the power is cut, the daemon dies, or the operation
 * fails. The disc is all of the old one or a blank; after BLANK was answered GOOD it is never the
 * old one again; and the next BLANK and burn succeed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/disc/powercut_frame.h"
#include "util/array.h"
#include "util/be.h"

#define IMAGE  "disc.img"
#define BLOCKS 400u
#define SEEDS  2u /* odd: the file system knows RENAME_EXCHANGE */
#define STRIDE 5u /* operations between two cuts under an emulator or valgrind (WRAP) */
#define OLD    1u
#define NEW    2u

struct bench {
	struct powercut *cut;
	struct disc *disc;
	uint64_t begin;  /* operations before BLANK */
	bool erasing;    /* BLANK was called ... */
	bool erased;     /* ... and answered DISC_OK */
	uint32_t synced; /* blocks of the new burn that must be kept */
};

static void insert(struct bench *b)
{
	b->disc = powercut_disc(b->cut, IMAGE,
		(struct disc_options){.medium = disc_medium_of(DISC_DVD_RW),
			.capacity = BLOCKS,
			.max_unsaved = DISC_MAX_UNSAVED_LEAST});
}

static void fill(uint8_t *block, uint32_t lba, uint32_t burn)
{
	for (size_t at = 0; at < MEDIA_BLOCK; at += 8) {
		put_be32(block + at, lba);
		put_be32(block + at + 4, burn);
	}
}

/* Records up to block `end`. DISC_OK or the first failure. */
static int record(struct bench *b, uint32_t end, uint32_t burn)
{
	uint8_t block[MEDIA_BLOCK];
	int r = DISC_OK;

	for (uint32_t lba = disc_nwa(b->disc); lba < end && r == DISC_OK; lba++) {
		fill(block, lba, burn);
		r = disc_write(b->disc, lba, 1, block);
	}
	return r;
}

static int erase_and_burn(struct bench *b)
{
	int r;

	if (!b->erased) {
		b->erasing = true;
		r = disc_blank(b->disc);
		if (r != DISC_OK)
			return r;
		b->erased = true;
	}
	r = record(b, 30, NEW);
	if (r == DISC_OK)
		r = disc_sync(b->disc);
	if (r != DISC_OK)
		return r;
	b->synced = 30;
	r = record(b, 70, NEW);
	return r == DISC_OK ? disc_close_session(b->disc) : r;
}

/* Makes storage with the old disc in it, as a host has left it. */
static void begin(struct bench *b, uint64_t seed)
{
	*b = (struct bench){.cut = powercut_new(BLOCKS, seed, seed % 2)};
	assert_non_null(b->cut);
	insert(b);
	assert_int_equal(record(b, 52, OLD), DISC_OK);
	assert_int_equal(disc_close_session(b->disc), DISC_OK);
	assert_int_equal(record(b, 104, OLD), DISC_OK);
	assert_int_equal(disc_sync(b->disc), DISC_OK);
	assert_int_equal(record(b, 112, OLD), DISC_OK);
	b->begin = b->cut->ops;
}

static void check_blocks(struct bench *b, uint32_t from, uint32_t to, uint32_t burn)
{
	uint8_t block[MEDIA_BLOCK], want[MEDIA_BLOCK];

	for (uint32_t lba = from; lba < to; lba++) {
		fill(want, lba, burn);
		EXPECT(disc_read(b->disc, lba, 1, block) == DISC_OK);
		EXPECT(memcmp(block, want, sizeof(block)) == 0);
	}
}

static bool is_old(const struct bench *b)
{
	const struct disc_layout *l = &b->disc->layout;

	return l->sessions == 2 && l->tracks == 2 && l->track[0].written == 52 &&
	       l->track[1].start == 64;
}

static void check(struct bench *b)
{
	const struct disc_layout *l = &b->disc->layout;

	EXPECT(b->disc->read_only == NULL);
	EXPECT(b->disc->medium->type == DISC_DVD_RW);
	if (is_old(b) && !b->erased) {
		EXPECT(l->track[1].written >= 40);
		check_blocks(b, 0, 52, OLD);
		check_blocks(b, 64, 64 + l->track[1].written, OLD);
		return;
	}
	EXPECT(b->erasing);
	EXPECT(l->track[0].start == 0 && l->track[0].written >= b->synced);
	check_blocks(b, 0, l->track[0].written, NEW);
	EXPECT(b->disc->media->blocks == disc_readable_blocks(b->disc) ||
		b->disc->media->blocks == l->track[0].written);
}

/* The disc must be usable: it is erased and burned whole. */
static void use(struct bench *b)
{
	b->erased = false;
	EXPECT(erase_and_burn(b) == DISC_OK);
	check(b);
	EXPECT(disc_readable_blocks(b->disc) == 70);
	powercut_remove(&b->disc);
	insert(b);
	check(b);
	EXPECT(disc_readable_blocks(b->disc) == 70);
	powercut_remove(&b->disc);
	powercut_free(b->cut);
}

static void cut_at(uint64_t n, enum powercut_fault fault, enum powercut_names names, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "%s at %u, names %d, seed %u",
		fault == POWERCUT_POWER ? "power cut" : "death", (unsigned)n, names,
		(unsigned)seed);
	begin(&b, seed);
	powercut_plan(b.cut, fault, b.begin + n, 0);
	(void)erase_and_burn(&b);
	powercut_remove(&b.disc);
	EXPECT(b.cut->reached);
	if (fault == POWERCUT_POWER)
		powercut_power_on(b.cut, names);
	else
		powercut_restart_daemon(b.cut);
	insert(&b);
	check(&b);
	/* It stays what it is. */
	powercut_remove(&b.disc);
	insert(&b);
	check(&b);
	use(&b);
	*(fault == POWERCUT_POWER ? &cuts : &deaths) += 1;
}

static void fail_at(uint64_t n, int error, uint64_t then, uint64_t seed)
{
	struct bench b;
	int r;

	snprintf(where, sizeof(where), "errno %d at %u, power cut %u later, seed %u", error,
		(unsigned)n, (unsigned)then, (unsigned)seed);
	begin(&b, seed);
	if (then)
		powercut_plan_error_then_cut(b.cut, b.begin + n, error, then);
	else
		powercut_plan(b.cut, POWERCUT_ERRNO, b.begin + n, error);
	r = erase_and_burn(&b);
	for (unsigned tries = 0; tries < 4 && r != DISC_OK && !b.cut->dead; tries++) {
		/* Blocks that were answered may be lost now, and the host was told. */
		r = erase_and_burn(&b);
	}
	EXPECT(b.cut->dead || r == DISC_OK);
	if (then) {
		b.cut->dead = true;
		powercut_remove(&b.disc);
		powercut_power_on(b.cut, seed & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
		insert(&b);
	}
	check(&b);
	use(&b);
	faults++;
}

static void blank_is_atomic(void **state)
{
	uint64_t stride = powercut_stride(STRIDE);
	uint64_t ops;
	struct bench b;

	(void)state;
	begin(&b, 1);
	assert_int_equal(erase_and_burn(&b), DISC_OK);
	powercut_remove(&b.disc);
	ops = b.cut->ops - b.begin;
	powercut_free(b.cut);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		for (uint64_t n = 0; n < ops - 2; n += stride) {
			cut_at(n, POWERCUT_POWER, POWERCUT_JOURNAL, seed);
			cut_at(n, POWERCUT_POWER, POWERCUT_EACH_NAME, seed);
			cut_at(n, POWERCUT_DEATH, POWERCUT_JOURNAL, seed);
			fail_at(n, EIO, 0, seed);
			fail_at(n, ENOSPC, 0, seed);
			for (uint64_t then = 1; then < 8; then++)
				fail_at(n, EIO, then, seed);
		}
	}
	print_message("# %u operations, %u power cuts, %u deaths, %u faults\n", (unsigned)ops, cuts,
		deaths, faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(blank_is_atomic)};

	return cmocka_run_group_tests_name("power cuts of BLANK", tests, NULL, NULL);
}
