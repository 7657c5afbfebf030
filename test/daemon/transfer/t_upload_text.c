// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of an upload: whole it says what was saved, and cut or changed anywhere it says nothing.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mmc/mmc.h"
#include "disc/medium.h"
#include "transfer/asker.h"
#include "transfer/kept_room.h"
#include "transfer/upload_part.h"
#include "transfer/upload_text.h"
#include "drive/burn_rate.h"
#include "util/array.h"
#include "util/number.h"

#include <unistd.h>

static struct upload_text example(void)
{
	struct upload_text t = {.size = UINT64_C(9000000000),
		.offset = UINT64_C(4294967296),
		.touched = 1795000000};

	strcpy(t.image, "my disc\\ \"x\".iso");
	memset(t.sha256, 'a', 64);
	return t;
}

static void a_text_says_what_was_saved(void **state)
{
	struct upload_text t = example(), back;
	char text[UPLOAD_TEXT], padded[4096];
	size_t n = upload_text_encode(&t, text);

	(void)state;
	assert_true(n > 0 && n < UPLOAD_TEXT);
	assert_null(upload_text_decode(text, n, &back));
	assert_string_equal(back.image, t.image);
	assert_string_equal(back.sha256, t.sha256);
	assert_true(back.size == t.size && back.offset == t.offset && back.touched == t.touched);
	/* As a store pads it. */
	memset(padded, '\n', sizeof(padded));
	memcpy(padded, text, n);
	assert_null(upload_text_decode(padded, sizeof(padded), &back));
	t.sha256[0] = '\0';
	memset(t.image, 'x', 255);
	t.image[255] = '\0';
	t.size = t.offset = INT64_MAX;
	n = upload_text_encode(&t, text);
	assert_null(upload_text_decode(text, n, &back));
	assert_string_equal(back.image, t.image);
	assert_true(back.offset == INT64_MAX);
	strcpy(t.image, "a\nb");
	assert_int_equal(upload_text_encode(&t, text), 0);
}

static void a_text_that_is_cut_or_changed_says_nothing(void **state)
{
	struct upload_text t = example(), back;
	char text[UPLOAD_TEXT], copy[UPLOAD_TEXT];
	size_t n = upload_text_encode(&t, text);

	(void)state;
	/* Without the last newline it is the text of a store that pads. */
	for (size_t cut = 0; cut + 1 < n; cut++)
		assert_non_null(upload_text_decode(text, cut, &back));
	for (size_t i = 0; i + 1 < n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(copy, text, n);
			copy[i] = (char)(copy[i] ^ (1 << bit));
			assert_non_null(upload_text_decode(copy, n, &back));
		}
	}
	assert_non_null(upload_text_decode("", 0, &back));
	memset(copy, 'x', sizeof(copy));
	assert_non_null(upload_text_decode(copy, sizeof(copy), &back));
}

static void numbers_are_digits_alone(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1k",
		"18446744073709551616", "99999999999999999999"};
	uint64_t n = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(number_parse(bad[i], &n));
	assert_true(n == 7);
	assert_true(number_parse("18446744073709551615", &n) && n == UINT64_MAX);
	assert_true(number_parse("007", &n) && n == 7);
}

static void ids_of_uploads_are_recognised(void **state)
{
	char id[UPLOAD_ID];
	bool part;

	(void)state;
	assert_true(upload_part_id_of(".mmcgadget-0123456789abcdef.part", id, &part) && part);
	assert_string_equal(id, "0123456789abcdef");
	assert_true(upload_part_id_of(".mmcgadget-0123456789abcdef.part.mmcdisc", id, &part));
	assert_false(part);
	assert_false(upload_part_id_of(".mmcgadget-drive0.mmcdisc", id, &part));
	assert_false(upload_part_id_of(".mmcgadget-blank", id, &part));
	assert_false(upload_part_id_of(".mmcgadget-0123456789abcdeF.part", id, &part));
	assert_false(upload_part_id_of(".mmcgadget-0123456789abcdef.part.mmcdisc.new", id, &part));
	assert_false(upload_part_id_of("", id, &part));
}

