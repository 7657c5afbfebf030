/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much may still be written to a folder's file system. Any thread. */
#ifndef LIBRARY_FREE_ROOM_H
#define LIBRARY_FREE_ROOM_H

#include <stdint.h>

/*
 * Stores the bytes that the daemon's user may still write; what is reserved for root is not
 * counted. 0 or -errno.
 */
int free_room(int folder, uint64_t *bytes);
/* Does the same for the folder of that path. */
int free_room_at(const char *path, uint64_t *bytes);

#endif
