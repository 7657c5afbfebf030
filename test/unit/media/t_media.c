// SPDX-License-Identifier: GPL-2.0-or-later
/* Media: files, files that other programs change, memory, injected faults. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/script.h"
#include "media/media.h"
#include "unit/media/ready.h"
#include "util/array.h"

static uint8_t buf[64 * MEDIA_BLOCK], back[64 * MEDIA_BLOCK];

static void stamp(uint32_t lba, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		script_stamp(lba + i, buf + (size_t)i * MEDIA_BLOCK);
}

static void assert_stamped(struct media *m, uint32_t lba, uint32_t count)
{
	stamp(lba, count);
	assert_int_equal(media_read(m, lba, count, back), 0);
	assert_memory_equal(back, buf, (size_t)count * MEDIA_BLOCK);
}

/* A file without a name. The test keeps this descriptor, and media get others. */
static int make_file(off_t size)
{
	int fd = memfd_create("disc", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

/* Opens the same file again, as a second daemon would. */
static int open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, flags | O_CLOEXEC);
	assert_true(again >= 0);
	return again;
}

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static struct media *open_media(int fd, int flags, bool writable)
{
	struct media *m = NULL;

	assert_int_equal(media_file_open(open_again(fd, flags), writable, &m), 0);
	assert_non_null(m);
	return m;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void a_file_is_a_plain_image_at_all_times(void **state)
{
	int fd = make_file(0);
	struct media *m = open_media(fd, O_RDWR, true);

	(void)state;
	assert_int_equal(m->blocks, 0);
	stamp(0, 16);
	assert_int_equal(media_write(m, 0, 16, buf), 0);
	assert_int_equal(m->blocks, 16);
	/* A plain image at every moment: block n at byte 2048 n, and nothing else. */
	assert_int_equal(size_of(fd), 16 * MEDIA_BLOCK);
	assert_int_equal(pread(fd, back, 16 * MEDIA_BLOCK, 0), 16 * MEDIA_BLOCK);
	assert_memory_equal(back, buf, 16 * MEDIA_BLOCK);
	assert_stamped(m, 0, 16);
	assert_stamped(m, 7, 1);
	stamp(16, 1);
	assert_int_equal(media_write(m, 16, 1, buf), 0);
	assert_int_equal(size_of(fd), 17 * MEDIA_BLOCK);
	assert_int_equal(m->writes, 2);
	assert_int_equal(m->reads, 2);
	media_close(m);
	close(fd);
}

static void reads_outside_a_file_and_writes_without_permission_are_refused(void **state)
{
	int fd = make_file(10 * MEDIA_BLOCK);
	struct media *m = open_media(fd, O_RDONLY, false);

	(void)state;
	assert_int_equal(m->blocks, 10);
	assert_int_equal(media_read(m, 9, 1, buf), 0);
	assert_int_equal(media_read(m, 10, 1, buf), -EINVAL);
	assert_int_equal(media_read(m, 9, 2, buf), -EINVAL);
	assert_int_equal(media_read(m, 0, 11, buf), -EINVAL);
	assert_int_equal(media_read(m, UINT64_MAX, 1, buf), -EINVAL);
	assert_int_equal(media_read(m, 1, UINT32_MAX, buf), -EINVAL);
	assert_int_equal(media_read(m, 10, 0, buf), 0);
	assert_int_equal(media_write(m, 0, 1, buf), -EROFS);
	assert_int_equal(media_sync(m), 0);
	media_close(m);
	close(fd);
}

static void an_incomplete_last_block_is_padded(void **state)
{
	int fd = make_file(0);

	(void)state;
	stamp(0, 3);
	assert_int_equal(pwrite(fd, buf, 5000, 0), 5000);
	struct media *m = open_media(fd, O_RDONLY, false);
	assert_int_equal(m->blocks, 3);
	assert_int_equal(m->tail, 904);
	memset(back, 0xee, sizeof(back));
	assert_int_equal(media_read(m, 2, 1, back), 0);
	assert_memory_equal(back, buf + 2 * MEDIA_BLOCK, 904);
	for (unsigned i = 904; i < MEDIA_BLOCK; i++)
		assert_int_equal(back[i], 0);
	assert_int_equal(back[MEDIA_BLOCK], 0xee);
	/* The last block together with whole ones, and the whole ones alone */
	assert_int_equal(media_read(m, 0, 3, back), 0);
	assert_memory_equal(back, buf, 5000);
	assert_int_equal(back[5000], 0);
	assert_int_equal(back[3 * MEDIA_BLOCK - 1], 0);
	assert_int_equal(media_read(m, 0, 2, back), 0);
	assert_memory_equal(back, buf, 2 * MEDIA_BLOCK);
	assert_int_equal(size_of(fd), 5000);
	media_close(m);

	assert_int_equal(ftruncate(fd, 1), 0);
	m = open_media(fd, O_RDONLY, false);
	assert_int_equal(m->blocks, 1);
	assert_int_equal(media_read(m, 0, 1, back), 0);
	assert_int_equal(back[0], buf[0]);
	assert_int_equal(back[1], 0);
	media_close(m);
	close(fd);
}

/* A copy of a DVD-RAM that was cut within a block, and is written to again. */
static void a_block_that_was_incomplete_is_written_whole(void **state)
{
	static const uint32_t first[] = {3, 2, 4, 6};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(first); i++) {
		for (unsigned ahead = 0; ahead < 2; ahead++) {
			int fd = make_file(3 * MEDIA_BLOCK + 904);
			struct media *m = open_media(fd, O_RDWR, true);
			const uint8_t *data;
			uint32_t count = 1;
			int r;

			assert_int_equal(m->tail, 904);
			if (ahead)
				assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
			stamp(first[i], 2);
			assert_int_equal(media_write(m, first[i], 2, buf), 0);
			repeat_until_done(r, media_view(m, first[i] + 1, &count, back, &data));
			assert_int_equal(r, 0);
			assert_memory_equal(data, buf + MEDIA_BLOCK, MEDIA_BLOCK);
			count = 1;
			repeat_until_done(r, media_view(m, first[i], &count, back, &data));
			assert_int_equal(r, 0);
			assert_memory_equal(data, buf, MEDIA_BLOCK);
			media_close(m);
			close(fd);
		}
	}
}

