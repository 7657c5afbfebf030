/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What uploads leave to the discs in the drives: room on the file system, and time of the card. A
 * burn must never fail because of an upload.
 */
#ifndef TRANSFER_KEPT_ROOM_H
#define TRANSFER_KEPT_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "drive/drives.h"
#include "mmc/mmc.h"

struct kept_room {
	uint64_t bytes;    /* that the discs in the drives may still need */
	uint64_t unsynced; /* bytes of burns that are not on storage yet */
	bool burning;      /* something that was burned is not on storage */
};

/*
 * Looks at the drives whose media folder is on the same file system as `media`. It reads the main
 * thread's copies of their states, and wakes no USB thread. Main thread.
 */
void kept_room_look(const struct drives *drives, const char *media, struct kept_room *out);

/*
 * The bytes that a disc in that state may still need. burn_end: the block where the burn under way
 * will end, 0 = not known. Pure.
 */
uint64_t kept_room_of_disc(const struct mmc_state *m, uint32_t burn_end);

/* How long a writer has to pause before its next piece, in ms, 0 = not at all. Pure. */
unsigned kept_room_wait_ms(const struct kept_room *k);
/* How many bytes a writer may write before it asks again. Pure. */
uint32_t kept_room_piece(const struct kept_room *k);

#endif
