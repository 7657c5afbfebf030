/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block that a host sends for a sector: which bytes of the sector it has. The drive makes the
 * others (MMC-6 7.5.4 "data block type", MMC-3 SEND CUE SHEET "data form").
 */
#ifndef CD_BLOCK_H
#define CD_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

struct cd_block {
	uint8_t form;    /* enum cd_form of the track */
	uint16_t unit;   /* bytes from the host; 0: it sends nothing */
	uint16_t from;   /* the first of them that counts ... */
	uint16_t length; /* ... and how many; 0: they are ignored, the user data are zeros */
	uint16_t to;     /* where these bytes stand in the sector */
};

/*
 * The block of a data form of a cue sheet. NULL: the form is reserved, or asks for a subchannel as
 * well (bits 6 and 7).
 */
const struct cd_block *cd_block_of_data_form(uint8_t data_form);
/* The block of that many bytes for a track of that form. NULL: there is none. */
const struct cd_block *cd_block_of(uint8_t form, uint16_t unit);

/*
 * Makes the sector: bytes of the block, and what the drive adds (sync, header, subheader, EDC,
 * ECC). A sector of CD-DA is the block itself. No alignment is needed.
 */
void cd_block_to_sector(
	const struct cd_block *b, int32_t lba, const uint8_t *block, uint8_t sector[CD_SECTOR]);

#endif
