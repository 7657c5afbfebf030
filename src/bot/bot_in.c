// SPDX-License-Identifier: GPL-2.0-or-later
/* Bulk-in: data, zero-length packets, CSW. */
#include <errno.h>
#include <string.h>

#include "bot/bot_priv.h"
#include "util/array.h"

void bot_cancel_in(struct bot *b)
{
	b->serial++;
	b->stage_len = 0;
	b->in_parked = false;
	if (!b->in_count)
		return;
	b->cancelling = true;
	b->cancel_ms = 0;
	b->ops->cancel_in(b->ep);
}

void bot_fail_in(struct bot *b)
{
	mmc_abort(b->drive);
	b->status = CSW_PHASE_ERROR;
	b->again = false;
	b->moved = b->sent;
	b->csw_gone = false;
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

/* What a send that was refused on the spot means; -EAGAIN is dwc2 on a suspended bus. */
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
		bot_fail_in(b);
	}
}

/* Returns how much of it was accepted. */
static uint32_t send_pieces(struct bot *b, const uint8_t *p, uint32_t n)
{
	uint32_t done = 0;

	while (done < n && b->in_count < BOT_WINDOW) {
		uint32_t len = MIN(n - done, b->send_max);
		int err = queue_send(b, p + done, len, false);

		if (err == -ENOMEM && b->send_max > BOT_CHUNK_MIN) {
			b->send_max /= 2;
			continue;
		}
		if (err) {
			send_refused(b, err);
			break;
		}
		done += len;
		b->moved += len;
	}
	return done;
}

static void stage_put(struct bot *b, const uint8_t *p, uint32_t n)
{
	memmove(b->stage, b->stage + b->stage_at, b->stage_len);
	b->stage_at = 0;
	memcpy(b->stage + b->stage_len, p, n);
	b->stage_len += n;
}

/*
 * Sends what a pull brought, straight from the engine's buffer where possible.
 * What cannot go now is copied: the pointer dies with the next call on the
 * drive, and that may be an insert from the control side. A piece that is not
 * the last must not end in a short packet.
 */
static void send_pulled(struct bot *b, const uint8_t *p, uint32_t n, bool last)
{
	uint32_t sent;

	if (b->stage_len) {
		stage_put(b, p, n);
		return;
	}
	sent = send_pieces(b, p, last ? n : n - n % BOT_PIECE);
	if (b->state == BOT_DATA_IN)
		stage_put(b, p + sent, n - sent);
}

static void send_staged(struct bot *b, bool last)
{
	uint32_t n = last ? b->stage_len : b->stage_len - b->stage_len % BOT_PIECE;
	uint32_t sent = send_pieces(b, b->stage + b->stage_at, n);

	if (b->state != BOT_DATA_IN)
		return;
	b->stage_at += sent;
	b->stage_len -= sent;
}

bool bot_pump_in(struct bot *b)
{
	while (b->state == BOT_DATA_IN && b->moved < b->plan) {
		uint32_t rest = b->plan - b->moved - b->stage_len; /* not pulled yet */
		const uint8_t *p;
		int32_t n;

		if (b->in_parked || b->in_count == BOT_WINDOW)
			return false;
		if (b->stage_len >= BOT_PIECE || !rest) {
			send_staged(b, !rest);
			continue;
		}
		n = mmc_pull(b->drive, &p, b->stage_len ? BOT_CHUNK - BOT_PIECE : BOT_CHUNK);
		if (n < 0) {
			b->again = true;
			return false;
		}
		if (!n) {
			/* The command failed: the data ends here. */
			b->plan = b->moved + b->stage_len;
			continue;
		}
		send_pulled(b, p, MIN((uint32_t)n, rest), (uint32_t)n >= rest);
	}
	return b->state == BOT_DATA_IN;
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
		/* No way to end the command: the host times out and resets. */
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
	case -EFAULT: /* the page behind the data vanished */
	case -ENOMEM:
	case -EAGAIN:
		/* Never went out, and the transport's copy is gone. */
		bot_fail_in(b);
		return;
	default:
		/*
		 * -EPIPE (dwc3), -EINPROGRESS (dwc2): the host cleared a halt, so it
		 * is resetting. What is queued behind would be taken for this data.
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
		/* Given back by the Clear-Halt that answers our halt: the host reads it next. */
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

void bot_sent(struct bot *b, int32_t result)
{
	struct bot_send s;

	if (b->in_lost && result == -ECONNRESET) {
		b->in_lost--;
		return;
	}
	if (b->state == BOT_OFF || !b->in_count)
		return;
	s = b->in[b->in_head];
	b->in_head = (b->in_head + 1) % BOT_WINDOW;
	if (!--b->in_count)
		b->cancelling = false;
	if (result == -ESHUTDOWN) {
		bot_turn_off(b);
		bot_advance(b);
		return;
	}
	if (result < 0 && result != -ECONNRESET)
		b->stats.errors++;
	if (!s.csw && result > 0)
		b->stats.bytes_in += (uint32_t)result;
	if (s.serial != b->serial)
		b->csw_gone |= s.csw && result == (int32_t)CSW_LEN;
	else if (s.csw)
		csw_sent(b, result);
	else
		data_sent(b, &s, result);
	bot_halt_dead(b);
	bot_advance(b);
}
