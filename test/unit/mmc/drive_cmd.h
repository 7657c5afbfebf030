/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands to an engine without a transport, whole, or in steps for tests that check the
 * drive between the steps.
 */
#ifndef TEST_UNIT_DRIVE_CMD_H
#define TEST_UNIT_DRIVE_CMD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/script.h"
#include "mmc/mmc.h"
#include "util/array.h"
#include "util/be.h"

struct answer {
	enum mmc_status status;
	struct mmc_xfer xfer;
	mmc_sense_t sense; /* 0 when GOOD */
	uint32_t len;
	uint8_t data[SCRIPT_MAX_DATA];
};

static struct answer answer;

/* A whole command. Sends out (may be NULL), leaves data-in in answer, returns the sense. */
static inline mmc_sense_t command_with(struct mmc_drive *d, const uint8_t *cdb, size_t cdb_len,
	uint32_t in_size, const uint8_t *out)
{
	const uint8_t *p;
	int32_t n;

	answer.len = 0;
	mmc_begin(d, cdb, cdb_len, in_size, &answer.xfer);
	while ((n = mmc_pull(d, &p, 32768)) != 0) {
		if (n < 0)
			continue;
		assert_true((uint32_t)n <= sizeof(answer.data) - answer.len);
		memcpy(answer.data + answer.len, p, (size_t)n);
		answer.len += (uint32_t)n;
	}
	for (uint32_t at = 0; answer.xfer.dir == MMC_DIR_OUT && at < answer.xfer.len;) {
		uint32_t m = MIN(32768u, answer.xfer.len - at);

		assert_non_null(out);
		if (mmc_push(d, out + at, m) == 0)
			at += m;
	}
	do {
		answer.status = mmc_end(d);
	} while (answer.status == MMC_AGAIN);
	answer.sense = answer.status == MMC_GOOD ? 0 : mmc_last_sense(d);
	return answer.sense;
}

/* A whole command without data-out. */
#define command(d, ...)                                                                            \
	command_with(d, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}),    \
		65536, NULL)

static inline mmc_sense_t test_unit_ready(struct mmc_drive *d)
{
	return command(d, 0x00, 0, 0, 0, 0, 0);
}

/* Polls the media event class. The event code. */
static inline uint8_t media_event(struct mmc_drive *d)
{
	assert_int_equal(command(d, 0x4a, 0x01, 0, 0, 0x10, 0, 0, 0, 8, 0), 0);
	assert_int_equal(answer.len, 8);
	assert_int_equal(answer.data[2], 4);
	return answer.data[4] & 0x0f;
}

static inline uint16_t current_profile(struct mmc_drive *d)
{
	assert_int_equal(command(d, 0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0), 0);
	return get_be16(answer.data + 6);
}

static inline mmc_sense_t read_blocks(struct mmc_drive *d, uint32_t lba, uint16_t count)
{
	uint8_t cdb[10] = {0x28};

	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, count);
	return command_with(d, cdb, sizeof(cdb), 65536, NULL);
}

static inline void begin_blocks(struct mmc_drive *d, uint8_t op, uint32_t lba, uint16_t count)
{
	uint8_t cdb[10] = {op};

	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, count);
	mmc_begin(d, cdb, sizeof(cdb), 65536, &answer.xfer);
}

static inline struct mmc_drive *new_drive(void)
{
	struct mmc_config config = script_default_config();
	struct mmc_drive *d = mmc_drive_new(&config);

	assert_non_null(d);
	return d;
}

/* Takes all pending unit attentions and events. */
static inline void drain_events(struct mmc_drive *d)
{
	while (test_unit_ready(d) >> 16 == 6)
		continue;
	while (media_event(d))
		continue;
	while (command(d, 0x4a, 0x01, 0, 0, 0x02, 0, 0, 0, 8, 0) == 0 && answer.data[4] & 0x0f)
		continue;
}

/* Blocks that begin with their address in four bytes; every other byte is `number`. */
static inline struct media *numbered_media(uint8_t number, uint32_t blocks)
{
	struct media *m = media_mem_new(0, true);
	uint8_t block[MEDIA_BLOCK];

	assert_non_null(m);
	memset(block, number, sizeof(block));
	for (uint32_t i = 0; i < blocks; i++) {
		put_be32(block, i);
		assert_int_equal(media_write(m, i, 1, block), 0);
	}
	m->dirty = false;
	return m;
}

#endif
