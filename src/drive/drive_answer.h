/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of commands that change a disc. */
#ifndef DRIVE_DRIVE_ANSWER_H
#define DRIVE_DRIVE_ANSWER_H

#include "image/image.h"
#include "mmc/mmc.h"
#include "protocol/answer.h"

/*
 * Sense of mmc_finalise() as 0, -EBUSY (the host has locked the drive), -ENOMEDIUM (the disc is in
 * the open tray), -ENODATA or -EIO.
 */
int drive_answer_errno(mmc_sense_t sense);
/* result: as above, or another -errno. kind: as image_describe(). bytes: of the data. */
json_t *drive_answer_closed(
	const char *drive, const char *image, int result, const char *kind, uint64_t bytes);
/* The same for the disc in the drive, which mmc_finalise() has finalised or not. */
json_t *drive_answer_closed_in_drive(
	const char *drive, const char *image, mmc_sense_t sense, const struct mmc_state *state);

/*
 * kind: as image_describe(). capacity: of a recordable disc, in blocks. asked: the host let go
 * of the old disc when it was asked. host_awake: a host is connected and can see the disc. Logs
 * the answer, too.
 */
json_t *drive_answer_inserted(const char *drive, const struct image *in, const char *kind,
	uint32_t capacity, bool asked, bool host_awake);
/* Adds to a refusal that the old disc is out already. */
void drive_answer_add_empty(json_t *answer, const char *drive);

/*
 * A step of a command could not begin. result: -ENOENT: a disc without a name has no folder;
 * -ENOSPC: no room; or another -errno.
 */
json_t *drive_answer_not_posted(const char *drive, int result);
/*
 * The host has locked the drive and does not unlock it in time. verb: of the command, if that is
 * all of it, so that it can be typed as the answer has it; NULL: it names a disc as well.
 */
json_t *drive_answer_locked(const char *drive, const char *verb);
/*
 * Adds the names to an answer; programs would otherwise have to cut them out of its message.
 * image: NULL = none.
 */
void drive_answer_add(json_t *answer, const char *drive, const char *image);

#endif
