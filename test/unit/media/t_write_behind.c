// SPDX-License-Identifier: GPL-2.0-or-later
/* Write-behind: the caller never waits, no block is lost, no success is reported too early. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "disc/disc.h"
#include "unit/media/ready.h"
#include "unit/media/slow.h"

#define PIECE 16u /* blocks of a write */

struct rig {
	struct media *fault, *behind;
	struct slow *slow;
};

static struct rig rig_new(unsigned delay_us)
{
	struct rig r = {.fault = media_fault_new(media_mem_new(0, true))};

	r.slow = slow_new(r.fault, &slow_ops, delay_us, delay_us);
	assert_non_null(r.slow);
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

static void all_accepted_blocks_are_written(void **state)
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
		repeat_until_done(e, media_write(r.behind, block, count, buf));
		assert_int_equal(e, 0);
		memset(buf, 0xee, sizeof(buf)); /* the buffer belongs to the caller again */
		block += count;
		if (i % 8 == 0) {
			repeat_until_done(e, media_wait_written(r.behind, &lost));
			assert_int_equal(e, 0);
			/* The ring is empty and the thread idle, so this is no race. */
			assert_int_equal(r.fault->blocks, block);
		}
		if (i % 50 == 0) {
			repeat_until_done(e, media_sync(r.behind));
			assert_int_equal(e, 0);
			assert_false(r.behind->dirty);
			assert_false(r.fault->dirty);
		}
	}
	repeat_until_done(e, media_sync(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.slow->calls_by_caller, 0);
	assert_true(r.slow->largest > PIECE); /* several accepted writes became one */
	for (uint32_t i = 0; i < block; i++)
		assert_block(r.behind, i);
	media_close(r.behind);
}

/* The thread takes the stamp; the caller does not wait for storage. */
static void a_stamp_is_taken_by_the_thread(void **state)
{
	struct rig r = rig_new(2000);
	uint8_t buf[PIECE * MEDIA_BLOCK];
	uint64_t lost;
	int e;

	(void)state;
	fill(buf, 0, PIECE);
	for (unsigned i = 1; i <= 2; i++) {
		repeat_until_done(e, media_write(r.behind, (i - 1) * PIECE, PIECE, buf));
		repeat_until_done(e, media_wait_written(r.behind, &lost));
		assert_int_equal(e, 0);
		assert_int_equal(media_stamp(r.behind), -EAGAIN);
		assert_false(r.behind->stamped);
		repeat_until_done(e, media_stamp(r.behind));
		assert_int_equal(e, 0);
		assert_true(r.behind->stamped);
		assert_int_equal(r.behind->stamp.bytes, i * PIECE * MEDIA_BLOCK);
		assert_false(r.fault->dirty);
		/* Nothing was written: there is nothing to wait for. */
		assert_int_equal(media_stamp(r.behind), 0);
	}
	assert_int_equal(r.slow->calls_by_caller, 0);
	media_close(r.behind);
}

