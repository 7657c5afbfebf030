// SPDX-License-Identifier: GPL-2.0-or-later
#include "mmc/page_05.h"

#include <string.h>

#include "disc/cd_record.h"
#include "mmc/profile.h"
#include "util/array.h"
#include "util/be.h"

enum {
	TEST_WRITE = 0x10, /* byte 2 */
	LINK_SIZE_VALID = 0x20,
	FIXED_PACKETS = 0x20, /* byte 3 */
	MULTI_SESSION =
		0xc0, /* 00 no other session, 40 the same with B0 FF:FF:FF, C0 one follows */
	VALID = 0x80, /* first byte of MCN and ISRC */
	AT_MCN = 16,
	AT_ISRC = 32
};

/* Which of enum mmc_write_type: 1 << this; 3 is raw, 4 layer jump. */
static uint8_t write_type(const uint8_t *page)
{
	return page[2] & 0x0f;
}

static uint8_t block_type(const uint8_t *page)
{
	return page[4] & 0x0f;
}

uint8_t page_05_track_mode(const uint8_t *page)
{
	return page[3] & 0x0f;
}

bool page_05_test_write(const uint8_t *page)
{
	return page[2] & TEST_WRITE;
}

void page_05_end_test_write(uint8_t *page)
{
	page[2] &= (uint8_t)~TEST_WRITE;
}

bool page_05_at_once(const uint8_t *page)
{
	return 1u << write_type(page) == WRITE_SESSION_AT_ONCE;
}

bool page_05_next_session(const uint8_t *page)
{
	return (page[3] & MULTI_SESSION) == MULTI_SESSION;
}

/* ---- DVD and BD ----------------------------------------------------------------------------- */

static bool any_valid(const struct mmc_profile *profile, const uint8_t *page)
{
	(void)profile;
	(void)page;
	return true;
}

/*
 * The values that a DVD-R or DVD-RW takes: one link size and packet size, blocks of 2048 bytes, and
 * a session that is the last one or not. Track mode 1 is wodim's.
 */
static bool linked_valid(const struct mmc_profile *profile, const uint8_t *page)
{
	bool has_link_size = page[2] & LINK_SIZE_VALID, fixed_packets = page[3] & FIXED_PACKETS;
	uint8_t session = page[3] >> 6, track_mode = page_05_track_mode(page);
	uint32_t packet = get_be32(page + 10);

	return (!has_link_size || page[5] == profile->link_blocks) &&
	       (!fixed_packets || packet == 0 || packet == profile->link_blocks) &&
	       (session == 0 || session == 3) && block_type(page) == 8 &&
	       (track_mode == 1 || track_mode == 4 || track_mode == 5 || track_mode == 7);
}

/* ---- CD ------------------------------------------------------------------------------------- */

/*
 * The data block types (MMC-6 7.5.4) that a CD takes. Those with subchannel, 1 to 3, are
 * refused: wodim and cdrdao then do without.
 */
static const struct block_type {
	uint8_t number, form;
	uint16_t unit;
} block_types[] = {
	{0, CD_AUDIO, 2352},
	{8, CD_MODE1, 2048},
	{9, CD_MODE2, 2336},
	{10, CD_XA_FORM1, 2048},
	{11, CD_XA_FORM1, 2056},
	{12, CD_XA_FORM2, 2324},
	{13, CD_XA, 2332},
};

static const struct block_type *find_block_type(const uint8_t *page)
{
	for (size_t i = 0; i < ARRAY_LEN(block_types); i++)
		if (block_types[i].number == block_type(page))
			return &block_types[i];
	return NULL;
}

static bool is_data(const uint8_t *page)
{
	return page_05_track_mode(page) & 4;
}

/* A text that is not valid is not looked at. */
static bool text_valid(const uint8_t *text, size_t len, bool letters)
{
	if (!(text[0] & VALID))
		return true;
	for (size_t i = 1; i <= len; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		bool letter = text[i] >= 'A' && text[i] <= 'Z';

		if (!digit && !(letters && letter))
			return false;
	}
	return true;
}

