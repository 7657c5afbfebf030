// SPDX-License-Identifier: GPL-2.0-or-later
/* READ FORMAT CAPACITIES, FORMAT UNIT and BLANK. What a medium can be formatted to is its row's
 * list. */
#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

/* ---- READ FORMAT CAPACITIES ----------------------------------------------------------------- */

/* Writes the formattable capacity descriptors: what FORMAT UNIT may ask for. Returns their end. */
static uint8_t *put_format_offers(const struct disc *disc, uint8_t *p)
{
	const struct disc_format_offer *offer = disc->medium->format;
	uint32_t blocks;

	for (size_t i = 0; i < DISC_FORMAT_OFFERS && offer[i].blocks; i++) {
		if (!(offer[i].formats & 1u << disc->format) ||
			(offer[i].flags & DISC_FORMAT_UNLISTED))
			continue;
		blocks = MIN(offer[i].blocks, disc_format_capacity(disc));
		if (offer[i].flags & DISC_FORMAT_GROWS)
			blocks -= MIN(blocks, disc_readable_blocks(disc));
		if (blocks == 0)
			continue;
		put_be32(p, blocks);
		p[4] = (uint8_t)(offer[i].type << 2);
		put_be24(p + 5, offer[i].parameter);
		p += 8;
	}
	return p;
}

mmc_sense_t cmd_read_format_capacities(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { UNFORMATTED = 1, FORMATTED = 2, NO_MEDIUM = 3, UNKNOWN = 3 };
	const struct disc *disc = d->cmd.disc;
	uint32_t blocks = disc ? disc_readable_blocks(disc) : disc_medium_largest();
	uint8_t type = disc ? FORMATTED : NO_MEDIUM;
	uint8_t *p = mmc_reply(d, 12 + 8 * DISC_FORMAT_OFFERS), *end = p + 12;

	(void)cdb;
	if (disc && disc->format == DISC_INTERMEDIATE) {
		type = UNKNOWN;
		blocks = disc_format_capacity(disc);
	} else if (disc && blocks == 0) {
		type = disc->format == DISC_UNFORMATTED ? UNFORMATTED : FORMATTED;
		blocks = disc_format_capacity(disc);
	}
	put_be32(p + 4, blocks);
	p[8] = type;
	put_be24(p + 9, MEDIA_BLOCK);
	if (disc && disc_is_formattable(disc))
		end = put_format_offers(disc, end);
	p[3] = (uint8_t)(end - p - 4);
	d->cmd.reply_len = (uint32_t)(end - p);
	return SENSE_NONE;
}

/* ---- FORMAT UNIT ---------------------------------------------------------------------------- */

enum {
	/* Byte 1 of the CDB. CmpLst and the rest of the byte have no meaning for these media. */
	FORMAT_DATA = 0x10,
	FORMAT_CODE = 0x07,
	/* Byte 1 of the parameter list */
	LIST_IP = 0x08,
	LIST_TRY_OUT = 0x04,
	LIST_HEADER = 4,
	LIST_DESCRIPTOR = 8
};

/* The parameter list: a header and one format descriptor (MMC-6 6.4.3). */
mmc_sense_t cmd_format_unit(struct mmc_drive *d, const uint8_t *cdb)
{
	if (!(cdb[1] & FORMAT_DATA) || (cdb[1] & FORMAT_CODE) != 1)
		return mmc_bad_cdb();
	d->cmd.xfer = (struct mmc_xfer){MMC_DIR_OUT, LIST_HEADER + LIST_DESCRIPTOR};
	return SENSE_NONE;
}

/*
 * Returns the sense for a result of formatting or blanking. Once the disc has begun to cut the
 * image, its old data is gone, and it may be of another kind, although the command has not ended:
 * it can still fail, or a reset ends it. So the host is told at once; to be told again at the end
 * of the same command makes no difference.
 */
static mmc_sense_t formatted(struct mmc_drive *d, struct disc *disc, int result)
{
	if (result == DISC_OK || (result < 0 && disc->intent != DISC_INTENT_NONE))
		mmc_disc_formatted(d, disc);
	return sense_from_disc(result, true);
}

/*
 * With IMMED, too, the status comes when all is done: nothing is in progress then, and hosts that
 * wait for the end by TEST UNIT READY see it at once. FOV, DPRY, DCRT, STPF and VS choose between
 * ways of formatting that have the same result here.
 */
mmc_sense_t cmd_format_unit_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	const uint8_t *p = d->param;
	struct disc *disc = d->cmd.disc;
	const struct disc_format_request r = {
		.type = p[LIST_HEADER + 4] >> 2,
		.sub_type = p[LIST_HEADER + 4] & 3,
		.blocks = get_be32(p + LIST_HEADER),
		.parameter = get_be24(p + LIST_HEADER + 5),
	};

	(void)cdb;
	/* An initialization pattern would be a third part of the list. */
	if (get_be16(p + 2) != LIST_DESCRIPTOR || (p[1] & LIST_IP))
		return SENSE_INVALID_PARAMETER;
	if (p[1] & LIST_TRY_OUT)
		return sense_from_disc(disc_may_format(disc, &r), true);
	return formatted(d, disc, disc_format(disc, &r));
}

/* ---- BLANK ---------------------------------------------------------------------------------- */

/*
 * ATA PASS-THROUGH(12) (SAT-3 12.2.2) has the same operation code. smartctl, hdparm and udev send
 * it to every drive, and it must erase nothing. Its protocol is where BLANK has the type of
 * blanking and a reserved bit; its device, command and features are where BLANK has an address or
 * reserved bytes. So every byte that a BLANK of the whole disc does not use must be 0, and no data
 * may be expected: of all protocols this leaves a hard reset and a diagnostic, without a command in
 * the CDB.
 */
mmc_sense_t cmd_blank(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { IMMEDIATE = 0x10, MINIMAL = 0x01 };

	if (d->cmd.data_announced || (cdb[1] & ~(IMMEDIATE | MINIMAL)))
		return mmc_bad_cdb();
	for (size_t i = 2; i < 12; i++)
		if (cdb[i])
			return mmc_bad_cdb();
	return d->cmd.disc->medium->has_blank ? SENSE_NONE : SENSE_CANNOT_FORMAT_MEDIUM;
}

/* Minimal or not, the data is gone; with IMMED, too, the status comes when all is done. */
mmc_sense_t cmd_blank_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct disc *disc = d->cmd.disc;

	(void)cdb;
	return formatted(d, disc, disc_blank(disc));
}
