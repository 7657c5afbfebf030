// SPDX-License-Identifier: GPL-2.0-or-later
/* Helpers of the command handlers: the answer, the parameter list, the address of an error. */
#include <assert.h>
#include <string.h>

#include "disc/cd_record.h"
#include "mmc/mmc_int.h"
#include "util/be.h"

uint8_t *mmc_reply(struct mmc_drive *d, uint32_t len)
{
	assert(len <= sizeof(d->reply));
	memset(d->reply, 0, len);
	d->cmd.reply_len = len;
	return d->reply;
}

mmc_sense_t mmc_fail_at(struct mmc_drive *d, mmc_sense_t sense, int64_t lba)
{
	d->cmd.has_lba = true;
	d->cmd.error_lba = lba;
	return sense;
}

int64_t mmc_lost_address(const struct mmc_drive *d)
{
	const struct mmc_command *c = &d->cmd;
	int64_t nwa;

	if (disc_is_cd_recordable(c->disc) && disc_cd_nwa(c->disc, &nwa))
		return nwa;
	return disc_open_track(c->disc) ? disc_nwa(c->disc) : c->first;
}

uint32_t mmc_length_field(const struct mmc_row *row, const uint8_t *cdb)
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

/* Start handler of commands with a parameter list: as long as the CDB says. */
mmc_sense_t cmd_param(struct mmc_drive *d, const uint8_t *cdb)
{
	uint32_t len = mmc_length_field(d->cmd.row, cdb);

	if (len > sizeof(d->param))
		return SENSE_LIST_LENGTH;
	d->cmd.xfer = (struct mmc_xfer){len ? MMC_DIR_OUT : MMC_DIR_NONE, len};
	return SENSE_NONE;
}

uint32_t mmc_param_len(const struct mmc_drive *d)
{
	return d->cmd.xfer.len;
}
