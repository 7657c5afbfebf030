// SPDX-License-Identifier: GPL-2.0-or-later
/* Bulk-in: data, zero-length packets, CSW. */
#include <errno.h>
#include <string.h>

#include "bot/bot_priv.h"
#include "util/array.h"

/*
 * Ends data-in that cannot be completed: cancels the queued sends, halts bulk-in, then sends
 * CSW 02. Without the halt the host would take the CSW for data.
 */
static void fail_in(struct bot *b)
{
	mmc_abort(b->drive);
	b->status = CSW_PHASE_ERROR;
	b->again = false;
	b->moved = b->sent;
	b->csw_was_sent = false;
	b->no_halt = b->halt_refused = false;
	b->halt_ms = 0;
	b->state = BOT_CANCEL;
	bot_cancel_in(b);
}

static int queue_send(struct bot *b, const void *data, uint32_t len, bool csw)
{
	int err = b->ops->send(b->ep, data, len);

	if (err)
		return err;
	b->in[(b->in_head + b->in_count++) % BOT_WINDOW] =
		(struct bot_send){.csw = csw, .len = len, .serial = b->serial};
	return 0;
}

/* Handles the error of ops->send(); dwc2 returns -EAGAIN while the bus is suspended. */
static void send_refused(struct bot *b, int err)
{
	switch (err) {
	case -ESHUTDOWN:
		bot_turn_off(b);
		return;
	case -EAGAIN:
	case -ENOMEM:
		b->stats.errors++;
		b->in_parked = true;
		return;
	default:
		b->stats.errors++;
		fail_in(b);
	}
}

/* The kernel has no memory for a send of send_max bytes. */
static void shrink_sends(struct bot *b)
{
	b->send_max /= 2;
	b->send_retry = b->stats.commands + b->refused_for;
	if (b->refused_for < BOT_REFUSED_FOR_MAX)
		b->refused_for *= 2;
}

/*
 * Queues the n bytes that mmc_pull() returned. True: they are queued, or are to be pulled again at
 * once in smaller pieces. False: they were not queued and are tried again later, or b->state
 * changed.
 */
static bool send_pulled(struct bot *b, const uint8_t *p, uint32_t n)
{
	uint32_t len = MIN(n, b->plan - b->moved);
	int err = queue_send(b, p, len, false);

	if (!err) {
		b->moved += len;
		return true;
	}
	/* p points into the engine's memory, so the engine must give these bytes again later. */
	if (err == -ENOMEM || err == -EAGAIN)
		mmc_unpull(b->drive, n);
	if (err == -ENOMEM && b->send_max > BOT_CHUNK_MIN) {
		shrink_sends(b);
		return true;
	}
	send_refused(b, err);
	return false;
}

/* Bytes that the next send may have. */
static uint32_t send_max(struct bot *b)
{
	if (b->send_max < BOT_SEND_MAX && b->stats.commands >= b->send_retry) {
		b->send_max *= 2; /* one size at a time: smaller ones may be refused, too */
		b->send_retry = b->stats.commands + b->refused_for;
	}
	return b->send_max;
}

/*
 * Only the last piece of data may end in a short packet. mmc_pull() ensures that: every
 * other piece is a multiple of MMC_GRAIN bytes.
 */
bool bot_pump_in(struct bot *b)
{
	while (b->moved < b->plan) {
		const uint8_t *p;
		int32_t n;

		if (b->in_parked || b->in_count == BOT_WINDOW)
			return false;
		n = mmc_pull(b->drive, &p, send_max(b));
		if (n < 0) {
			b->again = true;
			return false;
		}
		if (!n)
			b->plan = b->moved; /* the command failed, there is no more data */
		else if (!send_pulled(b, p, (uint32_t)n))
			return false;
	}
	return true;
}

bool bot_send_zlp(struct bot *b)
{
	int err;

	if (b->in_parked || b->in_count == BOT_WINDOW)
		return false;
	err = queue_send(b, NULL, 0, false);
	if (err)
		send_refused(b, err);
	return !err;
}

bool bot_send_csw(struct bot *b)
{
	uint8_t csw[CSW_LEN];
	int err;

	if (b->in_parked || b->in_count == BOT_WINDOW)
		return false;
	csw_encode(csw, b->cbw.tag, b->cbw.length - b->moved, (uint8_t)b->status);
	err = queue_send(b, csw, CSW_LEN, true);
	if (err == -ESHUTDOWN || err == -EAGAIN || err == -ENOMEM) {
		send_refused(b, err);
	} else if (err) {
		/* The command cannot be ended: the host times out and resets. */
		b->stats.errors++;
		bot_finish(b);
	}
	return !err;
}

static void data_sent(struct bot *b, const struct bot_send *s, int32_t result)
{
	if (result >= 0 && (uint32_t)result == s->len) {
		b->sent += s->len;
		return;
	}
	switch (result) {
	case -EFAULT:
	case -ENOMEM:
	case -EAGAIN:
		/* The data was not sent, and the transport no longer has its copy. */
		fail_in(b);
		return;
	default:
		/*
		 * -EPIPE (dwc3), -EINPROGRESS (dwc2): the host cleared a halt, so it is
		 * resetting. It would take whatever is queued next for this data.
		 */
		mmc_abort(b->drive);
		bot_cancel_in(b);
		bot_finish(b);
	}
}

static void csw_sent(struct bot *b, int32_t result)
{
	switch (result) {
	case (int32_t)CSW_LEN:
		b->halted = false;
		bot_finish(b);
		return;
	case -EPIPE:
	case -EINPROGRESS:
		if (!b->halted)
			break;
		/*
		 * The CSW completed unsent when the host cleared BOT's halt. It is queued
		 * again: the host reads it next.
		 */
		b->halted = false;
		b->state = BOT_CSW;
		return;
	case -EAGAIN:
	case -ENOMEM:
		b->in_parked = true;
		b->state = BOT_CSW;
		return;
	default:
		break;
	}
	bot_finish(b);
}

bool bot_take_sent(struct bot *b, int32_t result)
{
	struct bot_send s;

	if (b->in_abandoned && result == -ECONNRESET) {
		b->in_abandoned--;
		return false;
	}
	if (b->state == BOT_OFF || !b->in_count)
		return false;
	s = b->in[b->in_head];
	b->in_head = (b->in_head + 1) % BOT_WINDOW;
	if (!--b->in_count)
		b->cancelling = false;
	if (result == -ESHUTDOWN) {
		bot_turn_off(b);
		return true;
	}
	if (result < 0 && result != -ECONNRESET)
		b->stats.errors++;
	if (!s.csw && result > 0)
		b->stats.bytes_in += (uint32_t)result;
	if (s.serial != b->serial)
		b->csw_was_sent |= s.csw && result == (int32_t)CSW_LEN;
	else if (s.csw)
		csw_sent(b, result);
	else
		data_sent(b, &s, result);
	return true;
}
