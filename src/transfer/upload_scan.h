/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the uploads of a media folder that are not finished. Any thread; waits for storage. */
#ifndef TRANSFER_UPLOAD_SCAN_H
#define TRANSFER_UPLOAD_SCAN_H

#include "transfer/upload_part.h"

#define UPLOADS_MAX 16u /* that are not finished, at a time */

struct upload_found {
	char *dir; /* below the media folder; "" = itself */
	struct upload_part part;
};

struct upload_scan {
	struct upload_found at[UPLOADS_MAX];
	unsigned count;
	unsigned more; /* that were found beyond these */
	int shortage;  /* -errno: some were left out for lack of memory or descriptors */
};

/*
 * Looks through the folder and its sub-folders. Of what a crash left it removes a text without a
 * part file, and a part file without a text that is an hour old. The caller calls
 * upload_scan_fini() in any case. 0 or -errno; upload_scan_is_shortage(): a later call may find
 * more.
 */
int upload_scan(int folder, struct upload_scan *out);
bool upload_scan_is_shortage(int error);
void upload_scan_fini(struct upload_scan *s);

#endif
