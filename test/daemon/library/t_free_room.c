// SPDX-License-Identifier: GPL-2.0-or-later
/* How large a file may become. That a blank is refused is tested on a file system with a limit, in
 * t_bad. */
#include "daemon/scratch.h"

#include <errno.h>

#include "library/free_room.h"
#include "util/array.h"

static int setup(void **state)
{
	return scratch_make(state);
}

static int teardown(void **state)
{
	return scratch_remove(state);
}

static void the_largest_file_is_the_last_offset_that_the_kernel_takes(void **state)
{
	static const uint64_t wanted[] = {0, 1, 4096, UINT64_C(4700372992), UINT64_MAX};
	uint64_t most;
	int fd;

	(void)state;
	put_size("file", 1);
	fd = open(in_scratch("file"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		assert_int_equal(largest_file(fd, wanted[i], &most), 0);
		assert_true(most <= wanted[i] && most <= INT64_MAX);
		assert_true(lseek(fd, (off_t)most, SEEK_SET) >= 0);
		if (most < wanted[i] && most < INT64_MAX)
			assert_true(lseek(fd, (off_t)most + 1, SEEK_SET) < 0);
	}
	close(fd);
}

static void what_has_no_offset_has_no_largest_size(void **state)
{
	uint64_t most;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(largest_file(ends[0], 1, &most), -ESPIPE);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_largest_file_is_the_last_offset_that_the_kernel_takes),
		T(what_has_no_offset_has_no_largest_size),
	};

	return cmocka_run_group_tests_name("free room", tests, NULL, NULL);
}
