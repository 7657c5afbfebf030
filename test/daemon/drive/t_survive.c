// SPDX-License-Identifier: GPL-2.0-or-later
/* Discs that are inserted again: interrupted burns, sessions, damaged state files. */
#include "daemon/fake_usb.h"

#include <errno.h>

#include "image/image.h"
#include "library/library.h"
#include "control/status.h"
#include "util/log.h"

static sd_event *event;
static struct drives set;
static struct fake_usb usb;

/* A reply that records what it is given. */
struct record {
	struct reply base;
	char message[512], code[64];
	bool ok, done;
};

static void on_progress(struct reply *r, json_t *a)
{
	(void)r;
	json_decref(a);
}

static void on_final(struct reply *r, json_t *a)
{
	struct record *rec = (struct record *)r;
	const char *code = json_string_value(json_object_get(a, "code"));

	rec->done = true;
	rec->ok = answer_is_ok(a);
	strcpy(rec->message, json_string_value(json_object_get(a, "message")));
	strcpy(rec->code, code ? code : "");
	json_decref(a);
}

static struct record run(enum drive_verb verb, const char *name)
{
	struct record r = {.base = {.progress = on_progress, .final = on_final}};

	drive_submit(usb.drive, verb, name, false, &r.base);
	turn(event, &usb, 1, 20000, &r.done);
	assert_true(r.done);
	return r;
}

static struct mmc_state state_now(void)
{
	struct drive_info in;

	drive_get_info(usb.drive, &in);
	return in.mmc;
}

static void start(void)
{
	assert_int_equal(sd_event_new(&event), 0);
	fake_drive(&usb, "drive0", event, &set, 200);
}

/* Stops as the daemon does at SIGTERM. */
static void stop(void)
{
	drive_detach(usb.drive);
	drive_free(usb.drive);
	sd_event_unref(event);
}

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	log_set_level(LOG_LEVEL_ERROR);
	start();
	return 0;
}

static int teardown(void **state)
{
	stop();
	return scratch_remove(state);
}

static void burn(uint32_t from, uint32_t end)
{
	for (uint32_t lba = from; lba < end; lba++)
		assert_true(fake_write(&usb, lba));
}

static bool close_disc(uint8_t function)
{
	const uint8_t cdb[10] = {0x5b, 0, function};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(usb.drive), cdb, sizeof(cdb), 0, &xfer);
	return fake_end(&usb) == MMC_GOOD;
}

#define STATE "media/d.iso.mmcdisc"

static void an_interrupted_burn_can_be_continued(void **state)
{
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	assert_false(scratch_has(STATE));
	burn(0, 20);
	assert_true(scratch_has(STATE));
	stop();
	assert_int_equal(size_of("media/d.iso"), 20 * 2048);
	assert_false(scratch_has("media/d.iso.mmcdisc.new"));
	start();
	r = run(DRIVE_INSERT, "d.iso");
	assert_starts(r.message, "drive0: inserted d.iso (DVD+R, burned up to block 20, ");
	assert_true(fake_ready(&usb));
	assert_int_equal(state_now().profile, 0x1b);
	assert_int_equal(state_now().nwa, 20);
	burn(20, 40);
	assert_true(close_disc(6));
	/* A finalised disc of one session is a plain ISO image, and needs no state file. */
	assert_false(scratch_has(STATE));
	assert_int_equal(state_now().profile, 0x10);
	assert_true(run(DRIVE_EJECT, NULL).ok);
	r = run(DRIVE_INSERT, "d.iso");
	assert_string_equal(r.message, "drive0: inserted d.iso (DVD-ROM, 81.92 kB)");
}

static void sessions_survive_a_restart(void **state)
{
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	assert_true(close_disc(2));
	assert_true(fake_ready(&usb));
	stop();
	start();
	r = run(DRIVE_INSERT, "d.iso");
	assert_starts(r.message, "drive0: inserted d.iso (appendable DVD+R, 1 session, ");
	assert_true(fake_ready(&usb));
	assert_int_equal(state_now().nwa, 32);
	assert_int_equal(state_now().sessions, 2);
	burn(32, 40);
	assert_true(close_disc(6));
	assert_true(scratch_has(STATE));
	assert_true(run(DRIVE_EJECT, NULL).ok);
	assert_int_equal(size_of("media/d.iso"), 40 * 2048);
	r = run(DRIVE_INSERT, "d.iso");
	assert_string_equal(r.message, "drive0: inserted d.iso (DVD-ROM, 2 sessions, 81.92 kB)");
	assert_int_equal(state_now().tracks, 2);
	assert_int_equal(state_now().profile, 0x10);
}

