/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of an upload that waits for storage, as plain data: what is to be done, and the result.
 */
#ifndef TRANSFER_UPLOAD_WORK_H
#define TRANSFER_UPLOAD_WORK_H

#include "transfer/upload_scan.h"

enum upload_step {
	UPLOAD_STEP_SCAN,   /* to scan */
	UPLOAD_STEP_MAKE,   /* a new upload of part.text; result: a descriptor for writing */
	UPLOAD_STEP_OPEN,   /* part goes on; result as above */
	UPLOAD_STEP_AT,     /* offset is on storage */
	UPLOAD_STEP_SYNC,   /* syncs all of it: to seen; result: a descriptor for reading */
	UPLOAD_STEP_FINISH, /* gives it its final name */
	UPLOAD_STEP_DROP    /* bytes */
};

struct upload_work {
	enum upload_step step;
	const char *media; /* path of the media folder */
	char *dir;         /* below it; "" = itself */
	struct upload_part part;
	uint64_t kept;   /* see upload_part_make() */
	uint64_t offset; /* of UPLOAD_STEP_AT */
	bool must_lease;
	char base[STORE_NAME_MAX + 1]; /* the name for UPLOAD_STEP_FINISH; "" = part.text.image */
	bool synced;                   /* there was UPLOAD_STEP_SYNC, and seen is to be compared */
	struct stat seen;
	char sha256[CHECKSUM_HEX]; /* of UPLOAD_STEP_FINISH: was computed, and goes beside the image
				    */

	int result; /* 0, a descriptor, or -errno with why */
	struct refusal why;
	struct upload_room room;
	uint64_t bytes;
	struct upload_scan scan;
};

/* Does it, in any thread. Of the results, the caller releases descriptor and scan. */
void upload_work_run(struct upload_work *w);

#endif
