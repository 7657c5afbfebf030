// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon logs of a burn, so that its owner can look up how it went. */
#include "daemon/drive/place_fixture.h"

static void a_burn_is_logged_from_its_beginning_to_its_end(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "d.iso", false);
	assert_true(r.ok);
	burn(0, 16);
	assert_true(logged("drive0: burning to d.iso begins"));
	assert_true(close_disc(2));
	assert_true(
		logged("drive0: session 1 of d.iso is closed, 32.77 kB are recorded; the disc is "
		       "open for more"));
	burn(16, 32);
	assert_true(close_disc(6));
	assert_true(logged("drive0: d.iso is finalised, 32 blocks, 65.54 kB"));
	assert_int_equal(strstr(get_text("log"), "session 2") != NULL, false);
}

/* Burns 16 blocks, and lets the drive see that. */
static void burn_in_view(void)
{
	burn(0, 16);
	turn(event, usb, 2, 30, NULL);
}

/* Who takes a disc out in the middle of a burn hears what to do with it. */
static void a_disc_that_leaves_unfinished_is_told(void **state)
{
	static const char told[] = "\"d.iso\" is not finished, 32.77 kB are recorded; insert it "
				   "again to go on, or: mmcgadgetctl close \"d.iso\"";
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "d.iso", false);
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_null(strstr(r.message, "not finished"));
	run(0, &r, DRIVE_INSERT, "d.iso", false);
	burn_in_view();
	run(0, &r, DRIVE_BLANK, "e.iso", false);
	assert_true(r.ok);
	assert_non_null(strstr(r.message, "inserted e.iso"));
	assert_non_null(strstr(r.message, told));
	assert_true(logged(told));
	/* Once: the next command is about another disc. */
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_string_equal(r.message, "drive0: ejected e.iso");
	run(0, &r, DRIVE_INSERT, "d.iso", false);
	assert_null(strstr(r.message, "not finished"));
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_non_null(strstr(r.message, told));
	/* A session that is closed is an end: the disc is appendable. */
	run(0, &r, DRIVE_BLANK, "f.iso", false);
	burn_in_view();
	assert_true(close_disc(2));
	turn(event, usb, 2, 30, NULL);
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_string_equal(r.message, "drive0: ejected f.iso");
}

/* The PC ejects it, and may load it again to go on. */
static void a_disc_that_the_host_ejects_unfinished_is_told(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "d.iso", false);
	burn_in_view();
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	assert_true(logged("drive0: \"d.iso\" is not finished"));
	assert_true(fake_host(&usb[0], 0x1b, 0x03));
	assert_true(fake_ready(&usb[0]));
	turn(event, usb, 2, 30, NULL);
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	run(0, &r, DRIVE_BLANK, "e.iso", false);
	assert_non_null(strstr(r.message, "\"d.iso\" is not finished"));
	/* Nor is it said of a disc that comes back. */
	run(0, &r, DRIVE_INSERT, "d.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	turn(event, usb, 2, 30, NULL);
	run(0, &r, DRIVE_INSERT, "d.iso", false);
	assert_null(strstr(r.message, "not finished"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_burn_is_logged_from_its_beginning_to_its_end,
			place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			a_disc_that_leaves_unfinished_is_told, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(a_disc_that_the_host_ejects_unfinished_is_told,
			place_setup, place_teardown),
	};

	return cmocka_run_group_tests_name("host log", tests, NULL, NULL);
}
