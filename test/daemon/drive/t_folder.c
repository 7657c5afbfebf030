// SPDX-License-Identifier: GPL-2.0-or-later
/* The media folder is mounted over, removed, made again or missing while the daemon runs. */
#include "daemon/drive/mounts.h"
#include "daemon/drive/place_fixture.h"

#include "control/status.h"

/* A copy of the list's answer, and how many images it has. */
static struct {
	struct catalog_request request;
	bool done;
	size_t count;
	bool read_only;
	char code[64], message[256];
} list;

static void on_list(struct catalog_request *r, const struct catalog_list *l)
{
	const struct command_env env = {.drives = &set};
	json_t *a = status_list(l, &env, usb[0].drive);
	const char *code = json_string_value(json_object_get(a, "code"));

	(void)r;
	list.done = true;
	list.count = json_array_size(json_object_get(a, "images"));
	list.read_only = json_is_true(json_object_get(a, "card_read_only"));
	snprintf(list.code, sizeof(list.code), "%s", code ? code : "");
	json_decref(a);
}

static size_t images(unsigned i)
{
	list.request.done = on_list;
	list.done = false;
	catalog_request(drive_catalog(usb[i].drive), &list.request);
	turn(event, usb, 2, 20000, &list.done);
	assert_true(list.done);
	return list.count;
}

/* Each command finds its images in the folder that has the configured path now. */
static void assert_folder_is_followed(void)
{
	struct record r;

	put_size("media/stick.iso", 4096);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(images(i), 1);
		run(i, &r, DRIVE_FIND, "stick.iso", false);
		assert_true(r.ok);
		run(i, &r, DRIVE_FIND, "sti", false);
		assert_true(r.ok);
		run(i, &r, DRIVE_FIND, "a.iso", false);
		assert_string_equal(r.code, "no-such-image");
		run(i, &r, DRIVE_NEXT, NULL, false);
		assert_true(r.ok);
		assert_string_equal(info(i).image, "stick.iso");
		run(i, &r, DRIVE_EJECT, NULL, true);
		assert_true(r.ok);
	}
	load(DRIVE_BLANK, "where.iso");
	assert_true(scratch_has("media/where.iso"));
	burn(0, 20);
	take_out();
	assert_int_equal(size_of("media/where.iso"), 20 * 2048);
	assert_true(scratch_has("media/where.iso.mmcdisc"));
	run(0, &r, DRIVE_CLOSE, "where.iso", false);
	assert_true(r.ok);
	assert_false(scratch_has("media/where.iso.mmcdisc"));
}

static void a_folder_made_anew_is_used(void **state)
{
	(void)state;
	assert_int_equal(images(0), 2);
	move("media", "old");
	make_folder("media");
	assert_folder_is_followed();
	assert_true(logged("it was removed and made again, or renamed"));
	assert_false(scratch_has("old/where.iso"));
	assert_null(drive_folder_problem(usb[0].drive));
}

static void a_removed_folder_is_reported_and_found_again(void **state)
{
	struct record r;

	(void)state;
	move("media", "old");
	/* No command was given: the daemon notices it. */
	assert_true(logged("media is gone: No such file or directory"));
	assert_non_null(strstr(drive_folder_problem(usb[1].drive), "media is gone"));
	run(0, &r, DRIVE_FIND, "a.iso", false);
	assert_string_equal(r.code, "no-such-folder");
	run(0, &r, DRIVE_NEXT, NULL, false);
	assert_string_equal(r.code, "no-such-folder");
	run(0, &r, DRIVE_BLANK, "d.iso", false);
	assert_string_equal(r.code, "no-such-folder");
	run(0, &r, DRIVE_CLOSE, "a.iso", false);
	assert_string_equal(r.code, "no-such-folder");
	(void)images(0);
	assert_string_equal(list.code, "no-such-folder");
	assert_false(scratch_has("media"));
	move("old", "media");
	assert_true(logged("it is back"));
	assert_null(drive_folder_problem(usb[0].drive));
	load(DRIVE_FIND, "a.iso");
	assert_int_equal(images(0), 2);
	/* Nothing was logged twice. */
	assert_null(strstr(strstr(get_text("log"), "is gone") + 1, "is gone"));
}

