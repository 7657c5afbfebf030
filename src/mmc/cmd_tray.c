// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL. A stop, an eject and an ALLOW end a host's work on
 * a disc, so they bring its blocks to storage. Linux sends no SYNCHRONIZE CACHE for a file system
 * that it has mounted, but it sends an ALLOW when nobody uses the disc any more.
 */
#include <errno.h>

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
	struct disc *disc = d->cmd.disc;
	/* False: it was taken out, and maybe replaced, while its sync was running. */
	bool is_in = disc == mmc_loaded(d);
	int r = disc && !start ? disc_sync(disc) : DISC_OK;

	/*
	 * The disc may leave now, so this command is the last one that can report a loss. It also
	 * reports that of an earlier sync: Linux sends ALLOW, which must unlock, and then ejects.
	 */
	if (r < 0)
		return sense_from_disc(r, true);
	if (disc && is_in && !start && d->write_lost) {
		d->write_lost = false;
		return SENSE_DEFERRED_WRITE_ERROR;
	}
	/* There is no motor: power conditions, start and stop succeed and have no other effect. */
	if (power || !load_eject)
		return SENSE_NONE;
	if (!start)
		return is_in ? mmc_host_eject(d) : SENSE_NONE;
	mmc_host_load(d);
	return SENSE_NONE;
}

mmc_sense_t cmd_prevent_allow_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	bool prevent = cdb[4] & 0x01;
	bool persistent = cdb[4] & 0x02;
	struct disc *disc = d->cmd.disc;
	int r = DISC_OK;

	/*
	 * An ALLOW has to unlock. So if its sync fails, the next command that records, stops or
	 * ejects reports that.
	 */
	if (!prevent && disc)
		r = disc_sync(disc);
	if (r == -EAGAIN)
		return SENSE_AGAIN;
	/* The next disc has lost nothing, if this one was taken out meanwhile. */
	d->write_lost |= r < 0 && disc == mmc_loaded(d);
	if (persistent)
		d->persistent_prevent = prevent;
	else
		d->prevent = prevent;
	return SENSE_NONE;
}
