// SPDX-License-Identifier: GPL-2.0-or-later
/* Recording a CD-R or CD-RW at once, by a cue sheet. */
#include "unit/disc/cd_bench.h"

#define SMALL 30000u /* blocks of a disc for three sessions */

static void a_cue_sheet_comes_first(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	uint8_t block[CD_SECTOR] = {0};

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_nwa(d), -150);
	assert_int_equal(disc_write(d, -150, 1, block), DISC_SEQUENCE);
	assert_int_equal(cd_send_cue(d, "41 00 00 14 00 00 00"), DISC_BAD_PARAMETER);
	assert_int_equal(disc_write(d, -150, 1, block), DISC_SEQUENCE);
	/* Another one replaces it while nothing of it was written. */
	assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
	assert_int_equal(cd_nwa(d), DISC_CD_LEAD_IN);
	assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_OK);
	assert_int_equal(cd_nwa(d), -150);
	assert_int_equal(disc_cd_write_unit(d, -150), 2048);
	assert_false(disc_cd_is_at_once(d));
	assert_int_equal(disc_write(d, -149, 1, block), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, -151, 1, block), DISC_OUT_OF_RANGE);
	assert_int_equal(cd_record(d, -150, 1), DISC_OK);
	assert_true(disc_cd_is_at_once(d));
	assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_SEQUENCE);
	/* One that does not fit: the disc stays blank. */
	disc_put(d);
	d = new_cd(DISC_CD_R, 913);
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_BAD_PARAMETER);
	assert_true(disc_is_blank(d));
	/* After a track-at-once in the same session there can be none. */
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_record(d, 0, 5), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_SEQUENCE);
	disc_put(d);
}

static void a_data_session_at_once_is_the_iso(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_OK);
	assert_int_equal(cd_record(d, -150, 150), DISC_OK);
	assert_int_equal(d->media->blocks, 0);
	assert_int_equal(cd_record(d, 0, 913), DISC_OK);
	cd_check_map(d);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_last_closed_session(d), 0);
	assert_int_equal(disc_close_session(d), DISC_SEQUENCE);
	assert_int_equal(cd_record(d, 913, 1), DISC_OK);
	assert_int_equal(disc_cd_write_unit(d, 914), 2352);
	assert_int_equal(disc_may_write(d, 914, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_readable_blocks(d), 914);
	assert_int_equal(d->media->blocks, 914 * 2048);
	cd_check(d, 0, 914, 2048, 16);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	disc_put(d);
}

/* 4 packs of CD-Text, as blocks of 96 bytes, again and again up to -150. */
static int send_text(struct disc *d, int64_t lba, unsigned packs)
{
	uint8_t blocks[20 * 96];

	while (lba < -150) {
		uint32_t n = (uint32_t)MIN((int64_t)20, -150 - lba);

		for (uint32_t i = 0; i < n; i++) {
			uint8_t four[CD_TEXT_OF_SECTOR] = {0};

			for (unsigned k = 0; k < 4; k++) {
				unsigned number = ((unsigned)(lba + i + 20000) * 4 + k) % packs;

				four[18 * k] = 0x80;
				four[18 * k + 2] = (uint8_t)number;
				four[18 * k + 4] = (uint8_t)(number + 1);
				cd_text_seal(four + 18 * k);
				/* One of a hundred is damaged. */
				four[18 * k + 5] ^= (uint8_t)((lba + i + k) % 100 == 0);
			}
			cd_text_to_lead_in(four, blocks + (size_t)i * 96);
		}
		int r = disc_write(d, lba, n, blocks);
		if (r != DISC_OK)
			return r;
		lba += n;
	}
	return DISC_OK;
}

static void an_audio_session_has_its_texts(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);
	uint8_t block[CD_SECTOR] = {0};

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE, .next_session = true});
	assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
	assert_int_equal(disc_cd_write_unit(d, -11634), 96);
	/* A lead-in may begin where the host thinks it does. */
	assert_int_equal(disc_write(d, DISC_CD_LEAD_IN - 1, 1, block), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_write(d, -151, 2), DISC_NO_ROOM);
	assert_int_equal(send_text(d, -11634, 21), DISC_OK);
	assert_int_equal(disc_write(d, -149, 1, block), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(cd_record(d, -150, 150 + 976), DISC_OK);
	cd_check_map(d);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
	assert_false(d->layout.finalised);
	assert_int_equal(m->tracks, 2);
	assert_int_equal(m->text_packs, 21);
	for (unsigned i = 0; i < 21; i++) {
		assert_int_equal(m->text[i][2], i);
		assert_true(cd_text_is_intact(m->text[i]));
	}
	assert_string_equal(m->mcn, "4006381333931");
	assert_string_equal(m->track[0].isrc, "DEAAA0000001");
	assert_int_equal(m->track[1].start, 600);
	assert_int_equal(m->track[1].pregap, 150);
	assert_int_equal(m->track[1].indexes, 1);
	assert_int_equal(m->track[1].index[0], 750);
	assert_int_equal(disc_readable_blocks(d), 976);
	cd_check(d, 0, 976, 2352, 0);
	assert_int_equal(d->media->blocks, 976 * 2352);
	/* One media write for each WRITE; the first has the rest of the pregap, too. */
	assert_int_equal(d->media->writes, 1 + (976 - 10 + 15) / 16);
	assert_int_equal(cd_nwa(d), 976 + 11250);
	disc_put(d);
}

