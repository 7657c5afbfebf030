/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packs of CD-Text (Red Book, "CD TEXT"; MMC-3 annex J). */
#ifndef CD_TEXT_H
#define CD_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

#define CD_TEXT_OF_SECTOR 72u /* bytes of 4 packs: subchannels R to W of a sector hold them */

/* True if the CRC of the pack is right. */
bool cd_text_is_intact(const uint8_t pack[CD_TEXT_PACK]);
/* Writes the CRC of a pack of which the first 16 bytes are complete. */
void cd_text_seal(uint8_t pack[CD_TEXT_PACK]);

/*
 * 4 packs, one after another, as subchannels R to W of a sector of the lead-in: a byte for each
 * symbol of 6 bits. And back from what a host writes there. Bits 7 and 6 (P and Q) of a symbol are
 * 0, and are ignored on the way back.
 */
void cd_text_to_lead_in(const uint8_t packs[CD_TEXT_OF_SECTOR], uint8_t symbols[96]);
void cd_text_from_lead_in(const uint8_t symbols[96], uint8_t packs[CD_TEXT_OF_SECTOR]);

#endif
