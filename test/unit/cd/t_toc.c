// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * READ TOC/PMA/ATIP, byte for byte. The answers for the discs of discs.h are those that real
 * programs accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cd/find.h"
#include "cd/toc.h"
#include "unit/cd/discs.h"

static struct cd_map m;

static const struct cd_atip cd_r = {
	.power = 0x50, .type = 0x28, .lead_in = -11634, .last_lead_out = 359849};
static const struct cd_atip cd_rw = {.power = 0x50,
	.type = 0x54,
	.a = {{0x02, 0x4a, 0xb0}},
	.lead_in = -11691,
	.last_lead_out = 336225};

/* expected: "" for a refusal. */
static void assert_toc(const struct cd_toc_request *r, const char *expected)
{
	static uint8_t out[CD_TOC_MAX], wanted[CD_TOC_MAX];
	unsigned n = unhex(expected, wanted, sizeof(wanted));

	memset(out, 0xa5, sizeof(out));
	assert_int_equal(cd_toc(&m, r, out), n);
	assert_memory_equal(out, wanted, n);
}

static void assert_toc_of(uint8_t format, uint8_t number, bool msf, const char *expected)
{
	struct cd_toc_request r = {.format = format, .number = number, .msf = msf};

	assert_toc(&r, expected);
}

static void tracks_of_a_mixed_disc(void **state)
{
	static const char all[] = "00 22 01 03 00 14 01 00 00 00 00 00 00 10 02 00 00 00 04 7e "
				  "00 10 03 00 00 00 06 d6 00 10 aa 00 00 00 08 ca";

	(void)state;
	mixed_disc(&m);
	assert_toc_of(0, 0, false, all);
	assert_toc_of(0, 1, false, all);
	assert_toc_of(0, 2, false,
		"00 1a 01 03 00 10 02 00 00 00 04 7e 00 10 03 00 00 00 06 d6 00 10 aa 00 00 00 08 "
		"ca");
	assert_toc_of(0, 3, false, "00 12 01 03 00 10 03 00 00 00 06 d6 00 10 aa 00 00 00 08 ca");
	assert_toc_of(0, 0xaa, false, "00 0a 01 03 00 10 aa 00 00 00 08 ca");
	assert_toc_of(0, 4, false, "");
	assert_toc_of(0, 0xab, false, "");
	assert_toc_of(0, 0, true,
		"00 22 01 03 00 14 01 00 00 00 02 00 00 10 02 00 00 00 11 19 "
		"00 10 03 00 00 00 19 19 00 10 aa 00 00 00 20 00");
}

static void tracks_of_an_audio_disc(void **state)
{
	(void)state;
	audio_disc(&m);
	assert_toc_of(0, 0, false,
		"00 22 01 03 00 10 01 00 00 00 00 00 00 10 02 00 00 00 03 52 "
		"00 10 03 00 00 00 05 aa 00 10 aa 00 00 00 07 9e");
}

static void tracks_of_all_sessions(void **state)
{
	(void)state;
	extra_disc(&m);
	assert_toc_of(0, 0, false,
		"00 22 01 03 00 10 01 00 00 00 00 00 00 10 02 00 00 00 03 52 "
		"00 14 03 00 00 00 32 32 00 14 aa 00 00 00 35 b6");
}

static void sessions(void **state)
{
	(void)state;
	mixed_disc(&m);
	assert_toc_of(1, 0, false, "00 0a 01 01 00 14 01 00 00 00 00 00");
	audio_disc(&m);
	assert_toc_of(1, 0, false, "00 0a 01 01 00 10 01 00 00 00 00 00");
	extra_disc(&m);
	assert_toc_of(1, 0, false, "00 0a 01 02 00 14 03 00 00 00 32 32");
	assert_toc_of(1, 0, true, "00 0a 01 02 00 14 03 00 00 02 35 19");
}

/* Addresses are MSF, whether the MSF bit is set or not. */
static void full_toc_of_one_session(void **state)
{
	(void)state;
	mixed_disc(&m);
	for (unsigned msf = 0; msf < 2; msf++)
		assert_toc_of(2, (uint8_t)msf, msf,
			"00 44 01 01 01 14 00 a0 00 00 00 00 01 00 00 01 10 00 a1 00 00 00 00 03 "
			"00 00 "
			"01 10 00 a2 00 00 00 00 00 20 00 01 14 00 01 00 00 00 00 00 02 00 "
			"01 10 00 02 00 00 00 00 00 11 19 01 10 00 03 00 00 00 00 00 19 19");
	audio_disc(&m);
	assert_toc_of(2, 1, false,
		"00 44 01 01 01 10 00 a0 00 00 00 00 01 00 00 01 10 00 a1 00 00 00 00 03 00 00 "
		"01 10 00 a2 00 00 00 00 00 1c 00 01 10 00 01 00 00 00 00 00 02 00 "
		"01 10 00 02 00 00 00 00 00 0d 19 01 10 00 03 00 00 00 00 00 15 19");
	assert_toc_of(2, 2, false, "");
}

