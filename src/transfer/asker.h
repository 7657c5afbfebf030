/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which user is at the other end of a UNIX socket, and what this user may write. Any thread. */
#ifndef TRANSFER_ASKER_H
#define TRANSFER_ASKER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define ASKER_GROUPS 64u

struct asker {
	uid_t uid;
	unsigned count;
	gid_t gid[ASKER_GROUPS]; /* its group, and its other ones */
	bool all;                /* it may be in more groups than are known here */
};

/* Asks the kernel who has connected. 0 or -errno. */
int asker_of(int socket, struct asker *out);

/*
 * True if the modes of the file let the asker write to it: who has a descriptor of it for reading
 * could open it again for writing, through /proc. Root and the daemon's own user can do so anyway,
 * so that it is false for them. Pure but for the daemon's user.
 */
bool asker_could_write(const struct asker *a, const struct stat *st);

#endif
