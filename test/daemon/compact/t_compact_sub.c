// SPDX-License-Identifier: GPL-2.0-or-later
/* The subchannels of a CloneCD image: a file beside it, which is a part of the disc. */
#include <errno.h>
#include <pthread.h>

#include "daemon/compact/compact_fixture.h"

#include "util/array.h"

#define SUB_SECTORS 600u

/* A disc of CloneCD with a pregap that is stored, and Q that says the number of the sector. */
static void put_ccd(const char *sub, unsigned bytes)
{
	FILE *f = fopen(in_scratch(sub), "wb");
	unsigned char plane[96];

	put_text("media/s.ccd",
		"[Entry 2]\nSession=1\nPoint=0xa2\nPLBA=600\n"
		"[Entry 3]\nSession=1\nPoint=0x01\nPLBA=0\n"
		"[Entry 4]\nSession=1\nPoint=0x02\nPLBA=450\n"
		"[TRACK 1]\nMODE=0\nINDEX 1=0\n[TRACK 2]\nMODE=0\nINDEX 0=300\nINDEX 1=450\n");
	put_sectors("media/s.img", SUB_SECTORS, 's');
	assert_non_null(f);
	for (unsigned i = 0; i < SUB_SECTORS; i++) {
		memset(plane, 0, sizeof(plane));
		plane[12] = 0x40 | 1;
		plane[13] = (unsigned char)(i >> 8);
		plane[14] = (unsigned char)i;
		assert_int_equal(fwrite(plane, sizeof(plane), 1, f), 1);
	}
	assert_int_equal(fclose(f), 0);
	assert_int_equal(truncate(in_scratch(sub), bytes), 0);
}

static unsigned plane_byte(const uint8_t *sub, unsigned byte)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 8; i++)
		n = n << 1 | (sub[8 * byte + i] >> 6 & 1u);
	return n;
}

/* ---- reading ahead -------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static unsigned readies, asked;

static void on_ready(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	readies++;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
}

/* As a drive does: asks again when it is told to. */
static void wait_for(unsigned lba, unsigned n, struct disc_sectors *s)
{
	for (;;) {
		int r = disc_view_sectors_sub(image.disc, lba, n, s);

		if (r != -EAGAIN) {
			assert_int_equal(r, DISC_OK);
			return;
		}
		pthread_mutex_lock(&lock);
		while (readies == asked)
			pthread_cond_wait(&wake, &lock);
		asked = readies;
		pthread_mutex_unlock(&lock);
	}
}

static void assert_subchannels(const struct disc_sectors *s, unsigned lba, unsigned n)
{
	assert_true(s->count >= 1 && s->count <= n && s->has_q);
	for (unsigned k = 0; k < s->count; k++) {
		assert_int_equal(s->data[k * s->unit + 2], (lba + k) & 0xff);
		assert_int_equal(plane_byte(s->sub + k * s->sub_unit, 1), (lba + k) >> 8);
		assert_int_equal(plane_byte(s->sub + k * s->sub_unit, 2), (lba + k) & 0xff);
	}
}

/* The read-ahead goes from file to file, and the reader gets on. */
static void two_files_by_one_read_ahead(void **state)
{
	const struct image_policy ahead = {.ready = on_ready};
	struct disc_sectors s;

	(void)state;
	use_resolver();
	put_ccd("media/s.sub", SUB_SECTORS * 96);
	memset(&why, 0, sizeof(why));
	if (image_open(folder, in_scratch("media"), "s.ccd", &ahead, &image, &why) != 0)
		fail_msg("%s", why.text);
	for (unsigned lba = 0; lba < SUB_SECTORS; lba += s.count) {
		wait_for(lba, SUB_SECTORS - lba, &s);
		assert_subchannels(&s, lba, SUB_SECTORS - lba);
	}
	for (unsigned i = 0; i < 300; i++) {
		unsigned lba = i * 7919 % SUB_SECTORS;

		wait_for(lba, 1, &s);
		assert_subchannels(&s, lba, 1);
	}
	image_fini(&image);
}

/* Any range of sectors, with and without subchannels, one after the other. */
static void subchannels_are_those_of_the_file(void **state)
{
	struct disc_sectors s;

	(void)state;
	use_resolver();
	put_ccd("media/S.Sub", SUB_SECTORS * 96);
	if (open_image("s.ccd") != 0)
		fail_msg("%s", why.text);
	assert_string_equal(image.warning, "");
	assert_int_equal(image.size, SUB_SECTORS * (2352 + 96));
	for (unsigned i = 0; i < 2000; i++) {
		unsigned lba = i * 7919 % SUB_SECTORS, n = MIN(1 + i % 40, SUB_SECTORS - lba);

		assert_int_equal(disc_view_sectors_sub(image.disc, lba, n, &s), DISC_OK);
		assert_subchannels(&s, lba, n);
		if (i % 3 == 0)
			assert_sector((int)lba, 's', lba, CD_AUDIO);
	}
	assert_int_equal(disc_view_sectors(image.disc, 5, 1, &s), DISC_OK);
	assert_null(s.sub);
	assert_int_equal(disc_view_sectors_sub(image.disc, -1, 1, &s), DISC_OK);
	assert_null(s.sub);
	/* In the cut part of the file, the sectors can be read without subchannels. */
	assert_int_equal(truncate(in_scratch("media/S.Sub"), 300 * 96), 0);
	assert_int_equal(disc_view_sectors_sub(image.disc, 450, 1, &s), -EIO);
	assert_sector(450, 's', 450, CD_AUDIO);
	image_fini(&image);
	/* It is a part of the disc, and not listed. */
	scan();
	assert_int_equal(list.count, 1);
	assert_non_null(entry("s.ccd"));
}

static void subchannels_that_do_not_fit_are_left_out(void **state)
{
	static const unsigned bytes[] = {SUB_SECTORS * 96 - 1, SUB_SECTORS * 96 + 96, 96, 0};
	struct disc_sectors s;
	char text[200];

	(void)state;
	use_resolver();
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		put_ccd("media/s.sub", bytes[i]);
		if (open_image("s.ccd") != 0)
			fail_msg("%s", why.text);
		snprintf(text, sizeof(text),
			"; s.ccd: the subchannels in the .sub are left out, and computed instead: "
			"the .sub has %u bytes, and would have %u for the %u sectors of the .img",
			bytes[i], SUB_SECTORS * 96, SUB_SECTORS);
		assert_string_equal(image.warning, text);
		assert_int_equal(disc_view_sectors_sub(image.disc, 0, 1, &s), DISC_OK);
		assert_null(s.sub);
		assert_sector(599, 's', 599, CD_AUDIO);
		image_fini(&image);
	}
	assert_int_equal(unlink(in_scratch("media/s.sub")), 0);
	assert_int_equal(open_image("s.ccd"), 0);
	assert_string_equal(image.warning, "");
	image_fini(&image);
	/* A folder has the name of the subchannel file. */
	assert_int_equal(mkdir(in_scratch("media/s.sub"), 0700), 0);
	assert_int_equal(open_image("s.ccd"), 0);
	assert_non_null(strstr(image.warning, "the file \"s.sub\" is left out"));
	image_fini(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(subchannels_are_those_of_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(two_files_by_one_read_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(
			subchannels_that_do_not_fit_are_left_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
