/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET CONFIGURATION (MMC-6 6.5): the answer taken apart, and the rules that each answer follows. */
#ifndef TEST_UNIT_DRIVE_FEATURES_H
#define TEST_UNIT_DRIVE_FEATURES_H

#include "unit/mmc/drive_cmd.h"

struct features {
	uint16_t profile;
	unsigned count;
	uint16_t code[64];
	uint8_t flags[64], len[64];
	uint8_t body[64][256];
};

/* Asks with that RT field and starting feature number. */
static inline void get_features(struct mmc_drive *d, uint8_t rt, uint16_t start, struct features *f)
{
	uint8_t cdb[10] = {0x46, rt, [7] = 0xff, [8] = 0xff};

	put_be16(cdb + 2, start);
	assert_int_equal(command_with(d, cdb, 10, 65536, NULL), 0);
	assert_int_equal(get_be32(answer.data), answer.len - 4);
	*f = (struct features){.profile = get_be16(answer.data + 6)};
	for (uint32_t at = 8; at < answer.len;) {
		const uint8_t *p = answer.data + at;
		unsigned i = f->count++;

		assert_true(answer.len - at >= 4);
		f->code[i] = get_be16(p);
		f->flags[i] = p[2];
		f->len[i] = p[3];
		memcpy(f->body[i], p + 4, p[3]);
		/* Windows stops parsing at any other length */
		assert_int_equal(p[3] % 4, 0);
		assert_true(i == 0 || f->code[i] > f->code[i - 1]);
		assert_int_equal(p[2] & 0xc0, 0);
		/* Persistent features are current */
		assert_true(!(p[2] & 2) || (p[2] & 1));
		at += 4u + p[3];
		assert_true(at <= answer.len);
	}
}

#endif
