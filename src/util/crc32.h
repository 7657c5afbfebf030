/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32 as zlib, Ethernet and cksum -o3 have it (reflected 04C11DB7h). Bit by bit: it runs
 * over some kilobytes a checkpoint, and a table would be the larger part of it.
 */
#ifndef UTIL_CRC32_H
#define UTIL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from crc, which is 0 at the start. */
static inline uint32_t crc32_add(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	while (len-- > 0) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

#endif
