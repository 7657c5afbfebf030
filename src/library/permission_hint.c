// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/permission_hint.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS_MAX 64

static bool is_own_group(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getegid();
}

/* Puts a path in quotes if a shell would read it otherwise. False: no quotes help. */
static bool quote(const char *folder, const char *name, char *out, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-";
	bool is_plain = name[strspn(name, plain)] == '\0' && folder[strspn(folder, plain)] == '\0';
	const char *q = is_plain ? "" : "'";

	if (strchr(name, '\'') || strchr(folder, '\''))
		return false;
	return (size_t)snprintf(out, size, "%s%s/%s%s", q, folder, name, q) < size;
}

static const char *owner_of(const struct stat *st, char number[16])
{
	const struct passwd *pw = getpwuid(st->st_uid);

	snprintf(number, 16, "user %u", (unsigned)st->st_uid);
	return pw ? pw->pw_name : number;
}

void permission_hint(int folder, const char *folder_name, const char *name, const char *wanted,
	char out[PERMISSION_HINT])
{
	mode_t need = strchr(wanted, 'w') ? S_IRGRP | S_IWGRP : S_IRGRP;
	const struct group *group = getgrgid(getegid());
	char path[PERMISSION_HINT / 3], number[16];
	struct stat st;
	bool own;

	out[0] = '\0';
	if (fstatat(folder, name, &st, 0) < 0 || !quote(folder_name, name, path, sizeof(path)))
		return;
	own = is_own_group(st.st_gid);
	if (own && (st.st_mode & need) == need)
		return;
	if (own || !group)
		snprintf(out, PERMISSION_HINT, "; it belongs to %.32s: chmod g+%s %s",
			owner_of(&st, number), wanted, path);
	else
		snprintf(out, PERMISSION_HINT,
			"; it belongs to %.32s: sudo chgrp %.32s %s && sudo chmod g+%s %s",
			owner_of(&st, number), group->gr_name, path, wanted, path);
}
