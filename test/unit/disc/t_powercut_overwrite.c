// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The overwrite write model. At every single storage operation, in one run each, the power
 * is cut, the daemon dies, or the operation fails. The host formats, writes anywhere, syncs
 * now and then and keeps a ledger: a block that it has not written since the last sync must
 * hold what it held then, and FORMAT leaves either all of the old disc or all of the new.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disc/disc_state.h"
#include "unit/disc/made_up.h"
#include "unit/disc/powercut_frame.h"
#include "util/array.h"
#include "util/be.h"

#define IMAGE     "disc.img"
#define CAPACITY  400u
#define WRITE_MAX 16u
#define SEEDS     4u /* odd: the file system knows RENAME_EXCHANGE */

enum what { END, FORMAT, RESTART, WRITE, SYNC, REINSERT };
struct step {
	enum what what;
	uint32_t lba, count; /* FORMAT: count = blocks */
};

static const struct step host_steps[] = {
	{FORMAT, 0, 300},
	{WRITE, 0, 16},
	{WRITE, 280, 7}, /* far beyond the end of the image: a hole before it */
	{SYNC, 0, 0},
	{WRITE, 4, 8},
	{WRITE, 150, 16},
	{WRITE, 284, 16}, /* up to the last block */
	{SYNC, 0, 0},
	{WRITE, 290, 3},
	{REINSERT, 0, 0},
	{WRITE, 0, 1},
	{SYNC, 0, 0},
	{WRITE, 100, 16},
	{FORMAT, 0, 352}, /* the disc has synced and unsynced data */
	{WRITE, 340, 12},
	{WRITE, 20, 5},
	{SYNC, 0, 0},
	{WRITE, 22, 9},
	{RESTART, 0, 0},
	{WRITE, 40, 3},
	{FORMAT, 0, 300},
	{WRITE, 30, 3},
	{END, 0, 0},
};

/*
 * Media of CAPACITY blocks that can be formatted to all of them: a DVD+RW and a DVD-RAM have no
 * other size, a BD-RE with or without a spare area.
 */
static const struct step all_steps[] = {
	{FORMAT, 0, CAPACITY},
	{WRITE, 0, 16},
	{WRITE, 384, 16}, /* up to the last block, with a hole before it */
	{SYNC, 0, 0},
	{WRITE, 33, 8},
	{WRITE, 390, 10},
	{SYNC, 0, 0},
	{WRITE, 1, 16},
	{REINSERT, 0, 0},
	{WRITE, 200, 3},
	{FORMAT, 0, CAPACITY}, /* the disc has synced and unsynced data */
	{WRITE, 31, 2},
	{SYNC, 0, 0},
	{WRITE, 396, 4},
	{RESTART, 0, 0},
	{WRITE, 40, 3},
	{FORMAT, 0, CAPACITY},
	{WRITE, 30, 3},
	{END, 0, 0},
};

static const struct kind {
	const char *medium; /* name of a row; NULL = made_up_rw */
	uint8_t format_type;
	uint32_t usual; /* a size that it can be formatted to */
	const struct step *steps;
} made_up = {NULL, 0x26, 300, host_steps}, plus_rw = {"dvd+rw", 0x26, CAPACITY, all_steps},
  ram = {"dvd-ram", 0x00, CAPACITY, all_steps}, bd_re = {"bd-re", 0x31, CAPACITY, all_steps},
  bd_re_dl = {"bd-re-dl", 0x30, CAPACITY, all_steps};
static const struct kind *kind = &made_up;

static const struct disc_medium *medium(void)
{
	return kind->medium ? disc_medium_named(kind->medium) : &made_up_rw;
}

