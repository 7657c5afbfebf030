/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CRC-32 of zlib, Ethernet and cksum -o3 (reflected 04C11DB7h). It works by half bytes:
 * the table is small, and fast enough for the 64 KiB that are checked whenever a disc is
 * opened; tests open thousands.
 */
#ifndef UTIL_CRC32_H
#define UTIL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Returns the CRC of all data so far; crc is that of the data before, 0 at the start. */
static inline uint32_t crc32_add(uint32_t crc, const void *data, size_t len)
{
	static const uint32_t half[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
		0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	const uint8_t *p = data;

	crc = ~crc;
	while (len-- > 0) {
		crc ^= *p++;
		crc = crc >> 4 ^ half[crc & 15];
		crc = crc >> 4 ^ half[crc & 15];
	}
	return ~crc;
}

#endif
