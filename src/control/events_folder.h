/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches what is in a media folder, its sub-folders included, for the events of control/events.h.
 * Costs nothing while nobody writes there. What another machine does on a network file system is
 * not seen. Main thread.
 */
#ifndef CONTROL_EVENTS_FOLDER_H
#define CONTROL_EVENTS_FOLDER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#define EVENTS_FOLDERS 256u /* sub-folders that are watched; more are left out */

struct events_folder;

/* The path must outlive it. 0 or -errno; that there is no such folder is no error. */
int events_folder_new(const char *path, sd_event *event, struct events_folder **out);
/* NULL is fine. */
void events_folder_free(struct events_folder *f);
/*
 * Returns true if images may have come, gone or changed since the last call. Looks up the path
 * again, because a card may have been mounted there.
 */
bool events_folder_changed(struct events_folder *f);

#endif