/*
 * The cue sheet says of a session-at-once what the blocks are: there the track mode and the data
 * block type have no meaning, but have to be possible ones. cdrdao leaves the track mode as it
 * finds it. Packet size, FP and audio pause have a meaning for other write types or none here: the
 * pause between two tracks is that of the Red Book, 2 s. Track modes 5 and 7, which are for
 * packets, are taken as 4 and 6.
 */
static bool cd_valid(const struct mmc_profile *profile, const uint8_t *page)
{
	const struct block_type *type = find_block_type(page);
	uint8_t format = page[8], session = page[3] >> 6;

	if (!type || page_05_track_mode(page) > 7 || session == 2)
		return false;
	if (!page_05_at_once(page) && is_data(page) != (type->form != CD_AUDIO))
		return false;
	if ((page[2] & LINK_SIZE_VALID) && page[5] != profile->link_blocks)
		return false;
	return (format == 0x00 || format == 0x10 || format == 0x20) &&
	       text_valid(page + AT_MCN, 13, false) && text_valid(page + AT_ISRC, 12, true);
}

static void get_text(const uint8_t *text, size_t len, char *out)
{
	if (text[0] & VALID)
		memcpy(out, text + 1, len);
}

void page_05_cd_write(const uint8_t *page, struct disc_cd_write *out)
{
	const struct block_type *type = find_block_type(page);
	uint8_t mode = page_05_track_mode(page);

	*out = (struct disc_cd_write){
		.at_once = page_05_at_once(page),
		.next_session = page_05_next_session(page),
		.session_format = page[8],
		.control = is_data(page) ? mode & 6 : mode,
		.form = type->form,
		.unit = type->unit,
	};
	/* Sectors of mode 2 on a disc of format XA have subheaders. */
	if (out->form == CD_MODE2 && out->session_format == 0x20)
		out->form = CD_XA;
	get_text(page + AT_MCN, 13, out->mcn);
	get_text(page + AT_ISRC, 12, out->isrc);
}

/* ---- the rows ------------------------------------------------------------------------------- */

struct row {
	uint8_t defaults[PAGE_05_SIZE - 2];
	bool (*valid)(const struct mmc_profile *profile, const uint8_t *page);
};

/* BUFE, packet; track mode 5, data block type 8, link 16, packet 16, audio pause 150 */
#define DVD_DEFAULTS                                                                               \
	{                                                                                          \
		0x40, 0x05, 0x08, 0x10, [11] = 0x10, [13] = 0x96                                   \
	}

static const struct row rows[] = {
	[PAGE_05_ANY] = {DVD_DEFAULTS, any_valid},
	[PAGE_05_LINKED] = {DVD_DEFAULTS, linked_valid},
	/* BUFE, track-at-once; track mode 4, data block type 8, link 7, audio pause 150 */
	[PAGE_05_CD] = {{0x41, 0x04, 0x08, 0x07, [13] = 0x96}, cd_valid},
};

const uint8_t *page_05_defaults(const struct mmc_profile *profile)
{
	return rows[profile->page_05].defaults;
}

/*
 * For DVD+R, which has no use for this page (MMC-6 7.5.4), hosts try all write types up to 2,
 * and they mean the same sequential recording. cdrecord tries another type if one is refused.
 */
bool page_05_valid(const struct mmc_profile *profile, const uint8_t *page)
{
	unsigned types = profile->write_types
				 ? profile->write_types
				 : WRITE_PACKET | WRITE_TRACK_AT_ONCE | WRITE_SESSION_AT_ONCE;

	if (!(types >> write_type(page) & 1) ||
		(profile->no_test_write && page_05_test_write(page)))
		return false;
	return rows[profile->page_05].valid(profile, page);
}
