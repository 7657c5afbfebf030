// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Media with blocks of all sizes: single bytes, as the media of most CDs have them, 2048 bytes, and
 * others, up to the largest. Every kind of medium is written, read, shortened and grown at random,
 * and compared with a plain array of bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/media.h"
#include "unit/media/ready.h"
#include "util/array.h"

/* Bytes of a medium: more than a piece of a memory medium, and than two of the read-ahead. */
#define BYTES (700u * MEDIA_UNIT_MAX)
#define MOST  (60u * MEDIA_UNIT_MAX) /* bytes of one operation */
#define STEPS 600

static const uint32_t units[] = {1, 96, 2048, 2352, 2448};

/* The contents that the medium must have. */
static uint8_t model[BYTES];
static uint32_t model_blocks;

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((random_state >> 32) * n >> 32);
}

/* ---- media of every kind ------------------------------------------------------------------ */

static struct media *in_memory(uint32_t unit)
{
	return media_mem_new_units(unit, 0, true);
}

static struct media *in_file(uint32_t unit)
{
	struct media *m = NULL;

	assert_int_equal(
		media_file_open_units(memfd_create("sectors", MFD_CLOEXEC), unit, true, &m), 0);
	return m;
}

static struct media *in_file_read_ahead(uint32_t unit)
{
	struct media *m = in_file(unit);

	assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
	return m;
}

static struct media *with_faults(uint32_t unit)
{
	return media_fault_new(in_memory(unit));
}

static struct media *in_file_write_behind(uint32_t unit)
{
	return media_write_behind_new(in_file_read_ahead(unit), ready, NULL);
}

static const struct {
	const char *name;
	struct media *(*open)(uint32_t unit);
} kinds[] = {
	{"memory", in_memory},
	{"file", in_file},
	{"file, read ahead", in_file_read_ahead},
	{"fault", with_faults},
	{"write-behind", in_file_write_behind},
};

/* ---- the operations ----------------------------------------------------------------------- */

/* Repeats the call while it answers "again"; then it must have succeeded. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		int result_;                                                                       \
                                                                                                   \
		repeat_until_done(result_, (call));                                                \
		assert_int_equal(result_, 0);                                                      \
	} while (0)

static void write_some(struct media *m)
{
	uint32_t at = below(4) ? model_blocks : below(model_blocks + 1);
	uint32_t count = below(MIN(MOST / m->unit, BYTES / m->unit - at) + 1);
	uint8_t *p = model + (size_t)at * m->unit;

	if (count == 0)
		return;
	for (size_t i = 0; i < (size_t)count * m->unit; i++)
		p[i] = (uint8_t)below(256);
	TRY(media_write(m, at, count, p));
	model_blocks = MAX(model_blocks, at + count);
}

static void read_some(struct media *m, bool view)
{
	static uint8_t stage[MOST];
	uint32_t at = below(model_blocks);
	uint32_t count = 1 + below(MIN(MOST / m->unit, model_blocks - at));

	while (count > 0) {
		const uint8_t *data = stage;
		uint32_t n = count;

		if (view)
			TRY(media_view(m, at, &n, stage, &data));
		else
			TRY(media_read(m, at, n, stage));
		assert_in_range(n, 1, count);
		assert_memory_equal(data, model + (size_t)at * m->unit, (size_t)n * m->unit);
		at += n;
		count -= n;
	}
}

static void random_operation(struct media *m)
{
	uint64_t lost;

	switch (below(8)) {
	case 0:
		model_blocks -= below(MIN(model_blocks, MOST / m->unit) + 1);
		TRY(media_truncate(m, model_blocks));
		break;
	case 1:
		TRY(media_wait_written(m, &lost));
		TRY(media_sync(m));
		break;
	case 2:
	case 3:
		write_some(m);
		break;
	default:
		if (model_blocks)
			read_some(m, below(2));
	}
	assert_int_equal(m->blocks, model_blocks);
}

static void random_operations_match_the_model(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		for (size_t u = 0; u < ARRAY_LEN(units); u++) {
			struct media *m = kinds[k].open(units[u]);

			print_message("%s, %u bytes\n", kinds[k].name, units[u]);
			assert_non_null(m);
			assert_int_equal(m->unit, units[u]);
			random_state = 1 + k * 8 + u;
			model_blocks = 0;
			for (int i = 0; i < STEPS; i++)
				random_operation(m);
			media_close(m);
		}
	}
}

/* ---- files: place of a block, an incomplete last block, too many blocks ------------------- */

static void block_n_begins_at_byte_n_units(void **state)
{
	static uint8_t block[MEDIA_UNIT_MAX], back[MEDIA_UNIT_MAX];

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		int fd = memfd_create("sectors", MFD_CLOEXEC);
		struct media *m = NULL;
		struct stat st;

		assert_int_equal(media_file_open_units(dup(fd), units[u], true, &m), 0);
		memset(block, 0x5a, sizeof(block));
		assert_int_equal(media_write(m, 0, 1, block), 0);
		memset(block, 0xa5, sizeof(block));
		assert_int_equal(media_write(m, 1, 1, block), 0);
		assert_int_equal(pread(fd, back, units[u], (off_t)units[u]), units[u]);
		assert_memory_equal(back, block, units[u]);
		assert_int_equal(media_truncate(m, 1), 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, units[u]);
		media_close(m);
		close(fd);
	}
}

static void an_incomplete_last_block_is_padded_with_zeros(void **state)
{
	static uint8_t block[MEDIA_UNIT_MAX], back[MEDIA_UNIT_MAX];

	(void)state;
	memset(block, 0x77, sizeof(block));
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		if (units[u] == 1)
			continue; /* no byte is incomplete */
		for (int ahead = 0; ahead <= 1; ahead++) {
			int fd = memfd_create("sectors", MFD_CLOEXEC);
			uint32_t unit = units[u], n = 1;
			const uint8_t *data;
			struct media *m = NULL;

			assert_int_equal(pwrite(fd, block, 10, (off_t)unit), 10);
			assert_int_equal(media_file_open_units(fd, unit, false, &m), 0);
			if (ahead)
				assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
			assert_int_equal(m->blocks, 2);
			assert_int_equal(m->tail, 10);
			TRY(media_view(m, 1, &n, back, &data));
			assert_memory_equal(data, block, 10);
			for (uint32_t i = 10; i < unit; i++)
				assert_int_equal(data[i], 0);
			media_close(m);
		}
	}
}

/* LBAs have 32 bits, so the number of blocks is limited, not the bytes. */
static void a_file_with_too_many_blocks_is_refused(void **state)
{
	const off_t limit = (off_t)0xfffffffe * 96;
	int fd = memfd_create("sectors", MFD_CLOEXEC);
	struct media *m = NULL;

	(void)state;
	assert_int_equal(ftruncate(fd, limit), 0);
	assert_int_equal(media_file_open_units(dup(fd), 96, false, &m), 0);
	assert_int_equal(m->blocks, 0xfffffffe);
	media_close(m);
	assert_int_equal(ftruncate(fd, limit + 1), 0);
	assert_int_equal(media_file_open_units(dup(fd), 96, false, &m), -EFBIG);
	assert_int_equal(media_file_open_units(fd, 2352, false, &m), 0);
	media_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_match_the_model),
		cmocka_unit_test(block_n_begins_at_byte_n_units),
		cmocka_unit_test(an_incomplete_last_block_is_padded_with_zeros),
		cmocka_unit_test(a_file_with_too_many_blocks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
