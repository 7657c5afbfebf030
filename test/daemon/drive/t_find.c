// SPDX-License-Identifier: GPL-2.0-or-later
/* Control commands that name their image in part, or not at all. */
#include "daemon/drive/drive_fixture.h"
#include "daemon/iso.h"

static void insert_finds_by_prefix_and_label(void **state)
{
	struct record r;

	(void)state;
	put_iso("media/c.iso", "Movie Night");
	run(0, &r, DRIVE_FIND, "a.iso", false);
	EXPECT(&r, "drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	run(0, &r, DRIVE_FIND, "c", false);
	EXPECT(&r, "drive0: inserted c.iso (DVD-ROM, 40.96 kB)");
	run(1, &r, DRIVE_FIND, "movie", false);
	EXPECT(&r, "drive1: inserted c.iso (DVD-ROM, 40.96 kB)");
	assert_string_equal(info(1).image, "c.iso");
}

/* A name that exists, but is no image, is not searched for. */
static void an_unknown_name_leaves_the_disc_alone(void **state)
{
	static const struct {
		const char *name, *code;
	} rows[] = {
		{"x", "no-such-image"},
		{"sub", "not-a-file"},
		{"a.iso/x", "no-such-image"},
		{"/etc/passwd", "outside"},
		{"../media/a", "outside"},
		{"out", "outside"},
		{"bl", "ambiguous"},
		{"secr", "unreadable"},
	};
	struct record r;

	(void)state;
	mkdir(in_scratch("media/sub"), 0755);
	put_size("media/sub-1.iso", 1);
	put_size("media/blue.iso", 1);
	put_size("media/black.iso", 1);
	put_size("media/secret.iso", 1);
	chmod(in_scratch("media/secret.iso"), 0);
	put_iso("outside.iso", "OUTSIDE");
	assert_int_equal(symlink("../outside.iso", in_scratch("media/out")), 0);
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(0, &r, DRIVE_FIND, rows[i].name, false);
		assert_false(r.ok);
		assert_string_equal(r.code, rows[i].code);
	}
	/* Labels of files outside the folder are not read. */
	run(0, &r, DRIVE_FIND, "OUTSIDE", false);
	assert_string_equal(r.code, "no-such-image");
	assert_true(fake_host(&usb[0], 0x00, 0));
	assert_string_equal(info(0).image, "a.iso");
}

