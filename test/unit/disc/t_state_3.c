// SPDX-License-Identifier: GPL-2.0-or-later
/* Version 3 of the state file: a CD-R or CD-RW. */
#include "disc/cd_int.h"
#include "unit/disc/cd_bench.h"
#include "unit/disc/state_bench.h"

static struct disc_state s, t;

/* The text of s, which must give the same record and the same text again. */
static void check_round_trip(void)
{
	static char again[STORE_TEXT_MAX];
	const char *why;

	len = disc_state_encode(&s, text);
	assert_true(len < STORE_TEXT_MAX);
	assert_memory_equal(text, "mmcgadget disc state 3\n", 23);
	why = disc_state_decode(text, len, NULL, &t);
	if (why)
		fail_msg("%s:\n%.*s", why, (int)len, text);
	assert_int_equal(disc_state_encode(&t, again), len);
	assert_memory_equal(again, text, len);
	assert_int_equal(t.capacity, s.capacity);
	assert_int_equal(t.max_unsaved, s.max_unsaved);
	assert_memory_equal(&t.cd, &s.cd, sizeof(s.cd));
}

static void blank_state(void)
{
	disc_state_of_blank(disc_medium_of(DISC_CD_R), &s);
	strcpy(s.boot, "c7d2-boot");
}

static void add(int32_t start, uint32_t pregap, uint32_t written, uint32_t silent, uint8_t form)
{
	s.cd.track[s.cd.tracks++] = (struct disc_cd_track){
		.start = start,
		.pregap = pregap,
		.written = written,
		.silent = silent,
		.unit = form == CD_MODE1 ? 2048 : 2352,
		.session = (uint8_t)(s.cd.sessions + 1),
		.control = form == CD_AUDIO ? 0 : 4,
		.form = form,
	};
}

static void each_state_comes_back(void **state)
{
	(void)state;
	blank_state();
	check_round_trip();
	assert_true(t.layout.tracks == 1 && t.layout.track[0].state == DISC_TRACK_INVISIBLE);
	s.capacity = 332849;
	check_round_trip();
	/* A track that has begun, and nothing of it is written yet. */
	add(0, 150, 0, 0, CD_MODE1);
	s.cd.open = true;
	check_round_trip();
	assert_int_equal(t.layout.track[0].state, DISC_TRACK_INVISIBLE);
	s.cd.track[0].written = 914;
	check_round_trip();
	assert_int_equal(t.layout.track[0].state, DISC_TRACK_OPEN);
	s.cd.track[0].silent = 2;
	s.cd.open = false;
	check_round_trip();
	assert_int_equal(t.layout.track[1].start, 1066);
	s.cd.format[0] = 0x20;
	s.cd.sessions = 1;
	check_round_trip();
	assert_int_equal(t.layout.track[1].start, 12316);
	add(12316, 150, 300, 0, CD_AUDIO);
	strcpy(s.cd.track[1].isrc, "DEAAA0000001");
	strcpy(s.cd.mcn, "4006381333931");
	s.cd.track[1].indexes = 2;
	s.cd.track[1].index[0] = 12400;
	s.cd.track[1].index[1] = 12500;
	s.cd.sessions = 2;
	s.cd.finalised = true;
	s.cd.text_packs = 1;
	memcpy(s.cd.text[0], "\x80\x00\x00\x00TitleText\0\0\0", 16);
	cd_text_seal(s.cd.text[0]);
	check_round_trip();
	assert_true(t.layout.finalised);
	assert_int_equal(disc_layout_end(&t.layout), 12616);
	s.truncate = true;
	s.truncate_to = 2000000000;
	check_round_trip();
}

/* While a session-at-once is under way, its cue sheet is kept. */
static void a_cue_sheet_comes_back(void **state)
{
	struct disc *d = new_cd(DISC_CD_R, 30000);

	(void)state;
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
	for (unsigned i = 0; i < 4; i++) {
		static const int64_t ends[] = {DISC_CD_LEAD_IN, -100, 413, 976};
		static uint8_t lead_in[96];

		if (i == 1)
			assert_int_equal(disc_write(d, -151, 1, lead_in), DISC_OK);
		if (i > 0)
			assert_int_equal(
				cd_record(d, cd_nwa(d), (uint32_t)(ends[i] - cd_nwa(d))), DISC_OK);
		assert_int_equal(cd_nwa(d) == INT64_MAX ? 976 : cd_nwa(d), ends[i]);
		blank_state();
		s.capacity = 30000;
		s.cd = d->cd->now;
		check_round_trip();
	}
	disc_put(d);
}