/* Unmounts the card, as soon as a removed disc is closed. False: something keeps it mounted. */
static bool unmount_card(void)
{
	for (uint64_t end = now_ms() + 10000; now_ms() < end; wait_ms(5))
		if (umount(in_scratch("media")) == 0)
			return true;
	return false;
}

/* Needs root, as the mount does. */
static void a_card_mounted_later_is_used_and_can_be_unmounted(void **state)
{
	struct record r;

	(void)state;
	if (!may_mount)
		skip();
	load(DRIVE_INSERT, "a.iso");
	assert_int_equal(mount("stick", in_scratch("media"), "tmpfs", 0, "size=8m"), 0);
	assert_true(logged("another file system is there now"));
	/* The disc in the drive is still the hidden one. */
	assert_true(info(0).mmc.loaded);
	assert_string_equal(info(0).image, "a.iso");
	take_out();
	assert_folder_is_followed();
	/* An empty drive keeps no file system mounted, a drive with a disc does. */
	load(DRIVE_INSERT, "stick.iso");
	assert_int_equal(umount(in_scratch("media")), -1);
	assert_int_equal(errno, EBUSY);
	take_out();
	assert_true(unmount_card());
	assert_false(scratch_has("media/where.iso"));
	assert_int_equal(images(1), 2);
	run(0, &r, DRIVE_FIND, "a.iso", false);
	assert_true(r.ok);
}

/* The card was made read-only by its owner, or by the kernel after an error. */
static void a_read_only_card_is_reported(void **state)
{
	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("stick", in_scratch("media"), "tmpfs", 0, "size=8m"), 0);
	(void)images(0);
	assert_false(list.read_only);
	assert_int_equal(
		mount("stick", in_scratch("media"), "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0);
	(void)images(0);
	assert_true(list.read_only);
	assert_true(unmount_card());
}

/* Waits until the record of the drive says so: the name of a disc, or "empty". */
static void wait_for_record(const char *path, const char *text)
{
	for (uint64_t end = now_ms() + 20000; now_ms() < end; wait_ms(5))
		if (scratch_has(path) && strstr(get_text(path), text))
			return;
	fail_msg("the record %s does not say \"%s\"", path, text);
}

/* Neither the drive record nor the postburn queue, which is empty here, keeps the card mounted. */
static void a_removed_disc_keeps_no_card_mounted(void **state)
{
	static const char record[] = "media/.mmcgadget-drive2.mmcdisc";
	struct fake_usb third;
	struct record r;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("stick", in_scratch("media"), "tmpfs", 0, "size=8m"), 0);
	fake_remembers = true;
	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_DATE, .checksum = true};
	fake_drive(&third, "drive2", event, &set, 200);
	drive_detach(third.drive);
	memset(&r, 0, sizeof(r));
	r.base.progress = on_progress;
	r.base.final = on_final;
	drive_submit(third.drive, DRIVE_BLANK, "d.iso", false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.done && r.ok);
	memset(&r, 0, sizeof(r));
	r.base.progress = on_progress;
	r.base.final = on_final;
	drive_submit(third.drive, DRIVE_EJECT, NULL, true, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.done && r.ok);
	/* After the unmount, an unwritten record would go to the folder beneath the card. */
	wait_for_record(record, "empty");
	assert_true(unmount_card());
	drive_free(third.drive);
	assert_false(scratch_has(record));
}

