// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads the process ID in a lock file; 0: there is none. */
static int read_holder(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
}

/* 0; 1: try again, because the last holder removed the file that was locked here; -errno. */
static int try_lock(struct lockfile *l, int *holder)
{
	struct stat held, named;
	int r;

	l->fd = open(l->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (l->fd < 0)
		return -errno;
	/* All users can read the holder's process ID, whatever the umask is. */
	(void)fchmod(l->fd, 0644);
	if (flock(l->fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		*holder = read_holder(l->fd);
	} else if (fstat(l->fd, &held) == 0 && stat(l->path, &named) == 0 &&
		   held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
		return 0;
	} else {
		r = 1;
	}
	close(l->fd);
	l->fd = -1;
	return r;
}

int lockfile_take(struct lockfile *l, const char *path, int *holder)
{
	char pid[16];
	int r;

	*holder = 0;
	l->fd = -1;
	if (strlen(path) >= sizeof(l->path))
		return -ENAMETOOLONG;
	strcpy(l->path, path);
	do {
		r = try_lock(l, holder);
	} while (r == 1);
	if (r < 0)
		return r;
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	/* The process ID is only for messages, so errors do not matter. */
	if (ftruncate(l->fd, 0) == 0)
		(void)!pwrite(l->fd, pid, strlen(pid), 0);
	return 0;
}

void lockfile_release(struct lockfile *l)
{
	if (l->fd < 0)
		return;
	/*
	 * Unlinks before unlocking: the next holder of this inode sees that it has no name any
	 * more (try_lock). In a directory that only root can write to, the file cannot be
	 * removed, and stays.
	 */
	unlink(l->path);
	close(l->fd);
	l->fd = -1;
}

int lockfile_give(struct lockfile *l, uid_t uid, gid_t gid)
{
	int r = fchown(l->fd, uid, gid) < 0 ? -errno : 0;

	close(l->fd);
	l->fd = -1;
	return r;
}

static int open_dir(struct rundir *d, char *why, size_t size)
{
	struct stat st;
	int r;

	d->made = mkdir(d->path, 0755) == 0;
	if (!d->made && errno != EEXIST) {
		r = -errno;
		snprintf(why, size, "%s: %s", d->path, strerror(-r));
		return r;
	}
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0 || fstat(d->fd, &st) < 0) {
		r = -errno;
		snprintf(why, size, "%s: %s", d->path, strerror(-r));
		return r;
	}
	/* Another user who can write here could replace the daemon's files by links. */
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 022) != 0) {
		snprintf(why, size, "%s: not safe, because other users can write to it", d->path);
		return -EPERM;
	}
	/* Group members reach the socket in it, whatever the umask is. */
	if (d->made)
		(void)fchmod(d->fd, 0755);
	return 0;
}

/* True if a daemon holds the lock: an unsafe directory is mostly that of another user's daemon. */
static bool is_in_use(const struct rundir *d, const char *lock, int *holder)
{
	/* O_NONBLOCK: another user may have made a FIFO of that name. */
	const int flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
	int fd = d->fd < 0 ? -1 : open(lock, flags);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;

	if (held)
		*holder = read_holder(fd);
	if (fd >= 0)
		close(fd);
	return held;
}

int rundir_open(struct rundir *d, const char *path, char *why, size_t size)
{
	char lock[128];
	int r, holder = 0;

	memset(d, 0, sizeof(*d));
	d->fd = d->lock.fd = -1;
	snprintf(d->path, sizeof(d->path), "%s", path);
	snprintf(lock, sizeof(lock), "%s/lock", d->path);
	r = open_dir(d, why, size);
	if (r == 0) {
		r = lockfile_take(&d->lock, lock, &holder);
		if (r < 0)
			snprintf(why, size, "%s: %s", lock, strerror(-r));
	} else if (r == -EPERM && is_in_use(d, lock, &holder)) {
		r = -EWOULDBLOCK;
	}
	if (r == -EWOULDBLOCK)
		snprintf(why, size,
			"another mmcgadgetd (process %d) is running in %s; stop it first", holder,
			d->path);
	if (r < 0)
		rundir_close(d);
	return r;
}

void rundir_close(struct rundir *d)
{
	lockfile_release(&d->lock);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	/* Fails if the directory has other files, which are kept. */
	if (d->made)
		rmdir(d->path);
}
