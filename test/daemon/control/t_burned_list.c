// SPDX-License-Identifier: GPL-2.0-or-later
/* What list tells of discs that were burned: that they were, when, and whether they are verified.
 */
#include "daemon/control/rw_fixture.h"

#include <sys/xattr.h>

#include "media/burn_mark.h"

static bool marks; /* the file system of the test has extended attributes */

static int setup_verified(void **state)
{
	fake_burned = (struct drive_burned){.checksum = true};
	return setup(state);
}

static int teardown_verified(void **state)
{
	fake_burned = (struct drive_burned){.checksum = false};
	return teardown(state);
}

/* What the list says of the image: "no", "burned" or "verified". The time must be the file's. */
static const char *burned(const char *name)
{
	json_t *a = answer_to("list\n"), *each;
	const char *said = "not listed";
	char path[64];
	struct stat st;
	size_t i;

	snprintf(path, sizeof(path), "media/%s", name);
	assert_int_equal(stat(in_scratch(path), &st), 0);
	json_array_foreach(json_object_get(a, "images"), i, each)
	{
		const json_t *b = json_object_get(each, "burned");

		if (strcmp(json_string_value(json_object_get(each, "name")), name) != 0)
			continue;
		said = !b                                             ? "no"
		       : json_is_true(json_object_get(b, "verified")) ? "verified"
								      : "burned";
		if (b)
			assert_int_equal(
				json_integer_value(json_object_get(b, "time")), st.st_mtim.tv_sec);
	}
	json_decref(a);
	return said;
}

static void look_for_marks(void)
{
	marks = setxattr(in_scratch("media/a.iso"), "user.mmcgadget.test", "1", 1, 0) == 0;
}

/* Burns 20 blocks to the blank in drive0, and finalises it. */
static void burn(void)
{
	const uint8_t cdb[10] = {0x5b, 0, 6};
	struct mmc_xfer xfer;

	assert_true(fake_ready(&usb[0]));
	for (uint32_t lba = 0; lba < 20; lba++)
		assert_true(fake_write(&usb[0], lba));
	mmc_begin(drive_engine(usb[0].drive), cdb, sizeof(cdb), 0, &xfer);
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
}

static void a_burned_disc_is_told_from_a_copied_one(void **state)
{
	char line[SCRATCH_PATH + 128];

	(void)state;
	look_for_marks();
	fifo_slow("blank new.iso\n", "ok: drive0: inserted new.iso (blank DVD+R, 4.70 GB)");
	assert_string_equal(burned("new.iso"), "no");
	burn();
	assert_false(is_there("new.iso.mmcdisc"));
	/* In the drive, and out of it. */
	assert_string_equal(burned("new.iso"), marks ? "burned" : "no");
	fifo_slow("eject\n", "ok: drive0: ejected new.iso");
	wait_unlocked("media/new.iso");
	assert_string_equal(burned("new.iso"), marks ? "burned" : "no");
	assert_string_equal(burned("a.iso"), "no");
	fifo_slow("rename new.iso old.iso\n", "ok: renamed new.iso to old.iso");
	assert_string_equal(burned("old.iso"), marks ? "burned" : "no");
	/* Another image is copied over it. */
	snprintf(line, sizeof(line), "cp '%s/media/b c.iso' '%s/media/old.iso'", scratch, scratch);
	assert_int_equal(system(line), 0);
	assert_string_equal(burned("old.iso"), "no");
}

static void a_disc_with_a_state_was_burned_if_a_session_is_closed(void **state)
{
	(void)state;
	look_for_marks();
	put_appendable("more.iso");
	put_rw("rw.iso", 20 * MEDIA_BLOCK);
	put_rw("empty.iso", 0);
	put_text("media/a.iso.mmcdisc", "no state at all");
	assert_string_equal(burned("more.iso"), "burned");
	assert_string_equal(burned("rw.iso"), "burned");
	assert_string_equal(burned("empty.iso"), "no");
	assert_string_equal(burned("a.iso"), "no");
	fifo_slow("blank part.iso\n", "ok: drive0: inserted part.iso (blank DVD+R, 4.70 GB)");
	assert_true(fake_ready(&usb[0]) && fake_write(&usb[0], 0));
	fifo_slow("eject\n", "ok: drive0: ejected part.iso");
	wait_unlocked("media/part.iso");
	assert_string_equal(burned("part.iso"), "no");
	fifo_slow("close part.iso\n", "ok: drive0: closed part.iso");
	assert_string_equal(burned("part.iso"), marks ? "burned" : "no");
}

static void a_disc_that_was_read_back_is_verified(void **state)
{
	const char *said;
	uint64_t end;

	(void)state;
	look_for_marks();
	fifo_slow("blank new.iso\n", "ok: drive0: inserted new.iso (blank DVD+R, 4.70 GB)");
	burn();
	fifo_slow("eject\n", "ok: drive0: ejected new.iso");
	end = now_ms() + 120000; /* a busy machine may take long to sync */
	while (!is_there("new.iso.sha256") && now_ms() < end)
		turn(event, usb, 2, 10, NULL);
	assert_true(is_there("new.iso.sha256"));
	/* The mark is set after that file was written. */
	do
		said = burned("new.iso");
	while (marks && strcmp(said, "verified") != 0 && now_ms() < end);
	assert_string_equal(said, marks ? "verified" : "no");
	/* A comment says that storage gave back something else: DAMAGED in the list. */
	put_text("media/new.iso.sha256", "# mmcgadget: storage gave back other data than was "
					 "burned, with the checksum 0\n");
	assert_string_equal(burned("new.iso"), marks ? "burned" : "no");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_burned_disc_is_told_from_a_copied_one),
		T(a_disc_with_a_state_was_burned_if_a_session_is_closed),
		cmocka_unit_test_setup_teardown(
			a_disc_that_was_read_back_is_verified, setup_verified, teardown_verified),
	};

	return cmocka_run_group_tests_name("burned discs in the list", tests, NULL, NULL);
}
