// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data phase of READ and WRITE for units of every size: 2048 bytes, and those of a CD
 * (2352, 2448, 96), which are no multiples of a packet. However many blocks the medium
 * returns at a time, and however many bytes the transport takes, the host gets the bytes
 * of the units in order, and only the last piece ends inside a packet. The expected bytes
 * are in a plain array.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bot_host.h"
#include "unit/mmc/drive_cmd.h"
#include "util/array.h"

#define UNITS  80u /* on the medium */
#define NEVER  UINT64_MAX
#define GUARD  0xee
#define ROUNDS 200

static const uint32_t unit_sizes[] = {96, 2048, 2352, 2448};

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((random_state >> 32) * n >> 32);
}

/* ---- a medium of random block counts and delays ------------------------------------------- */

struct random_medium {
	struct media m;
	uint64_t bad;  /* this block cannot be read */
	uint32_t most; /* blocks of one view */
	bool again;    /* it may not be ready */
	uint32_t failures;
	bool copies; /* it may offer no view, so that blocks are read into the stage */
	uint8_t data[UNITS * MEDIA_UNIT_MAX];
	uint8_t seen[UNITS * MEDIA_UNIT_MAX]; /* copy for the last view, spoiled by the next */
};

static struct random_medium medium;

static bool not_ready(const struct random_medium *y)
{
	return y->again && below(3) == 0;
}

static bool is_bad(struct random_medium *y, uint64_t block, uint32_t count)
{
	if (y->bad < block || y->bad >= block + count)
		return false;
	y->failures++;
	return true;
}

static int moody_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct random_medium *y = (struct random_medium *)m;

	if (not_ready(y))
		return -EAGAIN;
	if (is_bad(y, block, count))
		return -EIO;
	memcpy(buf, y->data + block * m->unit, (size_t)count * m->unit);
	return 0;
}

static int moody_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct random_medium *y = (struct random_medium *)m;

	memset(y->seen, GUARD, sizeof(y->seen));
	if (y->copies && below(2))
		return -EOPNOTSUPP;
	if (not_ready(y))
		return -EAGAIN;
	*count = 1 + below(MIN(*count, y->most));
	if (is_bad(y, block, *count))
		return -EIO;
	memcpy(y->seen, y->data + block * m->unit, (size_t)*count * m->unit);
	*data = y->seen;
	return 0;
}

static int moody_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct random_medium *y = (struct random_medium *)m;

	if (not_ready(y))
		return -EAGAIN;
	if (is_bad(y, block, count))
		return -EIO;
	assert_true(block + count <= UNITS);
	memcpy(y->data + block * m->unit, buf, (size_t)count * m->unit);
	return 0;
}

static int moody_sync(struct media *m)
{
	(void)m;
	return 0;
}

static int moody_truncate(struct media *m, uint64_t blocks)
{
	(void)m;
	(void)blocks;
	return 0;
}

static void moody_close(struct media *m)
{
	(void)m;
}

static const struct media_ops moody_ops = {
	.read = moody_read,
	.view = moody_view,
	.write = moody_write,
	.sync = moody_sync,
	.truncate = moody_truncate,
	.close = moody_close,
};

/* A drive with the medium in it: full and readable, or blank and recordable. */
static struct mmc_drive *drive_of_units(uint32_t unit, bool blank)
{
	struct mmc_drive *d = new_drive();

	memset(&medium, 0, sizeof(medium));
	medium.m.ops = &moody_ops;
	medium.m.unit = unit;
	medium.m.blocks = blank ? 0 : UNITS;
	medium.m.writable = blank;
	medium.bad = NEVER;
	medium.most = UNITS;
	for (size_t i = 0; i < sizeof(medium.data); i++)
		medium.data[i] = blank ? 0 : (uint8_t)below(256);
	mmc_insert(d, disc_new(&medium.m, UNITS, NULL, NULL));
	drain_events(d);
	return d;
}

/* ---- pull --------------------------------------------------------------------------------- */

/* How the simulated transport takes data-in. */
struct transport {
	uint32_t max; /* bytes of a pull; 0 = a random number for each */
	bool unpulls; /* it may be unable to send a piece */
};

static uint32_t next_max(struct transport *t)
{
	return t->max ? t->max : MMC_GRAIN * (1 + below(64));
}

/*
 * Pulls the data of the command in flight into answer.data: each piece except the last must
 * be a multiple of MMC_GRAIN, and none may be longer than the transport takes.
 */
