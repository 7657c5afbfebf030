// SPDX-License-Identifier: GPL-2.0-or-later
/* Version 2 of the state file: other media, format states, and cuts that are announced. */
#include "unit/disc/state_bench.h"

static void check_there_and_back(const struct disc_state *s, int version)
{
	char first[64];
	struct disc_state t;

	len = disc_state_encode(s, text);
	snprintf(first, sizeof(first), "mmcgadget disc state %d\n", version);
	assert_memory_equal(text, first, strlen(first));
	assert_null(disc_state_decode(text, len, s->medium, &t));
	assert_true(same_state(s, &t));
}

static void version_2_only_where_it_is_needed(void **state)
{
	struct disc_state s = state_of(&layouts[6]), t;

	(void)state;
	/* What 1 can say is written as 1: an older daemon goes on with the disc. */
	check_there_and_back(&s, 1);
	s = state_of(&layouts[0]);
	s.truncate = true;
	check_there_and_back(&s, 2);
	s = state_of(&layouts[5]); /* tracks at 0 and 64: multiples of 32 too */
	s.medium = &made_up_r;
	check_there_and_back(&s, 2);
	assert_string_equal(disc_state_decode(text, len, NULL, &t),
		"it is of a type that this daemon does not know");
	s.layout.track[1].start = 80; /* a multiple of 16 alone */
	s.layout.track[0].written = 70;
	len = disc_state_encode(&s, text);
	assert_string_equal(disc_state_decode(text, len, &made_up_r, &t), "it contradicts itself");
	for (int format = DISC_UNFORMATTED; format <= DISC_FORMATTED; format += 2) {
		s = overwrite_state((enum disc_format)format);
		check_there_and_back(&s, 2);
		s.truncate = true;
		s.unit = 2352;
		check_there_and_back(&s, 2);
	}
}

