// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libmmcshim.so, for LD_PRELOAD: gives a program the device node $MMCSHIM_NODE (default
 * /dev/sr0), and passes what the program does there to the server at $MMCSHIM_SOCKET. This
 * file replaces functions of the C library; shim_client.c does the work. A descriptor of
 * the device is a real one (a connected socket), so fork, dup, exec, poll and fcntl work
 * unchanged.
 */
/* Both the plain and the 64-bit names are defined here, so headers must not rename them. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/shim_client.h"

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static ssize_t answer(int64_t r)
{
	if (r < 0)
		errno = (int)-r;
	return r < 0 ? -1 : (ssize_t)r;
}

/*
 * True if the path is the device or names a descriptor of it (genisoimage -M /dev/fd/5), or is ""
 * and dirfd is such a descriptor.
 */
static bool is_device(int dirfd, const char *path)
{
	return shim_is_node(path) || (shim_is_empty(path) && shim_is_open(dirfd));
}

/* ---- open ----------------------------------------------------------------------------------- */

#define MODE_ARGUMENT(flags)                                                                       \
	mode_t mode = 0;                                                                           \
	if ((flags) & (O_CREAT | O_TMPFILE)) {                                                     \
		va_list ap;                                                                        \
		va_start(ap, flags);                                                               \
		mode = va_arg(ap, mode_t);                                                         \
		va_end(ap);                                                                        \
	}

int open(const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags)
	if (is_device(AT_FDCWD, path))
		return (int)answer(shim_open(flags));
	return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags)
	if (is_device(AT_FDCWD, path))
		return (int)answer(shim_open(flags));
	return REAL(open64)(path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags)
	if (shim_is_node(path))
		return (int)answer(shim_open(flags));
	return REAL(openat)(dirfd, path, flags, mode);
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	MODE_ARGUMENT(flags)
	if (shim_is_node(path))
		return (int)answer(shim_open(flags));
	return REAL(openat64)(dirfd, path, flags, mode);
}

/* The headers call these for open() under _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

int __openat_2(int dirfd, const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags);
}

int __openat64_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags)
{
	return openat64(dirfd, path, flags);
}

/* stdio calls read() inside the C library, which cannot be replaced: use a custom stream. */
static ssize_t stream_read(void *cookie, char *buf, size_t len)
{
	return answer(shim_read((int)(intptr_t)cookie, buf, len, -1));
}