static void pull_all(struct mmc_drive *d, struct transport *t)
{
	bool ended = false;

	answer.len = 0;
	for (;;) {
		uint32_t max = next_max(t);
		const uint8_t *p = NULL;
		int32_t n = mmc_pull(d, &p, max);

		if (n < 0)
			continue;
		if (n == 0)
			break;
		assert_false(ended);
		assert_in_range(n, 1, max);
		assert_true(answer.len + (uint32_t)n <= answer.xfer.len);
		memcpy(answer.data + answer.len, p, (size_t)n);
		if (t->unpulls && below(3) == 0) {
			mmc_unpull(d, (uint32_t)n);
			continue;
		}
		answer.len += (uint32_t)n;
		ended = n % MMC_GRAIN != 0;
	}
	do {
		answer.status = mmc_end(d);
	} while (answer.status == MMC_AGAIN);
	answer.sense = answer.status == MMC_GOOD ? 0 : mmc_last_sense(d);
}

static void read_units(struct mmc_drive *d, uint32_t lba, uint16_t count, struct transport *t)
{
	begin_blocks(d, 0x28, lba, count);
	assert_int_equal(answer.xfer.len, count * medium.m.unit);
	pull_all(d, t);
}

static void assert_units(uint32_t lba, uint32_t count)
{
	assert_int_equal(answer.sense, 0);
	assert_int_equal(answer.len, count * medium.m.unit);
	assert_memory_equal(answer.data, medium.data + (size_t)lba * medium.m.unit, answer.len);
}

static uint64_t units_read(const struct mmc_drive *d)
{
	struct mmc_state s;

	mmc_get_state(d, &s);
	return s.blocks_read;
}

static void units_of_every_size_are_read(void **state)
{
	static const uint32_t maxima[] = {1024, 2048, 3072, 4096, 16384, 32768, 65536};

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++) {
		struct mmc_drive *d = drive_of_units(unit_sizes[u], false);
		uint64_t before = units_read(d);

		for (size_t m = 0; m < ARRAY_LEN(maxima); m++)
			for (uint16_t count = 0; count <= UNITS; count++) {
				struct transport t = {.max = maxima[m]};
				uint32_t lba = below(UNITS - count + 1u) % UNITS;

				read_units(d, lba, count, &t);
				assert_units(lba, count);
				before += count;
				assert_int_equal(units_read(d), before);
			}
		mmc_drive_free(d);
	}
}

static void reads_work_with_random_media_and_transports(void **state)
{
	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++) {
		struct mmc_drive *d = drive_of_units(unit_sizes[u], false);
		uint64_t before = units_read(d);

		for (int i = 0; i < ROUNDS; i++) {
			struct transport t = {.unpulls = below(2)};
			uint16_t count = (uint16_t)(1 + below(UNITS));
			uint32_t lba = below(UNITS - count + 1u);

			medium.most = 1 + below(below(2) ? 3 : UNITS);
			medium.again = below(2);
			medium.copies = below(2);
			read_units(d, lba, count, &t);
			assert_units(lba, count);
			before += count;
			assert_int_equal(units_read(d), before);
		}
		mmc_drive_free(d);
	}
}

/* The host gets all that comes before the unit that cannot be read, and its address. */
static void a_read_error_gives_the_units_before_it(void **state)
{
	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++) {
		struct mmc_drive *d = drive_of_units(unit_sizes[u], false);

		for (int i = 0; i < ROUNDS; i++) {
			struct transport t = {.unpulls = below(2)};
			uint16_t count = (uint16_t)(1 + below(UNITS));
			uint32_t lba = below(UNITS - count + 1u), bad = below(count);

			medium.bad = lba + bad;
			medium.most = 1 + below(UNITS);
			medium.again = below(2);
			medium.copies = below(2);
			medium.failures = 0;
			read_units(d, lba, count, &t);
			assert_int_equal(answer.sense, 0x031100);
			/* A bad sector takes seconds: it is tried once among others, and once
			 * alone. */
			if (!t.unpulls)
				assert_in_range(medium.failures, 1, 2);
			assert_int_equal(answer.len, bad * unit_sizes[u]);
			assert_memory_equal(
				answer.data, medium.data + (size_t)lba * unit_sizes[u], answer.len);
			command(d, 0x03, 0, 0, 0, 18, 0);
			assert_int_equal(get_be32(answer.data + 3), medium.bad);
		}
		mmc_drive_free(d);
	}
}

/* Bytes that an aborted command left in the stage are not sent by the next one. */
static void an_aborted_read_leaves_no_data_to_the_next(void **state)
{
	struct mmc_drive *d = drive_of_units(2352, false);
	struct transport t = {.max = 4096};
	const uint8_t *p;

	(void)state;
	medium.most = 1;
	for (int i = 0; i < ROUNDS; i++) {
		medium.again = true;
		begin_blocks(d, 0x28, 0, 20);
		for (uint32_t n = below(8); n > 0; n--)
			(void)mmc_pull(d, &p, 4096);
		mmc_abort(d);
		medium.again = false;
		read_units(d, 7, 5, &t);
		assert_units(7, 5);
	}
	mmc_drive_free(d);
}

