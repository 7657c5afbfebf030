// SPDX-License-Identifier: GPL-2.0-or-later
/* The state machine, and the events that drive it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot_priv.h"
#include "util/array.h"

struct bot *bot_new(const struct bot_config *config, const struct bot_ep_ops *ops, void *ep,
	struct mmc_drive *drive)
{
	struct bot *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->config = *config;
	b->ops = ops;
	b->ep = ep;
	b->drive = drive;
	b->state = BOT_OFF;
	b->max_packet = 64;
	b->send_max = BOT_SEND_MAX;
	b->refused_for = BOT_REFUSED_FOR;
	return b;
}

void bot_free(struct bot *b)
{
	free(b);
}

void bot_observe(struct bot *b, const struct bot_observer *observer, void *ctx)
{
	b->observer = observer;
	b->observer_ctx = ctx;
	b->end_unreported = false;
}

/*
 * BOT 6.6.1: bulk-in stays halted until a reset. BOT halts it at every event and tick,
 * because FunctionFS cannot wedge an endpoint and does not report the host's Clear-Halt.
 */
static void halt_dead(struct bot *b)
{
	if (b->state == BOT_DEAD && !b->in_count && !b->ops->halt_in(b->ep))
		b->halted = true;
}

/* Halts and data toggles stay as they are (BOT 3.1); the host clears them (5.3.4). */
static void finish_reset(struct bot *b)
{
	b->state = BOT_IDLE;
	b->ops->reset_done(b->ep);
}

/* Gets the status of the command from the engine. False: MMC_AGAIN. */
static bool end_engine(struct bot *b)
{
	enum mmc_status status;

	if (b->status == CSW_PHASE_ERROR) {
		mmc_abort(b->drive);
		return true;
	}
	status = mmc_end(b->drive);
	b->again = status == MMC_AGAIN;
	b->status = status == MMC_GOOD ? CSW_PASSED : CSW_FAILED;
	return !b->again;
}

/* After the last byte of data-in: shows the host that no more data follows. True: done. */
static bool mark_short(struct bot *b)
{
	if (b->dir != MMC_DIR_IN || b->moved == b->cbw.length) {
		b->state = BOT_CSW;
	} else if (b->config.stall == BOT_STALL_SHORT && b->action->may_stall && !b->no_halt) {
		b->state = BOT_HALT;
	} else if (b->moved % b->max_packet || bot_send_zlp(b)) {
		b->state = BOT_CSW;
	}
	return b->state != BOT_MARK_SHORT;
}

/* Controllers refuse to halt while a packet is still in their FIFO. True: b->state changed. */
static bool halt_for_csw(struct bot *b)
{
	int err;

	if (b->in_count || b->halt_refused)
		return false;
	err = b->ops->halt_in(b->ep);
	if (err == -EAGAIN && b->halt_ms < BOT_HALT_GIVE_UP) {
		b->halt_refused = true; /* until the next tick */
		return false;
	}
	b->halted = !err;
	b->no_halt = err != 0;
	b->state = err ? BOT_MARK_SHORT : BOT_CSW;
	return true;
}

/* Counts a CSW once for a command: it can complete unsent and be queued again. */
static void count_csw(struct bot *b)
{
	if (b->counted)
		return;
	b->counted = true;
	bot_report_end(b, (uint8_t)b->status);
	b->stats.failed += b->status == CSW_FAILED;
	b->stats.phase_errors += b->status == CSW_PHASE_ERROR;
}

/* Makes one step. True: another one may be possible. */
static bool step(struct bot *b)
{
	switch (b->state) {
	case BOT_DATA_IN:
		if (!b->again && bot_pump_in(b))
			b->state = BOT_STATUS_DUE;
		return b->state != BOT_DATA_IN;
	case BOT_STATUS_DUE:
		if (b->again || !end_engine(b))
			return false;
		b->state = BOT_MARK_SHORT;
		return true;
	case BOT_MARK_SHORT:
		return mark_short(b);
	case BOT_CANCEL:
		if (b->cancelling)
			return false;
		/* Too late for a halt if the host has the CSW: it must recover itself. */
		if (b->csw_was_sent)
			bot_finish(b);
		else
			b->state = BOT_HALT;
		return true;
	case BOT_HALT:
		return halt_for_csw(b);
	case BOT_CSW:
		if (bot_send_csw(b)) {
			count_csw(b);
			b->state = BOT_CSW_QUEUED;
		}
		return b->state != BOT_CSW;
	case BOT_RESET:
		if (b->cancelling)
			return false;
		finish_reset(b);
		return true;
	default:
		return false;
	}
}

static unsigned tick_wanted(const struct bot *b)
{
	unsigned ms = 0;

	if (b->state == BOT_OFF)
		return 0;
	if (b->state == BOT_DEAD)
		ms = BOT_DEAD_MS;
	if (b->in_parked || b->out_parked)
		ms = BOT_PARK_MS;
	if (b->cancelling || b->state == BOT_HALT)
		ms = BOT_POLL_MS;
	return ms;
}

