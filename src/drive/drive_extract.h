/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a drive the jobs of its control command extract (extract_jobs.h). Main thread only. */
#ifndef DRIVE_DRIVE_EXTRACT_H
#define DRIVE_DRIVE_EXTRACT_H

#include "drive/drive_int.h"

/*
 * Makes d->extract. The drive's opener and catalog must have been made. set: the drives that may
 * burn meanwhile; it must outlive d. 0 or -errno.
 */
int drive_extract_new(struct drive *d, struct drives *set, sd_event *event);

#endif