/* A close was cut short between its two steps: the track is closed, its session is not. */
static void a_closed_track_alone_is_no_session(void **state)
{
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	assert_true(close_disc(1));
	run(DRIVE_EJECT, NULL);
	turn(event, &usb, 1, 100, NULL);
	r = run(DRIVE_INSERT, "d.iso");
	assert_starts(r.message, "drive0: inserted d.iso (DVD+R, burned up to block 20, ");
	assert_true(fake_ready(&usb));
	assert_true(close_disc(2));
	assert_int_equal(state_now().readable, 20);
}

/* The daemon was killed before it could sync; the kernel still has all that was written. */
static void a_killed_daemon_loses_nothing(void **state)
{
	static char kept[16384];
	struct record r;
	int fd;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 5);
	strcpy(kept, get_text(STATE));
	burn(5, 30);
	stop();
	/* The state file is again the one saved after the first block. */
	put_text(STATE, kept);
	/* Half a block more, as an interrupted write leaves it. */
	fd = open(in_scratch("media/d.iso"), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, kept, 1000), 1000);
	close(fd);
	start();
	r = run(DRIVE_INSERT, "d.iso");
	assert_starts(r.message, "drive0: inserted d.iso (DVD+R, burned up to block 30, ");
	assert_true(fake_ready(&usb));
	assert_int_equal(state_now().nwa, 30);
	assert_int_equal(state_now().unsynced, 0);
	assert_int_equal(size_of("media/d.iso"), 30 * 2048);
	burn(30, 31);
}

static void a_damaged_state_file_makes_the_disc_read_only(void **state)
{
	static char kept[16384], *at;
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	assert_true(close_disc(2));
	run(DRIVE_EJECT, NULL);
	strcpy(kept, get_text(STATE));
	at = strstr(kept, "written 20");
	assert_non_null(at);
	at[8] = '1';
	put_text(STATE, kept);
	r = run(DRIVE_INSERT, "d.iso");
	assert_true(r.ok);
	assert_string_equal(r.message, "drive0: inserted d.iso (DVD-ROM, 40.96 kB); read-only: "
				       "its state file is damaged (its checksum is wrong)");
	assert_true(fake_ready(&usb));
	assert_string_equal(
		state_now().read_only, "its state file is damaged (its checksum is wrong)");
	assert_false(fake_write(&usb, 32));
	run(DRIVE_EJECT, NULL);
	/* Neither the state file nor the image was changed. */
	assert_string_equal(get_text(STATE), kept);
	assert_int_equal(size_of("media/d.iso"), 40960);
	at[8] = '2';
	put_text(STATE, kept);
	assert_true(run(DRIVE_INSERT, "d.iso").ok);
	assert_int_equal(state_now().nwa, 32);
}

static void without_write_permission_a_disc_is_read_only(void **state)
{
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	run(DRIVE_EJECT, NULL);
	assert_int_equal(chmod(in_scratch("media/d.iso"), 0444), 0);
	r = run(DRIVE_INSERT, "d.iso");
	assert_non_null(strstr(r.message,
		"drive0: inserted d.iso (DVD-ROM, 40.96 kB); read-only: the image cannot be "
		"written; it belongs to "));
	assert_non_null(strstr(r.message, "chmod g+rw "));
	assert_true(fake_ready(&usb));
	assert_int_equal(state_now().readable, 20);
	assert_false(fake_write(&usb, 20));
}