/* What the host knows. Version 0 of a block is all zeros. */
struct ledger {
	uint32_t size;                                     /* formatted; 0 = not */
	uint32_t acknowledged[CAPACITY], synced[CAPACITY]; /* versions */
	bool touched[CAPACITY];                            /* since the last sync, GOOD or not */
	bool unanswered[CAPACITY];                         /* by a WRITE that did not end GOOD */
	/* Written before a sync that failed: may be lost until written again. */
	bool doubtful[CAPACITY];
	uint32_t format_in_flight; /* blocks; 0 = none */
	uint32_t version;
	unsigned failures;
};

struct bench {
	struct powercut *cut;
	struct disc *disc;
	struct ledger l;
};

static uint64_t stride;

/* ---- the host ------------------------------------------------------------------------------- */

static void fill(uint8_t *block, uint32_t lba, uint32_t version)
{
	memset(block, version ? (int)(version % 251 + 1) : 0, MEDIA_BLOCK);
	for (size_t at = 0; at < MEDIA_BLOCK && version; at += POWERCUT_SECTOR) {
		put_be32(block + at, lba);
		put_be32(block + at + 4, version);
	}
}

static void insert(struct bench *b)
{
	b->disc = powercut_disc(
		b->cut, IMAGE, (struct disc_options){.medium = medium(), .capacity = CAPACITY});
}

static void note_sync(struct ledger *l)
{
	memcpy(l->synced, l->acknowledged, sizeof(l->synced));
	memset(l->touched, 0, sizeof(l->touched));
}

static void become_new_format(struct ledger *l)
{
	l->size = l->format_in_flight;
	memset(l->acknowledged, 0, sizeof(l->acknowledged));
	memset(l->synced, 0, sizeof(l->synced));
	memset(l->touched, 0, sizeof(l->touched));
	memset(l->unanswered, 0, sizeof(l->unanswered));
	memset(l->doubtful, 0, sizeof(l->doubtful));
}

static uint32_t formatted_size(const struct disc *d)
{
	return d->format == DISC_FORMATTED ? disc_readable_blocks(d) : 0;
}

static bool is_version(struct bench *b, uint32_t lba, uint32_t version)
{
	uint8_t is[MEDIA_BLOCK], want[MEDIA_BLOCK];

	fill(want, lba, version);
	return disc_read(b->disc, lba, 1, is) == DISC_OK && memcmp(is, want, MEDIA_BLOCK) == 0;
}

/*
 * A FORMAT to the size that the disc has: it was done if a block that was synced reads as zeros.
 * Then all blocks must.
 */
static bool was_formatted_again(struct bench *b)
{
	const struct ledger *l = &b->l;

	for (uint32_t lba = 0; lba < l->size; lba++)
		if (l->synced[lba] && !l->touched[lba] && !l->doubtful[lba])
			return is_version(b, lba, 0);
	return false;
}

static int format(struct bench *b, uint32_t blocks)
{
	struct ledger *l = &b->l;
	int r;

	l->format_in_flight = blocks;
	r = disc_format(b->disc,
		&(struct disc_format_request){.type = kind->format_type, .blocks = blocks});
	if (r != DISC_OK) {
		/* Done or not: the host looks, if the daemon is alive. */
		if (b->cut->dead || (formatted_size(b->disc) == l->size &&
					    (blocks != l->size || !was_formatted_again(b))))
			return r;
		become_new_format(l);
		/* The old blocks may still be there. */
		memset(l->doubtful, true, sizeof(l->doubtful));
		return r;
	}
	become_new_format(l);
	l->format_in_flight = 0;
	return DISC_OK;
}

/* Continues a background format, which keeps the data and syncs it. */
static int restart(struct bench *b)
{
	struct disc_format_request request = {
		.type = kind->format_type, .blocks = b->l.size, .parameter = 1};
	int r;

	if (!(medium()->format[0].flags & DISC_FORMAT_RESTARTS) || b->l.size == 0)
		return DISC_OK;
	r = disc_format(b->disc, &request);
	if (r == DISC_OK)
		note_sync(&b->l);
	return r;
}

