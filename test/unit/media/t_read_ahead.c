// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Read-ahead: the bytes are right, the caller never waits, and a file that is shortened
 * meanwhile is an error, not a crash.
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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* System calls of read_ahead.c go through these, so that storage can be slow or absent. */
static ssize_t slow_pread(int fd, void *buf, size_t len, off_t at);
static ssize_t see_preadv2(int fd, const struct iovec *to, int n, off_t at, int flags);
static int see_fadvise(int fd, off_t at, off_t len, int advice);
static int see_mincore(void *from, size_t len, unsigned char *there);
static long see_cachestat(long number, int fd, const void *range, void *found, unsigned flags);
#define pread         slow_pread
#define preadv2       see_preadv2
#define posix_fadvise see_fadvise
#define mincore       see_mincore
#define syscall       see_cachestat
#include "media/read_ahead.c"
#undef pread
#undef preadv2
#undef posix_fadvise
#undef mincore
#undef syscall

#include "media/media.h"
#include "unit/media/ready.h"

#define BLOCKS 2000u /* nearly 4 MB: many pieces, and a last one that is not full */
#define SIZE   ((uint64_t)BLOCKS * MEDIA_BLOCK)
#define PAGE   4096u

/* System calls that tell what is in the page cache; kernels and file systems differ. */
static const struct page_cache_calls {
	bool cachestat, mincore, nowait;
	bool zero; /* preadv2() returns 0 for pages that are absent (Linux 5.9) */
} page_cache_call_sets[] = {
	{.cachestat = true, .nowait = true},               /* ext4, Linux 6.5 */
	{.cachestat = true},                               /* vfat, tmpfs */
	{.mincore = true, .nowait = true},                 /* the same before 6.5 */
	{.mincore = true}, {.nowait = true},               /* another user's file */
	{.nowait = true, .zero = true}, {.nowait = false}, /* and on vfat */
};
#define WAYS  ARRAY_LEN(page_cache_call_sets)
#define BLIND (&page_cache_call_sets[WAYS - 1])
#define FULL  (&page_cache_call_sets[0])

static const struct page_cache_calls *page_cache_calls = &page_cache_call_sets[0];
static const struct read_ahead *under_test;
static atomic_bool present[SIZE / PAGE + 33]; /* the page cache */
static atomic_uint delay_ms, fetched;
static unsigned asked; /* calls that ask what is present */

static void wait_delay(void)
{
	struct timespec t = {0, (long)delay_ms * 1000000};

	if (delay_ms)
		nanosleep(&t, NULL);
}

static void set_present(uint64_t at, uint64_t len, bool there)
{
	for (uint64_t i = at / PAGE; i <= (at + len - 1) / PAGE && i < ARRAY_LEN(present); i++)
		present[i] = there;
}

static ssize_t slow_pread(int fd, void *buf, size_t len, off_t at)
{
	wait_delay();
	set_present((uint64_t)at, len, true);
	return pread(fd, buf, len, at);
}

static ssize_t see_preadv2(int fd, const struct iovec *to, int n, off_t at, int flags)
{
	size_t len = 0, skip = (size_t)at % PAGE;

	assert_int_equal(n, 1);
	assert_int_equal(flags, RWF_NOWAIT);
	if (!page_cache_calls->nowait) {
		errno = EOPNOTSUPP;
		return -1;
	}
	for (uint64_t i = (uint64_t)at / PAGE; len < to->iov_len && present[i]; i++) {
		len += PAGE - skip;
		skip = 0;
	}
	errno = EAGAIN;
	if (len == 0)
		return page_cache_calls->zero ? 0 : -1;
	return pread(fd, to->iov_base, MIN(len, to->iov_len), at);
}

/* Storage reads while the thread goes on. The kernel would silently cut a longer request. */
static int see_fadvise(int fd, off_t at, off_t len, int advice)
{
	(void)fd;
	if (advice == POSIX_FADV_RANDOM)
		return 0;
	assert_int_equal(advice, POSIX_FADV_WILLNEED);
	set_present((uint64_t)at, MIN((uint64_t)len, 128u * 1024u), true);
	fetched++;
	return 0;
}

