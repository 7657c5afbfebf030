// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The overwrite model: what it writes, reads and refuses. Most tests are on a medium row that no
 * drive offers (made_up.h).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/script.h"
#include "unit/disc/made_up.h"
#include "unit/mmc/drive_cmd.h"

#define UNIT_BIG 2352u

static uint8_t buf[64 * MEDIA_UNIT_MAX], stage[64 * MEDIA_UNIT_MAX];

static struct disc *open_on(struct media *m)
{
	struct disc_options o = {.medium = &made_up_rw, .media = m};
	struct disc *d;

	assert_non_null(m);
	d = disc_open(&o);
	assert_non_null(d);
	return d;
}

static struct disc *formatted(uint32_t blocks)
{
	struct disc *d = open_on(media_mem_new(0, true));

	assert_int_equal(made_up_format(d, blocks), DISC_OK);
	return d;
}

static void check_zeros(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p[i], 0);
}

static void an_unformatted_medium_reads_and_writes_nothing(void **state)
{
	struct disc *d = open_on(media_mem_new(0, true));

	(void)state;
	assert_true(disc_is_blank(d));
	assert_int_equal(d->capacity, 400);
	assert_int_equal(disc_write(d, 0, 1, buf), DISC_CLOSED);
	assert_int_equal(disc_may_read(d, 0, 1), DISC_UNREADABLE);
	assert_int_equal(disc_readable_blocks(d), 0);
	assert_int_equal(disc_finalise(d), DISC_NO_SUCH_TRACK);
	assert_int_equal(made_up_format(d, 0), DISC_NO_SUCH_FORMAT);
	assert_int_equal(made_up_format(d, 401), DISC_NO_SUCH_FORMAT);
	assert_int_equal(made_up_format(d, UINT32_MAX), DISC_NO_SUCH_FORMAT);
	assert_true(disc_is_blank(d));
	disc_put(d);
}

static void all_blocks_of_a_formatted_medium_are_usable(void **state)
{
	struct disc *d = formatted(300);

	(void)state;
	assert_false(disc_is_blank(d));
	assert_int_equal(d->format, DISC_FORMATTED);
	assert_int_equal(disc_readable_blocks(d), 300);
	assert_int_equal(disc_end(d), 300);
	assert_int_equal(disc_open_track(d), 0);
	assert_int_equal(disc_may_write(d, 299, 1), DISC_OK);
	assert_int_equal(disc_may_write(d, 299, 2), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_write(d, 300, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_write(d, -1, 1), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_write(d, 0, UINT32_MAX), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_may_read(d, 299, 2), DISC_OUT_OF_RANGE);
	assert_int_equal(disc_reserve(d, 16), DISC_NOT_FOR_MEDIUM);
	assert_int_equal(disc_close_track(d, 1), DISC_OK);
	assert_int_equal(disc_close_track(d, 2), DISC_NO_SUCH_TRACK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_finalise(d), DISC_OK);
	assert_int_equal(disc_may_write(d, 0, 300), DISC_OK);
	disc_put(d);
}

/* Backwards, forwards and twice: the last write counts, and the layout does not change. */
static void blocks_are_written_in_any_order(void **state)
{
	static const uint32_t order[] = {299, 0, 150, 151, 0, 298};
	struct disc *d = formatted(300);
	struct disc_layout layout = d->layout;

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		memset(buf, (int)i + 1, MEDIA_BLOCK);
		assert_int_equal(disc_write(d, order[i], 1, buf), DISC_OK);
	}
	assert_int_equal(disc_unsynced(d), 6);
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(disc_read(d, order[i], 1, buf), DISC_OK);
		/* Block 0 was written twice. */
		assert_int_equal(buf[7], order[i] == 0 ? 5 : i + 1);
	}
	assert_memory_equal(&d->layout, &layout, sizeof(layout));
	assert_int_equal(disc_sync(d), DISC_OK);
	assert_int_equal(disc_unsynced(d), 0);
	disc_put(d);
}

