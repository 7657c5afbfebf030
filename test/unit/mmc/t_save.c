// SPDX-License-Identifier: GPL-2.0-or-later
/* To the host, a drive saved and restored between two commands is the same drive. */
#include <errno.h>

#include "unit/mmc/drive_disc.h"

static struct mmc_saved saved;

/* Saves and frees the drive, as if its daemon had died; restores its state in a new one. */
static struct mmc_drive *restored(struct mmc_drive *d, struct disc *disc)
{
	mmc_save(d, &saved);
	mmc_drive_free(d);
	d = new_drive();
	mmc_restore(d, &saved, disc);
	return d;
}

/* No unit attention and no event waits for the host. */
static void assert_nothing_pending(struct mmc_drive *d)
{
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(command(d, 0x4a, 0x01, 0, 0, 0x02, 0, 0, 0, 8, 0), 0);
	assert_int_equal(answer.data[4] & 0x0f, 0);
}

static void a_disc_in_the_drive_stays(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(3, 10));
	drain_events(d);
	assert_int_equal(read_blocks(d, 0, 10), 0);
	d = restored(d, rom(3, 10));
	assert_nothing_pending(d);
	assert_int_equal(current_profile(d), 0x10);
	assert_int_equal(read_blocks(d, 2, 8), 0);
	assert_numbered(answer.data, 3, 2, 8);
	assert_int_equal(state_of(d).blocks_read, 18);
	mmc_drive_free(d);
}

static void an_empty_drive_stays_empty(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	drain_events(d);
	d = restored(d, NULL);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(media_event(d), 0);
	mmc_insert(d, rom(1, 10));
	assert_int_equal(test_unit_ready(d), 0x62800);
	mmc_drive_free(d);
}

/* A swap that shows the host an empty drive has to go on waiting for that (swap = "seen"). */
static void a_removal_that_the_host_has_not_seen_stays_unseen(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_true(state_of(d).removal_unseen);
	d = restored(d, NULL);
	assert_true(state_of(d).removal_unseen);
	assert_int_equal(media_event(d), 3);
	d = restored(d, NULL);
	assert_false(state_of(d).removal_unseen);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	mmc_insert(d, rom(1, 10));
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	d = restored(d, rom(1, 10));
	assert_false(state_of(d).removal_unseen);
	mmc_drive_free(d);
}

static void locks_sense_and_pages_stay(void **state)
{
	static const uint8_t select[10] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0};
	struct mmc_drive *d = new_drive();
	uint8_t list[60] = {0};

	(void)state;
	mmc_insert(d, blank());
	drain_events(d);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(command(d, 0x5a, 0, 0x05, 0, 0, 0, 0, 0, 60, 0), 0);
	memcpy(list, answer.data, sizeof(list));
	memset(list, 0, 8);
	list[8 + 2] = 0x42; /* write type session-at-once */
	assert_int_equal(command_with(d, select, sizeof(select), 0, list), 0);
	assert_int_equal(command(d, 0xbb, 0, 0xff, 0xff, 0x15, 0xa4, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(read_blocks(d, 5, 1) >> 16, 5);

	d = restored(d, blank());
	assert_int_equal(mmc_last_sense(d) >> 16, 5);
	assert_true(state_of(d).locked);
	assert_true(state_of(d).blank);
	assert_int_equal(state_of(d).write_speed, 5540);
	assert_int_equal(command(d, 0x5a, 0, 0x05, 0, 0, 0, 0, 0, 60, 0), 0);
	assert_int_equal(answer.data[8 + 2], 0x42);
	assert_nothing_pending(d);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	mmc_drive_free(d);
}

/* REQUEST SENSE comes after the restart: the error is still that of an earlier command. */
static void the_sense_of_a_deferred_error_stays(void **state)
{
	static const uint8_t write[10] = {0x2a, [8] = 16}, data[16 * MEDIA_BLOCK];
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	media_fault_set(m, &sync);
	mmc_flush(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0x1030c00);
	d = restored(d, blank());
	assert_int_equal(mmc_last_sense(d), 0x1030c00);
	assert_int_equal(command(d, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[0] & 0x7f, 0x71);
	mmc_drive_free(d);
}

static void pending_attentions_and_events_stay(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	drain_events(d);
	mmc_insert(d, rom(1, 10));
	d = restored(d, rom(1, 10));
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(media_event(d), 2);
	drain_events(d); /* the profile has changed as well */
	/* An eject request that the host has not answered. */
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	d = restored(d, rom(1, 10));
	assert_int_equal(media_event(d), 1);
	assert_true(state_of(d).eject_requested);
	mmc_drive_free(d);
}

/* Each of the two is told to the host later, and only once. */
static void a_lost_write_and_a_delayed_eject_request_stay(void **state)
{
	static const uint8_t finalise[10] = {0x5b, 0, 6}, stop[6] = {0x1b};
	static const uint8_t write[10] = {0x2a, [8] = 16}, data[16 * MEDIA_BLOCK];
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO};
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	assert_int_equal(command_with(d, finalise, 10, 0, NULL), 0);
	d = restored(d, rom(1, 16));
	assert_int_equal(media_event(d), 2);
	assert_int_equal(media_event(d), 1);
	assert_int_equal(media_event(d), 0);
	mmc_drive_free(d);

	d = new_drive();
	m = media_fault_new(media_mem_new(0, true));
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	media_fault_set(m, &sync);
	mmc_flush(d);
	d = restored(d, blank());
	assert_nothing_pending(d);
	assert_int_equal(command_with(d, stop, 6, 0, NULL), 0x1030c00);
	assert_int_equal(command_with(d, stop, 6, 0, NULL), 0);
	mmc_drive_free(d);
}

static void an_open_tray_stays_open(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 2, 0), 0);
	assert_int_equal(media_event(d), 3);
	d = restored(d, rom(1, 10));
	assert_true(state_of(d).ejected_by_host);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 3, 0), 0);
	assert_int_equal(test_unit_ready(d), 0x62800);
	/* The tray is open and the image has disappeared: the host knows of the removal. */
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 2, 0), 0);
	drain_events(d);
	d = restored(d, NULL);
	assert_false(state_of(d).ejected_by_host);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(media_event(d), 0);
	mmc_drive_free(d);
}