static const char *const contradictions_of_2[][6] = {
	/* lines of version 1, of a medium without tracks */
	{"type made-up-rw", "capacity 400", "state formatted", "format 300",
		"track 1 session 1 start 0 written 50 reserved 0 closed"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "finalised yes"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "check 1 00000000"},
	/* sizes */
	{"type made-up-rw", "capacity 400", "state formatted", "format 401"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 0"},
	{"type made-up-rw", "capacity 400", "state formatted"},
	{"type made-up-rw", "capacity 400", "state blank", "format 300"},
	{"type made-up-rw", "capacity 0", "state blank"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300",
		"pending truncate 301"},
	{"type made-up-rw", "capacity 400", "state intermediate", "format 300"},
	/* words */
	{"type made-up-rw", "capacity 400", "state erased", "format 300"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "pending erase 0"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "colour blue"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "unit 0"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "unit 67584"},
	{"type made-up-rw", "capacity 400", "state formatted", "format 300", "unit 2352"},
	{"type made-up-r", "capacity 300", "sessions 1", "state formatted", "format 300",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	/* an image is not cut where blocks are counted */
	{"type dvd+r", "capacity 300", "sessions 1", "pending truncate 49",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	/* a medium that cannot be recorded has no open track */
	{"type dvd-rom", "capacity 300", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"type floppy", "capacity 300", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 50 reserved 0 open"},
};

static void begin_text_2(void)
{
	len = 0;
	add_line("mmcgadget disc state 2");
}

static void contradictory_version_2(void **state)
{
	struct disc *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contradictions_of_2); i++) {
		begin_text_2();
		for (size_t n = 0; n < 6 && contradictions_of_2[i][n]; n++)
			add_line(contradictions_of_2[i][n]);
		end_text();
		unlisted = strstr(contradictions_of_2[i][0], "-rw") ? &made_up_rw : &made_up_r;
		comes_up_read_only(50);
	}
	/* The lines of 2 in a text of 1. */
	begin_text();
	for (unsigned n = 0; n < 4; n++)
		add_line(contradictions_of_2[0][n]);
	end_text();
	unlisted = &made_up_rw;
	comes_up_read_only(50);
	/* The same in a text of 2, and nothing wrong. */
	begin_text_2();
	for (unsigned n = 0; n < 4; n++)
		add_line(contradictions_of_2[0][n]);
	end_text();
	storage_with(50);
	d = open_disc();
	assert_null(d->read_only);
	assert_ptr_equal(d->medium, &made_up_rw);
	assert_int_equal(disc_readable_blocks(d), 300);
	disc_put(d);
	powercut_free(storage);
	/* More blocks than were formatted. */
	begin_text_2();
	add_line("type made-up-rw");
	add_line("capacity 400");
	add_line("state formatted");
	add_line("format 49");
	end_text();
	comes_up_read_only(50);
	unlisted = NULL;
}

/* A finished disc of a type that only version 2 names. */
static void a_rom_by_its_state(void **state)
{
	struct disc *d;

	(void)state;
	begin_text_2();
	add_line("type dvd-rom");
	add_line("capacity 50");
	add_line("finalised yes");
	add_line("sessions 1");
	add_line("track 1 session 1 start 0 written 50 reserved 0 closed");
	end_text();
	storage_with(50);
	d = open_disc();
	assert_null(d->read_only);
	assert_int_equal(d->medium->type, DISC_DVD_ROM);
	assert_int_equal(disc_readable_blocks(d), 50);
	disc_put(d);
	check_untouched(50);
	powercut_free(storage);
	comes_up_read_only(49);
}

/* A state that announces that the image is to be cut: it is, whatever the image holds. */
static void an_announced_cut(void **state)
{
	static const struct disc_medium *const media[] = {&made_up_r, &made_up_rw};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media); i++) {
		struct disc_state s = overwrite_state(DISC_UNFORMATTED), t;
		struct folder *f;
		struct disc *d;
		char now[STORE_TEXT_MAX];
		int n;

		unlisted = s.medium = media[i];
		s.truncate = true;
		len = disc_state_encode(&s, text);
		assert_non_null(strstr(text, "\npending truncate 0\n"));
		storage_with(50);
		d = open_disc();
		assert_null(d->read_only);
		assert_ptr_equal(d->medium, media[i]);
		assert_true(disc_is_blank(d));
		assert_int_equal(storage->size, 0);
		assert_int_equal(disc_unsynced(d), 0);
		/* The announcement is gone from the state, and the medium still has its name. */
		f = powercut_folder(storage);
		n = f->ops->read(f, STATE, now, sizeof(now));
		f->ops->close(f);
		assert_true(n > 0);
		assert_null(disc_state_decode(now, (size_t)n, media[i], &t));
		assert_false(t.truncate);
		assert_ptr_equal(t.medium, media[i]);
		disc_put(d);
		powercut_free(storage);
		/* It cannot be done, so the disc is none that could be recorded. */
		writable = false;
		comes_up_read_only(50);
		writable = true;
	}
	unlisted = NULL;
}

/* A disc that can only be read keeps its type and its blocks. */
static void an_overwritten_image_that_cannot_be_written(void **state)
{
	struct disc_state s = overwrite_state(DISC_FORMATTED);
	uint8_t block[MEDIA_BLOCK] = {0};
	struct disc *d;

	(void)state;
	unlisted = &made_up_rw;
	writable = false;
	len = disc_state_encode(&s, text);
	storage_with(50);
	d = open_disc();
	assert_non_null(d->read_only);
	assert_ptr_equal(d->medium, &made_up_rw);
	assert_int_equal(disc_write(d, 0, 1, block), DISC_CLOSED);
	assert_int_equal(disc_format(d, 300), DISC_CLOSED);
	assert_int_equal(disc_read(d, 49, 1, block), DISC_OK);
	assert_int_equal(disc_read(d, 299, 1, block), DISC_OK);
	disc_put(d);
	check_untouched(50);
	powercut_free(storage);
	writable = true;
	unlisted = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_only_where_it_is_needed),
		cmocka_unit_test(contradictory_version_2),
		cmocka_unit_test(a_rom_by_its_state),
		cmocka_unit_test(an_announced_cut),
		cmocka_unit_test(an_overwritten_image_that_cannot_be_written),
	};

	return cmocka_run_group_tests_name("state 2", tests, NULL, NULL);
}
