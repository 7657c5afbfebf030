// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What people do with an image that is in a drive, and with its state file: delete, rename,
 * replace, edit, cut, chmod, move.
 */
#include "daemon/drive/mounts.h"
#include "daemon/drive/place_fixture.h"

#include "control/status.h"

#define GUARD "media/.mmcgadget-drive0.disc"

/* A member of drive 0's status, as text. */
static const char *status(const char *member)
{
	static char text[600];
	json_t *o = status_drive(usb[0].drive, NULL);

	snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(o, member)));
	json_decref(o);
	return text;
}

static void assert_problem(const char *text)
{
	if (!strstr(status("image_problem"), text))
		fail_msg("\"%s\" is not \"%s\"", status("image_problem"), text);
	assert_true(logged(text));
}

static void remove_file(const char *name)
{
	assert_int_equal(unlink(in_scratch(name)), 0);
}

/* Checks that blocks were burned: each begins with the text that fake_write() writes. */
static void assert_burned(const char *name, uint32_t from, uint32_t end)
{
	int fd = open(in_scratch(name), O_RDONLY | O_CLOEXEC);
	char text[5] = "";

	assert_true(fd >= 0);
	for (uint32_t i = from; i < end; i++) {
		assert_int_equal(pread(fd, text, 4, (off_t)i * 2048), 4);
		assert_string_equal(text, "data");
	}
	close(fd);
}

static uint32_t nwa(void)
{
	return info(0).mmc.nwa;
}

/* Burns a session of 20 blocks to a blank d.iso, and 20 blocks of the next one. */
static uint32_t half_burned(void)
{
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	assert_true(close_disc(2));
	burn(nwa(), nwa() + 20);
	return nwa();
}

/* The disc of that name can be continued where the burn has ended. */
static void assert_continues(const char *name, uint32_t at)
{
	char path[100];

	snprintf(path, sizeof(path), "media/%s", name);
	assert_burned(path, 0, 20);
	load(DRIVE_INSERT, name);
	assert_int_equal(nwa(), at);
	take_out();
	assert_false(scratch_has(GUARD));
}

static void a_deleted_image_gets_a_name_again(void **state)
{
	uint32_t at;

	(void)state;
	half_burned();
	assert_true(scratch_has(GUARD));
	remove_file("media/d.iso");
	/* The daemon notices the deletion without a command. */
	assert_true(logged("\"d.iso\" was deleted or replaced while the drive holds it, so its "
			   "data is \"d-kept.iso\" now"));
	assert_problem("d-kept.iso");
	assert_string_equal(status("image"), "d-kept.iso");
	assert_string_equal(status("path"), in_scratch("media/d-kept.iso"));
	assert_true(appears("media/d-kept.iso.mmcdisc"));
	assert_true(vanishes("media/d.iso.mmcdisc"));
	burn(nwa(), nwa() + 20);
	/* Again, and again. */
	remove_file("media/d-kept.iso");
	assert_true(logged("is \"d-kept-2.iso\" now; delete"));
	wait_ms(50);
	put_size("media/d-kept.iso", 100);
	remove_file("media/d-kept-2.iso");
	assert_string_equal(status("image"), "d-kept-3.iso");
	burn(nwa(), nwa() + 20);
	at = nwa();
	take_out();
	assert_false(scratch_has("media/d.iso"));
	assert_int_equal(size_of("media/d-kept.iso"), 100);
	assert_false(scratch_has("media/d-kept.iso.mmcdisc"));
	assert_continues("d-kept-3.iso", at);
	/* Out of the drive it can be deleted. */
	remove_file("media/d-kept-3.iso");
	wait_ms(50);
	assert_false(scratch_has("media/d-kept-3.iso"));
}

static void an_image_deleted_at_the_eject_is_kept(void **state)
{
	uint32_t at = half_burned();

	(void)state;
	/* The event is not seen before the disc is out. */
	remove_file("media/d.iso");
	take_out();
	assert_false(scratch_has("media/d.iso.mmcdisc"));
	assert_continues("d-kept.iso", at);
}