/* DRIVE_FIND searches only if no image has exactly that name, and DRIVE_INSERT never does. */
static void an_exact_name_wins_over_a_label(void **state)
{
	struct record r;

	(void)state;
	put_iso("media/b", "a.iso");
	run(0, &r, DRIVE_FIND, "b", false);
	EXPECT(&r, "drive0: inserted b (DVD-ROM, 40.96 kB)");
	run(0, &r, DRIVE_FIND, "a.iso", false);
	EXPECT(&r, "drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	run(0, &r, DRIVE_INSERT, "b.is", false);
	assert_string_equal(r.code, "no-such-image");
}

static void next_and_prev_go_round_the_folder(void **state)
{
	static const struct {
		enum drive_verb verb;
		const char *image;
	} steps[] = {
		{DRIVE_NEXT, "a.iso"},
		{DRIVE_NEXT, "b.iso"},
		{DRIVE_NEXT, "sub/c.iso"},
		{DRIVE_NEXT, "a.iso"},
		{DRIVE_PREV, "sub/c.iso"},
		{DRIVE_PREV, "b.iso"},
	};
	struct record r;

	(void)state;
	mkdir(in_scratch("media/sub"), 0755);
	put_size("media/sub/c.iso", 2048);
	put_size("media/b-secret", 1);
	chmod(in_scratch("media/b-secret"), 0);
	assert_int_equal(mkfifo(in_scratch("media/b-fifo"), 0644), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		run(0, &r, steps[i].verb, NULL, false);
		assert_true(r.ok);
		assert_string_equal(info(0).image, steps[i].image);
		assert_true(fake_ready(&usb[0]));
	}
	/* In an empty drive, `prev` inserts the last image. */
	run(0, &r, DRIVE_EJECT, NULL, false);
	run(0, &r, DRIVE_PREV, NULL, false);
	assert_string_equal(info(0).image, "sub/c.iso");
	/* If the image in the drive was deleted, the next in order follows. */
	run(0, &r, DRIVE_INSERT, "b.iso", false);
	assert_int_equal(unlink(in_scratch("media/b.iso")), 0);
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(info(0).image, "sub/c.iso");
}

/* The second command starts at the disc that the first one inserted. */
static void two_next_at_once_are_two_steps(void **state)
{
	struct record first, second;

	(void)state;
	put_size("media/c.iso", 2048);
	submit(0, &first, DRIVE_NEXT, NULL, false);
	submit(0, &second, DRIVE_NEXT, NULL, false);
	turn(event, usb, 2, 20000, &second.done);
	EXPECT(&first, "drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_starts(second.message, "drive0: inserted b.iso (DVD-ROM, 6.00 kB)");
}

/* A blank in the other drive is passed over; an ISO image may be in both drives. */
static void next_passes_over_a_blank_in_the_other_drive(void **state)
{
	struct record r;

	(void)state;
	run(1, &r, DRIVE_BLANK, "aa", false);
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(info(0).image, "a.iso");
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(info(0).image, "b.iso");
	run(1, &r, DRIVE_INSERT, "a.iso", false);
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(info(0).image, "a.iso");
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_starts(r.message, "drive0: inserted aa (blank DVD+R");
	/* If there is no other image, the drive's own blank is inserted again. */
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b.iso"));
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_starts(r.message, "drive0: inserted aa (blank DVD+R");
}

static void next_asks_a_host_that_has_locked(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(r.code, "locked");
	assert_string_equal(info(0).image, "a.iso");
}

static void next_without_an_image_is_refused(void **state)
{
	char want[256];
	struct record r;

	(void)state;
	unlink(in_scratch("media/a.iso"));
	chmod(in_scratch("media/b.iso"), 0);
	snprintf(want, sizeof(want),
		"drive0: no image in %s/media can be inserted; copy one there, or: mmcgadgetctl "
		"blank NAME.iso",
		scratch);
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(r.code, "no-such-image");
	EXPECT(&r, want);
	run(0, &r, DRIVE_PREV, NULL, false);
	EXPECT(&r, want);
}

static int setup_cds(void **state)
{
	int r;

	fake_iso[0] = IMAGE_AS_CD;
	r = setup(state);
	fake_iso[0] = IMAGE_AS_DRIVE;
	return r;
}

/* The drive shows images as CDs, and no CD can hold this one. The other drive shows it as a DVD. */
static void next_passes_over_an_image_that_is_too_large(void **state)
{
	struct record r;

	(void)state;
	put_size("media/aa.iso", (off_t)(CD_LBA_END + 1) * MEDIA_BLOCK);
	run(0, &r, DRIVE_INSERT, "aa.iso", false);
	assert_string_equal(r.code, "too-large");
	for (unsigned i = 0; i < 2; i++) {
		run(i, &r, DRIVE_INSERT, "a.iso", false);
		run(i, &r, DRIVE_NEXT, NULL, false);
		assert_string_equal(info(i).image, i == 0 ? "b.iso" : "aa.iso");
	}
	assert_true(fake_ready(&usb[0]));
	run(0, &r, DRIVE_PREV, NULL, false);
	assert_string_equal(info(0).image, "a.iso");
}

/* The daemon stops while the catalog is read. */
static void a_stop_ends_the_search(void **state)
{
	struct record r, second;

	(void)state;
	submit(0, &r, DRIVE_FIND, "a", false);
	submit(0, &second, DRIVE_NEXT, NULL, false);
	assert_string_equal(info(0).pending, "insert a (looking for it)");
	drive_detach(usb[0].drive);
	assert_string_equal(r.code, "stopping");
	assert_string_equal(second.code, "stopping");
	turn(event, usb, 2, 100, NULL);
}

/* ---- the host's eject brings the next disc ------------------------------------------------ */

static int setup_jukebox(void **state)
{
	int r;

	fake_jukebox = true;
	r = setup(state);
	fake_jukebox = false;
	return r;
}

static void insert_and_wait(const char *name)
{
	struct record r;

	run(0, &r, DRIVE_INSERT, name, false);
	assert_true(r.ok);
	assert_true(fake_ready(&usb[0]));
}

static bool host_ejects(void)
{
	return fake_host(&usb[0], 0x1b, 2);
}

static bool host_loads(void)
{
	return fake_host(&usb[0], 0x1b, 3);
}

/* Waits longer than a swap takes, for tests in which nothing may happen. */
static void wait_a_while(void)
{
	turn(event, usb, 2, 500, NULL);
}

static void wait_for(const char *name)
{
	uint64_t end = now_ms() + 20000;

	do
		turn(event, usb, 2, 5, NULL);
	while ((!info(0).image || strcmp(info(0).image, name) != 0 || !info(0).mmc.loaded) &&
		now_ms() < end);
	assert_string_equal(info(0).image, name);
	assert_true(fake_ready(&usb[0]));
	turn(event, usb, 2, 5, NULL);
	assert_string_equal(info(0).pending, "");
}

static void an_eject_by_the_host_brings_the_next_disc(void **state)
{
	(void)state;
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	fake_run(&usb[0]);
	assert_true(info(0).mmc.ejected_by_host);
	assert_false(fake_ready(&usb[0]));
	wait_for("b.iso");
	/* The first disc follows the last one. Loading a loaded disc changes nothing. */
	assert_true(host_ejects());
	wait_for("a.iso");
	assert_true(host_loads());
	wait_a_while();
	assert_string_equal(info(0).image, "a.iso");
	assert_true(info(0).mmc.loaded);
	/* Nothing changes in the other drive. */
	assert_null(info(1).image);
}

static void by_default_an_eject_by_the_host_brings_nothing(void **state)
{
	(void)state;
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	wait_a_while();
	assert_string_equal(info(0).image, "a.iso");
	assert_true(info(0).mmc.ejected_by_host);
}

/* growisofs and others reload a disc to read its state again. */
static void a_reload_by_the_host_keeps_the_disc(void **state)
{
	(void)state;
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	assert_true(host_loads());
	wait_a_while();
	assert_string_equal(info(0).image, "a.iso");
	assert_true(fake_ready(&usb[0]));
	/* The same if the daemon has noticed the open tray meanwhile. */
	assert_true(host_ejects());
	turn(event, usb, 2, 5, NULL);
	assert_string_equal(info(0).pending, "next (the host ejected)");
	assert_true(host_loads());
	wait_a_while();
	assert_string_equal(info(0).image, "a.iso");
	assert_true(info(0).mmc.loaded);
	assert_string_equal(info(0).pending, "");
}

/* The host loads when the eject for the swap is already posted to the USB thread. */
static void a_late_reload_by_the_host_keeps_the_disc(void **state)
{
	(void)state;
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	usb[0].stuck = true;
	for (uint64_t end = now_ms() + 20000; usb[0].n == 0 && now_ms() < end;)
		turn(event, usb, 2, 5, NULL);
	assert_int_equal(usb[0].n, 1);
	assert_true(host_loads());
	usb[0].stuck = false;
	wait_a_while();
	assert_string_equal(info(0).image, "a.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(host_ejects());
	wait_for("b.iso");
}

/* A control command has priority; an eject that it requested from the host brings no next disc. */
static void a_command_comes_before_the_next_disc(void **state)
{
	struct record r;

	(void)state;
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	turn(event, usb, 2, 5, NULL);
	run(0, &r, DRIVE_EJECT, NULL, false);
	EXPECT(&r, "drive0: ejected a.iso");
	wait_a_while();
	assert_null(info(0).image);
	insert_and_wait("a.iso");
	assert_true(fake_lock(&usb[0], true));
	assert_false(host_ejects());
	wait_a_while();
	assert_string_equal(info(0).image, "a.iso");
	submit(0, &r, DRIVE_EJECT, NULL, false);
	turn(event, usb, 2, 20, NULL);
	assert_false(r.done);
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], false));
	assert_true(host_ejects());
	turn(event, usb, 2, 20000, &r.done);
	EXPECT(&r, "drive0: ejected a.iso (the host let go when asked)");
	wait_a_while();
	assert_null(info(0).image);
}

