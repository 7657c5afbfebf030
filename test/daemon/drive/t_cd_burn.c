// SPDX-License-Identifier: GPL-2.0-or-later
/* An audio CD is burned in a drive: what the log and the status say, and its cue sheet. */
#include "daemon/drive/place_fixture.h"

#include "daemon/cd_burn.h"
#include "control/status.h"
#include "disc/cd_record.h"
#include "disc/medium.h"
#include "library/cd_set.h"

static void blank(const char *type, const char *name)
{
	const struct image_blank blank = {.medium = disc_medium_named(type)};
	struct record r;

	memset(&r, 0, sizeof(r));
	r.base = (struct reply){.progress = on_progress, .final = on_final};
	drive_submit_blank(usb[0].drive, name, &blank, false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	if (!r.ok)
		fail_msg("%s", r.message);
	assert_true(fake_ready(&usb[0]));
}

static void burn_track(uint32_t lba)
{
	static const uint8_t sector[CD_SECTOR] = {1, 2, 3};

	for (uint32_t i = 0; i < 300; i++)
		assert_true(cd_write(&usb[0], (int32_t)(lba + i), sector, sizeof(sector)));
	wait_ms(20);
}

static void burn_two_tracks(void)
{
	assert_true(cd_select_audio(&usb[0], false));
	burn_track(0);
	assert_true(cd_flush(&usb[0]));
	burn_track(452);
	assert_true(cd_flush(&usb[0]));
	assert_true(close_disc(2));
}

static json_int_t of_cd(const char *member)
{
	json_t *o = status_drive(usb[0].drive, NULL);
	json_int_t n = json_integer_value(json_object_get(json_object_get(o, "cd"), member));

	json_decref(o);
	return n;
}

/* A file of the media folder is there within ten seconds, or is not. */
static bool comes(const char *name, bool there)
{
	for (uint64_t end = now_ms() + 10000; now_ms() < end && scratch_has(name) != there;
		wait_ms(5)) {
	}
	return scratch_has(name) == there;
}

static const char cue[] = "REM MMCGADGET a.bin\r\n"
			  "FILE \"a.bin\" BINARY\r\n"
			  "  TRACK 01 AUDIO\r\n"
			  "    INDEX 01 00:00:00\r\n"
			  "  TRACK 02 AUDIO\r\n"
			  "    INDEX 00 00:04:02\r\n"
			  "    INDEX 01 00:06:02\r\n"
			  "    POSTGAP 00:00:02\r\n";

static void burned_audio_cd_has_a_cue_sheet(void **state)
{
	(void)state;
	blank("cd-r", "a.bin");
	assert_true(cd_select_audio(&usb[0], false));
	burn_track(0);
	assert_true(logged("drive0: burning track 1 (audio) of a.bin"));
	assert_int_equal(of_cd("open_track"), 1);
	assert_true(cd_flush(&usb[0]));
	burn_track(452);
	assert_true(logged("drive0: burning track 2 (audio) of a.bin"));
	assert_int_equal(of_cd("audio"), 2);
	assert_true(cd_flush(&usb[0]));
	assert_int_equal(of_cd("open_track"), 0);
	assert_false(scratch_has("media/a.cue"));
	assert_true(close_disc(2));
	assert_true(comes("media/a.cue", true));
	assert_true(logged("drive0: a.bin is finalised, 2 audio and 0 data tracks, 0:12; "));
	assert_true(logged("drive0: a.cue is the cue sheet of a.bin, for other programs"));
	assert_string_equal(get_text("media/a.cue"), cue);
	assert_int_equal(of_cd("seconds"), (754 + 150) / 75);
	assert_int_equal(info(0).size, 752 * CD_SECTOR);
	assert_int_equal(size_of("media/a.bin"), 752 * CD_SECTOR);
}

/* The power went, or the daemon was killed, between the end of the burn and the cue sheet. */
static void cue_sheet_is_made_good_later(void **state)
{
	struct record r;

	(void)state;
	blank("cd-r", "a.bin");
	burn_two_tracks();
	assert_true(comes("media/a.cue", true));
	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	assert_int_equal(unlink(in_scratch("media/a.cue")), 0);
	run(0, &r, DRIVE_INSERT, "a.bin", false);
	assert_true(r.ok);
	assert_true(comes("media/a.cue", true));
	assert_string_equal(get_text("media/a.cue"), cue);
	/* By that name it is the same disc. */
	run(0, &r, DRIVE_EJECT, NULL, true);
	run(0, &r, DRIVE_INSERT, "a.cue", false);
	assert_true(r.ok);
	assert_string_equal(info(0).image, "a.bin");
	assert_int_equal(info(0).mmc.type, DISC_CD_R);
}

static void erased_cd_rw_has_none(void **state)
{
	static const uint8_t cdb[12] = {0xa1, 1};

	(void)state;
	blank("cd-rw", "a.bin");
	burn_two_tracks();
	assert_true(comes("media/a.cue", true));
	assert_true(fake_ready(&usb[0]));
	assert_true(cd_command(&usb[0], cdb, sizeof(cdb), 0, NULL));
	assert_true(comes("media/a.cue", false));
	assert_int_equal(of_cd("audio"), 0);
	/* The next burn has its own. */
	assert_true(fake_ready(&usb[0]));
	burn_two_tracks();
	assert_true(comes("media/a.cue", true));
}

/* The drive chose the name of the blank before anybody knew what it would become. */
static void blank_that_became_a_bin_is_called_so(void **state)
{
	(void)state;
	blank("cd-r", "blank-1.iso");
	burn_two_tracks();
	assert_true(comes("media/blank-1.cue", true));
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_host(&usb[0], 0x1b, 0x02));
	assert_true(comes("media/blank-1.bin", true));
	assert_true(logged("drive0: blank-1.iso is blank-1.bin now"));
	assert_false(scratch_has("media/blank-1.iso"));
	assert_starts(get_text("media/blank-1.cue"), "REM MMCGADGET blank-1.bin\r\n");
	/* The next blank does not get number 1 again. */
	assert_true(comes("media/blank-2.iso", true));
}

static int setup_of_blanks(void **state)
{
	fake_blank[0] = disc_medium_of(DISC_CD_R);
	fake_burned = (struct drive_burned){.blank = true, .reload = 150, .retry = 200};
	return place_setup(state);
}

static int teardown_of_blanks(void **state)
{
	fake_blank[0] = NULL;
	return place_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			burned_audio_cd_has_a_cue_sheet, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			cue_sheet_is_made_good_later, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(erased_cd_rw_has_none, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			blank_that_became_a_bin_is_called_so, setup_of_blanks, teardown_of_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