static int write_blocks(struct bench *b, uint32_t lba, uint32_t count)
{
	static uint8_t data[WRITE_MAX * MEDIA_BLOCK];
	struct ledger *l = &b->l;
	int r;

	l->version++;
	for (uint32_t i = 0; i < count; i++) {
		fill(data + (size_t)i * MEDIA_BLOCK, lba + i, l->version);
		l->touched[lba + i] = l->unanswered[lba + i] = true;
	}
	r = disc_write(b->disc, lba, count, data);
	if (r == DISC_OK)
		r = disc_wait_written(b->disc);
	if (r == DISC_OK)
		l->format_in_flight = 0; /* a FORMAT that failed is not completed later */
	for (uint32_t i = 0; i < count && r == DISC_OK; i++) {
		l->acknowledged[lba + i] = l->version;
		l->unanswered[lba + i] = l->doubtful[lba + i] = false;
	}
	return r;
}

static void doubt_unsynced(struct ledger *l)
{
	for (uint32_t lba = 0; lba < CAPACITY; lba++)
		l->doubtful[lba] |= l->touched[lba];
}

static int do_step(struct bench *b, const struct step *s)
{
	int r = DISC_OK;

	switch (s->what) {
	case FORMAT:
		return format(b, s->count);
	case RESTART:
		return restart(b);
	case WRITE:
		return write_blocks(b, s->lba, s->count);
	case SYNC:
		r = disc_sync(b->disc);
		if (r == DISC_OK)
			note_sync(&b->l);
		return r;
	case REINSERT:
		/* If the sync at the removal fails, no command is left that could report it. */
		doubt_unsynced(&b->l);
		powercut_remove(&b->disc);
		insert(b);
		return DISC_OK;
	case END:
		break;
	}
	return r;
}

/* Tries each step up to most_tries times; inserts a disc without valid state again. */
static void do_steps(struct bench *b, unsigned most_tries)
{
	for (const struct step *s = kind->steps; s->what != END && !b->cut->dead; s++) {
		for (unsigned tries = 0; tries < most_tries && !b->cut->dead; tries++) {
			if (b->disc->read_only) {
				powercut_remove(&b->disc);
				insert(b);
			}
			if (do_step(b, s) == DISC_OK)
				break;
			b->l.failures++;
			/* No sync has failed if the power was cut, or the daemon has died. */
			if (!b->cut->dead)
				doubt_unsynced(&b->l);
		}
	}
}

static void begin(struct bench *b, uint64_t seed)
{
	*b = (struct bench){.cut = powercut_new(CAPACITY, seed, seed & 1),
		.l = {.size = MIN(medium()->formatted, CAPACITY)}};
	assert_non_null(b->cut);
}

/* ---- what must hold ------------------------------------------------------------------------- */

/* synced: what was synced must be there; otherwise all that was acknowledged. */
static void check(struct bench *b, bool synced)
{
	struct ledger *l = &b->l;
	const struct disc *d = b->disc;
	uint32_t size = formatted_size(d);

	EXPECT(d->read_only == NULL);
	EXPECT(d->medium == medium());
	EXPECT(size == l->size || (l->format_in_flight && size == l->format_in_flight));
	if (size != l->size || (size == l->format_in_flight && was_formatted_again(b)))
		become_new_format(l);
	l->format_in_flight = 0;
	for (uint32_t lba = 0; lba < size; lba++) {
		if (l->doubtful[lba])
			continue;
		if (synced && !l->touched[lba])
			EXPECT(is_version(b, lba, l->synced[lba]));
		else if (!synced && !l->unanswered[lba])
			EXPECT(is_version(b, lba, l->acknowledged[lba]));
	}
	EXPECT(size == 0 || disc_may_read(d, size, 1) == DISC_OUT_OF_RANGE);
	for (unsigned i = 0; i < b->cut->names; i++)
		EXPECT(strcmp(b->cut->name[i], IMAGE STORE_SUFFIX) == 0 ||
			strcmp(b->cut->name[i], IMAGE STORE_SPARE_SUFFIX) == 0);
}

