// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A DVD-RW in restricted overwrite: quick format, a burn, CLOSE, growth, another burn, CLOSE. At
 * every storage operation, in one run each, the power is cut, the daemon dies, or the operation
 * fails. A block that was synced and not written since then has what it had, and a size that was
 * promised is there; and the disc can be formatted and burned again.
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

enum what { END, FORMAT, WRITE, SYNC, CLOSE };
struct step {
	enum what what;
	uint32_t a, b; /* FORMAT: type, blocks; WRITE: from, to */
};

static const struct step host_steps[] = {
	{FORMAT, 0x15, 0},
	{WRITE, 0, 40},
	{SYNC, 0, 0},
	{WRITE, 8, 12},
	{WRITE, 40, 60},
	{SYNC, 0, 0},
	{WRITE, 60, 70},
	{CLOSE, 0, 0},
	{WRITE, 70, 75},
	{SYNC, 0, 0},
	{FORMAT, 0x13, 0},
	{WRITE, 16, 18},
	{WRITE, 80, 170},
	{SYNC, 0, 0},
	{CLOSE, 0, 0},
	{WRITE, 3, 5},
	{SYNC, 0, 0},
	{END, 0, 0},
};

struct bench {
	struct powercut *cut;
	struct disc *disc;
	uint32_t version[BLOCKS], synced[BLOCKS]; /* 0 = zeros */
	bool touched[BLOCKS];                     /* since the last sync */
	uint32_t end;                             /* blocks that are promised */
	uint32_t clock;
	uint32_t unanswered; /* the block of a WRITE that failed, and one; 0 = none */
	bool first_format;   /* the first FORMAT was answered */
};

static void insert(struct bench *b)
{
	b->disc = powercut_disc(b->cut, IMAGE,
		(struct disc_options){.medium = disc_medium_of(DISC_DVD_RW),
			.capacity = BLOCKS,
			.max_unsaved = DISC_MAX_UNSAVED_LEAST});
}

static void fill(uint8_t *block, uint32_t lba, uint32_t version)
{
	memset(block, 0, MEDIA_BLOCK);
	for (size_t at = 0; at < MEDIA_BLOCK && version; at += 8) {
		put_be32(block + at, lba);
		put_be32(block + at + 4, version);
	}
}

static int write_blocks(struct bench *b, uint32_t from, uint32_t to)
{
	uint8_t block[MEDIA_BLOCK];
	int r = DISC_OK;

	for (uint32_t lba = from; lba < to && r == DISC_OK; lba++) {
		fill(block, lba, ++b->clock);
		b->touched[lba] = true;
		r = disc_write(b->disc, lba, 1, block);
		if (r == DISC_OK)
			r = disc_wait_written(b->disc);
		if (r == DISC_OK)
			b->version[lba] = b->clock;
		else
			b->unanswered = lba + 1;
	}
	return r;
}

static void note_sync(struct bench *b)
{
	memcpy(b->synced, b->version, sizeof(b->synced));
	memset(b->touched, 0, sizeof(b->touched));
	b->end = disc_readable_blocks(b->disc);
}

static int do_step(struct bench *b, const struct step *s)
{
	const struct disc_format_request format = {.type = (uint8_t)s->a, .blocks = s->b};
	int r = DISC_OK;

	switch (s->what) {
	case FORMAT:
		r = disc_format(b->disc, &format);
		break;
	case WRITE:
		return write_blocks(b, s->a, s->b);
	case SYNC:
		r = disc_sync(b->disc);
		break;
	case CLOSE:
		r = disc_close_session(b->disc);
		break;
	case END:
		break;
	}
	if (r == DISC_OK) {
		note_sync(b);
		b->first_format = true;
	}
	return r;
}

static int do_steps(struct bench *b)
{
	int r = DISC_OK;

	for (const struct step *s = host_steps; s->what != END && r == DISC_OK; s++)
		r = do_step(b, s);
	return r;
}

static void begin(struct bench *b, uint64_t seed)
{
	*b = (struct bench){.cut = powercut_new(BLOCKS, seed, seed % 2)};
	assert_non_null(b->cut);
	insert(b);
}