static void an_image_deleted_at_the_daemons_end_is_kept(void **state)
{
	uint32_t at = half_burned();

	(void)state;
	remove_file("media/d.iso");
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	assert_false(scratch_has(GUARD));
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_continues("d-kept.iso", at);
}

static void a_finalised_disc_is_kept(void **state)
{
	(void)state;
	half_burned();
	assert_true(close_disc(6));
	remove_file("media/d.iso");
	wait_ms(50);
	take_out();
	assert_burned("media/d-kept.iso", 0, 20);
	assert_true(scratch_has("media/d-kept.iso.mmcdisc"));
	assert_false(scratch_has("media/d.iso.mmcdisc"));
}

static void a_renamed_image_keeps_its_state_file(void **state)
{
	uint32_t at;

	(void)state;
	half_burned();
	move("media/d.iso", "media/e.iso");
	assert_true(logged("\"d.iso\" was renamed to \"e.iso\"; its state file goes with it"));
	assert_string_equal(status("image"), "e.iso");
	assert_string_equal(status("path"), in_scratch("media/e.iso"));
	assert_true(appears("media/e.iso.mmcdisc"));
	assert_true(vanishes("media/d.iso.mmcdisc"));
	assert_true(vanishes("media/d.iso.mmcdisc.new"));
	burn(nwa(), nwa() + 20);
	/* Into another folder, with its state file. */
	make_folder("media/sub");
	move("media/e.iso", "media/sub/f.iso");
	move("media/e.iso.mmcdisc", "media/sub/f.iso.mmcdisc");
	assert_true(logged("\"e.iso\" was renamed to \"sub/f.iso\""));
	assert_string_equal(status("image"), "sub/f.iso");
	burn(nwa(), nwa() + 20);
	at = nwa();
	take_out();
	assert_false(scratch_has("media/e.iso.mmcdisc"));
	assert_false(scratch_has("media/sub/f.iso.mmcdisc.new"));
	assert_continues("sub/f.iso", at);
}

static void an_image_that_leaves_the_folder_is_followed(void **state)
{
	(void)state;
	make_folder("outside");
	half_burned();
	move("media/d.iso", "outside/d.iso");
	assert_problem("\"d.iso\" was moved out of the media folder");
	assert_string_equal(status("image"), "d.iso");
	assert_string_equal(status("path"), in_scratch("outside/d.iso"));
	burn(nwa(), nwa() + 20);
	take_out();
	assert_burned("outside/d.iso", 0, 20);
	assert_true(scratch_has("outside/d.iso.mmcdisc"));
	assert_false(scratch_has("media/d.iso.mmcdisc"));
}

/* mv other.iso d.iso, with the state file of the other disc. */
static void a_replaced_image_and_its_replacement_are_kept(void **state)
{
	uint32_t at;

	(void)state;
	put_text("media/other.iso", "other");
	put_text("media/other.iso.mmcdisc", "other's state");
	half_burned();
	move("media/other.iso.mmcdisc", "media/d.iso.mmcdisc");
	move("media/other.iso", "media/d.iso");
	assert_problem("d-kept.iso");
	wait_ms(50);
	burn(nwa(), nwa() + 20);
	at = nwa();
	take_out();
	assert_string_equal(get_text("media/d.iso"), "other");
	assert_string_equal(get_text("media/d.iso.mmcdisc"), "other's state");
	assert_continues("d-kept.iso", at);
}

/* mv to another file system is a copy and a deletion. */
static void an_image_moved_to_another_file_system_is_kept(void **state)
{
	char line[2 * SCRATCH_PATH + 16];
	uint32_t at;

	(void)state;
	if (!may_mount)
		skip();
	make_folder("stick");
	assert_int_equal(mount("stick", in_scratch("stick"), "tmpfs", 0, "size=8m"), 0);
	half_burned();
	snprintf(line, sizeof(line), "mv '%s' '%s'", in_scratch("media/d.iso"),
		in_scratch("stick/d.iso"));
	assert_int_equal(system(line), 0);
	assert_problem("d-kept.iso");
	burn(nwa(), nwa() + 20);
	at = nwa();
	take_out();
	assert_burned("stick/d.iso", 0, 20);
	assert_int_equal(umount(in_scratch("stick")), 0);
	assert_continues("d-kept.iso", at);
}

