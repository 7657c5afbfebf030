/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thirteen cases of BOT 1.0 6.7, as a table. */
#ifndef BOT_CASES_H
#define BOT_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "mmc/mmc.h"

/* How much of the engine's data is moved. */
enum bot_move {
	BOT_MOVE_NONE,
	BOT_MOVE_DEVICE, /* all that the engine intends */
	BOT_MOVE_HOST    /* only as much as the host asked for (case 7) */
};

struct bot_action {
	uint8_t number; /* 1..13 */
	enum bot_move move;
	bool may_stall; /* BOT allows, and 6.7.2 prefers, a halt when data-in ends early */
	bool phase;     /* CSW 02 (phase error); otherwise the engine's status */
};

/*
 * Returns the row for what the host announced (host_len is dCBWDataTransferLength) and
 * what the engine intends. A side without data has MMC_DIR_NONE and length 0.
 */
const struct bot_action *bot_case(
	enum mmc_dir host, uint32_t host_len, enum mmc_dir device, uint32_t device_len);

#endif