/* The fullest disc that a host can make has a text that fits. */
static void the_longest_text_fits(void **state)
{
	struct cd_cue cue = {.tracks = 0};

	(void)state;
	blank_state();
	for (unsigned i = 0; i < 99; i++) {
		add((int32_t)(i * 4000), i ? 0 : 150, 4000, 0, CD_AUDIO);
		strcpy(s.cd.track[i].isrc, "QZZZZ9999999");
		s.cd.track[i].indexes = 2;
		s.cd.track[i].index[0] = (int32_t)(i * 4000 + 100);
		s.cd.track[i].index[1] = (int32_t)(i * 4000 + 200);
	}
	s.capacity = 445349;
	s.cd.sessions = 1;
	s.cd.finalised = true;
	strcpy(s.cd.mcn, "9999999999999");
	s.cd.text_packs = CD_MAX_TEXT_PACKS;
	for (unsigned i = 0; i < CD_MAX_TEXT_PACKS; i++) {
		memset(s.cd.text[i], 0x8f, CD_TEXT_PACK);
		cd_text_seal(s.cd.text[i]);
	}
	check_round_trip();
	print_message("# %zu bytes of %u\n", len, STORE_TEXT_MAX);
	assert_true(len <= disc_cd_state_bytes(&s.cd, &cue));
	assert_true(disc_cd_state_bytes(&s.cd, &cue) <= STORE_TEXT_MAX);
}

#define TRACK_1                                                                                    \
	"track 1 session 1 start 0 pregap 150 written 100 silent 2 control 0 form audio unit "     \
	"2352 "                                                                                    \
	"closed"
#define SESSION_1 "session 1 format 0"
#define HEAD      "type cd-r", "unit 1", "capacity 30000", "finalised no"

