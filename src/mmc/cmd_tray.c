// SPDX-License-Identifier: GPL-2.0-or-later
/* START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL. */
#include "mmc/mmc_int.h"

mmc_sense_t cmd_start_stop_unit(struct mmc_drive *d, const uint8_t *cdb)
{
	uint8_t power = cdb[4] >> 4;

	(void)d;
	/* MMC-6 table 646: active, idle, standby, sleep */
	if (power == 4 || power > 5)
		return mmc_bad_cdb();
	return cdb[4] & 0x04 || cdb[3] ? mmc_bad_cdb() : SENSE_NONE; /* layers of HD DVD */
}

mmc_sense_t cmd_start_stop_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	bool start = cdb[4] & 0x01;
	bool load_eject = cdb[4] & 0x02;
	bool power = cdb[4] >> 4;

	/* There is no motor: power conditions, start and stop succeed and have no effect. */
	if (power || !load_eject)
		return SENSE_NONE;
	if (!start)
		return mmc_host_eject(d);
	mmc_host_load(d);
	return SENSE_NONE;
}

mmc_sense_t cmd_prevent_allow_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	bool prevent = cdb[4] & 0x01;
	bool persistent = cdb[4] & 0x02;

	if (persistent)
		d->persistent_prevent = prevent;
	else
		d->prevent = prevent;
	return SENSE_NONE;
}