static void more_text_than_a_disc_has_is_refused(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	uint8_t four[CD_TEXT_OF_SECTOR] = {0}, block[96];
	int r = DISC_OK;

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
	for (unsigned n = 0; n < 80 && r == DISC_OK; n++) {
		for (unsigned k = 0; k < 4; k++) {
			four[18 * k] = 0x80;
			four[18 * k + 2] = (uint8_t)(4 * n + k);
			four[18 * k + 3] = (uint8_t)((4 * n + k) >> 8 << 4);
			cd_text_seal(four + 18 * k);
		}
		cd_text_to_lead_in(four, block);
		r = disc_write(d, DISC_CD_LEAD_IN + (int)n, 1, block);
	}
	assert_int_equal(r, DISC_BAD_PARAMETER);
	assert_int_equal(disc_cd_map(d)->text_packs, 252);
	disc_put(d);
}

static void a_mixed_session_is_a_bin(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);
	uint8_t is[CD_SECTOR], block[40 * CD_SECTOR] = {0};

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, MIXED_SHEET), DISC_OK);
	assert_int_equal(cd_record(d, -150, 150 + 920), DISC_OK);
	/* A WRITE over both kinds of blocks. */
	assert_int_equal(disc_write(d, 920, 20, block), DISC_NO_ROOM);
	assert_int_equal(cd_record(d, 920, 9), DISC_OK);
	assert_int_equal(disc_cd_write_unit(d, 929), 2352);
	assert_int_equal(cd_record(d, 929, 705), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(m->track[1].start, 1184);
	assert_int_equal(m->track[1].pregap, 255);
	cd_check(d, 0, 929, 2048, 16);
	cd_check(d, 929, 1634, 2352, 0);
	assert_int_equal(d->media->blocks, 1634 * 2352);
	/* Sync, header, EDC and ECC are in the image. */
	assert_int_equal(media_read(d->media, 16 * 2352, 2352, block), 0);
	{
		uint8_t data[2048];
		struct cd_sector s = {.lba = 16, .form = CD_MODE1, .stored = data, .unit = 2048};

		cd_fill(data, 16, 2048);
		cd_sector_cut(&s, (struct cd_cut){0, CD_SECTOR}, is);
		assert_memory_equal(is, block, CD_SECTOR);
	}
	disc_put(d);
}

/* Parts of a cue sheet that the drive makes: the host goes on after them. */
static void silent_parts_are_skipped(void **state)
{
	static const char sheet[] =
		"01 00 00 01 00 00 00 00 01 01 00 01 00 00 00 00 01 01 01 00 00 00 02 00"
		"01 02 00 01 00 00 04 00 01 02 01 00 00 00 06 00 01 03 01 01 00 00 08 00"
		"01 aa 01 01 00 00 0a 00";
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, sheet), DISC_OK);
	assert_int_equal(cd_nwa(d), 0);
	assert_int_equal(cd_record(d, 0, 150), DISC_OK);
	assert_int_equal(cd_nwa(d), 300);
	assert_int_equal(cd_record(d, 300, 150), DISC_OK);
	cd_check_map(d);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(m->tracks, 3);
	assert_int_equal(disc_readable_blocks(d), 600);
	cd_check(d, 0, 150, 2352, 0);
	cd_check_silence(d, 150, 300, 0, 2352);
	cd_check(d, 300, 450, 2352, 0);
	cd_check_silence(d, 450, 600, 0, 2352);
	disc_put(d);
}

