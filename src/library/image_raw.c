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
