// SPDX-License-Identifier: GPL-2.0-or-later
/* Recording a CD-R or CD-RW: tracks, sessions, what their image holds, test write, BLANK. */
#include "unit/disc/cd_bench.h"

#define SMALL 30000u /* blocks of a disc for three sessions */

/* ---- track-at-once -------------------------------------------------------------------------- */

/* wodim -tao of two songs: SYNCHRONIZE CACHE closes each, CLOSE SESSION the disc. */
static void two_songs_are_two_tracks(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);

	(void)state;
	assert_true(disc_is_blank(d));
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE, .isrc = "DEAAA0000001"});
	assert_int_equal(cd_nwa(d), 0);
	assert_int_equal(cd_record(d, 0, 450), DISC_OK);
	cd_check_map(d);
	assert_int_equal(cd_nwa(d), 450);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(m->track[0].length, 452);
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE, .control = 2});
	assert_int_equal(cd_nwa(d), 602);
	assert_int_equal(cd_record(d, 602, 300), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_cd_open_tracks(d), 2);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	cd_check_map(d);
	assert_true(d->layout.finalised);
	assert_int_equal(cd_nwa(d), INT64_MAX);
	assert_int_equal(disc_readable_blocks(d), 904);
	assert_int_equal(m->tracks, 2);
	assert_int_equal(m->track[1].start, 602);
	assert_int_equal(m->track[1].pregap, 150);
	assert_int_equal(m->track[1].control, 2);
	assert_string_equal(m->track[0].isrc, "DEAAA0000001");
	assert_string_equal(m->track[1].isrc, "");
	cd_check(d, 0, 450, 2352, 0);
	cd_check_silence(d, 450, 602, 0, 2352);
	cd_check(d, 602, 902, 2352, 0);
	cd_check_silence(d, 902, 904, 0, 2352);
	/* A bin of 2352-byte sectors from LBA 0 on, pregap and run-out in their places. */
	assert_int_equal(d->media->blocks, 902 * 2352);
	disc_put(d);
}

/* Blocks, as for other discs, although the image of a CD is counted in bytes. */
static void what_is_unsynced_is_told_in_blocks(void **state)
{
	static const struct disc_cd_write write[] = {{AUDIO_WRITE}, {DATA_WRITE}};

	(void)state;
	for (const struct disc_cd_write *w = write; w < write + ARRAY_LEN(write); w++) {
		struct disc *d = new_cd(DISC_CD_R, SMALL);

		cd_set(d, *w);
		assert_int_equal(disc_unsynced(d), 0);
		assert_int_equal(cd_record(d, 0, 32), DISC_OK);
		assert_int_equal(disc_unsynced(d), 32);
		assert_int_equal(disc_sync(d), DISC_OK);
		assert_int_equal(disc_unsynced(d), 0);
		disc_put(d);
	}
}

static void data_is_a_plain_image(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	uint8_t is[2048], want[2048];

	(void)state;
	cd_set(d, (struct disc_cd_write){DATA_WRITE});
	assert_int_equal(cd_record(d, 0, 914), DISC_OK);
	assert_int_equal(d->media->writes, (914 + 15) / 16);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(d->media->blocks, 914 * 2048);
	for (uint32_t lba = 0; lba < 914; lba++) {
		assert_int_equal(media_read(d->media, lba * 2048u, 2048, is), 0);
		cd_fill(want, lba, 2048);
		assert_memory_equal(is, want, 2048);
	}
	assert_int_equal(disc_readable_blocks(d), 916);
	cd_check(d, 0, 914, 2048, 16);
	cd_check_silence(d, 914, 916, 16, 2048);
	disc_put(d);
}

/* Index 1 of the second session is 11400 sectors after the lead-out, later ones 6900. */
static void sessions_have_gaps(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);

	(void)state;
	for (uint32_t i = 0, at = 0; i < 3; i++) {
		cd_set(d, (struct disc_cd_write){DATA_WRITE, .next_session = true});
		assert_int_equal(cd_nwa(d), at);
		assert_int_equal(cd_record(d, at, 914), DISC_OK);
		assert_int_equal(disc_cd_flush(d), DISC_OK);
		assert_int_equal(disc_close_session(d), DISC_OK);
		cd_check_map(d);
		assert_false(d->layout.finalised);
		assert_int_equal(disc_last_closed_session(d), i + 1);
		at += 916 + (i == 0 ? 11400 : 6900);
		assert_int_equal(disc_cd_lead_in(d), at - 150 - 4500);
	}
	assert_int_equal(m->track[1].start, 12316);
	assert_int_equal(m->track[2].start, 20132);
	cd_check(d, 12316, 13230, 2048, 16);
	/* Block n at byte 2048 n, the gaps are holes. */
	assert_int_equal(d->media->blocks, (20132 + 914) * 2048);
	assert_int_equal(disc_finalise(d), DISC_OK);
	cd_check_map(d);
	assert_true(d->layout.finalised);
	assert_int_equal(d->layout.sessions, 3);
	disc_put(d);
}

