// SPDX-License-Identifier: GPL-2.0-or-later
/* Version 2 of the state file: other types, format states, pending truncation. */
#include "unit/disc/state_bench.h"

static void check_encode_and_decode(const struct disc_state *s, int version)
{
	char first[64];
	struct disc_state t;

	len = disc_state_encode(s, text);
	snprintf(first, sizeof(first), "mmcgadget disc state %d\n", version);
	assert_memory_equal(text, first, strlen(first));
	assert_null(disc_state_decode(text, len, s->medium, &t));
	assert_true(same_state(s, &t));
}

static void version_2_is_written_only_if_needed(void **state)
{
	struct disc_state s = state_of(&layouts[6]), t;

	(void)state;
	/* A state that version 1 can express is written as version 1, so an older daemon can
	 * continue the disc. */
	check_encode_and_decode(&s, 1);
	s = state_of(&layouts[0]);
	s.truncate = true;
	check_encode_and_decode(&s, 2);
	s = state_of(&layouts[5]); /* tracks at 0 and 64: multiples of 32 too */
	s.medium = &made_up_r;
	check_encode_and_decode(&s, 2);
	assert_string_equal(disc_state_decode(text, len, NULL, &t),
		"its state file is of a type that this daemon does not know");
	s.layout.track[1].start = 80; /* a multiple of 16 alone */
	s.layout.track[0].written = 70;
	len = disc_state_encode(&s, text);
	assert_string_equal(
		disc_state_decode(text, len, &made_up_r, &t), "its state file contradicts itself");
	for (int format = DISC_UNFORMATTED; format <= DISC_FORMATTED; format += 2) {
		s = overwrite_state((enum disc_format)format);
		check_encode_and_decode(&s, 2);
		s.truncate = true;
		s.unit = 2352;
		check_encode_and_decode(&s, 2);
		s.truncate_stamped = true;
		s.truncate_stamp = (struct media_stamp){UINT64_MAX, INT64_MIN, 999999999};
		check_encode_and_decode(&s, 2);
	}
}

static void a_medium_of_two_layers_keeps_its_layer_break(void **state)
{
	struct disc_state s = state_of(&layouts[2]);

	(void)state;
	s.medium = disc_medium_of(DISC_DVD_PLUS_R_DL);
	check_encode_and_decode(&s, 2);
	s.layer_break = 160;
	check_encode_and_decode(&s, 2);
}

static void a_disc_at_once_stays_one(void **state)
{
	struct disc_state s = state_of(&layouts[2]);

	(void)state;
	s.medium = disc_medium_of(DISC_DVD_R);
	s.layout.at_once = true;
	s.layout.track[0].reserved = 97; /* not rounded up to ECC blocks */
	check_encode_and_decode(&s, 2);
	s.layout.track[0] =
		(struct disc_track){.session = 1, .reserved = 97, .state = DISC_TRACK_RESERVED};
	check_encode_and_decode(&s, 2);
	s.layout.track[0] =
		(struct disc_track){.session = 1, .written = 97, .reserved = 97, .state = CLOSED};
	s.layout.finalised = true;
	check_encode_and_decode(&s, 2);
}

static void a_dvd_rw_keeps_its_format_state(void **state)
{
	struct disc_state s = {.medium = disc_medium_of(DISC_DVD_RW),
		.format = DISC_INTERMEDIATE,
		.unit = MEDIA_BLOCK,
		.capacity = 400,
		.max_unsaved = MAX_UNSAVED,
		.boot = "c7d2-boot"};

	(void)state;
	disc_layout_one_track(&s.layout, 0, DISC_TRACK_OPEN);
	check_encode_and_decode(&s, 2);
	disc_layout_one_track(&s.layout, 70, DISC_TRACK_OPEN);
	check_encode_and_decode(&s, 2);
	disc_layout_one_track(&s.layout, 80, CLOSED);
	s.format = DISC_FORMATTED;
	s.max_unsaved = 0;
	check_encode_and_decode(&s, 2);
}

