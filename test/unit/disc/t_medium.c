// SPDX-License-Identifier: GPL-2.0-or-later
/* The medium table, and a disc that takes all its sizes from a row that is not in the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/disc/made_up.h"

static const uint8_t buf[32 * MEDIA_BLOCK];

/* ECC block, capacity, number of tracks. */
static void a_disc_takes_all_sizes_from_its_row(void **state)
{
	struct disc_options o = {.medium = &made_up_r, .media = media_mem_new(0, true)};
	struct disc *d = disc_open(&o);

	(void)state;
	assert_ptr_equal(d->medium, &made_up_r);
	assert_int_equal(disc_track_free(d, disc_track(d, disc_open_track(d))), made_up_r.capacity);
	assert_int_equal(disc_reserve(d, 33), DISC_OK);
	assert_int_equal(disc_track_free(d, disc_track(d, disc_open_track(d))), 64);
	assert_int_equal(disc_write(d, 0, 20, buf), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_nwa(d), 32);
	for (unsigned n = 2; n <= made_up_r.max_tracks; n++) {
		assert_int_equal(disc_nwa(d), 32 * (n - 1));
		assert_int_equal(disc_write(d, disc_nwa(d), 16, buf), DISC_OK);
		assert_int_equal(disc_close_session(d), DISC_OK);
	}
	/* All tracks are used, so nothing can be appended. */
	assert_true(d->layout.finalised);
	assert_int_equal(d->layout.tracks, 7);
	disc_put(d);
}

/* The types that `blank NAME type=` accepts. */
static void the_table_lists_types_of_blanks(void **state)
{
	char list[128];

	(void)state;
	assert_ptr_equal(disc_medium_of_blank(), disc_medium_named("dvd+r"));
	assert_int_equal(disc_medium_list(list, sizeof(list)), 13);
	assert_string_equal(list,
		"dvd+r, dvd+r-dl, dvd-r, dvd-r-dl, dvd-rw, dvd+rw, dvd-ram, bd-r, "
		"bd-r-dl, bd-re, bd-re-dl, cd-r and cd-rw");
	assert_true(disc_medium_is_recordable(disc_medium_named("dvd+r")));
	assert_false(disc_medium_is_recordable(disc_medium_named("dvd-rom")));
	assert_null(disc_medium_named("made-up-r"));
	assert_int_equal(disc_medium_largest(), 24438784);
	for (int type = 0; type < DISC_TYPES; type++) {
		const struct disc_medium *m = disc_medium_of((enum disc_type)type);

		assert_true(m->ecc_blocks > 0 && m->layers > 0 && m->state_version > 0);
		assert_in_range(m->max_tracks, 1, DISC_MAX_TRACKS);
		assert_in_range(m->unit, 1, MEDIA_UNIT_MAX);
	}
}

/* An image without a state file is a DVD-ROM if a DVD can hold it, otherwise a BD-ROM. */
static void the_size_of_an_image_gives_its_type(void **state)
{
	static const struct {
		uint64_t blocks;
		const char *name;
	} sizes[] = {
		{1, "dvd-rom"},
		{2298497, "dvd-rom"}, /* two layers */
		{4173824, "dvd-rom"},
		{4173825, "bd-rom"},
		{24438784, "bd-rom"},
		{UINT64_C(0x100000000), "bd-rom"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct media *m = media_mem_new(sizes[i].blocks, false);
		struct disc *d = disc_new(m, 0, NULL, NULL);

		assert_string_equal(disc_medium_of_image(sizes[i].blocks)->name, sizes[i].name);
		assert_string_equal(d->medium->name, sizes[i].name);
		disc_put(d);
	}
	/* disc_medium_shows_in_image() is true if the image of a finalised disc gives its type. */
	for (int type = 0; type < DISC_TYPES; type++) {
		const struct disc_medium *m = disc_medium_of((enum disc_type)type);

		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			bool same =
				disc_medium_of_image(sizes[i].blocks)->type == m->when_finalised;

			if (m->capacity && sizes[i].blocks <= m->capacity &&
				m->when_finalised != m->type)
				assert_int_equal(
					disc_medium_shows_in_image(m, (uint32_t)sizes[i].blocks),
					same);
		}
	}
}

/* What status, list and watch show; of a medium that is never formatted: nothing. */
static void each_format_state_has_a_name(void **state)
{
	static const struct {
		enum disc_type type;
		enum disc_format format;
		const char *name;
	} rows[] = {
		{DISC_DVD_PLUS_R, DISC_UNFORMATTED, ""},
		{DISC_DVD_RW, DISC_UNFORMATTED, "unformatted"},
		{DISC_DVD_RW, DISC_INTERMEDIATE, "intermediate"},
		{DISC_DVD_PLUS_RW, DISC_FORMATTED, "formatted"},
		{DISC_BD_R, DISC_FORMATTED, "formatted"},
		{DISC_BD_R, DISC_FORMATTED_POW, "formatted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name =
			disc_medium_format_name(disc_medium_of(rows[i].type), rows[i].format);

		assert_non_null(name);
		assert_string_equal(name, rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disc_takes_all_sizes_from_its_row),
		cmocka_unit_test(the_table_lists_types_of_blanks),
		cmocka_unit_test(the_size_of_an_image_gives_its_type),
		cmocka_unit_test(each_format_state_has_a_name),
	};

	return cmocka_run_group_tests_name("medium", tests, NULL, NULL);
}
