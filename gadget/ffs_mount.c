// SPDX-License-Identifier: GPL-2.0-or-later
/* Mounts FunctionFS. This needs root; using its files does not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "gadget/ffs.h"
#include "util/log.h"

#ifndef FUNCTIONFS_MAGIC
#define FUNCTIONFS_MAGIC 0xa647361
#endif

#define UMOUNT_TRIES    100
#define UMOUNT_PAUSE_NS 10000000L

bool ffs_is_mounted(const char *directory)
{
	struct statfs fs;

	return statfs(directory, &fs) == 0 && fs.f_type == FUNCTIONFS_MAGIC;
}

int ffs_mount(const char *instance, const char *directory, uid_t uid, gid_t gid)
{
	char options[96];
	int ret = 0;

	if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
		ret = -errno;
		log_error("%s: cannot make %s: %s", instance, directory, strerror(-ret));
		return ret;
	}
	/*
	 * Without no_disconnect: kernels up to 6.12 deadlock when ep0 of a mount with it is
	 * opened a second time.
	 */
	snprintf(options, sizeof(options), "rmode=0700,fmode=0600,uid=%lu,gid=%lu",
		(unsigned long)uid, (unsigned long)gid);
	if (mount(instance, directory, "functionfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) <
		0) {
		ret = -errno;
		log_error("%s: cannot mount functionfs at %s: %s%s", instance, directory,
			strerror(-ret),
			ret == -ENODEV ? " (no such function in configfs, or no usb_f_fs)" : "");
		rmdir(directory);
	}
	return ret;
}

void ffs_unmount(const char *directory)
{
	const struct timespec pause = {.tv_nsec = UMOUNT_PAUSE_NS};
	int tries = 0;

	/* A kernel worker that completes requests keeps the files open for a moment. */
	while (ffs_is_mounted(directory) && umount2(directory, 0) < 0) {
		if (errno == EBUSY && tries++ < UMOUNT_TRIES) {
			nanosleep(&pause, NULL);
			continue;
		}
		log_warn("cannot unmount %s: %s", directory, strerror(errno));
		umount2(directory, MNT_DETACH);
		break;
	}
	rmdir(directory);
}
