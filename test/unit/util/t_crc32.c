// SPDX-License-Identifier: GPL-2.0-or-later
/* CRC-32: the published check value, and agreement with the definition, bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/crc32.h"

static uint32_t by_definition(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

static void the_published_check_value_is_right(void **state)
{
	(void)state;
	assert_int_equal(crc32_add(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_add(0, "", 0), 0);
}

static void all_lengths_and_alignments_agree_with_the_definition(void **state)
{
	uint8_t data[80];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + 13);
	for (size_t at = 0; at < 8; at++) {
		for (size_t len = 0; len <= 64; len++)
			assert_int_equal(
				crc32_add(0, data + at, len), by_definition(data + at, len));
	}
}

static void two_parts_give_the_same_as_one(void **state)
{
	uint8_t data[64];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * i + 7);
	for (size_t first = 0; first <= sizeof(data); first++) {
		uint32_t crc = crc32_add(0, data, first);

		assert_int_equal(crc32_add(crc, data + first, sizeof(data) - first),
			by_definition(data, sizeof(data)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_check_value_is_right),
		cmocka_unit_test(all_lengths_and_alignments_agree_with_the_definition),
		cmocka_unit_test(two_parts_give_the_same_as_one),
	};

	return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
