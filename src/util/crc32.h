/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32 as zlib, Ethernet and cksum -o3 have it (reflected 04C11DB7h). */
#ifndef UTIL_CRC32_H
#define UTIL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what crc is the checksum of, followed by data. crc is 0 at the start. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t len);

#endif
