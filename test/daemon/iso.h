/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the smallest part of an ISO 9660 image that has a label. */
#ifndef DAEMON_ISO_H
#define DAEMON_ISO_H

#include "daemon/scratch.h"

#define ISO_SIZE 40960u

/* Writes it at byte `at` of the file; bytes before that stay. label: any bytes, at most 32. */
static inline void put_iso_at(const char *name, uint64_t at, const char *label)
{
	/* ECMA-119 8.4: primary descriptor in block 16; 8.3: the end of them in block 17. */
	unsigned char block[2][2048] = {
		{1, 'C', 'D', '0', '0', '1', 1}, {255, 'C', 'D', '0', '0', '1', 1}};
	size_t n = strlen(label);
	int fd = open(in_scratch(name), O_RDWR | O_CREAT, 0644);

	assert_true(fd >= 0 && n <= 32);
	memset(block[0] + 8, ' ', 64);
	memcpy(block[0] + 40, label, n);
	assert_int_equal(pwrite(fd, block, sizeof(block), (off_t)(at + 16 * 2048)), sizeof(block));
	assert_int_equal(ftruncate(fd, (off_t)(at + ISO_SIZE)), 0);
	close(fd);
}

static inline void put_iso(const char *name, const char *label)
{
	put_iso_at(name, 0, label);
}

/* Sets the size of the volume that put_iso() wrote: in blocks, in both byte orders. */
static inline void put_iso_blocks(const char *name, uint32_t blocks)
{
	unsigned char size[8], unit[4] = {0x00, 0x08, 0x08, 0x00};
	int fd = open(in_scratch(name), O_WRONLY);

	for (unsigned i = 0; i < 4; i++)
		size[i] = size[7 - i] = (unsigned char)(blocks >> (8 * i));
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, size, 8, 16 * 2048 + 80), 8);
	assert_int_equal(pwrite(fd, unit, 4, 16 * 2048 + 128), 4);
	close(fd);
}

#endif
