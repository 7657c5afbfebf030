// SPDX-License-Identifier: GPL-2.0-or-later
#include "bot/cases.h"

enum relation { LESS, EQUAL, GREATER, RELATIONS }; /* host's length : device's */

/* [host][device][relation], in the order of enum mmc_dir; 0: impossible combination. */
static const uint8_t case_of[3][3][RELATIONS] = {
	[MMC_DIR_NONE] =
		{
			[MMC_DIR_NONE] = {[EQUAL] = 1},
			[MMC_DIR_IN] = {[LESS] = 2},
			[MMC_DIR_OUT] = {[LESS] = 3},
		},
	[MMC_DIR_IN] =
		{
			[MMC_DIR_NONE] = {[GREATER] = 4},
			[MMC_DIR_IN] = {[GREATER] = 5, [EQUAL] = 6, [LESS] = 7},
			[MMC_DIR_OUT] = {[GREATER] = 8, [EQUAL] = 8, [LESS] = 8},
		},
	[MMC_DIR_OUT] =
		{
			[MMC_DIR_NONE] = {[GREATER] = 9},
			[MMC_DIR_IN] = {[GREATER] = 10, [EQUAL] = 10, [LESS] = 10},
			[MMC_DIR_OUT] = {[GREATER] = 11, [EQUAL] = 12, [LESS] = 13},
		},
};

/*
 * BOT receives all the data-out that the host announced, used or not: halting bulk-out
 * races with packets that are acknowledged already, and dwc2 and dwc3 refuse it while
 * reads are posted. Case 13 passes nothing to the engine, because a write-once disc
 * must not get half a write.
 */
static const struct bot_action actions[] = {
	[1] = {1, BOT_MOVE_NONE, false, false},
	[2] = {2, BOT_MOVE_NONE, false, true},
	[3] = {3, BOT_MOVE_NONE, false, true},
	[4] = {4, BOT_MOVE_NONE, true, false},
	[5] = {5, BOT_MOVE_DEVICE, true, false},
	[6] = {6, BOT_MOVE_DEVICE, true, false}, /* a failure turns it into 4 or 5 */
	[7] = {7, BOT_MOVE_HOST, false, true},
	[8] = {8, BOT_MOVE_NONE, false, true},
	[9] = {9, BOT_MOVE_NONE, false, false},
	[10] = {10, BOT_MOVE_NONE, false, true},
	[11] = {11, BOT_MOVE_DEVICE, false, false},
	[12] = {12, BOT_MOVE_DEVICE, false, false},
	[13] = {13, BOT_MOVE_NONE, false, true},
};

const struct bot_action *bot_case(
	enum mmc_dir host, uint32_t host_len, enum mmc_dir device, uint32_t device_len)
{
	enum relation r = host_len < device_len ? LESS : host_len == device_len ? EQUAL : GREATER;

	return &actions[case_of[host][device][r]];
}