static void blocks_never_written_are_zeros(void **state)
{
	struct disc *d = formatted(300);
	const uint8_t *data;
	uint32_t n = 64;

	(void)state;
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(disc_read(d, 236, 64, buf), DISC_OK);
	check_zeros(buf, 64 * MEDIA_BLOCK);
	memset(buf, 0xaa, 2 * MEDIA_BLOCK);
	assert_int_equal(disc_write(d, 100, 2, buf), DISC_OK);
	/* Across the end of the image, which is now 102 blocks long. */
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(disc_read(d, 98, 64, buf), DISC_OK);
	check_zeros(buf, 2 * MEDIA_BLOCK);
	assert_int_equal(buf[2 * MEDIA_BLOCK], 0xaa);
	assert_int_equal(buf[4 * MEDIA_BLOCK - 1], 0xaa);
	check_zeros(buf + 4 * MEDIA_BLOCK, 60 * MEDIA_BLOCK);
	/* A view ends with the image; the next view has zeros. */
	assert_int_equal(disc_view(d, 98, &n, stage, &data), DISC_OK);
	assert_in_range(n, 1, 4);
	n = 64;
	memset(stage, 0xee, sizeof(stage));
	assert_int_equal(disc_view(d, 102, &n, stage, &data), DISC_OK);
	assert_int_equal(n, 64);
	check_zeros(data, 64 * MEDIA_BLOCK);
	disc_put(d);
}

/* Sizes come from the medium, here with blocks of 2352 bytes. */
static void blocks_of_a_cd_work_as_well(void **state)
{
	struct disc *d = open_on(media_mem_new_units(UNIT_BIG, 0, true));

	(void)state;
	assert_int_equal(made_up_format(d, 300), DISC_OK);
	memset(buf, 0xaa, UNIT_BIG);
	assert_int_equal(disc_write(d, 3, 1, buf), DISC_OK);
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(disc_read(d, 2, 10, buf), DISC_OK);
	check_zeros(buf, UNIT_BIG);
	assert_int_equal(buf[UNIT_BIG], 0xaa);
	assert_int_equal(buf[2 * UNIT_BIG - 1], 0xaa);
	check_zeros(buf + (size_t)2 * UNIT_BIG, (size_t)8 * UNIT_BIG);
	assert_int_equal(buf[10 * UNIT_BIG], 0xee);
	disc_put(d);
}

static void formatting_drops_the_data(void **state)
{
	struct disc *d = formatted(300);

	(void)state;
	memset(buf, 0xaa, sizeof(buf));
	assert_int_equal(disc_write(d, 10, 20, buf), DISC_OK);
	assert_int_equal(made_up_format(d, 352), DISC_OK);
	assert_int_equal(disc_readable_blocks(d), 352);
	assert_int_equal(d->media->blocks, 0);
	assert_int_equal(disc_read(d, 0, 40, buf), DISC_OK);
	check_zeros(buf, 40 * MEDIA_BLOCK);
	assert_int_equal(made_up_format(d, 200), DISC_OK);
	assert_int_equal(disc_may_write(d, 200, 1), DISC_OUT_OF_RANGE);
	disc_put(d);
}

/* A power cut loses no more blocks than max_unsaved. */
static void unsynced_blocks_are_limited(void **state)
{
	struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RAM),
		.media = media_mem_new(0, true),
		.max_unsaved = 64};
	struct disc *d = disc_open(&o);

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(disc_write(d, i * 37 % 400, 10, buf), DISC_OK);
		assert_in_range(disc_unsynced(d), 10, 64);
	}
	assert_int_equal(d->media->syncs, 16);
	disc_put(d);
}

/* There is no test write: the blocks are written. */
static void test_write_is_ignored(void **state)
{
	struct disc *d = formatted(300);

	(void)state;
	assert_int_equal(disc_test_write(d, true), DISC_OK);
	assert_false(d->testing);
	memset(buf, 0xaa, MEDIA_BLOCK);
	assert_int_equal(disc_write(d, 5, 1, buf), DISC_OK);
	assert_int_equal(disc_test_write(d, false), DISC_OK);
	assert_int_equal(disc_read(d, 5, 1, buf), DISC_OK);
	assert_int_equal(buf[0], 0xaa);
	disc_put(d);
}

