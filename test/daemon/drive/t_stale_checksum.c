// SPDX-License-Identifier: GPL-2.0-or-later
/* A checksum file beside a disc that the host writes to: it must not make a good disc a bad one. */
#include "daemon/drive/place_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "daemon/rw_disc.h"
#include "library/checksum.h"
#include "library/disc_file.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A list of checksums as people make it: of d.iso, and of a file beside it. */
#define LINES HEX "  d.iso\n" HEX " *cover.jpg\n"

static void put_checksum(void)
{
	put_text("media/d.iso.sha256", LINES);
}

/* True if the checksum of d.iso is a comment by now; the other line must be as it was. */
static bool is_outdated(void)
{
	const char *text = get_text("media/d.iso.sha256");

	if (strcmp(text, LINES) == 0)
		return false;
	assert_string_equal(text,
		"# mmcgadget: the disc was written to after this checksum was computed:\n"
		"# " HEX "  d.iso\n" HEX " *cover.jpg\n");
	return true;
}

static bool becomes_outdated(void)
{
	for (uint64_t end = now_ms() + 20000; now_ms() < end; wait_ms(5)) {
		if (is_outdated())
			return true;
	}
	return false;
}

static bool read_block(uint32_t lba)
{
	const uint8_t cdb[10] = {0x28, 0, 0, 0, (uint8_t)(lba >> 8), (uint8_t)lba, 0, 0, 1};
	struct mmc_xfer xfer;
	const uint8_t *data;

	mmc_begin(drive_engine(usb[0].drive), cdb, sizeof(cdb), 0, &xfer);
	while (mmc_pull(drive_engine(usb[0].drive), &data, MEDIA_BLOCK) < 0)
		fake_nap();
	return fake_end(&usb[0]) == MMC_GOOD;
}

static void a_disc_that_is_overwritten(void **state)
{
	(void)state;
	put_rw("d.iso", 32 * MEDIA_BLOCK);
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(read_block(3));
	wait_ms(50);
	assert_false(is_outdated());
	assert_true(fake_write(&usb[0], 3));
	assert_true(becomes_outdated());
	assert_true(logged("drive0: d.iso.sha256 is of the data that was on the disc before"));
	/* Only a write after the insert outdates: this checksum is newer than the write above. */
	take_out();
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	take_out();
	assert_false(is_outdated());
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 4));
	assert_true(becomes_outdated());
}

/* FORMAT UNIT drops the data, although no block is written and the format is the same. */
static void a_disc_that_is_formatted_anew(void **state)
{
	const uint8_t cdb[16] = {0x04, 0x11};
	const uint8_t list[12] = {0, 0x82, 0, 8, 0, 0x23, 0x05, 0x40, 0x26 << 2, 0, 0, 0};
	struct mmc_xfer xfer;

	(void)state;
	put_rw("d.iso", 32 * MEDIA_BLOCK);
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
	mmc_begin(drive_engine(usb[0].drive), cdb, 6, 0, &xfer);
	assert_int_equal(xfer.len, sizeof(list));
	fake_push(&usb[0], list, sizeof(list));
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
	assert_true(becomes_outdated());
}

/* Burns and finalises a DVD-RW, and inserts it again with a checksum beside it. */
static void load_finalised_dvd_rw(void)
{
	struct record r = {.base = {.progress = on_progress, .final = on_final}};

	drive_submit_blank(usb[0].drive, "d.iso",
		&(struct image_blank){.medium = disc_medium_named("dvd-rw")}, false, &r.base);
	turn(event, usb, 2, 20000, &r.done);
	assert_true(r.ok);
	burn(0, 16);
	assert_true(close_disc(1) && close_disc(2));
	take_out();
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
}

static bool erase(void)
{
	const uint8_t cdb[16] = {0xa1, 0x01};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(usb[0].drive), cdb, 12, 0, &xfer);
	return fake_end(&usb[0]) == MMC_GOOD;
}

static void a_disc_that_is_erased(void **state)
{
	(void)state;
	load_finalised_dvd_rw();
	wait_ms(50);
	assert_false(is_outdated());
	assert_true(erase());
	assert_true(becomes_outdated());
	/* The line does not come back by itself. */
	burn(0, 16);
	take_out();
	assert_true(is_outdated());
}

