// SPDX-License-Identifier: GPL-2.0-or-later
/* The trace file: written records are read back, and damaged or forged files do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/stats.h"
#include "trace/text.h"
#include "disc/medium.h"
#include "trace/trace.h"
#include "util/array.h"

static uint8_t file[4096];
static size_t size;

static void put(const struct trace_record *r)
{
	size += trace_put_record(file + size, r);
}

static const struct trace_header header = {.dvd_only = true,
	.strict_cdb = true,
	.started = 0x0123456789abcdef,
	.lost = 0x100000002,
	.buffer = 65536,
	.vendor = "MMCGADGT",
	.product = "DVD BURNER",
	.revision = "0.1",
	.serial = "0123456789ABCDEF0123456789ABCDEF"};

static const struct trace_record disc = {.type = TRACE_DISC,
	.number = 7,
	.time = 5,
	.disc = {.medium = TRACE_MEDIUM_OF(DISC_DVD_PLUS_R),
		.flags = TRACE_LOCKED,
		.capacity = 2295104,
		.sessions = 2,
		.tracks = 2,
		.kept = 2,
		.track = {{.written = 20, .session = 1, .state = 3},
			{.start = 32, .session = 2, .state = 0}}}};

static const struct trace_record command = {.type = TRACE_COMMAND,
	.number = 8,
	.time = 0x200000001,
	.command = {.duration = 1234,
		.announced = 36,
		.moved = 8,
		.dir = TRACE_DIR_IN,
		.cdb_len = 6,
		.data_len = 8,
		.cdb = {0x12, 0, 0, 0, 36},
		.data = {5, 0x80}}};

static const struct trace_record event = {
	.type = TRACE_EVENT, .number = 9, .time = 6, .event = TRACE_EJECT};

static int setup(void **state)
{
	(void)state;
	trace_put_header(file, &header);
	size = TRACE_HEADER_SIZE;
	put(&disc);
	put(&command);
	put(&event);
	return 0;
}

static void written_records_are_read_back(void **state)
{
	struct trace_reader r;
	struct trace_record got;
	const char *why;

	(void)state;
	assert_null(trace_open(&r, file, size));
	assert_true(r.header.strict_cdb && !r.header.finalised_dvd_plus_r && r.header.dvd_only);
	assert_true(r.header.started == header.started && r.header.lost == header.lost);
	assert_int_equal(r.header.buffer, header.buffer);
	assert_string_equal(r.header.vendor, header.vendor);
	assert_string_equal(r.header.product, header.product);
	assert_string_equal(r.header.serial, header.serial);
	assert_int_equal(trace_next(&r, &got, &why), 1);
	assert_int_equal(got.number, 7);
	assert_int_equal(got.disc.kept, 2);
	assert_int_equal(got.disc.track[0].written, 20);
	assert_int_equal(got.disc.track[1].start, 32);
	assert_int_equal(trace_next(&r, &got, &why), 1);
	assert_true(got.time == command.time);
	assert_memory_equal(got.command.cdb, command.command.cdb, 16);
	assert_int_equal(got.command.duration, 1234);
	assert_int_equal(got.command.moved, 8);
	assert_memory_equal(got.command.data, command.command.data, 8);
	assert_int_equal(trace_next(&r, &got, &why), 1);
	assert_int_equal(got.event, TRACE_EJECT);
	assert_int_equal(trace_next(&r, &got, &why), 0);
}

/* The bytes are those of docs/trace.md. */
static void bytes_are_as_documented(void **state)
{
	static const uint8_t head[TRACE_HEADER_SIZE + 1] =
		"MMCTRACE\0\1\0\x60\0\0\0\5"
		"\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\1\0\0\0\2\0\1\0\0"
		"MMCGADGTDVD BURNER\0\0\0\0\0\0"
		"0.1\0"
		"0123456789ABCDEF0123456789ABCDEF";
	static const uint8_t dvd[] = {0, 64, 2, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 2, 0, 1,
		0, 0x23, 5, 0x40, 0, 0, 0, 0, 0, 2, 0, 2,
		/* the tracks */
		0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 2, 0, 0};
	static const uint8_t inquiry[] = {0, 60, 1, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 4,
		0xd2, 0, 0, 0, 36, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0, 6, 8, 0x12, 0, 0, 0, 36};
	static const uint8_t eject[] = {0, 17, 3, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 6, 3};

	(void)state;
	assert_memory_equal(file, head, TRACE_HEADER_SIZE);
	assert_memory_equal(file + TRACE_HEADER_SIZE, dvd, sizeof(dvd));
	assert_memory_equal(file + TRACE_HEADER_SIZE + 64, inquiry, sizeof(inquiry));
	assert_memory_equal(file + TRACE_HEADER_SIZE + 64 + 60, eject, sizeof(eject));
}