/* ---- a medium that takes blocks before it writes them, and loses one ------------------------ */

struct losing {
	struct media m;
	struct media *below;
	uint64_t lose;  /* this block cannot be written */
	int error;      /* set when the block is lost, until truncate() */
	unsigned waits; /* wait_written() returns -EAGAIN this many times first */
};

static int losing_read(struct media *m, uint64_t block, uint32_t count, void *data)
{
	return media_read(((struct losing *)m)->below, block, count, data);
}

static int losing_write(struct media *m, uint64_t block, uint32_t count, const void *data)
{
	struct losing *l = (struct losing *)m;

	if (l->error)
		return l->error;
	if (l->lose >= block && l->lose < block + count) {
		l->error = -EIO;
		return 0;
	}
	return media_write(l->below, block, count, data);
}

static int losing_wait_written(struct media *m, uint64_t *lost)
{
	struct losing *l = (struct losing *)m;

	*lost = l->lose;
	if (l->waits > 0) {
		l->waits--;
		return -EAGAIN;
	}
	return l->error;
}

static int losing_sync(struct media *m)
{
	return ((struct losing *)m)->error;
}

static int losing_truncate(struct media *m, uint64_t blocks)
{
	struct losing *l = (struct losing *)m;

	l->error = 0;
	return media_truncate(l->below, blocks);
}

static void losing_close(struct media *m)
{
	media_close(((struct losing *)m)->below);
}

static const struct media_ops losing_ops = {
	.read = losing_read,
	.write = losing_write,
	.wait_written = losing_wait_written,
	.sync = losing_sync,
	.truncate = losing_truncate,
	.close = losing_close,
};

/* Writes one block, as a WRITE command does, and waits for it. */
static int write_and_wait(struct disc *d, uint32_t lba, int content)
{
	int r;

	memset(buf, content, MEDIA_BLOCK);
	r = disc_write(d, lba, 1, buf);
	return r == DISC_OK ? disc_wait_written(d) : r;
}

static void check_block(struct disc *d, uint32_t lba, int content)
{
	assert_int_equal(disc_read(d, lba, 1, buf), DISC_OK);
	assert_int_equal(buf[0], content);
	assert_int_equal(buf[MEDIA_BLOCK - 1], content);
}

/* Blocks that were acknowledged before the lost one are not affected. */
static void a_lost_write_is_reported_once(void **state)
{
	struct losing l = {.m = {.ops = &losing_ops, .unit = MEDIA_BLOCK, .writable = true},
		.below = media_mem_new(0, true),
		.lose = UINT64_MAX};
	struct disc *d = open_on(&l.m);

	(void)state;
	assert_int_equal(made_up_format(d, 300), DISC_OK);
	assert_int_equal(write_and_wait(d, 40, 0x40), DISC_OK);
	assert_int_equal(write_and_wait(d, 50, 0x50), DISC_OK);
	/* A block inside the image keeps its old contents. */
	l.lose = 40;
	assert_int_equal(write_and_wait(d, 40, 0x41), -EIO);
	l.lose = UINT64_MAX;
	assert_int_equal(disc_wait_written(d), DISC_OK);
	check_block(d, 40, 0x40);
	check_block(d, 50, 0x50);
	/* After a lost block beyond the end, the image has its old size. */
	l.lose = 200;
	l.waits = 1;
	assert_int_equal(write_and_wait(d, 200, 0x20), -EAGAIN);
	assert_int_equal(disc_wait_written(d), -EIO);
	l.lose = UINT64_MAX;
	assert_int_equal(d->media->blocks, 51);
	check_block(d, 50, 0x50);
	check_block(d, 200, 0);
	assert_int_equal(write_and_wait(d, 200, 0x21), DISC_OK);
	assert_int_equal(write_and_wait(d, 0, 0x01), DISC_OK);
	check_block(d, 200, 0x21);
	check_block(d, 50, 0x50);
	check_block(d, 199, 0);
	assert_int_equal(disc_sync(d), DISC_OK);
	disc_put(d);
}

