/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a sector: which parts READ CD asks for, where they are, and how the parts are made
 * that a file does not hold (sync, header, subheader, EDC, ECC).
 */
#ifndef CD_SECTOR_H
#define CD_SECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

/* Main channel selection: byte 9 of READ CD and READ CD MSF (MMC-6 6.20). */
#define CD_SYNC      0x80u
#define CD_SUBHEADER 0x40u
#define CD_HEADER    0x20u
#define CD_USER_DATA 0x10u
#define CD_EDC_ECC   0x08u

/* A piece of a sector: length bytes from byte offset of the 2352 on. */
struct cd_cut {
	uint16_t offset;
	uint16_t length;
};

/*
 * The piece that the selection takes of a sector of that form (MMC-6 6.20, "number of bytes
 * returned based on data selection field"); bits 2 to 0 of the selection are ignored. False if it
 * cannot be taken in one piece, or the selection is one that MMC forbids: 5/24/00. A length of 0 is
 * no error. Of CD-DA any of the upper four bits takes the whole sector. The form is that of a
 * sector, so never CD_XA.
 */
bool cd_layout(uint8_t form, uint8_t selection, struct cd_cut *cut);

/*
 * True if a sector of that form has the expected sector type of READ CD, bits 4 to 2 of byte 1:
 * 0 any, 1 CD-DA, 2 mode 1, 3 mode 2 formless, 4 mode 2 form 1, 5 mode 2 form 2. If not: 5/64/00.
 * Always false for the reserved types 6 and 7, which the command refuses with 5/24/00.
 */
bool cd_type_matches(uint8_t type, uint8_t form);

/* A sector and what of it is stored. */
struct cd_sector {
	int32_t lba;  /* -150 to CD_LBA_END */
	uint8_t form; /* cd_sector_form() */
	/*
	 * unit bytes from the file: 2352 is a whole sector, 2448 a whole one with 96 bytes of
	 * subchannel after it, 2336 one of mode 2 from byte 16 on, 2048 the user data of mode 1
	 * or mode 2 form 1. No alignment is needed. NULL: the user data are zeros.
	 */
	const uint8_t *stored;
	uint16_t unit;
	bool swapped; /* of CD-DA: the samples are stored big-endian */
};

/*
 * The form of a sector of a track of that form: what its subheader says (ECMA-130 and "CD-ROM XA",
 * submode bit 5) for CD_XA, else that of the track. stored and unit as in struct cd_sector.
 */
uint8_t cd_sector_form(uint8_t track_form, const uint8_t *stored, uint16_t unit);

/*
 * Writes cut.length bytes to out. cut is from cd_layout() with the form of the sector. What is
 * stored is copied as it is, with its errors; only what is not stored is made: sync, header,
 * subheader (00 00 08 00 twice; form 2: 00 00 20 00), EDC, P and Q parity (ECMA-130 14, annex A).
 * EDC and parity are computed only if the cut reaches into them. CD-DA is little-endian
 * (MMC-6 4.2.3.8).
 */
void cd_sector_cut(const struct cd_sector *s, struct cd_cut cut, uint8_t *out);

/*
 * Completes a sector of a data track: writes sync and header, and for mode 1 and form 1 also EDC
 * and ECC. The sector holds its user data already, and in forms 1 and 2 its subheader. The EDC of
 * form 2 is optional: it stays as it is. sector: 588 words. The form is that of a sector, so never
 * CD_XA.
 */
void cd_sector_seal(uint32_t *sector, int32_t lba, uint8_t form);

/*
 * Scrambles bytes 12 to 2351 of a sector as it is recorded, or takes the scrambling away (ECMA-130
 * annex B).
 */
void cd_scramble(uint8_t sector[CD_SECTOR]);

#endif