static int see_mincore(void *from, size_t len, unsigned char *there)
{
	size_t at;

	asked++;
	if (!page_cache_calls->mincore) {
		errno = ENOMEM;
		return -1;
	}
	at = (size_t)((uint8_t *)from - under_test->window);
	for (size_t i = 0; i < len / under_test->page; i++)
		there[i] = present[(at + i * under_test->page) / PAGE];
	return 0;
}

static long see_cachestat(long number, int fd, const void *range, void *found, unsigned flags)
{
	const uint64_t *r = range;
	uint64_t *f = found;

	(void)fd;
	asked++;
	assert_int_equal(number, SYS_cachestat);
	assert_int_equal(flags, 0);
	if (!page_cache_calls->cachestat) {
		errno = ENOSYS;
		return -1;
	}
	memset(f, 0, 5 * sizeof(*f));
	for (uint64_t at = r[0]; at < r[0] + r[1]; at += under_test->page)
		f[0] += present[at / PAGE];
	return 0;
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

static struct read_ahead *start(int fd, const struct page_cache_calls *w)
{
	struct read_ahead *a = read_ahead_new(fd, MEDIA_BLOCK, ready, NULL);

	assert_non_null(a);
	page_cache_calls = w;
	under_test = a;
	set_present(0, SIZE, false);
	/* Some machines have larger pages than an entry of present[]. */
	a->page = PAGE;
	a->sees_cache &= w->cachestat || w->mincore;
	return a;
}

/* Views, after each ready(), until the result is not -EAGAIN. */
static uint32_t get(struct read_ahead *a, uint64_t at, uint32_t len, const uint8_t **data)
{
	for (;;) {
		unsigned n = ready_calls_so_far();
		uint32_t got = len;
		int r = read_ahead_view(a, at, &got, SIZE, data);

		if (r == 0) {
			assert_in_range(got, MEDIA_BLOCK, len);
			assert_int_equal(got % MEDIA_BLOCK, 0);
			return got;
		}
		assert_int_equal(r, -EAGAIN);
		wait_ready(n);
	}
}

static void assert_contents(const uint8_t *data, uint64_t at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 8) {
		uint64_t word;

		memcpy(&word, data + i, 8);
		if (word != word_at(at + i))
			fail_msg("byte %llu", (unsigned long long)(at + i));
	}
}

static void read_through(struct read_ahead *a, uint32_t piece)
{
	for (uint64_t at = 0; at < SIZE;) {
		const uint8_t *data;
		uint32_t n = get(a, at, MIN(piece, (uint32_t)(SIZE - at)), &data);

		assert_contents(data, at, n);
		at += n;
	}
}

/* The caller reads cached pages itself, without the thread and with few system calls. */
static void cached_data_is_returned_at_once(void **state)
{
	(void)state;
	fetched = 0;
	for (size_t i = 0; i < WAYS - 1; i++) {
		int fd = make_file(SIZE);
		struct read_ahead *a = start(fd, &page_cache_call_sets[i]);

		set_present(0, SIZE, true);
		asked = 0;
		for (uint64_t at = 0; at < SIZE;) {
			uint32_t n = (uint32_t)MIN(32768, SIZE - at);
			const uint8_t *data;

			assert_int_equal(read_ahead_view(a, at, &n, SIZE, &data), 0);
			assert_contents(data, at, n);
			at += n;
		}
		/* One call for each 128 KiB, 32 in all, and one for each read before the row was
		 * seen. */
		assert_in_range(asked, 0, 40);
		read_ahead_free(a);
		close(fd);
	}
	assert_int_equal(fetched, 0);
}

static void sequential_reads_are_right_with_any_system_calls(void **state)
{
	static const uint32_t pieces[] = {2048, 32768, 65536, 262144};

	(void)state;
	for (size_t w = 0; w < WAYS; w++) {
		for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
			int fd = make_file(SIZE);
			struct read_ahead *a = start(fd, &page_cache_call_sets[w]);

			read_through(a, pieces[i]);
			read_through(a, pieces[i]);
			read_ahead_free(a);
			close(fd);
		}
	}
}

/* The part is a whole number of blocks. */
static void a_partly_cached_view_returns_the_cached_part(void **state)
{
	int fd = make_file(SIZE);
	struct read_ahead *a = start(fd, &page_cache_call_sets[4]);
	const uint8_t *data;
	uint32_t n = 32768;

	(void)state;
	set_present(8 * PAGE, 3 * PAGE, true);
	assert_int_equal(read_ahead_view(a, 8 * PAGE + 2048, &n, SIZE, &data), 0);
	assert_int_equal(n, 5 * MEDIA_BLOCK);
	assert_contents(data, 8 * PAGE + 2048, n);
	read_ahead_free(a);
	close(fd);
}