/* alive: the page cache survived, so what was acknowledged is there, synced or not. */
static void check(struct bench *b, bool alive)
{
	uint8_t block[MEDIA_BLOCK], want[MEDIA_BLOCK];

	EXPECT(b->disc->read_only == NULL);
	EXPECT(b->disc->medium->type == DISC_DVD_RW);
	EXPECT(!b->first_format || b->disc->format != DISC_UNFORMATTED);
	EXPECT(disc_readable_blocks(b->disc) >= b->end);
	for (uint32_t lba = 0; lba < b->end; lba++) {
		EXPECT(disc_read(b->disc, lba, 1, block) == DISC_OK);
		/* A WRITE that was not answered may have changed its block. */
		if (b->touched[lba] && (!alive || b->unanswered == lba + 1))
			continue;
		fill(want, lba, alive ? b->version[lba] : b->synced[lba]);
		EXPECT(memcmp(block, want, sizeof(block)) == 0);
	}
}

/* The disc must be usable: erased, formatted and burned. */
static void use(struct bench *b)
{
	EXPECT(disc_blank(b->disc) == DISC_OK);
	memset(b->version, 0, sizeof(b->version));
	b->unanswered = 0;
	note_sync(b);
	EXPECT(do_steps(b) == DISC_OK);
	check(b, true);
	powercut_remove(&b->disc);
	insert(b);
	check(b, true);
	EXPECT(b->disc->format == DISC_FORMATTED && disc_readable_blocks(b->disc) == 176);
	powercut_remove(&b->disc);
	powercut_free(b->cut);
}

static void cut_at(uint64_t n, enum powercut_fault fault, enum powercut_names names, uint64_t seed)
{
	struct bench b;
	bool death = fault == POWERCUT_DEATH;

	snprintf(where, sizeof(where), "%s at %u, names %d, seed %u", death ? "death" : "power cut",
		(unsigned)n, names, (unsigned)seed);
	begin(&b, seed);
	powercut_plan(b.cut, fault, b.cut->ops + n, 0);
	(void)do_steps(&b);
	powercut_remove(&b.disc);
	if (death)
		powercut_restart_daemon(b.cut);
	else
		powercut_power_on(b.cut, names);
	insert(&b);
	check(&b, death);
	powercut_remove(&b.disc);
	insert(&b);
	check(&b, death);
	use(&b);
	*(death ? &deaths : &cuts) += 1;
}

static void fail_at(uint64_t n, int error, uint64_t then, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "errno %d at %u, power cut %u later, seed %u", error,
		(unsigned)n, (unsigned)then, (unsigned)seed);
	begin(&b, seed);
	if (then)
		powercut_plan_error_then_cut(b.cut, b.cut->ops + n, error, then);
	else
		powercut_plan(b.cut, POWERCUT_ERRNO, b.cut->ops + n, error);
	(void)do_steps(&b);
	if (then) {
		b.cut->dead = true;
		powercut_remove(&b.disc);
		powercut_power_on(b.cut, seed & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
		insert(&b);
	}
	check(&b, false);
	use(&b);
	faults++;
}

static void nothing_synced_is_lost(void **state)
{
	uint64_t stride = powercut_stride(STRIDE);
	uint64_t ops;
	struct bench b;

	(void)state;
	begin(&b, 1);
	ops = b.cut->ops;
	assert_int_equal(do_steps(&b), DISC_OK);
	ops = b.cut->ops - ops;
	use(&b);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		for (uint64_t n = 0; n < ops; n += stride) {
			cut_at(n, POWERCUT_POWER, POWERCUT_JOURNAL, seed);
			cut_at(n, POWERCUT_POWER, POWERCUT_EACH_NAME, seed);
			cut_at(n, POWERCUT_DEATH, POWERCUT_JOURNAL, seed);
			fail_at(n, EIO, 0, seed);
			fail_at(n, EIO, 1 + n % 5, seed);
		}
	}
	print_message("# %u operations, %u power cuts, %u deaths, %u faults\n", (unsigned)ops, cuts,
		deaths, faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_synced_is_lost)};

	return cmocka_run_group_tests_name("power cuts of restricted overwrite", tests, NULL, NULL);
}
