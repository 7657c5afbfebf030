// SPDX-License-Identifier: GPL-2.0-or-later
/* The records that describe a drive and its disc. */
#include "unit/mmc/drive_cmd.h"

#include "mmc/fault.h"
#include "mmc/sense.h"
#include "trace/describe.h"

static struct mmc_drive *drive;
static struct disc *disc; /* a reference of our own */

static int setup(void **state)
{
	struct disc_options o = {.media = numbered_media(7, 100)};

	(void)state;
	o.media->writable = false;
	drive = new_drive();
	disc = disc_open(&o);
	assert_non_null(disc);
	mmc_insert(drive, disc_get(disc));
	drain_events(drive);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mmc_drive_free(drive);
	disc_put(disc);
	return 0;
}

static struct trace_disc describe(void)
{
	struct trace_disc d;

	trace_describe_disc(&d, drive, TRACE_MARK);
	return d;
}

static void a_disc_is_described_in_the_drive_and_in_the_open_tray(void **state)
{
	struct trace_disc d = describe();

	(void)state;
	assert_int_equal(d.medium, TRACE_MEDIUM_OF(DISC_DVD_ROM));
	assert_int_equal(d.flags, TRACE_FINALISED);
	assert_int_equal(d.kept, 1);
	assert_int_equal(command(drive, 0x1b, 0, 0, 0, 2, 0), SENSE_NONE);
	d = describe();
	assert_int_equal(d.medium, TRACE_MEDIUM_OF(DISC_DVD_ROM));
	assert_int_equal(d.flags & 0xff, TRACE_FINALISED | TRACE_TRAY_OUT);
}

/* The host finds no disc, so the record has nothing of the one that is hidden from it. */
static void a_disc_that_has_vanished_is_not_described(void **state)
{
	struct mmc_faults faults = {0};
	struct trace_disc d;
	char why[200];

	(void)state;
	assert_int_equal(mmc_faults_parse("vanish", &faults, why, sizeof(why)), 0);
	mmc_set_faults(drive, &faults);
	assert_int_equal(test_unit_ready(drive), SENSE_NO_MEDIUM);
	assert_int_equal(media_event(drive), 3);
	mmc_set_faults(drive, NULL);
	d = describe();
	assert_int_equal(d.medium, TRACE_NO_MEDIUM);
	assert_int_equal(d.kept, 0);
	assert_int_equal(d.flags & 0xff, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_disc_is_described_in_the_drive_and_in_the_open_tray, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_disc_that_has_vanished_is_not_described, setup, teardown),
	};

	return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
