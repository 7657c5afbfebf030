// SPDX-License-Identifier: GPL-2.0-or-later
/* How far a burn that is going on will come. */
#include "drive/drive_int.h"

#include <string.h>
#include <unistd.h>

#include "library/library.h"
#include "util/array.h"
#include "util/be.h"

#define PVD_BLOCK 16u /* ECMA-119 6.2.1 */

static int read_block(const struct drive *d, uint32_t block, uint8_t buf[MEDIA_BLOCK])
{
	struct library_file f;
	ssize_t n = -1;
	int fd;

	if (library_find(d->folder, d->in.name, &f) < 0)
		return -1;
	fd = f.dev == d->in.dev && f.ino == d->in.ino ? library_open(&f) : -1;
	if (fd >= 0) {
		n = pread(fd, buf, MEDIA_BLOCK, (off_t)block * MEDIA_BLOCK);
		close(fd);
	}
	library_forget(&f);
	return n == MEDIA_BLOCK ? 0 : -1;
}

/* ECMA-119 8.4: the volume's size stands in its first descriptor, in both byte orders. */
static uint32_t volume_blocks(const uint8_t *p)
{
	uint32_t blocks = get_le32(p + 80);

	if (memcmp(p, "\001CD001\001", 7) != 0 || blocks != get_be32(p + 84) ||
		get_be16(p + 130) != MEDIA_BLOCK)
		return 0;
	return blocks;
}

uint32_t drive_burn_end(struct drive *d, const struct mmc_state *m)
{
	uint8_t block[MEDIA_BLOCK];

	if (!m->loaded || m->type == DISC_DVD_ROM || m->finalised || !m->nwa)
		return 0;
	if (m->reserved)
		return m->nwa + m->free;
	/*
	 * Of an image that is burned from the first block on. The size in a later session's
	 * descriptor means one thing to one burner and another to the next.
	 */
	if (m->readable || m->testing || !d->in.name || m->nwa <= PVD_BLOCK) {
		d->volume.known = false;
		return 0;
	}
	if (!d->volume.known && read_block(d, PVD_BLOCK, block) == 0) {
		d->volume.blocks = volume_blocks(block);
		/* Not there yet is asked again: the writer may be a moment behind. */
		d->volume.known = d->volume.blocks > 0 || m->nwa > 1024;
	}
	return d->volume.known ? MIN(d->volume.blocks, m->capacity) : 0;
}
