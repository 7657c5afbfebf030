// SPDX-License-Identifier: GPL-2.0-or-later
/* Insert, blank and eject with the real engine, and a host that locks, unlocks or hangs. */
#include "daemon/drive/drive_fixture.h"

#include <errno.h>

#include "control/status.h"

static void insert_then_eject_empties_the_drive(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_true(r.ok);
	EXPECT(&r, "drive0: there is no disc in the drive");
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(r.ok);
	EXPECT(&r, "drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	assert_string_equal(info(0).image, "a.iso");
	assert_int_equal(info(0).mmc.profile, 0x10);
	run(0, &r, DRIVE_EJECT, NULL, false);
	EXPECT(&r, "drive0: ejected a.iso");
	assert_false(fake_ready(&usb[0]));
	assert_null(info(0).image);
}

static void a_swap_shows_the_empty_drive_between(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	submit(0, &r, DRIVE_INSERT, "b.iso", false);
	fake_run(&usb[0]);
	assert_false(fake_host(&usb[0], 0x00, 0));
	assert_false(r.done);
	turn(event, usb, 2, 20000, &r.done);
	EXPECT(&r, "drive0: inserted b.iso (DVD-ROM, 6.00 kB); its size is not a multiple of 2048: "
		   "its last 1904 bytes are shown as a zero-padded block");
	assert_true(fake_ready(&usb[0]));
	assert_int_equal(info(0).mmc.capacity, 3);
}

/* With swap = "seen": the host sees the empty drive by TEST UNIT READY, not by INQUIRY. */
static void a_swap_waits_until_the_host_has_seen_the_empty_drive(void **state)
{
	static const uint8_t poll[10] = {0x4a, 0x01, 0, 0, 0x10, 0, 0, 0, 8};
	static const uint8_t inquiry[6] = {0x12, 0, 0, 0, 36};
	struct mmc_xfer xfer;
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	submit(0, &r, DRIVE_INSERT, "b.iso", false);
	turn(event, usb, 2, 200, &r.done);
	assert_false(r.done);
	assert_string_equal(
		info(0).pending, "insert b.iso (until the host has seen the empty drive)");
	mmc_begin(drive_engine(usb[0].drive), inquiry, sizeof(inquiry), 36, &xfer);
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
	turn(event, usb, 2, 200, &r.done);
	assert_false(r.done);
	assert_false(fake_host(&usb[0], 0x00, 0));
	assert_int_equal(mmc_last_sense(drive_engine(usb[0].drive)), 0x023a01);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.ok);
	/* The host then sees once that there is a new disc. */
	assert_false(fake_host(&usb[0], 0x00, 0));
	assert_int_equal(mmc_last_sense(drive_engine(usb[0].drive)), 0x062800);
	assert_true(fake_host(&usb[0], 0x00, 0));

	/* A host that polls events sees the empty drive by an event. */
	submit(0, &r, DRIVE_INSERT, "a.iso", false);
	turn(event, usb, 2, 200, &r.done);
	assert_false(r.done);
	mmc_begin(drive_engine(usb[0].drive), poll, sizeof(poll), 8, &xfer);
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.ok);
}

static void a_swap_does_not_wait_long_for_a_host_that_does_not_ask(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	submit(0, &r, DRIVE_INSERT, "b.iso", false);
	turn(event, usb, 2, 500, &r.done);
	assert_false(r.done);
	turn(event, usb, 2, 10000, &r.done);
	assert_true(r.ok);
}

static int setup_seen(void **state)
{
	int r;

	fake_seen_wait = 2500;
	r = setup(state);
	fake_seen_wait = 0;
	return r;
}

static void a_wrong_name_leaves_the_disc_alone(void **state)
{
	char want[256];
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	run(0, &r, DRIVE_INSERT, "none.iso", false);
	assert_false(r.ok);
	assert_string_equal(r.code, "no-such-image");
	snprintf(want, sizeof(want),
		"no image \"none.iso\" in %s/media; mmcgadgetctl list shows all", scratch);
	EXPECT(&r, want);
	run(0, &r, DRIVE_BLANK, "a.iso", false);
	assert_string_equal(r.code, "not-blank");
	assert_true(fake_host(&usb[0], 0x00, 0));
	assert_string_equal(info(0).image, "a.iso");
	assert_int_equal(size_of("media/a.iso"), 4096);
}

