// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sectors and their subchannels, which are in two files of one medium, on a medium that waits each
 * time its reader goes to the other file, as one with a single read-ahead does.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "disc/compact.h"
#include "lib/cd_disc.h"
#include "util/array.h"

static struct cd_disc made;
static unsigned turned;     /* the file that the read-ahead is in */
static unsigned turns;      /* since the beginning of the test */
static unsigned view_bytes; /* most bytes of a view */
static bool broken;         /* the file of subchannels cannot be read */

static int two_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	unsigned file = block >= made.file[1];

	(void)m;
	if (file == 1 && broken)
		return -EIO;
	if (file != turned) {
		turned = file;
		turns++;
		return -EAGAIN;
	}
	*count = MIN(*count, view_bytes);
	return made.media->ops->view(made.media, block, count, data);
}

static int two_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	(void)m;
	return made.media->ops->read(made.media, block, count, buf);
}

static void two_close(struct media *m)
{
	media_close(made.media);
	free(m);
}

static const struct media_ops two_ops = {.read = two_read, .view = two_view, .close = two_close};

static struct disc *open_two(unsigned bytes)
{
	struct media *m = calloc(1, sizeof(*m));
	struct disc_options o = {.media = m, .map = &made.map, .map_file = made.file};

	assert_non_null(m);
	assert_true(cd_disc_make("ccd", &made));
	m->ops = &two_ops;
	m->unit = 1;
	m->blocks = made.media->blocks;
	turned = turns = 0;
	view_bytes = bytes;
	broken = false;
	return disc_open(&o);
}

/* Bit by bit, as the file has them. */
static void assert_sub(int32_t lba, const uint8_t *sub)
{
	uint8_t planes[96];

	assert_int_equal(
		made.media->ops->read(made.media, made.file[1] + (unsigned)lba * 96u, 96, planes),
		0);
	for (unsigned bit = 0; bit < 8 * 96; bit++)
		assert_int_equal(
			sub[bit % 96] >> (7 - bit / 96) & 1, planes[bit / 8] >> (7 - bit % 8) & 1);
}

static void assert_sectors(struct disc *d, int32_t lba, uint32_t count, struct disc_sectors *s)
{
	int r = -EAGAIN;

	/* The medium waits at most once for each of the two files, also if a sector is joined of
	 * several views. */
	for (unsigned i = 0; r == -EAGAIN && i < 3; i++)
		r = disc_view_sectors_sub(d, lba, count, s);
	assert_int_equal(r, DISC_OK);
	assert_true(s->count >= 1 && s->count <= count && s->has_q);
	for (uint32_t i = 0; i < s->count; i++)
		assert_sub(lba + (int32_t)i, s->sub + i * s->sub_unit);
}

static void reader_gets_on(void **state)
{
	static const unsigned bytes[] = {UINT32_MAX, 5000, 1000, 95};
	struct disc_sectors s;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bytes); k++) {
		struct disc *d = open_two(bytes[k]);

		assert_non_null(d);
		for (int32_t lba = 0; lba < 1750; lba += (int32_t)s.count)
			assert_sectors(d, lba, 1750, &s);
		/* Subchannels of many sectors are read at once: 1750 / 128, and the track's end. */
		assert_in_range(turns, 2, 2 * 16);
		for (unsigned i = 0; i < 500; i++) {
			int32_t lba = (int32_t)(i * 7919 % 1750);

			assert_sectors(d, lba, 1 + i % 40, &s);
			assert_int_equal(disc_view_sectors(d, lba, 1, &s), DISC_OK);
			assert_null(s.sub);
		}
		disc_put(d);
	}
}

/* A subchannel file that cannot be read fails only reads of subchannels. */
static void file_that_cannot_be_read(void **state)
{
	struct disc *d = open_two(UINT32_MAX);
	struct disc_sectors s;

	(void)state;
	assert_non_null(d);
	broken = true;
	assert_int_equal(disc_view_sectors_sub(d, 100, 5, &s), -EIO);
	assert_int_equal(disc_view_sectors(d, 100, 5, &s), DISC_OK);
	assert_int_equal(disc_view_sectors_sub(d, -1, 1, &s), DISC_OK);
	assert_null(s.sub);
	broken = false;
	assert_sectors(d, 100, 5, &s);
	disc_put(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_gets_on),
		cmocka_unit_test(file_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
