// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon logs of a burn, so that its owner can look up how it went. */
#include "daemon/drive/place_fixture.h"

#include "control/status.h"

static void a_burn_is_logged_from_its_beginning_to_its_end(void **state)
{
	struct record r;
	double rate;

	(void)state;
	run(0, &r, DRIVE_BLANK, "d.iso", false);
	assert_true(r.ok);
	burn(0, 16);
	assert_true(logged("drive0: burning to d.iso begins"));
	assert_true(close_disc(2));
	assert_true(
		logged("drive0: session 1 of d.iso is closed, 32.77 kB are recorded; the disc is "
		       "open for more; 32.77 kB in less than 1 s ("));
	burn(16, 48);
	/* The log says how long a burn took: more than a second is to pass. */
	wait_ms(1100);
	assert_true(close_disc(6));
	assert_true(logged("drive0: d.iso is finalised, 48 blocks, 98.30 kB; 65.54 kB in 0:01 ("));
	assert_int_equal(sscanf(strstr(get_text("log"), "0:01 ("), "0:01 (%lf kB/s)", &rate), 1);
	assert_true(rate > 20 && rate < 60);
	assert_int_equal(strstr(get_text("log"), "session 2") != NULL, false);
}

/* Returns the member "unfinished" of drive 0's status; *bytes: what is recorded on that disc. */
static const char *unfinished(json_int_t *bytes)
{
	static char name[300];
	json_t *o = status_drive(usb[0].drive, NULL);

	snprintf(name, sizeof(name), "%s", json_string_value(json_object_get(o, "unfinished")));
	*bytes = json_integer_value(json_object_get(o, "unfinished_bytes"));
	json_decref(o);
	return name;
}

static void assert_unfinished(const char *name, json_int_t expected)
{
	json_int_t bytes;

	assert_string_equal(unfinished(&bytes), name);
	assert_int_equal(bytes, expected);
}

/* Burns 16 blocks, and lets the drive see that. */
static void burn_in_view(void)
{
	burn(0, 16);
	turn(event, usb, 2, 30, NULL);
}

/* After the removal of a disc in the middle of a burn, the daemon says what to do with it. */
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
	/* The text is not repeated if the same disc is inserted again. */
	run(0, &r, DRIVE_INSERT, "d.iso", false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	turn(event, usb, 2, 30, NULL);
	run(0, &r, DRIVE_INSERT, "d.iso", false);
	assert_null(strstr(r.message, "not finished"));
}

/* A burn as it goes on causes no event: what was recorded since the last one counts, too. */
static void all_that_is_recorded_is_told(void **state)
{
	struct record r;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	burn_in_view();
	burn(16, 32);
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_non_null(strstr(r.message, "\"d.iso\" is not finished, 65.54 kB are recorded"));
	assert_unfinished("d.iso", 65536);
	load(DRIVE_INSERT, "d.iso");
	burn(32, 48);
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	turn(event, usb, 2, 30, NULL);
	assert_true(logged("\"d.iso\" is not finished, 98.30 kB are recorded"));
	assert_unfinished("d.iso", 98304);
}

/* Status shows the disc as long as nobody has finished it, or has put another one in its place. */
static void status_shows_a_disc_that_left_unfinished(void **state)
{
	struct record r;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	assert_unfinished("", 0);
	burn_in_view();
	assert_unfinished("", 0);
	/* The host ejects it, so that nobody gets an answer. */
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	turn(event, usb, 2, 30, NULL);
	assert_unfinished("d.iso", 32768);
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_non_null(strstr(r.message, "\"d.iso\" is not finished"));
	assert_unfinished("d.iso", 32768);
	take_out();
	/* Finished by another drive's command, then burned and left again, then deleted. */
	run(1, &r, DRIVE_CLOSE, "d.iso", false);
	assert_true(r.ok);
	assert_unfinished("", 0);
	load(DRIVE_BLANK, "e.iso");
	burn_in_view();
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_unfinished("e.iso", 32768);
	assert_int_equal(unlink(in_scratch("media/e.iso")), 0);
	assert_unfinished("", 0);
	load(DRIVE_BLANK, "f.iso");
	burn_in_view();
	load(DRIVE_INSERT, "a.iso");
	assert_unfinished("", 0);
}

static int jukebox_setup(void **state)
{
	fake_jukebox = true;
	return place_setup(state);
}

static int jukebox_teardown(void **state)
{
	fake_jukebox = false;
	return place_teardown(state);
}

/* The drive itself inserts the next disc: the next answer that somebody gets tells of the old one.
 */
static void a_disc_that_the_drive_replaces_is_told(void **state)
{
	struct record r;

	(void)state;
	load(DRIVE_BLANK, "Z.iso");
	burn_in_view();
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	for (uint64_t end = now_ms() + 20000; now_ms() < end; wait_ms(5)) {
		if (info(0).image && strcmp(info(0).image, "a.iso") == 0)
			break;
	}
	assert_string_equal(info(0).image, "a.iso");
	assert_unfinished("Z.iso", 32768);
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_non_null(strstr(r.message, "\"Z.iso\" is not finished"));
}

/* Its name may be longer than that of a file. */
static void a_disc_in_folders_is_told_with_its_whole_name(void **state)
{
	char path[270], name[260];

	(void)state;
	memset(name, 'f', sizeof(name));
	name[120] = '\0';
	snprintf(path, sizeof(path), "media/%s", name);
	assert_int_equal(mkdir(in_scratch(path), 0755), 0);
	name[120] = '/';
	name[252] = '\0';
	snprintf(path, sizeof(path), "media/%s", name);
	assert_int_equal(mkdir(in_scratch(path), 0755), 0);
	strcpy(name + 252, "/d.iso");
	snprintf(path, sizeof(path), "media/%s", name);
	put_size(path, 0);
	load(DRIVE_INSERT, name);
	burn_in_view();
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	turn(event, usb, 2, 30, NULL);
	assert_unfinished(name, 32768);
}

/* The answer to a mistyped name has the reason; the log also has the command. */
static void a_refusal_is_logged_with_its_command(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_INSERT, "my", false);
	assert_string_equal(r.code, "no-such-image");
	assert_true(logged("insert \"my\": no image \"my\""));
	log_set_level(LOG_LEVEL_WARN);
	run(0, &r, DRIVE_INSERT, "your", false);
	assert_null(strstr(get_text("log"), "your"));
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
		cmocka_unit_test_setup_teardown(
			all_that_is_recorded_is_told, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			status_shows_a_disc_that_left_unfinished, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			a_disc_that_the_drive_replaces_is_told, jukebox_setup, jukebox_teardown),
		cmocka_unit_test_setup_teardown(
			a_disc_in_folders_is_told_with_its_whole_name, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			a_refusal_is_logged_with_its_command, place_setup, place_teardown),
	};

	return cmocka_run_group_tests_name("host log", tests, NULL, NULL);
}
