/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32 as zlib, Ethernet and BSD's "cksum -o 3" compute it (reflected 04C11DB7h). */
#ifndef UTIL_CRC32_H
#define UTIL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Returns the checksum of all data so far; crc is 0 or an earlier result. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t len);

#endif
