// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/asker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int asker_of(int socket, struct asker *out)
{
	struct ucred cred;
	socklen_t size = sizeof(cred), groups = sizeof(out->gid) - sizeof(out->gid[0]);

	memset(out, 0, sizeof(*out));
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	out->uid = cred.uid;
	out->gid[0] = cred.gid;
	out->count = 1;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &out->gid[1], &groups) == 0)
		out->count += groups / sizeof(out->gid[0]);
	else
		out->all = true;
	return 0;
}

static bool is_in_group(const struct asker *a, gid_t gid)
{
	for (unsigned i = 0; i < a->count; i++) {
		if (a->gid[i] == gid)
			return true;
	}
	return a->all;
}

bool asker_could_write(const struct asker *a, const struct stat *st)
{
	if (a->uid == 0 || a->uid == geteuid())
		return false;
	return (st->st_mode & S_IWOTH) || st->st_uid == a->uid ||
	       ((st->st_mode & S_IWGRP) && is_in_group(a, st->st_gid));
}
