// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/cd_record.h"
#include "disc/disc.h"
#include "disc/model.h"

uint32_t disc_cd_capacity(unsigned minutes)
{
	(void)minutes;
	return 0;
}
unsigned disc_cd_minutes(uint32_t capacity)
{
	(void)capacity;
	return 0;
}
bool disc_is_cd_recordable(const struct disc *d)
{
	return d->model == &disc_model_cd;
}
void disc_cd_set_write(struct disc *d, const struct disc_cd_write *w)
{
	(void)d;
	(void)w;
}
int disc_cd_cue_sheet(struct disc *d, const uint8_t *sheet, uint32_t len)
{
	(void)d;
	(void)sheet;
	(void)len;
	return DISC_NOT_FOR_MEDIUM;
}
bool disc_cd_nwa(const struct disc *d, int64_t *lba)
{
	(void)d;
	(void)lba;
	return false;
}
uint32_t disc_cd_free(const struct disc *d)
{
	(void)d;
	return 0;
}
uint32_t disc_cd_write_unit(const struct disc *d, int64_t lba)
{
	(void)d;
	(void)lba;
	return 2048;
}
int32_t disc_cd_lead_in(const struct disc *d)
{
	(void)d;
	return DISC_CD_LEAD_IN;
}
uint32_t disc_cd_open_tracks(const struct disc *d)
{
	(void)d;
	return 0;
}
bool disc_cd_is_at_once(const struct disc *d)
{
	(void)d;
	return false;
}
int disc_cd_flush(struct disc *d)
{
	return disc_sync(d);
}

const struct disc_model disc_model_cd = {0};
