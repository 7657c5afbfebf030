// SPDX-License-Identifier: GPL-2.0-or-later
/* A drive that renames, verifies and replaces burned discs; which disc it has after a restart. */
#include "daemon/fake_usb.h"

#include <dirent.h>
#include <errno.h>

#include "control/status.h"
#include "library/checksum.h"
#include "util/log.h"

#define WAIT_SECONDS 15u /* time limit of each wait; enough for a busy machine */

static sd_event *event;
static struct drives set;
static struct fake_usb usb;

static struct {
	struct reply base;
	bool ok, done;
	char code[64];
} answer;

static void on_progress(struct reply *r, json_t *a)
{
	(void)r;
	json_decref(a);
}

static void on_final(struct reply *r, json_t *a)
{
	const char *code = json_string_value(json_object_get(a, "code"));

	(void)r;
	answer.done = true;
	answer.ok = answer_is_ok(a);
	snprintf(answer.code, sizeof(answer.code), "%s", code ? code : "");
	json_decref(a);
}

static bool run(enum drive_verb verb, const char *name)
{
	answer.base = (struct reply){.progress = on_progress, .final = on_final};
	answer.done = false;
	drive_submit(usb.drive, verb, name, false, &answer.base);
	turn(event, &usb, 1, WAIT_SECONDS * 1000, &answer.done);
	assert_true(answer.done);
	return answer.ok;
}

static struct drive_info info(void)
{
	struct drive_info in;

	drive_get_info(usb.drive, &in);
	return in;
}

static bool image_is(const char *name)
{
	const char *image = info().image;

	return image ? strcmp(image, name) == 0 : *name == '\0';
}

static bool nothing_pending(void)
{
	struct drive_info in = info();

	return in.postburn.state[0] == '\0' && in.pending[0] == '\0';
}

#define wait_until(what)                                                                           \
	do {                                                                                       \
		uint64_t end_ = now_ms() + WAIT_SECONDS * 1000;                                    \
		while (!(what) && now_ms() < end_)                                                 \
			turn(event, &usb, 1, 5, NULL);                                             \
		assert_true(what);                                                                 \
	} while (0)

/* Starts as the daemon does, and inserts the initial disc, if there is one. */
static void start(void)
{
	enum drive_verb verb;
	const char *image;

	assert_int_equal(sd_event_new(&event), 0);
	fake_drive(&usb, "drive0", event, &set, 200);
	image = drive_initial_disc(usb.drive, &verb);
	if (image)
		run(verb, image);
}

static void stop(void)
{
	drive_detach(usb.drive);
	drive_free(usb.drive);
	sd_event_unref(event);
}

static void restart(void)
{
	stop();
	start();
}

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	log_set_level(LOG_LEVEL_ERROR);
	fake_remembers = true;
	fake_image = "";
	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_LABEL,
		.checksum = true,
		.blank = true,
		.reload = 150,
		.retry = 200};
	start();
	return 0;
}

static int teardown(void **state)
{
	stop();
	fake_blank[0] = NULL;
	return scratch_remove(state);
}

/* ---- the host ----------------------------------------------------------------------------- */

#define eject() fake_host(&usb, 0x1b, 0x02)
#define load()  fake_host(&usb, 0x1b, 0x03)

static bool close_disc(void)
{
	const uint8_t cdb[10] = {0x5b, 0, 6};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(usb.drive), cdb, sizeof(cdb), 0, &xfer);
	return fake_end(&usb) == MMC_GOOD;
}

static void write_block(uint32_t lba, const uint8_t block[2048])
{
	const uint8_t cdb[10] = {0x2a, 0, 0, 0, 0, (uint8_t)lba, 0, 0, 1};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(usb.drive), cdb, sizeof(cdb), 0, &xfer);
	assert_int_equal(xfer.len, 2048);
	fake_push(&usb, block, 2048);
	assert_int_equal(fake_end(&usb), MMC_GOOD);
}

