// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/block.h"

#include <stddef.h>
#include <string.h>

#include "cd/parity.h"
#include "cd/sector.h"
#include "util/array.h"

/* Offsets in a sector. */
#define DATA    16u /* user data of mode 1; of mode 2: with the subheader */
#define XA_DATA 24u
#define SUBMODE 18u

/* Bits of the submode byte ("CD-ROM XA"). */
#define SUBMODE_DATA  0x08u
#define SUBMODE_FORM2 0x20u

struct data_form {
	uint8_t data_form;
	struct cd_block block;
};

/* MMC-6 table 617. In 2352 bytes of a data sector are sync and header, too, which are ignored. */
static const struct data_form data_forms[] = {
	{0x00, {CD_AUDIO, 2352, 0, 2352, 0}},
	{0x01, {CD_AUDIO, 0, 0, 0, 0}},
	{0x10, {CD_MODE1, 2048, 0, 2048, DATA}},
	{0x11, {CD_MODE1, 2352, DATA, 2048, DATA}},
	{0x12, {CD_MODE1, 2048, 0, 0, DATA}},
	{0x13, {CD_MODE1, 2352, 0, 0, DATA}},
	{0x14, {CD_MODE1, 0, 0, 0, DATA}},
	{0x20, {CD_XA, 2336, 0, 2336, DATA}},
	{0x21, {CD_XA, 2352, DATA, 2336, DATA}},
	{0x22, {CD_XA, 2336, 0, 0, DATA}},
	{0x23, {CD_XA, 2352, 0, 0, DATA}},
	{0x24, {CD_XA, 0, 0, 0, DATA}},
	{0x30, {CD_MODE2, 2336, 0, 2336, DATA}},
	{0x31, {CD_MODE2, 2352, DATA, 2336, DATA}},
	{0x32, {CD_MODE2, 2336, 0, 0, DATA}},
	{0x33, {CD_MODE2, 2352, 0, 0, DATA}},
	{0x34, {CD_MODE2, 0, 0, 0, DATA}},
};

/* Data block types 0 and 8 to 13 (MMC-6 table 654). */
static const struct cd_block blocks[] = {
	{CD_AUDIO, 2352, 0, 2352, 0},
	{CD_MODE1, 2048, 0, 2048, DATA},
	{CD_MODE2, 2336, 0, 2336, DATA},
	{CD_XA_FORM1, 2048, 0, 2048, XA_DATA},
	{CD_XA_FORM1, 2056, 0, 2056, DATA},
	{CD_XA_FORM2, 2324, 0, 2324, XA_DATA},
	{CD_XA, 2332, 0, 2332, DATA},
};

const struct cd_block *cd_block_of_data_form(uint8_t data_form)
{
	for (size_t i = 0; i < ARRAY_LEN(data_forms); i++)
		if (data_forms[i].data_form == data_form)
			return &data_forms[i].block;
	return NULL;
}

const struct cd_block *cd_block_of(uint8_t form, uint16_t unit)
{
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		if (blocks[i].form == form && blocks[i].unit == unit)
			return &blocks[i];
	return NULL;
}

void cd_block_to_sector(
	const struct cd_block *b, int32_t lba, const uint8_t *block, uint8_t sector[CD_SECTOR])
{
	uint32_t words[CD_SECTOR_WORDS];
	uint8_t *bytes = (uint8_t *)words, form = b->form;

	if (form == CD_AUDIO) {
		memcpy(sector, block, CD_SECTOR);
		return;
	}
	memset(bytes, 0, CD_SECTOR);
	if (b->to == XA_DATA || b->length == 0)
		bytes[SUBMODE] = bytes[SUBMODE + 4] =
			form == CD_XA_FORM2 ? SUBMODE_FORM2 : SUBMODE_DATA;
	if (form == CD_MODE1 || form == CD_MODE2)
		bytes[SUBMODE] = bytes[SUBMODE + 4] = 0;
	memcpy(bytes + b->to, block + b->from, b->length);
	if (form == CD_XA)
		form = bytes[SUBMODE] & SUBMODE_FORM2 ? CD_XA_FORM2 : CD_XA_FORM1;
	cd_sector_seal(words, lba, form);
	memcpy(sector, bytes, CD_SECTOR);
}
