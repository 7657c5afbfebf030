// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands in flight whose disc is swapped meanwhile, or which are aborted. */
#include <errno.h>

#include "unit/mmc/drive_disc.h"

static void read_in_flight_ends_on_its_disc(void **state)
{
	struct mmc_drive *d = new_drive();
	const uint8_t *p;
	uint32_t lba = 3;
	int32_t n;

	(void)state;
	released = 0;
	mmc_insert(d, rom(1, 200));
	drain_events(d);
	begin_blocks(d, 0x28, lba, 100);
	assert_true(mmc_pull(d, &p, 8192) == 8192);
	assert_numbered(p, 1, lba, 4);
	lba += 4;
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	mmc_insert(d, rom(2, 50));
	assert_int_equal(released, 0);
	while ((n = mmc_pull(d, &p, 16384)) > 0) {
		assert_numbered(p, 1, lba, (uint32_t)n / MEDIA_BLOCK);
		lba += (uint32_t)n / MEDIA_BLOCK;
	}
	assert_int_equal(n, 0);
	assert_int_equal(lba, 103);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(released, 1);
	assert_int_equal(read_blocks(d, 0, 1), 0x62800);
	assert_int_equal(read_blocks(d, 49, 1), 0);
	assert_numbered(answer.data, 2, 49, 1);
	assert_int_equal(read_blocks(d, 50, 1), 0x52100);
	mmc_drive_free(d);
}

static struct media *kept;

static void keep_release(struct disc *d, void *ctx)
{
	(void)ctx;
	released++;
	kept = d->media;
	d->media = NULL;
	disc_destroy(d);
}

static void write_in_flight_ends_on_its_disc(void **state)
{
	static uint8_t data[32 * MEDIA_BLOCK], back[32 * MEDIA_BLOCK];
	struct mmc_drive *d = new_drive();

	(void)state;
	released = 0;
	for (uint32_t i = 0; i < 32; i++)
		script_stamp(i, data + (size_t)i * MEDIA_BLOCK);
	mmc_insert(d, disc_new(media_mem_new(0, true), 0, keep_release, NULL));
	drain_events(d);
	begin_blocks(d, 0x2a, 0, 32);
	assert_int_equal(mmc_push(d, data, 10000), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	mmc_insert(d, blank());
	assert_int_equal(released, 0);
	assert_int_equal(mmc_push(d, data + 10000, 30000), 0);
	assert_int_equal(mmc_push(d, data + 40000, sizeof(data) - 40000), 0);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(released, 1);
	assert_int_equal(kept->blocks, 32);
	assert_int_equal(media_read(kept, 0, 32, back), 0);
	assert_memory_equal(back, data, sizeof(data));
	media_close(kept);
	assert_true(state_of(d).blank);
	assert_int_equal(state_of(d).recorded, 0);
	assert_int_equal(test_unit_ready(d), 0x62800);
	mmc_drive_free(d);
}

/* CLOSE waits for storage; meanwhile the disc is swapped: CLOSE does not touch the new disc. */
static void close_in_flight_ends_on_its_disc(void **state)
{
	static const uint8_t finalise[10] = {0x5b, 0, 6};
	struct media_fault wait = {.kind = MEDIA_FAULT_AGAIN, .on_sync = true, .times = 2};
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct mmc_drive *d = new_drive();
	static uint8_t data[16 * MEDIA_BLOCK];
	uint8_t write[10] = {0x2a, [8] = 16};

	(void)state;
	released = 0;
	mmc_insert(d, disc_new(m, 0, count_release, NULL));
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	media_fault_set(m, &wait);
	mmc_begin(d, finalise, 10, 0, &answer.xfer);
	assert_int_equal(mmc_end(d), MMC_AGAIN);
	assert_true(state_of(d).busy);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_int_equal(mmc_end(d), MMC_AGAIN);
	mmc_insert(d, blank());
	assert_int_equal(released, 0);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(released, 1);
	assert_int_equal(current_profile(d), 0x1b);
	assert_true(state_of(d).blank);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(media_event(d), 2);
	assert_int_equal(media_event(d), 0);
	mmc_drive_free(d);
}

static struct media *in_flight;

/* A disc with data is ejected while the command waits for its sync. */
static struct mmc_drive *ejected_during(
	const uint8_t *cdb, size_t len, void release(struct disc *d, void *ctx))
{
	struct media_fault wait = {.kind = MEDIA_FAULT_AGAIN, .on_sync = true, .times = 1};
	static const uint8_t data[16 * MEDIA_BLOCK], write[10] = {0x2a, [8] = 16};
	struct mmc_drive *d = new_drive();

	in_flight = media_fault_new(media_mem_new(0, true));
	mmc_insert(d, disc_new(in_flight, 0, release, NULL));
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	media_fault_set(in_flight, &wait);
	mmc_begin(d, cdb, len, 0, &answer.xfer);
	assert_int_equal(mmc_end(d), MMC_AGAIN);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	return d;
}

static bool is_finalised;

static void finalised_release(struct disc *d, void *ctx)
{
	(void)ctx;
	is_finalised = d->layout.finalised;
	disc_destroy(d);
}

/* CLOSE finalises as it would have done with the disc in the drive, whatever is there now. */
static void close_in_flight_of_an_ejected_disc_finalises_it(void **state)
{
	static const uint8_t finalise[10] = {0x5b, 0, 6};
	struct mmc_drive *d;

	(void)state;
	is_finalised = false;
	d = ejected_during(finalise, 10, finalised_release);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_true(is_finalised);
	mmc_drive_free(d);
}

/* The disc is ejected and the drive stays empty: it must not report a new medium. */
static void close_in_flight_of_an_ejected_disc_reports_no_new_disc(void **state)
{
	static const uint8_t close_session[10] = {0x5b, 0, 2};
	static uint8_t data[16 * MEDIA_BLOCK];
	uint8_t write[10] = {0x2a, [8] = 16};
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, blank());
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	mmc_begin(d, close_session, 10, 0, &answer.xfer);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(media_event(d), 3);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	mmc_drive_free(d);
}