static bool read_block(void)
{
	const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1}, *data;
	struct mmc_xfer xfer;
	int32_t n;

	mmc_begin(drive_engine(usb.drive), cdb, sizeof(cdb), UINT32_MAX, &xfer);
	while ((n = mmc_pull(drive_engine(usb.drive), &data, 32768)) != 0) {
		if (n < 0)
			fake_nap();
	}
	return fake_end(&usb) == MMC_GOOD;
}

/* Burns an ISO 9660 image of 20 blocks and finalises the disc. */
static void burn(const char *label)
{
	uint8_t block[2048];

	assert_true(fake_ready(&usb));
	assert_int_equal(info().mmc.profile, fake_blank[0] ? 0x14 : 0x1b);
	for (uint32_t lba = 0; lba < 20; lba++) {
		memset(block, 0, sizeof(block));
		if (lba == 16 || lba == 17) {
			memcpy(block, lba == 16 ? "\1CD001\1" : "\377CD001\1", 7);
			memset(block + 8, ' ', 64);
			memcpy(block + 40, label, strlen(label));
		}
		write_block(lba, block);
	}
	assert_true(close_disc());
	turn(event, &usb, 1, 20, NULL);
	assert_true(info().mmc.finalised || info().mmc.type == DISC_DVD_ROM);
	while (!fake_ready(&usb))
		;
}

static bool checksum_matches(const char *name)
{
	char line[SCRATCH_PATH + 128];

	snprintf(line, sizeof(line),
		"cd '%s' && sha256sum --strict -c '%s" CHECKSUM_SUFFIX "' >/dev/null 2>&1",
		in_scratch("media"), name);
	return system(line) == 0;
}

/* Returns the number of discs that are named after their date. */
static unsigned discs_named_by_date(void)
{
	DIR *dir = opendir(in_scratch("media"));
	struct dirent *e;
	unsigned n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL)
		n += strlen(e->d_name) == strlen("2026-11-26-153012.iso") &&
		     strcmp(e->d_name + 17, ".iso") == 0;
	closedir(dir);
	return n;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void each_burned_disc_is_renamed_and_verified(void **state)
{
	static const char *const name[] = {"HOLIDAY.iso", "HOLIDAY-2.iso", "HOLIDAY-3.iso"};
	char path[64];

	(void)state;
	assert_true(image_is("blank-1.iso"));
	for (unsigned i = 0; i < 3; i++) {
		burn("HOLIDAY");
		assert_true(eject());
		snprintf(path, sizeof(path), "media/%s", name[i]);
		wait_until(info().image && info().mmc.blank && info().mmc.loaded);
		wait_until(nothing_pending());
		assert_int_equal(size_of(path), 20 * 2048);
		assert_true(checksum_matches(name[i]));
		assert_string_equal(info().postburn.problem, "");
		assert_non_null(strstr(info().postburn.last, "is verified"));
	}
}

static void discs_are_named_by_date(void **state)
{
	(void)state;
	stop();
	fake_burned.rename = POSTBURN_RENAME_DATE;
	start();
	burn("HOLIDAY");
	assert_true(eject());
	wait_until(info().mmc.blank && info().mmc.loaded);
	wait_until(nothing_pending());
	assert_int_equal(discs_named_by_date(), 1);
}

/* Burning programs open and close the tray after a burn, and then read the disc. */
static void a_burned_disc_that_is_reloaded_stays(void **state)
{
	(void)state;
	burn("HOLIDAY");
	assert_true(eject());
	turn(event, &usb, 1, 20, NULL);
	assert_true(load());
	assert_true(fake_ready(&usb));
	turn(event, &usb, 1, 500, NULL);
	assert_true(image_is("blank-1.iso"));
	assert_true(read_block());
	assert_true(eject());
	wait_until(scratch_has("media/HOLIDAY.iso"));
}