/* A burn was cut short before a block was saved; then an ISO image was copied over its file. */
static void an_image_copied_over_an_interrupted_burn_is_left_alone(void **state)
{
	static char kept[16384];
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 1);
	strcpy(kept, get_text(STATE));
	assert_non_null(strstr(kept, "written 0"));
	run(DRIVE_EJECT, NULL);
	turn(event, &usb, 1, 100, NULL);
	put_text(STATE, kept);
	put_size("media/d.iso", 400 * 1024);
	r = run(DRIVE_INSERT, "d.iso");
	assert_starts(r.message, "drive0: inserted d.iso (DVD-ROM, 409.60 kB); read-only: ");
	assert_int_equal(size_of("media/d.iso"), 400 * 1024);
	run(DRIVE_EJECT, NULL);
	turn(event, &usb, 1, 100, NULL);
	assert_int_equal(size_of("media/d.iso"), 400 * 1024);
}

/* The image was deleted by hand, its state file was not. */
static void an_orphaned_state_file_does_not_prevent_a_blank(void **state)
{
	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	run(DRIVE_EJECT, NULL);
	turn(event, &usb, 1, 100, NULL);
	assert_true(scratch_has(STATE));
	assert_int_equal(unlink(in_scratch("media/d.iso")), 0);
	assert_true(run(DRIVE_BLANK, "d.iso").ok);
	assert_false(scratch_has(STATE));
	assert_true(fake_ready(&usb));
	burn(0, 1);
}

/* An attempt to open a disc that is in a drive changes nothing of it. */
static void a_refused_open_disturbs_no_burn(void **state)
{
	const struct image_policy policy = {0};
	int folder = library_open_folder(in_scratch("media"));
	struct refusal why;
	struct image image;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	assert_true(scratch_has("media/d.iso.mmcdisc.new"));
	assert_int_equal(image_open(folder, "/media", "d.iso", &policy, &image, &why), -EBUSY);
	image_fini(&image);
	close(folder);
	assert_true(scratch_has("media/d.iso.mmcdisc.new"));
	assert_true(close_disc(2));
}

static void close_finalises_the_disc_in_the_drive(void **state)
{
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	r = run(DRIVE_CLOSE, "d.iso");
	assert_string_equal(r.code, "blank");
	burn(0, 20);
	assert_true(fake_lock(&usb, true));
	r = run(DRIVE_CLOSE, "d.iso");
	assert_string_equal(r.code, "locked");
	assert_int_equal(state_now().profile, 0x1b);
	assert_true(fake_lock(&usb, false));
	r = run(DRIVE_CLOSE, "d.iso");
	assert_string_equal(r.message, "drive0: closed d.iso (DVD-ROM, 40.96 kB)");
	assert_int_equal(state_now().profile, 0x10);
	/* The host's next command gets the unit attention for a new medium. */
	assert_false(fake_host(&usb, 0x00, 0));
	assert_true(fake_ready(&usb));
	r = run(DRIVE_CLOSE, "d.iso");
	assert_string_equal(r.message, "drive0: closed d.iso (DVD-ROM, 40.96 kB)");
}

static void close_finalises_a_disc_outside_the_drive(void **state)
{
	struct record r;

	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	assert_true(close_disc(2));
	assert_true(fake_ready(&usb));
	burn(32, 40);
	run(DRIVE_EJECT, NULL);
	assert_true(run(DRIVE_BLANK, "other.iso").ok);
	/* A slow card takes its time to close the disc that has left. */
	do {
		r = run(DRIVE_CLOSE, "d.iso");
	} while (strstr(r.message, "just leaving it"));
	assert_string_equal(r.message, "drive0: closed d.iso (DVD-ROM, 2 sessions, 81.92 kB)");
	assert_true(scratch_has(STATE));
	assert_string_equal(run(DRIVE_CLOSE, "none.iso").code, "no-such-image");
	put_size("media/plain.iso", 4096);
	r = run(DRIVE_CLOSE, "plain.iso");
	assert_string_equal(r.message, "drive0: closed plain.iso (DVD-ROM, 4.10 kB)");
	/* The other disc stayed in the drive. */
	assert_true(fake_ready(&usb));
	burn(0, 1);
}