/* A file system without hard links, or rm -r: the data is copied. */
static void a_disc_without_any_name_is_copied(void **state)
{
	uint32_t at = half_burned();

	(void)state;
	remove_file(GUARD);
	remove_file("media/d.iso");
	assert_problem("is copied to \"d-kept.iso\" when it leaves it");
	/* Before that, the copy has a state file, but not yet its name. */
	assert_true(appears("media/d-kept.iso.mmcdisc"));
	assert_false(scratch_has("media/d-kept.iso"));
	burn(nwa(), nwa() + 20);
	at = nwa();
	take_out();
	assert_true(logged("which was deleted while the drive held it, is \"d-kept.iso\" now"));
	assert_continues("d-kept.iso", at);
}

static void a_disc_without_any_name_is_copied_at_the_end(void **state)
{
	uint32_t at = half_burned();

	(void)state;
	remove_file(GUARD);
	remove_file("media/d.iso");
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_continues("d-kept.iso", at);
}

static void a_removed_folder_comes_back_with_the_disc(void **state)
{
	struct record r;
	char line[SCRATCH_PATH + 16];
	uint32_t at;

	(void)state;
	half_burned();
	snprintf(line, sizeof(line), "rm -r '%s'", in_scratch("media"));
	assert_int_equal(system(line), 0);
	assert_problem("there is no folder to keep it in");
	make_folder("media");
	assert_problem("is copied to \"d-kept.iso\"");
	wait_ms(50);
	burn(nwa(), nwa() + 20);
	at = nwa();
	assert_true(scratch_has("media/d-kept.iso.mmcdisc"));
	run(0, &r, DRIVE_EJECT, NULL, false);
	assert_true(r.ok);
	assert_true(logged("is \"d-kept.iso\" now"));
	assert_continues("d-kept.iso", at);
}

/* Without room for the copy, the disc stays in the drive. */
static void a_disc_that_cannot_be_copied_stays_in_the_drive(void **state)
{
	struct record r;
	uint32_t at;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("card", in_scratch("media"), "tmpfs", 0, "size=256k"), 0);
	at = half_burned();
	remove_file(GUARD);
	remove_file("media/d.iso");
	put_text("media/big", "");
	assert_int_equal(truncate(in_scratch("media/big"), 0), 0);
	{
		int fd = open(in_scratch("media/big"), O_WRONLY | O_CLOEXEC);
		char block[4096] = {1};

		while (write(fd, block, sizeof(block)) > 0)
			;
		close(fd);
	}
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_string_equal(r.code, "no-room");
	assert_true(info(0).mmc.loaded);
	assert_problem("make room before the disc leaves the drive");
	remove_file("media/big");
	take_out();
	assert_true(logged("is \"d-kept.iso\" now"));
	assert_continues("d-kept.iso", at);
	wait_ms(50);
	assert_int_equal(umount(in_scratch("media")), 0);
}

/* An ISO image that the drive only reads is its owner's to delete. */
static void an_image_that_is_only_read_may_be_deleted(void **state)
{
	(void)state;
	load(DRIVE_INSERT, "a.iso");
	assert_false(scratch_has(GUARD));
	remove_file("media/a.iso");
	assert_problem("the host can read it until it leaves the drive");
	assert_true(fake_ready(&usb[0]));
	take_out();
	assert_false(scratch_has("media/a.iso"));
	assert_false(scratch_has("media/a-kept.iso"));
	assert_string_equal(status("image_problem"), "");
	/* A renamed one is followed, and a finalised disc's state file goes with it. */
	load(DRIVE_INSERT, "b.iso");
	put_text("media/b.iso.mmcdisc", "state");
	move("media/b.iso", "media/c.iso");
	assert_true(logged("\"b.iso\" was renamed to \"c.iso\""));
	assert_string_equal(status("image"), "c.iso");
	assert_starts(get_text("media/c.iso.mmcdisc"), "state\n");
	assert_false(scratch_has("media/b.iso.mmcdisc"));
	take_out();
}

