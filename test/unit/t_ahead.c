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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* What is asked of the kernel goes through here, so that storage can be slow or absent. */
static ssize_t slow_pread(int fd, void *buf, size_t len, off_t at);
static ssize_t see_preadv2(int fd, const struct iovec *to, int n, off_t at, int flags);
static int see_fadvise(int fd, off_t at, off_t len, int advice);
#define pread         slow_pread
#define preadv2       see_preadv2
#define posix_fadvise see_fadvise
#include "media/ahead.c"
#undef pread
#undef preadv2
#undef posix_fadvise

#include "media/media.h"
#include "unit/ready.h"

#define BLOCKS 2000u /* nearly 4 MB: many pieces, and a last one that is not full */
#define SIZE   ((uint64_t)BLOCKS * MEDIA_BLOCK)
#define PAGE   4096u

/* How the file system takes RWF_NOWAIT. */
enum nowait {
	NOWAIT_UNKNOWN, /* it does not: vfat, tmpfs */
	NOWAIT_CACHE,   /* as the page cache below has it */
	NOWAIT_ZERO,    /* the same, but 0 for what is not there (Linux 5.9) */
};

static enum nowait nowait;
static atomic_bool present[SIZE / PAGE + 1]; /* the page cache of NOWAIT_CACHE */
static atomic_uint delay_ms, fetched;

static void nap(void)
{
	struct timespec t = {0, (long)delay_ms * 1000000};

	if (delay_ms)
		nanosleep(&t, NULL);
}

static void be_present(uint64_t at, uint64_t len, bool there)
{
	for (uint64_t i = at / PAGE; i <= (at + len - 1) / PAGE && i < ARRAY_LEN(present); i++)
		present[i] = there;
}

static ssize_t slow_pread(int fd, void *buf, size_t len, off_t at)
{
	nap();
	be_present((uint64_t)at, len, true);
	return pread(fd, buf, len, at);
}

static ssize_t see_preadv2(int fd, const struct iovec *to, int n, off_t at, int flags)
{
	size_t len = 0, skip = (size_t)at % PAGE;

	assert_int_equal(n, 1);
	assert_int_equal(flags, RWF_NOWAIT);
	if (nowait == NOWAIT_UNKNOWN) {
		errno = EOPNOTSUPP;
		return -1;
	}
	for (uint64_t i = (uint64_t)at / PAGE; len < to->iov_len && present[i]; i++) {
		len += PAGE - skip;
		skip = 0;
	}
	errno = EAGAIN;
	if (len == 0)
		return nowait == NOWAIT_ZERO ? 0 : -1;
	return pread(fd, to->iov_base, MIN(len, to->iov_len), at);
}

/* Storage brings it while we do something else. */
static int see_fadvise(int fd, off_t at, off_t len, int advice)
{
	(void)fd;
	assert_int_equal(advice, POSIX_FADV_WILLNEED);
	be_present((uint64_t)at, (uint64_t)len, true);
	fetched++;
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

/* blind: nothing tells what is in memory. */
static struct ahead *start(int fd, enum nowait way, bool blind)
{
	struct ahead *a = ahead_new(fd, ready, NULL);

	assert_non_null(a);
	nowait = way;
	be_present(0, SIZE, false);
	a->sees_cache &= !blind;
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
			assert_in_range(got, AHEAD_BLOCK, len);
			assert_int_equal(got % AHEAD_BLOCK, 0);
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
		uint32_t n = get(a, at, MIN(piece, (uint32_t)(SIZE - at)), &data);

		assert_right(data, at, n);
		at += n;
	}
}

/* The caller alone: no switch of threads for what is in memory. */
static void cached_data_is_there_at_once(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		int fd = make_file(SIZE);
		struct ahead *a = start(fd, way ? NOWAIT_CACHE : NOWAIT_UNKNOWN, false);

		assert_true(a->sees_cache);
		be_present(0, SIZE, true);
		for (uint64_t at = 0; at < SIZE;) {
			uint32_t n = (uint32_t)MIN(32768, SIZE - at);
			const uint8_t *data;

			assert_int_equal(ahead_view(a, at, &n, SIZE, &data), 0);
			assert_right(data, at, n);
			at += n;
		}
		assert_int_equal(a->nowait, way);
		ahead_free(a);
		close(fd);
	}
	assert_int_equal(fetched, 0);
}

