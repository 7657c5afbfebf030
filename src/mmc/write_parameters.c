// SPDX-License-Identifier: GPL-2.0-or-later
/* Applies mode page 05h to the disc. */
#include "disc/cd_record.h"
#include "mmc/mmc_int.h"
#include "mmc/page_05.h"

mmc_sense_t mmc_apply_test_write(struct mmc_drive *d)
{
	return sense_from_disc(disc_test_write(d->cmd.disc, d->cmd.test_write), true);
}

void mmc_apply_write_parameters(struct mmc_drive *d)
{
	struct disc_cd_write w;

	/* A command may go on with a disc that is not in the drive any more. */
	if (d->profile->page_05 != PAGE_05_CD || !disc_is_cd_recordable(d->cmd.disc))
		return;
	page_05_cd_write(modepage_write_parameters(d), &w);
	disc_cd_set_write(d->cmd.disc, &w);
}

uint32_t mmc_write_unit(struct mmc_drive *d)
{
	const struct disc *disc = d->cmd.disc;
	uint32_t unit = 0;
	int64_t nwa;

	if (!disc || !disc_is_cd_recordable(disc))
		return MEDIA_BLOCK;
	mmc_apply_write_parameters(d);
	if (disc_cd_nwa(disc, &nwa))
		unit = disc_cd_write_unit(disc, nwa);
	return unit ? unit : MEDIA_BLOCK;
}