/* If the host's lock refuses an insert, its image is closed again, and can be inserted later. */
static void a_refused_insert_closes_its_image(void **state)
{
	struct record r;

	(void)state;
	put_size("media/a.iso", 4096);
	assert_true(run(DRIVE_INSERT, "a.iso").ok);
	assert_true(fake_ready(&usb));
	assert_true(fake_lock(&usb, true));
	r = run(DRIVE_BLANK, "d.iso");
	assert_string_equal(r.code, "locked");
	assert_true(fake_ready(&usb));
	assert_true(fake_lock(&usb, false));
	assert_true(run(DRIVE_BLANK, "d.iso").ok);
	assert_true(fake_ready(&usb));
	burn(0, 5);
	/* The same disc again: the command waits only until the old disc is closed. */
	r = run(DRIVE_INSERT, "d.iso");
	assert_true(r.ok);
}

static void a_burn_is_synced_by_time(void **state)
{
	(void)state;
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 7);
	assert_int_equal(state_now().unsynced, 7);
	assert_null(strstr(get_text(STATE), "written 7"));
	/* A busy machine may take longer. */
	for (unsigned i = 0; i < 50 && state_now().unsynced; i++)
		turn(event, &usb, 1, 400, NULL);
	assert_int_equal(state_now().unsynced, 0);
	assert_non_null(strstr(get_text(STATE), "written 7"));
}

static json_t *listed(json_t *images, const char *name)
{
	size_t i;
	json_t *each;

	json_array_foreach(images, i, each)
	{
		if (strcmp(json_string_value(json_object_get(each, "name")), name) == 0)
			return each;
	}
	fail_msg("%s is not listed", name);
	return NULL;
}

static const char *kind_of(json_t *images, const char *name)
{
	return json_string_value(json_object_get(listed(images, name), "kind"));
}

struct lister {
	struct catalog_request base;
	json_t *answer;
	bool done;
};

static void on_list(struct catalog_request *r, const struct catalog_list *list)
{
	struct lister *l = (struct lister *)r;
	const struct command_env env = {.drives = &set};

	l->answer = status_list(list, &env, usb.drive);
	l->done = true;
}

static void list_shows_the_kind_of_each_image(void **state)
{
	struct lister l = {.base = {.done = on_list, .labels = true}};
	json_t *images;

	(void)state;
	put_size("media/iso.iso", 4096);
	put_size("media/odd.iso", 4096);
	put_text("media/odd.iso.mmcdisc", "what is this\n");
	run(DRIVE_BLANK, "d.iso");
	assert_true(fake_ready(&usb));
	burn(0, 20);
	assert_true(close_disc(2));
	run(DRIVE_BLANK, "open.iso");
	assert_true(fake_ready(&usb));
	burn(0, 3);
	run(DRIVE_BLANK, "blank.iso");
	catalog_request(drive_catalog(usb.drive), &l.base);
	turn(event, &usb, 1, 20000, &l.done);
	images = json_object_get(l.answer, "images");
	assert_int_equal(json_array_size(images), 5);
	assert_string_equal(kind_of(images, "iso.iso"), "iso");
	assert_string_equal(kind_of(images, "blank.iso"), "blank");
	assert_string_equal(kind_of(images, "open.iso"), "open");
	assert_string_equal(kind_of(images, "d.iso"), "appendable");
	assert_string_equal(kind_of(images, "odd.iso"), "iso");
	assert_string_equal(
		json_string_value(json_object_get(listed(images, "odd.iso"), "problem")),
		"its state file has no state of a disc");
	json_decref(l.answer);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_interrupted_burn_can_be_continued),
		T(sessions_survive_a_restart),
		T(a_closed_track_alone_is_no_session),
		T(a_killed_daemon_loses_nothing),
		T(a_damaged_state_file_makes_the_disc_read_only),
		T(without_write_permission_a_disc_is_read_only),
		T(an_image_copied_over_an_interrupted_burn_is_left_alone),
		T(an_orphaned_state_file_does_not_prevent_a_blank),
		T(a_refused_open_disturbs_no_burn),
		T(close_finalises_the_disc_in_the_drive),
		T(close_finalises_a_disc_outside_the_drive),
		T(a_refused_insert_closes_its_image),
		T(a_burn_is_synced_by_time),
		T(list_shows_the_kind_of_each_image),
	};

	return cmocka_run_group_tests_name("survive", tests, NULL, NULL);
}
