// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/disc_in_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/checksum.h"
#include "media/store.h"
#include "util/array.h"

/*
 * True if a process has locked the image, which the daemon can only read: for example a compact
 * disc whose text names the image.
 */
static bool is_locked(const struct library_file *f)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = library_open(f);
	bool locked = fd >= 0 && fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

int disc_lock(const struct library_file *f, int *out)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd =
		openat(f->dir_fd, f->base, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*out = -1;
	if (fd < 0)
		return is_locked(f) ? -EBUSY : 0;
	if (fcntl(fd, F_OFD_SETLK, &fl) < 0 && (errno == EAGAIN || errno == EACCES)) {
		close(fd);
		return -EBUSY;
	}
	*out = fd;
	return 0;
}

bool disc_is_link(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

int disc_find_leftover(int folder, const char *name, struct library_file *f)
{
	static const char *const suffix[] = {STORE_SUFFIX, CHECKSUM_SUFFIX};
	char file[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(suffix) && r < 0; i++) {
		if (snprintf(file, sizeof(file), "%s%s", name, suffix[i]) >= (int)sizeof(file))
			return -ENAMETOOLONG;
		r = disc_is_link(folder, file) ? -ENOENT : library_find(folder, file, f);
		if (r == 0)
			f->base[strlen(f->base) - strlen(suffix[i])] = '\0';
	}
	return r;
}