static const char *const contradictions[][9] = {
	{"type cd-r", "unit 2048", "capacity 30000", "finalised no"},
	{"type cd-r", "capacity 30000", "finalised no", "unit 2352"},
	{"type cd-r", "unit 1", "capacity 0", "finalised no"},
	{"type cd-r", "unit 1", "capacity 449850", "finalised no"},
	{"type dvd+r", "unit 1", "capacity 30000", "finalised no"},
	{"type cd-rom", "unit 1", "capacity 30000", "finalised no"},
	{HEAD, "format 300"},
	{HEAD, "state formatted"},
	{HEAD, "at-once"},
	{HEAD, "layer-break 16"},
	{HEAD, "sessions 1"},
	{HEAD, "next 0", "colour blue"},
	{HEAD, "next 5"},
	{HEAD, "check 1 00000000"},
	{"type cd-r", "unit 1", "capacity 30000", "finalised yes"},
	{"type cd-r", "unit 1", "capacity 30000", "finalised yes", TRACK_1},
	/* tracks */
	{"type cd-r", "unit 1", "capacity 101", "finalised no", TRACK_1},
	{HEAD, "track 2 session 1 start 0 pregap 150 written 100 silent 2 control 0 form audio "
	       "unit "
	       "2352 closed"},
	{HEAD, "track 1 session 2 start 0 pregap 150 written 100 silent 2 control 0 form audio "
	       "unit "
	       "2352 closed"},
	{HEAD, "track 1 session 1 start 1 pregap 150 written 100 silent 2 control 0 form audio "
	       "unit "
	       "2352 closed"},
	{HEAD, "track 1 session 1 start -1 pregap 149 written 100 silent 2 control 0 form audio "
	       "unit 2352 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 0 silent 0 control 0 form audio unit "
	       "2352 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 4294967295 silent 2 control 0 form "
	       "audio unit 2352 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 2 control 4 form audio "
	       "unit "
	       "2352 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 2 control 16 form audio "
	       "unit 2352 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 2 control 0 form audio "
	       "unit "
	       "2048 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 2 control 4 form mode1 "
	       "unit "
	       "2336 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 2 control 0 form video "
	       "unit "
	       "2352 closed"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 0 control 0 form audio "
	       "unit "
	       "2352 torn"},
	{HEAD, "track 1 session 1 start 0 pregap 150 written 100 silent 2 control 0 form audio "
	       "unit "
	       "2352 open"},
	{HEAD, TRACK_1,
		"track 2 session 1 start 251 pregap 150 written 9 silent 2 control 0 form audio "
		"unit 2352 closed"},
	/* data of 2048 bytes after sectors of 2352 */
	{HEAD, TRACK_1,
		"track 2 session 1 start 252 pregap 150 written 9 silent 2 control 4 form mode1 "
		"unit 2048 closed"},
	{HEAD, TRACK_1, "isrc DEAAA000000"},
	{HEAD, TRACK_1, "isrc deaaa0000001"},
	{HEAD, "isrc DEAAA0000001", TRACK_1},
	{HEAD, TRACK_1, "index 0"},
	{HEAD, TRACK_1, "index 102"},
	{HEAD, TRACK_1, "index 50 40"},
	{HEAD, TRACK_1, "index 1 2 3 4 5 6 7 8 9"},
	{HEAD, "mcn 400638133393"},
	{HEAD, "mcn 400638133393X"},
	{HEAD, "text 80000000"},
	{HEAD, "text 10000000000000000000000000000000"},
	{HEAD, "text 8000000000000000000000000000000g"},
	/* sessions */
	{HEAD, SESSION_1},
	{HEAD, "session 2 format 0", TRACK_1},
	{HEAD, SESSION_1, "session 2 format 0", TRACK_1},
	{HEAD, "session 1 format 16384", TRACK_1},
	{HEAD, "session 1 format 1", TRACK_1},
	/* cue sheets: of nothing, with tracks, of a wrong address */
	{HEAD, "cue 4100001400000000", "next -150"},
	{HEAD, "cue 41000014000000004101001000000000", "cue 410101100000020041aa011400000e0e",
		"next -151"},
	{HEAD, "cue 41000014000000004101001000000000", "cue 410101100000020041aa011400000e0e",
		"next 915"},
	{HEAD, TRACK_1, "cue 41000014000000004101001000000000",
		"cue 410101100000020041aa011400000e0e", "next -150"},
};

static void contradictions_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contradictions); i++) {
		len = 0;
		add_line("mmcgadget disc state 3");
		for (size_t n = 0; n < 9 && contradictions[i][n]; n++)
			add_line(contradictions[i][n]);
		end_state();
		if (!disc_state_decode(text, len, NULL, &t))
			fail_msg("accepted: %.*s", (int)len, text);
	}
	/* Without a contradiction they are accepted in a file of version 3, and in no other. */
	for (unsigned version = 1; version <= 3; version++) {
		for (int track = 0; track <= 1; track++) {
			char line[64];

			len = 0;
			snprintf(line, sizeof(line), "mmcgadget disc state %u", version);
			add_line(line);
			for (size_t n = 0; n < 4; n++)
				add_line((const char *[]){HEAD}[n]);
			if (track)
				add_line(TRACK_1);
			end_state();
			assert_int_equal(
				disc_state_decode(text, len, NULL, &t) == NULL, version == 3);
		}
	}
}

/* ---- beside an image ------------------------------------------------------------------------ */

static struct disc *open_cd(void)
{
	storage->unit = 1;
	return open_disc();
}

/* A new CD-R with its state file, as `blank` makes it. */
static void make_cd(void)
{
	blank_state();
	s.capacity = 30000;
	len = disc_state_encode(&s, text);
	make_storage(0);
}