/* Reads the whole trace with every reader; they must return. */
static void read_all(const uint8_t *data, size_t n)
{
	/* A copy of exactly this size, so that sanitizers see reads past the end. */
	uint8_t *copy = malloc(n ? n : 1);
	FILE *null = fopen("/dev/null", "we");
	struct trace_script result;
	struct trace_reader r;
	struct trace_record record;
	const char *why;

	assert_true(copy && null);
	memcpy(copy, data, n);
	if (!trace_open(&r, copy, n))
		while (trace_next(&r, &record, &why) == 1)
			assert_true(r.at <= n);
	(void)trace_show(copy, n, null);
	(void)trace_write_script(copy, n, null, &result);
	fclose(null);
	free(copy);
}

static void a_truncated_file_is_refused(void **state)
{
	struct trace_reader r;
	struct trace_record record;
	const char *why = NULL;

	(void)state;
	for (size_t n = 0; n < size; n++) {
		/* Cut at the end of the header or of a record, the file is valid. */
		bool valid = n == 96 || n == 96 + 64 || n == 96 + 64 + 60;
		int got = 1;

		read_all(file, n);
		if (trace_open(&r, file, n)) {
			assert_true(n < 96);
			continue;
		}
		assert_true(n >= 96);
		while (got == 1)
			got = trace_next(&r, &record, &why);
		assert_int_equal(got, valid ? 0 : -1);
	}
}

static void one_changed_byte_does_no_harm(void **state)
{
	static const uint8_t values[] = {0, 1, 2, 4, 15, 16, 17, 0x40, 0x7f, 0x80, 0xff};

	(void)state;
	for (size_t at = 0; at < size; at++) {
		uint8_t was = file[at];

		for (size_t i = 0; i < ARRAY_LEN(values); i++) {
			file[at] = values[i];
			read_all(file, size);
		}
		file[at] = was;
	}
}

static void many_changed_bytes_do_no_harm(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t copy[sizeof(file)];

		memcpy(copy, file, size);
		for (unsigned i = 0; i < 1 + round % 8; i++) {
			seed = seed * 1664525 + 1013904223;
			copy[(seed >> 8) % size] = (uint8_t)(seed >> 24);
		}
		read_all(copy, size);
	}
}

static void percentiles_are_upper_limits_of_buckets(void **state)
{
	struct stats_command c = {.count = 100, .max = 5000};

	(void)state;
	assert_int_equal(stats_bucket(0), 0);
	assert_int_equal(stats_bucket(1), 1);
	assert_int_equal(stats_bucket(1023), 10);
	assert_int_equal(stats_bucket(1024), 11);
	assert_int_equal(stats_bucket(UINT64_MAX), STATS_BUCKETS - 1);
	c.bucket[stats_bucket(100)] = 98;
	c.bucket[stats_bucket(900)] = 1;
	c.bucket[stats_bucket(5000)] = 1;
	assert_int_equal(stats_percentile(&c, 50), 128);
	assert_int_equal(stats_percentile(&c, 98), 128);
	assert_int_equal(stats_percentile(&c, 99), 1024);
	assert_int_equal(stats_percentile(&c, 100), 5000);
	c = (struct stats_command){.count = UINT64_MAX / 2, .max = 7};
	c.bucket[3] = c.count;
	assert_int_equal(stats_percentile(&c, 99), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(written_records_are_read_back, setup),
		cmocka_unit_test_setup(bytes_are_as_documented, setup),
		cmocka_unit_test_setup(a_truncated_file_is_refused, setup),
		cmocka_unit_test_setup(one_changed_byte_does_no_harm, setup),
		cmocka_unit_test_setup(many_changed_bytes_do_no_harm, setup),
		cmocka_unit_test(percentiles_are_upper_limits_of_buckets),
	};

	return cmocka_run_group_tests_name("trace_file", tests, NULL, NULL);
}
