// SPDX-License-Identifier: GPL-2.0-or-later
/* The write-once sequential recorder: addresses, tracks, sessions, the end of the disc. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/script.h"
#include "disc/disc.h"

#define LARGE      2295104u /* blocks of a DVD+R */
#define ECC_BLOCKS 16u

static uint8_t buf[64 * MEDIA_BLOCK];

static struct disc *blank(uint32_t capacity)
{
	struct disc *d = disc_new(media_mem_new(0, true), capacity, NULL, NULL);

	assert_non_null(d);
	return d;
}

static const struct disc_track *open_of(const struct disc *d)
{
	return disc_track(d, disc_open_track(d));
}

static uint32_t nwa(const struct disc *d)
{
	const struct disc_track *t = open_of(d);

	return t ? disc_track_nwa(d, t) : 0;
}

static uint32_t free_blocks(const struct disc *d)
{
	const struct disc_track *t = open_of(d);

	return t ? disc_track_free(d, t) : 0;
}

/* Writes stamped blocks at the next writable address. */
static void burn(struct disc *d, uint32_t count)
{
	while (count) {
		uint32_t lba = nwa(d), n = count < 64 ? count : 64;

		for (uint32_t i = 0; i < n; i++)
			script_stamp(lba + i, buf + (size_t)i * MEDIA_BLOCK);
		assert_int_equal(disc_write(d, lba, n, buf), DISC_OK);
		assert_int_equal(nwa(d), lba + n);
		count -= n;
	}
}

static void check_stamps(struct disc *d, uint32_t from, uint32_t end)
{
	uint8_t stamp[MEDIA_BLOCK];

	for (uint32_t lba = from; lba < end; lba++) {
		script_stamp(lba, stamp);
		assert_int_equal(disc_read(d, lba, 1, buf), DISC_OK);
		assert_memory_equal(buf, stamp, MEDIA_BLOCK);
	}
}

/* Checks what must be true of every disc at all times. */
static void check_invariants(const struct disc *d)
{
	uint32_t end = 0, session = 1;

	assert_in_range(d->layout.tracks, d->layout.finalised ? 0 : 1, DISC_MAX_TRACKS);
	for (uint32_t i = 0; i < d->layout.tracks; i++) {
		const struct disc_track *t = &d->layout.track[i];
		bool last = i + 1u == d->layout.tracks;

		assert_true(t->start >= end);
		assert_int_equal(t->start % ECC_BLOCKS, 0);
		assert_true(t->session == session || t->session == session + 1);
		assert_true(last || t->state == DISC_TRACK_CLOSED);
		assert_true(t->reserved == 0 || t->written <= t->reserved);
		session = t->session;
		end = t->start + t->written;
		assert_true(end <= d->capacity);
	}
	assert_int_equal(d->layout.sessions, session);
	assert_true(disc_readable_blocks(d) <= d->capacity);
}

static void the_type_follows_from_file_and_permissions(void **state)
{
	struct disc *d = blank(0);

	(void)state;
	assert_int_equal(d->medium->type, DISC_DVD_PLUS_R);
	assert_int_equal(d->capacity, 2295104);
	assert_true(disc_is_blank(d));
	assert_true(disc_is_appendable(d));
	assert_int_equal(nwa(d), 0);
	assert_int_equal(free_blocks(d), 2295104);
	assert_int_equal(disc_readable_blocks(d), 0);
	check_invariants(d);
	disc_put(d);

	d = disc_new(media_mem_new(1000, true), 0, NULL, NULL);
	assert_int_equal(d->medium->type, DISC_DVD_ROM);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_readable_blocks(d), 1000);
	assert_int_equal(disc_may_write(d, 1000, 1), DISC_CLOSED);
	assert_int_equal(disc_open_track(d), 0);
	check_invariants(d);
	disc_put(d);

	/* An empty file that cannot be written is not a blank. */
	d = disc_new(media_mem_new(0, false), 0, NULL, NULL);
	assert_int_equal(d->medium->type, DISC_DVD_ROM);
	assert_int_equal(disc_readable_blocks(d), 0);
	assert_int_equal(disc_may_read(d, 0, 1), DISC_OUT_OF_RANGE);
	disc_put(d);
}