/* Audio sessions follow each other in the image without their gaps. */
static void a_bin_has_no_session_gaps(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);

	(void)state;
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE, .next_session = true});
	assert_int_equal(cd_record(d, 0, 300), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	cd_set(d, (struct disc_cd_write){DATA_WRITE, .next_session = true, .session_format = 0x20});
	assert_int_equal(cd_nwa(d), 302 + 11400);
	assert_int_equal(cd_record(d, 11702, 100), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(d->media->blocks, (302 + 100) * 2352);
	assert_int_equal(disc_cd_map(d)->session[1].format, 0x20);
	cd_check(d, 0, 300, 2352, 0);
	cd_check(d, 11702, 11802, 2048, 16);
	disc_put(d);
}

/* An image that begins with user data alone continues with whole sectors in the same file. */
static void an_image_can_go_on_as_a_bin(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	const struct cd_map *m = disc_cd_map(d);

	(void)state;
	cd_set(d, (struct disc_cd_write){DATA_WRITE});
	assert_int_equal(cd_record(d, 0, 100), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_nwa(d), 252);
	assert_int_equal(cd_record(d, 252, 80), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_set(d, (struct disc_cd_write){DATA_WRITE});
	assert_int_equal(cd_record(d, 484, 50), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	cd_check_map(d);
	assert_int_equal(m->extent[0].unit, 2048);
	assert_int_equal(m->extent[2].unit, 2352);
	assert_int_equal(m->extent[2].offset, 102 * 2048);
	cd_check(d, 0, 100, 2048, 16);
	cd_check(d, 252, 332, 2352, 0);
	cd_check(d, 484, 534, 2048, 16);
	assert_int_equal(d->media->blocks, 102 * 2048 + (150 + 82 + 150 + 50) * 2352);
	disc_put(d);
}

/* Blocks of mode 2, whose sectors the drive completes. */
static void every_block_type_becomes_a_sector(void **state)
{
	static const struct {
		struct disc_cd_write w;
		uint32_t at;
	} blocks[] = {
		{{.control = 4, .form = CD_MODE2, .unit = 2336}, 16},
		{{.control = 4, .form = CD_XA_FORM1, .unit = 2048}, 24},
		{{.control = 4, .form = CD_XA_FORM1, .unit = 2056}, 16},
		{{.control = 4, .form = CD_XA_FORM2, .unit = 2324}, 24},
	};
	struct disc *d = new_cd(DISC_CD_R, SMALL);
	uint8_t is[CD_SECTOR];

	(void)state;
	for (uint32_t i = 0, at = 0; i < ARRAY_LEN(blocks); i++, at += 20 + 152) {
		cd_set(d, blocks[i].w);
		assert_int_equal(cd_nwa(d), at);
		assert_int_equal(cd_record(d, at, 20), DISC_OK);
		assert_int_equal(disc_cd_flush(d), DISC_OK);
		cd_check(d, at, at + 20, blocks[i].w.unit, blocks[i].at);
		cd_read(d, at, is);
		assert_int_equal(is[15], 2);
		assert_int_equal(is[14], (uint8_t)((at % 75) / 10 << 4 | at % 75 % 10));
	}
	cd_set(d, (struct disc_cd_write){.control = 4, .form = CD_MODE1, .unit = 2352});
	assert_int_equal(disc_may_write(d, cd_nwa(d), 1), DISC_WRONG_MODE);
	disc_put(d);
}

static void wrong_addresses_are_refused(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, 1000);
	uint8_t block[CD_SECTOR] = {0};

	(void)state;
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE, .next_session = true});
	assert_int_equal(disc_write(d, 1, 1, block), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, -150, 1, block), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, 1000, 1, block), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_write(d, INT64_C(0xffffffff), 1, block), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_write(d, 0, UINT32_MAX), DISC_OUT_OF_RANGE);
	/* Two sectors of run-out have to fit, too. */
	assert_int_equal(disc_cd_free(d), 998);
	assert_int_equal(disc_may_write(d, 0, 999), DISC_OUT_OF_RANGE);
	assert_int_equal(cd_record(d, 0, 998), DISC_OK);
	assert_int_equal(disc_cd_free(d), 0);
	assert_int_equal(disc_may_write(d, 998, 1), DISC_OUT_OF_RANGE);
	/* No room for another session. */
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_readable_blocks(d), 1000);
	assert_int_equal(disc_write(d, 1000, 1, block), DISC_CLOSED);
	disc_put(d);
}

