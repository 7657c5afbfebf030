// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/free_room.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

int total_room_at(const char *path, uint64_t *bytes, bool *read_only)
{
	struct statvfs fs;

	if (statvfs(path, &fs) < 0)
		return -errno;
	*bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	*read_only = fs.f_flag & ST_RDONLY;
	return 0;
}

/* The kernel refuses an offset beyond the largest file of the file system. 1, 0 or -errno. */
static int may_end_at(int fd, uint64_t bytes)
{
	if (bytes > INT64_MAX || lseek(fd, (off_t)bytes, SEEK_SET) >= 0)
		return bytes <= INT64_MAX;
	return errno == EINVAL || errno == EOVERFLOW || errno == EFBIG ? 0 : -errno;
}

int largest_file(int fd, uint64_t want, uint64_t *bytes)
{
	uint64_t most = 0, beyond = want;
	int r = may_end_at(fd, want);

	if (r == 1)
		most = want;
	while (r >= 0 && most + 1 < beyond && most != want) {
		uint64_t middle = most + (beyond - most) / 2;

		r = may_end_at(fd, middle);
		if (r == 1)
			most = middle;
		else
			beyond = middle;
	}
	*bytes = most;
	return r < 0 ? r : 0;
}
