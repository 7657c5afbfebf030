/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of an upload that is not finished, in the folder where its image is to be: the data in
 * `.mmcgadget-ID.part`, which nobody but the daemon may open, and the text of upload_text.h beside
 * it. The daemon alone opens the part file; others write to the descriptor that they are given. All
 * of these functions wait for storage. Any thread, one at a time for each upload.
 */
#ifndef TRANSFER_UPLOAD_PART_H
#define TRANSFER_UPLOAD_PART_H

#include <stdbool.h>
#include <sys/stat.h>

#include "library/image_refusal.h"
#include "transfer/upload_text.h"

#define UPLOAD_ID   17u                  /* 16 hexadecimal digits, and the final 0 */
#define UPLOAD_KEEP (UINT64_C(32) << 20) /* bytes of a file system that stay free */

struct upload_part {
	char id[UPLOAD_ID];
	struct upload_text text;
	uint64_t allocated; /* bytes of storage that the part file takes already */
};

/* Why there is no room, for programs. */
struct upload_room {
	uint64_t need, free, kept; /* bytes */
	uint64_t largest;          /* a file of this file system; 0 = it is large enough */
};

/* True if uploads can have an id of that form. */
bool upload_part_is_id(const char *id);
/*
 * Writes the id that a name of a file has in it. part: true for the part file, false for its text.
 * False: it is the name of another file.
 */
bool upload_part_id_of(const char *name, char id[UPLOAD_ID], bool *part);

/*
 * Makes the part file and its text for p->text, whose offset is 0, and fills in the rest of *p.
 * kept: bytes of the file system that are not for this upload, beside UPLOAD_KEEP. must_lease: see
 * upload_part_open(). Returns a descriptor for writing; or -errno with *why, and nothing was made;
 * *room has the numbers with the code too-large, and with no-room unless its need is 0.
 */
int upload_part_make(int dir, struct upload_part *p, uint64_t kept, bool must_lease,
	struct upload_room *room, struct refusal *why);
/*
 * Opens the part file for writing and cuts it at the offset: what comes after it may be anything,
 * if the board lost its power. -EBUSY: somebody can still write to it. must_lease: refuse a
 * file system that cannot tell (NFS; FAT that is mounted for another user). Otherwise as
 * upload_part_make().
 */
int upload_part_open(int dir, struct upload_part *p, uint64_t kept, bool must_lease,
	struct upload_room *room, struct refusal *why);
/*
 * The writer has synced the first `offset` bytes: saves that in the text. 0; -errno with *why, and
 * the promise is the one before.
 */
int upload_part_at(int dir, struct upload_part *p, uint64_t offset, struct refusal *why);

/*
 * Syncs the part file to storage, and makes sure that no other process can write to it any more. 0,
 * and *st is the part file's; -EBUSY: a process still writes to it; -errno. The errors have *why.
 */
int upload_part_sync(
	int dir, struct upload_part *p, bool must_lease, struct stat *st, struct refusal *why);
/*
 * Does the same, and gives the file its final name, base, which nothing may have; or p->text.image,
 * if base is "". seen, unless it is NULL: the file must still be this one. 0, and the text is gone;
 * -EEXIST, -errno with *why, and the upload is as before, except after an error when the new name
 * is synced: then the file has its final name, and the text is still there.
 */
int upload_part_finish(int dir, struct upload_part *p, const char *base, bool must_lease,
	const struct stat *seen, struct refusal *why);
/* Removes both files. The bytes that are free again. */
uint64_t upload_part_drop(int dir, const char *id);

/* Reads the text of that id, and looks at the part file. 0; -ENOENT; -errno. */
int upload_part_load(int dir, const char *id, struct upload_part *p);

/* Opens the part file for reading. A descriptor, or -errno. */
int upload_part_read(int dir, const char *id);

#endif
