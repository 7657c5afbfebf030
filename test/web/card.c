// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A card that is slow, or full, for tests of mmcgadget-web and of the daemon without USB:
 * preloaded, it stands in front of pwrite(), fallocate() and fstatvfs(). The file whose name is in
 * CARD says how the card is at this moment:
 *
 *     full        there is no room
 *     slow N      N kB/s, for each thread that writes
 *     no-room     fallocate() is not supported, as on many file systems
 *     free N      N bytes are free
 *
 * Anything else, or no file: as the real one.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static void *next(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return f;
}

/* Reads what the card is now. */
static void look(char out[32])
{
	const char *name = getenv("CARD");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd < 0 ? 0 : read(fd, out, 31);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* With 64-bit offsets, the headers call it pwrite64, and the others likewise. */
ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t);
	void *f = next("pwrite64");
	char card[32];

	memcpy(&real, &f, sizeof(real));
	look(card);
	if (strncmp(card, "full", 4) == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (strncmp(card, "slow ", 5) == 0) {
		unsigned long rate = strtoul(card + 5, NULL, 10), us = rate ? n * 1000 / rate : 0;
		struct timespec nap = {
			.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

		nanosleep(&nap, NULL);
	}
	return real(fd, data, n, at);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	int (*real)(int, int, off_t, off_t);
	void *f = next("fallocate64");
	char card[32];

	memcpy(&real, &f, sizeof(real));
	look(card);
	if (strncmp(card, "no-room", 7) == 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return real(fd, mode, at, n);
}

int fstatvfs(int fd, struct statvfs *fs)
{
	int (*real)(int, struct statvfs *);
	void *f = next("fstatvfs64");
	char card[32];
	int r;

	memcpy(&real, &f, sizeof(real));
	look(card);
	r = real(fd, fs);
	if (r == 0 && strncmp(card, "free ", 5) == 0)
		fs->f_bavail = (fsblkcnt_t)(strtoull(card + 5, NULL, 10) / fs->f_frsize);
	return r;
}
