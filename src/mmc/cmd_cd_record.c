// SPDX-License-Identifier: GPL-2.0-or-later
/* Recording that only CD-R and CD-RW have: SEND CUE SHEET, and WRITE in blocks of many sizes. */
#include "disc/cd_record.h"
#include "mmc/mmc_int.h"

/* A cue sheet is for write type 2 of mode page 05h alone. */
mmc_sense_t cmd_send_cue_sheet(struct mmc_drive *d, const uint8_t *cdb)
{
	return modepage_at_once(d) ? cmd_param(d, cdb) : SENSE_SEQUENCE_ERROR;
}

mmc_sense_t cmd_send_cue_sheet_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct disc *disc = d->cmd.disc;
	mmc_sense_t s = mmc_apply_test_write(d);

	(void)cdb;
	if (s)
		return s;
	mmc_apply_write_parameters(d);
	return sense_from_disc(disc_cd_cue_sheet(disc, d->param, mmc_param_len(d)), true);
}

mmc_sense_t mmc_start_cd_write(struct mmc_drive *d, uint32_t address, uint32_t blocks)
{
	struct mmc_command *c = &d->cmd;
	int64_t lba = (int32_t)address;
	uint32_t unit;
	int r;

	mmc_apply_write_parameters(d);
	r = disc_may_write(c->disc, lba, blocks);
	if (r != DISC_OK)
		return mmc_fail_at(d, sense_from_disc(r, true), lba);
	if (blocks == 0)
		return SENSE_NONE;
	unit = disc_cd_write_unit(c->disc, lba);
	/* The blocks of one WRITE have one size. */
	if (unit == 0 || disc_cd_write_unit(c->disc, lba + blocks - 1) != unit ||
		(uint64_t)blocks * unit > UINT32_MAX)
		return mmc_bad_cdb();
	c->stream = STREAM_WRITE;
	c->unit = unit;
	c->first = c->lba = lba;
	c->xfer = (struct mmc_xfer){MMC_DIR_OUT, blocks * unit};
	return SENSE_NONE;
}
