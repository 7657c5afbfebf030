// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of mode pages: defaults, the bits that a host may change, and the check of new
 * values. Page 2Ah is built from the profile table instead.
 */
#include <assert.h>
#include <string.h>

#include "mmc/mmc_int.h"
#include "mmc/page_05.h"
#include "util/array.h"
#include "util/be.h"

struct mode_page {
	uint8_t code;
	uint8_t size;           /* bytes, including the 2 of the header; 0 = built by build_2a() */
	const char *defaults;   /* from byte 2 on; NULL: of page 05h, by profile */
	const char *changeable; /* mask of the bits that MODE SELECT may change, from byte 2 on */
	bool (*valid)(const struct mmc_profile *profile, const uint8_t *page);
};

static bool any_value(const struct mmc_profile *profile, const uint8_t *page)
{
	(void)profile;
	(void)page;
	return true;
}

enum { AT_PAGE_05 = 1 }; /* its place in the table */

// clang-format off
static const struct mode_page pages[MODEPAGE_COUNT] = {
	/* MMC-6 7.3: storage does the retries; hosts may set the values and read them back */
	{ PAGE_ERROR_RECOVERY, 12,
		"\0\x01\0\0\0\0\0\0\0\0",
		"\xff\xff\0\0\0\0\0\0\0\0", any_value },
	/* MMC-6 7.5: see page_05.h */
	[AT_PAGE_05] = { PAGE_WRITE_PARAMETERS, PAGE_05_SIZE,
		NULL,
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		page_05_valid },
	/* SPC-4 7.5.13: no timers, the drive never sleeps */
	{ PAGE_POWER_CONDITION, 12, "\0\0\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0\0\0", any_value },
	/* MMC-6 7.7: no time-out is enforced */
	{ PAGE_TIMEOUT, 12, "\0\0\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0\0\0", any_value },
	{ PAGE_CAPABILITIES, 0, NULL, NULL, NULL },
};
// clang-format on

static const void *defaults_of(const struct mmc_drive *d, size_t i)
{
	return pages[i].defaults ? (const void *)pages[i].defaults : page_05_defaults(d->profile);
}

static void reset_page(struct mmc_drive *d, size_t i)
{
	assert(pages[i].size <= MODEPAGE_MAX_SIZE);
	d->page[i][0] = pages[i].code;
	d->page[i][1] = (uint8_t)(pages[i].size - 2);
	memcpy(d->page[i] + 2, defaults_of(d, i), pages[i].size - 2u);
}

void modepage_reset(struct mmc_drive *d)
{
	for (size_t i = 0; i < MODEPAGE_COUNT; i++)
		if (pages[i].size)
			reset_page(d, i);
}

void modepage_fit_profile(struct mmc_drive *d)
{
	for (size_t i = 0; i < MODEPAGE_COUNT; i++)
		if (pages[i].size && !pages[i].valid(d->profile, d->page[i]))
			reset_page(d, i);
}

/* Capabilities (MMC-6 7.11: obsolete, but every host reads it). Returns the size. */
static uint32_t build_2a(const struct mmc_drive *d, uint8_t *p)
{
	uint32_t speeds = 0;

	memset(p, 0, 32);
	for (size_t i = 0; i < mmc_profile_count; i++) {
		p[2] |= mmc_profiles[i].page_2a_read;
		p[3] |= mmc_profiles[i].page_2a_write;
		p[4] |= mmc_profiles[i].page_2a_forms;
		p[5] |= mmc_profiles[i].page_2a_audio;
		p[7] |= mmc_profiles[i].page_2a_channels;
	}
	p[4] |= 0xc0; /* buffer underrun free recording, multi-session */
	p[6] = 0x29;  /* tray, eject, lock */
	if (d->prevent || d->persistent_prevent)
		p[6] |= 0x02;
	put_be16(p + 8, (uint16_t)profile_read_speed(d->profile));
	put_be16(p + 12, d->config.buffer / 1024);
	put_be16(p + 14, d->read_speed);
	put_be16(p + 18, d->profile->write_speed[0]);
	put_be16(p + 20, d->write_speed);
	put_be16(p + 28, d->write_speed);
	for (; speeds < PROFILE_MAX_SPEEDS && d->profile->write_speed[speeds]; speeds++) {
		memset(p + 32 + 4 * speeds, 0, 2);
		put_be16(p + 34 + 4 * speeds, d->profile->write_speed[speeds]);
	}
	put_be16(p + 30, speeds);
	p[0] = PAGE_CAPABILITIES;
	p[1] = (uint8_t)(30 + 4 * speeds);
	return 32 + 4 * speeds;
}

/* Builds page i for page control 0 current, 1 changeable or 2 default. Returns its size. */
static uint32_t build_page(const struct mmc_drive *d, size_t i, unsigned control, uint8_t *p)
{
	const struct mode_page *page = &pages[i];

	if (!page->size) {
		uint32_t size = build_2a(d, p);

		if (control == 1)
			memset(p + 2, 0, size - 2);
		return size;
	}
	memcpy(p, d->page[i], page->size);
	if (control == 1)
		memcpy(p + 2, page->changeable, page->size - 2u);
	else if (control == 2)
		memcpy(p + 2, defaults_of(d, i), page->size - 2u);
	return page->size;
}

