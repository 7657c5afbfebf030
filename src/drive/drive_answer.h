/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of commands that change a disc. */
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

/*
 * note: about the disc before, "" = none. kind: as image_describe(). size: bytes of
 * the disc.
 */
json_t *drive_answer_inserted(const char *drive, const struct image *in, const char *kind,
	uint64_t size, const char *note);
/* The host has locked the drive and does not unlock it in time. */
json_t *drive_answer_locked(const char *drive, const char *verb);
/*
 * Adds the names to an answer; programs would otherwise have to cut them out of its message.
 * image: NULL = none.
 */
void drive_answer_add(json_t *answer, const char *drive, const char *image);

#endif
