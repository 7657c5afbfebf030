// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/volume.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "util/array.h"
#include "util/be.h"

#define BLOCK       2048u
#define DESCRIPTORS 16u  /* block of the first volume descriptor, ECMA-119 6.2.1 */
#define ANCHOR      256u /* block of the anchor volume descriptor pointer, ECMA-167 3/8.4.2.1 */
#define LOOK_AT     16u  /* descriptors of a sequence that are looked at */

static bool read_block(int fd, uint64_t block, uint8_t out[BLOCK])
{
	return pread(fd, out, BLOCK, (off_t)(block * BLOCK)) == BLOCK;
}

uint64_t volume_iso_size(const uint8_t *p)
{
	uint32_t blocks = get_le32(p + 80);
	uint16_t size = get_le16(p + 128);

	if (memcmp(p, "\001CD001\001", 7) != 0 || blocks != get_be32(p + 84) ||
		size != get_be16(p + 130))
		return 0;
	return (uint64_t)blocks * size;
}

/* True for a descriptor of this kind, ECMA-167 3/7.2: the sum of the tag's other bytes fits. */
static bool is_tag(const uint8_t *p, uint16_t kind)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < 16; i++)
		sum += i == 4 ? 0 : p[i];
	return get_le16(p) == kind && p[4] == sum;
}

/*
 * Returns the partition's end if the volume has one partition, at a fixed place (a partition map
 * of type 1). A partition that is written once is as large as the medium, whatever the
 * image has of it (UDF 2.2.10, virtual partitions).
 */
static uint64_t partition_end(int fd, uint32_t at, uint32_t count)
{
	enum { PARTITION = 5, LOGICAL_VOLUME = 6, END = 8, WRITE_ONCE = 2 };
	uint8_t p[BLOCK];
	uint64_t end = 0;
	bool fixed = false;

	for (uint32_t i = 0; i < count && read_block(fd, (uint64_t)at + i, p); i++) {
		if (is_tag(p, END))
			break;
		if (is_tag(p, PARTITION) && get_le32(p + 184) != WRITE_ONCE)
			end = (uint64_t)get_le32(p + 188) + get_le32(p + 192);
		if (is_tag(p, LOGICAL_VOLUME))
			fixed = get_le32(p + 212) == BLOCK && get_le32(p + 268) == 1 && p[440] == 1;
	}
	return fixed ? end * BLOCK : 0;
}

static uint64_t udf_size(int fd)
{
	uint8_t p[BLOCK];

	if (!read_block(fd, ANCHOR, p) || !is_tag(p, 2))
		return 0;
	return partition_end(fd, get_le32(p + 20), MIN(get_le32(p + 16) / BLOCK, LOOK_AT));
}

/* Descriptors that are read at once: those of nearly every image, so that one read is enough. */
#define AT_ONCE 3u

uint64_t volume_size(int fd)
{
	static const char *const standard[] = {"CD001", "BEA01", "BOOT2", "NSR02", "NSR03"};
	uint64_t size = 0, udf;
	uint8_t first[AT_ONCE * BLOCK], other[BLOCK];
	ssize_t n = pread(fd, first, sizeof(first), (off_t)DESCRIPTORS * BLOCK);
	size_t kind;

	for (unsigned i = 0; i < LOOK_AT; i++) {
		const uint8_t *p = i < AT_ONCE ? first + (size_t)i * BLOCK : other;

		if (i < AT_ONCE ? n < (ssize_t)((i + 1) * BLOCK)
				: !read_block(fd, DESCRIPTORS + i, other))
			break;
		for (kind = 0; kind < ARRAY_LEN(standard); kind++) {
			if (memcmp(p + 1, standard[kind], 5) == 0)
				break;
		}
		if (kind == ARRAY_LEN(standard))
			break;
		if (i == 0)
			size = volume_iso_size(p);
		if (kind >= 3) {
			udf = udf_size(fd);
			return udf > size ? udf : size;
		}
	}
	return size;
}