/* The disc can still be formatted, written, synced and opened again. */
static void check_usable(struct bench *b)
{
	EXPECT(b->l.size || format(b, kind->usual) == DISC_OK);
	for (uint32_t lba = 0; lba < b->l.size; lba += WRITE_MAX)
		EXPECT(write_blocks(b, lba, MIN(WRITE_MAX, b->l.size - lba)) == DISC_OK);
	EXPECT(disc_sync(b->disc) == DISC_OK);
	note_sync(&b->l);
	EXPECT(disc_unsynced(b->disc) == 0);
	b->cut->dead = true;
	powercut_remove(&b->disc);
	powercut_power_on(b->cut, POWERCUT_JOURNAL);
	insert(b);
	check(b, true);
	powercut_remove(&b->disc);
}

/* ---- cuts, deaths, faults ------------------------------------------------------------------- */

static void cut_at(uint64_t n, enum powercut_names names, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "power cut at %u, names %d", (unsigned)n, names);
	begin(&b, seed);
	powercut_plan(b.cut, POWERCUT_POWER, n, 0);
	insert(&b);
	do_steps(&b, 4);
	powercut_remove(&b.disc);
	EXPECT(b.cut->reached);
	/* Two more power cuts while the disc is opened, which truncates the image if the state says
	 * so. */
	for (unsigned again = 0; again < 2; again++) {
		powercut_power_on(b.cut, names);
		powercut_plan(b.cut, POWERCUT_POWER, b.cut->ops + powercut_random(b.cut, 12), 0);
		insert(&b);
		powercut_remove(&b.disc);
	}
	powercut_power_on(b.cut, names);
	insert(&b);
	check(&b, true);
	check_usable(&b);
	powercut_free(b.cut);
	cuts++;
}

static void die_at(uint64_t n, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "death at %u", (unsigned)n);
	begin(&b, seed);
	powercut_plan(b.cut, POWERCUT_DEATH, n, 0);
	insert(&b);
	do_steps(&b, 4);
	powercut_remove(&b.disc);
	EXPECT(b.cut->reached);
	powercut_restart_daemon(b.cut);
	insert(&b);
	check(&b, false);
	/* Opening has synced what the daemon that died had left in the page cache. */
	for (uint32_t lba = 0; lba < CAPACITY; lba++) {
		b.l.synced[lba] = b.l.acknowledged[lba];
		b.l.touched[lba] = b.l.touched[lba] && !is_version(&b, lba, b.l.acknowledged[lba]);
	}
	b.cut->dead = true;
	powercut_remove(&b.disc);
	powercut_power_on(b.cut, POWERCUT_JOURNAL);
	insert(&b);
	check(&b, true);
	check_usable(&b);
	powercut_free(b.cut);
	deaths++;
}

static void fail_at(uint64_t n, enum powercut_op op, int error, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "errno %d at %u", error, (unsigned)n);
	begin(&b, seed);
	powercut_plan(b.cut, POWERCUT_ERRNO, n, error);
	insert(&b);
	do_steps(&b, 4);
	/* The last steps are not synced, so a loss may not have been reported yet. */
	if (disc_sync(b.disc) != DISC_OK) {
		b.l.failures++;
		doubt_unsynced(&b.l);
		EXPECT(disc_sync(b.disc) == DISC_OK);
	}
	if (!b.cut->reached) { /* the operation belongs to the removal of the disc */
		powercut_remove(&b.disc);
		EXPECT(b.cut->reached);
		insert(&b);
	}
	EXPECT(b.l.failures <= 1);
	EXPECT(b.l.failures == 1 || (op != POWERCUT_WRITE && op != POWERCUT_TRUNCATE));
	note_sync(&b.l);
	check(&b, true);
	check_usable(&b);
	powercut_free(b.cut);
	faults++;
}

