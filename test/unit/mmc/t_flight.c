// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands in flight: media are slow or fail, data stops short. */
#include <errno.h>

#include "unit/mmc/drive_disc.h"

#define SENSE_OF_DEFERRED 0x1030c00u

/* ---- media that are not ready --------------------------------------------------------------- */

static struct media *delayed;

static struct mmc_drive *delayed_drive(struct disc **out)
{
	struct mmc_drive *d = new_drive();

	delayed = media_fault_new(numbered_media(5, 0));
	*out = disc_new(delayed, 0, NULL, NULL);
	mmc_insert(d, *out);
	drain_events(d);
	return d;
}

static void set_again(bool read, bool write, bool sync, uint64_t skip)
{
	struct media_fault f = {.kind = MEDIA_FAULT_AGAIN,
		.on_read = read,
		.on_write = write,
		.on_sync = sync,
		.skip = skip,
		.times = 1};

	media_fault_set(delayed, &f);
}

/* Each medium operation of the command in turn returns -EAGAIN; the result is the same. */
static void a_write_waits_for_the_medium_at_every_step(void **state)
{
	static uint8_t data[64 * MEDIA_BLOCK], back[64 * MEDIA_BLOCK];
	static const uint32_t portions[] = {32768, 2048, 1000, 5000, 31000};

	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		script_stamp(i, data + (size_t)i * MEDIA_BLOCK);
	for (size_t k = 0; k < ARRAY_LEN(portions); k++) {
		for (unsigned skip = 0; skip < 70; skip++) {
			struct disc *disc;
			struct mmc_drive *d = delayed_drive(&disc);
			unsigned waits = 0;

			set_again(false, true, false, skip);
			begin_blocks(d, 0x2a, 0, 64);
			for (uint32_t at = 0; at < sizeof(data);) {
				uint32_t n = MIN(portions[k], (uint32_t)sizeof(data) - at);

				if (mmc_push(d, data + at, n) == 0)
					at += n;
				else
					waits++;
				assert_true(waits < 3);
			}
			enum mmc_status status;
			while ((status = mmc_end(d)) == MMC_AGAIN)
				assert_true(++waits < 3);
			assert_int_equal(status, MMC_GOOD);
			assert_int_equal(delayed->blocks, 64);
			assert_int_equal(media_read(delayed, 0, 64, back), 0);
			assert_memory_equal(back, data, sizeof(data));
			assert_int_equal(state_of(d).nwa, 64);
			mmc_drive_free(d);
		}
	}
}

static void a_read_waits_for_the_medium_at_every_step(void **state)
{
	static uint8_t data[64 * MEDIA_BLOCK];

	(void)state;
	for (unsigned skip = 0; skip < 20; skip++) {
		struct disc *disc;
		struct mmc_drive *d = delayed_drive(&disc);
		uint32_t got = 0, waits = 0;
		const uint8_t *p;
		int32_t n;

		begin_blocks(d, 0x2a, 0, 64);
		for (uint32_t at = 0; at < sizeof(data); at += 32768)
			assert_int_equal(mmc_push(d, data + at, 32768), 0);
		assert_int_equal(mmc_end(d), MMC_GOOD);
		set_again(true, false, false, skip);
		begin_blocks(d, 0x28, 0, 64);
		while ((n = mmc_pull(d, &p, 8192)) != 0) {
			if (n < 0)
				assert_true(++waits < 2);
			else
				got += (uint32_t)n;
		}
		assert_int_equal(got, sizeof(data));
		assert_int_equal(waits, skip < 16 ? 1 : 0);
		assert_int_equal(mmc_end(d), MMC_GOOD);
		mmc_drive_free(d);
	}
}

/* VERIFY, SYNCHRONIZE CACHE and CLOSE wait in mmc_end(). */
static void commands_without_data_wait_at_the_end(void **state)
{
	static const uint8_t cdbs[][10] = {
		{0x35},
		{0x5b, 0, 1, 0, 0, 1},
		{0x5b, 0, 2},
		{0x5b, 0, 6},
		{0x2f, [8] = 16},
	};
	static uint8_t data[16 * MEDIA_BLOCK];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cdbs); i++) {
		struct disc *disc;
		struct mmc_drive *d = delayed_drive(&disc);

		begin_blocks(d, 0x2a, 0, 16);
		assert_int_equal(mmc_push(d, data, sizeof(data)), 0);
		assert_int_equal(mmc_end(d), MMC_GOOD);
		set_again(cdbs[i][0] == 0x2f, false, cdbs[i][0] != 0x2f, 0);
		mmc_begin(d, cdbs[i], 10, 0, &answer.xfer);
		assert_int_equal(answer.xfer.dir, MMC_DIR_NONE);
		assert_int_equal(mmc_end(d), MMC_AGAIN);
		assert_int_equal(mmc_end(d), MMC_GOOD);
		assert_int_equal(disc->layout.finalised, cdbs[i][0] == 0x5b && cdbs[i][2] == 6);
		mmc_drive_free(d);
	}
}

