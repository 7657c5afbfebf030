/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thirteen cases of BOT 1.0 6.7 as data. */
#ifndef BOT_CASES_H
#define BOT_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "mmc/mmc.h"

/* How much of the engine's data is moved. */
enum bot_move {
	BOT_MOVE_NONE,
	BOT_MOVE_DEVICE, /* all that the engine intends */
	BOT_MOVE_HOST    /* as much as the host asked for, which is less */
};

struct bot_action {
	uint8_t number; /* 1..13 */
	enum bot_move move;
	bool may_stall; /* BOT allows, and 6.7.2 prefers, a halt when data-in ends early */
	bool phase;     /* CSW 02; else the engine's status */
};

/* host_len is dCBWDataTransferLength, device_len what the engine intends; 0 = no data, any dir. */
const struct bot_action *bot_case(
	enum mmc_dir host, uint32_t host_len, enum mmc_dir device, uint32_t device_len);

#endif