static void a_lost_disc_is_reported_as_an_eject(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	d = restored(d, NULL);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(media_event(d), 3);
	assert_false(state_of(d).locked);
	mmc_drive_free(d);
}

static void another_profile_is_reported_as_a_new_disc(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, blank());
	drain_events(d);
	d = restored(d, rom(1, 10));
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(media_event(d), 2);
	assert_int_equal(current_profile(d), 0x10);
	mmc_drive_free(d);
}

/* Restored from any bytes at all, the drive works and has no value that is impossible. */
static void impossible_values_are_ignored(void **state)
{
	struct mmc_config config = script_default_config();
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t *p = (uint8_t *)&saved;
		struct mmc_drive *d = mmc_drive_new(&config);

		for (size_t i = 0; i < sizeof(saved); i++) {
			seed = seed * 1103515245u + 12345u;
			p[i] = round ? (uint8_t)(seed >> 16) : 0xff;
		}
		mmc_restore(d, &saved, round & 1 ? rom(1, 10) : NULL);
		assert_true(state_of(d).write_speed >= 3324 && state_of(d).write_speed <= 22160);
		assert_true(state_of(d).read_speed >= 1385 && state_of(d).read_speed <= 22160);
		drain_events(d);
		assert_int_equal(command(d, 0x5a, 0, 0x3f, 0, 0, 0, 0, 0x10, 0, 0), 0);
		assert_int_equal(answer.data[8], 0x01);
		assert_int_equal(answer.data[9], 10);
		mmc_save(d, &saved);
		mmc_drive_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disc_in_the_drive_stays),
		cmocka_unit_test(an_empty_drive_stays_empty),
		cmocka_unit_test(a_removal_that_the_host_has_not_seen_stays_unseen),
		cmocka_unit_test(locks_sense_and_pages_stay),
		cmocka_unit_test(the_sense_of_a_deferred_error_stays),
		cmocka_unit_test(pending_attentions_and_events_stay),
		cmocka_unit_test(a_lost_write_and_a_delayed_eject_request_stay),
		cmocka_unit_test(an_open_tray_stays_open),
		cmocka_unit_test(a_lost_disc_is_reported_as_an_eject),
		cmocka_unit_test(another_profile_is_reported_as_a_new_disc),
		cmocka_unit_test(impossible_values_are_ignored),
	};

	return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
