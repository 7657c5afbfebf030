// SPDX-License-Identifier: GPL-2.0-or-later
#include "mmc/sectors.h"

#include <string.h>

#include "cd/find.h"
#include "cd/subq.h"
#include "disc/compact.h"
#include "mmc/mmc_int.h"
#include "util/array.h"

/* Bytes of the error field (MMC-6 6.20): none, C2 bits, the same with block error byte and pad. */
static const uint16_t error_bytes[] = {0, 294, 296};

enum { TYPE_CDDA = 1, TYPE_LAST = 5 }; /* expected sector types */

/* ---- the beginning of a command -------------------------------------------------------------- */

/*
 * The form that sectors of this track have for a host that expects that type: of an XA track, which
 * has sectors of two forms, the expected one, or form 1. False: none of them is of that type.
 */
static bool expected_form(uint8_t track_form, uint8_t type, uint8_t *form)
{
	*form = track_form;
	if (track_form == CD_XA)
		*form = cd_type_matches(type, CD_XA_FORM1) ? CD_XA_FORM1 : CD_XA_FORM2;
	return cd_type_matches(type, *form);
}

/* Which forms may be among the sectors: those that give as many bytes as the first sector. */
static void allow_forms(struct mmc_sectors *s, uint8_t type, uint8_t main, uint16_t bytes)
{
	s->forms = 0;
	for (uint8_t form = CD_AUDIO; form < CD_XA; form++)
		if (cd_type_matches(type, form) && cd_layout(form, main, &s->cut[form]) &&
			s->cut[form].length == bytes)
			s->forms |= (uint8_t)(1u << form);
}

mmc_sense_t sectors_start(
	struct mmc_drive *d, const struct mmc_selection *want, int64_t lba, uint32_t count)
{
	struct mmc_command *c = &d->cmd;
	struct mmc_sectors *s = &d->sectors;
	const struct cd_map *map = disc_cd_map(c->disc);
	int sub = cd_sub_length(want->sub);
	struct cd_cut cut;
	int64_t bad;
	uint8_t form;

	if (want->type > TYPE_LAST || want->error >= ARRAY_LEN(error_bytes) || sub < 0)
		return mmc_bad_cdb();
	if (disc_may_read_sectors(c->disc, lba, count, &bad) != DISC_OK)
		return mmc_fail_at(d, SENSE_LBA_OUT_OF_RANGE, bad);
	if (!expected_form(map->track[cd_find_track(map, (int32_t)lba)].form, want->type, &form))
		return mmc_fail_at(d, SENSE_ILLEGAL_MODE, lba);
	if (!cd_layout(form, want->main, &cut))
		return mmc_bad_cdb();
	allow_forms(s, want->type, want->main, cut.length);
	s->main = cut.length;
	s->error = error_bytes[want->error];
	s->sub = (uint8_t)sub;
	s->sub_selection = want->sub;
	c->sectors = true;
	c->unit = (uint32_t)(s->main + s->error + s->sub);
	if ((uint64_t)count * c->unit > UINT32_MAX)
		return mmc_bad_cdb();
	c->stream = STREAM_READ;
	c->first = c->lba = lba;
	c->xfer = (struct mmc_xfer){MMC_DIR_IN, count * c->unit};
	if (c->xfer.len == 0)
		c->xfer.dir = MMC_DIR_NONE;
	d->position = count ? lba + count - 1 : lba;
	return SENSE_NONE;
}

mmc_sense_t sectors_start_blocks(struct mmc_drive *d, int64_t lba, uint32_t count)
{
	const struct mmc_selection blocks = {.main = CD_USER_DATA};
	mmc_sense_t s = SENSE_LBA_OUT_OF_RANGE;

	/* The addresses of READ(10) have no sign. */
	if (lba >= 0)
		s = sectors_start(d, &blocks, lba, count);
	if (s == SENSE_NONE && d->cmd.unit != MEDIA_BLOCK)
		s = SENSE_ILLEGAL_MODE;
	return s ? mmc_fail_at(d, s, lba) : SENSE_NONE;
}

/* ---- the data -------------------------------------------------------------------------------- */

/* Returns the byte of a whole sector of that form at which its stored part begins. */
static uint32_t stored_from(uint32_t unit, uint8_t form)
{
	switch (unit) {
	case 2048:
		return form == CD_MODE1 ? 16 : 24;
	case 2336:
		return 16;
	}
	return 0;
}

/* True if the units of the command are what is stored, one after another: they need no copy. */
static bool is_stored(const struct mmc_sectors *s, const struct disc_sectors *v)
{
	uint8_t form = v->form == CD_XA ? CD_XA_FORM1 : v->form;
	const struct cd_cut *cut = &s->cut[form];
	const unsigned both = 1u << CD_XA_FORM1 | 1u << CD_XA_FORM2;

	/* Sectors of XA say one by one which form they have, unless all of them give the same. */
	if (v->form == CD_XA &&
		((s->forms & both) != both || s->cut[CD_XA_FORM2].offset != cut->offset))
		return false;
	if (!v->data || v->swapped || s->error || s->sub || s->main != v->unit)
		return false;
	return cut->offset == stored_from(v->unit, form);
}

/* sub: what is stored of its subchannel, has_q: with P and Q; NULL. */
static void put_unit(struct mmc_drive *d, const struct cd_sector *sector, const uint8_t *sub,
	bool has_q, uint8_t *out)
{
	const struct mmc_sectors *s = &d->sectors;

	cd_sector_cut(sector, s->cut[sector->form], out);
	out += s->main;
	memset(out, 0, s->error); /* no byte was read wrongly */
	out += s->error;
	if (s->sub && !(has_q && cd_sub_stored(sub, s->sub_selection, out)))
		cd_sub(disc_cd_map(d->cmd.disc), sector->lba, s->sub_selection, sub, out);
}

/* Makes units of the sectors of a view. Returns their number: up to one that may not be read. */
static uint32_t put_units(struct mmc_drive *d, const struct disc_sectors *v, uint8_t *out)
{
	const struct mmc_command *c = &d->cmd;
	const struct mmc_sectors *s = &d->sectors;
	struct cd_sector sector = {.lba = (int32_t)c->lba,
		.form = v->form,
		.stored = v->data,
		.unit = (uint16_t)v->unit,
		.swapped = v->swapped};
	const uint8_t *sub = v->sub;
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		if (v->form == CD_XA)
			sector.form = cd_sector_form(CD_XA, sector.stored, sector.unit);
		if (!(s->forms & 1u << sector.form))
			break;
		put_unit(d, &sector, sub, v->has_q, out);
		out += c->unit;
		sector.lba++;
		if (sub)
			sub += v->sub_unit;
		if (sector.stored)
			sector.stored += v->unit;
	}
	return i;
}

int sectors_view(struct mmc_drive *d, uint32_t *n, uint8_t *stage, const uint8_t **data)
{
	const struct mmc_command *c = &d->cmd;
	struct disc_sectors v;
	int r = d->sectors.sub ? disc_view_sectors_sub(c->disc, c->lba, *n, &v)
			       : disc_view_sectors(c->disc, c->lba, *n, &v);

	if (r != DISC_OK)
		return r;
	if (v.form != CD_XA && !(d->sectors.forms & 1u << v.form))
		return DISC_WRONG_MODE;
	if (is_stored(&d->sectors, &v)) {
		*data = v.data;
		*n = v.count;
		return DISC_OK;
	}
	*data = stage;
	*n = put_units(d, &v, stage);
	return *n ? DISC_OK : DISC_WRONG_MODE;
}