/* cdrdao --multi: XA, and another session of it. */
static void sessions_at_once_follow_each_other(void **state)
{
	static const char first[] = "41 00 00 24 00 00 00 00 41 01 00 20 00 00 00 00"
				    "41 01 01 20 00 00 02 00 41 aa 01 24 00 00 0e 0e";
	static const char second[] = "41 00 00 24 00 00 00 00 41 02 00 20 00 02 2c 0e"
				     "41 02 01 20 00 02 2e 0e 41 aa 01 24 00 02 3a 1c";
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE, .next_session = true, .session_format = 0x20});
	assert_int_equal(cd_send_cue(d, first), DISC_OK);
	assert_int_equal(disc_cd_write_unit(d, 0), 2336);
	assert_int_equal(cd_record(d, -150, 150 + 914), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(cd_nwa(d), 12164);
	assert_int_equal(cd_send_cue(d, first), DISC_BAD_PARAMETER);
	assert_int_equal(cd_send_cue(d, second), DISC_OK);
	assert_int_equal(cd_record(d, 12164, 150 + 914), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(m->sessions, 2);
	assert_int_equal(m->track[1].start, 12314);
	assert_int_equal(m->session[0].format, 0x20);
	assert_int_equal(m->track[0].form, CD_XA);
	assert_int_equal(d->media->blocks, 2 * 914 * 2352);
	/* The drive makes the ECC, so only subheader and user data are those of the host. */
	for (int64_t lba = 12314; lba < 12314 + 914; lba += 100) {
		uint8_t is[CD_SECTOR], want[2336];

		cd_read(d, lba, is);
		cd_fill(want, lba, 2336);
		assert_memory_equal(is + 16, want, 2056);
	}
	disc_put(d);
}

/* mmcgadgetctl finalise of a session-at-once that the host did not end. */
static void a_part_of_a_session_can_be_finalised(void **state)
{
	static const struct {
		uint32_t sent;
		unsigned tracks;
		uint32_t end;
	} parts[] = {{1, 1, 1}, {300, 1, 300}, {450, 1, 450}, {500, 1, 450}, {600, 1, 450},
		{601, 2, 601}, {900, 2, 900}, {976, 2, 976}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct disc *d = new_cd(DISC_CD_R, SMALL);
		const struct cd_map *m = disc_cd_map(d);

		cd_set(d, (struct disc_cd_write){SAO_WRITE});
		assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
		assert_int_equal(cd_record(d, -150, 150), DISC_OK);
		assert_int_equal(disc_finalise(d), DISC_NO_SUCH_TRACK);
		assert_int_equal(cd_record(d, 0, parts[i].sent), DISC_OK);
		assert_int_equal(disc_finalise(d), DISC_OK);
		cd_check_map(d);
		assert_true(d->layout.finalised);
		assert_int_equal(m->tracks, parts[i].tracks);
		assert_int_equal(disc_readable_blocks(d), parts[i].end);
		assert_int_equal(d->media->blocks, parts[i].end * 2352);
		cd_check(d, 0, parts[i].end, 2352, 0);
		disc_put(d);
	}
}

/* A burn that was given up in the lead-in or the first pregap: no sector of it is recorded yet. */
static void a_session_that_has_only_begun_is_erased(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct disc *d = new_cd(DISC_CD_RW, SMALL);

		cd_set(d, (struct disc_cd_write){SAO_WRITE});
		assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
		assert_int_equal(send_text(d, -11634, 21), DISC_OK);
		if (i & 1)
			assert_int_equal(cd_record(d, -150, 100), DISC_OK);
		assert_true(disc_cd_is_at_once(d));
		assert_int_equal(i & 2 ? disc_erase(d) : disc_blank(d), DISC_OK);
		assert_false(disc_cd_is_at_once(d));
		assert_int_equal(disc_cd_map(d)->text_packs, 0);
		assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_OK);
		assert_int_equal(cd_record(d, -150, 150 + 914), DISC_OK);
		assert_int_equal(disc_cd_flush(d), DISC_OK);
		assert_true(d->layout.finalised);
		disc_put(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cue_sheet_comes_first),
		cmocka_unit_test(a_data_session_at_once_is_the_iso),
		cmocka_unit_test(an_audio_session_has_its_texts),
		cmocka_unit_test(more_text_than_a_disc_has_is_refused),
		cmocka_unit_test(a_mixed_session_is_a_bin),
		cmocka_unit_test(silent_parts_are_skipped),
		cmocka_unit_test(sessions_at_once_follow_each_other),
		cmocka_unit_test(a_part_of_a_session_can_be_finalised),
		cmocka_unit_test(a_session_that_has_only_begun_is_erased),
	};

	return cmocka_run_group_tests_name("cd, session-at-once", tests, NULL, NULL);
}
