// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that do not name their image in full, or not at all. */
#include "daemon/drive_fixture.h"
#include "daemon/iso.h"

static void finds(void **state)
{
	struct record r;

	(void)state;
	put_iso("media/c.iso", "Movie Night");
	run(0, &r, DRIVE_FIND, "a.iso", false);
	EXPECT(&r, "drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	run(0, &r, DRIVE_FIND, "c", false);
	EXPECT(&r, "drive0: inserted c.iso (DVD-ROM, 40960 bytes)");
	run(1, &r, DRIVE_FIND, "movie", false);
	EXPECT(&r, "drive1: inserted c.iso (DVD-ROM, 40960 bytes)");
	assert_string_equal(info(1).image, "c.iso");
}

/* What is not found leaves the disc alone, and what is there by that name is not looked past. */
static void finds_nothing(void **state)
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
	put_size("media/blue", 1);
	put_size("media/black", 1);
	put_size("media/secret", 1);
	chmod(in_scratch("media/secret"), 0);
	put_iso("outside.iso", "OUTSIDE");
	assert_int_equal(symlink("../outside.iso", in_scratch("media/out")), 0);
	run(0, &r, DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(0, &r, DRIVE_FIND, rows[i].name, false);
		assert_false(r.ok);
		assert_string_equal(r.code, rows[i].code);
	}
	/* The label of a file outside is not known here. */
	run(0, &r, DRIVE_FIND, "OUTSIDE", false);
	assert_string_equal(r.code, "no-such-image");
	assert_true(fake_host(&usb[0], 0x00, 0));
	assert_string_equal(info(0).image, "a.iso");
}

/* An exact name is that, and waits for nobody to look. */
static void exact_is_exact(void **state)
{
	struct record r;

	(void)state;
	put_iso("media/b", "a.iso");
	run(0, &r, DRIVE_FIND, "b", false);
	EXPECT(&r, "drive0: inserted b (DVD-ROM, 40960 bytes)");
	run(0, &r, DRIVE_INSERT, "b.is", false);
	assert_string_equal(r.code, "no-such-image");
}

static void next_and_prev(void **state)
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
	/* From an empty drive the last one. */
	run(0, &r, DRIVE_EJECT, NULL, false);
	run(0, &r, DRIVE_PREV, NULL, false);
	assert_string_equal(info(0).image, "sub/c.iso");
	/* Of one that is gone from the folder, its neighbour. */
	run(0, &r, DRIVE_INSERT, "b.iso", false);
	assert_int_equal(unlink(in_scratch("media/b.iso")), 0);
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(info(0).image, "sub/c.iso");
}

/* Two at once are two steps. */
static void next_next(void **state)
{
	struct record first, second;

	(void)state;
	put_size("media/c.iso", 2048);
	submit(0, &first, DRIVE_NEXT, NULL, false);
	submit(0, &second, DRIVE_NEXT, NULL, false);
	turn(event, usb, 2, 3000, &second.done);
	EXPECT(&first, "drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	assert_starts(second.message, "drive0: inserted b.iso (DVD-ROM, 6000 bytes)");
}

/* A blank that is in the other drive is passed over; an ISO may be in both. */
static void next_passes_over(void **state)
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
	/* Its own blank again, when that is all there is. */
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b.iso"));
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_starts(r.message, "drive0: inserted aa (blank DVD+R");
}

static void next_asks_the_host(void **state)
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

static void none_to_insert(void **state)
{
	char want[256];
	struct record r;

	(void)state;
	unlink(in_scratch("media/a.iso"));
	chmod(in_scratch("media/b.iso"), 0);
	snprintf(want, sizeof(want), "drive0: no image in %s/media can be inserted", scratch);
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(r.code, "no-such-image");
	EXPECT(&r, want);
	run(0, &r, DRIVE_PREV, NULL, false);
	EXPECT(&r, want);
}

/* The daemon stops while the shelf is looked at. */
static void stop_while_looking(void **state)
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(finds),
		T(finds_nothing),
		T(exact_is_exact),
		T(next_and_prev),
		T(next_next),
		T(next_passes_over),
		T(next_asks_the_host),
		T(none_to_insert),
		T(stop_while_looking),
	};

	return cmocka_run_group_tests_name("find", tests, NULL, NULL);
}