/*
 * Point B0: the second session may begin 2.5 minutes after the lead-out of the first; no session
 * can follow the second (FFh).
 */
static void full_toc_of_two_sessions(void **state)
{
	(void)state;
	extra_disc(&m);
	assert_toc_of(2, 1, true,
		"00 86 01 02 01 10 00 a0 00 00 00 00 01 20 00 01 10 00 a1 00 00 00 00 02 00 00 "
		"01 10 00 a2 00 00 00 00 00 15 19 01 10 00 01 00 00 00 00 00 02 00 "
		"01 10 00 02 00 00 00 00 00 0d 19 "
		"01 50 00 b0 02 33 19 02 4f 3b 4a 01 50 00 c0 00 00 00 00 61 00 00 "
		"02 14 00 a0 00 00 00 00 03 20 00 02 14 00 a1 00 00 00 00 03 00 00 "
		"02 14 00 a2 00 00 00 00 03 05 19 02 14 00 03 00 00 00 00 02 35 19 "
		"02 54 00 b0 ff ff ff 01 4f 3b 4a");
	assert_toc_of(2, 2, true,
		"00 39 01 02 02 14 00 a0 00 00 00 00 03 20 00 02 14 00 a1 00 00 00 00 03 00 00 "
		"02 14 00 a2 00 00 00 00 03 05 19 02 14 00 03 00 00 00 00 02 35 19 "
		"02 54 00 b0 ff ff ff 01 4f 3b 4a");
	assert_toc_of(2, 3, true, "");
}

static void full_toc_of_a_disc_that_can_be_continued(void **state)
{
	struct cd_toc_request r = {.format = 2, .atip = &cd_r, .appendable = true};

	(void)state;
	mixed_disc(&m);
	m.tracks = 1;
	m.session[0].lead_out = 1000;
	assert_toc(&r,
		"00 44 01 01 01 14 00 a0 00 00 00 00 01 00 00 01 14 00 a1 00 00 00 00 01 00 00 "
		"01 14 00 a2 00 00 00 00 00 0f 19 01 14 00 01 00 00 00 00 00 02 00 "
		"01 54 00 b0 02 2d 19 02 4f 3b 4a 01 54 00 c0 d0 40 a8 00 61 1a 42");
	extra_disc(&m);
	r.number = 2;
	assert_toc(&r,
		"00 39 01 02 02 14 00 a0 00 00 00 00 03 20 00 02 14 00 a1 00 00 00 00 03 00 00 "
		"02 14 00 a2 00 00 00 00 03 05 19 02 14 00 03 00 00 00 00 02 35 19 "
		"02 54 00 b0 04 23 19 01 4f 3b 4a");
}

static void a_blank_disc(void **state)
{
	struct cd_toc_request r = {.atip = &cd_r, .appendable = true};

	(void)state;
	m = (struct cd_map){.first_track = 1};
	for (r.format = CD_TOC_TRACKS; r.format <= CD_TOC_FULL; r.format++)
		assert_toc(&r, "");
	r.format = CD_TOC_PMA;
	assert_toc(&r, "00 02 00 00");
	r.format = CD_TOC_ATIP;
	assert_toc(&r,
		"00 1a 00 00 d0 40 a8 00 61 1a 42 00 4f 3b 4a 00 00 00 00 00 00 00 00 00 00 00 00 "
		"00");
	r.atip = &cd_rw;
	assert_toc(&r,
		"00 1a 00 00 d0 40 d4 00 61 1a 09 00 4a 2d 00 00 02 4a b0 00 00 00 00 00 00 00 00 "
		"00");
	r.format = CD_TOC_TEXT;
	assert_toc(&r, "");
}