static void bad_descriptors_are_refused(void **state)
{
	struct media *m = NULL;
	int fds[2];

	(void)state;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(media_file_open(fd, false, &m), -EISDIR);
	/* The descriptor is taken over, also on failure. */
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(media_file_open(open("/dev/null", O_RDWR | O_CLOEXEC), true, &m), -EINVAL);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(media_file_open(fds[0], false, &m), -EINVAL);
	close(fds[1]);
	/* READ CAPACITY can report at most 2^32 - 2 blocks. */
	fd = make_file((off_t)0xfffffffe * MEDIA_BLOCK + 1);
	assert_int_equal(media_file_open(fd, false, &m), -EFBIG);
	fd = make_file((off_t)0xfffffffe * MEDIA_BLOCK);
	assert_int_equal(media_file_open(fd, false, &m), 0);
	assert_int_equal(m->blocks, 0xfffffffe);
	assert_int_equal(media_read(m, 0xfffffffd, 1, back), 0);
	media_close(m);
	/* A recordable medium needs a descriptor open for writing. */
	fd = make_file(0);
	assert_true(media_file_open(open_again(fd, O_RDONLY), true, &m) < 0);
	close(fd);
}

static void a_writer_locks_the_file_alone(void **state)
{
	int fd = make_file(4 * MEDIA_BLOCK);
	struct media *a, *b = NULL, *c = NULL;

	(void)state;
	/* Two drives may read one image; a burn needs it alone. */
	a = open_media(fd, O_RDONLY, false);
	b = open_media(fd, O_RDONLY, false);
	assert_int_equal(media_file_open(open_again(fd, O_RDWR), true, &c), -EBUSY);
	media_close(a);
	assert_int_equal(media_file_open(open_again(fd, O_RDWR), true, &c), -EBUSY);
	media_close(b);
	c = open_media(fd, O_RDWR, true);
	assert_int_equal(media_file_open(open_again(fd, O_RDWR), true, &a), -EBUSY);
	assert_int_equal(media_file_open(open_again(fd, O_RDONLY), false, &a), -EBUSY);
	media_close(c);
	a = open_media(fd, O_RDONLY, false);
	media_close(a);
	close(fd);
}

static void a_file_that_cannot_be_read_gives_an_error(void **state)
{
	int fd = make_file(0);
	struct media *m = open_media(fd, O_WRONLY, true);

	(void)state;
	stamp(0, 1);
	assert_int_equal(media_write(m, 0, 1, buf), 0);
	assert_int_equal(media_read(m, 0, 1, back), -EBADF);
	assert_int_equal(m->reads, 0);
	media_close(m);
	close(fd);
}

static void a_file_shortened_by_another_program_gives_an_error(void **state)
{
	int fd = make_file(10 * MEDIA_BLOCK);
	struct media *m = open_media(fd, O_RDONLY, false);

	(void)state;
	assert_int_equal(media_read(m, 9, 1, back), 0);
	assert_int_equal(ftruncate(fd, 5 * MEDIA_BLOCK), 0);
	assert_int_equal(media_read(m, 9, 1, back), -EIO);
	assert_int_equal(media_read(m, 4, 2, back), -EIO);
	assert_int_equal(media_read(m, 4, 1, back), 0);
	media_close(m);
	close(fd);
}