/* A sync does not cover blocks accepted after its request, and must not claim to. */
static void a_sync_covers_blocks_accepted_before_its_result(void **state)
{
	struct rig r = rig_new(2000);
	uint8_t buf[PIECE * MEDIA_BLOCK];
	int e;

	(void)state;
	fill(buf, 0, PIECE);
	repeat_until_done(e, media_write(r.behind, 0, PIECE, buf));
	assert_int_equal(media_sync(r.behind), -EAGAIN);
	fill(buf, PIECE, PIECE);
	repeat_until_done(e, media_write(r.behind, PIECE, PIECE, buf));
	assert_int_equal(e, 0);
	repeat_until_done(e, media_sync(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.fault->blocks, 2 * PIECE);
	assert_false(r.fault->dirty);
	media_close(r.behind);
}

/* Nor does it cover a cut after it, if nobody has asked for its result, as after a reset. */
static void a_sync_does_not_cover_a_later_cut(void **state)
{
	struct rig r = rig_new(2000);
	uint8_t buf[PIECE * MEDIA_BLOCK];
	int e;

	(void)state;
	fill(buf, 0, PIECE);
	repeat_until_done(e, media_write(r.behind, 0, PIECE, buf));
	assert_int_equal(media_sync(r.behind), -EAGAIN);
	assert_int_equal(media_read(r.behind, 0, 1, buf), 0); /* waits until the sync is done */
	assert_false(r.fault->dirty);
	assert_int_equal(media_truncate(r.behind, 8), 0);
	assert_true(r.fault->dirty);
	repeat_until_done(e, media_sync(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.fault->blocks, 8);
	assert_false(r.fault->dirty);
	media_close(r.behind);
}

/* The ring takes blocks when they can be written, so that a sync is not stale at once. */
static void blocks_wait_for_a_sync_in_progress(void **state)
{
	struct rig r = rig_new(2000);
	uint8_t buf[PIECE * MEDIA_BLOCK];
	int e;

	(void)state;
	fill(buf, 0, PIECE);
	repeat_until_done(e, media_write(r.behind, 0, PIECE, buf));
	assert_int_equal(media_sync(r.behind), -EAGAIN);
	fill(buf, PIECE, PIECE);
	assert_int_equal(media_write(r.behind, PIECE, PIECE, buf), -EAGAIN);
	repeat_until_done(e, media_sync(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.slow->syncs, 1);
	/* The caller does not ask for the result of this sync, as after a reset, and writes on. */
	repeat_until_done(e, media_write(r.behind, PIECE, PIECE, buf));
	assert_int_equal(e, 0);
	assert_int_equal(media_sync(r.behind), -EAGAIN);
	repeat_until_done(e, media_write(r.behind, 2 * PIECE, PIECE, buf));
	assert_int_equal(e, 0);
	media_close(r.behind);
}

static void views_do_not_wait_for_a_sync(void **state)
{
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops_with_views, 0, 100000);
	struct media *m = media_write_behind_new(&s->m, ready, NULL);
	uint8_t buf[PIECE * MEDIA_BLOCK], stage[MEDIA_BLOCK];
	const uint8_t *data;
	uint32_t count = 1;
	int e;

	(void)state;
	fill(buf, 0, PIECE);
	repeat_until_done(e, media_write(m, 0, PIECE, buf));
	assert_int_equal(media_sync(m), -EAGAIN);
	while (!atomic_load(&s->syncing))
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	assert_int_equal(media_view(m, 3, &count, stage, &data), 0);
	assert_true(atomic_load(&s->syncing));
	fill(buf, 3, 1);
	assert_memory_equal(data, buf, MEDIA_BLOCK);
	media_close(m);
}

/*
 * A WRITE that is aborted leaves blocks that the layout counts, although the file never got them.
 * Until the caller has learned that, it may view them.
 */
static void a_view_of_lost_blocks_fails(void **state)
{
	const struct media_fault full = {
		.kind = MEDIA_FAULT_ERROR, .on_write = true, .times = 1, .error = ENOSPC};
	uint8_t buf[PIECE * MEDIA_BLOCK], stage[PIECE * MEDIA_BLOCK];
	struct media *below, *fault, *m;
	const uint8_t *data;
	uint32_t count;
	uint64_t lost;
	int e;

	(void)state;
	assert_int_equal(media_file_open(memfd_create("disc", MFD_CLOEXEC), true, &below), 0);
	assert_int_equal(media_file_read_ahead(below, ready, NULL), 0);
	fault = media_fault_new(below);
	m = media_write_behind_new(fault, ready, NULL);
	assert_non_null(m);
	fill(buf, 0, PIECE);
	repeat_until_done(e, media_write(m, 0, PIECE, buf));
	repeat_until_done(e, media_wait_written(m, &lost));
	assert_int_equal(e, 0);
	media_fault_set(fault, &full);
	repeat_until_done(e, media_write(m, PIECE, PIECE, buf));
	assert_int_equal(e, 0);
	repeat_until_done(e, media_wait_written(m, &lost));
	assert_int_equal(e, -ENOSPC);
	for (uint32_t block = PIECE - 1; block < 2 * PIECE; block++) {
		count = block < PIECE ? 2 : 1;
		repeat_until_done(e, media_view(m, block, &count, stage, &data));
		assert_int_equal(e, -ENOSPC);
	}
	count = PIECE;
	repeat_until_done(e, media_view(m, 0, &count, stage, &data));
	assert_int_equal(e, 0);
	assert_memory_equal(data, buf, (size_t)count * MEDIA_BLOCK);
	assert_int_equal(media_truncate(m, PIECE), 0);
	repeat_until_done(e, media_write(m, PIECE, PIECE, buf));
	count = 1;
	repeat_until_done(e, media_view(m, PIECE, &count, stage, &data));
	assert_int_equal(e, 0);
	assert_memory_equal(data, buf, MEDIA_BLOCK);
	media_close(m);
}

static void a_failed_sync_is_reported_after_more_blocks(void **state)
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
		repeat_until_done(e, media_write(r.behind, 0, PIECE, buf));
		assert_int_equal(media_sync(r.behind), -EAGAIN);
		if (waited)
			media_wait(r.behind); /* as disc_destroy() does */
		repeat_until_done(e, media_sync(r.behind));
		assert_int_equal(e, -EIO);
		repeat_until_done(e, media_sync(r.behind));
		assert_int_equal(e, 0);
		media_close(r.behind);
	}
}