static int stream_seek(void *cookie, off64_t *at, int whence)
{
	int64_t r = shim_seek((int)(intptr_t)cookie, *at, whence);

	if (r >= 0)
		*at = r;
	return answer(r) < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

static FILE *stream_open(const char *mode)
{
	cookie_io_functions_t io = {
		.read = stream_read, .seek = stream_seek, .close = stream_close};
	int64_t fd = shim_open(mode[0] == 'r' && !strchr(mode, '+') ? O_RDONLY : O_RDWR);

	if (answer(fd) < 0)
		return NULL;
	FILE *f = fopencookie((void *)(intptr_t)fd, mode, io);
	if (f)
		f->_fileno = (int)fd; /* unused in custom streams; fileno() below returns it */
	return f;
}

/* genisoimage -M seeks and reads through the descriptor of its stream. */
int fileno(FILE *f)
{
	int error = errno, fd = REAL(fileno)(f);

	if (fd >= 0 || !shim_is_open(f->_fileno))
		return fd;
	errno = error;
	return f->_fileno;
}

FILE *fopen(const char *path, const char *mode)
{
	return is_device(AT_FDCWD, path) ? stream_open(mode) : REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return is_device(AT_FDCWD, path) ? stream_open(mode) : REAL(fopen64)(path, mode);
}

/* ---- stat --------------------------------------------------------------------------------- */

/* struct stat and struct stat64 have the same members. */
#define FILL(st)                                                                                   \
	do {                                                                                       \
		memset((st), 0, sizeof(*(st)));                                                    \
		(st)->st_dev = makedev(0, 5);                                                      \
		(st)->st_ino = 0x5372;                                                             \
		(st)->st_mode = S_IFBLK | 0660;                                                    \
		(st)->st_nlink = 1;                                                                \
		(st)->st_rdev = makedev(SHIM_MAJOR, 0);                                            \
		(st)->st_blksize = 4096;                                                           \
	} while (0)

#define STAT_BY_PATH(name, type)                                                                   \
	int name(const char *path, struct type *st)                                                \
	{                                                                                          \
		if (!is_device(-1, path))                                                          \
			return REAL(name)(path, st);                                               \
		FILL(st);                                                                          \
		return 0;                                                                          \
	}

#define STAT_BY_FD(name, type)                                                                     \
	int name(int fd, struct type *st)                                                          \
	{                                                                                          \
		if (!shim_is_open(fd))                                                             \
			return REAL(name)(fd, st);                                                 \
		FILL(st);                                                                          \
		return 0;                                                                          \
	}

#define STAT_AT(name, type)                                                                        \
	int name(int dirfd, const char *path, struct type *st, int flags)                          \
	{                                                                                          \
		if (!is_device(flags & AT_EMPTY_PATH ? dirfd : -1, path))                          \
			return REAL(name)(dirfd, path, st, flags);                                 \
		FILL(st);                                                                          \
		return 0;                                                                          \
	}

STAT_BY_PATH(stat, stat)
STAT_BY_PATH(lstat, stat)
STAT_BY_PATH(stat64, stat64)
STAT_BY_PATH(lstat64, stat64)
STAT_BY_FD(fstat, stat)
STAT_BY_FD(fstat64, stat64)
STAT_AT(fstatat, stat)
STAT_AT(fstatat64, stat64)

/* Programs built against a C library older than 2.33 call these. */
#define XSTAT_BY_PATH(name, plain, type)                                                           \
	int name(int version, const char *path, struct type *st);                                  \
	int name(int version, const char *path, struct type *st)                                   \
	{                                                                                          \
		(void)version;                                                                     \
		return plain(path, st);                                                            \
	}
XSTAT_BY_PATH(__xstat, stat, stat)
XSTAT_BY_PATH(__lxstat, lstat, stat)
XSTAT_BY_PATH(__xstat64, stat64, stat64)
XSTAT_BY_PATH(__lxstat64, lstat64, stat64)

int __fxstat(int version, int fd, struct stat *st);
int __fxstat(int version, int fd, struct stat *st)
{
	(void)version;
	return fstat(fd, st);
}

int __fxstat64(int version, int fd, struct stat64 *st);
int __fxstat64(int version, int fd, struct stat64 *st)
{
	(void)version;
	return fstat64(fd, st);
}

int statx(int dirfd, const char *restrict path, int flags, unsigned mask, struct statx *restrict sx)
{
	if (!is_device(flags & AT_EMPTY_PATH ? dirfd : -1, path))
		return REAL(statx)(dirfd, path, flags, mask, sx);
	memset(sx, 0, sizeof(*sx));
	sx->stx_mask = STATX_BASIC_STATS;
	sx->stx_blksize = 4096;
	sx->stx_nlink = 1;
	sx->stx_mode = S_IFBLK | 0660;
	sx->stx_ino = 0x5372;
	sx->stx_rdev_major = SHIM_MAJOR;
	return 0;
}

/* ---- names -------------------------------------------------------------------------------- */

int access(const char *path, int mode)
{
	return is_device(-1, path) ? 0 : REAL(access)(path, mode);
}

int euidaccess(const char *path, int mode)
{
	return is_device(-1, path) ? 0 : REAL(euidaccess)(path, mode);
}

int faccessat(int dirfd, const char *path, int mode, int flags)
{
	return is_device(-1, path) ? 0 : REAL(faccessat)(dirfd, path, mode, flags);
}

ssize_t readlink(const char *restrict path, char *restrict buf, size_t size)
{
	return shim_is_node(path) ? answer(-EINVAL) : REAL(readlink)(path, buf, size);
}

ssize_t __readlink_chk(const char *path, char *buf, size_t size, size_t room);
ssize_t __readlink_chk(const char *path, char *buf, size_t size, size_t room)
{
	return readlink(path, buf, size < room ? size : room);
}

char *realpath(const char *restrict path, char *restrict out)
{
	if (!path || !shim_is_node(path))
		return REAL(realpath)(path, out);
	return out ? strcpy(out, shim_node()) : strdup(shim_node());
}

char *__realpath_chk(const char *path, char *out, size_t room);
char *__realpath_chk(const char *path, char *out, size_t room)
{
	(void)room;
	return realpath(path, out);
}

char *canonicalize_file_name(const char *path)
{
	return realpath(path, NULL);
}

/* ---- data --------------------------------------------------------------------------------- */

ssize_t read(int fd, void *buf, size_t len)
{
	return shim_is_open(fd) ? answer(shim_read(fd, buf, len, -1)) : REAL(read)(fd, buf, len);
}

/* An offset below 0 is an error of the program; only shim_read() takes it for the file position. */
ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
	return shim_is_open(fd) ? answer(at < 0 ? -EINVAL : shim_read(fd, buf, len, at))
				: REAL(pread)(fd, buf, len, at);
}

