// SPDX-License-Identifier: GPL-2.0-or-later
/* A write that failed is reported at the end, wherever in the file it was. */
#include "util/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <cmocka.h>

#define SIZE 16 /* bytes of the buffer */

/* A disk that is full for the n-th write; 0: never. */
static ssize_t write_to(void *cookie, const char *data, size_t size)
{
	unsigned *left = cookie;

	(void)data;
	if (*left > 0 && --*left == 0) {
		errno = ENOSPC;
		return 0;
	}
	return (ssize_t)size;
}

static void a_failed_write_is_reported(void **state)
{
	/* Three times what fits into the buffer, and a rest. */
	static const char text[] = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEFrest";
	static const struct {
		unsigned full; /* the write that fails */
		int want;
	} rows[] = {{0, 0}, {1, -EIO}, {2, -EIO}, {4, -ENOSPC}};
	char buffer[SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned left = rows[i].full;
		FILE *f = fopencookie(&left, "w", (cookie_io_functions_t){.write = write_to});

		assert_non_null(f);
		assert_int_equal(setvbuf(f, buffer, _IOFBF, SIZE), 0);
		for (const char *p = text; *p; p++)
			fputc(*p, f);
		assert_int_equal(stream_close(f), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_failed_write_is_reported)};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
