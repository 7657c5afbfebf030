// SPDX-License-Identifier: GPL-2.0-or-later
/* When a medium in a file has the kernel start write-back: not at each write, and not too late. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "media/media.h"

#define MIB   (1024u * 1024u)
#define COUNT 32u /* blocks of 64 KiB */

/* In place of the C library's. The kernel's does the work in the background, if at all. */
static struct {
	unsigned calls;
	off_t from, to; /* of the last call */
} started;

int sync_file_range(int fd, off_t from, off_t bytes, unsigned flags)
{
	(void)fd;
	assert_int_equal(flags, SYNC_FILE_RANGE_WRITE);
	started.calls++;
	started.from = from;
	started.to = from + bytes;
	return 0;
}

static uint8_t data[COUNT * MEDIA_BLOCK];
static struct media *m;

static int setup(void **state)
{
	(void)state;
	memset(&started, 0, sizeof(started));
	return media_file_open(memfd_create("disc", MFD_CLOEXEC), true, &m);
}

static int teardown(void **state)
{
	(void)state;
	media_close(m);
	return 0;
}

static void write_at(uint64_t block, uint32_t count)
{
	assert_int_equal(media_write(m, block, count, data), 0);
}

static void a_burn_starts_it_every_8_mib(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 24 * MIB / MEDIA_BLOCK; at += COUNT) {
		write_at(at, COUNT);
		assert_int_equal(started.calls, (at + COUNT) / (8 * MIB / MEDIA_BLOCK));
	}
	assert_int_equal(started.from, 16 * MIB);
	assert_int_equal(started.to, 24 * MIB);
}

/* Each of these starts lets the card do the work of 64 writes at once, in the best order. */
static void writes_anywhere_start_it_every_64_places(void **state)
{
	const unsigned writes = 640, blocks = 100003;

	(void)state;
	for (unsigned i = 0; i < writes; i++) {
		write_at((uint64_t)i * 7919 % blocks, 2);
		assert_int_equal(started.calls, (i + 1) / 64);
	}
	/* All that was written lies in one of the ranges. */
	assert_true(started.from < 2000 * (off_t)MEDIA_BLOCK);
	assert_true(started.to > 98000 * (off_t)MEDIA_BLOCK);
}

static void a_sync_leaves_nothing_to_start(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 63; i++)
		write_at(10 * i, 2);
	assert_int_equal(media_sync(m), 0);
	for (unsigned i = 0; i < 63; i++)
		write_at(5000 + 10 * i, 2);
	assert_int_equal(started.calls, 0);
	write_at(9000, 2);
	assert_int_equal(started.calls, 1);
	assert_int_equal(started.from, 5000 * (off_t)MEDIA_BLOCK);
	assert_int_equal(started.to, 9002 * (off_t)MEDIA_BLOCK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_burn_starts_it_every_8_mib),
		T(writes_anywhere_start_it_every_64_places),
		T(a_sync_leaves_nothing_to_start),
	};

	return cmocka_run_group_tests_name("write_back", tests, NULL, NULL);
}
