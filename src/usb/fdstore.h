/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's file descriptor store (systemd.service(5), FileDescriptorStoreMax=):
 * what keeps the gadget bound while no daemon runs. Without systemd it is empty,
 * and nothing is put into it.
 */
#ifndef USB_FDSTORE_H
#define USB_FDSTORE_H

#include <stdbool.h>

#include "drive/drive.h"
#include "gadget/ffs.h"

/* What a drive has in the store; -1 = not there. */
struct fdstore_drive {
	struct ffs_files files;
	int handover;
};

struct fdstore {
	char **names; /* all that was in it, NULL-terminated; NULL = it was empty */
	struct fdstore_drive drive[DRIVE_MAX];
};

/* Empty, so that fdstore_free() is right at any time. */
void fdstore_init(struct fdstore *s);
/* Takes over what the daemon before us put there, by the drives' names. */
void fdstore_inherit(struct fdstore *s, const struct drives *drives);
/* Any file of FunctionFS is left in s->drive. */
bool fdstore_has_files(const struct fdstore *s);
/*
 * Closes what is left in s->drive, and takes what was inherited out of the store, but
 * for the drives' hand-over states.
 */
void fdstore_discard(struct fdstore *s, const struct drives *drives);
void fdstore_free(struct fdstore *s);

/* Copies go into the store. 0 (also without a store) or -errno. */
int fdstore_put(const char *drive, const struct ffs_files *files, int handover);
/* Out of the store again, before files are to be closed for good. */
void fdstore_remove(const struct drives *drives);

#endif