/* ---- push --------------------------------------------------------------------------------- */

static void push_all(struct mmc_drive *d, const uint8_t *data, uint32_t max)
{
	uint32_t at = 0;

	while (at < answer.xfer.len) {
		uint32_t portion = max ? max : 1 + below(MMC_GRAIN * 32);
		uint32_t n = MIN(portion, answer.xfer.len - at);

		if (mmc_push(d, data + at, n) == 0)
			at += n;
	}
	do {
		answer.status = mmc_end(d);
	} while (answer.status == MMC_AGAIN);
	answer.sense = answer.status == MMC_GOOD ? 0 : mmc_last_sense(d);
}

static void units_of_every_size_are_written(void **state)
{
	static const uint32_t maxima[] = {1, 31, 512, 1024, 2048, 2352, 32768, 0};
	static uint8_t data[UNITS * MEDIA_UNIT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)below(256);
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++)
		for (size_t m = 0; m < ARRAY_LEN(maxima); m++)
			for (int again = 0; again <= 1; again++) {
				struct mmc_drive *d = drive_of_units(unit_sizes[u], true);
				uint32_t at = 0;
				struct mmc_state s;

				medium.again = again;
				while (at < UNITS) {
					uint16_t n = (uint16_t)(1 + below(UNITS - at));

					begin_blocks(d, 0x2a, at, n);
					assert_int_equal(answer.xfer.len, n * unit_sizes[u]);
					push_all(d, data + (size_t)at * unit_sizes[u], maxima[m]);
					assert_int_equal(answer.sense, 0);
					at += n;
				}
				assert_memory_equal(medium.data, data, UNITS * unit_sizes[u]);
				mmc_get_state(d, &s);
				assert_int_equal(s.blocks_written, UNITS);
				assert_int_equal(s.recorded, UNITS);
				mmc_drive_free(d);
			}
}

/* The command fails with 0B/4B/00. */
static void data_out_that_ends_inside_a_unit_writes_whole_units(void **state)
{
	static const uint8_t data[MMC_GRAIN * 32] = {1, 2, 3};

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++) {
		struct mmc_drive *d = drive_of_units(unit_sizes[u], true);
		struct mmc_state s;

		begin_blocks(d, 0x2a, 0, 10);
		assert_int_equal(mmc_push(d, data, 3 * unit_sizes[u] + 5), 0);
		assert_int_equal(mmc_end(d), MMC_CHECK_CONDITION);
		assert_int_equal(mmc_last_sense(d), 0x0b4b00);
		mmc_get_state(d, &s);
		assert_int_equal(s.recorded, 3);
		mmc_drive_free(d);
	}
}

/* The address is that of the first unit that is not on the disc. */
static void a_write_error_names_the_first_lost_unit(void **state)
{
	static const uint8_t data[UNITS * MEDIA_UNIT_MAX];

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++)
		for (uint32_t bad = 0; bad < 40; bad += 13) {
			struct mmc_drive *d = drive_of_units(unit_sizes[u], true);
			struct mmc_state s;

			medium.bad = bad;
			begin_blocks(d, 0x2a, 0, 40);
			push_all(d, data, 0);
			assert_int_equal(answer.sense, 0x030c00);
			command(d, 0x03, 0, 0, 0, 18, 0);
			mmc_get_state(d, &s);
			assert_int_equal(get_be32(answer.data + 3), s.recorded);
			assert_in_range(s.recorded, 0, bad);
			mmc_drive_free(d);
		}
}

/* ---- through BOT: the thirteen cases of BOT 6.7 ------------------------------------------- */

struct link {
	struct mmc_drive *drive;
	struct mem_ep *ep;
	struct bot *bot;
	struct bot_host host;
};

static void connect_link(struct link *l, struct mmc_drive *d, uint16_t packet)
{
	static const struct bot_config config = {.stall = BOT_STALL_NEVER};

	l->drive = d;
	l->ep = mem_ep_new();
	l->bot = bot_new(&config, &mem_ep_ops, l->ep, d);
	assert_non_null(l->bot);
	bot_host_init(&l->host, l->ep, l->bot, packet);
	drain_events(d);
}

static void disconnect_link(struct link *l)
{
	bot_free(l->bot);
	mem_ep_free(l->ep);
	mmc_drive_free(l->drive);
}

/* READ or WRITE of count units, for which the host announces len bytes. Status of the CSW. */
static int announce(struct link *l, uint8_t op, uint32_t lba, uint32_t count, enum mmc_dir dir,
	uint8_t *data, uint32_t len, uint32_t *residue)
{
	uint8_t cdb[10] = {op};
	int status;

	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, (uint16_t)count);
	status = bot_host_command(&l->host, cdb, sizeof(cdb), dir, data, len, residue);
	assert_true(status >= 0);
	drain_events(l->drive);
	return status;
}

