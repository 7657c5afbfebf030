// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A DVD-R that is recorded at once: SYNCHRONIZE CACHE completes it. As BOT does, the test calls
 * mmc_end() again only when the drive has asked for it, so a wait that nobody ends is found.
 */
#include "daemon/drive/place_fixture.h"

#include "daemon/cd_burn.h"
#include "disc/medium.h"
#include "image/image.h"

static void load_type(const char *name, const char *type)
{
	struct record r = {.base = {.progress = on_progress, .final = on_final}};

	drive_submit_blank(usb[0].drive, name,
		&(struct image_blank){.medium = disc_medium_named(type)}, false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.ok);
	assert_true(fake_ready(&usb[0]));
}

/* The status of the command, each time after the drive has asked for mmc_end(). */
static enum mmc_status end_when_asked(struct fake_usb *u)
{
	enum mmc_status s;

	for (;;) {
		atomic_store(&u->resumed, false);
		s = mmc_end(drive_engine(u->drive));
		if (s != MMC_AGAIN)
			break;
		for (uint64_t end = now_ms() + 20000; !atomic_load(&u->resumed);) {
			if (now_ms() >= end)
				fail_msg("the drive waits, and never goes on");
			fake_nap();
		}
		drive_resumed(u->drive);
	}
	drive_changed(u->drive);
	return s;
}

static void record_at_once(const char *type)
{
	static const uint8_t select[10] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 60};
	static const uint8_t reserve[10] = {0x53, 0, 0, 0, 0, 0, 0, 0, 40};
	static const uint8_t sync[10] = {0x35};
	struct mmc_xfer xfer;
	uint8_t list[60] = {0};

	load_type("d.iso", type);
	list[8] = 0x05;
	list[9] = 0x32;
	list[10] = 0x42; /* BUFE, disc-at-once */
	list[11] = 0x05;
	list[12] = 0x08;
	assert_true(cd_command(&usb[0], select, sizeof(select), sizeof(list), list));
	assert_true(cd_command(&usb[0], reserve, sizeof(reserve), 0, NULL));
	burn(0, 40);
	mmc_begin(drive_engine(usb[0].drive), sync, sizeof(sync), 0, &xfer);
	assert_int_equal(end_when_asked(&usb[0]), MMC_GOOD);
	assert_true(info(0).mmc.finalised);
}

static void a_dvd_r_is_finalised_by_synchronize_cache(void **state)
{
	(void)state;
	record_at_once("dvd-r");
}

static void so_is_one_of_two_layers(void **state)
{
	(void)state;
	record_at_once("dvd-r-dl");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		T(a_dvd_r_is_finalised_by_synchronize_cache),
		T(so_is_one_of_two_layers),
	};

	return cmocka_run_group_tests_name("at once", tests, NULL, NULL);
}