/* A disc in a drive stays the file it was, and so does its state file. */
static void a_burn_goes_on_in_the_folder_where_it_began(void **state)
{
	uint32_t nwa;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	move("media", "old");
	make_folder("media");
	burn(20, 40);
	assert_true(close_disc(2));
	assert_true(scratch_has("old/d.iso.mmcdisc"));
	nwa = info(0).mmc.nwa;
	burn(nwa, nwa + 20);
	take_out();
	assert_false(scratch_has("media/d.iso.mmcdisc"));
	assert_false(scratch_has("media/d.iso"));
	/* The state file in the moved folder counts all blocks of the burn. */
	move("media", "new");
	move("old", "media");
	load(DRIVE_INSERT, "d.iso");
	assert_int_equal(info(0).mmc.nwa, nwa + 20);
}

static void a_finalised_disc_is_renamed_where_it_was_burned(void **state)
{
	struct drive *old = usb[0].drive;

	(void)state;
	drive_detach(old);
	drive_free(old);
	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_DATE, .checksum = true};
	fake_drive(&usb[0], "drive0", event, &set, 200);
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	move("media", "old");
	make_folder("media");
	assert_true(close_disc(6));
	wait_ms(50);
	take_out();
	assert_true(logged("is verified"));
	assert_false(scratch_has("old/d.iso"));
	assert_false(scratch_has("media/d.iso"));
}

/* A disc of the same name in another folder was not burned. */
static void a_disc_of_the_same_name_is_not_taken_for_the_burned_one(void **state)
{
	struct drive *old = usb[0].drive;

	(void)state;
	drive_detach(old);
	drive_free(old);
	fake_remembers = true;
	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_DATE};
	fake_drive(&usb[0], "drive0", event, &set, 200);
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	move("media", "old");
	make_folder("media");
	assert_true(close_disc(6));
	wait_ms(50);
	load(DRIVE_BLANK, "d.iso");
	take_out();
	assert_true(vanishes("old/d.iso"));
	assert_true(scratch_has("media/d.iso"));
}

/* Each card has its own record of the last disc. */
static void the_drive_record_is_written_to_the_folder_of_the_name(void **state)
{
	static const char drive0[] = "media/.mmcgadget-drive0.mmcdisc";
	struct drive *old = usb[0].drive;
	enum drive_verb verb;

	(void)state;
	drive_detach(old);
	drive_free(old);
	fake_remembers = true;
	fake_drive(&usb[0], "drive0", event, &set, 200);
	load(DRIVE_INSERT, "a.iso");
	wait_for_record(drive0, "a.iso");
	move("media", "old");
	make_folder("media");
	put_size("media/stick.iso", 4096);
	load(DRIVE_INSERT, "stick.iso");
	wait_for_record(drive0, "stick.iso");
	for (int restart = 0; restart < 2; restart++) {
		drive_detach(usb[0].drive);
		drive_free(usb[0].drive);
		fake_drive(&usb[0], "drive0", event, &set, 200);
		assert_string_equal(drive_initial_disc(usb[0].drive, &verb),
			restart == 0 ? "stick.iso" : "a.iso");
		if (restart == 0) {
			move("media", "new");
			move("old", "media");
		}
	}
	/* A record that cannot be saved is reported, and harms nothing. */
	load(DRIVE_INSERT, "a.iso");
	move("media", "old");
	take_out();
	assert_true(logged("drive record in"));
	assert_false(scratch_has("media"));
	move("old", "media");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		T(a_folder_made_anew_is_used),
		T(a_removed_folder_is_reported_and_found_again),
		T(a_card_mounted_later_is_used_and_can_be_unmounted),
		T(a_read_only_card_is_reported),
		T(a_removed_disc_keeps_no_card_mounted),
		T(a_burn_goes_on_in_the_folder_where_it_began),
		T(a_finalised_disc_is_renamed_where_it_was_burned),
		T(a_disc_of_the_same_name_is_not_taken_for_the_burned_one),
		T(the_drive_record_is_written_to_the_folder_of_the_name),
	};

	return cmocka_run_group_tests_name("folder", tests, enter_namespace, NULL);
}
