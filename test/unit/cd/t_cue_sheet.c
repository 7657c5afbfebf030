// SPDX-License-Identifier: GPL-2.0-or-later
/* Cue sheets: those that burning programs send, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cd/block.h"
#include "cd/cue_sheet.h"
#include "unit/cd/discs.h"
#include "util/array.h"

#define LAST 359849

static const struct cd_cue_place blank = {1, -150, LAST};
static struct cd_cue cue;

static bool parse(const char *text, const struct cd_cue_place *place)
{
	uint8_t sheet[CD_CUE_MAX];

	return cd_cue_parse(sheet, unhex(text, sheet, sizeof(sheet)), place, &cue);
}

/* wodim, cdrskin and xorriso: 914 sectors of mode 1. */
#define LEAD_IN  "41 00 00 14 00 00 00 00 "
#define PREGAP   "41 01 00 10 00 00 00 00 "
#define INDEX_1  "41 01 01 10 00 00 02 00 "
#define LEAD_OUT "41 aa 01 14 00 00 0e 0e "
static const char data[] = LEAD_IN PREGAP INDEX_1 LEAD_OUT;
/* wodim: two tracks with a gap of 2 s. */
static const char audio[] =
	"01 00 00 01 00 00 00 00  01 01 00 00 00 00 00 00  01 01 01 00 00 00 02 00 "
	"01 02 00 00 00 00 06 00  01 02 01 00 00 00 08 00  01 aa 01 01 00 00 0d 01";
/* cdrskin: the same without index 0 of track 2. */
static const char audio_without_pregap[] =
	"01 00 00 01 00 00 00 00  01 01 00 00 00 00 00 00  01 01 01 00 00 00 02 00 "
	"01 02 01 00 00 00 08 00  01 aa 01 01 00 00 0d 01";
/* wodim: data, then audio. */
static const char mixed[] =
	"41 00 00 14 00 00 00 00  41 01 00 10 00 00 00 00  41 01 01 10 00 00 02 00 "
	"01 02 00 00 00 00 0e 1d  01 02 01 00 00 00 11 3b  01 aa 01 01 00 00 17 3b";
/* cdrdao: a second session of XA. */
static const char second_session[] =
	"41 00 00 24 00 00 00 00  41 02 00 20 00 02 2c 0e  41 02 01 20 00 02 2e 0e "
	"41 aa 01 24 00 02 3a 1c";
/* cdrdao: MCN, ISRC, CD-Text and an index 2. */
static const char text[] =
	"02 34 30 30 36 33 38 31  02 33 33 33 39 33 31 00  01 00 00 41 00 61 1a 42 "
	"03 01 44 45 41 41 41 30  03 01 30 30 30 30 30 31  01 01 00 00 00 00 00 00 "
	"01 01 01 00 00 00 02 00  01 02 00 00 00 00 08 00  01 02 01 00 00 00 0a 00 "
	"01 02 02 00 00 00 0c 00  01 aa 01 01 00 00 0f 01";

static void assert_track(
	unsigned i, int32_t start, uint32_t pregap, uint32_t length, uint8_t control, uint8_t form)
{
	const struct cd_track *t = &cue.track[i];

	assert_int_equal(t->start, start);
	assert_int_equal(t->pregap, pregap);
	assert_int_equal(t->length, length);
	assert_int_equal(t->control, control);
	assert_int_equal(t->form, form);
}

