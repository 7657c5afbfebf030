/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Predicts where the burn under way will end, for progress displays. Main thread only. */
#ifndef DRIVE_BURN_END_H
#define DRIVE_BURN_END_H

#include "image/image.h"
#include "mmc/mmc.h"

/* The size found for the volume being burned. All members are 0 at first. */
struct burn_end {
	bool known;
	uint32_t blocks;
};

/*
 * Returns the block after the last one that the burn will record. It is known if the track was
 * reserved, from the cue sheet of a CD, or when the ISO 9660 descriptor has been recorded by a
 * burn that began at the disc's first block and is no test write. 0 = unknown. May read one block
 * of the image.
 */
uint32_t burn_end_find(struct burn_end *b, const struct image *in, const struct mmc_state *m);

#endif
