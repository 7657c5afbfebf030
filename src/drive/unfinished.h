/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disc that leaves its drive before its burn is finished: its owner is told what can be done
 * with it, in the log and in the next answer. Main thread.
 */
#ifndef DRIVE_UNFINISHED_H
#define DRIVE_UNFINISHED_H

#include "library/image.h"
#include "mmc/mmc.h"
#include "protocol/answer.h"

/* True while a session that is not closed holds blocks: the PC burns, or has left it open. */
bool unfinished_is(const struct mmc_state *m);

/* All members 0: there is no such disc. */
struct unfinished {
	char image[256]; /* its name, cut if it is longer */
	uint64_t bytes;  /* recorded on it */
};
/*
 * The engine's state has changed. Logs it if an unfinished disc has left the drive, by a command
 * or by the host, and remembers it until unfinished_tell(), or the host loads it again.
 */
void unfinished_see(struct unfinished *u, const char *drive, const struct mmc_state *before,
	const struct mmc_state *now, const struct image *in);
/* If the disc is the one of that name, forgets it. */
void unfinished_drop(struct unfinished *u, const char *image);
/* Adds it to the message of an answer that is not an error, and as its member "unfinished". */
void unfinished_tell(struct unfinished *u, json_t *answer);

#endif