static void closing_nothing_changes_nothing(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);

	(void)state;
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_close_track(d, 0), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_finalise(d), DISC_NO_SUCH_TRACK);
	assert_int_equal(disc_close_track(d, 2), DISC_NO_SUCH_TRACK);
	assert_true(disc_is_blank(d));
	assert_int_equal(disc_reserve(d, 100), DISC_NOT_FOR_MEDIUM);
	disc_put(d);
}

static void a_disc_has_99_tracks(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);

	(void)state;
	for (unsigned i = 0; i < 99; i++) {
		cd_set(d, (struct disc_cd_write){AUDIO_WRITE, .next_session = true});
		assert_int_equal(cd_record(d, cd_nwa(d), 1), DISC_OK);
		assert_int_equal(disc_cd_flush(d), DISC_OK);
		cd_check_map(d);
	}
	assert_int_equal(cd_nwa(d), INT64_MAX);
	assert_int_equal(disc_open_track(d), 0);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_true(d->layout.finalised);
	assert_int_equal(d->layout.tracks, 99);
	disc_put(d);
}

/* ---- test write, BLANK ---------------------------------------------------------------------- */

static void a_test_write_leaves_nothing(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);

	(void)state;
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(disc_test_write(d, true), DISC_OK);
	assert_int_equal(cd_record(d, 0, 450), DISC_OK);
	cd_check_map(d);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(cd_nwa(d), 602);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_test_write(d, false), DISC_OK);
	assert_true(disc_is_blank(d));
	assert_int_equal(d->media->blocks, 0);
	assert_int_equal(d->media->writes, 0);

	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(disc_test_write(d, true), DISC_OK);
	assert_int_equal(cd_send_cue(d, MIXED_SHEET), DISC_OK);
	assert_int_equal(cd_record(d, -150, 150 + 1634), DISC_OK);
	cd_check_map(d);
	assert_int_equal(disc_unsynced(d), 0);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_test_write(d, false), DISC_OK);
	assert_true(disc_is_blank(d));
	assert_int_equal(cd_nwa(d), -150);
	assert_int_equal(d->media->writes, 0);
	assert_int_equal(disc_cd_map(d)->tracks, 0);
	/* In the middle of a track that is recorded. */
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_record(d, 0, 100), DISC_OK);
	assert_int_equal(disc_test_write(d, true), DISC_OK);
	assert_int_equal(cd_record(d, 100, 100), DISC_OK);
	cd_check_map(d);
	cd_check(d, 0, 100, 2352, 0);
	assert_int_equal(disc_test_write(d, false), DISC_OK);
	assert_int_equal(cd_nwa(d), 100);
	assert_int_equal(cd_record(d, 100, 100), DISC_OK);
	cd_check(d, 0, 200, 2352, 0);
	disc_put(d);
}

static void only_a_cd_rw_is_blanked(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, SMALL);

	(void)state;
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_record(d, 0, 100), DISC_OK);
	assert_int_equal(disc_blank(d), DISC_NOT_FOR_MEDIUM);
	assert_int_equal(disc_erase(d), DISC_NOT_FOR_MEDIUM);
	cd_check(d, 0, 100, 2352, 0);
	disc_put(d);

	d = new_cd(DISC_CD_RW, SMALL);
	for (unsigned i = 0; i < 2; i++) {
		cd_set(d, (struct disc_cd_write){DATA_WRITE});
		assert_int_equal(cd_record(d, 0, 100), DISC_OK);
		assert_int_equal(disc_cd_flush(d), DISC_OK);
		cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
		assert_int_equal(cd_record(d, 252, 10), DISC_OK);
		assert_int_equal(disc_close_session(d), DISC_OK);
		assert_true(d->layout.finalised);
		assert_int_equal(i ? disc_blank(d) : disc_erase(d), DISC_OK);
		assert_true(disc_is_blank(d));
		assert_int_equal(d->media->blocks, 0);
		assert_int_equal(d->capacity, SMALL);
		assert_int_equal(cd_nwa(d), 0);
	}
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_record(d, 0, 100), DISC_OK);
	assert_int_equal(d->media->blocks, 100 * 2352);
	disc_put(d);
}

static void blanks_come_in_these_sizes(void **state)
{
	(void)state;
	assert_int_equal(disc_cd_capacity(80), 359849);
	assert_int_equal(disc_cd_capacity(74), 332849);
	assert_int_equal(disc_cd_capacity(90), 404849);
	assert_int_equal(disc_cd_capacity(99), 445349);
	assert_int_equal(disc_cd_capacity(0), 0);
	assert_int_equal(disc_cd_capacity(75), 0);
	assert_int_equal(disc_cd_minutes(359849), 80);
	assert_int_equal(disc_cd_minutes(336225), 80);
	assert_int_equal(disc_cd_minutes(332849), 74);
	assert_int_equal(disc_cd_minutes(449849), 99);
}

