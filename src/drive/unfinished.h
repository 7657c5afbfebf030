/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disc that leaves its drive before its burn is finished: its owner is told what can be done
 * with it, in the log, in the next answer and in status. Main thread.
 */
#ifndef DRIVE_UNFINISHED_H
#define DRIVE_UNFINISHED_H

#include "image/image.h"
#include "mmc/mmc.h"
#include "protocol/answer.h"

/* True while a session that is not closed holds blocks: the PC burns, or has left it open. */
bool unfinished_is(const struct mmc_state *m);

#define UNFINISHED_NAME 4096 /* bytes: no command could insert a longer name */

/* The disc that left unfinished last. All members are 0 at first. */
struct unfinished {
	char image[UNFINISHED_NAME]; /* its name with its folders; "" = there is no such disc */
	uint64_t bytes;              /* recorded on it */
	bool told;                   /* an answer has told of it */
};
/*
 * The engine's state has changed. last: its newest state with a disc in the drive. If an unfinished
 * disc has left the drive, by a command or by the host, logs that and remembers the disc until the
 * host loads it again, unfinished_drop(), or unfinished_replaced().
 */
void unfinished_see(struct unfinished *u, const char *drive, const struct mmc_state *before,
	const struct mmc_state *last, const struct mmc_state *now, const struct image *in);
/* If the disc is the one of that name, forgets it. */
void unfinished_drop(struct unfinished *u, const char *image);
/* A command has ended. If the drive holds another disc, and an answer has told, forgets it. */
void unfinished_replaced(struct unfinished *u, const struct image *in);
/*
 * Adds what can be done with the disc to the message of an answer that is not an error, and the
 * disc's name as the member "unfinished". Only one answer gets both.
 */
void unfinished_tell(struct unfinished *u, json_t *answer);
/*
 * Returns the disc's name in the media folder of this path, valid until the next call, and the
 * bytes recorded on it. NULL, which also forgets the disc: there is none, or it is no longer
 * there or no longer unfinished. Opens its state file, unless it is in the open tray.
 */
const char *unfinished_look(
	struct unfinished *u, const char *media, const struct image *in, uint64_t *bytes);

#endif