static void the_only_disc_is_not_inserted_again(void **state)
{
	(void)state;
	unlink(in_scratch("media/b.iso"));
	assert_int_equal(symlink("a.iso", in_scratch("media/same")), 0);
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	wait_a_while();
	assert_true(info(0).mmc.ejected_by_host);
	assert_true(host_loads());
	assert_true(fake_ready(&usb[0]));
	assert_string_equal(info(0).image, "a.iso");
}

/* A blank is in the order of discs, also after it was burned. */
static void a_burned_disc_is_followed_by_the_next_disc(void **state)
{
	(void)state;
	put_size("media/aa", 0);
	insert_and_wait("a.iso");
	assert_true(host_ejects());
	wait_for("aa");
	for (uint32_t lba = 0; lba < 16; lba++)
		assert_true(fake_write(&usb[0], lba));
	assert_true(host_ejects());
	wait_for("b.iso");
	assert_int_equal(size_of("media/aa"), 32768);
}

int main(void)
{
#define J(f) cmocka_unit_test_setup_teardown(f, setup_jukebox, teardown)
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(insert_finds_by_prefix_and_label),
		T(an_unknown_name_leaves_the_disc_alone),
		T(an_exact_name_wins_over_a_label),
		T(next_and_prev_go_round_the_folder),
		T(two_next_at_once_are_two_steps),
		T(next_passes_over_a_blank_in_the_other_drive),
		T(next_asks_a_host_that_has_locked),
		T(next_without_an_image_is_refused),
		cmocka_unit_test_setup_teardown(
			next_passes_over_an_image_that_is_too_large, setup_cds, teardown),
		T(a_stop_ends_the_search),
		J(an_eject_by_the_host_brings_the_next_disc),
		T(by_default_an_eject_by_the_host_brings_nothing),
		J(a_reload_by_the_host_keeps_the_disc),
		J(a_late_reload_by_the_host_keeps_the_disc),
		J(a_command_comes_before_the_next_disc),
		J(the_only_disc_is_not_inserted_again),
		J(a_burned_disc_is_followed_by_the_next_disc),
	};

	return cmocka_run_group_tests_name("find", tests, NULL, NULL);
}
