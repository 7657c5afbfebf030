// SPDX-License-Identifier: GPL-2.0-or-later
/* The state file: encoded and decoded, damaged in every way, beside another image. */
#include "unit/disc/state_bench.h"

static void a_state_survives_encoding_and_decoding(void **state)
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
		/* The newlines that a store pads the file with; a state without boot ID. */
		memset(text + len, '\n', STORE_GRAIN - len);
		assert_null(disc_state_decode(text, STORE_GRAIN, NULL, &t));
		s.boot[0] = '\0';
		len = disc_state_encode(&s, text);
		assert_null(disc_state_decode(text, len, NULL, &t));
		assert_true(same_state(&s, &t));
	}
}

/* The largest state: as many tracks as a disc holds, with the longest numbers. */
static void the_largest_state_fits_the_file(void **state)
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

static void every_changed_byte_and_truncation_is_found(void **state)
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

			/* Every other value of the byte. */
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

static void the_state_of_another_image_is_refused(void **state)
{
	struct disc_state s = state_of(&layouts[3]); /* 50 blocks, open */
	struct disc *d;

	(void)state;
	s.checked = 32;
	s.check = crc_of_stamps(32);
	len = disc_state_encode(&s, text);
	assert_read_only_disc(49);
	assert_read_only_disc(1);
	assert_read_only_disc(0);
	assert_read_only_disc(50 + MAX_UNSAVED + 1);
	make_storage(50 + MAX_UNSAVED);
	d = open_disc();
	assert_null(d->read_only);
	assert_int_equal(disc_track_nwa(d, disc_track(d, 1)), 50);
	assert_int_equal(d->dropped, MAX_UNSAVED);
	disc_put(d);
	powercut_free(storage);
	s.check++;
	len = disc_state_encode(&s, text);
	assert_read_only_disc(50);
	/* The image of a finalised disc must have exactly the recorded blocks. */
	s = state_of(&layouts[7]);
	len = disc_state_encode(&s, text);
	assert_read_only_disc(81);
	assert_read_only_disc(79);
}

/* What version 1 has of a disc with 50 blocks. */
static void add_lines_of_50_blocks(void)
{
	add_line("capacity 300");
	add_line("sessions 1");
	add_line("track 1 session 1 start 0 written 50 reserved 0 open");
	add_line("ahead 64");
}

static void assert_recordable_disc(void)
{
	struct disc *d;

	make_storage(50);
	d = open_disc();
	assert_null(d->read_only);
	disc_put(d);
	powercut_free(storage);
}

static void a_file_that_is_no_state_is_refused(void **state)
{
	struct disc_state s = state_of(&layouts[3]);

	(void)state;
	len = 0;
	assert_read_only_disc(50);
	assert_read_only_disc(0);
	memset(text, 0, STORE_GRAIN);
	len = STORE_GRAIN;
	assert_read_only_disc(50);
	len = disc_state_encode(&s, text);
	text[len / 2] ^= 1;
	assert_read_only_disc(50);
	len = disc_state_encode(&s, text) / 2;
	assert_read_only_disc(50);
}

/* Versions other than 1 to 3 are refused, and versions 2 and 3 without a type. */
static void other_versions_are_refused(void **state)
{
	(void)state;
	for (unsigned version = 0; version <= 4; version++) {
		char line[64];

		len = 0;
		snprintf(line, sizeof(line), "mmcgadget disc state %u", version);
		add_line(line);
		add_lines_of_50_blocks();
		end_state();
		if (version == 1)
			assert_recordable_disc();
		else
			assert_read_only_disc(50);
	}
}

/* Lines of state files with the right checksum, up to NULL. */
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
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 10 reserved 0 closed",
		"track 2 session 1 start 32 written 18 reserved 0 open"},
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

static void contradictions_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contradictions); i++) {
		begin_state_1();
		for (size_t n = 0; n < 6 && contradictions[i][n]; n++)
			add_line(contradictions[i][n]);
		add_line("ahead 64");
		end_state();
		assert_read_only_disc(50);
	}
	/* A file written in the same way, without a contradiction, is accepted. */
	begin_state_1();
	add_lines_of_50_blocks();
	end_state();
	assert_recordable_disc();
}

/* After a crash in this boot the blocks of the image count, up to the reservation. */
static void a_track_grows_only_to_its_reservation(void **state)
{
	struct disc_state s = state_of(&layouts[2]); /* 20 of 96 */

	(void)state;
	strcpy(s.boot, "boot-1");
	s.max_unsaved = 200;
	len = disc_state_encode(&s, text);
	for (uint32_t blocks = 95; blocks <= 97; blocks++) {
		make_storage(blocks);
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
		cmocka_unit_test(a_state_survives_encoding_and_decoding),
		cmocka_unit_test(the_largest_state_fits_the_file),
		cmocka_unit_test(every_changed_byte_and_truncation_is_found),
		cmocka_unit_test(the_state_of_another_image_is_refused),
		cmocka_unit_test(a_file_that_is_no_state_is_refused),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(a_track_grows_only_to_its_reservation),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
