/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading sectors of a compact disc: the parts that READ CD selects, or the 2048 bytes of user
 * data that READ(10) gives. stream.c moves them as it moves blocks.
 */
#ifndef MMC_SECTORS_H
#define MMC_SECTORS_H

#include "mmc/mmc.h"

/* What READ CD selects (MMC-6 6.20): fields of its CDB, shifted down to bit 0 except for main. */
struct mmc_selection {
	uint8_t type;  /* expected sector type: byte 1, bits 4 to 2 */
	uint8_t main;  /* bits 7 to 3 of byte 9, where they are */
	uint8_t error; /* bits 2 and 1 of byte 9: 0 none, 1 C2 bits, 2 with block error byte */
	uint8_t sub;   /* bits 2 to 0 of byte 10 */
};

/*
 * Sets up the transfer of these parts of count sectors, if they can be read. Each sector gives as
 * many bytes as the first one: one of a kind that has more or fewer of them ends the command with
 * 5/64/00. In an XA track, the first sector is taken for form 1 unless type asks for form 2. 0 or
 * sense.
 */
mmc_sense_t sectors_start(
	struct mmc_drive *d, const struct mmc_selection *s, int64_t lba, uint32_t count);
/* The same for the user data of data sectors, 2048 bytes each. */
mmc_sense_t sectors_start_blocks(struct mmc_drive *d, int64_t lba, uint32_t count);

/*
 * Views up to *n units of the transfer of the command in flight, as disc_view() does. stage has
 * room for *n of them.
 */
int sectors_view(struct mmc_drive *d, uint32_t *n, uint8_t *stage, const uint8_t **data);

#endif
