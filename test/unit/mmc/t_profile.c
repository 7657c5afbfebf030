// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules for the rows of the profile table, and for media and profiles. */
#include "mmc/mmc_int.h"
#include "unit/mmc/drive_cmd.h"

static void profile_rows_are_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < mmc_profile_count; i++) {
		const struct mmc_profile *p = &mmc_profiles[i];

		assert_non_null(p->name);
		assert_true((p->finalise_functions & ~p->close_functions) == 0);
		assert_true(p->close_functions == 0 || (p->permissions & P_CLOSE));
		assert_true(p->track_info_length == 36 || p->track_info_length == 40);
		assert_true(!p->formats || (p->permissions & P_READ && p->write_speed[0]));
		/* Fastest first; libburn and wodim reject speeds below 1x. */
		for (unsigned k = 0; k < PROFILE_MAX_SPEEDS && p->write_speed[k]; k++)
			assert_true(p->write_speed[k] >= profile_slowest(p) &&
				    (k == 0 || p->write_speed[k] < p->write_speed[k - 1]));
		for (size_t k = 0; k + 1 < i; k++) /* rows of one profile stand together */
			assert_true(mmc_profiles[k].code != p->code);
	}
	assert_int_equal(mmc_profiles[mmc_profile_count - 1].code, PROFILE_NONE);
}

/* Every medium has exactly one profile row in each format state that it can be in. */
static void every_medium_has_a_profile(void **state)
{
	(void)state;
	for (int type = 0; type < DISC_TYPES; type++) {
		const struct disc_medium *m = disc_medium_of((enum disc_type)type);
		unsigned formats = 0;

		assert_int_equal(m->type, type);
		assert_ptr_equal(disc_medium_named(m->name), m);
		for (size_t i = 0; i < mmc_profile_count; i++) {
			if (!profile_is_for(&mmc_profiles[i], m->type))
				continue;
			assert_int_equal(formats & mmc_profiles[i].formats, 0);
			formats |= mmc_profiles[i].formats;
		}
		assert_true(formats & 1u << DISC_UNFORMATTED);
	}
	assert_null(disc_medium_named("dvd"));
	assert_null(disc_medium_named(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profile_rows_are_consistent),
		cmocka_unit_test(every_medium_has_a_profile),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
