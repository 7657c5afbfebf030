// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bulk-out. BOT posts reads for exactly the announced data, then one for the next CBW.
 * Only when a read completes is it known whether it holds data or a CBW.
 */
#include <errno.h>
#include <string.h>

#include "bot/bot_priv.h"
#include "util/array.h"

/*
 * After more failures in a row than this, reads wait for a tick: if a controller fails every
 * read, BOT must not loop without a pause.
 */
#define OUT_FAILURES_MAX 8u

/*
 * Ends a data-out command whose data would end inside a read left over from an earlier
 * data phase (see out_uncovered()). Such a read cannot be cancelled, and the data would
 * not complete it: the host would wait for the CSW while BOT waits for data. So BOT
 * reports a phase error now. The controller accepts the data anyway, and the next CBW
 * follows it in the same read.
 */
static void give_up_out(struct bot *b)
{
	mmc_abort(b->drive);
	b->status = CSW_PHASE_ERROR;
	b->resync = BOT_RESYNC_DIRTY;
	b->state = BOT_CSW;
}

uint32_t bot_out_expected(const struct bot *b)
{
	struct cbw cbw;

	if (b->state == BOT_DATA_OUT)
		return b->cbw.length - b->received;
	if (b->pending != BOT_PENDING_CBW)
		return 0;
	cbw_decode(&cbw, b->pending_cbw);
	return cbw.flags & CBW_FLAG_IN ? 0 : cbw.length;
}

/*
 * Returns the bytes of the data phase that no posted read covers. *cbw_read: a read for
 * the next CBW is posted too. *stuck: the data ends inside a posted read, see give_up_out().
 */
static uint32_t out_uncovered(const struct bot *b, bool *cbw_read, bool *stuck)
{
	uint32_t left = bot_out_expected(b);
	uint32_t i;

	*cbw_read = false;
	*stuck = false;
	for (i = 0; i < b->out_count; i++) {
		uint32_t size = b->out[(b->out_head + i) % BOT_WINDOW];

		if (!left) {
			*cbw_read = true;
		} else if (left >= size) {
			left -= size;
		} else {
			/*
			 * A short last packet would complete the read. A held command has not
			 * begun, so it cannot be given up yet.
			 */
			*stuck = b->state == BOT_DATA_OUT && left % b->max_packet == 0;
			left = 0;
		}
	}
	return left;
}

static void park_out(struct bot *b, int err)
{
	if (err == -ESHUTDOWN) {
		bot_turn_off(b);
		return;
	}
	b->stats.errors++;
	b->out_parked = true;
}

bool bot_fill_out(struct bot *b)
{
	while (b->state != BOT_OFF && !b->out_parked) {
		bool cbw_read, stuck;
		uint32_t left = out_uncovered(b, &cbw_read, &stuck);
		uint32_t whole = MIN(left, BOT_CHUNK) + b->max_packet - 1;
		uint32_t size =
			left ? MIN(b->recv_max, whole - whole % b->max_packet) : BOT_CBW_READ;
		int err;

		if (stuck) {
			give_up_out(b);
			return true;
		}
		if ((!left && cbw_read) || b->out_count == BOT_WINDOW)
			return false;
		err = b->ops->recv(b->ep, size);
		if (!err)
			b->out[(b->out_head + b->out_count++) % BOT_WINDOW] = size;
		else if (err == -ENOMEM && left && b->recv_max > BOT_CHUNK_MIN)
			b->recv_max /= 2;
		else
			park_out(b, err);
	}
	return false;
}

void bot_posted(struct bot *b, uint32_t len)
{
	/* A full window is impossible here: no command of the session has begun. */
	if (b->state == BOT_OFF || b->out_count == BOT_WINDOW)
		return;
	b->out_head = (b->out_head + BOT_WINDOW - 1) % BOT_WINDOW;
	b->out[b->out_head] = len;
	b->out_count++;
}

/* A read was lost, perhaps with data: the engine must not get the data after the gap. */
static void data_out_broken(struct bot *b)
{
	if (b->state != BOT_DATA_OUT)
		return;
	mmc_abort(b->drive);
	b->plan = b->moved;
	b->status = CSW_PHASE_ERROR;
}

