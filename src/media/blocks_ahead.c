// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/blocks_ahead.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "util/array.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

/*
 * File systems that free the blocks beyond the end when a file is truncated to its own size. On
 * others the blocks would stay, and on FAT a power cut would leave a file with more clusters than
 * its size has, which repair tools report.
 */
static bool frees_on_truncate(const struct statfs *fs)
{
	static const unsigned long types[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if ((unsigned long)fs->f_type == types[i])
			return true;
	return false;
}

/* A tmpfs without a limit reports no blocks at all. */
static bool has_room(const struct statfs *fs)
{
	return fs->f_blocks == 0 ||
	       (uint64_t)fs->f_bavail * (uint64_t)fs->f_bsize >= BLOCKS_AHEAD + BLOCKS_AHEAD_ROOM;
}

/* Truncates the file to the size it has, whoever may have changed that. */
static void free_beyond_end(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		(void)!ftruncate(fd, st.st_size);
}

void blocks_ahead_begin(struct blocks_ahead *a, int fd, uint64_t size, uint64_t sectors)
{
	/* The file system counts its own blocks for the file, too: a few for each thousand. */
	const uint64_t own = size / 256 + 256u * 1024u;
	struct statfs fs;

	*a = (struct blocks_ahead){.fd = fd};
	a->off = fstatfs(fd, &fs) < 0 || !frees_on_truncate(&fs);
	if (!a->off && sectors * 512 > size + own)
		free_beyond_end(fd);
}

static void allocate(struct blocks_ahead *a, uint64_t end)
{
	struct statfs fs;

	/* On a nearly full card the blocks are left to those who need them now. */
	if (fstatfs(a->fd, &fs) < 0 || !has_room(&fs))
		return;
	if (fallocate(a->fd, FALLOC_FL_KEEP_SIZE, (off_t)end, BLOCKS_AHEAD) < 0)
		a->off = true;
	/* After a failure, too, some of the blocks may be allocated. */
	a->allocated = end + BLOCKS_AHEAD;
}

void blocks_ahead_append(struct blocks_ahead *a, uint64_t at, uint64_t end)
{
	if (a->off)
		return;
	if (at != a->to)
		a->from = at;
	a->to = end;
	if (end - a->from >= BLOCKS_AHEAD_AFTER && end >= a->allocated)
		allocate(a, end);
}

void blocks_ahead_give_back(struct blocks_ahead *a)
{
	if (a->allocated)
		free_beyond_end(a->fd);
	a->allocated = 0;
}
