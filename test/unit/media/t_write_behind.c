// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing behind: nothing waits in the caller, nothing is lost, nothing is promised too early. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "disc/disc.h"
#include "unit/media/ready.h"
#include "util/array.h"

#define PIECE 16u /* blocks of a write */

/* ---- storage that takes its time ------------------------------------------------------------ */

struct slow {
	struct media m;
	struct media *below;
	pthread_t caller; /* who must never come here */
	unsigned delay_us, writes, syncs, trespasses;
	uint32_t largest; /* blocks in one write */
};

static void nap(struct slow *s)
{
	struct timespec t = {0, (long)s->delay_us * 1000};

	s->trespasses += pthread_equal(pthread_self(), s->caller) != 0;
	nanosleep(&t, NULL);
}

static int slow_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct slow *s = (struct slow *)m;

	nap(s);
	s->writes++;
	s->largest = MAX(s->largest, count);
	return media_write(s->below, block, count, buf);
}

static int slow_sync(struct media *m)
{
	struct slow *s = (struct slow *)m;

	nap(s);
	s->syncs++;
	return media_sync(s->below);
}

static int slow_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	return media_read(((struct slow *)m)->below, block, count, buf);
}

static int slow_truncate(struct media *m, uint64_t blocks)
{
	return media_truncate(((struct slow *)m)->below, blocks);
}

static void slow_close(struct media *m)
{
	media_close(((struct slow *)m)->below);
	free(m);
}

static const struct media_ops slow_ops = {
	.read = slow_read,
	.write = slow_write,
	.sync = slow_sync,
	.truncate = slow_truncate,
	.close = slow_close,
};

struct rig {
	struct media *fault, *behind;
	struct slow *slow;
};

static struct rig rig_new(unsigned delay_us)
{
	struct rig r = {.fault = media_fault_new(media_mem_new(0, true))};

	r.slow = calloc(1, sizeof(*r.slow));
	assert_non_null(r.slow);
	r.slow->m.ops = &slow_ops;
	r.slow->m.unit = MEDIA_BLOCK;
	r.slow->m.writable = true;
	r.slow->below = r.fault;
	r.slow->caller = pthread_self();
	r.slow->delay_us = delay_us;
	r.behind = media_write_behind_new(&r.slow->m, ready, NULL);
	assert_non_null(r.behind);
	return r;
}

static void fill(uint8_t *buf, uint32_t block, uint32_t count)
{
	for (uint32_t i = 0; i < count * MEDIA_BLOCK; i++)
		buf[i] = (uint8_t)(i + (block + i / MEDIA_BLOCK) * 31);
}

static void assert_block(struct media *m, uint32_t block)
{
	uint8_t want[MEDIA_BLOCK], got[MEDIA_BLOCK];

	fill(want, block, 1);
	assert_int_equal(media_read(m, block, 1, got), 0);
	assert_memory_equal(got, want, sizeof(want));
}

/* ---- the medium ----------------------------------------------------------------------------- */

static void what_was_taken_arrives(void **state)
{
	struct rig r = rig_new(200);
	uint8_t buf[PIECE * MEDIA_BLOCK];
	uint32_t block = 0;
	uint64_t lost;
	int e;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		uint32_t count = 1 + i * 7 % PIECE;

		fill(buf, block, count);
		insist(e, media_write(r.behind, block, count, buf));
		assert_int_equal(e, 0);
		memset(buf, 0xee, sizeof(buf)); /* ours again at once */
		block += count;
		if (i % 8 == 0) {
			insist(e, media_wait_written(r.behind, &lost));
			assert_int_equal(e, 0);
			/* It has left the ring. Nobody else is at work, so this is no race. */
			assert_int_equal(r.fault->blocks, block);
		}
		if (i % 50 == 0) {
			insist(e, media_sync(r.behind));
			assert_int_equal(e, 0);
			assert_false(r.behind->dirty);
			assert_false(r.fault->dirty);
		}
	}
	insist(e, media_sync(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.slow->trespasses, 0);
	assert_true(r.slow->largest > PIECE); /* they went in larger pieces than they came */
	for (uint32_t i = 0; i < block; i++)
		assert_block(r.behind, i);
	media_close(r.behind);
}