static void a_burned_blank_keeps_its_data(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	assert_true(r.ok);
	assert_starts(r.message, "drive0: inserted new.iso (blank DVD+R, 4.70 GB)");
	assert_true(fake_ready(&usb[0]));
	assert_int_equal(info(0).mmc.profile, 0x1b);
	for (uint32_t lba = 0; lba < 16; lba++)
		assert_true(fake_write(&usb[0], lba));
	assert_false(fake_write(&usb[0], 40));
	assert_int_equal(info(0).size, 32768);
	assert_int_equal(info(0).mmc.blocks_written, 16);
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	assert_int_equal(size_of("media/new.iso"), 32768);
	/* An image with recorded data is never used as a blank again. */
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	assert_string_equal(r.code, "not-blank");
	run(0, &r, DRIVE_INSERT, "new.iso", false);
	assert_starts(
		r.message, "drive0: inserted new.iso (DVD+R, burned up to block 16, 4.70 GB)");
}

static void the_same_disc_can_be_inserted_again(void **state)
{
	struct record r;

	(void)state;
	/* A recordable disc locks its file: it must be closed before it can be opened again. */
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	assert_true(fake_ready(&usb[0]));
	for (uint32_t lba = 0; lba < 16; lba++)
		assert_true(fake_write(&usb[0], lba));
	run(0, &r, DRIVE_INSERT, "new.iso", false);
	assert_starts(
		r.message, "drive0: inserted new.iso (DVD+R, burned up to block 16, 4.70 GB)");
	run(0, &r, DRIVE_INSERT, "new.iso", false);
	assert_true(r.ok);
}

static void the_same_disc_waits_for_the_command_in_flight(void **state)
{
	static const uint8_t write10[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1};
	static const uint8_t block[2048];
	struct mmc_xfer xfer;
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	assert_true(fake_ready(&usb[0]));
	mmc_begin(drive_engine(usb[0].drive), write10, 10, 0, &xfer);
	submit(0, &r, DRIVE_INSERT, "new.iso", false);
	turn(event, usb, 2, 150, NULL);
	assert_false(r.done);
	assert_non_null(strstr(info(0).pending, "waiting for the old disc to be closed"));
	fake_push(&usb[0], block, sizeof(block));
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
	turn(event, usb, 2, 20000, &r.done);
	assert_starts(r.message, "drive0: inserted new.iso (DVD+R, burned up to block 1, ");
}

/* The old disc is closed some time after the eject is answered; the next insert waits for that. */
static void a_disc_moves_from_drive_to_drive(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	for (unsigned i = 0; i < 20; i++) {
		run(i % 2, &r, DRIVE_EJECT, NULL, true);
		assert_true(r.ok);
		run((i + 1) % 2, &r, DRIVE_INSERT, "new.iso", false);
		assert_memory_equal(r.message + 8, "inserted new.iso (blank DVD+R", 29);
	}
}

static void the_same_disc_deleted_leaves_an_empty_drive(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	submit(0, &r, DRIVE_INSERT, "new.iso", false);
	assert_int_equal(unlink(in_scratch("media/new.iso")), 0);
	turn(event, usb, 2, 20000, &r.done);
	assert_string_equal(r.code, "no-such-image");
	assert_non_null(strstr(r.message, "; drive0 is empty now"));
	assert_null(info(0).image);
}

static void a_blank_is_in_one_drive_only(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	run(1, &r, DRIVE_BLANK, "new.iso", false);
	assert_false(r.ok);
	assert_string_equal(r.code, "in-use");
	EXPECT(&r, "\"new.iso\" is in drive0");
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	run(1, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(r.ok);
}

static void a_host_that_unlocks_gets_the_new_disc(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	submit(0, &r, DRIVE_INSERT, "b.iso", false);
	turn(event, usb, 2, 50, NULL);
	assert_false(r.done);
	assert_string_equal(
		r.progress, "drive0: the host has locked the drive; it is asked to eject");
	assert_true(info(0).mmc.eject_requested);
	assert_true(info(0).mmc.loaded);
	/* As udev's cdrom_id --eject-media does when it sees the eject request. */
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], false));
	assert_true(fake_host(&usb[0], 0x1b, 2));
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.ok);
	assert_starts(r.message, "drive0: inserted b.iso (DVD-ROM, 6.00 kB) (the host let go of "
				 "the old disc when "
				 "asked)");
	assert_true(fake_ready(&usb[0]));
}

