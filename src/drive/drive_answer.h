/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the commands that insert and close (finalise) a disc. */
#ifndef DRIVE_DRIVE_ANSWER_H
#define DRIVE_DRIVE_ANSWER_H

#include "library/image.h"
#include "mmc/mmc.h"
#include "protocol/answer.h"

/* Sense of mmc_finalise() as 0, -EBUSY (locked, or the disc is out), -ENODATA or -EIO. */
int drive_answer_errno(mmc_sense_t sense);
/* result: as above, or another -errno. kind: as image_describe(). end: blocks. */
json_t *drive_answer_closed(
	const char *drive, const char *image, int result, const char *kind, uint32_t end);
/* The same for the disc in the drive, which mmc_finalise() has finalised or not. */
json_t *drive_answer_closed_in_drive(
	const char *drive, const char *image, mmc_sense_t sense, const struct mmc_state *state);

/*
 * kind: as image_describe(). capacity: of a recordable disc, in blocks. asked: the host let go
 * of the old disc when it was asked. Logs the answer, too.
 */
json_t *drive_answer_inserted(
	const char *drive, const struct image *in, const char *kind, uint32_t capacity, bool asked);
/* Adds to a refusal that the old disc is out already. */
void drive_answer_add_empty(json_t *answer, const char *drive);

#endif