/* A host that ignores failures and goes on with the next step; then the power is cut. */
static void fail_and_cut(uint64_t n, uint64_t then, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "EIO at %u, power cut %u later, seed %u", (unsigned)n,
		(unsigned)then, (unsigned)seed);
	begin(&b, seed);
	powercut_plan_error_then_cut(b.cut, n, EIO, then);
	insert(&b);
	do_steps(&b, 1);
	b.cut->dead = true;
	powercut_remove(&b.disc);
	powercut_power_on(b.cut, then & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	insert(&b);
	check(&b, true);
	check_usable(&b);
	powercut_free(b.cut);
	faults++;
}

static void promises_hold_after_a_fault_at_every_operation(void **state)
{
	static uint8_t op[POWERCUT_OPS];
	struct bench b;
	uint64_t ops;

	kind = *state;
	cuts = deaths = faults = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		begin(&b, seed);
		insert(&b);
		do_steps(&b, 4);
		assert_int_equal(b.l.failures, 0);
		powercut_remove(&b.disc);
		ops = b.cut->ops;
		memcpy(op, b.cut->kind, sizeof(op));
		insert(&b);
		check(&b, false);
		powercut_remove(&b.disc);
		powercut_free(b.cut);
		for (uint64_t n = 0; n < ops; n += stride) {
			cut_at(n, POWERCUT_JOURNAL, seed);
			cut_at(n, POWERCUT_EACH_NAME, seed + SEEDS);
			die_at(n, seed);
			fail_at(n, (enum powercut_op)op[n], EIO, seed);
			fail_at(n, (enum powercut_op)op[n], ENOSPC, seed + SEEDS);
			/* State files are read when a disc is opened, and it then counts as
			 * another. */
			for (uint64_t then = 1 + seed; then <= 16 && op[n] != POWERCUT_FILE_READ;
				then += SEEDS)
				fail_and_cut(n, then, seed + then);
		}
	}
	print_message("# %s: %u power cuts, %u deaths, %u faults\n", medium()->title, cuts, deaths,
		faults);
}

/* A WRITE touches the image alone; only FORMAT changes the state file. */
static void a_write_saves_no_state(void **state)
{
	struct bench b;
	uint64_t saves;

	kind = *state;
	begin(&b, 1);
	insert(&b);
	assert_int_equal(format(&b, kind->usual), DISC_OK);
	saves = b.disc->store->saves;
	for (uint32_t lba = 280; lba > 0; lba -= 40) {
		assert_int_equal(write_blocks(&b, lba, 8), DISC_OK);
		assert_int_equal(disc_unsynced(b.disc), 8);
		assert_int_equal(disc_sync(b.disc), DISC_OK);
		assert_int_equal(disc_unsynced(b.disc), 0);
	}
	assert_int_equal(b.disc->store->saves, saves);
	powercut_remove(&b.disc);
	powercut_free(b.cut);
}

#define FOR(name, test, kind)                                                                      \
	{                                                                                          \
		name, test, NULL, NULL, (void *)(uintptr_t) & (kind)                               \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOR("made-up RW", promises_hold_after_a_fault_at_every_operation, made_up),
		FOR("made-up RW: writes save no state", a_write_saves_no_state, made_up),
		FOR("DVD+RW", promises_hold_after_a_fault_at_every_operation, plus_rw),
		FOR("DVD-RAM", promises_hold_after_a_fault_at_every_operation, ram),
		FOR("BD-RE", promises_hold_after_a_fault_at_every_operation, bd_re),
		FOR("BD-RE: writes save no state", a_write_saves_no_state, bd_re),
		FOR("BD-RE DL", promises_hold_after_a_fault_at_every_operation, bd_re_dl),
	};
	stride = powercut_stride(7);
	return cmocka_run_group_tests_name("power cut overwrite", tests, NULL, NULL);
}
