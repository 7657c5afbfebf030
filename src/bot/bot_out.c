// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bulk-out: a sequence of buffers. Reads are posted for exactly the announced
 * data, then one for the next CBW; what each holds is known when it completes.
 */
#include <errno.h>
#include <string.h>

#include "bot/bot_priv.h"
#include "util/array.h"

/* A controller that fails every read at once must not keep the thread busy. */
#define OUT_FAILURES_MAX 8u

/*
 * Reads left over from a data phase that ended early cannot be cancelled, and
 * this command's data would end inside one of them without completing it: the
 * host would wait for a CSW, we for data. The controller takes the data all the
 * same, so end the command now; the next CBW comes behind that data.
 */
static void give_up_out(struct bot *b)
{
	mmc_abort(b->drive);
	b->status = CSW_PHASE_ERROR;
	b->resync = BOT_RESYNC_DIRTY;
	b->state = BOT_CSW;
}

/* Bytes of the data phase that no posted read covers; *behind = a read is there for the CBW. */
static uint32_t out_uncovered(const struct bot *b, bool *behind, bool *stuck)
{
	uint32_t left = b->state == BOT_DATA_OUT ? b->cbw.length - b->received : 0;
	uint32_t i;

	*behind = false;
	*stuck = false;
	for (i = 0; i < b->out_count; i++) {
		uint32_t size = b->out[(b->out_head + i) % BOT_WINDOW];

		if (!left) {
			*behind = true;
		} else if (left >= size) {
			left -= size;
		} else {
			*stuck = left % b->max_packet == 0; /* else a short packet ends it */
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
		bool behind, stuck;
		uint32_t left = out_uncovered(b, &behind, &stuck);
		uint32_t whole = MIN(left, BOT_CHUNK) + b->max_packet - 1;
		uint32_t size =
			left ? MIN(b->recv_max, whole - whole % b->max_packet) : BOT_CBW_READ;
		int err;

		if (stuck) {
			give_up_out(b);
			return true;
		}
		if ((!left && behind) || b->out_count == BOT_WINDOW)
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
	/* No room: the window is not full before the first command of a session. */
	if (b->state == BOT_OFF || b->out_count == BOT_WINDOW)
		return;
	b->out_head = (b->out_head + BOT_WINDOW - 1) % BOT_WINDOW;
	b->out[b->out_head] = len;
	b->out_count++;
}

/* A read was lost, perhaps with data in it: what follows must not close the gap unseen. */
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
	switch (error) {
	case -EAGAIN: /* never was in the hardware: nothing is lost */
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
			b->dead_dirty = true;
			bot_die(b);
		}
	}
}

static bool ends_in_cbw(const struct bot *b, const uint8_t *data, uint32_t n)
{
	return n >= CBW_LEN && (n - CBW_LEN) % b->max_packet == 0 &&
	       cbw_has_signature(data + n - CBW_LEN);
}

/* Where the CBW is. NULL: *junk = to be skipped, else what came is invalid. */
static const uint8_t *find_cbw(
	struct bot *b, const uint8_t *data, uint32_t n, uint32_t size, bool *junk)
{
	*junk = false;
	if (ends_in_cbw(b, data, n) && (n == CBW_LEN || b->resync != BOT_RESYNC_NONE)) {
		b->resync = BOT_RESYNC_NONE;
		return data + n - CBW_LEN;
	}
	if (b->resync == BOT_RESYNC_DIRTY) {
		/* A short packet is the end of what the host sent before. */
		if (n < size)
			b->resync = BOT_RESYNC_TAIL;
		*junk = true;
	}
	return NULL;
}

/* Data-out. False: the engine cannot take it now, nothing has happened. */
static bool take_data(struct bot *b, const uint8_t *data, uint32_t n, uint32_t size)
{
	uint32_t left = b->cbw.length - b->received;
	uint32_t expected = MIN(size, left);
	uint32_t useful = MIN(n, b->plan - b->moved);

	if (n > left || (n < expected && ends_in_cbw(b, data, n))) {
		/* More than announced, or the next CBW where the data should be. */
		b->dead_dirty = n == size;
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

static bool meaningful(const struct cbw *cbw)
{
	return (cbw->flags & ~CBW_FLAG_IN) == 0 && cbw->lun == 0 && cbw->cdb_len >= 1 &&
	       cbw->cdb_len <= CBW_CDB_MAX;
}

static void begin_command(struct bot *b, const uint8_t *p)
{
	struct mmc_xfer xfer;
	enum mmc_dir device;

	cbw_decode(&b->cbw, p);
	if (!meaningful(&b->cbw)) {
		b->stats.invalid_cbws++;
		b->dead_dirty = false;
		bot_die(b);
		return;
	}
	b->stats.commands++;
	b->serial++;
	if (b->observer)
		b->observer->began(b->observer_ctx);
	b->end_unreported = b->observer != NULL;
	b->dir = !b->cbw.length               ? MMC_DIR_NONE
		 : b->cbw.flags & CBW_FLAG_IN ? MMC_DIR_IN
					      : MMC_DIR_OUT;
	/* A host that sends has no buffer that would limit an answer: case 10, not 9. */
	mmc_begin(b->drive, b->cbw.cdb, b->cbw.cdb_len,
		b->dir == MMC_DIR_OUT ? UINT32_MAX : b->cbw.length, &xfer);
	device = xfer.len ? xfer.dir : MMC_DIR_NONE;
	b->action = bot_case(b->dir, b->cbw.length, device, device == MMC_DIR_NONE ? 0 : xfer.len);
	b->plan = b->action->move == BOT_MOVE_DEVICE ? xfer.len
		  : b->action->move == BOT_MOVE_HOST ? b->cbw.length
						     : 0;
	b->moved = b->sent = b->received = 0;
	b->again = b->no_halt = b->halt_refused = b->csw_gone = b->counted = false;
	b->halt_ms = 0;
	b->status = b->action->phase ? CSW_PHASE_ERROR : CSW_PASSED;
	if (b->action->phase && !b->plan)
		mmc_abort(b->drive);
	b->state = b->dir == MMC_DIR_NONE ? BOT_STATUS_DUE
		   : b->dir == MMC_DIR_IN ? BOT_DATA_IN
					  : BOT_DATA_OUT;
}

void bot_finish(struct bot *b)
{
	enum bot_pending pending = b->pending;

	bot_tell(b, BOT_NO_CSW);
	b->again = false;
	b->pending = BOT_PENDING_NONE;
	b->state = BOT_IDLE;
	if (pending == BOT_PENDING_CBW) {
		begin_command(b, b->pending_cbw);
	} else if (pending == BOT_PENDING_INVALID) {
		b->stats.invalid_cbws++;
		bot_die(b);
	}
}

/* The host is ahead of the report that our CSW went out. */
static void hold(struct bot *b, const uint8_t *cbw)
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
	if (b->state == BOT_SENT && b->pending != BOT_PENDING_NONE)
		bot_finish(b); /* data behind the held CBW: the host has our CSW for sure */
	if (b->state == BOT_DATA_OUT)
		return take_data(b, data, n, size);
	if (b->state == BOT_RESET)
		return true; /* sent before the reset */
	if (b->state == BOT_DEAD) {
		b->dead_dirty = n == size;
		return true;
	}
	cbw = find_cbw(b, data, n, size, &junk);
	if (junk)
		return true;
	b->dead_dirty = n == size;
	if (b->state == BOT_SENT) {
		hold(b, cbw);
	} else if (b->state == BOT_IDLE && cbw) {
		begin_command(b, cbw);
	} else {
		b->stats.invalid_cbws++;
		bot_die(b);
	}
	return true;
}
