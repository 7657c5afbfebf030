/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mount namespace of its own for a test, so that what it mounts is seen by it alone. */
#ifndef DAEMON_DRIVE_MOUNTS_H
#define DAEMON_DRIVE_MOUNTS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mount.h>

/* Whether the test has such a namespace, which only root may make. */
static bool may_mount;

/*
 * A group set-up of cmocka. It comes before the first drive is made, because a drive watches the
 * mounts of its namespace.
 */
static inline int enter_namespace(void **state)
{
	(void)state;
	may_mount = unshare(CLONE_NEWNS) == 0 &&
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

#endif
