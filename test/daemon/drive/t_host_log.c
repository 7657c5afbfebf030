// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon logs of a burn, so that its owner can look up how it went. */
#include "daemon/drive/place_fixture.h"

static void a_burn_is_logged_from_its_beginning_to_its_end(void **state)
{
	struct record r;

	(void)state;
	run(0, &r, DRIVE_BLANK, "d.iso", false);
	assert_true(r.ok);
	burn(0, 16);
	assert_true(logged("drive0: burning to d.iso begins"));
	assert_true(close_disc(2));
	assert_true(
		logged("drive0: session 1 of d.iso is closed, 32.77 kB are recorded; the disc is "
		       "open for more"));
	burn(16, 32);
	assert_true(close_disc(6));
	assert_true(logged("drive0: d.iso is finalised, 32 blocks, 65.54 kB"));
	assert_int_equal(strstr(get_text("log"), "session 2") != NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_burn_is_logged_from_its_beginning_to_its_end,
			place_setup, place_teardown),
	};

	return cmocka_run_group_tests_name("host log", tests, NULL, NULL);
}
