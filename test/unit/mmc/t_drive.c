// SPDX-License-Identifier: GPL-2.0-or-later
/* The drive between commands: insert and eject, locks, attentions, events, resets, state. */
#include <errno.h>

#include "unit/mmc/drive_disc.h"

/* ---- attentions and events ------------------------------------------------------------------- */

static void a_new_drive_is_empty_and_reports_the_reset(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	assert_int_equal(test_unit_ready(d), 0x62900);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(current_profile(d), 0);
	assert_int_equal(media_event(d), 0);
	mmc_drive_free(d);

	/* A disc is in before the host connects: the host gets both attentions, reset first. */
	d = new_drive();
	mmc_insert(d, rom(1, 10));
	assert_int_equal(test_unit_ready(d), 0x62900);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(test_unit_ready(d), 0);
	mmc_drive_free(d);
	mmc_drive_free(NULL);
}

static void an_insertion_gives_one_attention_and_one_event(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	drain_events(d);
	for (unsigned i = 0; i < 10; i++) {
		mmc_insert(d, rom(1, 10));
		/* The host asks for the attention first, or for the event */
		if (i & 1) {
			assert_int_equal(media_event(d), 2);
			assert_int_equal(test_unit_ready(d), 0x62800);
		} else {
			assert_int_equal(test_unit_ready(d), 0x62800);
			assert_int_equal(media_event(d), 2);
		}
		assert_int_equal(test_unit_ready(d), 0);
		assert_int_equal(media_event(d), 0);
		assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
		assert_int_equal(test_unit_ready(d), 0x23a01);
		assert_int_equal(media_event(d), 3);
		assert_int_equal(media_event(d), 0);
	}
	mmc_drive_free(d);
}

static void a_swap_is_reported_as_one_new_medium(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	/* The drive is empty between two commands, so the host does not notice */
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	mmc_insert(d, rom(2, 10));
	assert_int_equal(media_event(d), 2);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(test_unit_ready(d), 0);
	/* Two swaps, without the empty time, before the host sends a command */
	mmc_insert(d, rom(3, 10));
	mmc_insert(d, rom(4, 10));
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(media_event(d), 2);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(read_blocks(d, 0, 10), 0);
	assert_numbered(answer.data, 4, 0, 10);
	mmc_drive_free(d);
}

static bool unseen(const struct mmc_drive *d)
{
	struct mmc_state s;

	mmc_get_state(d, &s);
	return s.removal_unseen;
}

static void a_removal_is_seen_by_not_ready_or_by_an_event(void **state)
{
	static const uint8_t get_configuration[] = {0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0};
	static const uint8_t short_poll[] = {0x4a, 0x01, 0, 0, 0x10, 0, 0, 0, 4, 0};
	struct mmc_drive *d = new_drive();

	(void)state;
	assert_false(unseen(d)); /* nothing was removed yet */
	mmc_insert(d, rom(1, 10));
	assert_false(unseen(d));
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_true(unseen(d));
	/* Neither an attention nor an answer that says nothing of the disc counts. */
	assert_int_equal(test_unit_ready(d), 0x62900);
	command_with(d, get_configuration, sizeof(get_configuration), 8, NULL);
	command_with(d, short_poll, sizeof(short_poll), 4, NULL);
	assert_true(unseen(d));
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_false(unseen(d));
	mmc_insert(d, rom(2, 10));
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_true(unseen(d));
	assert_int_equal(media_event(d), 3);
	assert_false(unseen(d));
	mmc_insert(d, rom(3, 10));
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	mmc_insert(d, rom(4, 10));
	assert_false(unseen(d)); /* there is a disc: too late */
	mmc_drive_free(d);
}

static void the_host_ejects_and_loads_the_disc(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	released = 0;
	mmc_insert(d, rom(7, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 2, 0), 0);
	assert_true(state_of(d).ejected_by_host);
	assert_false(state_of(d).loaded);
	assert_int_equal(released, 0);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 3, 0), 0);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(media_event(d), 2);
	assert_int_equal(read_blocks(d, 9, 1), 0);
	assert_numbered(answer.data, 7, 9, 1);
	/* The board removes the disc from the open tray: no second removal event. */
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 2, 0), 0);
	assert_int_equal(media_event(d), 3);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_int_equal(released, 1);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 3, 0), 0);
	assert_int_equal(test_unit_ready(d), 0x23a01);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_EMPTY);
	/* Another disc is put into the open tray */
	mmc_insert(d, rom(8, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 2, 0), 0);
	mmc_insert(d, rom(9, 10));
	assert_int_equal(released, 2);
	assert_true(state_of(d).loaded);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(read_blocks(d, 0, 1), 0);
	assert_numbered(answer.data, 9, 0, 1);
	mmc_drive_free(d);
	assert_int_equal(released, 3);
}

/* ---- the lock -------------------------------------------------------------------------------- */

static void an_eject_from_a_locked_drive_asks_the_host(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_true(state_of(d).locked);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	assert_true(state_of(d).eject_requested);
	assert_true(state_of(d).loaded);
	/* A second eject before the host has polled: still one request */
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	assert_int_equal(media_event(d), 1);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(test_unit_ready(d), 0);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 0, 0), 0);
	assert_int_equal(command(d, 0x1b, 0, 0, 0, 2, 0), 0);
	assert_true(state_of(d).ejected_by_host);
	assert_false(state_of(d).eject_requested);
	assert_int_equal(media_event(d), 3);
	mmc_drive_free(d);
}

static void a_unit_attention_asks_a_host_that_polls_no_events(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	while (test_unit_ready(d) >> 16 == 6)
		continue;
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	assert_int_equal(test_unit_ready(d), 0x65a01);
	assert_int_equal(test_unit_ready(d), 0);
	mmc_drive_free(d);
}

