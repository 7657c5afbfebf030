/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The required result of each case of BOT 1.0 6.7, written independently of the table in src/bot.
 */
#ifndef TEST_UNIT_BOT_EXPECT_H
#define TEST_UNIT_BOT_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/wire.h"
#include "mmc/mmc.h"

/* The rows of the tables in BOT 6.7.1 to 6.7.3, in their words. */
static inline int number_of(enum mmc_dir host, uint32_t h, enum mmc_dir device, uint32_t d)
{
	if (!h)
		return !d ? 1 : device == MMC_DIR_IN ? 2 : 3;
	if (host == MMC_DIR_IN) {
		if (!d)
			return 4;
		if (device == MMC_DIR_OUT)
			return 8;
		return h > d ? 5 : h == d ? 6 : 7;
	}
	if (!d)
		return 9;
	if (device == MMC_DIR_IN)
		return 10;
	return h > d ? 11 : h == d ? 12 : 13;
}

struct expectation {
	int status;
	uint32_t residue, in, pushed;
	bool stalls; /* only if configured to */
};

static inline struct expectation expect(int number, uint32_t h, uint32_t d, bool check)
{
	int status = check ? CSW_FAILED : CSW_PASSED;

	switch (number) {
	case 1:
		return (struct expectation){.status = status};
	case 4:
		return (struct expectation){.status = status, .residue = h, .stalls = true};
	case 5:
		return (struct expectation){
			.status = status, .residue = h - d, .in = d, .stalls = true};
	case 6:
		return (struct expectation){.status = status, .in = h};
	case 7:
		return (struct expectation){.status = CSW_PHASE_ERROR, .in = h};
	case 9:
		return (struct expectation){.status = status, .residue = h};
	case 11:
	case 12:
		return (struct expectation){.status = status, .residue = h - d, .pushed = d};
	default: /* 2, 3, 8, 10, 13 */
		return (struct expectation){.status = CSW_PHASE_ERROR, .residue = h};
	}
}

#endif