/* A limit of the file size stands for a full card: a write stores only part of its blocks. */
static void a_full_card_takes_all_or_nothing_of_a_command(void **state)
{
	char path[] = "/tmp/mmcgadget-disc-XXXXXX";
	struct rlimit old, low = {.rlim_cur = 40 * MEDIA_BLOCK + 1000};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	struct media *m = open_media(fd, O_RDWR, true);
	stamp(0, 32);
	assert_int_equal(media_write(m, 0, 32, buf), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	stamp(32, 16);
	int r = media_write(m, 32, 16, buf);
	off_t size = size_of(fd);
	int small = media_write(m, 32, 8, buf);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -EFBIG);
	/* All or nothing: the file is as long as the disc. */
	assert_int_equal(size, 32 * MEDIA_BLOCK);
	assert_int_equal(small, 0);
	assert_int_equal(m->blocks, 40);
	assert_int_equal(media_write(m, 40, 8, buf + 8 * MEDIA_BLOCK), 0);
	assert_stamped(m, 0, 48);
	assert_int_equal(size_of(fd), 48 * MEDIA_BLOCK);
	media_close(m);
	close(fd);
}

static void a_sync_happens_only_after_a_write(void **state)
{
	int fd = make_file(0);
	struct media *m = open_media(fd, O_RDWR, true);

	(void)state;
	assert_int_equal(media_sync(m), 0);
	assert_int_equal(m->syncs, 0);
	assert_int_equal(media_write(m, 0, 1, buf), 0);
	assert_int_equal(media_sync(m), 0);
	assert_int_equal(media_sync(m), 0);
	assert_int_equal(m->syncs, 1);
	assert_int_equal(media_write(m, 1, 1, buf), 0);
	assert_int_equal(media_sync(m), 0);
	assert_int_equal(m->syncs, 2);
	media_close(m);
	close(fd);
}

/* The stamp is what the file system says, and is taken again only after a change. */
static void a_stamp_is_of_the_file_as_it_is(void **state)
{
	static const struct timespec then[2] = {{1700000000, 0}, {1700000000, 123456789}};
	int fd = make_file(3 * MEDIA_BLOCK + 5);
	struct media *m;
	struct stat st;

	(void)state;
	assert_int_equal(futimens(fd, then), 0);
	m = open_media(fd, O_RDWR, true);
	assert_int_equal(m->stamp.bytes, 3 * MEDIA_BLOCK + 5);
	assert_int_equal(m->stamp.seconds, 1700000000);
	assert_int_equal(m->stamp.nanoseconds, 123456789);
	for (unsigned i = 0; i < 3; i++) {
		stamp(3, 1);
		if (i < 2)
			assert_int_equal(media_write(m, 3 + i, 1, buf), 0);
		else
			assert_int_equal(media_truncate(m, 2), 0);
		assert_false(m->stamped);
		assert_int_equal(media_stamp(m), 0);
		assert_true(m->stamped);
		assert_false(m->dirty);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(m->stamp.bytes, st.st_size);
		assert_int_equal(m->stamp.seconds, st.st_mtim.tv_sec);
		assert_int_equal(m->stamp.nanoseconds, st.st_mtim.tv_nsec);
		assert_int_not_equal(m->stamp.seconds, 1700000000);
	}
	/* Another program's change is not its own. */
	assert_int_equal(futimens(fd, then), 0);
	assert_int_equal(media_stamp(m), 0);
	assert_int_equal(m->stamp.seconds, st.st_mtim.tv_sec);
	media_close(m);
	close(fd);
}

static void a_stamp_that_fails_is_none(void **state)
{
	struct media *m = media_fault_new(media_mem_new(4, true));

	(void)state;
	assert_int_equal(media_write(m, 4, 1, buf), 0);
	media_fault_set(
		m, &(struct media_fault){
			   .kind = MEDIA_FAULT_ERROR, .on_sync = true, .times = 1, .error = EIO});
	assert_int_equal(media_stamp(m), -EIO);
	assert_false(m->stamped);
	assert_int_equal(media_stamp(m), 0);
	assert_true(m->stamped);
	assert_int_equal(m->stamp.bytes, 5 * MEDIA_BLOCK);
	media_close(m);
}

