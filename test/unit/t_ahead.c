// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading ahead: what comes is right, nothing waits in the caller, a file that is cut is no crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* What the thread asks of the kernel goes through here, so that storage can be slow. */
static int slow_madvise(void *p, size_t len, int advice);
static ssize_t slow_pread(int fd, void *buf, size_t len, off_t at);
#define madvise slow_madvise
#define pread   slow_pread
#include "media/ahead.c"
#undef madvise
#undef pread

#include "media/media.h"
#include "unit/ready.h"

#define BLOCKS 2000u /* nearly 4 MB: many windows, and a last one that is not full */
#define SIZE   ((uint64_t)BLOCKS * MEDIA_BLOCK)

static atomic_uint delay_ms, populates;
static atomic_bool no_populate; /* as before Linux 5.14 */

static void nap(void)
{
	struct timespec t = {0, (long)delay_ms * 1000000};

	if (delay_ms)
		nanosleep(&t, NULL);
}

static int slow_madvise(void *p, size_t len, int advice)
{
	populates++;
	if (no_populate) {
		errno = EINVAL;
		return -1;
	}
	nap();
	return madvise(p, len, advice);
}

static ssize_t slow_pread(int fd, void *buf, size_t len, off_t at)
{
	nap();
	return pread(fd, buf, len, at);
}

static uint64_t word_at(uint64_t at)
{
	return at * 0x9e3779b97f4a7c15u ^ at >> 7;
}

static int make_file(uint64_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	uint64_t words[512];

	assert_true(fd >= 0);
	for (uint64_t at = 0; at < size; at += sizeof(words)) {
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			words[i] = word_at(at + i * 8);
		assert_int_equal(pwrite(fd, words, sizeof(words), (off_t)at), sizeof(words));
	}
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static struct ahead *start(int fd, bool sees_cache)
{
	struct ahead *a = ahead_new(fd, ready, NULL);

	assert_non_null(a);
	a->sees_cache &= sees_cache;
	return a;
}

/* Views until it is there. */
static uint32_t get(struct ahead *a, uint64_t at, uint32_t len, const uint8_t **data)
{
	for (;;) {
		unsigned n = told_so_far();
		uint32_t got = len;
		int r = ahead_view(a, at, &got, SIZE, data);

		if (r == 0) {
			assert_in_range(got, 1, len);
			return got;
		}
		assert_int_equal(r, -EAGAIN);
		await(n);
	}
}

static void assert_right(const uint8_t *data, uint64_t at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 8) {
		uint64_t word;

		memcpy(&word, data + i, 8);
		if (word != word_at(at + i))
			fail_msg("byte %llu", (unsigned long long)(at + i));
	}
}

static void read_through(struct ahead *a, uint32_t piece)
{
	for (uint64_t at = 0; at < SIZE;) {
		const uint8_t *data;
		uint32_t n = get(a, at, piece, &data);

		assert_right(data, at, n);
		at += n;
	}
}

/* The caller alone: no switch of threads for what is in memory. */
static void cached_data_is_there_at_once(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, true);

	(void)state;
	assert_true(a->sees_cache);
	for (uint64_t at = 0; at < SIZE;) {
		uint32_t n = 32768;
		const uint8_t *data;

		assert_int_equal(ahead_view(a, at, &n, SIZE, &data), 0);
		assert_right(data, at, n);
		at += n;
	}
	ahead_free(a);
	close(fd);
}

static void sequential_in_all_ways(void **state)
{
	static const uint32_t pieces[] = {2048, 32768, 65536};

	(void)state;
	for (unsigned old = 0; old < 2; old++) {
		no_populate = old;
		for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
			int fd = make_file(SIZE);
			struct ahead *seeing = start(fd, true), *blind = start(fd, false);

			read_through(seeing, pieces[i]);
			read_through(blind, pieces[i]);
			read_through(blind, pieces[i]);
			ahead_free(seeing);
			ahead_free(blind);
			close(fd);
		}
	}
	no_populate = false;
}

static void random_walk(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, false);
	unsigned seed = 4711;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t at = (uint64_t)(unsigned)rand_r(&seed) % BLOCKS * MEDIA_BLOCK;
		uint32_t len = ((uint32_t)rand_r(&seed) % 32 + 1) * MEDIA_BLOCK;
		const uint8_t *data;
		uint8_t *copy;
		uint32_t n;

		if (i % 7 == 0) { /* asked for and forgotten */
			n = len;
			(void)ahead_view(a, at, &n, SIZE, &data);
		} else if (i % 5 == 0 && at + len <= SIZE) {
			int r;

			insist(r, ahead_copy(a, at, len, &copy));
			assert_int_equal(r, 0);
			assert_right(copy, at, len);
		} else {
			n = get(a, at, len, &data);
			assert_right(data, at, n);
		}
	}
	ahead_free(a);
	close(fd);
}

