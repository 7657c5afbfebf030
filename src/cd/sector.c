// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/sector.h"

#include <string.h>

#include "cd/address.h"
#include "cd/parity.h"
#include "util/array.h"
#include "util/be.h"

/* Offsets in a sector. */
#define HEADER       12u
#define MODE1_DATA   16u
#define MODE1_EDC    2064u
#define MODE2_DATA   16u /* the subheader of an XA sector is there */
#define XA_DATA      24u
#define XA_EDC       2072u /* of form 1 */
#define XA_FORM2_BIT 0x20u

#define REFUSED  0xffff /* as a length */
#define FORMS    4u
#define ANY_PART (CD_SYNC | CD_SUBHEADER | CD_HEADER | CD_USER_DATA)

/*
 * MMC-6 6.20. A row for each selection, bits 7 to 3; a column for mode 1, mode 2 formless, form 1,
 * form 2.
 */
static const struct cd_cut layout[32][FORMS] = {
	/* 00 */ {{0, 0}, {0, 0}, {0, 0}, {0, 0}},
	/* 08 */ {{2064, 288}, {0, 0}, {2072, 280}, {0, 0}},
	/* 10 */ {{16, 2048}, {16, 2336}, {24, 2048}, {24, 2328}},
	/* 18 */ {{16, 2336}, {16, 2336}, {24, 2328}, {24, 2328}},
	/* 20 */ {{12, 4}, {12, 4}, {12, 4}, {12, 4}},
	/* 28 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* 30 */ {{12, 2052}, {12, 2340}, {0, REFUSED}, {0, REFUSED}},
	/* 38 */ {{12, 2340}, {12, 2340}, {0, REFUSED}, {0, REFUSED}},
	/* 40 */ {{0, 0}, {0, 0}, {16, 8}, {16, 8}},
	/* 48 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* 50 */ {{16, 2048}, {16, 2336}, {16, 2056}, {16, 2336}},
	/* 58 */ {{16, 2336}, {16, 2336}, {16, 2336}, {16, 2336}},
	/* 60 */ {{12, 4}, {12, 4}, {12, 12}, {12, 12}},
	/* 68 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* 70 */ {{12, 2052}, {12, 2340}, {12, 2060}, {12, 2340}},
	/* 78 */ {{12, 2340}, {12, 2340}, {12, 2340}, {12, 2340}},
	/* 80 */ {{0, 12}, {0, 12}, {0, 12}, {0, 12}},
	/* 88 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* 90 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* 98 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* A0 */ {{0, 16}, {0, 16}, {0, 16}, {0, 16}},
	/* A8 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* B0 */ {{0, 2064}, {0, 2352}, {0, REFUSED}, {0, REFUSED}},
	/* B8 */ {{0, 2352}, {0, 2352}, {0, REFUSED}, {0, REFUSED}},
	/* C0 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* C8 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* D0 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* D8 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* E0 */ {{0, 16}, {0, 16}, {0, 24}, {0, 24}},
	/* E8 */ {{0, REFUSED}, {0, REFUSED}, {0, REFUSED}, {0, REFUSED}},
	/* F0 */ {{0, 2064}, {0, 2352}, {0, 2072}, {0, 2352}},
	/* F8 */ {{0, 2352}, {0, 2352}, {0, 2352}, {0, 2352}},
};

bool cd_layout(uint8_t form, uint8_t selection, struct cd_cut *cut)
{
	/* CD-DA is user data as a whole, whichever part is asked for. It has no EDC. */
	if (form == CD_AUDIO) {
		*cut = (struct cd_cut){0, selection & ANY_PART ? CD_SECTOR : 0};
		return true;
	}
	*cut = layout[selection >> 3][(form - CD_MODE1) % FORMS];
	return cut->length != REFUSED;
}

bool cd_type_matches(uint8_t type, uint8_t form)
{
	static const uint8_t forms[] = {CD_AUDIO, CD_MODE1, CD_MODE2, CD_XA_FORM1, CD_XA_FORM2};

	return type == 0 || (type <= ARRAY_LEN(forms) && forms[type - 1] == form);
}

uint8_t cd_sector_form(uint8_t track_form, const uint8_t *stored, uint16_t unit)
{
	if (track_form != CD_XA)
		return track_form;
	if (!stored)
		return CD_XA_FORM1;
	return stored[(unit == 2336 ? 0 : MODE2_DATA) + 2] & XA_FORM2_BIT ? CD_XA_FORM2
									  : CD_XA_FORM1;
}

static void put_header(uint8_t *sector, int32_t lba, uint8_t mode)
{
	struct cd_msf at = cd_msf(lba);

	sector[HEADER] = cd_bcd(at.minute);
	sector[HEADER + 1] = cd_bcd(at.second);
	sector[HEADER + 2] = cd_bcd(at.frame);
	sector[HEADER + 3] = mode;
}