/* The state of a BD-R says whether it was formatted; it has the same tracks in both cases. */
static void a_sequential_medium_keeps_its_format_state(void **state)
{
	struct disc_state s = state_of(&layouts[0]);

	(void)state;
	s.medium = disc_medium_of(DISC_BD_R);
	s.format = DISC_FORMATTED;
	check_encode_and_decode(&s, 2);
	s.format = DISC_FORMATTED_POW;
	check_encode_and_decode(&s, 2);
}

static const char *const contradictions_of_2[][6] = {
	/* lines of version 1 that a medium without tracks cannot have */
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
	{"type made-up-rw", "capacity 401", "state blank"},
	{"type made-up-rw", "capacity 401", "state formatted", "format 300"},
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
	/* a BD-R never has the state of a DVD-RW, and a BD-RE never that of a BD-R */
	{"type bd-r", "capacity 320", "state intermediate", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"type bd-re", "capacity 320", "state pow", "format 320"},
	/* a DVD+R is never formatted */
	{"type dvd+r", "capacity 320", "state formatted", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	/* layer break: on a medium of one layer, beyond layer 0, not after whole ECC blocks */
	{"type dvd+r", "capacity 300", "layer-break 160", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"type dvd+r-dl", "capacity 300", "layer-break 2086928", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"type dvd+r-dl", "capacity 300", "layer-break 161", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	/* intermediate state: of another medium, larger than the disc, without a size */
	{"type dvd+rw", "capacity 400", "state intermediate", "format 300"},
	{"type dvd-rw", "capacity 400", "state intermediate", "format 401"},
	{"type dvd-rw", "capacity 400", "state intermediate"},
	/* disc-at-once: on a medium that is not recorded so, not reserved, with a second track */
	{"type dvd+r", "capacity 300", "sessions 1", "at-once",
		"track 1 session 1 start 0 written 50 reserved 50 open"},
	{"type dvd-r", "capacity 300", "sessions 1", "at-once",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"type dvd-r", "capacity 300", "sessions 1", "at-once",
		"track 1 session 1 start 0 written 50 reserved 50 closed",
		"track 2 session 1 start 64 written 0 reserved 0 invisible"},
	/* an image is never truncated below the end of its tracks */
	{"type dvd+r", "capacity 300", "sessions 1", "pending truncate 49",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	/* a medium that cannot be recorded has no open track */
	{"type dvd-rom", "capacity 300", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	/* a type that is unknown, and no type */
	{"type floppy", "capacity 300", "sessions 1",
		"track 1 session 1 start 0 written 50 reserved 0 open"},
	{"capacity 300", "sessions 1", "track 1 session 1 start 0 written 50 reserved 0 open"},
};

static void begin_state_2(void)
{
	len = 0;
	add_line("mmcgadget disc state 2");
}

static void contradictions_in_version_2_are_refused(void **state)
{
	struct disc *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contradictions_of_2); i++) {
		begin_state_2();
		for (size_t n = 0; n < 6 && contradictions_of_2[i][n]; n++)
			add_line(contradictions_of_2[i][n]);
		end_state();
		known_medium = strstr(contradictions_of_2[i][0], "-rw") ? &made_up_rw : &made_up_r;
		assert_read_only_disc(50);
	}
	/* Lines of version 2 in a file of version 1. */
	begin_state_1();
	for (unsigned n = 0; n < 4; n++)
		add_line(contradictions_of_2[0][n]);
	end_state();
	known_medium = &made_up_rw;
	assert_read_only_disc(50);
	/* The same lines in a file of version 2 are accepted. */
	begin_state_2();
	for (unsigned n = 0; n < 4; n++)
		add_line(contradictions_of_2[0][n]);
	end_state();
	make_storage(50);
	d = open_disc();
	assert_null(d->read_only);
	assert_ptr_equal(d->medium, &made_up_rw);
	assert_int_equal(disc_readable_blocks(d), 300);
	disc_put(d);
	powercut_free(storage);
	/* The image has more blocks than were formatted. */
	begin_state_2();
	add_line("type made-up-rw");
	add_line("capacity 400");
	add_line("state formatted");
	add_line("format 49");
	end_state();
	assert_read_only_disc(50);
	known_medium = NULL;
}

/* A complete disc of a type that only version 2 can name. */
static void a_dvd_rom_with_a_state_is_accepted(void **state)
{
	struct disc *d;

	(void)state;
	begin_state_2();
	add_line("type dvd-rom");
	add_line("capacity 50");
	add_line("finalised yes");
	add_line("sessions 1");
	add_line("track 1 session 1 start 0 written 50 reserved 0 closed");
	end_state();
	make_storage(50);
	d = open_disc();
	assert_null(d->read_only);
	assert_int_equal(d->medium->type, DISC_DVD_ROM);
	assert_int_equal(disc_readable_blocks(d), 50);
	disc_put(d);
	check_untouched(50);
	powercut_free(storage);
	assert_read_only_disc(49);
}

/* The stamp of the image that make_storage() makes. */
static struct media_stamp stamp_of_image(uint32_t blocks)
{
	struct media_stamp stamp;
	struct media *m;

	len = 0;
	make_storage(blocks);
	m = powercut_media(storage, false);
	stamp = m->stamp;
	media_close(m);
	powercut_free(storage);
	assert_int_equal(stamp.bytes, blocks * MEDIA_BLOCK);
	return stamp;
}

/* Makes the text of a disc that is to be blank when its image has been cut. */
static void encode_pending(const struct disc_medium *medium, const struct media_stamp *stamp)
{
	struct disc_state s = overwrite_state(DISC_UNFORMATTED);

	s.medium = medium;
	s.truncate = true;
	s.truncate_stamped = stamp;
	if (stamp)
		s.truncate_stamp = *stamp;
	len = disc_state_encode(&s, text);
}

/* The state says that the image is to be truncated: opening does it. */
static void a_pending_truncation_is_done_at_open(void **state)
{
	static const struct disc_medium *const media[] = {&made_up_r, &made_up_rw};
	struct media_stamp stamp = stamp_of_image(50);

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(media); i++) {
		struct disc_state t;
		struct folder *f;
		struct disc *d;
		char now[STORE_TEXT_MAX];
		int n;

		/* Some file systems cut in steps: the image may be shorter, with its old time. */
		stamp.bytes += i < ARRAY_LEN(media) ? 0 : 1;
		known_medium = media[i % ARRAY_LEN(media)];
		encode_pending(known_medium, &stamp);
		assert_non_null(strstr(text, "\npending truncate 0 of "));
		make_storage(50);
		d = open_disc();
		assert_null(d->read_only);
		assert_ptr_equal(d->medium, known_medium);
		assert_true(disc_is_blank(d));
		assert_int_equal(storage->size, 0);
		assert_int_equal(disc_unsynced(d), 0);
		/* The new state file has the same type and no pending truncation. */
		f = powercut_folder(storage);
		n = f->ops->read(f, STATE, now, sizeof(now));
		f->ops->close(f);
		assert_true(n > 0);
		assert_null(disc_state_decode(now, (size_t)n, known_medium, &t));
		assert_false(t.truncate);
		assert_ptr_equal(t.medium, known_medium);
		disc_put(d);
		powercut_free(storage);
		/* If the image cannot be written, the disc is read-only. */
		writable = false;
		assert_read_only_disc(50);
		writable = true;
	}
	known_medium = NULL;
}

/*
 * Somebody has put another file in the place of the image that was to be cut: nothing is cut,
 * unless the disc is opened to be erased.
 */
static void another_image_is_never_cut(void **state)
{
	const struct media_stamp is = stamp_of_image(50);
	struct media_stamp other[] = {is, is, is, is};
	struct disc_options o;
	struct disc *d;

	(void)state;
	other[0].bytes--;
	other[1].seconds++;
	other[2].seconds--;
	other[3].nanoseconds++;
	known_medium = &made_up_rw;
	for (size_t i = 0; i <= ARRAY_LEN(other); i++) {
		/* The last one: an older daemon did not say which image. */
		encode_pending(known_medium, i < ARRAY_LEN(other) ? &other[i] : NULL);
		assert_read_only_disc(50);
		make_storage(50);
		o = (struct disc_options){.medium = known_medium,
			.media = powercut_media(storage, true),
			.erasing = true};
		assert_int_equal(
			store_new(powercut_folder(storage), "disc.iso", storage->boot, &o.store),
			0);
		d = disc_open(&o);
		assert_null(d->read_only);
		assert_true(disc_is_blank(d));
		assert_int_equal(storage->size, 0);
		disc_put(d);
		powercut_free(storage);
	}
	/* A file of 0 bytes has nothing to lose. */
	encode_pending(known_medium, NULL);
	make_storage(0);
	d = open_disc();
	assert_null(d->read_only);
	assert_true(disc_is_blank(d));
	disc_put(d);
	powercut_free(storage);
	known_medium = NULL;
}

static void an_impossible_stamp_is_refused(void **state)
{
	static const char *const lines[] = {"pending truncate 0 of 2048",
		"pending truncate 0 of 2048 time", "pending truncate 0 of 2048 time 7",
		"pending truncate 0 of 2048 time 7.",
		"pending truncate 0 of 2048 time 7.0000000001",
		"pending truncate 0 of 2048 time 7.5 ", "pending truncate 0 time 7.5",
		"pending truncate", "pending truncate x"};

	(void)state;
	known_medium = &made_up_rw;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		begin_state_2();
		add_line("type made-up-rw");
		add_line("capacity 400");
		add_line("state blank");
		add_line(lines[i]);
		end_state();
		assert_read_only_disc(50);
	}
	known_medium = NULL;
}