/*
 * Builds the answer to MODE SENSE: a header of that many bytes, then the pages. There is no
 * block descriptor, whether DBD is set or not.
 */
static mmc_sense_t sense_pages(struct mmc_drive *d, const uint8_t *cdb, uint32_t header)
{
	uint8_t code = cdb[2] & 0x3f;
	unsigned control = cdb[2] >> 6;
	uint8_t *p = mmc_reply(d, MMC_REPLY_SIZE);
	uint32_t len = header;

	if (control == 3)
		return SENSE_SAVING_NOT_SUPPORTED;
	if (cdb[3] != 0 && !(code == PAGE_ALL && cdb[3] == 0xff))
		return mmc_bad_cdb();
	for (size_t i = 0; i < MODEPAGE_COUNT; i++)
		if (code == pages[i].code || code == PAGE_ALL)
			len += build_page(d, i, control, p + len);
	if (len == header)
		return mmc_bad_cdb();
	d->cmd.reply_len = len;
	return SENSE_NONE;
}

mmc_sense_t modepage_sense_6(struct mmc_drive *d, const uint8_t *cdb)
{
	mmc_sense_t s = sense_pages(d, cdb, 4);

	d->reply[0] = (uint8_t)(d->cmd.reply_len - 1);
	return s;
}

mmc_sense_t modepage_sense_10(struct mmc_drive *d, const uint8_t *cdb)
{
	mmc_sense_t s = sense_pages(d, cdb, 8);

	put_be16(d->reply, d->cmd.reply_len - 2);
	return s;
}

static size_t find_page(uint8_t code)
{
	for (size_t i = 0; i < MODEPAGE_COUNT; i++)
		if (pages[i].code == code)
			return i;
	return MODEPAGE_COUNT;
}

const uint8_t *modepage_write_parameters(const struct mmc_drive *d)
{
	return d->page[AT_PAGE_05];
}

bool modepage_test_write(const struct mmc_drive *d)
{
	return page_05_test_write(d->page[AT_PAGE_05]);
}

void modepage_end_test_write(struct mmc_drive *d)
{
	page_05_end_test_write(d->page[AT_PAGE_05]);
}

bool modepage_at_once(const struct mmc_drive *d)
{
	return (d->profile->write_types & WRITE_SESSION_AT_ONCE) &&
	       page_05_at_once(d->page[AT_PAGE_05]);
}

bool modepage_next_session(const struct mmc_drive *d)
{
	return page_05_next_session(d->page[AT_PAGE_05]);
}

/* Checks one page of a MODE SELECT list, sets *size, and stores the page if store is set. */
static mmc_sense_t select_page(
	struct mmc_drive *d, const uint8_t *p, uint32_t left, bool store, uint32_t *size)
{
	size_t i = find_page(p[0] & 0x3f);

	if (i == MODEPAGE_COUNT || (p[0] & 0x40))
		return SENSE_INVALID_PARAMETER;
	const struct mode_page *page = &pages[i];
	if (!page->size) {
		/* Page 2Ah is ignored: nothing in it can be set, but some hosts write it back. */
		*size = p[1] + 2u;
		return *size > left ? SENSE_LIST_LENGTH : SENSE_NONE;
	}
	if (p[1] != page->size - 2)
		return SENSE_INVALID_PARAMETER;
	if (page->size > left)
		return SENSE_LIST_LENGTH;
	for (uint32_t b = 2; b < page->size; b++)
		if ((p[b] ^ d->page[i][b]) & (uint8_t) ~(uint8_t)page->changeable[b - 2])
			return SENSE_INVALID_PARAMETER;
	if (!page->valid(d->profile, p))
		return SENSE_INVALID_PARAMETER;
	if (store)
		memcpy(d->page[i] + 2, p + 2, page->size - 2u);
	*size = page->size;
	return SENSE_NONE;
}

mmc_sense_t modepage_select(struct mmc_drive *d, const uint8_t *list, uint32_t len)
{
	/* All pages are checked before the first is stored: a refused list changes nothing. */
	for (int store = 0; store <= 1; store++) {
		uint32_t size = 0;

		for (uint32_t at = 0; at < len; at += size) {
			if (len - at < 2)
				return SENSE_LIST_LENGTH;
			mmc_sense_t s = select_page(d, list + at, len - at, store, &size);
			if (s)
				return s;
		}
	}
	return SENSE_NONE;
}

void modepage_restore(struct mmc_drive *d, const uint8_t page[][MODEPAGE_MAX_SIZE])
{
	uint32_t size;

	modepage_reset(d);
	for (size_t i = 0; i < MODEPAGE_COUNT; i++)
		(void)select_page(d, page[i], MODEPAGE_MAX_SIZE, true, &size);
}