static int add(void *arg)
{
	*(pthread_t *)arg = pthread_self();
	return -ENOLINK;
}

/* As of a command that is aborted: its caller does not ask for the result. */
static void abandon_stamp(struct media *m)
{
	unsigned calls = ready_calls_so_far();

	assert_int_equal(media_stamp(m), -EAGAIN);
	wait_ready(calls);
}

static void write_piece(struct media *m, uint32_t block)
{
	uint8_t buf[PIECE * MEDIA_BLOCK];
	uint64_t lost;
	int e;

	fill(buf, block, PIECE);
	repeat_until_done(e, media_write(m, block, PIECE, buf));
	repeat_until_done(e, media_wait_written(m, &lost));
	assert_int_equal(e, 0);
}

static void a_result_is_that_of_the_call(void **state)
{
	for (unsigned waited = 0; waited < 3; waited++) {
		struct rig r = rig_new(500);
		pthread_t who = pthread_self();
		int e;

		(void)state;
		write_piece(r.behind, 0);
		if (waited == 0)
			assert_int_equal(media_stamp(r.behind), -EAGAIN);
		else
			abandon_stamp(r.behind);
		if (waited == 2)
			media_wait(r.behind); /* as disc_destroy() does */
		repeat_until_done(e, media_run(r.behind, add, &who));
		assert_int_equal(e, -ENOLINK);
		assert_int_equal(pthread_equal(who, pthread_self()) != 0, waited == 2);
		media_close(r.behind);
	}
}

static void an_old_stamp_is_not_that_of_later_blocks(void **state)
{
	struct rig r = rig_new(500);
	int e;

	(void)state;
	write_piece(r.behind, 0);
	abandon_stamp(r.behind);
	write_piece(r.behind, PIECE);
	repeat_until_done(e, media_stamp(r.behind));
	assert_int_equal(e, 0);
	assert_int_equal(r.behind->stamp.bytes, 2 * PIECE * MEDIA_BLOCK);
	assert_false(r.fault->dirty);
	media_close(r.behind);
}

