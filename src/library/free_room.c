// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/free_room.h"

#include <errno.h>
#include <sys/statvfs.h>

static int take(int r, const struct statvfs *fs, uint64_t *bytes)
{
	if (r < 0)
		return -errno;
	*bytes = (uint64_t)fs->f_bavail * fs->f_frsize;
	return 0;
}

int free_room(int folder, uint64_t *bytes)
{
	struct statvfs fs;

	return take(fstatvfs(folder, &fs), &fs, bytes);
}

int free_room_at(const char *path, uint64_t *bytes)
{
	struct statvfs fs;

	return take(statvfs(path, &fs), &fs, bytes);
}