static void reserve_in_flight_of_an_ejected_disc_leaves_the_new_disc_blank(void **state)
{
	static const uint8_t reserve[10] = {0x53, [8] = 16};
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, blank());
	drain_events(d);
	mmc_begin(d, reserve, 10, 0, &answer.xfer);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	mmc_insert(d, blank());
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_true(state_of(d).blank);
	mmc_drive_free(d);
}

/* A command waits for storage; meanwhile the disc is swapped. */
static struct mmc_drive *swapped_during(const uint8_t cdb[6])
{
	struct mmc_drive *d = ejected_during(cdb, 6, count_release);

	mmc_insert(d, blank());
	return d;
}

static void eject_in_flight_leaves_the_new_disc_in(void **state)
{
	static const uint8_t eject[6] = {0x1b, [4] = 2};
	struct mmc_drive *d = swapped_during(eject);

	(void)state;
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_true(state_of(d).loaded);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(media_event(d), 2);
	mmc_drive_free(d);
}

/* What was lost is of the old disc: a WRITE to the new one must not report it. */
static void allow_in_flight_blames_no_new_disc_for_the_loss(void **state)
{
	static const uint8_t data[16 * MEDIA_BLOCK], write[10] = {0x2a, [8] = 16};
	static const uint8_t allow[6] = {0x1e};
	struct media_fault fail = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};
	struct mmc_drive *d;

	(void)state;
	d = swapped_during(allow);
	media_fault_set(in_flight, &fail);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	mmc_drive_free(d);
}

/*
 * A test write waits for the blocks before it; meanwhile the disc is swapped, which clears the bit
 * of page 05h. Nothing is recorded on the old disc all the same.
 */