static void sequential_in_all_ways(void **state)
{
	static const uint32_t pieces[] = {2048, 32768, 65536, 262144};

	(void)state;
	for (enum nowait way = NOWAIT_UNKNOWN; way <= NOWAIT_ZERO; way++) {
		for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
			int fd = make_file(SIZE);
			struct ahead *a = start(fd, way, true);

			read_through(a, pieces[i]);
			read_through(a, pieces[i]);
			ahead_free(a);
			close(fd);
		}
	}
}

/* Of what is asked for the part that is there, in whole blocks. */
static void partly_there(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, NOWAIT_CACHE, false);
	const uint8_t *data;
	uint32_t n = 32768;

	(void)state;
	be_present(8 * PAGE, 3 * PAGE, true);
	assert_int_equal(ahead_view(a, 8 * PAGE + 2048, &n, SIZE, &data), 0);
	assert_int_equal(n, 5 * AHEAD_BLOCK);
	assert_right(data, 8 * PAGE + 2048, n);
	ahead_free(a);
	close(fd);
}

static void random_walk(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, NOWAIT_CACHE, false);
	unsigned seed = 4711;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t at = (uint64_t)(unsigned)rand_r(&seed) % BLOCKS * MEDIA_BLOCK;
		uint32_t len = ((uint32_t)rand_r(&seed) % 32 + 1) * MEDIA_BLOCK;
		const uint8_t *data;
		uint32_t n;

		len = (uint32_t)MIN(len, SIZE - at);
		if (i % 11 == 0)
			be_present(at, 1u << 19, false);
		if (i % 13 == 0)
			ahead_forget(a);
		if (i % 7 == 0) { /* asked for and forgotten */
			n = len;
			(void)ahead_view(a, at, &n, SIZE, &data);
			continue;
		}
		n = get(a, at, len, &data);
		assert_right(data, at, n);
	}
	ahead_free(a);
	close(fd);
}

/* However slow storage is: the caller is back at once, and asks for what comes in time. */
static void slow_storage_stops_nobody(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, NOWAIT_CACHE, false);
	unsigned again = 0, steps = 0;

	(void)state;
	delay_ms = 20;
	fetched = 0;
	for (uint64_t at = 0; at < SIZE;) {
		unsigned n = told_so_far();
		const uint8_t *data;
		uint32_t len = (uint32_t)MIN(32768, SIZE - at);
		int r = ahead_view(a, at, &len, SIZE, &data);

		steps++;
		if (r == -EAGAIN) {
			again++;
			await(n);
			continue;
		}
		assert_int_equal(r, 0);
		assert_right(data, at, len);
		at += len;
		nap(); /* the wire */
	}
	/* Waited for: the first pieces, until they are seen to be in a row. */
	assert_in_range(again, 1, 8);
	/* In half megabytes: nobody asks for each piece. */
	assert_in_range(fetched, 4, 9);
	delay_ms = 0;
	ahead_free(a);
	close(fd);
	print_message("# %u views, %u had to wait, %u fetches\n", steps, again, fetched);
}

/* Nothing is asked of storage that nobody wants. */
static void random_readers_fetch_nothing(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, NOWAIT_CACHE, false);
	const uint8_t *data;

	(void)state;
	fetched = 0;
	for (unsigned i = 0; i < 200; i++)
		get(a, i * 77 % (BLOCKS - 16) * (uint64_t)MEDIA_BLOCK, 32768, &data);
	assert_int_equal(fetched, 0);
	ahead_free(a);
	close(fd);
}

