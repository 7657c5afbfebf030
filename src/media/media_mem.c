// SPDX-License-Identifier: GPL-2.0-or-later
/* A sparse medium in memory: a table of pieces, of which those never written are absent: zeros. */
#include "media/media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define PIECE_BLOCKS 512u   /* 1 MiB with blocks of 2048 bytes */
#define PIECES       49152u /* then 48 GiB, more than any disc of two layers */

struct media_mem {
	struct media m;
	uint8_t *piece[PIECES];
};

static int mem_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct media_mem *mm = (struct media_mem *)m;
	uint8_t *out = buf;

	for (uint32_t i = 0; i < count; i++, out += m->unit) {
		uint64_t b = block + i;
		const uint8_t *p = b / PIECE_BLOCKS < PIECES ? mm->piece[b / PIECE_BLOCKS] : NULL;

		if (p)
			memcpy(out, p + b % PIECE_BLOCKS * m->unit, m->unit);
		else
			memset(out, 0, m->unit);
	}
	return 0;
}

static int mem_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	const struct media_mem *mm = (struct media_mem *)m;
	const uint8_t *p = block / PIECE_BLOCKS < PIECES ? mm->piece[block / PIECE_BLOCKS] : NULL;
	uint32_t there = PIECE_BLOCKS - (uint32_t)(block % PIECE_BLOCKS);

	if (!p)
		return -EOPNOTSUPP;
	*data = p + block % PIECE_BLOCKS * m->unit;
	*count = MIN(*count, there);
	return 0;
}

static int mem_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct media_mem *mm = (struct media_mem *)m;
	const uint8_t *in = buf;

	if (block + count > (uint64_t)PIECES * PIECE_BLOCKS)
		return -EFBIG;
	for (uint32_t i = 0; i < count; i++, in += m->unit) {
		uint64_t b = block + i;
		uint8_t **p = &mm->piece[b / PIECE_BLOCKS];

		if (!*p)
			*p = calloc(PIECE_BLOCKS, m->unit);
		if (!*p)
			return -ENOSPC;
		memcpy(*p + b % PIECE_BLOCKS * m->unit, in, m->unit);
	}
	return 0;
}

static int mem_sync(struct media *m)
{
	(void)m;
	return 0;
}

/* Clears the blocks past the end: they read as zeros if the medium grows again. */
static int mem_truncate(struct media *m, uint64_t blocks)
{
	struct media_mem *mm = (struct media_mem *)m;

	for (uint64_t b = blocks; b < m->blocks && b < (uint64_t)PIECES * PIECE_BLOCKS; b++)
		if (mm->piece[b / PIECE_BLOCKS])
			memset(mm->piece[b / PIECE_BLOCKS] + b % PIECE_BLOCKS * m->unit, 0,
				m->unit);
	return 0;
}

static void mem_close(struct media *m)
{
	struct media_mem *mm = (struct media_mem *)m;

	for (size_t i = 0; i < PIECES; i++)
		if (mm->piece[i]) /* most are absent, and free() is slow under a sanitizer */
			free(mm->piece[i]);
	free(mm);
}

static const struct media_ops mem_ops = {
	.read = mem_read,
	.view = mem_view,
	.write = mem_write,
	.sync = mem_sync,
	.truncate = mem_truncate,
	.close = mem_close,
};

struct media *media_mem_new_units(uint32_t unit, uint64_t blocks, bool writable)
{
	struct media_mem *mm = calloc(1, sizeof(*mm));

	if (!mm)
		return NULL;
	mm->m.ops = &mem_ops;
	mm->m.unit = unit;
	mm->m.blocks = blocks;
	mm->m.writable = writable;
	return &mm->m;
}

struct media *media_mem_new(uint64_t blocks, bool writable)
{
	return media_mem_new_units(MEDIA_BLOCK, blocks, writable);
}
