/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What status and list say, as JSON. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <jansson.h>

#include "core/drive.h"
#include "core/shelf.h"

/* One drive, as an object. */
json_t *status_drive(struct drive *d);
/* The answer to list: the images of a media folder, and which drives have them. */
json_t *status_list(const struct shelf_list *l, const struct drives *all, const char *folder);

#endif
