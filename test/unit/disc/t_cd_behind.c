// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CD-R on a medium with write-behind, as in the daemon: each call may have to be repeated, also
 * in the middle of blocks of which sectors are made.
 */
#include <errno.h>

#include "unit/disc/cd_bench.h"
#include "unit/media/ready.h"

/* Writes as the engine does: the answer of a WRITE waits until its blocks are in the kernel. */
static void record(struct disc *d, int64_t lba, uint32_t count, uint32_t each)
{
	static uint8_t blocks[64 * CD_SECTOR];
	int r;

	for (uint32_t n; count > 0; lba += n, count -= n) {
		uint32_t unit = disc_cd_write_unit(d, lba);

		n = MIN(count, each);
		for (uint32_t i = 0; i < n; i++)
			cd_fill(blocks + (size_t)i * unit, lba + i, unit);
		repeat_until_done(r, disc_write(d, lba, n, blocks));
		assert_int_equal(r, DISC_OK);
		if (lba / each % 3 == 0)
			repeat_until_done(r, disc_wait_written(d));
		assert_int_equal(r, DISC_OK);
	}
}

static void every_call_may_wait(void **state)
{
	struct disc_options o = {.medium = disc_medium_of(DISC_CD_RW), .capacity = 30000};
	struct disc *d;
	int r;

	(void)state;
	o.media = media_write_behind_new(media_mem_new_units(1, 0, true), ready, NULL);
	assert_non_null(o.media);
	d = disc_open(&o);
	assert_non_null(d);
	cd_set(d, (struct disc_cd_write){DATA_WRITE});
	record(d, 0, 1000, 16);
	repeat_until_done(r, disc_cd_flush(d));
	assert_int_equal(r, DISC_OK);
	cd_set(d, (struct disc_cd_write){AUDIO_WRITE});
	record(d, 1152, 1000, 13);
	repeat_until_done(r, disc_cd_flush(d));
	assert_int_equal(r, DISC_OK);
	/* Data in sectors of 2352 bytes, more than are made at a time. */
	cd_set(d, (struct disc_cd_write){DATA_WRITE, .next_session = true});
	record(d, 2304, 1000, 60);
	repeat_until_done(r, disc_close_session(d));
	assert_int_equal(r, DISC_OK);
	assert_true(ready_calls > 0);
	media_wait(d->media);
	cd_check_map(d);
	cd_check(d, 0, 1000, 2048, 16);
	cd_check(d, 1152, 2152, 2352, 0);
	cd_check(d, 2304, 3304, 2048, 16);
	assert_int_equal(d->media->blocks, 1002 * 2048 + (150 + 1002 + 150 + 1000) * 2352);
	disc_put(d);
}

/*
 * The card is full at the first WRITE after silence that the drive makes: the image ends before the
 * silence, and so does what the disc counts.
 */
static void what_is_lost_after_silence_takes_the_silence_with_it(void **state)
{
	static const char sheet[] =
		"01 00 00 01 00 00 00 00 01 01 00 01 00 00 00 00 01 01 01 00 00 00 02 00"
		"01 02 00 01 00 00 04 00 01 02 01 00 00 00 06 00 01 aa 01 01 00 00 08 00";
	static const struct media_fault full = {
		.kind = MEDIA_FAULT_ERROR, .on_write = true, .error = ENOSPC, .times = 1};
	static uint8_t blocks[10 * CD_SECTOR];
	struct disc_options o = {.medium = disc_medium_of(DISC_CD_RW), .capacity = 30000};
	struct media *card = media_fault_new(media_mem_new_units(1, 0, true));
	struct disc *d;
	int r;

	(void)state;
	o.media = media_write_behind_new(card, ready, NULL);
	assert_non_null(o.media);
	d = disc_open(&o);
	assert_non_null(d);
	cd_set(d, (struct disc_cd_write){SAO_WRITE});
	assert_int_equal(cd_send_cue(d, sheet), DISC_OK);
	record(d, 0, 150, 15);
	repeat_until_done(r, disc_wait_written(d));
	media_fault_set(card, &full);
	repeat_until_done(r, disc_write(d, 300, 10, blocks));
	assert_int_equal(r, DISC_OK);
	repeat_until_done(r, disc_wait_written(d));
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(card->blocks, 150 * 2352);
	assert_int_equal(d->media->blocks, card->blocks);
	assert_int_equal(disc_layout_end(&d->layout), 150);
	/* The host may go on there. */
	assert_int_equal(cd_nwa(d), 300);
	record(d, 300, 150, 15);
	repeat_until_done(r, disc_cd_flush(d));
	assert_int_equal(r, DISC_OK);
	media_wait(d->media);
	cd_check_map(d);
	cd_check(d, 0, 150, 2352, 0);
	cd_check_silence(d, 150, 300, 0, 2352);
	cd_check(d, 300, 450, 2352, 0);
	disc_put(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_may_wait),
		cmocka_unit_test(what_is_lost_after_silence_takes_the_silence_with_it),
	};

	return cmocka_run_group_tests_name("cd, write-behind", tests, NULL, NULL);
}