/* A power cut came between the erasing and the comment: a blank has no data. */
static void a_blank_that_comes_in_with_one(void **state)
{
	(void)state;
	load(DRIVE_BLANK, "d.iso");
	take_out();
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	assert_true(becomes_outdated());
}

static void a_disc_that_is_appended_to(void **state)
{
	(void)state;
	load(DRIVE_BLANK, "d.iso");
	burn(0, 16);
	assert_true(close_disc(2));
	take_out();
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	wait_ms(50);
	assert_false(is_outdated());
	burn(16, 17);
	assert_true(becomes_outdated());
}

/* A disc that no host can write to keeps its checksum; a disc without one gets none. */
static void a_disc_that_stays_as_it_is(void **state)
{
	(void)state;
	put_size("media/d.iso", 4096);
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(read_block(1));
	take_out();
	assert_false(is_outdated());
	/* A list of other files has no line of the disc. */
	put_rw("e.iso", 32 * MEDIA_BLOCK);
	put_text("media/e.iso.sha256", LINES);
	load(DRIVE_INSERT, "e.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 3));
	take_out();
	assert_string_equal(get_text("media/e.iso.sha256"), LINES);
	put_rw("f.iso", 32 * MEDIA_BLOCK);
	load(DRIVE_INSERT, "f.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 3));
	take_out();
	assert_false(scratch_has("media/f.iso.sha256"));
}

/* A file that no checksum can be in is left alone, and its owner told. */
static void a_file_that_is_too_long(void **state)
{
	char long_text[4 * CHECKSUM_TEXT];

	(void)state;
	memset(long_text, '#', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	put_rw("d.iso", 32 * MEDIA_BLOCK);
	put_text("media/d.iso.sha256", long_text);
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 3));
	assert_true(logged("drive0: d.iso.sha256 is of the data that was on the disc before; "
			   "delete it: File too large"));
	assert_int_equal(size_of("media/d.iso.sha256"), sizeof(long_text) - 1);
}

/* ---- another command works on the files of a disc ------------------------------------------- */

static sem_t entered, go_on;

/* A card that answers late, or a large file that is deleted. */
static int slow_read(struct folder *f, const char *name, char *buf, size_t size)
{
	struct timespec end;

	(void)f;
	(void)name;
	(void)buf;
	(void)size;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 5;
	sem_post(&entered);
	while (sem_timedwait(&go_on, &end) < 0 && errno == EINTR)
		continue;
	return -ENOENT;
}

static void *work_slowly(void *arg)
{
	static const struct folder_ops ops = {.read = slow_read};
	struct folder f = {.ops = &ops};

	(void)arg;
	(void)disc_file_outdate_checksum(&f, "other.iso");
	return NULL;
}

static void the_next_disc_does_not_wait_for_it(void **state)
{
	pthread_t thread;
	uint64_t begin;

	(void)state;
	put_rw("d.iso", 32 * MEDIA_BLOCK);
	put_checksum();
	load(DRIVE_INSERT, "d.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(sem_init(&entered, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
	assert_int_equal(pthread_create(&thread, NULL, work_slowly, NULL), 0);
	while (sem_wait(&entered) < 0)
		continue;
	begin = now_ms();
	assert_true(fake_write(&usb[0], 3));
	wait_ms(50);
	take_out();
	load(DRIVE_BLANK, "e.iso");
	assert_true(now_ms() - begin < 4000);
	assert_false(is_outdated());
	sem_post(&go_on);
	pthread_join(thread, NULL);
	assert_true(becomes_outdated());
	sem_destroy(&entered);
	sem_destroy(&go_on);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		T(a_disc_that_is_overwritten),
		T(a_disc_that_is_formatted_anew),
		T(a_disc_that_is_erased),
		T(a_blank_that_comes_in_with_one),
		T(a_disc_that_is_appended_to),
		T(a_disc_that_stays_as_it_is),
		T(a_file_that_is_too_long),
		T(the_next_disc_does_not_wait_for_it),
	};

	return cmocka_run_group_tests_name("stale checksum", tests, NULL, NULL);
}