/* The tables of contents are of closed sessions; the PMA is of closed tracks. */
static void a_disc_whose_last_session_is_open(void **state)
{
	struct cd_toc_request r = {
		.atip = &cd_r, .appendable = true, .open_tracks = 1, .unfinished = 1};
	struct cd_toc_request closed = {.atip = &cd_r, .appendable = true};
	struct cd_map first;
	uint8_t out[CD_TOC_MAX], expected[CD_TOC_MAX];

	(void)state;
	extra_disc(&m);
	first = m;
	first.tracks = 2;
	first.sessions = 1;
	for (r.format = CD_TOC_TRACKS; r.format <= CD_TOC_PMA; r.format++) {
		unsigned length;

		closed.format = r.format;
		length = cd_toc(&first, &closed, expected);
		assert_true(length > 4);
		assert_int_equal(cd_toc(&m, &r, out), length);
		assert_memory_equal(out, expected, length);
	}
	/* The track of the open session is closed. */
	r = (struct cd_toc_request){.format = CD_TOC_PMA, .atip = &cd_r, .open_tracks = 1};
	closed.format = CD_TOC_PMA;
	assert_int_equal(cd_toc(&m, &r, out), cd_toc(&m, &closed, expected));
	/* No session is closed. */
	r = (struct cd_toc_request){.atip = &cd_r, .appendable = true, .open_tracks = 3};
	for (r.format = CD_TOC_TRACKS; r.format <= CD_TOC_FULL; r.format++)
		assert_toc(&r, "");
}

static void what_only_recordable_discs_have(void **state)
{
	struct cd_toc_request r = {.format = CD_TOC_PMA, .atip = &cd_r};

	(void)state;
	audio_disc(&m);
	assert_toc(&r,
		"00 23 00 00 00 10 00 01 00 0b 19 00 00 02 00 00 10 00 02 00 15 19 00 00 0d 19 "
		"00 10 00 03 00 1c 00 00 00 15 19");
	assert_toc_of(CD_TOC_PMA, 0, true, "");
	assert_toc_of(CD_TOC_ATIP, 0, true, "");
	for (unsigned format = 6; format < 256; format++)
		assert_toc_of((uint8_t)format, 0, true, "");
}

static void cd_text(void **state)
{
	(void)state;
	mixed_disc(&m);
	assert_toc_of(5, 0, true, "");
	audio_disc(&m);
	assert_toc_of(5, 0, true,
		"00 38 00 00 80 00 00 00 41 6c 62 75 6d 20 54 69 74 6c 65 00 9d b9 "
		"80 01 01 00 46 69 72 73 74 00 53 65 63 6f 6e 64 ad 5c "
		"80 02 02 06 00 54 68 69 72 64 00 00 00 00 00 00 f5 82");
}

/* The longest answers fit. */
static void ninety_nine_sessions(void **state)
{
	static uint8_t out[CD_TOC_MAX + 1];
	struct cd_toc_request r = {.format = CD_TOC_FULL};
	int32_t at = 0;

	(void)state;
	m = (struct cd_map){.first_track = 1, .sessions = 99};
	for (uint8_t session = 1; session <= 99; session++) {
		ADD_TRACK(&m, .start = at, .length = 300, .session = session);
		m.session[session - 1].lead_out = at + 300;
		at += 300 + (session == 1 ? 11400 : 6900);
	}
	m.text_packs = CD_MAX_TEXT_PACKS;
	out[CD_TOC_MAX] = 0xa5;
	assert_int_equal(cd_toc(&m, &r, out), CD_TOC_MAX);
	assert_int_equal(out[CD_TOC_MAX], 0xa5);
	for (r.format = 0; r.format < 6; r.format++)
		assert_true(cd_toc(&m, &r, out) <= CD_TOC_MAX);
}

static void track_numbers_need_not_begin_at_1(void **state)
{
	(void)state;
	audio_disc(&m);
	m.first_track = 12;
	assert_null(cd_map_check(&m, sizes, NULL));
	assert_toc_of(0, 14, false, "00 12 0c 0e 00 10 0e 00 00 00 05 aa 00 10 aa 00 00 00 07 9e");
	assert_toc_of(0, 15, false, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracks_of_a_mixed_disc),
		cmocka_unit_test(tracks_of_an_audio_disc),
		cmocka_unit_test(tracks_of_all_sessions),
		cmocka_unit_test(sessions),
		cmocka_unit_test(full_toc_of_one_session),
		cmocka_unit_test(full_toc_of_two_sessions),
		cmocka_unit_test(full_toc_of_a_disc_that_can_be_continued),
		cmocka_unit_test(a_blank_disc),
		cmocka_unit_test(a_disc_whose_last_session_is_open),
		cmocka_unit_test(what_only_recordable_discs_have),
		cmocka_unit_test(cd_text),
		cmocka_unit_test(ninety_nine_sessions),
		cmocka_unit_test(track_numbers_need_not_begin_at_1),
	};

	return cmocka_run_group_tests_name("toc", tests, NULL, NULL);
}
