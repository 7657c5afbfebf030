// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a command: one gate before every handler, one place that limits
 * answers to the allocation length, one place that moves data.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

/* ---- the gate ----------------------------------------------------------------------------- */

/* The unit attention this command must answer with, if any; it is cleared by that. */
static mmc_sense_t take_unit_attention(struct mmc_drive *d, const struct mmc_row *row)
{
	static const struct {
		uint8_t bits;
		mmc_sense_t sense;
	} attentions[] = {
		{UA_RESET, SENSE_RESET},
		{UA_CHANGED | UA_CLOSED, SENSE_MEDIUM_CHANGED},
		{UA_REMOVAL_REQUEST, SENSE_REMOVAL_REQUEST},
	};

	if (row->flags & ROW_UA_OK)
		return SENSE_NONE;
	/*
	 * wodim follows its CLOSE with SYNCHRONIZE CACHE and speaks of trouble with
	 * the cache if that fails; growisofs dies of a failing READ DISC INFORMATION. The
	 * host hears of its own change by the next command that looks at data.
	 */
	if ((d->ua & ~UA_CLOSED) == 0 && (row->flags & ROW_CLOSING))
		return SENSE_NONE;
	for (size_t i = 0; i < ARRAY_LEN(attentions); i++) {
		if (!(d->ua & attentions[i].bits))
			continue;
		d->ua &= (uint8_t)~attentions[i].bits;
		return attentions[i].sense;
	}
	return SENSE_NONE;
}

static mmc_sense_t check_cdb(
	const struct mmc_drive *d, const struct mmc_row *row, const uint8_t *cdb, size_t cdb_len)
{
	if (cdb_len < row->cdb_len)
		return SENSE_INVALID_FIELD_IN_CDB;
	if (!d->config.strict_cdb)
		return SENSE_NONE;
	for (size_t i = 1; i < row->cdb_len; i++)
		if (cdb[i] & (uint8_t) ~(uint8_t)row->used[i - 1])
			return SENSE_INVALID_FIELD_IN_CDB;
	return SENSE_NONE;
}

static mmc_sense_t check_permission(const struct mmc_drive *d, const struct mmc_row *row)
{
	uint16_t missing = (uint16_t)(row->permission & ~d->profile->permissions);

	if (missing == 0)
		return SENSE_NONE;
	return missing & P_READ ? SENSE_ILLEGAL_MODE : SENSE_CANNOT_WRITE_MEDIUM;
}

/*
 * A flush that nobody asked for (time, suspend) has failed; the first command that
 * records or relies on the recording tells of it, and is not carried out (SPC-4
 * 4.5.7). Others, a host's polling among them, would swallow it.
 */
static mmc_sense_t take_deferred(struct mmc_drive *d, const struct mmc_row *row)
{
	if (!d->write_lost || !(row->flags & ROW_RECORDS))
		return SENSE_NONE;
	d->write_lost = false;
	return SENSE_DEFERRED_WRITE_ERROR;
}

/* Order: unit attention, then "do I know this" (SPC-4 5.6: attentions go before all but a few). */
static mmc_sense_t gate(struct mmc_drive *d, const struct mmc_row *row, size_t cdb_len)
{
	mmc_sense_t s = take_unit_attention(d, row);

	if (s)
		return s;
	if (!row->start)
		return SENSE_INVALID_OPCODE;
	s = check_cdb(d, row, d->cmd.cdb, cdb_len);
	if (s)
		return s;
	if (!(row->flags & ROW_MEDIUM))
		return SENSE_NONE;
	if (!d->cmd.disc)
		return SENSE_NO_MEDIUM;
	s = take_deferred(d, row);
	return s ? s : check_permission(d, row);
}

/* ---- begin -------------------------------------------------------------------------------- */

static uint32_t length_field(const struct mmc_row *row, const uint8_t *cdb)
{
	const uint8_t *p = cdb + row->length.at;

	switch (row->length.size) {
	case 1:
		return p[0];
	case 2:
		return get_be16(p);
	case 3:
		return get_be24(p);
	case 4:
		return get_be32(p);
	}
	return UINT32_MAX;
}

