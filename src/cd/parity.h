/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EDC and ECC of a data sector (ECMA-130 14.3, 14.5, annex A). Used by sector.c. */
#ifndef CD_PARITY_H
#define CD_PARITY_H

#include <stdint.h>

#define CD_SECTOR_WORDS 588u /* 2352 / 4 */

/*
 * The EDC of bytes from to end - 1 of a sector, which are multiples of 4 and 124 to 2064 bytes
 * apart. To be stored little-endian after them.
 */
uint32_t cd_edc(const uint32_t *sector, unsigned from, unsigned end);

/*
 * Computes the P and Q parity, bytes 2076 to 2351, of bytes 12 to 2075. Of mode 2 form 1 the caller
 * has set the header to 0. The words of the sector are its bytes in order, whatever the byte order
 * of the machine is.
 */
void cd_ecc(uint32_t sector[CD_SECTOR_WORDS]);

#endif
