// SPDX-License-Identifier: GPL-2.0-or-later
/* Blocks allocated ahead of a file that grows: on tmpfs, which shows what is allocated. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/blocks_ahead.h"
#include "media/media.h"

#define MIB   (1024u * 1024u)
#define PIECE 65536u
#define COUNT (PIECE / MEDIA_BLOCK)

static uint8_t piece[PIECE];

/* A file without a name, on tmpfs. The test keeps this descriptor, and media get others. */
static int make_file(void)
{
	int fd = memfd_create("disc", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct media *open_media(int fd, bool writable)
{
	struct media *m = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(
		media_file_open(open(path, writable ? O_RDWR | O_CLOEXEC : O_RDONLY | O_CLOEXEC),
			writable, &m),
		0);
	return m;
}

static uint64_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint64_t)st.st_size;
}

/* Bytes that the file system has allocated beyond the end of the file. */
static uint64_t ahead(int fd)
{
	struct stat st;
	uint64_t whole;

	assert_int_equal(fstat(fd, &st), 0);
	whole = ((uint64_t)st.st_size + (uint64_t)st.st_blksize - 1) / (uint64_t)st.st_blksize *
		(uint64_t)st.st_blksize;
	return (uint64_t)st.st_blocks * 512 - whole;
}

static void append(struct media *m, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PIECE)
		assert_int_equal(media_write(m, m->blocks, COUNT, piece), 0);
}

/* The file is a plain image at every moment: its end is the end of what was written. */
static void size_is_that_of_what_was_written(void **state)
{
	int fd = make_file();
	struct media *m = open_media(fd, true);
	uint64_t most = 0;

	(void)state;
	for (uint64_t at = PIECE; at <= 20 * MIB; at += PIECE) {
		append(m, PIECE);
		assert_int_equal(size_of(fd), at);
		assert_in_range(ahead(fd), 0, BLOCKS_AHEAD);
		if (at > BLOCKS_AHEAD_AFTER)
			assert_in_range(ahead(fd), 1, BLOCKS_AHEAD);
		most = ahead(fd) > most ? ahead(fd) : most;
	}
	assert_int_equal(most, BLOCKS_AHEAD);
	assert_int_equal(media_sync(m), 0);
	assert_int_equal(ahead(fd), 0);
	append(m, MIB);
	assert_true(ahead(fd) > 0);
	media_close(m);
	assert_int_equal(size_of(fd), 21 * MIB);
	assert_int_equal(ahead(fd), 0);
	close(fd);
}

static void small_burns_need_no_blocks_ahead(void **state)
{
	int fd = make_file();
	struct media *m = open_media(fd, true);

	(void)state;
	append(m, BLOCKS_AHEAD_AFTER - PIECE);
	assert_int_equal(ahead(fd), 0);
	media_close(m);
	close(fd);
}

/* Writing again what is there takes no blocks, nor do writes that leave holes. */
static void only_growing_files_get_blocks(void **state)
{
	int fd = make_file();
	struct media *m = open_media(fd, true);

	(void)state;
	append(m, 4 * MIB);
	assert_int_equal(media_sync(m), 0);
	for (uint64_t block = 0; block < 4 * MIB / MEDIA_BLOCK; block += COUNT)
		assert_int_equal(media_write(m, block, COUNT, piece), 0);
	assert_int_equal(ahead(fd), 0);
	media_close(m);
	close(fd);
}

/* A daemon that was killed gives nothing back: the next one does, if it may write the disc. */
static void blocks_of_a_killed_daemon_are_given_back(void **state)
{
	int fd = make_file();
	struct media *m;

	(void)state;
	assert_int_equal(pwrite(fd, piece, 5000, 0), 5000);
	assert_int_equal(fallocate(fd, FALLOC_FL_KEEP_SIZE, 4096, BLOCKS_AHEAD), 0);
	m = open_media(fd, false);
	assert_true(ahead(fd) > 0);
	media_close(m);
	assert_true(ahead(fd) > 0);
	m = open_media(fd, true);
	assert_int_equal(ahead(fd), 0);
	assert_int_equal(size_of(fd), 5000);
	media_close(m);
	close(fd);
}

/* Opening a disc must not change its time: nothing is given back where there is nothing. */
static void opening_changes_no_time(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	int fd = make_file();
	struct stat st;

	(void)state;
	assert_int_equal(pwrite(fd, piece, sizeof(piece), 0), sizeof(piece));
	assert_int_equal(futimens(fd, old), 0);
	media_close(open_media(fd, true));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	close(fd);
}

/* Another program has shortened the file: its size stays what that program made it. */
static void giving_back_never_changes_the_size(void **state)
{
	int fd = make_file();
	struct media *m = open_media(fd, true);

	(void)state;
	append(m, 2 * MIB);
	assert_true(ahead(fd) > 0);
	assert_int_equal(ftruncate(fd, 12345), 0);
	media_close(m);
	assert_int_equal(size_of(fd), 12345);
	assert_int_equal(ahead(fd), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_is_that_of_what_was_written),
		cmocka_unit_test(small_burns_need_no_blocks_ahead),
		cmocka_unit_test(only_growing_files_get_blocks),
		cmocka_unit_test(blocks_of_a_killed_daemon_are_given_back),
		cmocka_unit_test(opening_changes_no_time),
		cmocka_unit_test(giving_back_never_changes_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
