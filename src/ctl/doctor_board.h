/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boards that doctor knows, and their USB ports. */
#ifndef CTL_DOCTOR_BOARD_H
#define CTL_DOCTOR_BOARD_H

#include <stdbool.h>

enum board_kind { BOARD_OTHER, BOARD_PI, BOARD_BEAGLE, BOARD_PC };

struct board {
	const char *match; /* part of the model in the device tree */
	enum board_kind kind;
	const char *port;    /* the USB port that can be a device, NULL = none */
	const char *cable;   /* that fits the port */
	const char *filters; /* sections of config.txt that apply, separated by spaces */
	bool id_grounded;    /* the port's ID pin says "host", so that dr_mode=otg is not enough */
	bool otg_mode;       /* otg_mode=1 gives the port to another controller */
	const char *hint;    /* on why a host may not see the board, or NULL */
	const char *page;    /* of the documents */
};

/*
 * Returns the row for a model. An unknown model has a row, and so has "", a machine without
 * device tree: never NULL.
 */
const struct board *board_find(const char *model);

#endif
