// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that only compact discs have: READ CD, READ CD MSF, READ SUB-CHANNEL, READ HEADER. */
#include <string.h>

#include "cd/address.h"
#include "cd/find.h"
#include "cd/sector.h"
#include "cd/subq.h"
#include "disc/compact.h"
#include "mmc/mmc_int.h"
#include "mmc/sectors.h"
#include "util/array.h"
#include "util/be.h"

/* The sectors and the parts of them that READ CD or READ CD MSF asks for. */
static mmc_sense_t read_cd(struct mmc_drive *d, const uint8_t *cdb, int64_t lba, uint32_t count)
{
	const struct mmc_selection s = {
		.type = cdb[1] >> 2 & 7,
		.main = cdb[9] & 0xf8,
		.error = cdb[9] >> 1 & 3,
		.sub = cdb[10] & 7,
	};

	return sectors_start(d, &s, lba, count);
}

mmc_sense_t cmd_read_cd(struct mmc_drive *d, const uint8_t *cdb)
{
	return read_cd(d, cdb, (int32_t)get_be32(cdb + 2), get_be24(cdb + 6));
}

mmc_sense_t cmd_read_cd_msf(struct mmc_drive *d, const uint8_t *cdb)
{
	struct cd_msf from = {cdb[3], cdb[4], cdb[5]}, to = {cdb[6], cdb[7], cdb[8]};
	int32_t start, end;

	/* The end is the first sector that is not wanted. */
	if (!cd_lba(from, &start) || !cd_lba(to, &end) || end < start)
		return mmc_bad_cdb();
	return read_cd(d, cdb, start, (uint32_t)(end - start));
}

mmc_sense_t cmd_read_sub_channel(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { NO_AUDIO_STATUS = 0x15 };
	const struct cd_map *map = disc_cd_map(d->cmd.disc);
	bool msf = cdb[1] & 0x02, wants_data = cdb[2] & 0x40;
	uint8_t *p = mmc_reply(d, 4 + CD_SUB_MAX);
	unsigned len = 0;

	if (wants_data) {
		len = cd_sub_channel(map, cdb[3], cdb[6], (int32_t)d->position, msf, p + 4);
		if (len == 0)
			return mmc_bad_cdb();
	}
	p[1] = NO_AUDIO_STATUS;
	put_be16(p + 2, (uint16_t)len);
	d->cmd.reply_len = 4 + len;
	return SENSE_NONE;
}

mmc_sense_t cmd_read_header(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct cd_map *map = disc_cd_map(d->cmd.disc);
	bool msf = cdb[1] & 0x02;
	int64_t lba = (int32_t)get_be32(cdb + 2), bad;
	int r = disc_may_read_sectors(d->cmd.disc, lba, 1, &bad);
	uint8_t form;

	if (r != DISC_OK)
		return mmc_fail_at(d, sense_from_disc(r, false), lba);
	form = map->track[cd_find_track(map, (int32_t)lba)].form;
	if (form == CD_AUDIO)
		return mmc_fail_at(d, SENSE_ILLEGAL_MODE, lba);
	uint8_t *p = mmc_reply(d, 8);
	p[0] = form == CD_MODE1 ? 1 : 2;
	mmc_put_address(p + 4, lba, msf);
	return SENSE_NONE;
}
