/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disc is up to five files of one folder: the image, its state file, its checksum, and of a
 * burned CD its cue sheet and the packs of its CD-Text (cd_set.h). These functions rename and
 * delete all of them, and remove the spare state file, in an order in which a power cut never
 * leaves an image without its state. Any thread; wait for storage. At most one of them runs at a
 * time in the process, the others wait for it.
 */
#ifndef LIBRARY_DISC_FILE_H
#define LIBRARY_DISC_FILE_H

#include <stdbool.h>

#include "library/cd_set.h"
#include "media/store.h"

/* Which files were renamed or deleted, beside the image. */
struct disc_files {
	bool image; /* false: there was none, only its state or checksum */
	bool state, checksum;
	bool cue; /* the cue sheet, and what belongs to it */
};

/*
 * Returns 1 if an earlier disc of that name has left a state file or a checksum, which must
 * not become another disc's; 0 if not; -errno.
 */
int disc_file_has_leftovers(struct folder *f, const char *name);

/*
 * Renames the disc old. In the checksum file, the name of the image is changed as well. 0: the
 * image has the new name, and that is on storage, unless just this could not be synced: then the
 * state and checksum stay beside the old name, too. -errno: the image has its old name, its state
 * and its checksum beside it; -EEXIST: the new name is taken, also by leftovers. After a power cut
 * the image has one of the two names, with its state file and checksum beside it. The cue sheet is
 * written last, because it names the image; cd_set_update() makes good what a power cut left.
 */
int disc_file_rename(struct folder *f, const char *old, const char *to, struct disc_files *done);

/*
 * Deletes the disc. 0: nothing of it is left on storage; -ENOENT: there was nothing; -errno:
 * the image is untouched if done->image is false. A power cut can leave files of an image
 * that is deleted, never the image without its state file and checksum.
 */
int disc_file_delete(struct folder *f, const char *name, struct disc_files *done);

/* cd_set_update() while no disc is renamed or deleted. */
int disc_file_update_set(struct folder *f, const char *name, struct cd_set *out);

/*
 * The host has changed the disc's data: see checksum_outdate(), which this calls while no disc is
 * renamed or deleted.
 */
int disc_file_outdate_checksum(struct folder *f, const char *name);

#endif