static void programs_send_these(void **state)
{
	(void)state;
	assert_true(parse(data, &blank));
	assert_int_equal(cue.tracks, 1);
	assert_int_equal(cue.lead_out, 914);
	assert_track(0, 0, 150, 914, 4, CD_MODE1);
	assert_false(cue.text);
	assert_string_equal(cue.mcn, "");

	assert_true(parse(audio, &blank));
	assert_int_equal(cue.tracks, 2);
	assert_int_equal(cue.lead_out, 826);
	assert_track(0, 0, 150, 300, 0, CD_AUDIO);
	assert_track(1, 450, 150, 376, 0, CD_AUDIO);

	assert_true(parse(audio_without_pregap, &blank));
	assert_int_equal(cue.tracks, 2);
	assert_track(0, 0, 150, 450, 0, CD_AUDIO);
	assert_track(1, 450, 0, 376, 0, CD_AUDIO);

	assert_true(parse(mixed, &blank));
	assert_int_equal(cue.tracks, 2);
	assert_track(0, 0, 150, 929, 4, CD_MODE1);
	assert_track(1, 1184, 255, 450, 0, CD_AUDIO);
	assert_int_equal(cue.parts, 2);

	assert_true(parse(second_session, &(struct cd_cue_place){2, 914 + 11250, LAST}));
	assert_int_equal(cue.tracks, 1);
	assert_int_equal(cue.begin, 12164);
	assert_track(0, 12314, 150, 914, 4, CD_XA);

	assert_true(parse(text, &blank));
	assert_true(cue.text);
	assert_string_equal(cue.mcn, "4006381333931");
	assert_string_equal(cue.track[0].isrc, "DEAAA0000001");
	assert_string_equal(cue.track[1].isrc, "");
	assert_int_equal(cue.track[1].indexes, 1);
	assert_int_equal(cue.track[1].index[0], 750);
	assert_track(1, 600, 150, 376, 0, CD_AUDIO);
}