static void an_idle_burned_disc_is_replaced(void **state)
{
	(void)state;
	stop();
	fake_burned.idle = 600;
	start();
	burn("HOLIDAY");
	assert_true(fake_lock(&usb, true));
	turn(event, &usb, 1, 1500, NULL);
	assert_true(image_is("blank-1.iso"));
	/* A host that reads keeps the disc, locked or not. */
	assert_true(fake_lock(&usb, false));
	for (int i = 0; i < 30; i++) {
		turn(event, &usb, 1, 50, NULL);
		assert_true(read_block());
	}
	assert_true(image_is("blank-1.iso"));
	assert_true(info().mmc.finalised);
	wait_until(scratch_has("media/HOLIDAY.iso"));
	wait_until(info().mmc.blank && info().mmc.loaded);
}

static void burn_dvd_rw(void)
{
	stop();
	fake_blank[0] = disc_medium_of(DISC_DVD_RW);
	fake_burned.idle = 300;
	start();
	burn("HOLIDAY");
}

static void a_disc_that_the_host_erases_is_no_burned_disc(void **state)
{
	struct mmc_xfer xfer;

	(void)state;
	burn_dvd_rw();
	assert_true(fake_lock(&usb, true));
	mmc_begin(drive_engine(usb.drive), (const uint8_t[12]){0xa1}, 12, 0, &xfer);
	assert_int_equal(fake_end(&usb), MMC_GOOD);
	assert_true(fake_lock(&usb, false));
	turn(event, &usb, 1, 1500, NULL);
	assert_true(image_is("blank-1.iso"));
	burn("AGAIN");
	wait_until(scratch_has("media/AGAIN.iso"));
}

static void a_disc_that_was_burned_before_is_no_burned_disc(void **state)
{
	(void)state;
	burn_dvd_rw();
	assert_true(eject());
	wait_until(scratch_has("media/HOLIDAY.iso") && info().mmc.loaded && nothing_pending());
	assert_true(run(DRIVE_INSERT, "HOLIDAY.iso"));
	while (!fake_ready(&usb))
		;
	assert_true(eject());
	turn(event, &usb, 1, 1500, NULL);
	assert_true(image_is("HOLIDAY.iso"));
}

static void without_idle_time_a_burned_disc_stays(void **state)
{
	(void)state;
	burn("HOLIDAY");
	turn(event, &usb, 1, 2500, NULL);
	assert_true(image_is("blank-1.iso"));
}

static void an_open_disc_ejected_by_the_host_stays(void **state)
{
	(void)state;
	assert_true(fake_ready(&usb));
	assert_true(fake_write(&usb, 0));
	assert_true(eject());
	turn(event, &usb, 1, 600, NULL);
	assert_true(image_is("blank-1.iso"));
	assert_true(info().mmc.ejected_by_host);
}

static void no_blank_follows_an_eject_command(void **state)
{
	(void)state;
	burn("HOLIDAY");
	assert_true(run(DRIVE_EJECT, NULL));
	wait_until(scratch_has("media/HOLIDAY.iso"));
	wait_until(nothing_pending());
	assert_true(checksum_matches("HOLIDAY.iso"));
	assert_true(image_is(""));
	restart();
	assert_true(image_is(""));
}

static void another_disc_can_be_inserted_by_command(void **state)
{
	(void)state;
	put_size("media/a.iso", 4096);
	burn("HOLIDAY");
	assert_true(run(DRIVE_INSERT, "a.iso"));
	wait_until(scratch_has("media/HOLIDAY.iso"));
	turn(event, &usb, 1, 300, NULL);
	assert_true(image_is("a.iso"));
}

static void the_same_disc_inserted_by_command_stays_burned(void **state)
{
	(void)state;
	burn("HOLIDAY");
	assert_true(run(DRIVE_INSERT, "blank-1.iso"));
	turn(event, &usb, 1, 300, NULL);
	assert_true(image_is("blank-1.iso"));
	assert_true(scratch_has("media/blank-1.iso"));
	assert_false(scratch_has("media/HOLIDAY.iso"));
	/* It still counts as a burned disc. */
	assert_true(fake_ready(&usb));
	assert_true(eject());
	wait_until(scratch_has("media/HOLIDAY.iso"));
}

