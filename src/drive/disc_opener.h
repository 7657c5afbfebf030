/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens the image that a control command names, for one drive. Main thread only; may
 * wait for the file system, never for the host or the USB thread.
 */
#ifndef DRIVE_DISC_OPENER_H
#define DRIVE_DISC_OPENER_H

#include "drive/disc_closer.h"
#include "drive/holders.h"
#include "image/image.h"
#include "protocol/answer.h"

/*
 * Folder, policy and helpers with which a drive opens its discs. Everything it points to must
 * outlive it.
 */
struct disc_opener {
	const char *media; /* path of the folder, which is opened for each image */
	struct image_policy policy;
	struct disc_closer *closer; /* counts the discs that are opened */
	const struct holders *holders;
	const struct holder *self; /* the drive's own entry, whether it is in holders or not */
};

enum disc_opening {
	DISC_OPENED,
	/*
	 * The file is held by a disc that this command takes out, or that left a drive a
	 * moment ago. Open it again after that disc is closed.
	 */
	DISC_HELD_BY_OLD,
	DISC_REFUSED
};

/*
 * image_open() with that image_policy.as, and counts the disc. out must be released with
 * image_fini() in any case.
 */
int disc_opener_open_image(const struct disc_opener *o, const char *name, enum image_as as,
	struct image *out, struct refusal *why);

/*
 * Opens name. blank: makes that blank first, unless there is one; NULL: does not. Takes
 * the image out of the queues of burned discs. may_wait: DISC_HELD_BY_OLD is possible, otherwise
 * such a file is refused. DISC_REFUSED: *answer says why. In any case out must be released with
 * image_fini().
 */
enum disc_opening disc_opener_open(const struct disc_opener *o, const char *name,
	const struct image_blank *blank, enum image_as as, bool may_wait, struct image *out,
	json_t **answer);

/*
 * Finalises a disc that is in no drive, and writes the cue sheet of a CD. drive: for the log. 0 and
 * the bytes of its data; -ENODATA: nothing is recorded on it; -EOPNOTSUPP: it is overwritten, and
 * never finalised; -EIO or another -errno of the medium.
 */
int disc_opener_finalise(const struct image *in, const char *drive, uint64_t *bytes);

#endif
