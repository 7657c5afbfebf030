// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"

int file_log_error(int fd, bool *logged, const char *doing, int error)
{
	char link[40], path[256];
	ssize_t n;

	if (error == 0 || *logged)
		return error;
	*logged = true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	log_error("%s %.*s: %s", doing, n > 0 ? (int)n : 8, n > 0 ? path : "the file",
		strerror(-error));
	return error;
}

int file_read_all(int fd, void *to, size_t len, off_t at)
{
	uint8_t *buf = to;

	while (len > 0) {
		ssize_t n = pread(fd, buf, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* another program has shortened the file */
		buf += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Open file description locks belong to the descriptor, not to the process. */
static int lock_file(int fd, bool exclusive)
{
	struct flock fl = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &fl) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return -EBUSY;
	/* A file system without locks (some network mounts): the file is used without a lock. */
	return errno == EINVAL || errno == ENOLCK || errno == EOPNOTSUPP ? 0 : -errno;
}

int file_look(int fd, uint32_t unit, struct stat *st)
{
	if (fstat(fd, st) < 0)
		return -errno;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	/* Numbers of blocks have 32 bits, and the last two values stay free. With blocks of 1 byte,
	 * a file has less than 4 GiB. */
	if ((uint64_t)st->st_size > (uint64_t)0xfffffffe * unit)
		return -EFBIG;
	return 0;
}

int file_check(int fd, uint32_t unit, bool writable, struct stat *st)
{
	int r = file_look(fd, unit, st);

	return r < 0 ? r : lock_file(fd, writable);
}