/* However slow storage is: the caller is back at once, and the thread is ahead of it. */
static void slow_storage_stops_nobody(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, false);
	unsigned again = 0, steps = 0;

	(void)state;
	delay_ms = 20;
	for (uint64_t at = 0; at < SIZE / 2;) {
		struct timespec before, after;
		unsigned n = told_so_far();
		const uint8_t *data;
		uint32_t len = 32768;
		int r;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
		r = ahead_view(a, at, &len, SIZE, &data);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
		steps++;
		if (r == -EAGAIN) {
			again++;
			await(n);
			continue;
		}
		assert_int_equal(r, 0);
		assert_right(data, at, len);
		at += len;
		nap(); /* the wire: twice as slow as storage, which gives 64 KiB in that time */
	}
	/*
	 * At the beginning somebody has to wait; then windows are filled before they are
	 * needed. Without that, each of 31 pieces would be waited for. 7 on an idle machine.
	 */
	assert_in_range(again, 1, 20);
	delay_ms = 0;
	ahead_free(a);
	close(fd);
	print_message("# %u views, %u had to wait\n", steps, again);
}

/* Somebody cuts the file under us. The kernel says EFAULT, the copy says where it ends. */
static void cut_file(void **state)
{
	const uint64_t end = SIZE / 2 + 5000;
	int fd = make_file(SIZE), null[2];
	struct ahead *a = start(fd, true), *blind = start(fd, false);
	const uint8_t *data;
	uint32_t n = 32768;
	uint8_t *copy;
	int r;

	(void)state;
	assert_int_equal(pipe(null), 0);
	n = get(a, SIZE - 65536, n, &data);
	assert_int_equal(ftruncate(fd, (off_t)end), 0);
	assert_int_equal(write(null[1], data, 4096), -1);
	assert_int_equal(errno, EFAULT);
	/* Asked by the thread, the kernel says so before anybody touches it. */
	insist(r, (n = 32768, ahead_view(blind, SIZE - 65536, &n, SIZE, &data)));
	assert_int_equal(r, -EIO);
	insist(r, ahead_copy(a, end - 4096, 4096, &copy));
	assert_int_equal(r, 0);
	assert_right(copy, end - 4096, 4096);
	insist(r, ahead_copy(a, end - 2048, 4096, &copy));
	assert_int_equal(r, -EIO);
	ahead_free(a);
	ahead_free(blind);
	close(null[0]);
	close(null[1]);
	close(fd);
}

/* Ended while the thread is in storage: the end waits for it, nothing is touched after. */
static void freed_at_work(void **state)
{
	(void)state;
	delay_ms = 5;
	for (unsigned i = 0; i < 20; i++) {
		int fd = make_file(SIZE);
		struct ahead *a = start(fd, false);
		const uint8_t *data;
		uint8_t *copy;
		uint32_t n = 32768;

		assert_int_equal(ahead_view(a, i * 65536u, &n, SIZE, &data), -EAGAIN);
		if (i % 2)
			assert_int_equal(ahead_copy(a, i * 65536u, n, &copy), -EAGAIN);
		ahead_free(a);
		close(fd);
	}
	delay_ms = 0;
}

/* As the engine sees it: a medium, with a last block that is not whole. */
static void medium_with_a_ragged_end(void **state)
{
	static uint8_t stage[65536];
	const uint32_t cut = 700;
	int fd = make_file(SIZE - cut);
	const uint8_t *data;
	struct media *m;

	(void)state;
	assert_int_equal(media_file_open(fd, false, &m), 0);
	assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
	for (unsigned touch = 0; touch < 2; touch++) {
		uint32_t count = 2;
		int r;

		insist(r, (count = 2, media_view(m, BLOCKS - 2, &count, touch, stage, &data)));
		assert_int_equal(r, 0);
		assert_int_equal(count, 2);
		assert_right(data, SIZE - 4096, 4096 - (cut + 7) / 8 * 8);
		for (uint32_t i = 4096 - cut; i < 4096; i++)
			assert_int_equal(data[i], 0);
		count = 3;
		assert_int_equal(media_view(m, BLOCKS - 2, &count, touch, stage, &data), -EINVAL);
	}
	media_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cached_data_is_there_at_once),
		cmocka_unit_test(sequential_in_all_ways),
		cmocka_unit_test(random_walk),
		cmocka_unit_test(slow_storage_stops_nobody),
		cmocka_unit_test(cut_file),
		cmocka_unit_test(freed_at_work),
		cmocka_unit_test(medium_with_a_ragged_end),
	};

	return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
