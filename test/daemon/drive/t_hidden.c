// SPDX-License-Identifier: GPL-2.0-or-later
/* Discs under a hidden name, copies whose name is taken, state files that are missing. */
#include "daemon/drive/mounts.h"
#include "daemon/drive/place_fixture.h"

#include "disc/medium.h"
#include "image/image.h"
#include "library/image_place.h"
#include "media/store.h"

#define GUARD "media/.mmcgadget-drive0.disc"

static void remove_file(const char *name)
{
	assert_int_equal(unlink(in_scratch(name)), 0);
}

static void remove_folder(void)
{
	char line[SCRATCH_PATH + 16];

	snprintf(line, sizeof(line), "rm -r '%s'", in_scratch("media"));
	assert_int_equal(system(line), 0);
}

/* A blank of two layers in drive 0. */
static void load_two_layers(const char *name)
{
	const struct disc_medium *dl = disc_medium_named("dvd+r-dl");
	struct record r = {.base = {.progress = on_progress, .final = on_final}};

	drive_submit_blank(usb[0].drive, name, &(struct image_blank){.medium = dl}, false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.ok);
}

/* ---- hidden names --------------------------------------------------------------------------- */

/* A media folder that is mounted after the start may have a hidden name from another board. */
static void a_hidden_name_that_is_found_later_is_recovered(void **state)
{
	struct record r;

	(void)state;
	put_text(GUARD, "burned");
	load(DRIVE_BLANK, "d.iso");
	assert_true(logged("a disc that was deleted while the drive held it is \"drive0-kept\""));
	assert_string_equal(get_text("media/drive0-kept"), "burned");
	/* The hidden name leads to the new disc now, and keeps its data when d.iso is deleted. */
	burn(0, 20);
	remove_file("media/d.iso");
	assert_true(logged("is \"d-kept.iso\" now; delete"));
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
}