/* Without its state, and with one of another image, a CD-R is read only; its bytes are there. */
static void a_wrong_state_is_not_used(void **state)
{
	uint8_t byte = 0;
	struct disc *d;

	(void)state;
	blank_state();
	add(0, 150, 51, 0, CD_MODE1);
	s.cd.open = true;
	len = disc_state_encode(&s, text);
	make_storage(50);
	d = open_cd();
	assert_non_null(d->read_only);
	assert_int_equal(d->medium->type, DISC_CD_ROM);
	assert_int_equal(disc_readable_blocks(d), 50);
	assert_int_equal(disc_write(d, 51, 1, &byte), DISC_CLOSED);
	disc_put(d);
	check_untouched(50);
	powercut_free(storage);
	/* A blank, and a file that holds something. */
	blank_state();
	len = disc_state_encode(&s, text);
	make_storage(1);
	d = open_cd();
	assert_non_null(d->read_only);
	disc_put(d);
	check_untouched(1);
	powercut_free(storage);
}

/*
 * The daemon dies while the host writes what is not kept: the pregap. The host goes on where it
 * was, without knowing.
 */
static void a_host_goes_on_within_the_pregap(void **state)
{
	static uint8_t blocks[150 * 2352];
	struct disc *d;

	(void)state;
	make_cd();
	d = open_cd();
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, AUDIO_SHEET), DISC_OK);
	assert_int_equal(disc_write(d, -1000, 50, blocks), DISC_OK);
	assert_int_equal(disc_write(d, -150, 50, blocks), DISC_OK);
	storage->dead = true;
	disc_put(d);
	powercut_restart_daemon(storage);
	d = open_cd();
	assert_null(d->read_only);
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(disc_write(d, -100, 50, blocks), DISC_OK);
	assert_int_equal(disc_write(d, -49, 49, blocks), DISC_NOT_WRITABLE_ADDRESS);
	assert_int_equal(disc_write(d, -50, 50, blocks), DISC_OK);
	assert_int_equal(cd_record(d, 0, 100), DISC_OK);
	storage->dead = true;
	disc_put(d);
	powercut_restart_daemon(storage);
	d = open_cd();
	assert_int_equal(d->dropped, 0);
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_nwa(d), 100);
	assert_int_equal(cd_record(d, 100, 200), DISC_OK);
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_int_equal(disc_readable_blocks(d), 300);
	cd_check(d, 0, 300, 2352, 0);
	disc_put(d);
	powercut_free(storage);
}

/*
 * The daemon dies, or the power is cut, after silence that the drive makes: the image is longer by
 * that, too. The first WRITE after it comes at once, or when the state counts all before it.
 */
static void silence_is_no_other_image(void **state)
{
	static const char sheet[] =
		"01 00 00 01 00 00 00 00 01 01 00 01 00 00 00 00 01 01 01 00 00 00 02 00"
		"01 02 00 01 00 00 04 00 01 02 01 00 00 00 06 00 01 aa 01 01 00 00 0a 00";

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool synced = i & 1, cut = i & 2;
		struct disc *d;

		make_cd();
		d = open_cd();
		cd_set(d, (struct disc_cd_write){SAO_WRITE});
		assert_int_equal(cd_send_cue(d, sheet), DISC_OK);
		assert_int_equal(cd_record(d, 0, 150), DISC_OK);
		if (synced)
			assert_int_equal(disc_sync(d), DISC_OK);
		assert_int_equal(cd_record(d, 300, 16), DISC_OK);
		storage->dead = true;
		disc_put(d);
		if (cut)
			powercut_power_on(storage, POWERCUT_JOURNAL);
		else
			powercut_restart_daemon(storage);
		d = open_cd();
		if (d->read_only)
			fail_msg("%u: %s", i, d->read_only);
		cd_set(d, (struct disc_cd_write){SAO_WRITE});
		assert_in_range(cd_nwa(d), !cut ? 316 : synced ? 300 : 0, 316);
		if (cd_nwa(d) >= 300)
			cd_check(d, 0, 150, 2352, 0);
		disc_put(d);
		powercut_free(storage);
	}
}

