/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connects the command extract of a drive with its other parts. Main thread only. */
#ifndef DRIVE_DRIVE_EXTRACT_H
#define DRIVE_DRIVE_EXTRACT_H

#include "drive/drive_int.h"

/* Makes d->extract. The opener and the catalog must be there. 0 or -errno. */
int drive_extract_new(struct drive *d, struct drives *set, sd_event *event);

#endif
