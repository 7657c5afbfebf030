// SPDX-License-Identifier: GPL-2.0-or-later
/* What "mmcgadgetctl watch" shows of a CD that a host records session-at-once, up to its end. */
#include "daemon/control/control_fixture.h"

#include "control/status.h"
#include "ctl/watch.h"
#include "daemon/cd_burn.h"

#define SONG  350u /* sectors of each of the two tracks */
#define END   (2 * SONG)
#define STEPS 7u /* no step ends where the first track ends */

static struct watch_drive drive;
static struct watch_view view;
static char *line;

/* Takes a sample, as watch does each second. */
static void look(void)
{
	static unsigned second;
	json_t *o;

	turn(event, usb, 2, 20, NULL);
	o = status_drive(usb[0].drive, NULL);
	watch_take(&drive, o, ++second * UINT64_C(1000000), &view);
	free(line);
	line = watch_line(o, &view);
	json_decref(o);
}

/* The line has each of these texts, which end with NULL. */
static void assert_line(const char *const *text)
{
	for (; *text; text++) {
		if (!strstr(line, *text))
			fail_msg("no \"%s\" in \"%s\"", *text, line);
	}
}

#define SAYS(...) assert_line((const char *const[]){__VA_ARGS__, NULL})

static void burn(int32_t lba, unsigned sectors)
{
	static const uint8_t data[CD_SECTOR] = {1, 2, 3};

	for (unsigned i = 0; i < sectors; i++)
		assert_true(cd_write(&usb[0], lba + (int32_t)i, data, sizeof(data)));
}

static void burn_at_once_ends_as_finished(void **state)
{
	// clang-format off
	static const uint8_t sheet[] = {
		0x01, 0x00, 0, 0x01, 0, 0, 0, 0,
		0x01, 0x01, 0, 0x00, 0, 0, 0, 0,
		0x01, 0x01, 1, 0x00, 0, 0, 2, 0,
		0x01, 0x02, 1, 0x00, 0, 0, 6, 50,
		0x01, 0xaa, 1, 0x01, 0, 0, 11, 25,
	};
	// clang-format on

	(void)state;
	fifo_slow("blank a.bin type=cd-r\n", "ok: drive0: inserted a.bin (blank CD-R, ");
	assert_true(fake_ready(&usb[0]));
	look();
	SAYS("drive0: idle, cd-r, blank, a.bin");
	assert_true(cd_select_audio(&usb[0], true));
	assert_true(cd_cue_sheet(&usb[0], sheet, sizeof(sheet)));
	burn(-150, 150);
	for (unsigned i = 1; i <= STEPS; i++) {
		burn((int32_t)((i - 1) * END / STEPS), END / STEPS);
		look();
		assert_int_equal(view.activity, WATCH_BURNING);
		assert_int_equal(view.end, END);
		assert_int_equal(view.nwa, i * END / STEPS);
		if (i > 2 && i < STEPS)
			assert_true(view.seconds > 0);
		SAYS("drive0: burning, cd-r, open, a.bin", " of 0:09 min");
		if (i < STEPS)
			SAYS(i * END / STEPS < SONG ? ", track 1 (audio)" : ", track 2 (audio)");
	}
	/* All sectors are recorded, but the host has not closed the session yet. */
	assert_true(view.seconds < 0);
	assert_true(cd_flush(&usb[0]));
	look();
	assert_int_equal(view.activity, WATCH_IDLE);
	assert_int_equal(view.end, 0);
	assert_true(view.seconds < 0);
	SAYS("drive0: idle, cd-r, complete, a.bin", "700 blocks (0:09 min) recorded");
	assert_null(strstr(line, "track 2"));
	assert_null(strstr(line, " of "));
	free(line);
	line = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(burn_at_once_ends_as_finished, setup, teardown),
	};

	return cmocka_run_group_tests_name("watch of a burn", tests, NULL, NULL);
}