/* Drives the state machine as far as it goes; every event ends with it. */
static void advance(struct bot *b)
{
	unsigned ms;

	/*
	 * Posts reads first. A read that completes with ESHUTDOWN is how the transport learns that
	 * a session has ended, and it can end while the engine takes long over its data, or as soon
	 * as the host has the status.
	 */
	bot_fill_out(b);
	do {
		while (step(b))
			;
	} while (bot_fill_out(b));
	ms = tick_wanted(b);
	if (ms != b->armed_ms)
		b->ops->arm_tick(b->ep, ms);
	b->armed_ms = ms;
}

void bot_enabled(struct bot *b, uint16_t max_packet)
{
	bool bus = !b->reset_expected;

	bot_turn_off(b);
	if (bus)
		mmc_bus_reset(b->drive);
	else
		mmc_transport_reset(b->drive);
	if (b->observer)
		b->observer->reset(b->observer_ctx, bus);
	b->reset_expected = false;
	b->stats.bus_resets++;
	b->serial++;
	b->max_packet = max_packet;
	b->recv_max = BOT_CHUNK;
	b->out_failures = 0;
	b->resync = BOT_RESYNC_NONE;
	b->state = BOT_IDLE;
	advance(b);
}

void bot_taken_over(struct bot *b, uint16_t max_packet, bool in_flight)
{
	if (!max_packet) {
		b->reset_expected = in_flight;
		return;
	}
	b->max_packet = max_packet;
	b->recv_max = BOT_CHUNK;
	b->state = BOT_IDLE;
	if (in_flight) {
		b->reset_expected = true;
		b->more_expected = true;
		bot_die(b);
		halt_dead(b);
	}
	advance(b);
}

void bot_disabled(struct bot *b)
{
	bot_turn_off(b);
	advance(b);
}

void bot_class_reset(struct bot *b)
{
	bool dirty = bot_out_expected(b) || (b->state == BOT_DEAD && b->more_expected) ||
		     b->resync == BOT_RESYNC_DIRTY;

	b->stats.resets++;
	if (b->state == BOT_OFF) {
		b->ops->reset_done(b->ep);
		return;
	}
	mmc_transport_reset(b->drive);
	bot_report_end(b, BOT_NO_CSW);
	if (b->observer)
		b->observer->reset(b->observer_ctx, false);
	b->reset_expected = false;
	if (b->state == BOT_RESET)
		return; /* one reset_done() for both: the host gave up the first reset */
	b->again = false;
	b->pending = BOT_PENDING_NONE;
	b->resync = dirty ? BOT_RESYNC_DIRTY : BOT_RESYNC_TAIL;
	b->state = BOT_RESET;
	bot_cancel_in(b);
	advance(b);
}

uint8_t bot_max_lun(const struct bot *b)
{
	return b->config.max_lun;
}

void bot_sent(struct bot *b, int32_t result)
{
	if (!bot_take_sent(b, result))
		return;
	halt_dead(b);
	advance(b);
}

bool bot_received(struct bot *b, const uint8_t *data, int32_t result)
{
	if (b->state == BOT_OFF || !b->out_count)
		return true;
	if (result < 0)
		bot_read_failed(b, result);
	else if (!bot_take_out(b, data, (uint32_t)result, b->out[b->out_head]))
		return false;
	if (b->state == BOT_OFF) {
		advance(b);
		return true;
	}
	b->out_head = (b->out_head + 1) % BOT_WINDOW;
	b->out_count--;
	halt_dead(b);
	advance(b);
	return true;
}

void bot_resume(struct bot *b)
{
	b->again = false;
	advance(b);
}

void bot_tick(struct bot *b)
{
	unsigned elapsed = b->armed_ms;

	b->armed_ms = 0;
	b->in_parked = b->out_parked = b->halt_refused = false;
	if (b->state == BOT_HALT && !b->in_count)
		b->halt_ms += elapsed;
	if (b->cancelling) {
		b->cancel_ms += elapsed;
		if (b->cancel_ms >= BOT_CANCEL_MS) {
			/* The controller lost these sends; they may still complete later. */
			b->in_abandoned += b->in_count;
			b->in_count = 0;
			b->cancelling = false;
		}
	}
	halt_dead(b);
	advance(b);
}

bool bot_busy(const struct bot *b)
{
	return b->state >= BOT_DATA_IN && b->state <= BOT_CSW_QUEUED;
}

bool bot_at_rest(const struct bot *b)
{
	return (b->state == BOT_OFF || b->state == BOT_IDLE) && !b->reset_expected;
}

const struct bot_stats *bot_get_stats(const struct bot *b)
{
	return &b->stats;
}