/* The one place where an answer is cut to what the host has room for. */
static void limit_reply(struct mmc_drive *d, uint32_t in_size)
{
	struct mmc_command *c = &d->cmd;
	uint32_t len = MIN(c->reply_len, length_field(c->row, c->cdb));

	if (c->row->flags & ROW_LIMIT_IN)
		len = MIN(len, in_size);
	c->xfer = (struct mmc_xfer){len ? MMC_DIR_IN : MMC_DIR_NONE, len};
}

void mmc_begin(struct mmc_drive *d, const uint8_t *cdb, size_t cdb_len, uint32_t in_size,
	struct mmc_xfer *xfer)
{
	struct mmc_command *c = &d->cmd;

	assert(cdb_len >= 1 && cdb_len <= sizeof(c->cdb));
	mmc_abort(d);
	*c = (struct mmc_command){
		.active = true, .row = &mmc_rows[cdb[0]], .cdb_len = (uint8_t)cdb_len};
	memcpy(c->cdb, cdb, cdb_len);
	c->disc = disc_get(mmc_loaded(d));
	d->commands++;
	if (!(c->row->flags & ROW_KEEP_SENSE)) {
		d->sense = SENSE_NONE;
		d->sense_has_lba = false;
	}
	c->sense = gate(d, c->row, cdb_len);
	if (!c->sense)
		c->sense = c->row->start(d, c->cdb);
	if (c->sense)
		c->xfer = (struct mmc_xfer){MMC_DIR_NONE, 0};
	else if ((c->row->flags & ROW_IN) && c->stream == STREAM_NONE)
		limit_reply(d, in_size);
	*xfer = c->xfer;
}

uint8_t *mmc_reply(struct mmc_drive *d, uint32_t len)
{
	assert(len <= sizeof(d->reply));
	memset(d->reply, 0, len);
	d->cmd.reply_len = len;
	return d->reply;
}

mmc_sense_t mmc_fail_at(struct mmc_drive *d, mmc_sense_t sense, uint32_t lba)
{
	d->cmd.has_lba = true;
	d->cmd.error_lba = lba;
	return sense;
}

/* Parameter lists: as long as the CDB says. */
mmc_sense_t cmd_param(struct mmc_drive *d, const uint8_t *cdb)
{
	uint32_t len = length_field(d->cmd.row, cdb);

	if (len > sizeof(d->param))
		return SENSE_LIST_LENGTH;
	d->cmd.xfer = (struct mmc_xfer){len ? MMC_DIR_OUT : MMC_DIR_NONE, len};
	return SENSE_NONE;
}

uint32_t mmc_param_len(const struct mmc_drive *d)
{
	return d->cmd.xfer.len;
}

/* ---- data --------------------------------------------------------------------------------- */

static int32_t pull_blocks(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	struct mmc_command *c = &d->cmd;
	uint32_t n = MIN(MIN(max, MMC_PUSH_MAX) / MEDIA_BLOCK, c->single ? 1 : c->blocks);
	int r = disc_view(c->disc, c->lba, &n, d->stage, data);

	/* Up to the block that cannot be read, the host gets what it asked for. */
	if (r < 0 && r != -EAGAIN && n > 1) {
		c->single = true;
		n = 1;
		r = disc_view(c->disc, c->lba, &n, d->stage, data);
	}
	mmc_sense_t s = sense_from_disc(r, false);
	if (s == SENSE_AGAIN)
		return -1;
	if (s) {
		c->sense = mmc_fail_at(d, s, c->lba);
		return 0;
	}
	c->lba += n;
	c->blocks -= n;
	d->blocks_read += n;
	return (int32_t)(n * MEDIA_BLOCK);
}

void mmc_unpull(struct mmc_drive *d, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active && len <= c->done);
	c->done -= len;
	if (c->stream != STREAM_READ)
		return;
	assert(len % MEDIA_BLOCK == 0);
	c->lba -= len / MEDIA_BLOCK;
	c->blocks += len / MEDIA_BLOCK;
	d->blocks_read -= len / MEDIA_BLOCK;
}

int32_t mmc_pull(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	struct mmc_command *c = &d->cmd;
	int32_t n;

	assert(c->active && max >= MEDIA_BLOCK);
	if (c->sense || c->xfer.dir != MMC_DIR_IN || c->done == c->xfer.len)
		return 0;
	if (c->stream == STREAM_READ) {
		n = pull_blocks(d, data, max);
	} else {
		n = (int32_t)MIN(max, c->xfer.len - c->done);
		*data = d->reply + c->done;
	}
	if (n > 0)
		c->done += (uint32_t)n;
	return n;
}