static void impossible_ones_are_refused(void **state)
{
	static const struct {
		const char *why, *sheet;
	} sheets[] = {
		{"a length of 7", "41 00 00 14 00 00 00"},
		{"a part of an entry", LEAD_IN PREGAP INDEX_1 LEAD_OUT "00"},
		{"no lead-out", LEAD_IN PREGAP INDEX_1},
		{"no track", LEAD_IN LEAD_OUT},
		{"the lead-out before the track", LEAD_IN LEAD_OUT PREGAP INDEX_1},
		{"the lead-out before the end", LEAD_IN PREGAP INDEX_1 LEAD_OUT LEAD_OUT},
		{"no lead-in", PREGAP INDEX_1 LEAD_OUT},
		{"the lead-in twice", LEAD_IN LEAD_IN PREGAP INDEX_1 LEAD_OUT},
		{"the lead-in later", LEAD_IN PREGAP LEAD_IN INDEX_1 LEAD_OUT},
		{"a lead-in that the host would send",
			"41 00 00 10 00 00 00 00" PREGAP INDEX_1 LEAD_OUT},
		{"no index 1", LEAD_IN PREGAP LEAD_OUT},
		{"index 1 twice", LEAD_IN PREGAP INDEX_1 INDEX_1 LEAD_OUT},
		{"index 2 first", LEAD_IN PREGAP "41 01 02 10 00 00 02 00" LEAD_OUT},
		{"track 2 first",
			LEAD_IN "41 02 00 10 00 00 00 00 41 02 01 10 00 00 02 00" LEAD_OUT},
		{"track 3 after track 1",
			LEAD_IN PREGAP INDEX_1 "41 03 01 10 00 00 08 00" LEAD_OUT},
		{"track 1 without index 1", LEAD_IN PREGAP "41 02 01 10 00 00 08 00" LEAD_OUT},
		{"it does not begin where the disc does",
			LEAD_IN "41 01 00 10 00 00 00 01" INDEX_1 LEAD_OUT},
		{"a pregap of less than 2 s", LEAD_IN PREGAP "41 01 01 10 00 00 01 4a" LEAD_OUT},
		{"times that do not ascend",
			LEAD_IN PREGAP INDEX_1 "41 02 01 10 00 00 02 00" LEAD_OUT},
		{"a lead-out where the track begins",
			LEAD_IN PREGAP INDEX_1 "41 aa 01 14 00 00 02 00"},
		{"frame 75", LEAD_IN PREGAP INDEX_1 "41 aa 01 14 00 00 0e 4b"},
		{"second 60", LEAD_IN PREGAP INDEX_1 "41 aa 01 14 00 00 3c 00"},
		{"beyond the end", LEAD_IN PREGAP INDEX_1 "41 aa 01 14 00 50 00 00"},
		{"a lead-out that the host would send",
			LEAD_IN PREGAP INDEX_1 "41 aa 01 10 00 00 0e 0e"},
		{"unknown forms",
			LEAD_IN "41 01 00 15 00 00 00 00 41 01 01 15 00 00 02 00" LEAD_OUT},
		{"blocks with subchannel",
			LEAD_IN "41 01 00 50 00 00 00 00 41 01 01 50 00 00 02 00" LEAD_OUT},
		{"two forms in one track", LEAD_IN PREGAP "41 01 01 20 00 00 02 00" LEAD_OUT},
		{"audio that says data",
			LEAD_IN "41 01 00 00 00 00 00 00 41 01 01 00 00 00 02 00" LEAD_OUT},
		{"data that says audio",
			LEAD_IN "01 01 00 10 00 00 00 00 01 01 01 10 00 00 02 00" LEAD_OUT},
		{"ADR 0", LEAD_IN PREGAP "40 01 01 10 00 00 02 00" LEAD_OUT},
		{"half an MCN", "02 34 30 30 36 33 38 31" LEAD_IN PREGAP INDEX_1 LEAD_OUT},
		{"letters in the MCN",
			"02 41 30 30 36 33 38 31 02 33 33 33 39 33 31 00" LEAD_IN PREGAP INDEX_1
				LEAD_OUT},
		{"an MCN that is empty",
			"02 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00" LEAD_IN PREGAP INDEX_1
				LEAD_OUT},
		{"half an ISRC", LEAD_IN "03 01 44 45 41 41 41 30" PREGAP INDEX_1 LEAD_OUT},
		{"an ISRC of two tracks", LEAD_IN
			"03 01 44 45 41 41 41 30 03 02 30 30 30 30 30 31" PREGAP INDEX_1 LEAD_OUT},
		{"an ISRC within the track", LEAD_IN PREGAP
			"03 01 44 45 41 41 41 30 03 01 30 30 30 30 30 31" INDEX_1 LEAD_OUT},
		{"an ISRC of no track", LEAD_IN PREGAP INDEX_1
			"03 02 44 45 41 41 41 30 03 02 30 30 30 30 30 31" LEAD_OUT},
		{"small letters in the ISRC", LEAD_IN
			"03 01 64 45 41 41 41 30 03 01 30 30 30 30 30 31" PREGAP INDEX_1 LEAD_OUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sheets); i++)
		if (parse(sheets[i].sheet, &blank))
			fail_msg("%s: taken", sheets[i].why);
	assert_false(cd_cue_parse((const uint8_t *)"", 0, &blank, &cue));
}

/* The lead-out may be at the last address that the disc has for it. */
static void a_sheet_fits_to_the_last_sector(void **state)
{
	(void)state;
	assert_true(parse(LEAD_IN PREGAP INDEX_1 "41 aa 01 14 00 4f 3b 4a", &blank));
	assert_int_equal(cue.lead_out, LAST);
	assert_false(parse(LEAD_IN PREGAP INDEX_1 "41 aa 01 14 00 50 00 00", &blank));
}

/* Without index 0, the drive makes the pregap, and the host begins with the track. */
static void a_first_pregap_may_be_the_drives(void **state)
{
	(void)state;
	assert_true(parse(LEAD_IN INDEX_1 LEAD_OUT, &blank));
	assert_track(0, 0, 150, 914, 4, CD_MODE1);
	assert_int_equal(cue.part[0].data_form, 0x14);
	assert_int_equal(cue.part[0].lba, -150);
	assert_int_equal(cue.part[1].lba, 0);
	assert_false(parse(LEAD_IN "41 01 01 10 00 00 02 01" LEAD_OUT, &blank));
}

