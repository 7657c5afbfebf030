/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boards that doctor knows, and their USB ports. */
#ifndef CTL_DOCTOR_BOARD_H
#define CTL_DOCTOR_BOARD_H

#include <stdbool.h>

enum board_kind { BOARD_OTHER, BOARD_PI, BOARD_BEAGLE };

struct board {
	const char *match; /* in the device tree's model */
	enum board_kind kind;
	const char *port;    /* the one that can be a device, NULL = none can */
	const char *cable;   /* what goes into it */
	const char *filters; /* sections of config.txt that apply, blanks between */
	bool id_grounded;    /* the port's ID pin says "host", so that dr_mode=otg is not enough */
	bool otg_mode;       /* otg_mode=1 gives the port to another controller */
	const char *hint;    /* what else keeps a host from seeing it, or NULL */
	const char *page;
};

/* Never NULL: the last row is for boards that nobody has heard of. */
const struct board *board_find(const char *model);

#endif