static void a_disc_in_a_drive_keeps_its_room(void **state)
{
	struct mmc_state m = {.type = DISC_DVD_PLUS_R, .capacity = 2295104, .free = 2295104};

	(void)state;
	assert_true(kept_room_of_disc(&m, 0) == 0);
	m.loaded = true;
	assert_true(kept_room_of_disc(&m, 0) == UINT64_C(2295104) * 2048);
	/* A burn whose end is known takes no more than that. */
	m.nwa = 1000;
	m.free = 2294104;
	assert_true(kept_room_of_disc(&m, 3000) == UINT64_C(2000) * 2048);
	assert_true(kept_room_of_disc(&m, 1000) == UINT64_C(2294104) * 2048);
	m.read_only = "the card is full";
	assert_true(kept_room_of_disc(&m, 3000) == 0);
	/* A disc that is written anywhere grows up to its capacity. */
	m = (struct mmc_state){.type = DISC_DVD_PLUS_RW,
		.loaded = true,
		.format = DISC_FORMATTED,
		.capacity = 2295104,
		.image_blocks = 95104};
	if (mmc_state_is_overwritable(&m))
		assert_true(kept_room_of_disc(&m, 0) == UINT64_C(2200000) * 2048);
	else
		fail_msg("a formatted DVD+RW is not overwritable?");
	m = (struct mmc_state){.type = DISC_DVD_ROM, .ejected_by_host = true, .capacity = 5000};
	assert_true(kept_room_of_disc(&m, 0) == 0);
}

static void a_burn_that_is_behind_makes_uploads_wait(void **state)
{
	struct kept_room k = {0};

	(void)state;
	assert_int_equal(kept_room_wait_ms(&k), 0);
	assert_int_equal(kept_room_piece(&k), 8 << 20);
	k = (struct kept_room){.burning = true, .unsynced = 8 << 20};
	assert_int_equal(kept_room_wait_ms(&k), 0);
	assert_int_equal(kept_room_piece(&k), 1 << 20);
	k.unsynced++;
	assert_int_equal(kept_room_wait_ms(&k), 250);
	k.unsynced = UINT64_C(5) << 30;
	assert_int_equal(kept_room_wait_ms(&k), 1000);
}

static void who_could_write_is_told_by_modes(void **state)
{
	struct asker a = {.uid = 4242, .count = 2, .gid = {4242, 777}};
	struct stat st = {.st_mode = S_IFREG | 0660, .st_uid = 1, .st_gid = 1};

	(void)state;
	assert_false(asker_could_write(&a, &st));
	st.st_mode |= S_IWOTH;
	assert_true(asker_could_write(&a, &st));
	st.st_mode = S_IFREG | 0644;
	st.st_gid = 777;
	assert_false(asker_could_write(&a, &st));
	st.st_mode |= S_IWGRP;
	assert_true(asker_could_write(&a, &st));
	st.st_gid = 778;
	assert_false(asker_could_write(&a, &st));
	a.all = true;
	assert_true(asker_could_write(&a, &st));
	/* The owner can give himself the right, whatever the mode is. */
	st = (struct stat){.st_mode = S_IFREG | 0400, .st_uid = 4242};
	assert_true(asker_could_write(&a, &st));
	a.uid = 0;
	assert_false(asker_could_write(&a, &st));
}

