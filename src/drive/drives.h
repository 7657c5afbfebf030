/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drives of a daemon, in the order of the configuration. Main thread only. */
#ifndef DRIVE_DRIVES_H
#define DRIVE_DRIVES_H

#include "drive/holders.h"

struct drive;

/* All drives of the daemon. All members 0: no drive. */
struct drives {
	struct drive *drive[DRIVE_MAX];
	unsigned count;
	struct holders holders; /* which image each of them holds */
};

/* There must be room for the drive: count is below DRIVE_MAX. */
void drives_add(struct drives *set, struct drive *d, struct holder *holder);
/* Nothing happens if the drive is not in the set. */
void drives_remove(struct drives *set, const struct drive *d, struct holder *holder);

#endif
