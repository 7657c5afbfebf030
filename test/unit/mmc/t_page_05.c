// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mode page 05h: every combination of write type, data block type, multi-session field and track
 * mode, for every kind of medium, against lists from the standard (MMC-6 7.5.4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cd/map.h"
#include "disc/cd_record.h"
#include "mmc/page_05.h"
#include "mmc/profile.h"
#include "mmc/spec.h"
#include "util/array.h"

static const struct mmc_profile *row(uint16_t code)
{
	for (size_t i = 0; i < mmc_profile_count; i++)
		if (mmc_profiles[i].code == code)
			return &mmc_profiles[i];
	fail_msg("no profile %04x", code);
	return NULL;
}

struct page {
	uint8_t bytes[PAGE_05_SIZE];
};

/* Bytes 2 to 4: write type with other bits, multi-session and track mode, block type. */
static struct page page_of(uint8_t b2, uint8_t b3, uint8_t b4)
{
	struct page p = {{0x05, PAGE_05_SIZE - 2, b2, b3, b4, [15] = 0x96}};

	return p;
}

/* ---- CD-R, CD-RW ---------------------------------------------------------------------------- */

/*
 * What a track-at-once can be: the form and the bytes of a block for a track mode (CONTROL) and a
 * data block type. Track modes 5 and 7 are 4 and 6 recorded in packets; here they are taken as
 * those.
 */
static const struct track {
	uint8_t block_type, first_mode, last_mode, form;
	uint16_t unit;
} tracks[] = {
	{0, 0, 3, CD_AUDIO, 2352},
	{8, 4, 7, CD_MODE1, 2048},
	{9, 4, 7, CD_MODE2, 2336},
	{10, 4, 7, CD_XA_FORM1, 2048},
	{11, 4, 7, CD_XA_FORM1, 2056},
	{12, 4, 7, CD_XA_FORM2, 2324},
	{13, 4, 7, CD_XA, 2332},
};

static const struct track *track_of(uint8_t block_type, uint8_t mode, bool any_mode)
{
	for (size_t i = 0; i < ARRAY_LEN(tracks); i++)
		if (tracks[i].block_type == block_type &&
			(any_mode || (mode >= tracks[i].first_mode && mode <= tracks[i].last_mode)))
			return &tracks[i];
	return NULL;
}

static void check_cd(
	const struct mmc_profile *profile, uint8_t type, uint8_t multi, uint8_t mode, uint8_t block)
{
	enum { TRACK_AT_ONCE = 1, SESSION_AT_ONCE = 2, RESERVED = 2 };
	struct page p = page_of(type, (uint8_t)(multi << 6 | mode), block);
	/* The cue sheet of a session-at-once says what its tracks are. */
	const struct track *t = track_of(block, mode, type == SESSION_AT_ONCE);
	bool right = (type == TRACK_AT_ONCE || type == SESSION_AT_ONCE) && multi != RESERVED && t &&
		     mode <= 7;
	struct disc_cd_write w;

	if (page_05_valid(profile, p.bytes) != right)
		fail_msg("%s: write type %u, multi-session %u, track mode %u, block type %u: %s",
			profile->name, type, multi, mode, block, right ? "refused" : "taken");
	if (!right)
		return;
	page_05_cd_write(p.bytes, &w);
	assert_int_equal(w.at_once, type == SESSION_AT_ONCE);
	assert_int_equal(w.next_session, multi == 3);
	assert_int_equal(w.form, t->form);
	assert_int_equal(w.unit, t->unit);
	assert_int_equal(w.control, mode < 4 ? mode : mode < 6 ? 4 : 6);
	assert_int_equal(w.session_format, 0);
	assert_string_equal(w.mcn, "");
	assert_string_equal(w.isrc, "");
	/* Test write, BUFE and the copy bit go with all of them. */
	p.bytes[2] |= 0x50;
	p.bytes[3] |= 0x10;
	assert_true(page_05_valid(profile, p.bytes));
	assert_true(page_05_test_write(p.bytes));
	page_05_end_test_write(p.bytes);
	assert_int_equal(p.bytes[2], 0x40 | type);
}

static void a_cd_takes_what_can_be_recorded(void **state)
{
	static const uint16_t codes[] = {PROFILE_CD_R, PROFILE_CD_RW};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		for (unsigned n = 0; n < 0x4000; n++)
			check_cd(row(codes[i]), n & 0x0f, n >> 4 & 3, n >> 6 & 0x0f,
				(uint8_t)(n >> 10));
}

static void a_cd_has_one_link_size_and_three_session_formats(void **state)
{
	const struct mmc_profile *cd = row(PROFILE_CD_R);
	struct page p = page_of(0x61, 0x04, 0x08);
	struct disc_cd_write w;

	(void)state;
	for (unsigned link = 0; link < 256; link++) {
		p.bytes[5] = (uint8_t)link;
		assert_int_equal(page_05_valid(cd, p.bytes), link == 7);
	}
	p = page_of(0x41, 0x04, 0x08);
	for (unsigned link = 0; link < 256; link++) {
		p.bytes[5] = (uint8_t)link;
		assert_true(page_05_valid(cd, p.bytes));
	}
	for (unsigned format = 0; format < 256; format++) {
		bool right = format == 0x00 || format == 0x10 || format == 0x20;

		p.bytes[8] = (uint8_t)format;
		assert_int_equal(page_05_valid(cd, p.bytes), right);
		if (!right)
			continue;
		page_05_cd_write(p.bytes, &w);
		assert_int_equal(w.session_format, format);
	}
	/* The sectors of mode 2 on a disc of format XA have subheaders. */
	p = page_of(0x41, 0x04, 0x09);
	p.bytes[8] = 0x20;
	page_05_cd_write(p.bytes, &w);
	assert_int_equal(w.form, CD_XA);
	assert_int_equal(w.unit, 2336);
}

static void put(struct page *p, unsigned at, uint8_t first, const char *text)
{
	p->bytes[at] = first;
	memcpy(p->bytes + at + 1, text, strlen(text));
}

static void catalogue_number_and_isrc_are_checked(void **state)
{
	const struct mmc_profile *cd = row(PROFILE_CD_RW);
	struct page p = page_of(0x41, 0x00, 0x00);
	struct disc_cd_write w;

	(void)state;
	put(&p, 16, 0x80, "4006381333931");
	put(&p, 32, 0x80, "DEAAA0000001");
	assert_true(page_05_valid(cd, p.bytes));
	page_05_cd_write(p.bytes, &w);
	assert_string_equal(w.mcn, "4006381333931");
	assert_string_equal(w.isrc, "DEAAA0000001");
	/* Without the valid bit they are not there, whatever they are. */
	p.bytes[16] = p.bytes[32] = 0x7f;
	p.bytes[17] = p.bytes[33] = 0xff;
	assert_true(page_05_valid(cd, p.bytes));
	page_05_cd_write(p.bytes, &w);
	assert_string_equal(w.mcn, "");
	assert_string_equal(w.isrc, "");
	for (unsigned at = 17; at <= 44; at++) {
		static const uint8_t bad[] = {0, ' ', '/', ':', '@', '[', 'a', 0xb0};

		for (size_t i = 0; i < ARRAY_LEN(bad) && (at <= 29 || at >= 33); i++) {
			put(&p, 16, 0x80, "4006381333931");
			put(&p, 32, 0x80, "DEAAA0000001");
			p.bytes[at] = bad[i];
			assert_false(page_05_valid(cd, p.bytes));
		}
	}
	put(&p, 16, 0x80, "400638133393A");
	put(&p, 32, 0x80, "DEAAA0000001");
	assert_false(page_05_valid(cd, p.bytes));
}

/* What the programs send, from conversations that were recorded. */
static void a_cd_takes_what_programs_send(void **state)
{
	static const uint8_t sent[][3] = {
		/* wodim: -tao of data and audio, -multi, -dummy, -dao */
		{0x41, 0x04, 0x08},
		{0x41, 0x00, 0x00},
		{0x41, 0xc4, 0x08},
		{0x51, 0x04, 0x08},
		{0x42, 0x00, 0x00},
		{0x42, 0x04, 0x08},
		/* cdrskin, xorriso */
		{0x42, 0xc0, 0x00},
		{0x41, 0xc0, 0x00},
		/* cdrdao: write, write --multi, the last of several sessions, simulate, blank */
		{0x42, 0x05, 0x00},
		{0x42, 0xc5, 0x00},
		{0x42, 0x45, 0x00},
		{0x52, 0x05, 0x00},
		{0x41, 0x05, 0x08},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		struct page p = page_of(sent[i][0], sent[i][1], sent[i][2]);

		assert_true(page_05_valid(row(PROFILE_CD_R), p.bytes));
		assert_int_equal(page_05_next_session(p.bytes), sent[i][1] >= 0xc0);
	}
}

/* ---- all media ------------------------------------------------------------------------------ */

static bool dvd_minus_takes(uint8_t type, uint8_t multi, uint8_t mode, uint8_t block)
{
	return (type == 0 || type == 2) && (multi == 0 || multi == 3) && block == 8 &&
	       (mode == 1 || mode == 4 || mode == 5 || mode == 7);
}

static void other_media_take_what_they_took(void **state)
{
	static const uint16_t minus[] = {PROFILE_DVD_R, PROFILE_DVD_RW, PROFILE_DVD_R_DL};

	(void)state;
	for (size_t i = 0; i < mmc_profile_count; i++) {
		const struct mmc_profile *profile = &mmc_profiles[i];
		bool is_minus = false;

		if (profile->code == PROFILE_CD_R || profile->code == PROFILE_CD_RW)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(minus); k++)
			is_minus |= profile->code == minus[k];
		for (unsigned n = 0; n < 0x4000; n++) {
			uint8_t type = n & 0x0f, multi = n >> 4 & 3, mode = n >> 6 & 0x0f;
			uint8_t block = (uint8_t)(n >> 10);
			struct page p = page_of(type, (uint8_t)(multi << 6 | mode), block);
			bool right =
				is_minus ? dvd_minus_takes(type, multi, mode, block) : type <= 2;

			if (page_05_valid(profile, p.bytes) != right)
				fail_msg("%s: %02x %02x %02x", profile->name, p.bytes[2],
					p.bytes[3], p.bytes[4]);
		}
	}
}

