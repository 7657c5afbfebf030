/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What status and list say, as JSON. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <jansson.h>

#include "core/drive.h"

/* One drive, as an object. */
json_t *status_drive(struct drive *d);
/* The images of the media folder of a drive, as an array; NULL with *error = -errno. */
json_t *status_images(const struct drive *d, const struct drives *all, int *error);

#endif
