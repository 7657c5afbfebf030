// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/kept_room.h"

#include <sys/stat.h>

#include "drive/drive.h"
#include "image/image.h"
#include "util/array.h"

#define MIB UINT64_C(1048576)

/*
 * A burn starts the write-back of its blocks every 8 MiB, so more than that unsynced means that the
 * card is behind. A burning program waits for some ten seconds before it gives up.
 */
#define BEHIND     (8 * MIB)
#define FAR_BEHIND (32 * MIB)

uint64_t kept_room_of_disc(const struct mmc_state *m, uint32_t burn_end)
{
	const struct disc_medium *medium;
	uint32_t blocks = m->free;

	if (!m->loaded && !m->ejected_by_host)
		return 0;
	medium = disc_medium_of(m->type);
	if (burn_end > m->nwa && burn_end - m->nwa < blocks)
		blocks = burn_end - m->nwa;
	if (mmc_state_is_overwritable(m) && m->capacity > m->image_blocks)
		blocks = MAX(blocks, m->capacity - m->image_blocks);
	return m->read_only ? 0 : image_largest(medium, blocks);
}

void kept_room_look(const struct drives *drives, const char *media, struct kept_room *out)
{
	struct stat here, there;
	bool known = stat(media, &here) == 0;

	*out = (struct kept_room){0};
	for (unsigned i = 0; i < drives->count; i++) {
		struct drive *d = drives->drive[i];
		struct drive_info info;

		/* If it is not known whether they share a card, they do. */
		if (known && stat(drive_media(d), &there) == 0 && here.st_dev != there.st_dev)
			continue;
		drive_get_info(d, &info);
		out->bytes += kept_room_of_disc(&info.mmc, drive_burn_end(d, &info.mmc));
		out->unsynced += image_largest(disc_medium_of(info.mmc.type), info.mmc.unsynced);
	}
	out->burning = out->unsynced > 0;
}

unsigned kept_room_wait_ms(const struct kept_room *k)
{
	return k->unsynced > FAR_BEHIND ? 1000 : k->unsynced > BEHIND ? 250 : 0;
}

uint32_t kept_room_piece(const struct kept_room *k)
{
	return (uint32_t)(k->burning ? MIB : 8 * MIB);
}
