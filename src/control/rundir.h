/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's directory below /run, and the locks that keep a second daemon out. */
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
 * Takes the lock, which goes with the process. 0; -EWOULDBLOCK: somebody has
 * it, *holder is its process id or 0; -errno.
 */
int lockfile_take(struct lockfile *l, const char *path, int *holder);
/* Gives it up and removes the file. */
void lockfile_release(struct lockfile *l);
/* Gives it up; the file stays, for that user to take. 0 or -errno. */
int lockfile_give(struct lockfile *l, uid_t uid, gid_t gid);

struct rundir {
	char path[96];
	int fd;
	bool made; /* by us: removed at the end */
	struct lockfile lock;
};

/* Makes path if missing, and locks it. 0, or -errno with the reason in why. */
int rundir_open(struct rundir *d, const char *path, char *why, size_t size);
void rundir_close(struct rundir *d);

#endif
