/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks ahead: while a file grows, the file system allocates the blocks of its next megabytes at
 * once, beyond its end. So writes find their blocks allocated: less work for each of them, and
 * longer pieces on a card. The size of the file never changes; blocks that the file has not grown
 * into are given back.
 *
 * It is an attempt everywhere: where it fails, the file grows as it would without it. All functions
 * may wait for storage. One thread at a time uses one struct. Offsets are in bytes.
 */
#ifndef MEDIA_BLOCKS_AHEAD_H
#define MEDIA_BLOCKS_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCKS_AHEAD       (8u * 1024u * 1024u)  /* bytes allocated beyond the end */
#define BLOCKS_AHEAD_AFTER (1u * 1024u * 1024u)  /* bytes appended in a row before that begins */
#define BLOCKS_AHEAD_ROOM  (64u * 1024u * 1024u) /* bytes that have to be free besides */

struct blocks_ahead {
	int fd;
	bool off;           /* the file system cannot do it, or does not give blocks back */
	uint64_t from, to;  /* of the bytes appended in a row */
	uint64_t allocated; /* end of what was allocated; 0 = nothing since it was given back */
};

/*
 * Gives back what a daemon that was killed had allocated. The file has size bytes, and on storage
 * `blocks` units of 512 bytes (st_size and st_blocks). The caller keeps fd, and keeps it open.
 */
void blocks_ahead_begin(struct blocks_ahead *a, int fd, uint64_t size, uint64_t blocks);
/* Before the bytes from `at` to `end` are written; at the end of the file: it grows. */
void blocks_ahead_append(struct blocks_ahead *a, uint64_t at, uint64_t end);
/* Gives back the blocks beyond the end of the file. */
void blocks_ahead_give_back(struct blocks_ahead *a);

#endif