/* The disc that is inserted is the one being verified. */
static void an_insert_cancels_the_verification(void **state)
{
	(void)state;
	burn("HOLIDAY");
	/* Verifying takes longer than the test; the rest is a hole, so storage reads nothing. */
	assert_int_equal(truncate(in_scratch("media/blank-1.iso"), (off_t)64 << 30), 0);
	assert_true(run(DRIVE_EJECT, NULL));
	wait_until(strcmp(info().postburn.state, "verifying") == 0);
	assert_true(run(DRIVE_INSERT, "HOLIDAY.iso"));
	wait_until(nothing_pending());
	assert_true(image_is("HOLIDAY.iso"));
	assert_false(scratch_has("media/HOLIDAY.iso" CHECKSUM_SUFFIX));
	assert_non_null(strstr(info().postburn.last, "given up"));
}

static void a_stop_does_not_wait_for_the_verification(void **state)
{
	uint64_t begun;

	(void)state;
	burn("HOLIDAY");
	assert_int_equal(truncate(in_scratch("media/blank-1.iso"), (off_t)64 << 30), 0);
	assert_true(eject());
	wait_until(strcmp(info().postburn.state, "verifying") == 0);
	/* The next disc is burned meanwhile, and waits. */
	wait_until(info().mmc.blank && info().mmc.loaded);
	burn("OTHER");
	assert_true(eject());
	wait_until(info().postburn.waiting == 1);
	begun = now_ms();
	restart();
	assert_true(now_ms() - begun < WAIT_SECONDS * 1000);
	assert_true(scratch_has("media/HOLIDAY.iso"));
	assert_false(scratch_has("media/HOLIDAY.iso" CHECKSUM_SUFFIX));
}

static void a_label_with_a_path_gives_a_safe_name(void **state)
{
	(void)state;
	burn("../x");
	assert_true(eject());
	wait_until(scratch_has("media/_x.iso"));
	wait_until(info().mmc.blank && info().mmc.loaded);
	burn("..");
	assert_true(eject());
	wait_until(discs_named_by_date() == 1);
}

/* ---- after a restart ----------------------------------------------------------------------- */

static void the_last_disc_is_back_after_a_restart(void **state)
{
	(void)state;
	put_size("media/a.iso", 4096);
	restart();
	assert_true(image_is("blank-1.iso"));
	assert_true(run(DRIVE_INSERT, "a.iso"));
	restart();
	assert_true(image_is("a.iso"));
	/* A disc in the open tray counts as in the drive: a restart closes the tray. */
	assert_true(fake_ready(&usb));
	assert_true(eject());
	turn(event, &usb, 1, 50, NULL);
	restart();
	assert_true(image_is("a.iso"));
	assert_true(info().mmc.loaded);
	assert_true(run(DRIVE_EJECT, NULL));
	restart();
	assert_true(image_is(""));
	assert_true(run(DRIVE_NEXT, NULL));
	assert_true(image_is("a.iso"));
	restart();
	assert_true(image_is("a.iso"));
	/* The disc's image was deleted: the drive starts with a blank. */
	unlink(in_scratch("media/a.iso"));
	restart();
	assert_true(image_is("blank-1.iso"));
}

static void a_burned_disc_is_renamed_after_a_restart(void **state)
{
	(void)state;
	burn("HOLIDAY");
	restart();
	assert_true(image_is("blank-1.iso"));
	assert_int_equal(info().mmc.type, DISC_DVD_ROM);
	assert_true(fake_ready(&usb));
	assert_true(eject());
	wait_until(scratch_has("media/HOLIDAY.iso"));
	wait_until(info().mmc.blank && info().mmc.loaded);
}

