// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/burn_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "media/store.h"

#define VERIFIED " verified"
#define PATH     (sizeof("/proc/self/fd/-2147483648/") + STORE_NAME_MAX)
#define TEXT     64u /* bytes of a mark at most, with a final 0 */

static void make_text(const struct timespec *written, bool verified, char text[TEXT])
{
	snprintf(text, TEXT, "%lld.%09ld%s", (long long)written->tv_sec, written->tv_nsec,
		verified ? VERIFIED : "");
}

int burn_mark_set(int dir, const char *base, bool verified)
{
	char path[PATH], text[TEXT];
	struct stat st;

	/* No call takes a folder's descriptor and the name of an attribute. */
	if (snprintf(path, PATH, "/proc/self/fd/%d/%s", dir, base) >= (int)PATH)
		return -ENAMETOOLONG;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	make_text(&st.st_mtim, verified, text);
	return lsetxattr(path, BURN_MARK, text, strlen(text), 0) < 0 ? -errno : 0;
}

enum burn_mark burn_mark_of(int fd, const struct timespec *written)
{
	char text[TEXT], wanted[TEXT];
	ssize_t n = fgetxattr(fd, BURN_MARK, text, sizeof(text) - 1);

	if (n < 0)
		return BURN_MARK_NONE;
	text[n] = '\0';
	make_text(written, false, wanted);
	if (strcmp(text, wanted) == 0)
		return BURN_MARK_BURNED;
	make_text(written, true, wanted);
	return strcmp(text, wanted) == 0 ? BURN_MARK_VERIFIED : BURN_MARK_NONE;
}
