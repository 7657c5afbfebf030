/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media folder of one or several drives, by its name. Nothing keeps the folder open
 * between two commands, so its file system can be unmounted, and whatever has the name at the
 * moment of a command is the folder: a card that was mounted on it meanwhile, or a folder that
 * was made again. This object looks what the name leads to, and reports changes to the log.
 *
 * Main thread only; it may wait for the file system.
 */
#ifndef LIBRARY_MEDIA_FOLDER_H
#define LIBRARY_MEDIA_FOLDER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct media_folder;

/*
 * Checks at start that there is a folder; `drive` is named in messages. 0, also if
 * nothing can be burned in it, which is logged; -errno, and the reason is logged.
 */
int media_folder_check(const char *path, const char *drive);

/*
 * The folder must exist now. Watches it for changes: an idle daemon spends nothing on that. 0
 * or -errno. The caller holds the only reference.
 */
int media_folder_new(const char *path, sd_event *event, struct media_folder **out);
struct media_folder *media_folder_ref(struct media_folder *f);
/* NULL is fine. */
void media_folder_unref(struct media_folder *f);

const char *media_folder_path(const struct media_folder *f);
/*
 * Looks what the name leads to now. Logs that the folder is gone, is another one, or is back,
 * once for each change. Returns NULL, or why there is no folder: "/srv/discs is gone: No such
 * file or directory". Valid until the next call.
 */
const char *media_folder_look(struct media_folder *f);

#endif