/* The daemon dies and the next one takes over; the host notices nothing. */
static void a_burned_disc_is_renamed_after_a_take_over(void **state)
{
	struct handover *k;
	int fd;

	(void)state;
	stop();
	assert_int_equal(handover_new(&k), 0);
	assert_int_equal(sd_event_new(&event), 0);
	fake_drive(&usb, "drive0", event, &set, 200);
	drive_set_handover(usb.drive, k);
	assert_true(run(DRIVE_BLANK, "d.iso"));
	burn("HOLIDAY");
	fd = dup(handover_fd(drive_handover(usb.drive)));
	stop();
	assert_int_equal(handover_open(fd, &k), 0);
	assert_int_equal(sd_event_new(&event), 0);
	fake_drive(&usb, "drive0", event, &set, 200);
	drive_set_handover(usb.drive, k);
	drive_restore(usb.drive);
	assert_true(image_is("d.iso"));
	assert_true(fake_host(&usb, 0x00, 0));
	assert_true(eject());
	wait_until(scratch_has("media/HOLIDAY.iso"));
	wait_until(info().mmc.blank && info().mmc.loaded);
}

static void a_new_configured_image_overrides_the_drive_record(void **state)
{
	(void)state;
	stop();
	put_size("media/a.iso", 4096);
	put_size("media/b.iso", 4096);
	fake_burned.blank = false;
	unlink(in_scratch("media/.mmcgadget-drive0.mmcdisc"));
	fake_image = "a.iso";
	start();
	assert_true(image_is("a.iso"));
	assert_true(run(DRIVE_INSERT, "b.iso"));
	restart();
	assert_true(image_is("b.iso"));
	/* An image that is new in the configuration overrides the drive record. */
	put_size("media/c.iso", 4096);
	stop();
	fake_image = "c.iso";
	start();
	assert_true(image_is("c.iso"));
	assert_true(run(DRIVE_EJECT, NULL));
	restart();
	assert_true(image_is(""));
	/* The disc's image was deleted, and no blank is configured. */
	assert_true(run(DRIVE_INSERT, "b.iso"));
	unlink(in_scratch("media/b.iso"));
	restart();
	assert_true(image_is(""));
	/* A damaged drive record is ignored. */
	stop();
	put_text("media/.mmcgadget-drive0.mmcdisc", "mmcgadget drive 1\nimage a.iso\n\xff");
	start();
	assert_true(image_is("c.iso"));
	/* No drive record is kept, by configuration. */
	assert_true(run(DRIVE_INSERT, "a.iso"));
	stop();
	fake_remembers = false;
	start();
	assert_true(image_is("c.iso"));
}

/* ---- status -------------------------------------------------------------------------------- */

static void status_shows_burned_only_if_configured(void **state)
{
	json_t *o = status_drive(usb.drive, NULL), *b = json_object_get(o, "burned");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(b, "state")), "");
	assert_string_equal(json_string_value(json_object_get(b, "problem")), "");
	json_decref(o);
	stop();
	memset(&fake_burned, 0, sizeof(fake_burned));
	start();
	o = status_drive(usb.drive, NULL);
	assert_null(json_object_get(o, "burned"));
	json_decref(o);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_burned_disc_is_renamed_and_verified),
		T(discs_are_named_by_date),
		T(a_burned_disc_that_is_reloaded_stays),
		T(an_idle_burned_disc_is_replaced),
		T(a_disc_that_the_host_erases_is_no_burned_disc),
		T(a_disc_that_was_burned_before_is_no_burned_disc),
		T(without_idle_time_a_burned_disc_stays),
		T(an_open_disc_ejected_by_the_host_stays),
		T(no_blank_follows_an_eject_command),
		T(another_disc_can_be_inserted_by_command),
		T(the_same_disc_inserted_by_command_stays_burned),
		T(an_insert_cancels_the_verification),
		T(a_stop_does_not_wait_for_the_verification),
		T(a_label_with_a_path_gives_a_safe_name),
		T(the_last_disc_is_back_after_a_restart),
		T(a_burned_disc_is_renamed_after_a_restart),
		T(a_burned_disc_is_renamed_after_a_take_over),
		T(a_new_configured_image_overrides_the_drive_record),
		T(status_shows_burned_only_if_configured),
	};

	return cmocka_run_group_tests_name("burned", tests, NULL, NULL);
}
