// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_raw.h"

#include <string.h>
#include <unistd.h>

/* The mode of the sector at that byte: 1 or 2; 0: there is no header of one (ECMA-130 14). */
static unsigned mode_at(int fd, uint64_t at)
{
	static const uint8_t sync[12] = {0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
	uint8_t head[16];

	if (pread(fd, head, sizeof(head), (off_t)at) != (ssize_t)sizeof(head) ||
		memcmp(head, sync, sizeof(sync)) != 0 || head[15] > 2)
		return 0;
	return head[15];
}

int image_raw_form(int fd, uint64_t size)
{
	unsigned mode;

	if (size < 2 * CD_SECTOR || size / CD_SECTOR > (uint64_t)CD_LBA_END)
		return -1;
	mode = mode_at(fd, 0);
	if (mode == 0 || mode != mode_at(fd, CD_SECTOR))
		return -1;
	return mode == 1 ? CD_MODE1 : CD_XA;
}

bool image_raw_is_chd(int fd)
{
	char head[8];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head, "MComprHD", sizeof(head)) == 0;
}

void image_raw_map(int form, uint64_t size, struct cd_map *out)
{
	uint32_t count = (uint32_t)(size / CD_SECTOR);

	*out = (struct cd_map){
		.first_track = 1,
		.tracks = 1,
		.sessions = 1,
		.files = 1,
		.extents = 1,
		.track[0] = {.pregap = CD_PREGAP,
			.length = count,
			.session = 1,
			.control = 4,
			.form = (uint8_t)form},
		/* PSEC of point A0 (MMC-6 table 500): CD-ROM, or XA. */
		.session[0] = {.format = form == CD_MODE1 ? 0x00 : 0x20,
			.lead_out = (int32_t)count},
		.extent[0] = {.count = count, .unit = CD_SECTOR},
	};
}
