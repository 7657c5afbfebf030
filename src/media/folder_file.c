// SPDX-License-Identifier: GPL-2.0-or-later
/* A folder of the file system, by its descriptor: names are looked up in this folder only. */
#include "media/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/burn_mark.h"

struct folder_file {
	struct folder f;
	int fd;
};

static int dir_of(struct folder *f)
{
	return ((struct folder_file *)f)->fd;
}

/* Opens regular files only, and does not wait if the name is that of a pipe. */
static int open_file(struct folder *f, const char *name, int flags)
{
	int fd = openat(
		dir_of(f), name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0664);
	struct stat st;
	int r = fd < 0 ? -errno : 0;

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	else if (r == 0 && !S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int file_read(struct folder *f, const char *name, char *buf, size_t size)
{
	int fd = open_file(f, name, O_RDONLY), r = 0;
	size_t have = 0;
	char more;

	if (fd < 0)
		return fd;
	while (r == 0 && have < size) {
		ssize_t n = read(fd, buf + have, size - have);

		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
		else if (errno != EINTR)
			r = -errno;
	}
	if (r == 0 && have == size && read(fd, &more, 1) > 0)
		r = -EFBIG;
	close(fd);
	return r < 0 ? r : (int)have;
}

static int file_write(struct folder *f, const char *name, const char *text, size_t len)
{
	int fd = open_file(f, name, O_WRONLY | O_CREAT), r = 0;
	size_t done = 0;

	if (fd < 0)
		return fd;
	while (r == 0 && done < len) {
		ssize_t n = pwrite(fd, text + done, len - done, (off_t)done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			r = n == 0 ? -EIO : -errno;
	}
	close(fd);
	return r;
}

static int sync_fd(int fd)
{
	/* EINVAL: a file system (some FUSE ones) that cannot sync folders. */
	return fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
}

static int file_sync(struct folder *f, const char *name)
{
	int fd = open_file(f, name, O_WRONLY), r;

	if (fd < 0)
		return fd;
	r = sync_fd(fd);
	close(fd);
	return r;
}

static int file_exchange(struct folder *f, const char *a, const char *b)
{
	return renameat2(dir_of(f), a, dir_of(f), b, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

static int file_rename(struct folder *f, const char *from, const char *to)
{
	return renameat(dir_of(f), from, dir_of(f), to) < 0 ? -errno : 0;
}

int folder_file_rename_in_steps(int dir, const char *from, const char *to, bool links)
{
	struct stat st;

	if (links && linkat(dir, from, dir, to, 0) == 0)
		return unlinkat(dir, from, 0) < 0 ? -errno : 0;
	if (links && errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -errno;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	return renameat(dir, from, dir, to) < 0 ? -errno : 0;
}

static int file_rename_new(struct folder *f, const char *from, const char *to)
{
	if (renameat2(dir_of(f), from, dir_of(f), to, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS
		       ? folder_file_rename_in_steps(dir_of(f), from, to, true)
		       : -errno;
}

static int file_link(struct folder *f, const char *from, const char *to)
{
	return linkat(dir_of(f), from, dir_of(f), to, 0) < 0 ? -errno : 0;
}

static int file_unlink(struct folder *f, const char *name)
{
	return unlinkat(dir_of(f), name, 0) < 0 ? -errno : 0;
}

static int file_mark_burned(struct folder *f, const char *image, bool verified)
{
	return burn_mark_set(dir_of(f), image, verified);
}

static int file_sync_names(struct folder *f)
{
	return sync_fd(dir_of(f));
}

static bool file_is_same(struct folder *f, struct folder *other)
{
	struct stat a, b;

	return fstat(dir_of(f), &a) == 0 && fstat(dir_of(other), &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void file_close(struct folder *f)
{
	folder_file_set_fd(f, -1);
	free(f);
}

static const struct folder_ops file_ops = {
	.read = file_read,
	.write = file_write,
	.sync = file_sync,
	.exchange = file_exchange,
	.rename = file_rename,
	.rename_new = file_rename_new,
	.link = file_link,
	.unlink = file_unlink,
	.mark_burned = file_mark_burned,
	.sync_names = file_sync_names,
	.is_same = file_is_same,
	.close = file_close,
};

struct folder *folder_file_new(int fd)
{
	struct folder_file *f = calloc(1, sizeof(*f));

	if (!f) {
		close(fd);
		return NULL;
	}
	f->f.ops = &file_ops;
	f->fd = fd;
	return &f->f;
}

struct folder *folder_file_of(int dir)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? NULL : folder_file_new(fd);
}

void folder_file_set_fd(struct folder *f, int fd)
{
	if (dir_of(f) >= 0)
		close(dir_of(f));
	((struct folder_file *)f)->fd = fd;
}

void store_this_boot(char boot[STORE_BOOT_MAX])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(boot, STORE_BOOT_MAX, f))
		boot[0] = '\0';
	if (f)
		fclose(f);
	boot[strcspn(boot, "\n")] = '\0';
}
