// SPDX-License-Identifier: GPL-2.0-or-later
/* Several files as one medium: bytes in order, one read-ahead, files that change or are none. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/media.h"
#include "unit/media/ready.h"
#include "util/array.h"

/* Less and more than a buffer of the read-ahead; an empty one; sectors of a CD. */
static const uint32_t sizes[] = {300000, 0, 2352, 5 * 2352, 1, 700001, 128 * 1024};
#define FILES ARRAY_LEN(sizes)

static uint8_t all[1200000];
static uint32_t total;

/* Makes the files; each has other bytes than the others. */
static struct media *open_files(int keep[FILES])
{
	int fd[FILES];
	uint64_t begin[FILES];
	struct media *m;

	total = 0;
	for (unsigned i = 0; i < FILES; i++) {
		fd[i] = memfd_create("part", MFD_CLOEXEC);
		assert_true(fd[i] >= 0);
		for (uint32_t at = 0; at < sizes[i]; at++)
			all[total + at] = (uint8_t)(at * 7 + (at >> 8) + i * 31);
		assert_int_equal(write(fd[i], all + total, sizes[i]), (ssize_t)sizes[i]);
		keep[i] = dup(fd[i]);
		total += sizes[i];
	}
	assert_int_equal(media_files_open(fd, FILES, begin, &m), 0);
	for (unsigned i = 0; i + 1 < FILES; i++)
		assert_int_equal(begin[i + 1] - begin[i], sizes[i]);
	assert_int_equal(m->blocks, total);
	assert_int_equal(m->unit, 1);
	assert_false(m->writable);
	return m;
}

static void close_all(struct media *m, int keep[FILES])
{
	media_close(m);
	for (unsigned i = 0; i < FILES; i++)
		close(keep[i]);
}

static void bytes_of_all_files_are_in_order(void **state)
{
	static uint8_t got[sizeof(all)];
	int keep[FILES];
	struct media *m = open_files(keep);

	(void)state;
	assert_int_equal(media_read(m, 0, total, got), 0);
	assert_memory_equal(got, all, total);
	assert_int_equal(media_read(m, total, 1, got), -EINVAL);
	assert_int_equal(media_write(m, 0, 1, got), -EROFS);
	for (uint32_t at = 0; at < total; at += 997) {
		uint32_t len = MIN(5000u, total - at);

		assert_int_equal(media_read(m, at, len, got), 0);
		assert_memory_equal(got, all + at, len);
	}
	close_all(m, keep);
}

static void views_do_too_in_any_order(void **state)
{
	static uint8_t stage[100000];
	int keep[FILES], r;
	struct media *m = open_files(keep);
	const uint8_t *data;
	uint64_t x = 1;

	(void)state;
	assert_int_equal(media_files_read_ahead(m, ready, NULL), 0);
	for (unsigned round = 0; round < 3000; round++) {
		uint32_t at, len;

		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		at = (uint32_t)(x >> 33) % total;
		/* First all in order, then anywhere. */
		if (round < 100)
			at = round * (total / 100);
		len = MIN(1 + (uint32_t)(x >> 20) % (uint32_t)sizeof(stage), total - at);
		/* Pages that are not in the page cache are read by the thread. */
		if (round % 3 == 0)
			for (unsigned i = 0; i < FILES; i++)
				posix_fadvise(keep[i], 0, 0, POSIX_FADV_DONTNEED);
		repeat_until_done(r, media_view(m, at, &len, stage, &data));
		assert_int_equal(r, 0);
		assert_true(len >= 1);
		assert_memory_equal(data, all + at, len);
	}
	close_all(m, keep);
}

static void a_file_that_was_shortened_is_an_error(void **state)
{
	static uint8_t stage[4096];
	int keep[FILES], r;
	struct media *m = open_files(keep);
	const uint8_t *data;
	uint32_t len = 100;

	(void)state;
	assert_int_equal(ftruncate(keep[5], 1000), 0);
	assert_int_equal(media_read(m, 300000 + 6 * 2352 + 1 + 5000, 100, stage), -EIO);
	assert_int_equal(media_files_read_ahead(m, ready, NULL), 0);
	repeat_until_done(r, media_view(m, 300000 + 6 * 2352 + 1 + 5000, &len, stage, &data));
	assert_int_equal(r, -EIO);
	/* The others can be read. */
	len = 100;
	repeat_until_done(r, media_view(m, 0, &len, stage, &data));
	assert_int_equal(r, 0);
	assert_memory_equal(data, all, len);
	close_all(m, keep);
}

static void what_is_no_file_is_refused_and_closed(void **state)
{
	uint64_t begin[3];
	struct media *m = NULL;
	int good = memfd_create("part", MFD_CLOEXEC), bad = open("/", O_RDONLY | O_CLOEXEC);
	int fd[] = {good, bad, memfd_create("part", MFD_CLOEXEC)};

	(void)state;
	assert_int_equal(media_files_open(fd, 3, begin, &m), -EISDIR);
	assert_null(m);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(fcntl(fd[i], F_GETFD), -1);
	assert_int_equal(media_files_open(NULL, 0, begin, &m), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_all_files_are_in_order),
		cmocka_unit_test(views_do_too_in_any_order),
		cmocka_unit_test(a_file_that_was_shortened_is_an_error),
		cmocka_unit_test(what_is_no_file_is_refused_and_closed),
	};

	return cmocka_run_group_tests_name("media files", tests, NULL, NULL);
}
