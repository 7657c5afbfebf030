/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much may still be written to a file system, and to one file of it. Any thread. */
#ifndef LIBRARY_FREE_ROOM_H
#define LIBRARY_FREE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Stores the bytes that the daemon's user may still write; what is reserved for root is not
 * counted. 0 or -errno.
 */
int free_room(int folder, uint64_t *bytes);
/* Does the same for the folder of that path. */
int free_room_at(const char *path, uint64_t *bytes);
/*
 * Stores the bytes of the whole file system, and whether it is mounted read-only: by its owner, or
 * by the kernel after an error. 0 or -errno.
 */
int total_room_at(const char *path, uint64_t *bytes, bool *read_only);

/*
 * Stores how large the regular file may become that is open as fd: `want` if it may become that
 * large, otherwise the limit of its file system, which is 4 GiB - 1 on FAT32. Moves the offset of
 * the descriptor. 0 or -errno.
 */
int largest_file(int fd, uint64_t want, uint64_t *bytes);

#endif
