// SPDX-License-Identifier: GPL-2.0-or-later
/* How a command begins, and the ways in which a command or a session ends. */
#include "bot/bot_priv.h"

void bot_report_end(struct bot *b, uint8_t csw)
{
	const struct bot_command c = {
		.dir = b->dir, .announced = b->cbw.length, .moved = b->moved, .csw = csw};

	if (!b->end_unreported)
		return;
	b->end_unreported = false;
	b->observer->ended(b->observer_ctx, &c);
}

void bot_turn_off(struct bot *b)
{
	mmc_abort(b->drive);
	bot_report_end(b, BOT_NO_CSW);
	b->state = BOT_OFF;
	b->in_count = b->in_abandoned = b->out_count = 0;
	b->pending = BOT_PENDING_NONE;
	b->again = b->cancelling = b->halted = false;
	b->in_parked = b->out_parked = false;
}

void bot_cancel_in(struct bot *b)
{
	b->serial++;
	b->in_parked = false;
	if (!b->in_count)
		return;
	b->cancelling = true;
	b->cancel_ms = 0;
	b->ops->cancel_in(b->ep);
}

void bot_die(struct bot *b)
{
	mmc_abort(b->drive);
	bot_report_end(b, BOT_NO_CSW);
	b->again = false;
	b->pending = BOT_PENDING_NONE;
	b->state = BOT_DEAD;
	bot_cancel_in(b);
}

/* BOT 6.2.2: the fields of a meaningful CBW. */
static bool meaningful(const struct cbw *cbw)
{
	return (cbw->flags & ~CBW_FLAG_IN) == 0 && cbw->lun == 0 && cbw->cdb_len >= 1 &&
	       cbw->cdb_len <= CBW_CDB_MAX;
}

void bot_begin(struct bot *b, const uint8_t *p)
{
	struct mmc_xfer xfer;
	enum mmc_dir device;

	cbw_decode(&b->cbw, p);
	if (!meaningful(&b->cbw)) {
		b->stats.invalid_cbws++;
		b->more_expected = false;
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
	/* A host that sends data has no buffer that could limit an answer: case 10, not 9. */
	mmc_begin(b->drive, b->cbw.cdb, b->cbw.cdb_len,
		b->dir == MMC_DIR_OUT ? UINT32_MAX : b->cbw.length, &xfer);
	device = xfer.len ? xfer.dir : MMC_DIR_NONE;
	b->action = bot_case(b->dir, b->cbw.length, device, device == MMC_DIR_NONE ? 0 : xfer.len);
	b->plan = b->action->move == BOT_MOVE_DEVICE ? xfer.len
		  : b->action->move == BOT_MOVE_HOST ? b->cbw.length
						     : 0;
	b->moved = b->sent = b->received = 0;
	b->again = b->no_halt = b->halt_refused = b->csw_was_sent = b->counted = false;
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

	bot_report_end(b, BOT_NO_CSW);
	b->again = false;
	b->pending = BOT_PENDING_NONE;
	b->state = BOT_IDLE;
	if (pending == BOT_PENDING_CBW) {
		bot_begin(b, b->pending_cbw);
	} else if (pending == BOT_PENDING_INVALID) {
		b->stats.invalid_cbws++;
		bot_die(b);
	}
}
