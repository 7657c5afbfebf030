// SPDX-License-Identifier: GPL-2.0-or-later
/* Several files as one medium. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/media.h"
#include "util/array.h"
#include "unit/media/ready.h"

/* An empty one, and one of a byte; none is a whole number of pages. */
static const uint32_t sizes[] = {300001, 0, 1, 70000, 0, 250007, 0};
#define FILES ARRAY_LEN(sizes)
#define ALL   (300001u + 1 + 70000 + 250007)

static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16));
}

static int make_file(uint32_t size, uint64_t begin)
{
	char name[] = "t_files.XXXXXX";
	int fd = mkstemp(name);
	uint8_t *data = malloc(size + 1);

	assert_true(fd >= 0 && data);
	unlink(name);
	for (uint32_t i = 0; i < size; i++)
		data[i] = pattern(begin + i);
	assert_int_equal(write(fd, data, size), size);
	free(data);
	return fd;
}

static int fds[FILES];

static struct media *open_files(bool ahead)
{
	uint64_t begin[FILES], at = 0;
	unsigned bad;
	struct media *m;

	for (unsigned i = 0; i < FILES; i++) {
		fds[i] = make_file(sizes[i], at);
		at += sizes[i];
	}
	assert_int_equal(media_files_open(fds, FILES, begin, &m, &bad), 0);
	at = 0;
	for (unsigned i = 0; i < FILES; i++) {
		assert_int_equal(begin[i], at);
		at += sizes[i];
	}
	assert_int_equal(m->blocks, ALL);
	assert_int_equal(m->unit, 1);
	assert_false(m->writable);
	if (ahead)
		assert_int_equal(media_files_read_ahead(m, ready, NULL), 0);
	return m;
}

static void assert_bytes(const uint8_t *data, uint64_t at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (data[i] != pattern(at + i))
			fail_msg("byte %llu", (unsigned long long)(at + i));
	}
}

static void reads_go_over_the_ends_of_files(void **state)
{
	static uint8_t buf[ALL];
	struct media *m = open_files(false);

	(void)state;
	assert_int_equal(media_read(m, 0, ALL, buf), 0);
	assert_bytes(buf, 0, ALL);
	assert_int_equal(media_read(m, 300000, 5, buf), 0);
	assert_bytes(buf, 300000, 5);
	assert_int_equal(media_read(m, ALL - 1, 1, buf), 0);
	assert_bytes(buf, ALL - 1, 1);
	assert_int_equal(media_read(m, ALL - 1, 2, buf), -EINVAL);
	assert_int_equal(media_write(m, 0, 1, buf), -EROFS);
	media_close(m);
}

/* Some bytes are on storage and not in the page cache, and the reader jumps meanwhile. */
static void views_have_the_right_bytes(void **state)
{
	static uint8_t stage[ALL];
	struct media *m = open_files(true);
	const uint8_t *data;
	uint64_t at = 0;
	unsigned seed = 7;
	int r;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t count = 1 + (uint32_t)rand_r(&seed) % 70000, want;

		if (rand_r(&seed) % 4 == 0)
			at = (uint64_t)rand_r(&seed) % ALL;
		if (rand_r(&seed) % 8 == 0)
			(void)posix_fadvise(
				fds[(unsigned)rand_r(&seed) % FILES], 0, 0, POSIX_FADV_DONTNEED);
		count = want = (uint32_t)MIN((uint64_t)count, ALL - at);
		/* The answer to a view that nobody waits for is dropped. */
		if (rand_r(&seed) % 3 == 0)
			(void)media_view(m, at, &count, stage, &data);
		else {
			repeat_until_done(
				r, (count = want, media_view(m, at, &count, stage, &data)));
			assert_int_equal(r, 0);
			assert_true(count >= 1 && count <= want);
			assert_bytes(data, at, count);
			at = (at + count) % ALL;
		}
	}
	media_close(m);
}

static void file_that_is_shortened_is_an_error(void **state)
{
	static uint8_t stage[ALL];
	struct media *m = open_files(true);
	const uint8_t *data;
	uint32_t count;
	int r;

	(void)state;
	assert_int_equal(ftruncate(fds[3], 10), 0);
	repeat_until_done(r, (count = 100, media_view(m, 300002 + 1000, &count, stage, &data)));
	assert_int_equal(r, -EIO);
	/* The files behind it are read as before. */
	repeat_until_done(r, (count = 100, media_view(m, ALL - 100, &count, stage, &data)));
	assert_int_equal(r, 0);
	assert_bytes(data, ALL - 100, count);
	media_close(m);
}

static void files_are_locked(void **state)
{
	const int first = make_file(10, 0), other = dup(first), folder = open(".", O_RDONLY);
	char path[40];
	int again, pair[2] = {first, folder};
	uint64_t begin[2];
	struct media *m, *writer;
	unsigned bad;

	(void)state;
	assert_int_equal(media_files_open(pair, 2, begin, &m, &bad), -EISDIR);
	assert_int_equal(bad, 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", other);
	pair[0] = open(path, O_RDONLY);
	pair[1] = open(path, O_RDONLY);
	again = open(path, O_RDWR);
	assert_true(pair[0] >= 0 && pair[1] >= 0 && again >= 0);
	assert_int_equal(media_files_open(pair, 2, begin, &m, &bad), 0);
	assert_int_equal(media_file_open(again, true, &writer), -EBUSY);
	media_close(m);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_go_over_the_ends_of_files),
		cmocka_unit_test(views_have_the_right_bytes),
		cmocka_unit_test(file_that_is_shortened_is_an_error),
		cmocka_unit_test(files_are_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