/* The closing sequence reports the button, and leaves the attention of the CLOSE to others. */
static void a_request_to_eject_does_not_use_up_the_attention_of_a_close(void **state)
{
	static const uint8_t data[16 * MEDIA_BLOCK], write[10] = {0x2a, [8] = 16};
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, blank());
	while (test_unit_ready(d) >> 16 == 6)
		continue;
	assert_int_equal(command_with(d, write, 10, 0, data), 0);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(command(d, 0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	assert_int_equal(command(d, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x65a01);
	assert_int_equal(command(d, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(test_unit_ready(d), 0x62800);
	assert_int_equal(test_unit_ready(d), 0);
	mmc_drive_free(d);
}

static void a_forced_eject_removes_the_disc_and_the_lock(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	released = 0;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 3, 0), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	assert_int_equal(mmc_eject(d, true), MMC_EJECT_DONE);
	assert_int_equal(released, 1);
	assert_false(state_of(d).locked);
	assert_false(state_of(d).eject_requested);
	assert_int_equal(media_event(d), 3);
	assert_int_equal(media_event(d), 0);
	assert_int_equal(mmc_eject(d, true), MMC_EJECT_EMPTY);
	mmc_drive_free(d);
}

static void a_bus_reset_removes_the_lock(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	mmc_insert(d, rom(1, 10));
	drain_events(d);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 1, 0), 0);
	assert_int_equal(command(d, 0x1e, 0, 0, 0, 3, 0), 0);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_REQUESTED);
	mmc_bus_reset(d);
	assert_false(state_of(d).locked);
	assert_int_equal(mmc_eject(d, false), MMC_EJECT_DONE);
	assert_false(state_of(d).eject_requested);
	assert_int_equal(media_event(d), 3);
	mmc_drive_free(d);
}

/* ---- sense, resets, the rest ----------------------------------------------------------------- */

static void sense_stays_until_the_next_command(void **state)
{
	struct mmc_drive *d = new_drive();

	(void)state;
	drain_events(d);
	assert_int_equal(command(d, 0x46, 3, 0, 0, 0, 0, 0, 0, 8, 0), 0x52400);
	assert_int_equal(command(d, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[2], 5);
	assert_int_equal(answer.data[12], 0x24);
	assert_int_equal(command(d, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[2], 0);
	assert_int_equal(command(d, 0x46, 3, 0, 0, 0, 0, 0, 0, 8, 0), 0x52400);
	assert_int_equal(command(d, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(command(d, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[2], 0);
	/* A transport reset between the failure and REQUEST SENSE */
	assert_int_equal(command(d, 0x46, 3, 0, 0, 0, 0, 0, 0, 8, 0), 0x52400);
	mmc_transport_reset(d);
	assert_int_equal(command(d, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[2], 0);
	mmc_drive_free(d);
}

static void the_state_follows_the_burn(void **state)
{
	static uint8_t data[20 * MEDIA_BLOCK];
	struct mmc_drive *d = new_drive();
	struct mmc_state s;

	(void)state;
	mmc_insert(d, blank());
	drain_events(d);
	s = state_of(d);
	assert_true(s.loaded && s.blank && s.appendable);
	assert_int_equal(s.profile, 0x1b);
	assert_int_equal(s.capacity, 2295104);
	assert_int_equal(s.free, 2295104);
	assert_int_equal(s.write_speed, 22160);
	uint64_t commands = s.commands, errors = s.errors;
	begin_blocks(d, 0x2a, 0, 20);
	assert_int_equal(mmc_push(d, data, 32768), 0);
	assert_int_equal(mmc_push(d, data, 8192), 0);
	assert_int_equal(mmc_end(d), MMC_GOOD);
	assert_int_equal(read_blocks(d, 20, 1), 0x52100);
	s = state_of(d);
	assert_int_equal(s.commands - commands, 2);
	assert_int_equal(s.errors - errors, 1);
	assert_int_equal(s.blocks_written, 20);
	assert_int_equal(s.recorded, 20);
	assert_int_equal(s.nwa, 20);
	assert_int_equal(s.readable, 0);
	assert_int_equal(command(d, 0x5b, 0, 6, 0, 0, 0, 0, 0, 0, 0), 0);
	s = state_of(d);
	assert_int_equal(s.profile, 0x10);
	assert_true(s.finalised);
	assert_int_equal(s.readable, 20);
	assert_int_equal(s.free, 0);
	assert_string_equal(mmc_profile_name(s.profile), "DVD-ROM");
	assert_string_equal(mmc_profile_name(0xbeef), "unknown");
	mmc_drive_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_drive_is_empty_and_reports_the_reset),
		cmocka_unit_test(an_insertion_gives_one_attention_and_one_event),
		cmocka_unit_test(a_swap_is_reported_as_one_new_medium),
		cmocka_unit_test(a_removal_is_seen_by_not_ready_or_by_an_event),
		cmocka_unit_test(the_host_ejects_and_loads_the_disc),
		cmocka_unit_test(an_eject_from_a_locked_drive_asks_the_host),
		cmocka_unit_test(a_unit_attention_asks_a_host_that_polls_no_events),
		cmocka_unit_test(a_request_to_eject_does_not_use_up_the_attention_of_a_close),
		cmocka_unit_test(a_forced_eject_removes_the_disc_and_the_lock),
		cmocka_unit_test(a_bus_reset_removes_the_lock),
		cmocka_unit_test(sense_stays_until_the_next_command),
		cmocka_unit_test(the_state_follows_the_burn),
	};

	return cmocka_run_group_tests_name("drive", tests, NULL, NULL);
}