/* Of 98 indexes, the first eight after index 1 are kept. */
static void a_track_has_up_to_99_indexes(void **state)
{
	uint8_t sheet[CD_CUE_MAX];
	unsigned n = unhex(LEAD_IN PREGAP INDEX_1, sheet, sizeof(sheet));
	uint8_t more[8] = {0x41, 1, 0, 0x10};

	(void)state;
	for (uint8_t i = 2; i <= 99; i++, n += 8) {
		more[2] = i;
		more[6] = (uint8_t)(2 + i / 10);
		more[7] = (uint8_t)(i % 10 + 1);
		memcpy(sheet + n, more, 8);
	}
	n += unhex(LEAD_OUT, sheet + n, 8);
	assert_true(cd_cue_parse(sheet, n, &blank, &cue));
	assert_int_equal(cue.track[0].indexes, CD_MAX_INDEXES);
	assert_int_equal(cue.track[0].index[0], 3);
	assert_int_equal(cue.parts, 1);
}

static void the_part_of_an_address_is_found(void **state)
{
	(void)state;
	assert_true(parse(mixed, &blank));
	assert_int_equal(cd_cue_part_at(&cue, -150)->data_form, 0x10);
	assert_int_equal(cd_cue_part_at(&cue, 928)->data_form, 0x10);
	assert_int_equal(cd_cue_part_at(&cue, 929)->data_form, 0x00);
	assert_int_equal(cd_cue_part_at(&cue, 1633)->data_form, 0x00);
	assert_int_equal(cd_cue_part_end(&cue, &cue.part[0]), 929);
	assert_int_equal(cd_cue_part_end(&cue, &cue.part[1]), 1634);
}

/*
 * Whatever a sheet is accepted with, its tracks follow one another to the lead-out, and so do its
 * parts: any sheet with some bytes changed.
 */
static void accepted_sheets_are_whole(void **state)
{
	static const char *const sheets[] = {data, audio, audio_without_pregap, mixed, text};
	unsigned accepted = 0;

	(void)state;
	srand(15);
	for (unsigned n = 0; n < 200000; n++) {
		uint8_t sheet[CD_CUE_MAX];
		unsigned len = unhex(sheets[n % ARRAY_LEN(sheets)], sheet, sizeof(sheet));
		int32_t at = -150;

		for (int i = rand() % 3; i >= 0; i--)
			sheet[(unsigned)rand() % len] ^= (uint8_t)(1 << rand() % 8);
		if (!cd_cue_parse(sheet, len, &blank, &cue))
			continue;
		accepted++;
		assert_in_range(cue.tracks, 1, 99);
		for (unsigned i = 0; i < cue.tracks; i++) {
			const struct cd_track *t = &cue.track[i];

			assert_int_equal(t->start - (int32_t)t->pregap, at);
			assert_true(t->length > 0);
			at = t->start + (int32_t)t->length;
		}
		assert_int_equal(at, cue.lead_out);
		assert_true(cue.lead_out <= LAST);
		assert_int_equal(cue.part[0].lba, -150);
		for (unsigned i = 0; i < cue.parts; i++) {
			assert_non_null(cd_block_of_data_form(cue.part[i].data_form));
			assert_true(cue.part[i].lba < cd_cue_part_end(&cue, &cue.part[i]));
		}
	}
	assert_true(accepted > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_send_these),
		cmocka_unit_test(impossible_ones_are_refused),
		cmocka_unit_test(a_sheet_fits_to_the_last_sector),
		cmocka_unit_test(a_first_pregap_may_be_the_drives),
		cmocka_unit_test(a_track_has_up_to_99_indexes),
		cmocka_unit_test(the_part_of_an_address_is_found),
		cmocka_unit_test(accepted_sheets_are_whole),
	};

	return cmocka_run_group_tests_name("cue sheet", tests, NULL, NULL);
}