/* An image that can no longer be written: what is recorded can be read. */
static void an_open_disc_can_be_read(void **state)
{
	struct disc *d;

	(void)state;
	make_cd();
	d = open_cd();
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, DATA_SHEET), DISC_OK);
	assert_int_equal(cd_record(d, -150, 250), DISC_OK);
	disc_put(d);
	writable = false;
	d = open_cd();
	assert_non_null(d->read_only);
	assert_int_equal(d->medium->type, DISC_CD_R);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_readable_blocks(d), 100);
	cd_check(d, 0, 100, 2048, 16);
	disc_put(d);
	writable = true;
	d = open_cd();
	assert_int_equal(cd_nwa(d), 100);
	disc_put(d);
	powercut_free(storage);
}

/* A disc that is finalised keeps its state file, and stays a CD-R. */
static void a_closed_disc_stays_what_it_is(void **state)
{
	struct disc *d;

	(void)state;
	make_cd();
	for (unsigned i = 0; i < 3; i++) {
		d = open_cd();
		assert_int_equal(d->medium->type, DISC_CD_R);
		if (i == 0) {
			cd_set(d, (struct disc_cd_write){DATA_WRITE});
			assert_int_equal(cd_record(d, 0, 100), DISC_OK);
			assert_int_equal(disc_cd_flush(d), DISC_OK);
			assert_int_equal(disc_close_session(d), DISC_OK);
		}
		assert_true(d->layout.finalised);
		assert_int_equal(disc_readable_blocks(d), 102);
		cd_check(d, 0, 100, 2048, 16);
		assert_int_equal(disc_may_write(d, 102, 1), DISC_CLOSED);
		disc_put(d);
		assert_true(powercut_has(storage, STATE));
	}
	powercut_free(storage);
}

/* The card is full: what was written stays, and the session ends where it does. */
static void a_full_card_ends_the_track(void **state)
{
	struct disc_options o;
	struct disc *d;

	(void)state;
	make_cd();
	storage->unit = 1;
	o = (struct disc_options){
		.media = powercut_media(storage, true), .room = 100, .max_unsaved = MAX_UNSAVED};
	assert_int_equal(
		store_new(powercut_folder(storage), "disc.iso", storage->boot, &o.store), 0);
	d = disc_open(&o);
	assert_non_null(d);
	/* 100 blocks are 87 sectors. */
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(disc_cd_free(d), 85);
	assert_int_equal(disc_may_write(d, 0, 86), DISC_OUT_OF_RANGE);
	assert_int_equal(cd_record(d, 0, 85), DISC_OK);
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(disc_cd_flush(d), DISC_OK);
	disc_put(d);
	powercut_free(storage);
}

/* behaviour.sync_mb = 4096, the largest: in bytes, that is more than 32 bits hold. */
static void the_largest_limit_is_no_limit(void **state)
{
	struct disc_options o = {.max_unsaved = 4096u * 512};
	uint64_t saves;
	struct disc *d;

	(void)state;
	make_cd();
	storage->unit = 1;
	o.media = powercut_media(storage, true);
	assert_int_equal(
		store_new(powercut_folder(storage), "disc.iso", storage->boot, &o.store), 0);
	d = disc_open(&o);
	assert_non_null(d);
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_record(d, 0, 50), DISC_OK);
	assert_int_equal(disc_sync(d), DISC_OK);
	saves = d->store->saves;
	assert_int_equal(cd_record(d, 50, 50), DISC_OK);
	assert_int_equal(d->store->saves, saves);
	storage->dead = true;
	disc_put(d);
	powercut_restart_daemon(storage);
	d = open_cd();
	assert_null(d->read_only);
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	assert_int_equal(cd_nwa(d), 100);
	disc_put(d);
	powercut_free(storage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_comes_back),
		cmocka_unit_test(a_cue_sheet_comes_back),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(a_wrong_state_is_not_used),
		cmocka_unit_test(a_host_goes_on_within_the_pregap),
		cmocka_unit_test(silence_is_no_other_image),
		cmocka_unit_test(an_open_disc_can_be_read),
		cmocka_unit_test(a_closed_disc_stays_what_it_is),
		cmocka_unit_test(a_full_card_ends_the_track),
		cmocka_unit_test(the_largest_limit_is_no_limit),
	};

	return cmocka_run_group_tests_name("state 3", tests, NULL, NULL);
}