static void a_host_that_stays_locked_keeps_the_disc(void **state)
{
	struct record r;
	uint64_t start;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	start = now_ms();
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_true(now_ms() - start >= 190);
	assert_false(r.ok);
	assert_string_equal(r.code, "locked");
	EXPECT(&r,
		"drive0: the PC keeps the drive locked; close the window or program that uses the "
		"disc there and try again, or type: mmcgadgetctl eject --force drive=drive0");
	assert_string_equal(info(0).image, "a.iso");
	assert_true(fake_ready(&usb[0]));
	/* The message does not repeat a command with a name, because the name may need quotes. */
	put_size("media/two words.iso", 4096);
	run(0, &r, DRIVE_INSERT, "two words.iso", false);
	EXPECT(&r,
		"drive0: the PC keeps the drive locked; close the window or program that uses the "
		"disc there and try again, or add --force to the command");
	assert_true(fake_ready(&usb[0]));
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	EXPECT(&r, "drive0: ejected a.iso by force");
	assert_false(info(0).mmc.locked);
}

/* The lock of a host that sleeps, or whose cable was pulled, protects nothing. */
static void an_absent_hosts_lock_is_ignored(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	usb[0].suspended = true;
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_true(r.ok);
	EXPECT(&r, "drive0: ejected a.iso (the host, which had locked it, is not there)");
	assert_false(info(0).mmc.locked);
	assert_false(info(0).mmc.loaded);
}

static void force_cancels_the_command_that_waits(void **state)
{
	struct record first, second;

	(void)state;
	run(0, &first, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	/* Both commands at once, as two lines written into the FIFO. */
	submit(0, &first, DRIVE_EJECT, NULL, false);
	submit(0, &second, DRIVE_EJECT, NULL, true);
	turn(event, usb, 2, 150, &second.done);
	assert_true(first.done && second.done);
	assert_string_equal(first.code, "cancelled");
	assert_true(second.ok);
	/* The second command comes later than the first one. */
	run(0, &first, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	submit(0, &first, DRIVE_INSERT, "b.iso", false);
	turn(event, usb, 2, 50, NULL);
	assert_false(first.done);
	run(0, &second, DRIVE_EJECT, NULL, true);
	assert_string_equal(first.code, "cancelled");
	assert_true(second.ok);
}

static void a_disc_ejected_by_the_host_can_be_loaded_or_replaced(void **state)
{
	struct record r;
	json_t *o;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_host(&usb[0], 0x1b, 2));
	turn(event, usb, 2, 20, NULL);
	o = status_drive(usb[0].drive, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "state")), "ejected");
	assert_string_equal(json_string_value(json_object_get(o, "medium")), "dvd-rom");
	json_decref(o);
	/* The host may load it again. */
	assert_true(fake_host(&usb[0], 0x1b, 3));
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_host(&usb[0], 0x1b, 2));
	run(0, &r, DRIVE_INSERT, "b.iso", false);
	assert_true(r.ok);
	assert_true(fake_ready(&usb[0]));
	assert_int_equal(info(0).mmc.capacity, 3);
	/* Ejected by the host, then removed by a command: the host cannot load it any more. */
	assert_true(fake_host(&usb[0], 0x1b, 2));
	run(0, &r, DRIVE_EJECT, NULL, false);
	EXPECT(&r, "drive0: ejected b.iso");
	fake_host(&usb[0], 0x1b, 3);
	assert_false(fake_ready(&usb[0]));
	assert_null(info(0).image);
}

static void a_stuck_medium_blocks_neither_status_nor_the_other_drive(void **state)
{
	struct record r, more[17];
	json_t *o;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	usb[0].stuck = true;
	submit(0, &r, DRIVE_EJECT, NULL, true);
	turn(event, usb, 2, 50, NULL);
	assert_false(r.done);
	/* Status still answers, and the other drive still works. */
	o = status_drive(usb[0].drive, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "image")), "a.iso");
	assert_string_equal(json_string_value(json_object_get(o, "pending")), "eject");
	json_decref(o);
	run(1, &more[0], DRIVE_INSERT, "b.iso", false);
	assert_true(more[0].ok);
	for (unsigned i = 0; i < 17; i++)
		submit(0, &more[i], DRIVE_INSERT, "b.iso", false);
	assert_false(more[15].done);
	assert_string_equal(more[16].code, "busy");
	usb[0].stuck = false;
	turn(event, usb, 2, 20000, &more[15].done);
	assert_true(r.ok);
	for (unsigned i = 0; i < 16; i++)
		assert_true(more[i].ok);
}

