// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/burn_end.h"

#include <string.h>
#include <unistd.h>

#include "util/array.h"
#include "util/be.h"

#define PVD_BLOCK 16u /* of the primary volume descriptor, ECMA-119 6.2.1 */

/* Returns 0, or -1 if the block is not there. */
static int read_block(const struct image *image, uint32_t block, uint8_t buf[MEDIA_BLOCK])
{
	int fd = image->place ? image_place_open(image->place) : -1;
	ssize_t n = -1;

	if (fd >= 0) {
		n = pread(fd, buf, MEDIA_BLOCK, (off_t)block * MEDIA_BLOCK);
		close(fd);
	}
	return n == MEDIA_BLOCK ? 0 : -1;
}

/* ECMA-119 8.4: the first descriptor gives the volume's size, in both byte orders. */
static uint32_t volume_blocks(const uint8_t *p)
{
	uint32_t blocks = get_le32(p + 80);

	if (memcmp(p, "\001CD001\001", 7) != 0 || blocks != get_be32(p + 84) ||
		get_be16(p + 130) != MEDIA_BLOCK)
		return 0;
	return blocks;
}

uint32_t burn_end_find(struct burn_end *b, const struct image *in, const struct mmc_state *m)
{
	uint8_t block[MEDIA_BLOCK];

	if (!m->loaded || m->finalised || !m->nwa)
		return 0;
	if (m->reserved)
		return m->nwa + m->free;
	if (m->announced_end)
		return m->announced_end;
	/*
	 * Only for an image that is burned from the disc's first block on. Burning programs
	 * do not agree on what the size in a later session's descriptor means.
	 */
	if (m->readable || m->testing || !in->name || m->nwa <= PVD_BLOCK) {
		b->known = false;
		return 0;
	}
	if (!b->known && read_block(in, PVD_BLOCK, block) == 0) {
		b->blocks = volume_blocks(block);
		/*
		 * The write-behind thread may not have written the block yet: read it again,
		 * up to block 1024.
		 */
		b->known = b->blocks > 0 || m->nwa > 1024;
	}
	return b->known ? MIN(b->blocks, m->capacity) : 0;
}
