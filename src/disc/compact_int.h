/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a compact disc is opened (disc_open.c), and how the recorder of a CD-R changes its map. */
#ifndef DISC_COMPACT_INT_H
#define DISC_COMPACT_INT_H

#include "cd/map.h"
#include "disc/layout.h"

struct disc_compact;

/*
 * The sectors of a compact disc as this map has them, which cd_map_check() accepts; file[i] is the
 * byte of the medium where file i begins. map NULL: a plain image of that many blocks. Returns NULL
 * if there is no memory.
 */
struct disc_compact *disc_compact_new(
	const struct cd_map *map, const uint64_t *file, uint32_t blocks);
/* NULL is fine. */
void disc_compact_free(struct disc_compact *c);
/* Returns the map, for the recorder of a CD-R or CD-RW, which changes it. */
struct cd_map *disc_compact_map(struct disc_compact *c);
/* The tracks and sessions of the map as a layout. */
void disc_compact_layout(const struct disc_compact *c, struct disc_layout *l);

#endif