static void writes_at_the_next_address_only(void **state)
{
	struct disc *d = blank(256);

	(void)state;
	assert_int_equal(disc_write(d, 1, 1, buf), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, 256, 1, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, 0xffffffff, 1, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, -1, 1, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, -150, 300, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, INT64_C(1) << 32, 1, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, 0, 257, buf), DISC_OUT_OF_RANGE);
	assert_true(disc_is_blank(d));
	burn(d, 20);
	assert_false(disc_is_blank(d));
	assert_int_equal(free_blocks(d), 236);
	assert_int_equal(disc_write(d, 0, 1, buf), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, 19, 1, buf), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, 21, 1, buf), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, 20, 0xffffffff, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(nwa(d), 20);
	assert_int_equal(disc_write(d, 20, 0, buf), DISC_OK);
	assert_int_equal(nwa(d), 20);
	check_stamps(d, 0, 20);
	check_invariants(d);
	disc_put(d);
}

static void reads_what_was_recorded_only(void **state)
{
	struct disc *d = blank(256);

	(void)state;
	assert_int_equal(disc_may_read(d, 0, 1), DISC_UNREADABLE);
	burn(d, 32);
	check_stamps(d, 0, 32);
	assert_int_equal(disc_may_read(d, 31, 1), DISC_OK);
	assert_int_equal(disc_may_read(d, 31, 2), DISC_UNREADABLE);
	assert_int_equal(disc_may_read(d, 32, 1), DISC_UNREADABLE);
	assert_int_equal(disc_may_read(d, 255, 2), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, 256, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, 0xffffffff, 0xffffffff), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, -1, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, -1, 0), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, -32, 33), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, INT64_C(1) << 32, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_track_at(d, -1), 0);
	assert_int_equal(disc_track_at(d, INT64_C(1) << 32), 0);
	disc_put(d);
}

static void a_failing_medium_changes_nothing(void **state)
{
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct disc *d = disc_new(m, 256, NULL, NULL);
	struct media_fault full = {
		.kind = MEDIA_FAULT_ERROR, .on_write = true, .error = ENOSPC, .times = 1};
	struct media_fault wait = {.kind = MEDIA_FAULT_AGAIN, .on_write = true, .times = 2};
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .error = EIO, .times = 1};

	(void)state;
	media_fault_set(m, &full);
	assert_int_equal(disc_write(d, 0, 16, buf), -ENOSPC);
	assert_true(disc_is_blank(d));
	assert_int_equal(nwa(d), 0);
	media_fault_set(m, &wait);
	assert_int_equal(disc_write(d, 0, 16, buf), -EAGAIN);
	assert_int_equal(disc_write(d, 0, 16, buf), -EAGAIN);
	assert_int_equal(nwa(d), 0);
	burn(d, 16);
	/* Blocks that were never synced do not count as recorded; the host must write them again.
	 */
	media_fault_set(m, &sync);
	assert_int_equal(disc_close_session(d), -EIO);
	assert_true(disc_is_blank(d));
	assert_int_equal(d->layout.sessions, 1);
	burn(d, 16);
	assert_int_equal(disc_unsynced(d), 16);
	assert_int_equal(disc_sync(d), DISC_OK);
	assert_int_equal(disc_unsynced(d), 0);
	burn(d, 32);
	media_fault_set(m, &sync);
	assert_int_equal(disc_finalise(d), -EIO);
	assert_false(d->layout.finalised);
	assert_int_equal(open_of(d)->state, DISC_TRACK_OPEN);
	assert_int_equal(nwa(d), 16);
	assert_int_equal(disc_may_read(d, 16, 1), DISC_UNREADABLE);
	burn(d, 16);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_readable_blocks(d), 32);
	check_invariants(d);
	disc_put(d);
}