/* ---- room on storage ------------------------------------------------------------------------ */

#define ROOM (1000u * 2048) /* bytes: 870 whole sectors of 2352 */

static struct disc *cd_with_room(struct disc_cd_write w)
{
	struct disc_options o = {.media = media_mem_new_units(1, 0, true),
		.medium = disc_medium_of(DISC_CD_R),
		.capacity = SMALL,
		.room = ROOM / 2048};
	struct disc *d = disc_open(&o);

	assert_non_null(d);
	cd_set(d, w);
	return d;
}

/* Track-at-once takes so many sectors, and then neither a burn nor its image is larger. */
static void assert_takes(struct disc *d, uint32_t count)
{
	int64_t lba = cd_nwa(d);

	assert_int_equal(disc_cd_free(d), count);
	assert_int_equal(cd_record(d, lba, count), DISC_OK);
	assert_int_equal(disc_cd_free(d), 0);
	assert_int_not_equal(cd_record(d, lba + count, 1), DISC_OK);
	assert_true(d->media->blocks <= ROOM);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	cd_check_map(d);
}

/* A cue sheet of one track with a lead-out at that LBA. */
static int send_sheet(struct disc *d, bool data, uint32_t lead_out)
{
	const uint32_t msf = lead_out + 150;
	char sheet[160];

	snprintf(sheet, sizeof(sheet),
		"%s1 00 00 %02x 0 0 0 0 %s1 01 00 %02x 0 0 0 0 %s1 01 01 %02x 0 0 02 0"
		"%s1 aa 01 %02x 0 %02x %02x %02x",
		data ? "4" : "0", data ? 0x14 : 1, data ? "4" : "0", data ? 0x10 : 0,
		data ? "4" : "0", data ? 0x10 : 0, data ? " 4" : " 0", data ? 0x14 : 1,
		msf / (60 * 75), msf / 75 % 60, msf % 75);
	return cd_send_cue(d, sheet);
}

static void room_is_counted_in_sectors_of_the_image(void **state)
{
	const struct disc_cd_write audio = {AUDIO_WRITE}, data = {DATA_WRITE},
				   at_once = {SAO_WRITE};
	struct disc *d = cd_with_room(audio);

	(void)state;
	assert_takes(d, 870 - 2);
	disc_put(d);
	d = cd_with_room(data);
	assert_takes(d, 1000 - 2);
	disc_put(d);
	/* The second track is of sectors: the disc may end where it would with them alone. */
	d = cd_with_room(data);
	assert_int_equal(cd_record(d, 0, 500), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_cd_free(d), 1000 - 652 - 2);
	cd_set(d, audio);
	assert_takes(d, 870 - 652 - 2);
	disc_put(d);
	/* The cue sheet says of what the image will consist, not page 05h. */
	for (unsigned is_data = 0; is_data < 2; is_data++) {
		uint32_t most = is_data ? 1000 : 870;

		d = cd_with_room(at_once);
		assert_int_equal(send_sheet(d, is_data, most + 1), DISC_BAD_PARAMETER);
		assert_true(disc_is_blank(d));
		assert_int_equal(send_sheet(d, is_data, most), DISC_OK);
		assert_int_equal(cd_record(d, -150, most + 150), DISC_OK);
		assert_int_equal(disc_cd_flush(d), DISC_OK);
		assert_true(d->layout.finalised);
		assert_true(d->media->blocks <= ROOM);
		disc_put(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_songs_are_two_tracks),
		cmocka_unit_test(what_is_unsynced_is_told_in_blocks),
		cmocka_unit_test(room_is_counted_in_sectors_of_the_image),
		cmocka_unit_test(data_is_a_plain_image),
		cmocka_unit_test(sessions_have_gaps),
		cmocka_unit_test(a_bin_has_no_session_gaps),
		cmocka_unit_test(an_image_can_go_on_as_a_bin),
		cmocka_unit_test(every_block_type_becomes_a_sector),
		cmocka_unit_test(wrong_addresses_are_refused),
		cmocka_unit_test(closing_nothing_changes_nothing),
		cmocka_unit_test(a_disc_has_99_tracks),
		cmocka_unit_test(a_test_write_leaves_nothing),
		cmocka_unit_test(only_a_cd_rw_is_blanked),
		cmocka_unit_test(blanks_come_in_these_sizes),
	};

	return cmocka_run_group_tests_name("cd", tests, NULL, NULL);
}
