// SPDX-License-Identifier: GPL-2.0-or-later
/* The state file: there and back, damaged in every way, of another image. */
#include "unit/disc/state_bench.h"

static void there_and_back(void **state)
{
	struct disc_state s, t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		s = state_of(&layouts[i]);
		s.checked = MIN(layouts[i].track[0].written, DISC_STATE_CHECKED);
		s.check = s.checked ? 0xc0ffee11 : 0;
		len = disc_state_encode(&s, text);
		assert_null(disc_state_decode(text, len, NULL, &t));
		assert_true(same_state(&s, &t));
		/* What a store pads it with, and no boot. */
		memset(text + len, '\n', STORE_GRAIN - len);
		assert_null(disc_state_decode(text, STORE_GRAIN, NULL, &t));
		s.boot[0] = '\0';
		len = disc_state_encode(&s, text);
		assert_null(disc_state_decode(text, len, NULL, &t));
		assert_true(same_state(&s, &t));
	}
}

/* The largest there can be fits: as many tracks as a disc holds, with the longest numbers. */
static void the_longest_text(void **state)
{
	struct disc_state s = {.medium = disc_medium_of(DISC_DVD_PLUS_R),
				  .unit = MEDIA_BLOCK,
				  .capacity = UINT32_MAX,
				  .max_unsaved = UINT32_MAX},
			  t;
	struct disc_layout *l = &s.layout;

	(void)state;
	memset(s.boot, 'f', sizeof(s.boot) - 1);
	l->finalised = true;
	for (uint32_t i = 0; i < DISC_MAX_TRACKS; i++)
		l->track[i] = (struct disc_track){.start = i ? 4000000000u + 16 * (i - 1) : 0,
			.written = i ? 16 : 4000000000u,
			.reserved = i ? 16 : 4000000000u,
			.session = (uint16_t)(i + 1),
			.state = CLOSED};
	l->tracks = l->sessions = DISC_MAX_TRACKS;
	s.checked = DISC_STATE_CHECKED;
	s.check = UINT32_MAX;
	len = disc_state_encode(&s, text);
	assert_true(len < STORE_TEXT_MAX);
	print_message("# %zu bytes of %u\n", len, STORE_TEXT_MAX);
	assert_null(disc_state_decode(text, len, NULL, &t));
	assert_true(same_state(&s, &t));
}

static void every_damage(void **state)
{
	struct disc_state s, t;

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(layouts); i++) {
		s = i < ARRAY_LEN(layouts) ? state_of(&layouts[i])
					   : overwrite_state(DISC_FORMATTED);
		s.truncate = i == ARRAY_LEN(layouts);
		len = disc_state_encode(&s, text);
		for (size_t at = 0; at < len; at++) {
			char was = text[at];

			/* Every bit, every other byte. */
			for (unsigned x = 1; x < 256; x++) {
				text[at] = (char)(was ^ (char)x);
				assert_non_null(disc_state_decode(text, len, &made_up_rw, &t));
			}
			text[at] = was;
		}
		for (size_t n = 0; n < len; n++)
			assert_non_null(disc_state_decode(text, n, &made_up_rw, &t));
		assert_null(disc_state_decode(text, len, &made_up_rw, &t));
	}
}

/* ---- beside an image ------------------------------------------------------------------------ */

static uint32_t crc_of_stamps(uint32_t blocks)
{
	uint8_t block[MEDIA_BLOCK];
	uint32_t crc = 0;

	for (uint32_t i = 0; i < blocks; i++) {
		script_stamp(i, block);
		crc = crc32_add(crc, block, sizeof(block));
	}
	return crc;
}

static void of_another_image(void **state)
{
	struct disc_state s = state_of(&layouts[3]); /* 50 blocks, open */
	struct disc *d;

	(void)state;
	s.checked = 32;
	s.check = crc_of_stamps(32);
	len = disc_state_encode(&s, text);
	comes_up_read_only(49);
	comes_up_read_only(1);
	comes_up_read_only(0);
	comes_up_read_only(50 + AHEAD + 1);
	storage_with(50 + AHEAD);
	d = open_disc();
	assert_null(d->read_only);
	assert_int_equal(disc_track_nwa(d, disc_track(d, 1)), 50);
	assert_int_equal(d->dropped, AHEAD);
	disc_put(d);
	powercut_free(storage);
	s.check++;
	len = disc_state_encode(&s, text);
	comes_up_read_only(50);
	/* A finished one has nothing behind it. */
	s = state_of(&layouts[7]);
	len = disc_state_encode(&s, text);
	comes_up_read_only(81);
	comes_up_read_only(79);
}

