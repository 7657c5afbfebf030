/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subchannels: P and Q made for an address, as READ CD returns them with the main channel
 * (MMC-6 6.20) and as READ SUB-CHANNEL returns them (MMC-3). The map is one that
 * cd_map_check() accepts.
 */
#ifndef CD_SUBQ_H
#define CD_SUBQ_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

#define CD_Q        12u /* bytes of subchannel Q of a sector, CRC included */
#define CD_Q_PADDED 16u /* with its P bit, as READ CD returns it */
#define CD_RAW_PW   96u /* P to W of a sector, a byte for each symbol: P is bit 7, W bit 0 */
#define CD_SUB_NONE 0u
#define CD_SUB_PW   1u
#define CD_SUB_Q    2u
#define CD_SUB_RW   4u

/* The CRC of subchannel Q and of CD-Text: x^16 + x^12 + x^5 + 1, stored inverted, high byte first.
 */
uint16_t cd_crc16(const uint8_t *bytes, unsigned n);

/*
 * Subchannel Q of a sector with its CRC (ECMA-130 22.3): BCD. Position (ADR 1), and once in 100
 * sectors the media catalogue number (ADR 2) and the ISRC of the track (ADR 3), if there are any.
 * False, and zeros, where cd_find_position() finds nothing.
 */
bool cd_q(const struct cd_map *m, int32_t lba, uint8_t q[CD_Q]);

/*
 * Bytes that subchannel selection adds to each sector, bits 2 to 0 of byte 10 of READ CD: 0, 96, 16
 * or 96 for the four names above; -1 for a reserved one, 5/24/00.
 */
int cd_sub_length(uint8_t selection);

/*
 * Writes these bytes for one sector. stored: its 96 bytes of raw subchannel from the file, of which
 * R to W are taken; NULL: R to W are zeros. P and Q are always made.
 */
void cd_sub(const struct cd_map *m, int32_t lba, uint8_t selection, const uint8_t *stored,
	uint8_t *out);
/*
 * Writes these bytes as they are stored, with their errors: stored has P and Q as well. False, and
 * nothing is written, if its Q is all zeros, which no disc has: the program that made the file has
 * not read it.
 */
bool cd_sub_stored(const uint8_t stored[CD_RAW_PW], uint8_t selection, uint8_t *out);
/* Turns 12 bytes of P, 12 of Q, ... 12 of W into a byte for each symbol, in place. */
void cd_sub_weave(uint8_t sub[CD_RAW_PW]);

/* Formats of READ SUB-CHANNEL, byte 3 of the CDB. */
#define CD_SUB_POSITION 1u
#define CD_SUB_MCN      2u
#define CD_SUB_ISRC     3u
#define CD_SUB_MAX      20u /* bytes of the longest */

/*
 * The sub-channel data block of READ SUB-CHANNEL, binary, without the header of 4 bytes. lba: the
 * current position, of which only CD_SUB_POSITION tells; msf: addresses are MSF, not LBA. track: a
 * track's number for CD_SUB_ISRC. Returns its length, 12 or 20; 0 for another format, for a
 * track that does not exist, or where there is no position: 5/24/00. A track without ISRC and a
 * disc without number have an answer that says so.
 */
unsigned cd_sub_channel(const struct cd_map *m, uint8_t format, uint8_t track, int32_t lba,
	bool msf, uint8_t out[CD_SUB_MAX]);

#endif