/* The host announces as much as the drive sends, or more, or less, or another direction. */
static void reads_in_every_case(struct link *l)
{
	static uint8_t data[2 * UNITS * MEDIA_UNIT_MAX];
	const uint32_t unit = medium.m.unit, count = 1 + below(UNITS), len = count * unit;
	const uint32_t lba = below(UNITS - count + 1), less = 1 + below(len - 1);
	const uint8_t *units = medium.data + (size_t)lba * unit;
	uint32_t residue;

	assert_int_equal(announce(l, 0x28, lba, count, MMC_DIR_IN, data, len, &residue), 0);
	assert_int_equal(residue, 0);
	assert_memory_equal(data, units, len);
	memset(data, GUARD, sizeof(data));
	assert_int_equal(announce(l, 0x28, lba, count, MMC_DIR_IN, data, len + less, &residue), 0);
	assert_int_equal(residue, less);
	assert_memory_equal(data, units, len);
	memset(data, GUARD, sizeof(data));
	assert_int_equal(announce(l, 0x28, lba, count, MMC_DIR_IN, data, less, &residue), 2);
	assert_memory_equal(data, units, less);
	assert_int_equal(data[less], GUARD);
	assert_int_equal(announce(l, 0x28, lba, count, MMC_DIR_NONE, NULL, 0, &residue), 2);
	assert_int_equal(announce(l, 0x28, lba, count, MMC_DIR_OUT, data, len, &residue), 2);
	assert_int_equal(announce(l, 0x28, lba, 0, MMC_DIR_NONE, NULL, 0, &residue), 0);
	assert_int_equal(announce(l, 0x28, lba, 0, MMC_DIR_IN, data, less, &residue), 0);
	assert_int_equal(residue, less);
	assert_int_equal(announce(l, 0x28, lba, 0, MMC_DIR_OUT, data, less, &residue), 0);
	assert_int_equal(residue, less);
}

static void writes_in_every_case(struct link *l)
{
	static uint8_t data[3 * UNITS * MEDIA_UNIT_MAX / 2];
	const uint32_t unit = medium.m.unit, half = UNITS / 2, len = half * unit;
	uint32_t residue;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)below(256);
	assert_int_equal(announce(l, 0x2a, 0, half, MMC_DIR_NONE, NULL, 0, &residue), 2);
	assert_int_equal(announce(l, 0x2a, 0, half, MMC_DIR_IN, data, len, &residue), 2);
	/* The host announces less than the drive expects: nothing is written. */
	assert_int_equal(announce(l, 0x2a, 0, half, MMC_DIR_OUT, data, len - 1, &residue), 2);
	assert_int_equal(announce(l, 0x2a, 0, half, MMC_DIR_OUT, data, len, &residue), 0);
	assert_int_equal(residue, 0);
	assert_memory_equal(medium.data, data, len);
	assert_int_equal(
		announce(l, 0x2a, half, half, MMC_DIR_OUT, data, len + unit / 2, &residue), 0);
	assert_int_equal(residue, unit / 2);
	assert_memory_equal(medium.data + len, data, len);
	assert_int_equal(announce(l, 0x2a, 0, 0, MMC_DIR_OUT, data, len, &residue), 0);
	assert_int_equal(residue, len);
}

static void all_thirteen_cases_work_through_bot(void **state)
{
	static const uint16_t packets[] = {64, 512, 1024};

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_sizes); u++)
		for (size_t p = 0; p < ARRAY_LEN(packets); p++) {
			struct link l;

			connect_link(&l, drive_of_units(unit_sizes[u], false), packets[p]);
			for (int i = 0; i < 30; i++) {
				medium.most = 1 + below(UNITS);
				medium.copies = below(2);
				reads_in_every_case(&l);
			}
			disconnect_link(&l);
			connect_link(&l, drive_of_units(unit_sizes[u], true), packets[p]);
			writes_in_every_case(&l);
			disconnect_link(&l);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_of_every_size_are_read),
		cmocka_unit_test(reads_work_with_random_media_and_transports),
		cmocka_unit_test(a_read_error_gives_the_units_before_it),
		cmocka_unit_test(an_aborted_read_leaves_no_data_to_the_next),
		cmocka_unit_test(units_of_every_size_are_written),
		cmocka_unit_test(data_out_that_ends_inside_a_unit_writes_whole_units),
		cmocka_unit_test(a_write_error_names_the_first_lost_unit),
		cmocka_unit_test(all_thirteen_cases_work_through_bot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