/* The kernel reports an error of storage once; whoever syncs next is to get it. */
static void a_stamp_that_failed_fails_the_next_sync(void **state)
{
	const struct media_fault broken = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};

	(void)state;
	for (unsigned waited = 0; waited < 2; waited++) {
		struct rig r = rig_new(500);
		pthread_t who;
		int e;

		media_fault_set(r.fault, &broken);
		write_piece(r.behind, 0);
		if (waited)
			abandon_stamp(r.behind);
		else
			assert_int_equal(media_stamp(r.behind), -EAGAIN);
		repeat_until_done(e, media_sync(r.behind));
		assert_int_equal(e, -EIO);
		repeat_until_done(e, media_stamp(r.behind));
		assert_int_equal(e, 0);
		repeat_until_done(e, media_run(r.behind, add, &who));
		assert_int_equal(e, -ENOLINK);
		media_close(r.behind);
	}
}

static void run_calls_a_function_in_the_thread(void **state)
{
	struct rig r = rig_new(0);
	pthread_t who = pthread_self();
	int e;

	(void)state;
	repeat_until_done(e, media_run(r.behind, add, &who));
	assert_int_equal(e, -ENOLINK);
	assert_false(pthread_equal(who, pthread_self()));
	media_wait(r.behind);
	assert_int_equal(media_run(r.behind, add, &who), -ENOLINK);
	assert_true(pthread_equal(who, pthread_self()));
	media_close(r.behind);
}

/* ---- the disc -------------------------------------------------------------------------------- */

/* Writes as WRITE commands do, waiting for the page cache each time. Returns the result. */
static int burn(struct disc *d, uint32_t lba, uint32_t count)
{
	uint8_t buf[PIECE * MEDIA_BLOCK];
	int e = DISC_OK;

	for (uint32_t at = 0; at < count && e == DISC_OK; at += PIECE) {
		uint32_t n = MIN(PIECE, count - at);

		fill(buf, lba + at, n);
		repeat_until_done(e, disc_write(d, lba + at, n, buf));
	}
	if (e == DISC_OK)
		repeat_until_done(e, disc_wait_written(d));
	return e;
}

/*
 * Storage fails once, at the n-th operation: the command fails, the next writable address
 * goes back to the first lost block, and the burn resumes there. In the end every block is
 * right. This runs for each n.
 */
static void test_failure_at_each_operation(bool on_write, int error)
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
				repeat_until_done(e, disc_sync(d));
			if (e == DISC_OK)
				continue;
			assert_false(hit);
			hit = true;
			assert_int_equal(e, -error);
			assert_in_range(disc_nwa(d), 0, lba + command);
			/* Storage has the blocks that count as recorded, and none after them. */
			assert_int_equal(r.fault->blocks, disc_nwa(d));
		}
		repeat_until_done(e, disc_finalise(d));
		if (e != DISC_OK) {
			assert_false(hit);
			hit = true;
			repeat_until_done(e, disc_finalise(d));
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

static void a_write_error_loses_no_block(void **state)
{
	(void)state;
	test_failure_at_each_operation(true, ENOSPC);
	test_failure_at_each_operation(true, EIO);
}

static void a_sync_error_loses_no_block(void **state)
{
	(void)state;
	test_failure_at_each_operation(false, EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_accepted_blocks_are_written),
		cmocka_unit_test(a_stamp_is_taken_by_the_thread),
		cmocka_unit_test(a_sync_covers_blocks_accepted_before_its_result),
		cmocka_unit_test(a_sync_does_not_cover_a_later_cut),
		cmocka_unit_test(blocks_wait_for_a_sync_in_progress),
		cmocka_unit_test(views_do_not_wait_for_a_sync),
		cmocka_unit_test(a_view_of_lost_blocks_fails),
		cmocka_unit_test(a_failed_sync_is_reported_after_more_blocks),
		cmocka_unit_test(run_calls_a_function_in_the_thread),
		cmocka_unit_test(a_result_is_that_of_the_call),
		cmocka_unit_test(an_old_stamp_is_not_that_of_later_blocks),
		cmocka_unit_test(a_stamp_that_failed_fails_the_next_sync),
		cmocka_unit_test(a_write_error_loses_no_block),
		cmocka_unit_test(a_sync_error_loses_no_block),
	};

	return cmocka_run_group_tests_name("behind", tests, NULL, NULL);
}
