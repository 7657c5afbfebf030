/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the command `close`, which finalises a disc. */
#ifndef DRIVE_DRIVE_ANSWER_H
#define DRIVE_DRIVE_ANSWER_H

#include "mmc/mmc.h"
#include "protocol/answer.h"

/* Sense of mmc_finalise() as 0, -EBUSY (locked, or the disc is out), -ENODATA or -EIO. */
int drive_answer_errno(mmc_sense_t sense);
/* result: as above, or another -errno. kind: as image_describe(). end: blocks. */
json_t *drive_answer_closed(
	const char *drive, const char *image, int result, const char *kind, uint32_t end);

#endif