static void a_rate_is_of_the_last_five_seconds(void **state)
{
	struct burn_rate r = {0};
	struct burn_speed s;
	struct burn_sample now = {
		.us = 1000000, .written = 100, .block = 2048, .left = 10000, .host = true};

	(void)state;
	burn_rate_take(&r, &now, &s);
	assert_false(s.writing);
	assert_true(s.kb_s == 0 && s.seconds == -1 && s.silent == -1);
	/* 500 blocks each half second: 2048 kB/s. */
	for (unsigned i = 0; i < 40; i++) {
		now.us += 500000;
		now.wrote = now.us;
		now.written += 500;
		burn_rate_take(&r, &now, &s);
		assert_true(s.writing);
		if (i >= 2)
			assert_true(s.kb_s == 2048);
		if (i >= 4)
			assert_int_equal(s.seconds, 10);
	}
	/* It is asked more often than it counts. */
	now.left = 0;
	for (unsigned i = 0; i < 100; i++) {
		now.us += 1000;
		burn_rate_take(&r, &now, &s);
	}
	assert_true(s.writing && s.kb_s > 1900 && s.seconds == -1);
	now.us += 3000000;
	now.left = 10000;
	burn_rate_take(&r, &now, &s);
	assert_true(!s.writing && s.kb_s == 0);
	/* Another daemon counts from 0. */
	now = (struct burn_sample){
		.us = now.us + 500000, .written = 5, .block = 2048, .host = true};
	burn_rate_take(&r, &now, &s);
	assert_true(!s.writing && s.kb_s == 0 && s.seconds == -1);
}

/* The first question is answered, too: it needs no sample before it. */
static void a_burn_stands_where_the_host_wrote_last(void **state)
{
#define S UINT64_C(1000000)
	static const struct {
		struct burn_sample now;
		enum burn_stage stage;
		bool writing;
		int64_t silent;
	} rows[] = {
		{{.us = 100 * S, .host = true}, BURN_NONE, false, -1},
		{{.us = 100 * S}, BURN_NONE, false, -1},
		{{.us = 100 * S, .wrote = 99 * S, .open = true, .host = true}, BURN_RUNS, true, 1},
		/* It was written to after the time was taken. */
		{{.us = 100 * S, .wrote = 101 * S, .open = true, .host = true}, BURN_RUNS, true, 0},
		{{.us = 100 * S, .wrote = 95 * S, .open = true, .host = true}, BURN_RUNS, false, 5},
		{{.us = 100 * S, .wrote = 90 * S, .open = true, .host = true}, BURN_WAITS, false,
			10},
		{{.us = 100 * S, .open = true, .host = true}, BURN_WAITS, false, -1},
		{{.us = 100 * S, .wrote = 99 * S, .open = true}, BURN_CUT, true, 1},
		{{.us = 100 * S, .open = true}, BURN_CUT, false, -1},
		/* The session was closed. */
		{{.us = 100 * S, .wrote = 99 * S, .host = true}, BURN_NONE, true, 1},
		{{.us = 100 * S, .wrote = 99 * S, .overwrites = true, .host = true}, BURN_RUNS,
			true, 1},
		{{.us = 100 * S, .wrote = 95 * S, .overwrites = true, .host = true}, BURN_NONE,
			false, 5},
	};
#undef S

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct burn_rate r = {0};
		struct burn_speed s;

		burn_rate_take(&r, &rows[i].now, &s);
		print_message("row %zu\n", i);
		assert_int_equal(s.stage, rows[i].stage);
		assert_int_equal(s.writing, rows[i].writing);
		assert_true(s.silent == rows[i].silent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_says_what_was_saved),
		cmocka_unit_test(a_text_that_is_cut_or_changed_says_nothing),
		cmocka_unit_test(numbers_are_digits_alone),
		cmocka_unit_test(ids_of_uploads_are_recognised),
		cmocka_unit_test(a_disc_in_a_drive_keeps_its_room),
		cmocka_unit_test(a_burn_that_is_behind_makes_uploads_wait),
		cmocka_unit_test(who_could_write_is_told_by_modes),
		cmocka_unit_test(a_rate_is_of_the_last_five_seconds),
		cmocka_unit_test(a_burn_stands_where_the_host_wrote_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
