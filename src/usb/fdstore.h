/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's file descriptor store (systemd.service(5), FileDescriptorStoreMax=): it holds the
 * files of FunctionFS, so that the gadget stays bound while no daemon runs, and the hand-over
 * states of the drives. Without systemd it is empty and stays empty. Main thread.
 */
#ifndef USB_FDSTORE_H
#define USB_FDSTORE_H

#include <stdbool.h>

#include "drive/drive.h"
#include "gadget/ffs.h"

/* Files of a drive that came from the store; -1 = none. */
struct fdstore_drive {
	struct ffs_files files;
	int handover; /* memfd of the hand-over state */
};

struct fdstore {
	char **names; /* of all inherited files, NULL-terminated; NULL = the store was empty */
	struct fdstore_drive drive[DRIVE_MAX];
};

/* Makes *s empty, so that fdstore_free() can be called at any time. */
void fdstore_init(struct fdstore *s);
/* Gets the files that the last daemon put into the store, and sorts them by drive. */
void fdstore_inherit(struct fdstore *s, const struct drives *drives);
/*
 * True if the store has any file of FunctionFS, also of a drive that is no longer configured: then
 * the last daemon's gadget is still bound.
 */
bool fdstore_has_files(const struct fdstore *s);
/*
 * Closes the files that are left in s->drive, and removes all inherited files from the store
 * except the drives' hand-over states. Waits for systemd, 5 s at most.
 */
void fdstore_discard(struct fdstore *s, const struct drives *drives);
void fdstore_free(struct fdstore *s);

/* Puts copies of the files into the store. 0 (also without a store) or -errno. */
int fdstore_put(const char *drive, const struct ffs_files *files, int handover);
/*
 * Removes the drives' files from the store: FunctionFS stays busy while systemd holds them.
 * Waits for systemd, 5 s at most.
 */
void fdstore_remove(const struct drives *drives);

#endif