static void random_reads_are_right(void **state)
{
	int fd = make_file(SIZE);
	struct read_ahead *a = start(fd, FULL);
	unsigned seed = 4711;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t at = (uint64_t)(unsigned)rand_r(&seed) % BLOCKS * MEDIA_BLOCK;
		uint32_t len = ((uint32_t)rand_r(&seed) % 32 + 1) * MEDIA_BLOCK;
		const uint8_t *data;
		uint32_t n;

		len = (uint32_t)MIN(len, SIZE - at);
		if (i % 11 == 0)
			set_present(at, 1u << 19, false);
		if (i % 13 == 0)
			read_ahead_drop(a);
		if (i % 7 == 0) { /* asked for, and not asked again */
			n = len;
			(void)read_ahead_view(a, at, &n, SIZE, &data);
			continue;
		}
		n = get(a, at, len, &data);
		assert_contents(data, at, n);
	}
	read_ahead_free(a);
	close(fd);
}

/*
 * Reads all of the file from slow storage, len bytes a view. The next view begins `again` bytes
 * before the end of the last one.
 */
static void read_slowly(struct read_ahead *a, uint32_t len, uint32_t again)
{
	unsigned waits = 0, steps = 0;

	delay_ms = 20;
	fetched = 0;
	for (uint64_t at = 0; at < SIZE;) {
		unsigned n = ready_calls_so_far();
		const uint8_t *data;
		uint32_t got = (uint32_t)MIN(len, SIZE - at);
		int r = read_ahead_view(a, at, &got, SIZE, &data);

		steps++;
		if (r == -EAGAIN) {
			waits++;
			wait_ready(n);
			continue;
		}
		assert_int_equal(r, 0);
		assert_contents(data, at, got);
		at += got > again && at + got < SIZE ? got - again : got;
		wait_delay(); /* the time that USB takes */
	}
	delay_ms = 0;
	/* Only the first pieces had to be waited for, before the reader was seen to be sequential.
	 */
	assert_in_range(waits, 1, 8);
	assert_in_range(fetched, SIZE / READ_AHEAD_PIECE - 1, SIZE / READ_AHEAD_PIECE + 2);
	print_message("# %u views, %u had to wait, %u fetches\n", steps, waits, fetched);
}

/* However slow storage is, a view returns at once, and a sequential reader seldom waits. */
static void slow_storage_does_not_block_the_caller(void **state)
{
	int fd = make_file(SIZE);
	struct read_ahead *a = start(fd, FULL);

	(void)state;
	read_slowly(a, 32768, 0);
	read_ahead_free(a);
	close(fd);
}

/* Sectors do not end where views do: the last one is viewed again. */
static void a_reader_of_sectors_is_sequential(void **state)
{
	static const uint32_t again[] = {8, 320, 2352, 2448};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(again); i++) {
		int fd = make_file(SIZE);
		struct read_ahead *a = start(fd, FULL);

		a->unit = 1;
		a->piece = READ_AHEAD_PIECE;
		read_slowly(a, 65856, again[i]);
		read_ahead_free(a);
		close(fd);
	}
}

/* Blocks that a random reader did not ask for are not read from storage. */
static void random_readers_fetch_nothing(void **state)
{
	int fd = make_file(SIZE);
	struct read_ahead *a = start(fd, FULL);
	const uint8_t *data;

	(void)state;
	fetched = 0;
	for (unsigned i = 0; i < 200; i++)
		get(a, i * 77 % (BLOCKS - 16) * (uint64_t)MEDIA_BLOCK, 32768, &data);
	assert_int_equal(fetched, 0);
	read_ahead_free(a);
	close(fd);
}

/* After a write, a view never returns the older contents. */
static void a_write_invalidates_blocks_read_before(void **state)
{
	int fd = make_file(SIZE);
	struct read_ahead *a = start(fd, BLIND);
	const uint8_t *data;
	char text[] = "new words";

	(void)state;
	for (uint64_t at = 0; at < 4 * READ_AHEAD_PIECE; at += 32768)
		get(a, at, 32768, &data);
	/* The last piece is whole. */
	assert_int_equal(
		pwrite(fd, text, sizeof(text), 4 * READ_AHEAD_PIECE - 16384), sizeof(text));
	read_ahead_drop(a);
	get(a, 4 * READ_AHEAD_PIECE - 16384, 2048, &data);
	assert_string_equal((const char *)data, text);
	read_ahead_free(a);
	close(fd);
}