/* A disc of the overwrite model whose image cannot be written. */
static void a_read_only_image_keeps_type_and_blocks(void **state)
{
	struct disc_state s = overwrite_state(DISC_FORMATTED);
	uint8_t block[MEDIA_BLOCK] = {0};
	struct disc *d;

	(void)state;
	known_medium = &made_up_rw;
	writable = false;
	len = disc_state_encode(&s, text);
	make_storage(50);
	d = open_disc();
	assert_non_null(d->read_only);
	assert_ptr_equal(d->medium, &made_up_rw);
	assert_int_equal(disc_write(d, 0, 1, block), DISC_PROTECTED);
	assert_int_equal(made_up_format(d, 300), DISC_PROTECTED);
	assert_int_equal(disc_read(d, 49, 1, block), DISC_OK);
	assert_int_equal(disc_read(d, 299, 1, block), DISC_OK);
	disc_put(d);
	check_untouched(50);
	powercut_free(storage);
	writable = true;
	known_medium = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_is_written_only_if_needed),
		cmocka_unit_test(a_sequential_medium_keeps_its_format_state),
		cmocka_unit_test(a_medium_of_two_layers_keeps_its_layer_break),
		cmocka_unit_test(a_disc_at_once_stays_one),
		cmocka_unit_test(a_dvd_rw_keeps_its_format_state),
		cmocka_unit_test(contradictions_in_version_2_are_refused),
		cmocka_unit_test(a_dvd_rom_with_a_state_is_accepted),
		cmocka_unit_test(a_pending_truncation_is_done_at_open),
		cmocka_unit_test(another_image_is_never_cut),
		cmocka_unit_test(an_impossible_stamp_is_refused),
		cmocka_unit_test(a_read_only_image_keeps_type_and_blocks),
	};

	return cmocka_run_group_tests_name("state 2", tests, NULL, NULL);
}