/* Enough bytes that write-back starts early, and beyond 4 GiB, where 32-bit offsets end. */
static void a_file_can_exceed_4_gib(void **state)
{
	char path[] = "/tmp/mmcgadget-disc-XXXXXX";
	int fd = mkstemp(path);
	uint32_t far = 2295104 - 64;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	struct media *m = open_media(fd, O_RDWR, true);
	for (uint32_t lba = 0; lba < 8192; lba += 64) {
		stamp(lba, 64);
		assert_int_equal(media_write(m, lba, 64, buf), 0);
	}
	stamp(far, 64);
	assert_int_equal(media_write(m, far, 64, buf), 0);
	assert_int_equal(size_of(fd), (off_t)2295104 * MEDIA_BLOCK);
	assert_stamped(m, far, 64);
	assert_stamped(m, 8128, 64);
	assert_int_equal(media_sync(m), 0);
	media_close(m);
	close(fd);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void memory_takes_and_returns_blocks(void **state)
{
	struct media *m = media_mem_new(100, true);

	(void)state;
	assert_int_equal(m->blocks, 100);
	assert_int_equal(media_read(m, 99, 1, back), 0);
	assert_int_equal(back[0], 0);
	assert_int_equal(media_read(m, 100, 1, back), -EINVAL);
	stamp(500, 32);
	assert_int_equal(media_write(m, 500, 32, buf), 0); /* in two pieces */
	assert_int_equal(m->blocks, 532);
	assert_stamped(m, 500, 32);
	assert_int_equal(media_read(m, 100, 1, back), 0);
	assert_int_equal(back[2047], 0);
	assert_int_equal(media_write(m, (uint64_t)49152 * 512, 1, buf), -EFBIG);
	media_close(m);
	m = media_mem_new(1, false);
	assert_int_equal(media_write(m, 0, 1, buf), -EROFS);
	media_close(m);
	media_close(NULL);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void faults_are_injected_as_planned(void **state)
{
	struct media *m = media_fault_new(media_mem_new(0, true));
	struct media_fault third = {
		.kind = MEDIA_FAULT_ERROR, .on_write = true, .skip = 2, .times = 1, .error = EIO};
	struct media_fault again = {.kind = MEDIA_FAULT_AGAIN, .on_read = true, .times = 2};
	struct media_fault always = {.kind = MEDIA_FAULT_ERROR, .on_sync = true, .error = ENOSPC};

	(void)state;
	media_fault_set(m, &third);
	assert_int_equal(media_write(m, 0, 1, buf), 0);
	assert_int_equal(media_write(m, 1, 1, buf), 0);
	assert_int_equal(media_write(m, 2, 1, buf), -EIO);
	assert_int_equal(m->blocks, 2);
	assert_int_equal(media_write(m, 2, 1, buf), 0);
	assert_int_equal(m->writes, 3);
	media_fault_set(m, &again);
	assert_int_equal(media_read(m, 0, 1, back), -EAGAIN);
	assert_int_equal(media_read(m, 0, 1, back), -EAGAIN);
	assert_int_equal(media_read(m, 0, 1, back), 0);
	media_fault_set(m, &always);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(media_sync(m), -ENOSPC);
	assert_true(m->dirty);
	media_fault_set(m, &(struct media_fault){.kind = MEDIA_FAULT_NONE});
	assert_int_equal(media_sync(m), 0);
	assert_false(m->dirty);
	media_close(m);
}

static void faults_work_with_a_file(void **state)
{
	int fd = make_file(5000);
	struct media *m = media_fault_new(open_media(fd, O_RDONLY, false));

	(void)state;
	assert_int_equal(m->blocks, 3);
	assert_int_equal(m->tail, 904);
	assert_false(m->writable);
	assert_int_equal(media_write(m, 0, 1, buf), -EROFS);
	assert_int_equal(media_read(m, 2, 1, back), 0);
	media_close(m); /* closes the file, too, which gives up the lock */
	media_close(open_media(fd, O_RDWR, true));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_a_plain_image_at_all_times),
		cmocka_unit_test(reads_outside_a_file_and_writes_without_permission_are_refused),
		cmocka_unit_test(an_incomplete_last_block_is_padded),
		cmocka_unit_test(a_block_that_was_incomplete_is_written_whole),
		cmocka_unit_test(bad_descriptors_are_refused),
		cmocka_unit_test(a_writer_locks_the_file_alone),
		cmocka_unit_test(a_file_that_cannot_be_read_gives_an_error),
		cmocka_unit_test(a_file_shortened_by_another_program_gives_an_error),
		cmocka_unit_test(a_full_card_takes_all_or_nothing_of_a_command),
		cmocka_unit_test(a_sync_happens_only_after_a_write),
		cmocka_unit_test(a_stamp_is_of_the_file_as_it_is),
		cmocka_unit_test(a_stamp_that_fails_is_none),
		cmocka_unit_test(a_file_can_exceed_4_gib),
		cmocka_unit_test(memory_takes_and_returns_blocks),
		cmocka_unit_test(faults_are_injected_as_planned),
		cmocka_unit_test(faults_work_with_a_file),
	};

	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
