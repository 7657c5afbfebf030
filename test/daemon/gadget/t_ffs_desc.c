// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptors and strings in the form that FunctionFS reads from ep0. The expected bytes
 * were written by hand from USB 2.0 table 9-12 ff., USB 3.2 9.6.7, BOT 4.3 and 4.4,
 * and the layout in linux/usb/functionfs.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gadget/ffs_int.h"

/* magic 3, length 105, FS | HS | SS; descriptors of each */
#define COUNTS                    3, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0
#define HEAD                      3, 0, 0, 0, 105, 0, 0, 0, 7, 0, 0, 0, COUNTS
#define INTERFACE(sub)            9, 4, 0, 0, 2, 0x08, sub, 0x50, 1
#define ENDPOINT(address, lo, hi) 7, 5, address, 2, lo, hi, 0
#define COMPANION                 6, 0x30, 15, 0, 0, 0

#define DESCRIPTORS(sub)                                                                           \
	{                                                                                          \
		HEAD, INTERFACE(sub), ENDPOINT(0x81, 64, 0), ENDPOINT(0x02, 64, 0),                \
			INTERFACE(sub), ENDPOINT(0x81, 0, 2), ENDPOINT(0x02, 0, 2),                \
			INTERFACE(sub), ENDPOINT(0x81, 0, 4), COMPANION, ENDPOINT(0x02, 0, 4),     \
			COMPANION                                                                  \
	}

static const uint8_t scsi[] = DESCRIPTORS(0x06);
static const uint8_t mmc5[] = DESCRIPTORS(0x02);

static void descriptors_have_the_expected_bytes(void **state)
{
	uint8_t buf[FFS_BLOB_MAX];

	(void)state;
	assert_int_equal(ffs_desc_build(buf, sizeof(buf), 0x06), sizeof(scsi));
	assert_memory_equal(buf, scsi, sizeof(scsi));
	assert_int_equal(ffs_desc_build(buf, sizeof(buf), 0x02), sizeof(mmc5));
	assert_memory_equal(buf, mmc5, sizeof(mmc5));
}

/* The header has the total length and the number of descriptors of each speed. */
static void the_header_counts_the_descriptors(void **state)
{
	uint8_t buf[FFS_BLOB_MAX];
	size_t size = ffs_desc_build(buf, sizeof(buf), 0x06);
	size_t at = 24;
	unsigned n = 0;

	(void)state;
	assert_int_equal(buf[4] | buf[5] << 8 | buf[6] << 16 | buf[7] << 24, size);
	while (at < size) {
		assert_true(buf[at] >= 2);
		at += buf[at];
		n++;
	}
	assert_int_equal(at, size);
	assert_int_equal(n, buf[12] + buf[16] + buf[20]);
}

static void a_short_buffer_is_left_alone(void **state)
{
	uint8_t buf[FFS_BLOB_MAX];

	(void)state;
	memset(buf, 0xa5, sizeof(buf));
	assert_int_equal(ffs_desc_build(buf, sizeof(scsi) - 1, 0x06), 0);
	assert_int_equal(buf[0], 0xa5);
	assert_int_equal(ffs_desc_build(buf, sizeof(scsi), 0x06), sizeof(scsi));
	assert_int_equal(buf[sizeof(scsi)], 0xa5);
}

static void strings_have_the_expected_bytes(void **state)
{
	static const uint8_t wanted[] = {
		2, 0, 0, 0, 22, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x09, 0x04, 'D', 'V', 'D', 0};
	uint8_t buf[FFS_BLOB_MAX];

	(void)state;
	assert_int_equal(ffs_strings_build(buf, sizeof(buf), "DVD"), sizeof(wanted));
	assert_memory_equal(buf, wanted, sizeof(wanted));
	assert_int_equal(ffs_strings_build(buf, sizeof(wanted) - 1, "DVD"), 0);
	assert_int_equal(ffs_strings_build(buf, sizeof(buf), ""), 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_have_the_expected_bytes),
		cmocka_unit_test(the_header_counts_the_descriptors),
		cmocka_unit_test(a_short_buffer_is_left_alone),
		cmocka_unit_test(strings_have_the_expected_bytes),
	};

	return cmocka_run_group_tests_name("FunctionFS descriptors", tests, NULL, NULL);
}
