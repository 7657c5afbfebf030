/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to status and list. Main thread. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include <jansson.h>

#include "catalog/catalog.h"
#include "control/command_env.h"
#include "drive/drive.h"

struct uploads;

/* Returns the state of one drive as an object; NULL: no memory. */
json_t *status_drive(struct drive *d, const struct uploads *u);
/* Returns the answer to list: the images of d's media folder, and which drives hold them. */
json_t *status_list(
	const struct catalog_list *l, const struct command_env *env, const struct drive *d);
/*
 * Returns the answer to list as the text that answer_text() would make of it; the caller frees it.
 * NULL: no memory. Never has all images as JSON: with 20,000 images the daemon's peak is 14.0 MiB,
 * where it was 65.8 MiB with such a tree (docs/performance.md).
 */
char *status_list_text(
	const struct catalog_list *l, const struct command_env *env, const struct drive *d);

#endif