static void a_stop_answers_all_commands(void **state)
{
	struct record r, waiting;

	(void)state;
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	usb[0].stuck = true;
	submit(0, &r, DRIVE_BLANK, "new.iso", false);
	submit(0, &waiting, DRIVE_EJECT, NULL, false);
	turn(event, usb, 2, 20, NULL);
	drive_detach(usb[0].drive);
	assert_string_equal(r.code, "stopping");
	EXPECT(&waiting, "drive0: the daemon stops");
}

static void without_usb_a_command_ends_at_once(void **state)
{
	struct record r;

	(void)state;
	/* Without a USB thread the answer comes at once. */
	drive_detach(usb[0].drive);
	submit(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(r.done && r.ok);
	assert_true(info(0).mmc.loaded);
	submit(0, &r, DRIVE_EJECT, NULL, false);
	assert_true(r.done && r.ok);
}

static void a_missing_media_folder_is_refused(void **state)
{
	struct drive_config dc = {.name = "x", .media = in_scratch("nothing")};
	struct drive *d;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(drive_new(&dc, event, &set, &d), -ENOENT);
	assert_int_equal(set.count, 2);
}

/* status: medium and state, from blank to finalised. */
static void status_shows_each_state_of_a_disc(void **state)
{
	static const uint8_t close_track[10] = {0x5b, 0, 1, 0, 0, 1};
	static const uint8_t close_session[10] = {0x5b, 0, 2, 0, 0, 0};
	static const uint8_t finalise[10] = {0x5b, 0, 6, 0, 0, 0};
	static const struct {
		const uint8_t *cdb;
		uint32_t lba;
		const char *medium, *state;
	} steps[] = {
		{NULL, 0, "dvd+r", "open"},
		{close_track, 0, "dvd+r", "open"},
		{close_session, 0, "dvd+r", "appendable"},
		{finalise, 0, "dvd-rom", "complete"},
	};
	struct record r;
	json_t *o = status_drive(usb[0].drive, NULL);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(o, "medium")), "none");
	assert_string_equal(json_string_value(json_object_get(o, "state")), "empty");
	json_decref(o);
	run(0, &r, DRIVE_BLANK, "new.iso", false);
	o = status_drive(usb[0].drive, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "state")), "blank");
	assert_int_equal(json_integer_value(json_object_get(o, "free_blocks")), 2295104);
	assert_int_equal(json_integer_value(json_object_get(o, "resets")), 3);
	assert_int_equal(json_integer_value(json_object_get(o, "phase_errors")), 2);
	json_decref(o);
	assert_true(fake_ready(&usb[0]));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct mmc_xfer xfer;

		if (steps[i].cdb) {
			mmc_begin(drive_engine(usb[0].drive), steps[i].cdb, 10, 0, &xfer);
			assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
		} else {
			for (uint32_t lba = 0; lba < 16; lba++)
				assert_true(fake_write(&usb[0], lba));
		}
		o = status_drive(usb[0].drive, NULL);
		assert_string_equal(
			json_string_value(json_object_get(o, "medium")), steps[i].medium);
		assert_string_equal(json_string_value(json_object_get(o, "state")), steps[i].state);
		json_decref(o);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(insert_then_eject_empties_the_drive),
		T(a_swap_shows_the_empty_drive_between),
		cmocka_unit_test_setup_teardown(
			a_swap_waits_until_the_host_has_seen_the_empty_drive, setup_seen, teardown),
		cmocka_unit_test_setup_teardown(
			a_swap_does_not_wait_long_for_a_host_that_does_not_ask, setup_seen,
			teardown),
		T(a_wrong_name_leaves_the_disc_alone),
		T(a_burned_blank_keeps_its_data),
		T(the_same_disc_can_be_inserted_again),
		T(the_same_disc_waits_for_the_command_in_flight),
		T(a_disc_moves_from_drive_to_drive),
		T(the_same_disc_deleted_leaves_an_empty_drive),
		T(a_blank_is_in_one_drive_only),
		T(a_host_that_unlocks_gets_the_new_disc),
		T(a_host_that_stays_locked_keeps_the_disc),
		T(an_absent_hosts_lock_is_ignored),
		T(force_cancels_the_command_that_waits),
		T(a_disc_ejected_by_the_host_can_be_loaded_or_replaced),
		T(a_stuck_medium_blocks_neither_status_nor_the_other_drive),
		T(a_stop_answers_all_commands),
		T(without_usb_a_command_ends_at_once),
		T(a_missing_media_folder_is_refused),
		T(status_shows_each_state_of_a_disc),
	};

	return cmocka_run_group_tests_name("drive", tests, NULL, NULL);
}
