/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What status and list say, as JSON. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include <jansson.h>

#include "drive/drive.h"
#include "library/catalog.h"

/* One drive, as an object. */
json_t *status_drive(struct drive *d);
/* The answer to list: the images of a media folder, and which drives have them. */
json_t *status_list(const struct catalog_list *l, const struct drives *all, const char *folder);

#endif