/* The first write to a disc that was formatted again: nothing of the old length is left. */
static void a_write_lost_after_a_format_leaves_zeros(void **state)
{
	struct losing l = {.m = {.ops = &losing_ops, .unit = MEDIA_BLOCK, .writable = true},
		.below = media_mem_new(0, true),
		.lose = UINT64_MAX};
	struct disc *d = open_on(&l.m);

	(void)state;
	assert_int_equal(made_up_format(d, 300), DISC_OK);
	assert_int_equal(write_and_wait(d, 250, 0x25), DISC_OK);
	assert_int_equal(made_up_format(d, 200), DISC_OK);
	l.lose = 100;
	assert_int_equal(write_and_wait(d, 100, 0x10), -EIO);
	l.lose = UINT64_MAX;
	check_block(d, 50, 0);
	check_block(d, 100, 0);
	assert_int_equal(d->media->blocks, 0);
	assert_int_equal(write_and_wait(d, 100, 0x11), DISC_OK);
	check_block(d, 99, 0);
	check_block(d, 100, 0x11);
	disc_put(d);
}

/* The write itself fails, not a later wait. */
static void a_write_error_is_reported_and_loses_nothing_else(void **state)
{
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct disc *d = open_on(m);
	struct media_fault full = {
		.kind = MEDIA_FAULT_ERROR, .on_write = true, .error = ENOSPC, .times = 1};
	struct media_fault sync = {
		.kind = MEDIA_FAULT_ERROR, .on_sync = true, .error = EIO, .times = 1};

	(void)state;
	assert_int_equal(made_up_format(d, 300), DISC_OK);
	assert_int_equal(write_and_wait(d, 7, 0x07), DISC_OK);
	media_fault_set(m, &full);
	assert_int_equal(write_and_wait(d, 8, 0x08), -ENOSPC);
	assert_int_equal(write_and_wait(d, 8, 0x09), DISC_OK);
	check_block(d, 7, 0x07);
	check_block(d, 8, 0x09);
	media_fault_set(m, &sync);
	assert_int_equal(disc_sync(d), -EIO);
	assert_int_equal(disc_sync(d), DISC_OK);
	assert_int_equal(disc_unsynced(d), 0);
	media_fault_set(m, &sync);
	assert_int_equal(write_and_wait(d, 9, 0x09), DISC_OK);
	assert_int_equal(made_up_format(d, 200), -EIO);
	assert_int_equal(made_up_format(d, 200), DISC_OK);
	assert_int_equal(disc_readable_blocks(d), 200);
	disc_put(d);
}

/* ---- as the host sees it -------------------------------------------------------------------- */

/* READ FORMAT CAPACITIES lists what the row offers in this format state (MMC-6 6.23). */
static void format_capacities_follow_the_format_state(void **state)
{
	static const uint8_t unformatted[] = {0, 0, 0, 16, 0, 0, 1, 0x90, 1, 0, 8, 0, /* current */
		0, 0, 1, 0x90, 0x26 << 2, 0, 0, 0};
	static const uint8_t all[] = {0, 0, 0, 24, 0, 0, 1, 0x2c, 2, 0, 8, 0, /* current */
		0, 0, 1, 0x90, 0x26 << 2, 0, 0, 0, 0, 0, 1, 0x2c, 0x13 << 2, 0, 0, 0x10};
	struct disc *d = open_on(media_mem_new(0, true));
	struct mmc_drive *drive = new_drive();

	(void)state;
	mmc_insert(drive, disc_get(d));
	drain_events(drive);
	assert_int_equal(command(drive, 0x23, 0, 0, 0, 0, 0, 0, 0, 255, 0), 0);
	assert_int_equal(answer.len, sizeof(unformatted));
	assert_memory_equal(answer.data, unformatted, sizeof(unformatted));
	assert_int_equal(made_up_format(d, 300), DISC_OK);
	assert_int_equal(command(drive, 0x23, 0, 0, 0, 0, 0, 0, 0, 255, 0), 0);
	assert_int_equal(answer.len, sizeof(all));
	assert_memory_equal(answer.data, all, sizeof(all));
	/* READ DISC INFORMATION: complete, and erasable. */
	assert_int_equal(command(drive, 0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0), 0);
	assert_int_equal(answer.data[2], 0x1e);
	/* Two layers. */
	assert_int_equal(command(drive, 0xad, 0, 0, 0, 0, 0, 1, 0, 0, 24, 0, 0), 0);
	assert_int_equal(answer.data[4 + 2] >> 5, 1);
	assert_int_not_equal(command(drive, 0xad, 0, 0, 0, 0, 0, 2, 0, 0, 24, 0, 0), 0);
	mmc_drive_free(drive);
	disc_put(d);
}