static void a_write_with_fua_waits_for_storage_at_the_end(void **state)
{
	static const uint8_t write[10] = {0x2a, 0x08, [8] = 16};
	static uint8_t data[16 * MEDIA_BLOCK];
	struct disc *disc;
	struct mmc_drive *d = delayed_drive(&disc);

	(void)state;
	set_again(false, false, true, 0);
	mmc_begin(d, write, sizeof(write), sizeof(data), &answer.xfer);
	assert_int_equal(mmc_push(d, data, sizeof(data)), 0);
	assert_int_equal(mmc_end(d), MMC_AGAIN);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(state_of(d).unsynced, 0);
	mmc_drive_free(d);
}

/* ---- data that stops short, storage that fails ----------------------------------------------- */

static void data_out_that_ends_early_fails_after_whole_blocks(void **state)
{
	static uint8_t data[16 * MEDIA_BLOCK];
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, blank());
	drain_events(d);
	begin_blocks(d, 0x2a, 0, 16);
	assert_int_equal(mmc_push(d, data, 5000), 0);
	assert_int_equal(mmc_end(d), MMC_CHECK_CONDITION);
	assert_int_equal(mmc_last_sense(d), 0xb4b00);
	/* Whole blocks stay written; the host can ask for the next writable address. */
	assert_int_equal(state_of(d).nwa, 2);
	begin_blocks(d, 0x2a, 2, 1);
	assert_int_equal(mmc_end(d), MMC_CHECK_CONDITION);
	assert_int_equal(state_of(d).nwa, 2);
	mmc_drive_free(d);
}

static void a_read_that_fails_gives_the_blocks_before_the_bad_one(void **state)
{
	struct media_fault one_block = {
		.kind = MEDIA_FAULT_ERROR, .on_read = true, .from = 21, .end = 22, .error = EIO};
	struct media *m = media_fault_new(numbered_media(1, 100));
	struct mmc_drive *d = new_drive();
	uint32_t got = 0;
	const uint8_t *p;
	int32_t n;

	(void)state;
	m->writable = false;
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	media_fault_set(m, &one_block);
	begin_blocks(d, 0x28, 10, 32);
	while ((n = mmc_pull(d, &p, 8192)) > 0) {
		assert_numbered(p, 1, 10 + got / MEDIA_BLOCK, (uint32_t)n / MEDIA_BLOCK);
		got += (uint32_t)n;
	}
	/* The host got all data before the bad block, and none of the bad block. */
	assert_int_equal(n, 0);
	assert_int_equal(got, 11 * MEDIA_BLOCK);
	assert_int_equal(mmc_end(d), MMC_CHECK_CONDITION);
	assert_int_equal(mmc_last_sense(d), 0x31100);
	assert_int_equal(command(d, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[0], 0xf0);
	assert_int_equal(get_be32(answer.data + 3), 21);
	assert_int_equal(read_blocks(d, 22, 16), 0);
	mmc_drive_free(d);
}

static const uint8_t request_sense[] = {0x03, 0, 0, 0, 18, 0};

static mmc_sense_t write_16(struct mmc_drive *d, uint32_t lba)
{
	static const uint8_t data[16 * MEDIA_BLOCK];
	uint8_t cdb[10] = {0x2a};

	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, 16);
	return command_with(d, cdb, sizeof(cdb), 0, data);
}

/* No command asked for the flush; the next command that records reports its failure. */
static void a_flush_that_fails_is_a_deferred_error(void **state)
{
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct mmc_drive *d = new_drive();
	struct mmc_state s;

	(void)state;
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	assert_int_equal(write_16(d, 0), 0);
	mmc_flush(d);
	assert_int_equal(write_16(d, 16), 0);
	media_fault_set(m, &sync);
	mmc_flush(d);
	/* The host's polling does not clear the error. */
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(write_16(d, 32), SENSE_OF_DEFERRED);
	assert_int_equal(command_with(d, request_sense, sizeof(request_sense), 18, NULL), 0);
	assert_int_equal(answer.data[0] & 0x7f, 0x71);
	assert_int_equal(answer.data[2], 3);
	assert_int_equal(answer.data[12], 0x0c);
	/* The error is reported once; the burn resumes at the first lost block. */
	mmc_get_state(d, &s);
	assert_int_equal(s.nwa, 16);
	assert_int_equal(write_16(d, 32), 0x52102);
	assert_int_equal(write_16(d, 16), 0);
	mmc_drive_free(d);
}

