// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Known defects of another emulated drive (stgt) that no conversation can show; this drive
 * must not have them. 1 to 16 are test/script/defect-NN-*.cdb. 18 was a README whose syntax
 * the program did not accept: test/suites/docs.sh compares documents and programs here.
 */
#include <glob.h>

#include "unit/mmc/drive_cmd.h"

static void defects_1_to_16_have_conversations(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 16; n++) {
		char pattern[64];
		glob_t g;

		snprintf(pattern, sizeof(pattern), "test/script/defect-%02u-*.cdb", n);
		if (glob(pattern, 0, NULL, &g) != 0)
			fail_msg("no %s", pattern);
		globfree(&g);
	}
}

/* ---- 17: a swap with commands in flight must not mix the discs ------------------------------- */

#define BLOCKS 256u

static struct {
	unsigned discs, released, wrong;
} count;

/* When a disc is released, its medium must contain its own number and nothing else. */
static void check_release(struct disc *d, void *ctx)
{
	uint8_t number = (uint8_t)(uintptr_t)ctx, block[MEDIA_BLOCK];

	for (uint32_t i = 0; i < d->media->blocks; i++) {
		assert_int_equal(media_read(d->media, i, 1, block), 0);
		if (block[4] != number || block[MEDIA_BLOCK - 1] != number || get_be32(block) != i)
			count.wrong++;
	}
	count.released++;
	disc_destroy(d);
}

static struct disc *numbered(uint8_t number, bool writable)
{
	struct media *m = numbered_media(number, writable ? 0 : BLOCKS);

	m->writable = writable;
	count.discs++;
	return disc_new(m, BLOCKS, check_release, (void *)(uintptr_t)number);
}

static uint32_t random_number(void)
{
	static uint32_t seed = 17;

	seed = seed * 1103515245u + 12345u;
	return seed >> 12;
}

/* Swaps the disc between any two steps of a command; sometimes the drive stays empty a while. */
static uint8_t maybe_swap(struct mmc_drive *d, uint8_t in_drive, bool writable)
{
	uint32_t r = random_number() % 8;
	uint8_t next = (uint8_t)(in_drive % 250 + 1);

	if (r > 2)
		return in_drive;
	(void)mmc_eject(d, true);
	if (r == 0)
		return in_drive;
	mmc_insert(d, numbered(next, writable));
	return next;
}

/* A command reads from the disc that was in the drive when it began. */
static void defect_17_swap_under_readers(void **state)
{
	struct mmc_drive *d = new_drive();
	unsigned good = 0, refused = 0;
	uint8_t number = 1;

	(void)state;
	memset(&count, 0, sizeof(count));
	drain_events(d);
	mmc_insert(d, numbered(number, false));
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t lba = random_number() % (BLOCKS - 64), n = random_number() % 64 + 1;
		uint8_t expected = number;
		const uint8_t *p;
		int32_t len;

		begin_blocks(d, 0x28, lba, (uint16_t)n);
		while ((len = mmc_pull(d, &p, MEDIA_BLOCK * (random_number() % 16 + 1))) > 0) {
			for (int32_t at = 0; at < len; at += (int32_t)MEDIA_BLOCK, lba++) {
				assert_int_equal(get_be32(p + at), lba);
				assert_int_equal(p[at + 4], expected);
				assert_int_equal(p[at + (int32_t)MEDIA_BLOCK - 1], expected);
			}
			number = maybe_swap(d, number, false);
		}
		if (mmc_end(d) == MMC_GOOD) {
			good++;
			continue;
		}
		/* The only errors are "another disc" and "no disc". */
		refused++;
		if (mmc_last_sense(d) == 0x23a01) {
			number = (uint8_t)(number % 250 + 1);
			mmc_insert(d, numbered(number, false));
		} else {
			assert_int_equal(mmc_last_sense(d), 0x62800);
		}
	}
	assert_true(good > 1000);
	assert_true(refused > 100);
	mmc_drive_free(d);
	assert_int_equal(count.released, count.discs);
	assert_int_equal(count.wrong, 0);
}

/*
 * stgt closed the file during a WRITE, and the next disc could get the same descriptor: no
 * block may be written there.
 */
static void defect_17_swap_under_a_writer(void **state)
{
	struct mmc_drive *d = new_drive();
	static uint8_t data[32 * MEDIA_BLOCK];
	unsigned good = 0;
	uint8_t number = 1;

	(void)state;
	memset(&count, 0, sizeof(count));
	drain_events(d);
	mmc_insert(d, numbered(number, true));
	for (unsigned i = 0; i < 3000; i++) {
		struct mmc_state s;

		mmc_get_state(d, &s);
		uint32_t wish = random_number() % 32 + 1, n = MIN(wish, s.free), at = 0;
		/* The disc is full or was removed: insert a new blank */
		if (!s.loaded || n == 0) {
			number = (uint8_t)(number % 250 + 1);
			mmc_insert(d, numbered(number, true));
			(void)test_unit_ready(d);
			continue;
		}
		memset(data, number, n * MEDIA_BLOCK);
		for (uint32_t b = 0; b < n; b++)
			put_be32(data + (size_t)b * MEDIA_BLOCK, s.nwa + b);
		begin_blocks(d, 0x2a, s.nwa, (uint16_t)n);
		while (at < answer.xfer.len) {
			/* Odd portions: part of the data waits in the drive while the disc is
			 * taken. */
			uint32_t portion = random_number() % 9000 + 1;
			uint32_t len = MIN(portion, answer.xfer.len - at);

			assert_int_equal(mmc_push(d, data + at, len), 0);
			at += len;
			number = maybe_swap(d, number, true);
		}
		good += mmc_end(d) == MMC_GOOD;
	}
	assert_true(good > 500);
	mmc_drive_free(d);
	assert_int_equal(count.released, count.discs);
	assert_int_equal(count.wrong, 0);
}

/*
 * Through BOT. Here the swaps come between two commands, and the host does not notice them before
 * its next READ or WRITE.
 */
static void defect_17_swap_under_bot(void **state)
{
	struct script_exec *x = exec_bot_new(512);
	char error[256];
	struct script *s = script_parse("defect_17",
		"# swap after swap with the host reading and burning\n"
		"media rom 256\nread 0..256 step 60\nmedia rom 200 ua\n"
		"> 28 00 00 00 00 00 00 00 20 00 in=65536\n! 6/28/00\n"
		"read 0..200 step 60\nmedia blank ua\nready\nwrite 0..64\nmedia rom 64 ua\n"
		"> 2a 00 00 00 00 40 00 00 10 00 out=zero*32768\n! 6/28/00\n"
		"> 2a 00 00 00 00 40 00 00 10 00 out=zero*32768\n! 5/30/05\nread 0..64\n",
		error, sizeof(error));

	(void)state;
	if (!s)
		fail_msg("%s", error);
	for (unsigned i = 0; i < 20; i++)
		if (script_run(s, x, error, sizeof(error)) < 0)
			fail_msg("%s", error);
	script_free(s);
	exec_bot_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defects_1_to_16_have_conversations),
		cmocka_unit_test(defect_17_swap_under_readers),
		cmocka_unit_test(defect_17_swap_under_a_writer),
		cmocka_unit_test(defect_17_swap_under_bot),
	};

	return cmocka_run_group_tests_name("defects", tests, NULL, NULL);
}