static void edits_are_reported(void **state)
{
	(void)state;
	load(DRIVE_INSERT, "a.iso");
	put_text("media/a.iso", "edited");
	assert_problem("another program has changed \"a.iso\"");
	take_out();
	load(DRIVE_INSERT, "b.iso");
	assert_int_equal(truncate(in_scratch("media/b.iso"), 1000), 0);
	assert_true(logged("another program has changed \"b.iso\""));
	take_out();
	/* Another program cuts an image that was burned. */
	half_burned();
	drive_flush(usb[0].drive);
	wait_ms(50);
	assert_string_equal(status("image_problem"), "");
	assert_int_equal(truncate(in_scratch("media/d.iso"), 2048), 0);
	assert_problem("another program has cut \"d.iso\" to 2048 bytes");
}

/* Neither reads nor burns of the drive itself count as changes. */
static void what_the_drive_does_is_no_problem(void **state)
{
	struct record r;

	(void)state;
	half_burned();
	assert_int_equal(chmod(in_scratch("media/d.iso"), 0444), 0);
	burn(nwa(), nwa() + 20);
	run(1, &r, DRIVE_INSERT, "d.iso", false);
	assert_string_equal(r.code, "in-use");
	assert_true(close_disc(6));
	wait_ms(50);
	assert_string_equal(status("image_problem"), "");
	take_out();
	assert_null(strstr(get_text("log"), "another program"));
}

/* Another owner and other data cannot be prevented, and end no burn. */
static void a_new_owner_and_changed_blocks_end_no_burn(void **state)
{
	uint32_t at = half_burned();
	int fd = open(in_scratch("media/d.iso"), O_WRONLY | O_CLOEXEC);

	(void)state;
	/* Only root may give a file away. */
	if (geteuid() == 0)
		assert_int_equal(fchown(fd, 12345, 12345), 0);
	assert_int_equal(pwrite(fd, "else", 4, (off_t)2048 * (at - 1)), 4);
	close(fd);
	wait_ms(50);
	assert_string_equal(status("image_problem"), "");
	burn(at, at + 20);
	take_out();
	assert_burned("media/d.iso", at, at + 20);
	assert_continues("d.iso", at + 20);
}

/* A state file that is deleted is written again; an edited one makes the disc read-only. */
static void a_deleted_state_file_is_written_anew(void **state)
{
	uint32_t at = half_burned();

	(void)state;
	remove_file("media/d.iso.mmcdisc");
	take_out();
	assert_continues("d.iso", at);
	load(DRIVE_INSERT, "d.iso");
	move("media/d.iso.mmcdisc", "media/elsewhere.mmcdisc");
	take_out();
	assert_continues("d.iso", at);
	load(DRIVE_INSERT, "d.iso");
	put_text("media/d.iso.mmcdisc", "edited");
	burn(at, at + 20);
	drive_flush(usb[0].drive);
	take_out();
	assert_continues("d.iso", at + 20);
	load(DRIVE_INSERT, "d.iso");
	put_text("media/d.iso.mmcdisc", "edited");
	take_out();
	assert_string_equal(get_text("media/d.iso.mmcdisc"), "edited");
	load(DRIVE_INSERT, "d.iso");
	assert_non_null(info(0).mmc.read_only);
}

/* The power is cut between the owner's rm and the daemon's answer. */
static void a_hidden_name_that_is_left_is_recovered(void **state)
{
	(void)state;
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	put_text(GUARD, "burned");
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_true(logged("a disc that was deleted while the drive held it is \"drive0-kept\""));
	assert_string_equal(get_text("media/drive0-kept"), "burned");
	assert_false(scratch_has(GUARD));
	/* A hidden name of a file with other names, or of an empty file, is only removed. */
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	assert_int_equal(link(in_scratch("media/a.iso"), in_scratch(GUARD)), 0);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_false(scratch_has(GUARD));
	assert_int_equal(size_of("media/a.iso"), 4096);
	assert_false(scratch_has("media/drive0-kept-2"));
}

