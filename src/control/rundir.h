/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's directory below /run, and the locks that prevent a second daemon. */
#ifndef CONTROL_RUNDIR_H
#define CONTROL_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct lockfile {
	char path[128];
	int fd; /* -1 = not held */
};

/*
 * Takes the lock at path, until it is released or the process ends. 0; -EWOULDBLOCK: another
 * process has it, *holder is its process ID, 0 if unknown; -errno.
 */
int lockfile_take(struct lockfile *l, const char *path, int *holder);
/* Releases the lock and removes the file. */
void lockfile_release(struct lockfile *l);
/*
 * Releases the lock, and makes that user the owner of the file, who can then take the lock. 0
 * or -errno.
 */
int lockfile_give(struct lockfile *l, uid_t uid, gid_t gid);

struct rundir {
	char path[96];
	int fd;
	bool made; /* by rundir_open(), so rundir_close() removes it */
	struct lockfile lock;
};

/* Opens and locks the directory, which is made if missing. 0, or -errno with the reason in why. */
int rundir_open(struct rundir *d, const char *path, char *why, size_t size);
void rundir_close(struct rundir *d);

#endif