/* Linux sends an ALLOW after the last use of a mounted disc: it syncs, and unlocks in any case. */
static void an_allow_syncs_and_its_failure_is_a_deferred_error(void **state)
{
	static const uint8_t allow[6] = {0x1e}, prevent[6] = {0x1e, [4] = 1};
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};
	struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RAM),
		.media = media_fault_new(media_mem_new(0, true))};
	struct mmc_drive *d = new_drive();
	struct mmc_state s;

	(void)state;
	mmc_insert(d, disc_open(&o));
	drain_events(d);
	assert_int_equal(command_with(d, prevent, sizeof(prevent), 0, NULL), 0);
	assert_int_equal(write_16(d, 160), 0);
	mmc_get_state(d, &s);
	assert_int_equal(s.unsynced, 16);
	assert_int_equal(command_with(d, allow, sizeof(allow), 0, NULL), 0);
	mmc_get_state(d, &s);
	assert_int_equal(s.unsynced, 0);
	assert_false(s.locked);
	assert_int_equal(command_with(d, prevent, sizeof(prevent), 0, NULL), 0);
	assert_int_equal(write_16(d, 0), 0);
	media_fault_set(o.media, &sync);
	assert_int_equal(command_with(d, allow, sizeof(allow), 0, NULL), 0);
	mmc_get_state(d, &s);
	assert_false(s.locked);
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(write_16(d, 16), SENSE_OF_DEFERRED);
	assert_int_equal(write_16(d, 16), 0);
	mmc_drive_free(d);
}

/* Linux ejects after its ALLOW; then no other command could report the loss. */
static void a_stop_or_eject_reports_a_loss_that_no_command_has_reported(void **state)
{
	static const uint8_t allow[6] = {0x1e}, eject[6] = {0x1b, [4] = 2}, stop[6] = {0x1b};
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};
	struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RAM),
		.media = media_fault_new(media_mem_new(0, true))};
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, disc_open(&o));
	drain_events(d);
	assert_int_equal(write_16(d, 0), 0);
	media_fault_set(o.media, &sync);
	assert_int_equal(command_with(d, allow, sizeof(allow), 0, NULL), 0);
	assert_int_equal(command_with(d, stop, sizeof(stop), 0, NULL), SENSE_OF_DEFERRED);
	assert_int_equal(command_with(d, stop, sizeof(stop), 0, NULL), 0);
	assert_int_equal(write_16(d, 0), 0);
	media_fault_set(o.media, &sync);
	mmc_flush(d);
	assert_int_equal(command_with(d, eject, sizeof(eject), 0, NULL), SENSE_OF_DEFERRED);
	assert_true(state_of(d).loaded);
	assert_int_equal(command_with(d, eject, sizeof(eject), 0, NULL), 0);
	assert_false(state_of(d).loaded);
	mmc_drive_free(d);
}

/* The limit of unsaved blocks forces a sync in the middle of a burn, and the sync fails. */
static void a_checkpoint_that_fails_is_a_deferred_error(void **state)
{
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = ENOSPC};
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct disc_options o = {.media = m, .max_unsaved = DISC_MAX_UNSAVED_LEAST};
	struct mmc_drive *d = new_drive();
	struct mmc_state s;
	uint32_t lba;

	(void)state;
	mmc_insert(d, disc_open(&o));
	drain_events(d);
	for (lba = 0; lba < 2 * DISC_MAX_UNSAVED_LEAST; lba += 16) {
		assert_int_equal(write_16(d, lba), 0);
		mmc_get_state(d, &s);
		assert_in_range(s.unsynced, 0, DISC_MAX_UNSAVED_LEAST);
	}
	media_fault_set(m, &sync);
	assert_int_equal(write_16(d, lba), SENSE_OF_DEFERRED);
	assert_int_equal(command_with(d, request_sense, sizeof(request_sense), 18, NULL), 0);
	assert_int_equal(answer.data[0], 0xf1);
	assert_int_equal(get_be32(answer.data + 3), DISC_MAX_UNSAVED_LEAST);
	mmc_get_state(d, &s);
	assert_int_equal(s.nwa, DISC_MAX_UNSAVED_LEAST);
	assert_int_equal(s.unsynced, 0);
	mmc_drive_free(d);
}