static void a_reservation_limits_its_track(void **state)
{
	struct disc *d = blank(256);

	(void)state;
	assert_int_equal(disc_reserve(d, 0), DISC_NO_ROOM);
	assert_int_equal(disc_reserve(d, 257), DISC_NO_ROOM);
	assert_int_equal(disc_reserve(d, 0xffffffff), DISC_NO_ROOM);
	assert_int_equal(disc_reserve(d, 33), DISC_OK);
	assert_int_equal(open_of(d)->state, DISC_TRACK_RESERVED);
	assert_int_equal(disc_track_size(d, open_of(d)), 48);
	assert_int_equal(free_blocks(d), 48);
	assert_false(disc_is_blank(d));
	assert_int_equal(disc_reserve(d, 16), DISC_TRACK_FULL);
	assert_int_equal(disc_may_write(d, 0, 49), DISC_TRACK_FULL);
	burn(d, 48);
	assert_int_equal(free_blocks(d), 0);
	assert_int_equal(disc_write(d, 48, 1, buf), DISC_TRACK_FULL);
	assert_int_equal(disc_close_track(d, 1), DISC_OK);
	assert_int_equal(disc_reserve(d, 100), DISC_OK);
	assert_int_equal(open_of(d)->start, 48);
	/* Closing a reserved track in which nothing was written removes it. */
	assert_int_equal(disc_close_track(d, 2), DISC_OK);
	assert_int_equal(open_of(d)->state, DISC_TRACK_INVISIBLE);
	assert_int_equal(free_blocks(d), 208);
	check_invariants(d);
	disc_put(d);

	/* A disc that does not end on an ECC block can be reserved to its end. */
	d = blank(250);
	assert_int_equal(disc_reserve(d, 250), DISC_OK);
	assert_int_equal(free_blocks(d), 250);
	disc_put(d);
}

