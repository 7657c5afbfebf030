// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands of every SCSI device: INQUIRY, REQUEST SENSE, REPORT LUNS, MODE SELECT. */
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

/* Start handler of commands that have no data and no field to check. */
mmc_sense_t cmd_none(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)d;
	(void)cdb;
	return SENSE_NONE;
}

/*
 * The sense of the last command; without one, a pending unit attention, which is reported so
 * (SPC-4 6.39). GRUB sends the command after every other one. The attention of the host's own
 * CLOSE is not taken: programs that burn ask for the progress of a CLOSE so, and the next
 * command that reads reports it. DESC is ignored: MMC drives answer in fixed format (MMC-6 6.30).
 */
mmc_sense_t cmd_request_sense(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { UP_TO_ASCQ = 14 }; /* bytes that the host must have room for, to see which it is */
	uint8_t *p = mmc_reply(d, 18);

	if (!d->sense && cdb[4] >= UP_TO_ASCQ)
		d->sense = mmc_take_attention(d, UA_ALL & ~UA_CLOSED);
	mmc_sense_encode(d->sense, p);
	if (d->sense_has_lba) {
		p[0] |= 0x80; /* VALID: the information field holds the address */
		put_be32(p + 3, d->sense_lba);
	}
	d->sense = SENSE_NONE;
	d->sense_has_lba = false;
	return SENSE_NONE;
}

/* The string, filled up with spaces; SPC-4 4.3.1 allows printable ASCII only. */
static void put_string(uint8_t *out, const char *s, size_t size)
{
	memset(out, ' ', size);
	for (size_t i = 0; i < size && s[i]; i++)
		out[i] = s[i] >= 0x20 && s[i] <= 0x7e ? (uint8_t)s[i] : (uint8_t)'?';
}

mmc_sense_t cmd_inquiry(struct mmc_drive *d, const uint8_t *cdb)
{
	/* No vital product data: at version 0 no host asks for it. */
	if ((cdb[1] & 0x01) || cdb[2])
		return mmc_bad_cdb();
	uint8_t *p = mmc_reply(d, 36);
	p[0] = 0x05; /* CD/DVD device */
	p[1] = 0x80; /* removable */
	p[2] = 0x00; /* version 0, as of ATAPI drives: Linux then sends no VPD INQUIRY, no REPORT
			LUNS */
	p[3] = 0x32; /* response format 2 */
	p[4] = 31;   /* 36 bytes in all: Windows would ask again for more */
	put_string(p + 8, d->config.vendor, 8);
	put_string(p + 16, d->config.product, 16);
	put_string(p + 32, d->config.revision, 4);
	return SENSE_NONE;
}

mmc_sense_t cmd_report_luns(struct mmc_drive *d, const uint8_t *cdb)
{
	/* SELECT REPORT 00h and 02h list LUN 0; 01h, well known LUNs, lists none. */
	if (cdb[2] > 0x02)
		return mmc_bad_cdb();
	uint32_t luns = cdb[2] == 0x01 ? 0 : 1;
	put_be32(mmc_reply(d, 8 + 8 * luns), 8 * luns);
	return SENSE_NONE;
}

mmc_sense_t cmd_mode_select(struct mmc_drive *d, const uint8_t *cdb)
{
	if (cdb[1] & 0x01) /* SP: pages cannot be saved */
		return mmc_bad_cdb();
	return cmd_param(d, cdb);
}

/*
 * Takes the pages after a block descriptor, which may only say 2048 bytes (wodim sends it
 * alone).
 */
static mmc_sense_t select_pages(struct mmc_drive *d, uint32_t header, uint32_t bd_len)
{
	uint32_t len = mmc_param_len(d);

	if (bd_len != 0 && bd_len != 8)
		return SENSE_INVALID_PARAMETER;
	if ((uint64_t)header + bd_len > len)
		return SENSE_LIST_LENGTH;
	if (bd_len && get_be24(d->param + header + 5) != MEDIA_BLOCK)
		return SENSE_INVALID_PARAMETER;
	return modepage_select(d, d->param + header + bd_len, len - header - bd_len);
}

mmc_sense_t cmd_mode_select_6_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)cdb;
	if (mmc_param_len(d) == 0)
		return SENSE_NONE;
	return mmc_param_len(d) < 4 ? SENSE_LIST_LENGTH : select_pages(d, 4, d->param[3]);
}

mmc_sense_t cmd_mode_select_10_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)cdb;
	if (mmc_param_len(d) == 0)
		return SENSE_NONE;
	return mmc_param_len(d) < 8 ? SENSE_LIST_LENGTH
				    : select_pages(d, 8, get_be16(d->param + 6));
}