/* Another program shortens the file: the rest can be read, then there is an error. */
static void a_shortened_file_gives_an_error(void **state)
{
	const uint64_t end = SIZE / 2 + 5000;
	const uint64_t last = end - end % MEDIA_BLOCK;

	(void)state;
	for (size_t w = 0; w < WAYS; w++) {
		int fd = make_file(SIZE), r;
		struct read_ahead *a = start(fd, &page_cache_call_sets[w]);
		const uint8_t *data;
		uint32_t n;

		get(a, last - 32768, 32768, &data);
		assert_int_equal(ftruncate(fd, (off_t)end), 0);
		read_ahead_drop(a);
		for (uint64_t at = last - 65536; at < last; at += n) {
			n = get(a, at, 65536, &data);
			assert_in_range(at + n, at + 1, last);
			assert_contents(data, at, n);
		}
		for (unsigned i = 0; i < 3; i++) {
			repeat_until_done(r, (n = 4096, read_ahead_view(a, last, &n, SIZE, &data)));
			assert_int_equal(r, -EIO);
		}
		repeat_until_done(r, (n = 4096, read_ahead_view(a, SIZE - 65536, &n, SIZE, &data)));
		assert_int_equal(r, -EIO);
		read_ahead_free(a);
		close(fd);
	}
}

/* read_ahead_free() while the thread reads: it waits, and no memory is used afterwards. */
static void free_waits_for_the_thread(void **state)
{
	(void)state;
	delay_ms = 5;
	for (unsigned i = 0; i < 20; i++) {
		int fd = make_file(SIZE);
		struct read_ahead *a = start(fd, BLIND);
		const uint8_t *data;
		uint32_t n = 32768;

		assert_int_equal(read_ahead_view(a, i * 65536u, &n, SIZE, &data), -EAGAIN);
		if (i % 2)
			read_ahead_drop(a);
		read_ahead_free(a);
		close(fd);
	}
	delay_ms = 0;
}

/* Through a medium of a file whose last block is not whole. */
static void a_medium_with_an_incomplete_last_block_works(void **state)
{
	static uint8_t stage[65536];
	const uint32_t cut = 700;

	(void)state;
	for (size_t w = 4; w < WAYS; w++) {
		int fd = make_file(SIZE - cut), r;
		const uint8_t *data;
		struct media *m;
		uint32_t count;

		page_cache_calls = &page_cache_call_sets[w];
		set_present(0, SIZE, false);
		assert_int_equal(media_file_open(fd, false, &m), 0);
		assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
		for (unsigned i = 0; i < 3; i++) {
			repeat_until_done(
				r, (count = 2, media_view(m, BLOCKS - 2, &count, stage, &data)));
			assert_int_equal(r, 0);
			assert_int_equal(count, 2);
			assert_contents(data, SIZE - 4096, 4096 - (cut + 7) / 8 * 8);
			for (uint32_t b = 4096 - cut; b < 4096; b++)
				assert_int_equal(data[b], 0);
			set_present(0, SIZE, i == 1);
		}
		count = 3;
		assert_int_equal(media_view(m, BLOCKS - 2, &count, stage, &data), -EINVAL);
		media_close(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cached_data_is_returned_at_once),
		cmocka_unit_test(sequential_reads_are_right_with_any_system_calls),
		cmocka_unit_test(a_partly_cached_view_returns_the_cached_part),
		cmocka_unit_test(random_reads_are_right),
		cmocka_unit_test(slow_storage_does_not_block_the_caller),
		cmocka_unit_test(a_reader_of_sectors_is_sequential),
		cmocka_unit_test(random_readers_fetch_nothing),
		cmocka_unit_test(a_write_invalidates_blocks_read_before),
		cmocka_unit_test(a_shortened_file_gives_an_error),
		cmocka_unit_test(free_waits_for_the_thread),
		cmocka_unit_test(a_medium_with_an_incomplete_last_block_works),
	};

	return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