static void a_session_can_have_several_tracks(void **state)
{
	struct disc *d = blank(256);
	uint32_t first, last;

	(void)state;
	burn(d, 20);
	assert_int_equal(disc_close_track(d, 1), DISC_OK);
	assert_int_equal(disc_track(d, 1)->state, DISC_TRACK_CLOSED);
	assert_int_equal(disc_open_track(d), 2);
	assert_int_equal(nwa(d), 32);
	assert_int_equal(disc_close_track(d, 1), DISC_OK);
	assert_int_equal(disc_close_track(d, 3), DISC_NO_SUCH_TRACK);
	burn(d, 16);
	assert_int_equal(disc_close_track(d, 0), DISC_OK);
	assert_int_equal(d->layout.sessions, 1);
	assert_int_equal(disc_readable_blocks(d), 0);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(d->layout.sessions, 2);
	assert_true(disc_session_tracks(d, 1, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 2);
	assert_true(disc_session_tracks(d, 2, &first, &last));
	assert_int_equal(first, 3);
	assert_false(disc_session_tracks(d, 3, &first, &last));
	assert_int_equal(disc_readable_blocks(d), 48);
	assert_int_equal(disc_last_closed_session(d), 1);
	/* The blocks between the tracks are padding of the ECC block; reading over it works. */
	assert_int_equal(disc_read(d, 16, 32, buf), DISC_OK);
	check_stamps(d, 0, 20);
	check_stamps(d, 32, 48);
	assert_int_equal(disc_track_at(d, 0), 1);
	assert_int_equal(disc_track_at(d, 31), 1);
	assert_int_equal(disc_track_at(d, 32), 2);
	assert_int_equal(disc_track_at(d, 48), 3);
	assert_int_equal(disc_track_at(d, 255), 3);
	assert_int_equal(disc_track_at(d, 256), 0);
	check_invariants(d);
	disc_put(d);
}

static void closing_an_empty_track_or_session_changes_nothing(void **state)
{
	struct disc *d = blank(256);

	(void)state;
	assert_int_equal(disc_close_track(d, 1), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(d->layout.sessions, 1);
	assert_true(disc_is_blank(d));
	assert_int_equal(disc_finalise(d), DISC_NO_SUCH_TRACK);
	assert_false(d->layout.finalised);
	burn(d, 1);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(d->layout.sessions, 2);
	assert_int_equal(nwa(d), 16);
	disc_put(d);
}

static void a_finalised_disc_takes_no_more_blocks(void **state)
{
	struct disc *d = blank(256);

	(void)state;
	burn(d, 20);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_true(d->layout.finalised);
	assert_int_equal(d->layout.sessions, 1);
	assert_int_equal(d->layout.tracks, 1);
	assert_int_equal(disc_open_track(d), 0);
	assert_int_equal(disc_readable_blocks(d), 20);
	assert_int_equal(disc_end(d), 20);
	assert_int_equal(disc_may_write(d, 20, 1), DISC_CLOSED);
	assert_int_equal(disc_may_write(d, 32, 1), DISC_CLOSED);
	assert_int_equal(disc_reserve(d, 16), DISC_CLOSED);
	assert_int_equal(disc_may_read(d, 20, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	check_stamps(d, 0, 20);
	check_invariants(d);
	disc_put(d);

	/* The empty session after the last one is removed as well. */
	d = blank(256);
	burn(d, 16);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_int_equal(d->layout.sessions, 1);
	assert_int_equal(d->layout.tracks, 1);
	check_invariants(d);
	disc_put(d);
}

static void a_disc_with_all_its_tracks_is_finalised(void **state)
{
	struct disc *d = blank(DISC_MAX_TRACKS * ECC_BLOCKS + 1000);

	(void)state;
	for (unsigned n = 1; n <= DISC_MAX_TRACKS; n++) {
		assert_int_equal(disc_open_track(d), n);
		assert_int_equal(d->layout.sessions, n);
		burn(d, 16);
		assert_int_equal(disc_close_session(d), DISC_OK);
		check_invariants(d);
	}
	/* ECMA-349 allows 153 fragments; nothing can be appended after them. */
	assert_int_equal(d->layout.tracks, 153);
	assert_int_equal(d->layout.sessions, 153);
	assert_int_equal(disc_open_track(d), 0);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_may_write(d, 153 * 16, 1), DISC_CLOSED);
	assert_int_equal(disc_readable_blocks(d), 153 * 16);
	check_stamps(d, 0, 153 * 16);
	disc_put(d);
}

/* With the last track used up, the session can still be closed, or the disc finalised. */
static void a_session_with_all_tracks_can_be_closed(void **state)
{
	(void)state;
	for (int finalise = 0; finalise <= 1; finalise++) {
		struct disc *d = blank(DISC_MAX_TRACKS * ECC_BLOCKS + 1000);

		for (unsigned n = 1; n <= DISC_MAX_TRACKS; n++) {
			burn(d, 16);
			assert_int_equal(disc_close_track(d, n), DISC_OK);
		}
		assert_int_equal(disc_open_track(d), 0);
		assert_int_equal(disc_may_write(d, 153 * 16, 1), DISC_CLOSED);
		assert_int_equal(disc_readable_blocks(d), 0);
		assert_int_equal(finalise ? disc_finalise(d) : disc_close_session(d), DISC_OK);
		assert_true(d->layout.finalised);
		assert_int_equal(d->layout.sessions, 1);
		assert_int_equal(disc_readable_blocks(d), 153 * 16);
		check_invariants(d);
		disc_put(d);
	}
}

static void a_small_disc_is_recorded_to_its_last_block(void **state)
{
	(void)state;
	/* With and without the end on an ECC block, in one go and in portions. */
	for (uint32_t capacity = 240; capacity <= 257; capacity++) {
		struct disc *d = blank(capacity);

		burn(d, capacity - 7);
		assert_int_equal(disc_may_write(d, capacity - 7, 8), DISC_OUT_OF_RANGE);
		burn(d, 7);
		assert_int_equal(free_blocks(d), 0);
		assert_int_equal(disc_write(d, capacity, 1, buf), DISC_OUT_OF_RANGE);
		assert_int_equal(disc_close_session(d), DISC_OK);
		assert_true(d->layout.finalised);
		assert_int_equal(disc_readable_blocks(d), capacity);
		check_stamps(d, 0, capacity);
		check_invariants(d);
		disc_put(d);
	}
}

/* ---- the whole of a DVD+R, on a medium that counts and stores nothing ------------------------ */

struct counting {
	struct media m;
	uint64_t written, reads;
	uint64_t next; /* writes must come in a row */
};

static int count_read(struct media *m, uint64_t block, uint32_t count, void *out)
{
	struct counting *c = (struct counting *)m;

	(void)block;
	memset(out, 0, (size_t)count * MEDIA_BLOCK);
	c->reads += count;
	return 0;
}

static int count_write(struct media *m, uint64_t block, uint32_t count, const void *in)
{
	struct counting *c = (struct counting *)m;

	(void)in;
	assert_int_equal(block, c->next);
	c->next += count;
	c->written += count;
	return 0;
}

static int count_sync(struct media *m)
{
	(void)m;
	return 0;
}

static void count_close(struct media *m)
{
	(void)m;
}

static const struct media_ops count_ops = {
	.read = count_read, .write = count_write, .sync = count_sync, .close = count_close};

static void a_dvd_plus_r_holds_exactly_2295104_blocks(void **state)
{
	struct counting c = {.m = {.ops = &count_ops, .unit = MEDIA_BLOCK, .writable = true}};
	struct disc *d = disc_new(&c.m, 0, NULL, NULL);

	(void)state;
	for (uint32_t lba = 0; lba < LARGE; lba += 16)
		assert_int_equal(disc_write(d, lba, 16, buf), DISC_OK);
	assert_int_equal(c.written, 2295104);
	assert_int_equal(free_blocks(d), 0);
	assert_int_equal(disc_write(d, LARGE, 1, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, LARGE - 1, 1, buf), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(c.written, 2295104);
	assert_int_equal(disc_read(d, LARGE - 1, 1, buf), DISC_OK);
	assert_int_equal(disc_may_read(d, LARGE, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_int_equal(disc_readable_blocks(d), 2295104);
	check_invariants(d);
	disc_put(d);
}

static void a_write_past_the_end_is_refused_whole(void **state)
{
	struct counting c = {.m = {.ops = &count_ops, .unit = MEDIA_BLOCK, .writable = true}};
	struct disc *d = disc_new(&c.m, 0, NULL, NULL);

	(void)state;
	/* 31 is wodim's size; it does not divide the disc. */
	for (uint32_t lba = 0; lba + 31 <= LARGE; lba += 31)
		assert_int_equal(disc_write(d, lba, 31, buf), DISC_OK);
	uint32_t left = LARGE % 31;
	assert_int_equal(free_blocks(d), left);
	assert_int_equal(disc_write(d, LARGE - left, left + 1, buf), DISC_OUT_OF_RANGE);
	assert_int_equal(free_blocks(d), left);
	assert_int_equal(disc_write(d, LARGE - left, left, buf), DISC_OK);
	assert_int_equal(c.written, 2295104);
	disc_put(d);
}

/* ---- ownership ------------------------------------------------------------------------------- */

static unsigned released;

static void count_release(struct disc *d, void *ctx)
{
	assert_ptr_equal(ctx, &released);
	released++;
	disc_destroy(d);
}

static void the_last_reference_frees_the_disc(void **state)
{
	struct disc *d = disc_new(media_mem_new(1, false), 0, count_release, &released);

	(void)state;
	released = 0;
	assert_ptr_equal(disc_get(d), d);
	disc_put(d);
	assert_int_equal(released, 0);
	disc_put(d);
	assert_int_equal(released, 1);
	assert_null(disc_get(NULL));
	disc_put(NULL);
}

/* Writes, reservations and closes in random order. */
static void any_order_of_operations_keeps_the_invariants(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct disc *d = blank(64 + round);
		uint32_t before = 0;

		for (unsigned i = 0; i < 60; i++) {
			seed = seed * 1103515245u + 12345u;
			uint32_t what = seed >> 16 & 15, n = seed >> 20 & 63;

			if (what < 9)
				(void)disc_write(d, nwa(d), n, buf);
			else if (what < 11)
				(void)disc_reserve(d, n);
			else if (what < 13)
				(void)disc_close_track(d, 0);
			else if (what < 15)
				(void)disc_close_session(d);
			else if (n == 0)
				(void)disc_finalise(d);
			check_invariants(d);
			assert_true(disc_readable_blocks(d) >= before);
			before = disc_readable_blocks(d);
		}
		disc_put(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_type_follows_from_file_and_permissions),
		cmocka_unit_test(writes_at_the_next_address_only),
		cmocka_unit_test(reads_what_was_recorded_only),
		cmocka_unit_test(a_failing_medium_changes_nothing),
		cmocka_unit_test(a_reservation_limits_its_track),
		cmocka_unit_test(a_session_can_have_several_tracks),
		cmocka_unit_test(closing_an_empty_track_or_session_changes_nothing),
		cmocka_unit_test(a_finalised_disc_takes_no_more_blocks),
		cmocka_unit_test(a_disc_with_all_its_tracks_is_finalised),
		cmocka_unit_test(a_session_with_all_tracks_can_be_closed),
		cmocka_unit_test(a_small_disc_is_recorded_to_its_last_block),
		cmocka_unit_test(a_dvd_plus_r_holds_exactly_2295104_blocks),
		cmocka_unit_test(a_write_past_the_end_is_refused_whole),
		cmocka_unit_test(the_last_reference_frees_the_disc),
		cmocka_unit_test(any_order_of_operations_keeps_the_invariants),
	};

	return cmocka_run_group_tests_name("disc", tests, NULL, NULL);
}
