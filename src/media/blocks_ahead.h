/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks ahead: while a file grows, the file system allocates the blocks of its next megabytes at
 * once, beyond its end. So writes find their blocks allocated: less work for each of them, and
 * longer pieces on a card. The size of the file never changes; blocks that the file has not grown
 * into are given back. Blocks in this file are those of the file system, not of a disc.
 *
 * This is best effort: if allocating fails, the file still grows in the usual way. All functions
 * may wait for storage. One thread at a time uses one struct. Offsets are in bytes.
 */
#ifndef MEDIA_BLOCKS_AHEAD_H
#define MEDIA_BLOCKS_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

/* In bytes: allocated beyond the end of the file; */
#define BLOCKS_AHEAD       (8u * 1024u * 1024u)
/* that must be appended without a gap before blocks are allocated ahead; */
#define BLOCKS_AHEAD_AFTER (1u * 1024u * 1024u)
/* that must stay free on the file system after the allocation. */
#define BLOCKS_AHEAD_ROOM  (64u * 1024u * 1024u)

struct blocks_ahead {
	int fd;
	bool off;          /* the file system cannot allocate ahead, or does not give blocks back */
	uint64_t from, to; /* start and end of the bytes appended without a gap */
	uint64_t allocated; /* end of what was allocated; 0 = nothing since it was given back */
};

/*
 * Sets up *a for the file, and gives back blocks that a killed daemon had left allocated. size:
 * st_size; sectors: st_blocks, of 512 bytes. fd still belongs to the caller and must stay open
 * while *a is used.
 */
void blocks_ahead_begin(struct blocks_ahead *a, int fd, uint64_t size, uint64_t sectors);
/*
 * Call it before writing the bytes from `at` to `end`, if `at` is the end of the file. May allocate
 * blocks beyond `end`.
 */
void blocks_ahead_append(struct blocks_ahead *a, uint64_t at, uint64_t end);
/* Gives back the blocks beyond the end of the file. */
void blocks_ahead_give_back(struct blocks_ahead *a);

#endif