/* Blocks that came after it was asked for are none of its business; it must not say so. */
static void a_sync_answers_for_all_before_the_answer(void **state)
{
	struct rig r = rig_new(2000);
	uint8_t buf[PIECE * MEDIA_BLOCK];
	int e;

	(void)state;
	fill(buf, 0, PIECE);
	insist(e, media_write(r.behind, 0, PIECE, buf));
	assert_int_equal(media_sync(r.behind), -EAGAIN);
	fill(buf, PIECE, PIECE);
	insist(e, media_write(r.behind, PIECE, PIECE, buf));
	assert_int_equal(e, 0);
	insist(e, media_sync(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.fault->blocks, 2 * PIECE);
	assert_false(r.fault->dirty);
	media_close(r.behind);
}

static void a_sync_that_fails_is_told_also_later(void **state)
{
	const struct media_fault broken = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};

	(void)state;
	for (unsigned waited = 0; waited < 2; waited++) {
		struct rig r = rig_new(500);
		uint8_t buf[PIECE * MEDIA_BLOCK];
		int e;

		media_fault_set(r.fault, &broken);
		fill(buf, 0, PIECE);
		insist(e, media_write(r.behind, 0, PIECE, buf));
		assert_int_equal(media_sync(r.behind), -EAGAIN);
		if (waited)
			media_wait(r.behind); /* as when the disc leaves the drive */
		insist(e, media_sync(r.behind));
		assert_int_equal(e, -EIO);
		insist(e, media_sync(r.behind));
		assert_int_equal(e, 0);
		media_close(r.behind);
	}
}

static int add(void *arg)
{
	*(pthread_t *)arg = pthread_self();
	return -ENOLINK;
}

static void run_is_elsewhere(void **state)
{
	struct rig r = rig_new(0);
	pthread_t who = pthread_self();
	int e;

	(void)state;
	insist(e, media_run(r.behind, add, &who));
	assert_int_equal(e, -ENOLINK);
	assert_false(pthread_equal(who, pthread_self()));
	media_wait(r.behind);
	assert_int_equal(media_run(r.behind, add, &who), -ENOLINK);
	assert_true(pthread_equal(who, pthread_self()));
	media_close(r.behind);
}

/* ---- the disc -------------------------------------------------------------------------------- */

/* As one command each: taken, then settled. The answer, as a host would get it. */
static int burn(struct disc *d, uint32_t lba, uint32_t count)
{
	uint8_t buf[PIECE * MEDIA_BLOCK];
	int e = DISC_OK;

	for (uint32_t at = 0; at < count && e == DISC_OK; at += PIECE) {
		uint32_t n = MIN(PIECE, count - at);

		fill(buf, lba + at, n);
		insist(e, disc_write(d, lba + at, n, buf));
	}
	if (e == DISC_OK)
		insist(e, disc_wait_written(d));
	return e;
}

/*
 * Storage fails at the n-th operation, once: the command fails, the address goes back
 * to what is there, and the burn goes on from it. In the end every block is right.
 */
static void fails_once_everywhere(bool on_write, int error)
{
	const uint32_t end = 960, command = 48;
	unsigned failed = 0;
	uint64_t n;

	for (n = 0;; n++) {
		const struct media_fault f = {.kind = MEDIA_FAULT_ERROR,
			.on_write = on_write,
			.on_sync = !on_write,
			.skip = n,
			.times = 1,
			.error = error};
		struct rig r = rig_new(0);
		struct disc *d = disc_new(r.behind, 4096, NULL, NULL);
		bool hit = false;
		uint32_t lba;
		int e;

		media_fault_set(r.fault, &f);
		while ((lba = disc_nwa(d)) < end) {
			e = burn(d, lba, command);
			if (e == DISC_OK && lba % (command * 3) == 0)
				insist(e, disc_sync(d));
			if (e == DISC_OK)
				continue;
			assert_false(hit);
			hit = true;
			assert_int_equal(e, -error);
			assert_in_range(disc_nwa(d), 0, lba + command);
			/* What is counted is there, and nothing behind it. */
			assert_int_equal(r.fault->blocks, disc_nwa(d));
		}
		insist(e, disc_finalise(d));
		if (e != DISC_OK) {
			assert_false(hit);
			hit = true;
			insist(e, disc_finalise(d));
		}
		if (hit)
			assert_true(r.fault->blocks > 0);
		for (uint32_t i = 0; i < disc_end(d); i++)
			assert_block(r.behind, i);
		failed += hit;
		disc_put(d);
		if (!hit)
			break;
	}
	print_message("# %u faults in as many burns\n", failed);
	assert_true(failed >= 3);
}

static void a_write_fails(void **state)
{
	(void)state;
	fails_once_everywhere(true, ENOSPC);
	fails_once_everywhere(true, EIO);
}

static void a_sync_fails(void **state)
{
	(void)state;
	fails_once_everywhere(false, EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_arrives),
		cmocka_unit_test(a_sync_answers_for_all_before_the_answer),
		cmocka_unit_test(a_sync_that_fails_is_told_also_later),
		cmocka_unit_test(run_is_elsewhere),
		cmocka_unit_test(a_write_fails),
		cmocka_unit_test(a_sync_fails),
	};

	return cmocka_run_group_tests_name("behind", tests, NULL, NULL);
}
