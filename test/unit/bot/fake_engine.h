/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake engine whose answers a test chooses, and a rig that connects it with BOT and the
 * simulated host. It defines the mmc_*() functions that BOT calls, so a program that
 * includes this header (once) does not link the real ones.
 */
#ifndef TEST_UNIT_FAKE_ENGINE_H
#define TEST_UNIT_FAKE_ENGINE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bot/bot.h"
#include "bot/wire.h"
#include "lib/bot_host.h"
#include "mmc/mmc.h"
#include "util/array.h"

struct mmc_drive {
	/* Set by the test. */
	struct mmc_xfer want;
	bool check;       /* ends in CHECK CONDITION */
	uint32_t fail_at; /* data-in fails here; UINT32_MAX = never */
	uint32_t piece;   /* largest piece of a pull */
	unsigned again;   /* pull, push and end first return MMC_AGAIN this many times */
	/* Recorded. */
	bool busy;
	uint32_t at; /* bytes pulled or pushed */
	uint32_t in_size;
	uint8_t cdb[16], seed;
	size_t cdb_len;
	unsigned again_left;
	uint64_t begun, ended, aborted, pulls, unpulls, pushes, transport_resets, bus_resets;
	uint32_t violations;
	const struct mem_ep *ep;
	uint32_t posted; /* reads posted when data was last pulled */
	uint8_t buf[BOT_SEND_MAX];
};

static inline uint8_t pattern(uint32_t i, uint8_t seed)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16) + seed);
}

static inline void fill_pattern(uint8_t *p, uint32_t at, uint32_t n, uint8_t seed)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		p[i] = pattern(at + i, seed);
}

static bool fake_again(struct mmc_drive *d)
{
	if (d->again_left) {
		d->again_left--;
		return true;
	}
	d->again_left = d->again;
	return false;
}

void mmc_begin(struct mmc_drive *d, const uint8_t *cdb, size_t cdb_len, uint32_t in_size,
	struct mmc_xfer *xfer)
{
	d->violations += d->busy || cdb_len < 1 || cdb_len > 16;
	memcpy(d->cdb, cdb, cdb_len);
	d->cdb_len = cdb_len;
	d->in_size = in_size;
	d->seed = cdb[1];
	d->busy = true;
	d->at = 0;
	d->again_left = d->again;
	d->begun++;
	*xfer = d->want;
}

int32_t mmc_pull(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	uint32_t n;

	d->violations += !d->busy || max < 2048 || d->want.dir != MMC_DIR_IN;
	memset(d->buf, 0xEE, sizeof(d->buf)); /* data returned before is no longer valid */
	d->pulls++;
	d->posted = d->ep->out.count;
	if (fake_again(d))
		return -1;
	/* Like the real engine: whole packets at every speed, except at the end. */
	n = MIN(MIN(max, (d->piece + 1023) / 1024 * 1024), d->want.len - d->at);
	if (d->fail_at < d->want.len)
		n = MIN(n, d->fail_at - MIN(d->at, d->fail_at));
	fill_pattern(d->buf, d->at, n, d->seed);
	d->at += n;
	*data = d->buf;
	return (int32_t)n;
}

void mmc_unpull(struct mmc_drive *d, uint32_t len)
{
	d->violations += !d->busy || len > d->at;
	d->at -= len;
	d->unpulls++;
}

int mmc_push(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	uint32_t i;

	d->violations += !d->busy || d->want.dir != MMC_DIR_OUT || len > d->want.len - d->at;
	d->pushes++;
	if (fake_again(d))
		return -1;
	for (i = 0; i < len; i++)
		d->violations += data[i] != pattern(d->at + i, d->seed);
	d->at += len;
	return 0;
}

enum mmc_status mmc_end(struct mmc_drive *d)
{
	d->violations += !d->busy;
	memset(d->buf, 0xDD, sizeof(d->buf));
	if (fake_again(d))
		return MMC_AGAIN;
	d->busy = false;
	d->ended++;
	if (d->want.dir == MMC_DIR_OUT && d->at < d->want.len)
		return MMC_CHECK_CONDITION;
	return d->check || d->fail_at < d->want.len ? MMC_CHECK_CONDITION : MMC_GOOD;
}

void mmc_abort(struct mmc_drive *d)
{
	d->aborted += d->busy;
	d->busy = false;
}

void mmc_transport_reset(struct mmc_drive *d)
{
	mmc_abort(d);
	d->transport_resets++;
}

void mmc_bus_reset(struct mmc_drive *d)
{
	mmc_abort(d);
	d->bus_resets++;
}

/* ---- the rig ---- */

#define RIG_DATA (256u * 1024u)

struct rig {
	struct mem_ep *ep;
	struct bot *bot;
	struct mmc_drive drive;
	struct bot_host host;
	uint8_t data[RIG_DATA];
};