/* Stopped, a background format is complete if the last block was recorded. */
static void background_format_ends_with_the_last_block(void **state)
{
	const struct disc_format_request all = {.type = 0x26};
	struct media *m = media_mem_new(0, true);
	struct disc_options o = {
		.medium = disc_medium_of(DISC_DVD_PLUS_RW), .media = m, .capacity = 400};
	struct disc *d = disc_open(&o);

	(void)state;
	assert_int_equal(disc_background(d), DISC_BACKGROUND_NONE);
	assert_int_equal(disc_format(d, &all), DISC_OK);
	assert_int_equal(disc_background(d), DISC_BACKGROUND_RUNNING);
	assert_int_equal(disc_write(d, 398, 1, buf), DISC_OK);
	assert_int_equal(disc_stop_format(d), DISC_OK);
	assert_int_equal(disc_background(d), DISC_BACKGROUND_SUSPENDED);
	assert_int_equal(disc_write(d, 399, 1, buf), DISC_OK);
	assert_int_equal(disc_stop_format(d), DISC_OK);
	assert_int_equal(disc_background(d), DISC_BACKGROUND_COMPLETE);
	assert_int_equal(disc_format(d, &all), DISC_OK);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_background(d), DISC_BACKGROUND_SUSPENDED);
	disc_put(d);
}

