// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/text.h"

#include "cd/subq.h"
#include "util/be.h"

bool cd_text_is_intact(const uint8_t pack[CD_TEXT_PACK])
{
	return get_be16(pack + CD_TEXT_PACK - 2) == cd_crc16(pack, CD_TEXT_PACK - 2);
}

void cd_text_seal(uint8_t pack[CD_TEXT_PACK])
{
	put_be16(pack + CD_TEXT_PACK - 2, cd_crc16(pack, CD_TEXT_PACK - 2));
}

/* 24 groups of 3 bytes, or 4 symbols. */
void cd_text_to_lead_in(const uint8_t packs[CD_TEXT_OF_SECTOR], uint8_t symbols[96])
{
	for (unsigned i = 0; i < 24; i++) {
		uint32_t group = get_be24(packs + 3 * i);

		for (unsigned k = 0; k < 4; k++)
			symbols[4 * i + k] = group >> (18 - 6 * k) & 0x3f;
	}
}

void cd_text_from_lead_in(const uint8_t symbols[96], uint8_t packs[CD_TEXT_OF_SECTOR])
{
	for (unsigned i = 0; i < 24; i++) {
		uint32_t group = 0;

		for (unsigned k = 0; k < 4; k++)
			group = group << 6 | (symbols[4 * i + k] & 0x3f);
		put_be24(packs + 3 * i, group);
	}
}