/* Makes files until the card has no room for another name. */
static void use_up_names(void)
{
	static unsigned n;
	char name[32];
	int fd;

	do {
		snprintf(name, sizeof(name), "media/filler-%u", n++);
		fd = open(in_scratch(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
	} while (fd >= 0);
	assert_int_equal(errno, ENOSPC);
}

/* Neither a name nor a copy can be made, but the data has its hidden name. */
static void a_disc_that_keeps_only_its_hidden_name(void **state)
{
	char copy[64];
	struct record r;
	struct stat st;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("card", in_scratch("media"), "tmpfs", 0, "nr_inodes=64"), 0);
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	assert_true(close_disc(6));
	wait_ms(50);
	/* The copy is made under this name, so it fails. */
	assert_int_equal(stat(in_scratch(GUARD), &st), 0);
	snprintf(copy, sizeof(copy), "media/.mmcgadget-copy-%llu", (unsigned long long)st.st_ino);
	make_folder(copy);
	use_up_names();
	remove_file("media/d.iso");
	use_up_names();
	assert_true(logged("is copied to \"d-kept.iso\" when it leaves it"));
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	assert_true(logged("was deleted while the drive held it, and cannot be copied: Is a "
			   "directory; its data is in the hidden file .mmcgadget-drive0.disc, "
			   "which gets a name when the daemon starts again"));
	assert_null(strstr(get_text("log"), "lost"));
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	assert_true(
		logged("a disc that was deleted while the drive held it is \"drive0-kept\" now"));
	assert_int_equal(size_of("media/drive0-kept"), 20 * 2048);
	assert_int_equal(umount2(in_scratch("media"), MNT_DETACH), 0);
}

/* A burn to another drive's hidden name would save its state where nobody looks for it. */
static void a_hidden_name_is_no_disc(void **state)
{
	struct record r;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	run(1, &r, DRIVE_INSERT, ".mmcgadget-drive0.disc", false);
	assert_false(r.ok);
	assert_string_equal(r.code, "bad-name");
	/* The hidden name of a drive that is not configured any more, and a link to it. */
	put_text("media/.mmcgadget-old.disc", "");
	run(1, &r, DRIVE_INSERT, ".mmcgadget-old.disc", false);
	assert_string_equal(r.code, "bad-name");
	assert_int_equal(symlink(".mmcgadget-old.disc", in_scratch("media/link.iso")), 0);
	run(1, &r, DRIVE_INSERT, "link.iso", false);
	assert_string_equal(r.code, "bad-name");
}

/* ---- copies --------------------------------------------------------------------------------- */

/* The place of d.iso, which holds "burned" and has no name any more. */
static struct image_place *place_without_name(void)
{
	int folder = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct library_file f;
	struct image_place *p;

	put_text("media/d.iso", "burned");
	assert_int_equal(library_find(folder, "d.iso", &f), 0);
	assert_int_equal(image_place_new(&f, &p), 0);
	library_forget(&f);
	close(folder);
	remove_file("media/d.iso");
	assert_int_equal(image_place_look(p), IMAGE_NAMELESS);
	assert_int_equal(image_place_keep(p, in_scratch("media")), 0);
	assert_true(p->must_copy);
	assert_string_equal(p->base, "d-kept.iso");
	return p;
}

/* Somebody gives another file the name of the copy after the disc has left the drive. */
static void a_copy_whose_name_is_taken_gets_another(void **state)
{
	struct image_place *p = place_without_name();
	char path[SCRATCH_PATH];

	(void)state;
	put_text("media/d-kept.iso.mmcdisc", "its state");
	put_text("media/d-kept.iso", "another");
	snprintf(path, sizeof(path), "%s", in_scratch("media"));
	assert_int_equal(image_place_copy(p, path), 0);
	assert_false(p->must_copy);
	assert_string_equal(p->base, "d-kept-2.iso");
	assert_string_equal(get_text("media/d-kept.iso"), "another");
	assert_false(scratch_has("media/d-kept.iso.mmcdisc"));
	assert_string_equal(get_text("media/d-kept-2.iso"), "burned");
	assert_memory_equal(get_text("media/d-kept-2.iso.mmcdisc"), "its state\n", 10);
	image_place_unref(p);
}

static void a_copy_whose_folder_is_gone_goes_to_the_new_one(void **state)
{
	struct image_place *p = place_without_name();
	char path[SCRATCH_PATH];

	(void)state;
	snprintf(path, sizeof(path), "%s", in_scratch("media"));
	remove_folder();
	assert_true(image_place_copy(p, path) < 0);
	assert_true(p->must_copy);
	make_folder("media");
	assert_int_equal(image_place_copy(p, path), 0);
	/* The name that was chosen for the first try is not tried again. */
	assert_string_equal(p->base, "d-kept-2.iso");
	assert_string_equal(get_text("media/d-kept-2.iso"), "burned");
	image_place_unref(p);
}

/* The data would be gone as soon as the file is closed. */
static void a_disc_without_a_folder_stays_in_the_drive(void **state)
{
	struct record r;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	remove_folder();
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_string_equal(r.code, "no-such-folder");
	assert_true(info(0).mmc.loaded);
	make_folder("media");
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	assert_true(logged("is \"d-kept.iso\" now"));
	assert_int_equal(size_of("media/d-kept.iso"), 20 * 2048);
}

/* A blank holds no data that could be lost. */
static void a_blank_without_a_folder_can_be_ejected(void **state)
{
	struct record r;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	remove_folder();
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	make_folder("media");
}

/* ---- state files that are missing ----------------------------------------------------------- */

static void a_blank_of_two_layers_stays_one(void **state)
{
	(void)state;
	load_two_layers("d.iso");
	assert_int_equal(info(0).mmc.type, DISC_DVD_PLUS_R_DL);
	remove_file("media/d.iso.mmcdisc");
	wait_ms(50);
	take_out();
	load(DRIVE_INSERT, "d.iso");
	assert_int_equal(info(0).mmc.type, DISC_DVD_PLUS_R_DL);
	move("media/d.iso", "media/e.iso");
	take_out();
	load(DRIVE_INSERT, "e.iso");
	assert_int_equal(info(0).mmc.type, DISC_DVD_PLUS_R_DL);
	assert_false(scratch_has("media/d.iso.mmcdisc"));
}

/* A blank that cannot get its state file leaves nothing behind. */
static void a_blank_that_fails_leaves_nothing(void **state)
{
	const struct disc_medium *dl = disc_medium_named("dvd+r-dl");
	struct record r = {.base = {.progress = on_progress, .final = on_final}};

	(void)state;
	make_folder("media/d.iso.mmcdisc");
	drive_submit_blank(
		usb[0].drive, "d.iso", &(struct image_blank){.medium = dl}, false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.done);
	assert_false(r.ok);
	assert_false(scratch_has("media/d.iso"));
	assert_false(scratch_has("media/d.iso" STORE_SPARE_SUFFIX));
}

/*
 * A CLOSE that finalises the disc removes its state file, and waits until this is on storage. While
 * it waits, nothing may save the state again: the command would have to remove it again, and again.
 */
static void a_state_file_that_a_command_removes_stays_away(void **state)
{
	const uint8_t cdb[10] = {0x5b, 0, 6};
	struct mmc_xfer xfer;

	(void)state;
	load(DRIVE_BLANK, "d.iso");
	burn(0, 20);
	drive_flush(usb[0].drive);
	for (uint64_t end = now_ms() + 20000; now_ms() < end && info(0).mmc.unsynced > 0;)
		wait_ms(5);
	assert_true(scratch_has("media/d.iso.mmcdisc"));
	mmc_begin(drive_engine(usb[0].drive), cdb, sizeof(cdb), 0, &xfer);
	assert_int_equal(mmc_end(drive_engine(usb[0].drive)), MMC_AGAIN);
	assert_true(vanishes("media/d.iso.mmcdisc"));
	wait_ms(100);
	assert_false(scratch_has("media/d.iso.mmcdisc"));
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
	assert_true(info(0).mmc.finalised);
	assert_false(scratch_has("media/d.iso.mmcdisc"));
	take_out();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		T(a_hidden_name_that_is_found_later_is_recovered),
		T(a_disc_that_keeps_only_its_hidden_name),
		T(a_hidden_name_is_no_disc),
		T(a_copy_whose_name_is_taken_gets_another),
		T(a_copy_whose_folder_is_gone_goes_to_the_new_one),
		T(a_disc_without_a_folder_stays_in_the_drive),
		T(a_blank_without_a_folder_can_be_ejected),
		T(a_blank_of_two_layers_stays_one),
		T(a_blank_that_fails_leaves_nothing),
		T(a_state_file_that_a_command_removes_stays_away),
	};

	return cmocka_run_group_tests_name("hidden", tests, enter_namespace, NULL);
}
