/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discs for a drive: DVD-ROMs whose blocks contain a number and their own address, and blanks. */
#ifndef TEST_UNIT_DRIVE_DISC_H
#define TEST_UNIT_DRIVE_DISC_H

#include "unit/mmc/drive_cmd.h"

static unsigned released; /* discs of this file that no drive has any more */

static inline void count_release(struct disc *d, void *ctx)
{
	(void)ctx;
	released++;
	disc_destroy(d);
}

static inline struct disc *rom(uint8_t number, uint32_t blocks)
{
	struct media *m = numbered_media(number, blocks);

	m->writable = false;
	return disc_new(m, 0, count_release, NULL);
}

static inline struct disc *blank(void)
{
	return disc_new(media_mem_new(0, true), 0, count_release, NULL);
}

static inline struct mmc_state state_of(struct mmc_drive *d)
{
	struct mmc_state s;

	mmc_get_state(d, &s);
	return s;
}

static inline void assert_numbered(const uint8_t *p, uint8_t number, uint32_t lba, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, p += MEDIA_BLOCK) {
		assert_int_equal(get_be32(p), lba + i);
		for (uint32_t b = 4; b < MEDIA_BLOCK; b++)
			assert_int_equal(p[b], number);
	}
}

#endif