/* Writes whole blocks at the current address. 0, or -1 for MMC_AGAIN; a failure sticks. */
static int write_blocks(struct mmc_drive *d, const uint8_t *data, uint32_t blocks)
{
	struct mmc_command *c = &d->cmd;
	int r = disc_write(c->disc, c->lba, blocks, data);
	mmc_sense_t s = sense_from_disc(r, true);

	if (s == SENSE_AGAIN)
		return -1;
	if (s) {
		/* Storage failed: the first block that is not there. */
		c->sense = mmc_fail_at(d, s, r == DISC_LOST || r < 0 ? disc_nwa(c->disc) : c->lba);
		return 0;
	}
	c->lba += blocks;
	c->blocks -= blocks;
	d->blocks_written += blocks;
	return 0;
}

static int write_staged(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;
	uint32_t whole = c->staged / MEDIA_BLOCK;

	if (whole == 0 || c->sense)
		return 0;
	if (write_blocks(d, d->stage, whole) < 0)
		return -1;
	c->staged -= whole * MEDIA_BLOCK;
	memmove(d->stage, d->stage + whole * MEDIA_BLOCK, c->staged);
	return 0;
}

static int push_blocks(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	if (c->staged == 0 && len % MEDIA_BLOCK == 0)
		return write_blocks(d, data, len / MEDIA_BLOCK);
	/* A portion that is no whole number of blocks (short packets): gather it. */
	if (c->staged + len > sizeof(d->stage) && write_staged(d) < 0)
		return -1;
	if (c->sense)
		return 0;
	memcpy(d->stage + c->staged, data, len);
	c->staged += len;
	(void)write_staged(d); /* not now is no harm: the next portion or the end tries again */
	return 0;
}

int mmc_push(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active && len <= MMC_PUSH_MAX);
	assert(c->sense || (c->xfer.dir == MMC_DIR_OUT && len <= c->xfer.len - c->done));
	if (c->sense)
		return 0;
	if (c->stream == STREAM_WRITE) {
		if (push_blocks(d, data, len) < 0)
			return -1;
	} else {
		memcpy(d->param + c->done, data, len);
	}
	c->done += len;
	return 0;
}

/* ---- end ---------------------------------------------------------------------------------- */

static void release(struct mmc_drive *d)
{
	struct disc *disc = d->cmd.disc;

	d->cmd.active = false;
	d->cmd.disc = NULL;
	disc_put(disc);
}

static mmc_sense_t finish(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;

	if (c->stream == STREAM_WRITE && write_staged(d) < 0)
		return SENSE_AGAIN;
	if (c->sense)
		return c->sense;
	if (c->xfer.dir == MMC_DIR_OUT && c->done < c->xfer.len)
		return SENSE_DATA_PHASE;
	return c->row->finish ? c->row->finish(d, c->cdb) : SENSE_NONE;
}

enum mmc_status mmc_end(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active);
	mmc_sense_t s = finish(d);
	if (s == SENSE_AGAIN)
		return MMC_AGAIN;
	if (s) {
		d->sense = s;
		d->sense_has_lba = c->has_lba;
		d->sense_lba = c->error_lba;
		d->errors++;
	}
	c->sense = s;
	c->ended = true;
	release(d);
	return s ? MMC_CHECK_CONDITION : MMC_GOOD;
}

void mmc_abort(struct mmc_drive *d)
{
	if (d->cmd.active)
		release(d);
}

void mmc_get_last(const struct mmc_drive *d, struct mmc_last *last)
{
	const struct mmc_command *c = &d->cmd;
	bool small = c->stream == STREAM_NONE && c->xfer.dir != MMC_DIR_NONE;

	*last = (struct mmc_last){
		.cdb = c->cdb, .cdb_len = c->cdb_len, .ended = c->ended, .sense = c->sense};
	if (!small)
		return;
	last->data = c->xfer.dir == MMC_DIR_IN ? d->reply : d->param;
	last->len = c->done;
}
