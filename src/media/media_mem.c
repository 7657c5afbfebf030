// SPDX-License-Identifier: GPL-2.0-or-later
/* A sparse medium in memory: a table of pieces, of which those never written are absent: zeros. */
#include "media/media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define PIECE_BYTES 1048576u
#define PIECES      49152u /* 48 GiB, more than any disc of two layers */

struct media_mem {
	struct media m;
	uint32_t piece_blocks;
	uint8_t *piece[PIECES];
};

/* A run of blocks in one piece. */
struct run {
	uint8_t **piece; /* NULL: past the last one */
	size_t at;       /* byte in the piece */
	uint32_t blocks;
};

static struct run run_of(struct media_mem *mm, uint64_t block, uint32_t count)
{
	uint64_t piece = block / mm->piece_blocks;
	uint32_t in = (uint32_t)(block % mm->piece_blocks);

	return (struct run){
		.piece = piece < PIECES ? &mm->piece[piece] : NULL,
		.at = (size_t)in * mm->m.unit,
		.blocks = MIN(count, mm->piece_blocks - in),
	};
}

static int mem_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	uint8_t *out = buf;

	while (count) {
		struct run r = run_of((struct media_mem *)m, block, count);
		size_t len = (size_t)r.blocks * m->unit;

		if (r.piece && *r.piece)
			memcpy(out, *r.piece + r.at, len);
		else
			memset(out, 0, len);
		out += len;
		block += r.blocks;
		count -= r.blocks;
	}
	return 0;
}

static int mem_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct run r = run_of((struct media_mem *)m, block, *count);

	if (!r.piece || !*r.piece)
		return -EOPNOTSUPP;
	*data = *r.piece + r.at;
	*count = r.blocks;
	return 0;
}

static int mem_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct media_mem *mm = (struct media_mem *)m;
	const uint8_t *in = buf;

	if (block + count > (uint64_t)PIECES * mm->piece_blocks)
		return -EFBIG;
	while (count) {
		struct run r = run_of(mm, block, count);
		size_t len = (size_t)r.blocks * m->unit;

		if (!*r.piece)
			*r.piece = calloc(mm->piece_blocks, m->unit);
		if (!*r.piece)
			return -ENOSPC;
		memcpy(*r.piece + r.at, in, len);
		in += len;
		block += r.blocks;
		count -= r.blocks;
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
	for (uint64_t b = blocks; b < m->blocks;) {
		struct run r = run_of((struct media_mem *)m, b, UINT32_MAX);

		if (!r.piece)
			break;
		if (*r.piece)
			memset(*r.piece + r.at, 0, (size_t)r.blocks * m->unit);
		b += r.blocks;
	}
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
	mm->piece_blocks = PIECE_BYTES / unit;
	mm->m.blocks = blocks;
	mm->m.stamp.bytes = blocks * unit;
	mm->m.writable = writable;
	return &mm->m;
}

struct media *media_mem_new(uint64_t blocks, bool writable)
{
	return media_mem_new_units(MEDIA_BLOCK, blocks, writable);
}
