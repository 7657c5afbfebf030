/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of an upload that waits for storage, as plain data: what is to be done, and the result.
 */
#ifndef TRANSFER_UPLOAD_WORK_H
#define TRANSFER_UPLOAD_WORK_H

#include "transfer/upload_scan.h"

enum upload_step {
	UPLOAD_STEP_SCAN,   /* finds the unfinished uploads of the folder, for scan */
	UPLOAD_STEP_MAKE,   /* makes a new upload of part.text; result: a descriptor for writing */
	UPLOAD_STEP_OPEN,   /* opens part to go on with it; result as above */
	UPLOAD_STEP_AT,     /* saves that the first `offset` bytes are on storage */
	UPLOAD_STEP_SYNC,   /* syncs the part file, sets seen; result: a descriptor for reading */
	UPLOAD_STEP_FINISH, /* gives the part file its final name */
	UPLOAD_STEP_DROP    /* removes part; bytes: how many are free again */
};

struct upload_work {
	enum upload_step step;
	const char *media; /* path of the media folder */
	char *dir;         /* below it; "" = itself */
	struct upload_part part;
	uint64_t kept;                 /* see upload_part_make() */
	uint64_t offset;               /* of UPLOAD_STEP_AT */
	bool must_lease;               /* see upload_part_open() */
	char base[STORE_NAME_MAX + 1]; /* the name for UPLOAD_STEP_FINISH; "" = part.text.image */
	bool synced; /* UPLOAD_STEP_SYNC has set seen: the part file must still be that one */
	struct stat seen;
	/* Of UPLOAD_STEP_FINISH: the sum that was computed, which goes beside the image; or "". */
	char sha256[CHECKSUM_HEX];

	int result; /* 0, a descriptor, or -errno with why, whose text may be "" */
	struct refusal why;
	struct upload_room room;
	uint64_t bytes;
	struct upload_scan scan;
};

/* Does it, in any thread. Of the results, the caller releases descriptor and scan. */
void upload_work_run(struct upload_work *w);

#endif