static void put_sync(uint8_t *sector)
{
	memset(sector, 0xff, HEADER);
	sector[0] = sector[11] = 0;
}

/* EDC and ECC of a sector that has everything else. */
static void finish(const struct cd_sector *s, uint32_t *sector)
{
	uint8_t *bytes = (uint8_t *)sector;

	if (s->form == CD_MODE1) {
		put_le32(bytes + MODE1_EDC, cd_edc(sector, 0, MODE1_EDC));
		memset(bytes + MODE1_EDC + 4, 0, 8);
		cd_ecc(sector);
	} else if (s->form == CD_XA_FORM1) {
		put_le32(bytes + XA_EDC, cd_edc(sector, MODE2_DATA, XA_EDC));
		memset(bytes + HEADER, 0, 4);
		cd_ecc(sector);
		put_header(bytes, s->lba, 2);
	}
}

void cd_sector_seal(uint32_t *sector, int32_t lba, uint8_t form)
{
	const struct cd_sector s = {.lba = lba, .form = form};
	uint8_t *bytes = (uint8_t *)sector;

	put_sync(bytes);
	put_header(bytes, lba, form == CD_MODE1 ? 1 : 2);
	finish(&s, sector);
}

/* Returns the part of a sector that is stored: its first byte and its length. */
static struct cd_cut stored_part(const struct cd_sector *s)
{
	uint16_t data = s->form == CD_XA_FORM1 ? XA_DATA : MODE1_DATA;

	if (!s->stored)
		return (struct cd_cut){CD_SECTOR, 0};
	if (s->unit == 2048)
		return (struct cd_cut){data, 2048};
	if (s->unit == 2336)
		return (struct cd_cut){MODE2_DATA, 2336};
	return (struct cd_cut){0, CD_SECTOR};
}

static void make(const struct cd_sector *s, struct cd_cut cut, struct cd_cut have, uint8_t *out)
{
	uint32_t sector[CD_SECTOR_WORDS];
	uint8_t *bytes = (uint8_t *)sector;
	unsigned edc = s->form == CD_MODE1      ? MODE1_EDC
		       : s->form == CD_XA_FORM1 ? XA_EDC
						: CD_SECTOR;

	put_sync(bytes);
	put_header(bytes, s->lba, s->form == CD_MODE1 ? 1 : 2);
	if (have.length == 0)
		memset(bytes + MODE1_DATA, 0, CD_SECTOR - MODE1_DATA);
	if (s->form >= CD_XA_FORM1 && have.offset > MODE2_DATA) {
		memset(bytes + MODE2_DATA, 0, 8);
		bytes[MODE2_DATA + 2] = bytes[MODE2_DATA + 6] =
			s->form == CD_XA_FORM1 ? 0x08 : XA_FORM2_BIT;
	}
	if (have.length)
		memcpy(bytes + have.offset, s->stored, have.length);
	if (have.length != 2336 && cut.offset + cut.length > edc)
		finish(s, sector);
	memcpy(out, bytes + cut.offset, cut.length);
}

/* Two samples of 16 bits at a time. bytes is a multiple of 4. */
static void swap_samples(const uint8_t *from, uint8_t *to, unsigned bytes)
{
	uint32_t two;

	for (unsigned i = 0; i < bytes; i += 4) {
		memcpy(&two, from + i, sizeof(two));
		two = (two & 0x00ff00ff) << 8 | (two >> 8 & 0x00ff00ff);
		memcpy(to + i, &two, sizeof(two));
	}
}

static void put_audio(const struct cd_sector *s, struct cd_cut cut, uint8_t *out)
{
	if (!s->stored) {
		memset(out, 0, cut.length);
	} else if (!s->swapped) {
		memcpy(out, s->stored + cut.offset, cut.length);
	} else {
		swap_samples(s->stored + cut.offset, out, cut.length);
	}
}

void cd_sector_cut(const struct cd_sector *s, struct cd_cut cut, uint8_t *out)
{
	struct cd_cut have = stored_part(s);

	if (s->form == CD_AUDIO)
		put_audio(s, cut, out);
	else if (have.length && cut.offset >= have.offset &&
		 cut.offset + cut.length <= have.offset + have.length)
		memcpy(out, s->stored + (cut.offset - have.offset), cut.length);
	else
		make(s, cut, have, out);
}

void cd_scramble(uint8_t sector[CD_SECTOR])
{
	uint16_t shift = 1;

	for (unsigned i = HEADER; i < CD_SECTOR; i++) {
		sector[i] ^= (uint8_t)shift;
		for (unsigned bit = 0; bit < 8; bit++)
			shift = (uint16_t)(shift >> 1 | ((shift ^ shift >> 1) & 1) << 14);
	}
}
