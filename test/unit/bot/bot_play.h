/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shapes of commands, the required result of each, and a host that stops in the middle. */
#ifndef TEST_UNIT_BOT_PLAY_H
#define TEST_UNIT_BOT_PLAY_H

#include "unit/bot/bot_expect.h"
#include "unit/bot/fake_engine.h"

struct shape {
	enum mmc_dir host;
	uint32_t h;
	enum mmc_dir device;
	uint32_t d;
	bool check;
	uint32_t fails; /* data-in fails after this many bytes; 0: it does not */
};

static const struct shape shapes[] = {
	{MMC_DIR_NONE, 0, MMC_DIR_NONE, 0, false, 0},
	{MMC_DIR_NONE, 0, MMC_DIR_IN, 512, false, 0},
	{MMC_DIR_IN, 255, MMC_DIR_NONE, 0, true, 0},
	{MMC_DIR_IN, 36, MMC_DIR_IN, 36, false, 0},
	{MMC_DIR_IN, 4096, MMC_DIR_IN, 1024, false, 0},
	{MMC_DIR_IN, 66048, MMC_DIR_IN, 66048, false, 0},
	{MMC_DIR_IN, 2048, MMC_DIR_IN, 4096, false, 0},
	{MMC_DIR_IN, 512, MMC_DIR_OUT, 512, false, 0},
	{MMC_DIR_OUT, 2048, MMC_DIR_NONE, 0, true, 0},
	{MMC_DIR_OUT, 512, MMC_DIR_IN, 512, false, 0},
	{MMC_DIR_OUT, 30, MMC_DIR_OUT, 30, false, 0},
	{MMC_DIR_OUT, 2048, MMC_DIR_OUT, 2048, false, 0},
	{MMC_DIR_OUT, 66048, MMC_DIR_OUT, 66048, true, 0},
	{MMC_DIR_OUT, 70000, MMC_DIR_OUT, 3000, false, 0},
	{MMC_DIR_OUT, 2048, MMC_DIR_OUT, 4096, false, 0},
	{MMC_DIR_NONE, 0, MMC_DIR_OUT, 512, false, 0},
	{MMC_DIR_IN, 66048, MMC_DIR_IN, 66048, false, 34816},
};

/*
 * True if the unit suite has $WRAP (valgrind, an emulator, or env with sanitizers): tests run only
 * part of the combinations.
 */
static inline bool is_shortened(void)
{
	const char *wrap = getenv("WRAP");

	return wrap && *wrap;
}

static inline void want(struct rig *r, const struct shape *s)
{
	rig_set_intent(r, s->device, s->d);
	r->drive.check = s->check;
	if (s->fails)
		r->drive.fail_at = s->fails;
	r->drive.at = 0;
}

static inline struct expectation expect_of(const struct shape *s)
{
	uint32_t d = s->fails ? s->fails : s->d;

	return expect(number_of(s->host, s->h, s->device, d), s->h, d, s->check || s->fails);
}

static inline void expect_result(struct rig *r, const struct shape *s, int status, uint32_t residue)
{
	struct expectation e = expect_of(s);

	assert_int_equal(status, e.status);
	assert_int_equal(residue, e.residue);
	if (e.in) {
		assert_int_equal(r->host.got, e.in);
		rig_check_data(r, e.in);
	}
	if (s->device == MMC_DIR_OUT)
		assert_int_equal(r->drive.at, e.pushed);
}

/* ---- a reset after every packet ---- */

/* Moves up to *left packets of the data phase. False: no packets left, or no progress. */
static inline bool play_data(struct rig *r, const struct shape *s, unsigned *left)
{
	uint32_t at, n, got;
	int err;

	for (at = 0; at < s->h; at += n) {
		if (!(*left)--)
			return false;
		n = MIN(r->ep->max_packet, s->h - at);
		if (s->host == MMC_DIR_OUT) {
			if (mem_host_out(r->ep, r->data + at, n, false))
				return false;
			continue;
		}
		err = mem_host_in(r->ep, r->data + at, n, &got);
		if (err == -EPIPE) {
			mem_host_clear_halt_in(r->ep);
			return true;
		}
		if (err)
			return false;
		if (got < n || got < r->ep->max_packet)
			return true;
	}
	return true;
}

/* Plays a command up to packet `stage`. True: the command ended before that. */
static inline bool play(struct rig *r, const struct shape *s, unsigned stage)
{
	const uint8_t cdb[10] = {0x77, 0};
	uint8_t cbw[CBW_LEN];
	uint32_t residue;

	want(r, s);
	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), s->host, s->h);
	fill_pattern(r->data, 0, s->h, 0);
	if (!stage--)
		return false;
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	if (!play_data(r, s, &stage) || !stage)
		return false;
	return bot_host_csw(&r->host, s->h, &residue) >= 0;
}

/* Selects one of four models of a controller, by mode 0 to 3. */
static inline void setup_mode(struct rig *r, unsigned mode)
{
	r->ep->clear = (enum mem_ep_clear)(mode % 3);
	r->ep->lazy = mode & 1;
	r->ep->fifo64 = mode == 2;
}

static const int codes[] = {-EAGAIN, -EINPROGRESS, -EPIPE, -ECONNRESET, -ENOMEM, -EFAULT,
	-ESHUTDOWN, -EIO, -EOVERFLOW, -EPROTO, -EINVAL};

#endif