static void not_a_state(void **state)
{
	struct disc_state s = state_of(&layouts[3]);

	(void)state;
	len = 0;
	comes_up_read_only(50);
	comes_up_read_only(0);
	memset(text, 0, STORE_GRAIN);
	len = STORE_GRAIN;
	comes_up_read_only(50);
	len = disc_state_encode(&s, text);
	text[len / 2] ^= 1;
	comes_up_read_only(50);
	len = disc_state_encode(&s, text) / 2;
	comes_up_read_only(50);
	/* No version but 1 and 2, and no version 2 without a type. */
	for (unsigned version = 0; version <= 3; version++) {
		char line[64];

		len = 0;
		snprintf(line, sizeof(line), "mmcgadget disc state %u", version);
		add_line(line);
		add_line("capacity 300");
		end_text();
		comes_up_read_only(50);
	}
}

/* With a right checksum. NULL ends the lines. */
static const char *const contradictions[][6] = {
	{"capacity 300", "sessions 1", NULL},
	{"capacity 0", "sessions 1", "track 1 session 1 start 0 written 0 reserved 0 invisible"},
	{"sessions 1", "track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 40", "sessions 1", "track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 16 written 34 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 2 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 2", "track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 2", "track 1 session 2 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 50 reserved 48 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 50 reserved 0 invisible"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 50 reserved 64 reserved"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 0 reserved 0 reserved"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 0 reserved 0 closed"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 50 reserved 0 lost"},
	{"capacity 300", "sessions 1", "finalised yes",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "finalised maybe",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "colour blue",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "check 33 00000000",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 40 reserved 0 closed",
		"track 2 session 1 start 32 written 10 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 40 reserved 0 closed",
		"track 2 session 1 start 40 written 10 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 40 reserved 0 closed",
		"track 2 session 1 start 64 written 10 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 40 reserved 0 open",
		"track 2 session 1 start 48 written 2 reserved 0 open"},
	{"capacity 300", "sessions 3", "track 1 session 1 start 0 written 40 reserved 0 closed",
		"track 2 session 3 start 48 written 2 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 2 start 0 written 40 reserved 0 closed",
		"track 2 session 1 start 48 written 2 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 40 reserved 0 closed",
		"track 2 session 1 start 48 written 2 reserved 300 open"},
	{"capacity 300", "sessions 1",
		"track 1 session 1 start 0 written 4294967295 reserved 0 closed",
		"track 2 session 1 start 4294967280 written 4294967295 reserved 0 open"},
};

static void contradictory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contradictions); i++) {
		begin_text();
		for (size_t n = 0; n < 6 && contradictions[i][n]; n++)
			add_line(contradictions[i][n]);
		add_line("ahead 64");
		end_text();
		comes_up_read_only(50);
	}
	/* The same way of writing it, and nothing wrong. */
	begin_text();
	add_line("capacity 300");
	add_line("sessions 1");
	add_line("track 1 session 1 start 0 written 50 reserved 0 open");
	add_line("ahead 64");
	end_text();
	storage_with(50);
	struct disc *d = open_disc();
	assert_null(d->read_only);
	disc_put(d);
	powercut_free(storage);
}

/* Of this boot, the image is longer than the track may be: no track is longer than reserved. */
static void rest_after_a_reservation(void **state)
{
	struct disc_state s = state_of(&layouts[2]); /* 20 of 96 */

	(void)state;
	strcpy(s.boot, "boot-1");
	s.max_unsaved = 200;
	len = disc_state_encode(&s, text);
	for (uint32_t blocks = 95; blocks <= 97; blocks++) {
		storage_with(blocks);
		assert_string_equal(storage->boot, s.boot);
		struct disc *d = open_disc();
		const struct disc_track *t = disc_track(d, 1);

		assert_null(d->read_only);
		assert_int_equal(t->written, MIN(blocks, 96));
		assert_true(t->written <= t->reserved);
		disc_put(d);
		powercut_free(storage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(the_longest_text),
		cmocka_unit_test(every_damage),
		cmocka_unit_test(of_another_image),
		cmocka_unit_test(not_a_state),
		cmocka_unit_test(contradictory),
		cmocka_unit_test(rest_after_a_reservation),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