void bot_read_failed(struct bot *b, int32_t error)
{
	if (error == -ESHUTDOWN) {
		bot_turn_off(b);
		return;
	}
	if (error != -ECONNRESET)
		b->stats.errors++;
	if (++b->out_failures > OUT_FAILURES_MAX)
		b->out_parked = true;
	/* It may have had data of the held CBW: that command must end as one that has begun. */
	if (error != -EAGAIN && error != -ENOMEM && b->state == BOT_CSW_QUEUED &&
		bot_out_expected(b))
		bot_finish(b);
	switch (error) {
	case -EAGAIN: /* the read never reached the hardware: no data is lost */
		b->out_parked = true;
		break;
	case -ENOMEM:
		if (b->recv_max > BOT_CHUNK_MIN)
			b->recv_max /= 2;
		else
			b->out_parked = true;
		break;
	case -EPIPE:
	case -EINPROGRESS:
	case -ECONNRESET:
		data_out_broken(b);
		break;
	default:
		b->out_parked = true;
		if (b->state == BOT_DATA_OUT) {
			b->more_expected = true;
			bot_die(b);
		}
	}
}

static bool ends_in_cbw(const struct bot *b, const uint8_t *data, uint32_t n)
{
	return n >= CBW_LEN && (n - CBW_LEN) % b->max_packet == 0 &&
	       cbw_has_signature(data + n - CBW_LEN);
}

bool bot_is_cbw(const uint8_t *data, uint32_t len)
{
	return len == CBW_LEN && cbw_has_signature(data);
}

/* Returns the CBW in data, or NULL. *junk: skip data; otherwise data without CBW is invalid. */
static const uint8_t *find_cbw(
	struct bot *b, const uint8_t *data, uint32_t n, uint32_t size, bool *junk)
{
	*junk = false;
	if (ends_in_cbw(b, data, n) && (n == CBW_LEN || b->resync != BOT_RESYNC_NONE)) {
		b->resync = BOT_RESYNC_NONE;
		return data + n - CBW_LEN;
	}
	if (b->resync == BOT_RESYNC_DIRTY) {
		/* A short packet ends the data that the host sent before. */
		if (n < size)
			b->resync = BOT_RESYNC_TAIL;
		*junk = true;
	}
	return NULL;
}

/* Passes data-out to the engine. False: the engine cannot take it now, nothing changed. */
static bool take_data(struct bot *b, const uint8_t *data, uint32_t n, uint32_t size)
{
	uint32_t left = b->cbw.length - b->received;
	uint32_t expected = MIN(size, left);
	uint32_t useful = MIN(n, b->plan - b->moved);

	if (n > left || (n < expected && ends_in_cbw(b, data, n))) {
		/* More data than announced, or the next CBW in place of the data. */
		b->more_expected = n == size;
		b->stats.invalid_cbws++;
		bot_die(b);
		return true;
	}
	if (useful && mmc_push(b->drive, data, useful) < 0)
		return false;
	b->moved += useful;
	b->received += n;
	b->stats.bytes_out += n;
	if (n < expected || b->received == b->cbw.length)
		b->state = BOT_STATUS_DUE;
	return true;
}

/*
 * Keeps a CBW for later: the host read the CSW and sent this CBW before BOT learned that the
 * CSW was sent.
 */
static void hold_cbw(struct bot *b, const uint8_t *cbw)
{
	b->pending = cbw ? BOT_PENDING_CBW : BOT_PENDING_INVALID;
	if (cbw)
		memcpy(b->pending_cbw, cbw, CBW_LEN);
}

bool bot_take_out(struct bot *b, const uint8_t *data, uint32_t n, uint32_t size)
{
	const uint8_t *cbw;
	bool junk;

	b->out_failures = 0;
	if (b->state == BOT_CSW_QUEUED && b->pending != BOT_PENDING_NONE)
		bot_finish(b); /* data follows the pending CBW: the host must have the CSW */
	if (b->state == BOT_DATA_OUT)
		return take_data(b, data, n, size);
	if (b->state == BOT_RESET)
		return true; /* the host sent it before the reset */
	if (b->state == BOT_DEAD) {
		b->more_expected = n == size;
		return true;
	}
	cbw = find_cbw(b, data, n, size, &junk);
	if (junk)
		return true;
	b->more_expected = n == size;
	if (b->state == BOT_CSW_QUEUED) {
		hold_cbw(b, cbw);
	} else if (b->state == BOT_IDLE && cbw) {
		bot_begin(b, cbw);
	} else {
		b->stats.invalid_cbws++;
		bot_die(b);
	}
	return true;
}