static void test_write_in_flight_records_nothing_on_its_disc(void **state)
{
	static const uint8_t select[10] = {0x55, 0x10, [8] = 60};
	static const uint8_t data[16 * MEDIA_BLOCK], write[10] = {0x2a, [8] = 16};
	struct media_fault wait = {.kind = MEDIA_FAULT_AGAIN, .on_sync = true, .times = 1};
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct mmc_drive *d = new_drive();
	uint8_t list[60] = {0};

	(void)state;
	mmc_insert(d, disc_new(m, 0, keep_release, NULL));
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	assert_int_equal(command(d, 0x5a, 0, 0x05, 0, 0, 0, 0, 0, 60, 0), 0);
	memcpy(list + 8, answer.data + 8, 52);
	list[8 + 2] |= 0x10;
	assert_int_equal(command_with(d, select, sizeof(select), 0, list), 0);
	media_fault_set(m, &wait);
	begin_blocks(d, 0x2a, 16, 16);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	mmc_insert(d, blank());
	assert_int_equal(mmc_push(d, data, sizeof(data)), 0);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(kept->blocks, 16);
	media_close(kept);
	mmc_drive_free(d);
}

/* The host resets the drive while FORMAT UNIT waits: the disc is a formatted one already. */
static void format_in_flight_that_is_reset_has_another_profile(void **state)
{
	static const uint8_t format[6] = {0x04, 0x11};
	static const uint8_t list[12] = {0, 2, 0, 8, 0, 0x23, 0x10, 0x20};
	static const uint8_t data[16 * MEDIA_BLOCK], write[10] = {0x2a, [8] = 16};
	struct media_fault wait = {
		.kind = MEDIA_FAULT_AGAIN, .on_sync = true, .skip = 1, .times = 1};
	struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RW),
		.media = media_fault_new(media_mem_new(0, true))};
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, disc_open(&o));
	drain_events(d);
	assert_int_equal(current_profile(d), 0x14);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	media_fault_set(o.media, &wait);
	mmc_begin(d, format, sizeof(format), sizeof(list), &answer.xfer);
	assert_int_equal(mmc_push(d, list, sizeof(list)), 0);
	assert_int_equal(mmc_end(d), MMC_AGAIN);
	mmc_bus_reset(d);
	assert_int_equal(state_of(d).format, DISC_FORMATTED);
	assert_int_equal(current_profile(d), 0x13);
	assert_int_equal(media_event(d), 2);
	mmc_drive_free(d);
}

static void abort_drops_the_reference_to_the_disc(void **state)
{
	struct mmc_drive *d = new_drive();
	const uint8_t *p;

	(void)state;
	released = 0;
	mmc_insert(d, rom(1, 100));
	drain_events(d);
	begin_blocks(d, 0x28, 0, 64);
	assert_true(mmc_pull(d, &p, 4096) > 0);
	assert_int_equal(mmc_eject(d, true), MMC_EJECT_DONE);
	assert_int_equal(released, 0);
	mmc_abort(d);
	assert_int_equal(released, 1);
	mmc_abort(d);
	/* A new command aborts the old one; so do a reset and mmc_drive_free(). */
	mmc_insert(d, rom(2, 100));
	drain_events(d);
	begin_blocks(d, 0x28, 0, 64);
	assert_int_equal(read_blocks(d, 0, 1), 0);
	begin_blocks(d, 0x28, 0, 64);
	mmc_transport_reset(d);
	assert_false(state_of(d).busy);
	assert_int_equal(test_unit_ready(d), 0);
	begin_blocks(d, 0x28, 0, 64);
	mmc_bus_reset(d);
	assert_int_equal(test_unit_ready(d), 0x62900);
	begin_blocks(d, 0x28, 0, 64);
	mmc_drive_free(d);
	assert_int_equal(released, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_in_flight_ends_on_its_disc),
		cmocka_unit_test(write_in_flight_ends_on_its_disc),
		cmocka_unit_test(close_in_flight_ends_on_its_disc),
		cmocka_unit_test(close_in_flight_of_an_ejected_disc_finalises_it),
		cmocka_unit_test(close_in_flight_of_an_ejected_disc_reports_no_new_disc),
		cmocka_unit_test(reserve_in_flight_of_an_ejected_disc_leaves_the_new_disc_blank),
		cmocka_unit_test(eject_in_flight_leaves_the_new_disc_in),
		cmocka_unit_test(allow_in_flight_blames_no_new_disc_for_the_loss),
		cmocka_unit_test(test_write_in_flight_records_nothing_on_its_disc),
		cmocka_unit_test(format_in_flight_that_is_reset_has_another_profile),
		cmocka_unit_test(abort_drops_the_reference_to_the_disc),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
