// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Begins and ends commands: one gate before every handler, and the one place that
 * limits answers to the allocation length.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

/* ---- the gate ----------------------------------------------------------------------------- */

/* The unit attention that this command has to report, which clears it; 0 if there is none. */
static mmc_sense_t take_unit_attention(struct mmc_drive *d, const struct mmc_row *row)
{
	if (row->flags & ROW_UA_OK)
		return SENSE_NONE;
	/*
	 * wodim sends SYNCHRONIZE CACHE after its CLOSE and reports trouble with the cache if
	 * that fails; growisofs exits if READ DISC INFORMATION fails. So the attention of the
	 * host's own CLOSE is left to the next command that reads data.
	 */
	return mmc_take_attention(d, row->flags & ROW_CLOSING ? UA_ALL & ~UA_CLOSED : UA_ALL);
}

static mmc_sense_t check_cdb(
	const struct mmc_drive *d, const struct mmc_row *row, const uint8_t *cdb, size_t cdb_len)
{
	if (cdb_len < row->cdb_len && !(row->flags & ROW_SHORT_CDB))
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
	/*
	 * Commands that only CDs have are unknown to a drive with another disc in it; commands that
	 * no CD has, to one with a recordable CD in it.
	 */
	if ((missing & (P_CD | P_CUE)) ||
		((missing & (P_RESERVE | P_VERIFY)) && (d->profile->permissions & P_CUE)))
		return SENSE_INVALID_OPCODE;
	if (missing & P_FORMAT)
		return SENSE_CANNOT_FORMAT_MEDIUM;
	return missing & P_READ ? SENSE_ILLEGAL_MODE : SENSE_CANNOT_WRITE_MEDIUM;
}

/*
 * The deferred error of a flush that no command asked for (timer, suspend). The first
 * command that records, or relies on what was recorded, reports it and is not carried out
 * (SPC-4 4.5.7). Other commands, such as a host's polling, would consume the error, and no one
 * would act on it.
 */
static mmc_sense_t take_deferred(struct mmc_drive *d, const struct mmc_row *row)
{
	if (!d->write_lost || !(row->flags & ROW_RECORDS))
		return SENSE_NONE;
	d->write_lost = false;
	return SENSE_DEFERRED_WRITE_ERROR;
}

/* A unit attention goes before an unknown operation code (SAM-5 5.14). 0, or sense. */
static mmc_sense_t gate(struct mmc_drive *d, const struct mmc_row *row, size_t cdb_len)
{
	mmc_sense_t s = take_unit_attention(d, row);

	if (s)
		return s;
	if (d->faults && (s = mmc_fault_begin(d)) != SENSE_NONE)
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

/* The one place where an answer is cut to what the host has room for. */
static void limit_reply(struct mmc_drive *d, uint32_t in_size)
{
	struct mmc_command *c = &d->cmd;
	uint32_t len = MIN(c->reply_len, mmc_length_field(c->row, c->cdb));

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
	c->data_announced = in_size > 0;
	c->test_write = modepage_test_write(d);
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

	if (c->stream == STREAM_WRITE && mmc_write_staged(d) < 0)
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
		d->sense_lba = (uint32_t)c->error_lba;
		d->errors++;
		if (d->faults)
			mmc_fault_count(d);
		if (s == SENSE_NO_MEDIUM)
			d->removal_unseen = false;
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