ssize_t pread64(int fd, void *buf, size_t len, off64_t at)
{
	return shim_is_open(fd) ? answer(at < 0 ? -EINVAL : shim_read(fd, buf, len, at))
				: REAL(pread64)(fd, buf, len, at);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	return read(fd, buf, len < room ? len : room);
}

ssize_t __pread_chk(int fd, void *buf, size_t len, off_t at, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t len, off_t at, size_t room)
{
	return pread(fd, buf, len < room ? len : room, at);
}

ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t at, size_t room);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t at, size_t room)
{
	return pread64(fd, buf, len < room ? len : room, at);
}

/* Fills the pieces in their order; at -1: from the file position. */
static ssize_t read_vector(int fd, const struct iovec *v, int count, int64_t at)
{
	ssize_t done = 0;

	if (count < 0 || count > IOV_MAX)
		return answer(-EINVAL);
	for (int i = 0; i < count; i++) {
		int64_t r = shim_read(fd, v[i].iov_base, v[i].iov_len, at < 0 ? -1 : at + done);

		if (r < 0)
			return done ? done : answer(r);
		done += (ssize_t)r;
		if ((uint64_t)r < v[i].iov_len)
			break;
	}
	return done;
}

ssize_t readv(int fd, const struct iovec *v, int count)
{
	return shim_is_open(fd) ? read_vector(fd, v, count, -1) : REAL(readv)(fd, v, count);
}

ssize_t preadv(int fd, const struct iovec *v, int count, off_t at)
{
	if (!shim_is_open(fd))
		return REAL(preadv)(fd, v, count, at);
	return at < 0 ? answer(-EINVAL) : read_vector(fd, v, count, at);
}

ssize_t preadv64(int fd, const struct iovec *v, int count, off64_t at)
{
	if (!shim_is_open(fd))
		return REAL(preadv64)(fd, v, count, at);
	return at < 0 ? answer(-EINVAL) : read_vector(fd, v, count, at);
}

/* The block device is read-only, whatever the disc (see shim_kernel.c). */
ssize_t write(int fd, const void *buf, size_t len)
{
	return shim_is_open(fd) ? answer(-EPERM) : REAL(write)(fd, buf, len);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return shim_is_open(fd) ? answer(-EPERM) : REAL(pwrite)(fd, buf, len, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t at)
{
	return shim_is_open(fd) ? answer(-EPERM) : REAL(pwrite64)(fd, buf, len, at);
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	return shim_is_open(fd) ? answer(-EPERM) : REAL(writev)(fd, v, count);
}

off_t lseek(int fd, off_t at, int whence)
{
	return shim_is_open(fd) ? (off_t)answer(shim_seek(fd, at, whence))
				: REAL(lseek)(fd, at, whence);
}

off64_t lseek64(int fd, off64_t at, int whence)
{
	return shim_is_open(fd) ? (off64_t)answer(shim_seek(fd, at, whence))
				: REAL(lseek64)(fd, at, whence);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	va_start(ap, request);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	if (shim_is_open(fd))
		return (int)answer(shim_ioctl(fd, request, arg));
	return REAL(ioctl)(fd, request, arg);
}