static inline struct rig *rig_new(enum bot_stall stall, uint16_t max_packet)
{
	const struct bot_config config = {.stall = stall};
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->drive.fail_at = UINT32_MAX;
	r->drive.piece = BOT_SEND_MAX;
	r->ep = mem_ep_new();
	assert_non_null(r->ep);
	r->drive.ep = r->ep;
	r->bot = bot_new(&config, &mem_ep_ops, r->ep, &r->drive);
	assert_non_null(r->bot);
	bot_host_init(&r->host, r->ep, r->bot, max_packet);
	return r;
}

static inline void rig_free(struct rig *r)
{
	assert_int_equal(r->ep->violations, 0);
	assert_int_equal(r->drive.violations, 0);
	bot_free(r->bot);
	mem_ep_free(r->ep);
	free(r);
}

static inline void rig_set_intent(struct rig *r, enum mmc_dir dir, uint32_t len)
{
	r->drive.want = (struct mmc_xfer){.dir = dir, .len = len};
	r->drive.check = false;
	r->drive.fail_at = UINT32_MAX;
}

/* Sends a command; data-out is the pattern that the fake engine expects. */
static inline int rig_command(struct rig *r, enum mmc_dir dir, uint32_t len, uint32_t *residue)
{
	uint8_t cdb[16] = {0x77, (uint8_t)r->host.tag};

	assert_true(len <= RIG_DATA);
	if (dir == MMC_DIR_OUT)
		fill_pattern(r->data, 0, len, cdb[1]);
	else
		memset(r->data, 0xA5, len);
	return bot_host_command(&r->host, cdb, 10, dir, r->data, len, residue);
}

static inline void rig_check_data(const struct rig *r, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (r->data[i] != pattern(i, r->drive.seed))
			fail_msg("data differs at byte %u of %u", i, len);
}

/* Expects that commands work: without data, and with data in both directions. */
static inline void rig_expect_working(struct rig *r)
{
	static const struct mmc_xfer shapes[] = {
		{MMC_DIR_NONE, 0},
		{MMC_DIR_IN, 36},
		{MMC_DIR_OUT, 2560},
		{MMC_DIR_IN, 4096},
	};
	unsigned again = r->drive.again;
	uint32_t residue;
	size_t i;

	r->drive.again = 0;
	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		rig_set_intent(r, shapes[i].dir, shapes[i].len);
		assert_int_equal(
			rig_command(r, shapes[i].dir, shapes[i].len, &residue), CSW_PASSED);
		assert_int_equal(residue, 0);
		assert_int_equal(r->drive.at, shapes[i].len);
		if (shapes[i].dir == MMC_DIR_IN)
			rig_check_data(r, shapes[i].len);
	}
	mem_ep_deliver_all(r->ep);
	assert_false(bot_busy(r->bot));
	r->drive.again = again;
}

/* Makes a CBW, for tests that play the host themselves. */
static inline void rig_cbw(struct rig *r, uint8_t cbw[CBW_LEN], enum mmc_dir dir, uint32_t len)
{
	const uint8_t cdb[10] = {0x77, 0};

	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), dir, len);
}

static inline void rig_expect_halted(struct rig *r)
{
	uint64_t before = r->ep->now_ms;
	uint8_t csw[CSW_LEN];
	uint32_t got;

	assert_int_equal(mem_host_in(r->ep, csw, sizeof(csw), &got), -EPIPE);
	assert_int_equal(got, 0);
	/* It was halted at once; 1 ms is allowed for cancelling queued sends. */
	assert_in_range(r->ep->now_ms, before, before + 1);
}

/* Expects that only a reset helps, whatever else the host does (BOT 6.6.1, USB-IF TD1.4). */
static inline void rig_expect_dead(struct rig *r)
{
	uint64_t begun = r->drive.begun;
	uint8_t cbw[CBW_LEN];

	rig_expect_halted(r);
	mem_host_clear_halt_in(r->ep);
	mem_ep_pass(r->ep, 100);
	rig_expect_halted(r);
	mem_host_clear_halt_in(r->ep);
	rig_cbw(r, cbw, MMC_DIR_NONE, 0);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	rig_expect_halted(r);
	memset(r->data, 0, 5000);
	assert_int_equal(mem_host_out(r->ep, r->data, 5000, false), 0);
	rig_expect_halted(r);
	assert_int_equal(r->drive.begun, begun);
	assert_false(bot_busy(r->bot));
}

/* Sends commands until the reads left over from a data phase cut short are used up. */
static inline void rig_use_up_reads(struct rig *r)
{
	unsigned i;

	rig_set_intent(r, MMC_DIR_NONE, 0);
	for (i = 0; i == 0 || r->ep->out.count > 1; i++) {
		assert_true(i < BOT_WINDOW);
		assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
		mem_ep_deliver_all(r->ep);
	}
}

#endif