/* A disc whose image cannot be written looks the same, and says so (MMC-6 6.22.3.9, SPC-4). */
static void a_read_only_image_is_a_write_protected_disc(void **state)
{
	static const uint8_t list[12] = {0, 2, 0, 8, 0xff, 0xff, 0xff, 0xff, 0x26 << 2};
	static const uint8_t format[6] = {0x04, 0x11}, write[10] = {0x2a, [8] = 1};
	struct disc_options o = {
		.medium = disc_medium_of(DISC_DVD_RAM), .media = media_mem_new(0, true)};
	struct mmc_drive *drive = new_drive();
	struct disc *d = disc_open(&o);

	(void)state;
	for (int protected = 0; protected <= 1; protected ++) {
		d->media->writable = !protected;
		mmc_insert(drive, disc_get(d));
		drain_events(drive);
		assert_int_equal(command(drive, 0x46, 1, 0, 0x20, 0, 0, 0, 0, 64, 0), 0);
		assert_int_equal(get_be16(answer.data + 6), 0x0012);
		assert_int_equal(get_be16(answer.data + 8) == 0x0020, !protected);
		assert_int_equal(command(drive, 0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0), 0);
		assert_int_equal(answer.data[2], protected ? 0x0f : 0x1f);
		assert_int_equal(command(drive, 0xad, 0, 0, 0, 0, 0, 0, 0xc0, 0, 8, 0, 0), 0);
		assert_int_equal(answer.data[4], protected ? 0x02 : 0x00);
		assert_int_equal(command_with(drive, write, 10, 0, buf), protected ? 0x72700 : 0);
		assert_int_equal(
			command_with(drive, format, 6, 0, list), protected ? 0x72700 : 0x52600);
		assert_int_equal(command(drive, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
		assert_int_equal(command(drive, 0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0), 0);
		assert_int_equal(mmc_eject(drive, true), MMC_EJECT_DONE);
	}
	mmc_drive_free(drive);
	disc_put(d);
}

/* The sizes that FORMAT UNIT may ask for: rounded up to ECC blocks, but not past the offer. */
static void requests_are_compared_with_the_offers(void **state)
{
	static const struct disc_medium m = {
		.ecc_blocks = 16,
		.format =
			{
				{.formats = 1 << DISC_UNFORMATTED,
					.type = 0x32,
					.sub_types = 1 << 0 | 1 << 1,
					.blocks = 320},
				{.formats = 1 << DISC_FORMATTED,
					.type = 0x10,
					.blocks = 304,
					.least = 32},
				{.formats = 1 << DISC_FORMATTED,
					.type = 0x26,
					.flags = DISC_FORMAT_ALL,
					.blocks = 400},
			},
	};
	static const struct {
		enum disc_format format;
		struct disc_format_request r;
		uint32_t size; /* 0 = refused */
	} cases[] = {
		{DISC_UNFORMATTED, {0x32, 0, 320, 0}, 320},
		{DISC_UNFORMATTED, {0x32, 1, 320, 0x1000}, 320},
		{DISC_UNFORMATTED, {0x32, 2, 320, 0}, 0},
		{DISC_UNFORMATTED, {0x32, 0, 304, 0}, 0},
		{DISC_UNFORMATTED, {0x32, 0, 0, 0}, 0},
		{DISC_UNFORMATTED, {0x10, 0, 304, 0}, 0},
		{DISC_FORMATTED, {0x32, 0, 320, 0}, 0},
		{DISC_FORMATTED, {0x10, 3, 304, 0}, 304},
		{DISC_FORMATTED, {0x10, 0, 17, 0}, 32},
		{DISC_FORMATTED, {0x10, 0, 16, 0}, 0},
		{DISC_FORMATTED, {0x10, 0, 0, 0}, 0},
		{DISC_FORMATTED, {0x10, 0, 290, 0}, 304},
		{DISC_FORMATTED, {0x10, 0, 305, 0}, 0},
		{DISC_FORMATTED, {0x10, 0, UINT32_MAX, 0}, 0},
		{DISC_FORMATTED, {0x26, 0, UINT32_MAX, 0}, 400},
		{DISC_FORMATTED, {0x26, 0, UINT32_MAX - 1, 0}, 0},
		{DISC_FORMATTED, {0x26, 0, 0, 0}, 400},
		{DISC_FORMATTED, {0x26, 0, 399, 0}, 0},
	};
	uint32_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size = 0;
		bool taken = disc_medium_offer(&m, cases[i].format, 1000, &cases[i].r, &size);

		assert_int_equal(taken, cases[i].size != 0);
		assert_int_equal(taken ? size : 0, cases[i].size);
	}
	/* A disc that is smaller than the offer has its own size. */
	const struct disc_format_request all = {0x26, 0, 0, 0}, whole = {0x26, 0, 400, 0};

	assert_non_null(disc_medium_offer(&m, DISC_FORMATTED, 200, &all, &size));
	assert_int_equal(size, 200);
	assert_null(disc_medium_offer(&m, DISC_FORMATTED, 200, &whole, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unformatted_medium_reads_and_writes_nothing),
		cmocka_unit_test(all_blocks_of_a_formatted_medium_are_usable),
		cmocka_unit_test(blocks_are_written_in_any_order),
		cmocka_unit_test(blocks_never_written_are_zeros),
		cmocka_unit_test(blocks_of_a_cd_work_as_well),
		cmocka_unit_test(formatting_drops_the_data),
		cmocka_unit_test(unsynced_blocks_are_limited),
		cmocka_unit_test(test_write_is_ignored),
		cmocka_unit_test(a_lost_write_is_reported_once),
		cmocka_unit_test(a_write_lost_after_a_format_leaves_zeros),
		cmocka_unit_test(a_write_error_is_reported_and_loses_nothing_else),
		cmocka_unit_test(format_capacities_follow_the_format_state),
		cmocka_unit_test(background_format_ends_with_the_last_block),
		cmocka_unit_test(a_read_only_image_is_a_write_protected_disc),
		cmocka_unit_test(requests_are_compared_with_the_offers),
	};

	return cmocka_run_group_tests_name("overwrite", tests, NULL, NULL);
}