static void a_write_that_fails_drops_the_rest(void **state)
{
	static uint8_t data[64 * MEDIA_BLOCK];
	struct media_fault second = {.kind = MEDIA_FAULT_ERROR,
		.on_write = true,
		.skip = 1,
		.times = 1,
		.error = ENOSPC};
	struct disc *disc;
	struct mmc_drive *d = delayed_drive(&disc);

	(void)state;
	media_fault_set(delayed, &second);
	begin_blocks(d, 0x2a, 0, 64);
	for (uint32_t at = 0; at < sizeof(data); at += 16384)
		assert_int_equal(mmc_push(d, data + at, 16384), 0);
	assert_int_equal(mmc_end(d), MMC_CHECK_CONDITION);
	assert_int_equal(mmc_last_sense(d), 0x30c00);
	assert_int_equal(state_of(d).nwa, 8);
	assert_int_equal(delayed->blocks, 8);
	mmc_drive_free(d);
}

static void a_flush_syncs_the_storage(void **state)
{
	static uint8_t data[MEDIA_BLOCK];
	struct disc *disc;
	struct mmc_drive *d = delayed_drive(&disc);
	struct media_fault fail = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .error = EIO, .times = 1};

	(void)state;
	mmc_flush(d);
	assert_int_equal(delayed->syncs, 0);
	begin_blocks(d, 0x2a, 0, 1);
	assert_int_equal(mmc_push(d, data, sizeof(data)), 0);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	media_fault_set(delayed, &fail);
	mmc_flush(d);
	assert_int_equal(delayed->syncs, 0);
	mmc_flush(d);
	assert_int_equal(delayed->syncs, 1);
	mmc_eject(d, true);
	mmc_flush(d);
	mmc_drive_free(d);
}

/*
 * BLANK has dropped the data, and waits for storage, or storage fails. Whether or not the host
 * hears of it (a reset ends its command), the drive shows the disc as it is from then on.
 */
static void a_blank_that_does_not_end_leaves_the_profile_of_the_disc(void **state)
{
	static const uint8_t format[12] = {[3] = 8, [8] = 0x15 << 2};
	static const uint8_t format_unit[6] = {0x04, 0x11}, erase[12] = {0xa1, 1};
	static const uint8_t data[16 * MEDIA_BLOCK], write[10] = {0x2a, [8] = 16};

	(void)state;
	for (int failing = 0; failing <= 1; failing++) {
		struct media_fault fault = {.kind = failing ? MEDIA_FAULT_ERROR : MEDIA_FAULT_AGAIN,
			.on_sync = true,
			.skip = 1,
			.times = 1,
			.error = EIO};
		struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RW),
			.media = media_fault_new(media_mem_new(0, true))};
		struct mmc_drive *d = new_drive();

		mmc_insert(d, disc_open(&o));
		drain_events(d);
		assert_int_equal(command_with(d, format_unit, 6, 0, format), 0);
		assert_int_equal(current_profile(d), 0x13);
		assert_int_equal(media_event(d), 2);
		assert_int_equal(test_unit_ready(d), 0x62800);
		assert_int_equal(command_with(d, write, 10, 0, data), 0);
		media_fault_set(o.media, &fault);
		mmc_begin(d, erase, 12, 0, &answer.xfer);
		assert_int_equal(mmc_end(d), failing ? MMC_CHECK_CONDITION : MMC_AGAIN);
		mmc_bus_reset(d);
		assert_true(mmc_flush(d));
		drain_events(d);
		assert_true(state_of(d).blank);
		assert_int_equal(current_profile(d), 0x14);
		mmc_drive_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_waits_for_the_medium_at_every_step),
		cmocka_unit_test(a_read_waits_for_the_medium_at_every_step),
		cmocka_unit_test(commands_without_data_wait_at_the_end),
		cmocka_unit_test(a_write_with_fua_waits_for_storage_at_the_end),
		cmocka_unit_test(data_out_that_ends_early_fails_after_whole_blocks),
		cmocka_unit_test(a_read_that_fails_gives_the_blocks_before_the_bad_one),
		cmocka_unit_test(a_flush_that_fails_is_a_deferred_error),
		cmocka_unit_test(an_allow_syncs_and_its_failure_is_a_deferred_error),
		cmocka_unit_test(a_stop_or_eject_reports_a_loss_that_no_command_has_reported),
		cmocka_unit_test(a_checkpoint_that_fails_is_a_deferred_error),
		cmocka_unit_test(a_write_that_fails_drops_the_rest),
		cmocka_unit_test(a_flush_syncs_the_storage),
		cmocka_unit_test(a_blank_that_does_not_end_leaves_the_profile_of_the_disc),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
