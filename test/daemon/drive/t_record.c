// SPDX-License-Identifier: GPL-2.0-or-later
/* The drive record, when the image in the drive gets another name. */
#include "daemon/scratch.h"

#include <sys/stat.h>

#include "drive/drive_record.h"
#include "util/log.h"

static struct drive_record *record;
static char name_d[] = "d.iso", name_e[] = "e.iso";
static const struct image burned = {.name = name_d, .dev = 1, .ino = 2};

/* The daemon starts. */
static void start(void)
{
	static char media[SCRATCH_PATH];
	const struct drive_record_config config = {
		.media = media, .drive = "drive0", .remember = true, .treats_burned = true};

	snprintf(media, sizeof(media), "%s", in_scratch("media"));
	assert_int_equal(drive_record_new(&config, &record), 0);
}

/* A daemon starts that takes the drive over, with this image in it. */
static void take_over(const struct image *in)
{
	drive_record_free(record);
	start();
	if (drive_record_observer.restored)
		drive_record_observer.restored(record, in);
}

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	log_set_level(LOG_LEVEL_ERROR);
	start();
	drive_record_observer.inserted(record, &burned);
	drive_record_set_burned(record, &burned);
	return 0;
}

static int teardown(void **state)
{
	drive_record_free(record);
	return scratch_remove(state);
}

static void a_burned_disc_of_another_name_is_still_burned(void **state)
{
	struct image e = burned;

	(void)state;
	e.name = name_e;
	drive_record_renamed(record, &e);
	assert_true(drive_record_is_burned(record, &e));
	take_over(&e);
	assert_true(drive_record_is_burned(record, &e));
	e.name = name_d;
	drive_record_renamed(record, &e);
	assert_true(drive_record_is_burned(record, &e));
	/* The record is on storage. */
	drive_record_free(record);
	start();
	assert_true(drive_record_is_burned(record, &e));
}

/* The record names an image, and the drive that was taken over has another one. */
static void another_disc_is_not_burned(void **state)
{
	struct image e = burned;

	(void)state;
	e.name = name_e;
	take_over(&e);
	assert_false(drive_record_is_burned(record, &e));
	e.name = name_d;
	drive_record_renamed(record, &e);
	assert_false(drive_record_is_burned(record, &e));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_burned_disc_of_another_name_is_still_burned),
		T(another_disc_is_not_burned),
	};

	return cmocka_run_group_tests_name("drive record", tests, NULL, NULL);
}
