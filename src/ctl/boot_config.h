/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.txt of the Raspberry Pi's firmware, as far as it decides what the USB port is:
 * sections ("conditional filters"), the dwc2 overlay, otg_mode, include.
 */
#ifndef CTL_BOOT_CONFIG_H
#define CTL_BOOT_CONFIG_H

#include <stdbool.h>

#include "ctl/doctor_board.h"

struct boot_config {
	char path[64];         /* the file, below root; "" = none could be read */
	char mode[16];         /* dr_mode of the overlay that applies, "" = none does */
	char section[32];      /* the filter that may keep the overlay from this board, "" = none */
	char section_mode[16]; /* dr_mode of the overlay there, if that filter cannot be judged;
				  "" = it is known not to be for this board */
	bool blank;            /* the overlay's line has a blank before dr_mode */
	bool elsewhere;        /* only /boot/config.txt has it, which newer systems do not read */
	bool otg_mode;         /* otg_mode=1 applies ... */
	char otg_section[32];  /* ... in this section, "" = for all boards */
};

/* Reads config.txt for that board from /boot/firmware or /boot below root. */
void boot_config_read(const char *root, const struct board *board, struct boot_config *out);

#endif