/* What was read ahead of a writer is not given after him. */
static void written_behind_its_back(void **state)
{
	int fd = make_file(SIZE);
	struct ahead *a = start(fd, NOWAIT_CACHE, true);
	const uint8_t *data;
	char text[] = "new words";

	(void)state;
	for (uint64_t at = 0; at < 4 * AHEAD_PIECE; at += 32768)
		get(a, at, 32768, &data);
	/* The last piece is there as a whole. */
	assert_int_equal(pwrite(fd, text, sizeof(text), 4 * AHEAD_PIECE - 16384), sizeof(text));
	ahead_forget(a);
	get(a, 4 * AHEAD_PIECE - 16384, 2048, &data);
	assert_string_equal((const char *)data, text);
	ahead_free(a);
	close(fd);
}

/* Somebody cuts the file under us: what is left is read, then there is an error. */
static void cut_file(void **state)
{
	const uint64_t end = SIZE / 2 + 5000;
	const uint64_t last = end - end % AHEAD_BLOCK;

	(void)state;
	for (enum nowait way = NOWAIT_UNKNOWN; way <= NOWAIT_ZERO; way++) {
		for (unsigned blind = 0; blind < 2; blind++) {
			int fd = make_file(SIZE), r;
			struct ahead *a = start(fd, way, blind);
			const uint8_t *data;
			uint32_t n;

			get(a, last - 32768, 32768, &data);
			assert_int_equal(ftruncate(fd, (off_t)end), 0);
			ahead_forget(a);
			for (uint64_t at = last - 65536; at < last; at += n) {
				n = get(a, at, 65536, &data);
				assert_in_range(at + n, at + 1, last);
				assert_right(data, at, n);
			}
			for (unsigned i = 0; i < 3; i++) {
				insist(r, (n = 4096, ahead_view(a, last, &n, SIZE, &data)));
				assert_int_equal(r, -EIO);
			}
			insist(r, (n = 4096, ahead_view(a, SIZE - 65536, &n, SIZE, &data)));
			assert_int_equal(r, -EIO);
			ahead_free(a);
			close(fd);
		}
	}
}

/* Ended while the thread is in storage: the end waits for it, nothing is touched after. */
static void freed_at_work(void **state)
{
	(void)state;
	delay_ms = 5;
	for (unsigned i = 0; i < 20; i++) {
		int fd = make_file(SIZE);
		struct ahead *a = start(fd, NOWAIT_CACHE, true);
		const uint8_t *data;
		uint32_t n = 32768;

		assert_int_equal(ahead_view(a, i * 65536u, &n, SIZE, &data), -EAGAIN);
		if (i % 2)
			ahead_forget(a);
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

	(void)state;
	for (enum nowait way = NOWAIT_UNKNOWN; way <= NOWAIT_CACHE; way++) {
		int fd = make_file(SIZE - cut), r;
		const uint8_t *data;
		struct media *m;
		uint32_t count;

		nowait = way;
		be_present(0, SIZE, false);
		assert_int_equal(media_file_open(fd, false, &m), 0);
		assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
		for (unsigned i = 0; i < 3; i++) {
			insist(r, (count = 2, media_view(m, BLOCKS - 2, &count, stage, &data)));
			assert_int_equal(r, 0);
			assert_int_equal(count, 2);
			assert_right(data, SIZE - 4096, 4096 - (cut + 7) / 8 * 8);
			for (uint32_t b = 4096 - cut; b < 4096; b++)
				assert_int_equal(data[b], 0);
			be_present(0, SIZE, i == 1);
		}
		count = 3;
		assert_int_equal(media_view(m, BLOCKS - 2, &count, stage, &data), -EINVAL);
		media_close(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cached_data_is_there_at_once),
		cmocka_unit_test(sequential_in_all_ways),
		cmocka_unit_test(partly_there),
		cmocka_unit_test(random_walk),
		cmocka_unit_test(slow_storage_stops_nobody),
		cmocka_unit_test(random_readers_fetch_nothing),
		cmocka_unit_test(written_behind_its_back),
		cmocka_unit_test(cut_file),
		cmocka_unit_test(freed_at_work),
		cmocka_unit_test(medium_with_a_ragged_end),
	};

	return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