/* Two daemons can have drives of one name. */
static void the_hidden_name_of_another_daemon_is_left_alone(void **state)
{
	struct drives others = {0};
	struct fake_usb other;
	struct record r;
	uint32_t at = half_burned();

	(void)state;
	fake_drive(&other, "drive0", event, &others, 200);
	assert_true(scratch_has(GUARD));
	drive_detach(other.drive);
	memset(&r, 0, sizeof(r));
	r.base.progress = on_progress;
	r.base.final = on_final;
	drive_submit(other.drive, DRIVE_BLANK, "other.iso", false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.done && r.ok);
	drive_free(other.drive);
	assert_true(scratch_has(GUARD));
	remove_file("media/d.iso");
	assert_true(logged("is \"d-kept.iso\" now; delete"));
	take_out();
	assert_continues("d-kept.iso", at);
}

/* If the daemon dies, the next one opens the image by the name that it has now. */
static void the_handed_over_state_has_the_new_name(void **state)
{
	static struct handover_state s;
	struct handover *h;
	uint64_t end;

	(void)state;
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_int_equal(handover_new(&h), 0);
	drive_set_handover(usb[0].drive, h);
	half_burned();
	assert_true(handover_load(h, &s));
	assert_string_equal(s.image.name, "d.iso");
	remove_file("media/d.iso");
	for (end = now_ms() + 20000; now_ms() < end && strcmp(s.image.name, "d-kept.iso") != 0;) {
		wait_ms(5);
		assert_true(handover_load(h, &s));
	}
	assert_string_equal(s.image.name, "d-kept.iso");
}

static void a_recovered_disc_has_its_state_file(void **state)
{
	uint32_t at;

	(void)state;
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_remembers = true;
	make_folder("media/sub");
	fake_drive(&usb[0], "drive0", event, &set, 200);
	load(DRIVE_BLANK, "sub/d.iso");
	burn(0, 20);
	at = nwa();
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	move("media/sub/d.iso", GUARD);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_true(logged("is \"d-kept.iso\" now"));
	assert_false(scratch_has("media/sub/d.iso.mmcdisc"));
	load(DRIVE_INSERT, "d-kept.iso");
	assert_int_equal(nwa(), at);
}

/* After a restart the renamed disc is found. */
static void the_record_and_the_next_daemon_know_the_new_name(void **state)
{
	enum drive_verb verb;

	(void)state;
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_remembers = true;
	fake_drive(&usb[0], "drive0", event, &set, 200);
	half_burned();
	move("media/d.iso", "media/e.iso");
	assert_true(logged("was renamed"));
	wait_ms(50);
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_string_equal(drive_initial_disc(usb[0].drive, &verb), "e.iso");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		T(a_deleted_image_gets_a_name_again),
		T(an_image_deleted_at_the_eject_is_kept),
		T(an_image_deleted_at_the_daemons_end_is_kept),
		T(a_finalised_disc_is_kept),
		T(a_renamed_image_keeps_its_state_file),
		T(an_image_that_leaves_the_folder_is_followed),
		T(a_replaced_image_and_its_replacement_are_kept),
		T(an_image_moved_to_another_file_system_is_kept),
		T(a_disc_without_any_name_is_copied),
		T(a_disc_without_any_name_is_copied_at_the_end),
		T(a_removed_folder_comes_back_with_the_disc),
		T(a_disc_that_cannot_be_copied_stays_in_the_drive),
		T(an_image_that_is_only_read_may_be_deleted),
		T(edits_are_reported),
		T(what_the_drive_does_is_no_problem),
		T(a_new_owner_and_changed_blocks_end_no_burn),
		T(a_deleted_state_file_is_written_anew),
		T(a_hidden_name_that_is_left_is_recovered),
		T(the_hidden_name_of_another_daemon_is_left_alone),
		T(the_handed_over_state_has_the_new_name),
		T(a_recovered_disc_has_its_state_file),
		T(the_record_and_the_next_daemon_know_the_new_name),
	};

	return cmocka_run_group_tests_name("deleted", tests, enter_namespace, NULL);
}