static void each_medium_takes_its_defaults(void **state)
{
	static const uint8_t cd[] = {0x41, 0x04, 0x08, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x96};
	static const uint8_t dvd[] = {0x40, 0x05, 0x08, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x96};

	(void)state;
	for (size_t i = 0; i < mmc_profile_count; i++) {
		const struct mmc_profile *profile = &mmc_profiles[i];
		bool is_cd = profile->code == PROFILE_CD_R || profile->code == PROFILE_CD_RW;
		struct page p = {{0x05, PAGE_05_SIZE - 2}};

		memcpy(p.bytes + 2, page_05_defaults(profile), PAGE_05_SIZE - 2);
		assert_true(page_05_valid(profile, p.bytes));
		assert_memory_equal(p.bytes + 2, is_cd ? cd : dvd, sizeof(cd));
		for (unsigned at = 16; at < PAGE_05_SIZE; at++)
			assert_int_equal(p.bytes[at], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cd_takes_what_can_be_recorded),
		cmocka_unit_test(a_cd_has_one_link_size_and_three_session_formats),
		cmocka_unit_test(catalogue_number_and_isrc_are_checked),
		cmocka_unit_test(a_cd_takes_what_programs_send),
		cmocka_unit_test(other_media_take_what_they_took),
		cmocka_unit_test(each_medium_takes_its_defaults),
	};

	return cmocka_run_group_tests_name("page 05h", tests, NULL, NULL);
}
