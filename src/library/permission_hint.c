// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/permission_hint.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/shell_word.h"

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

/* Writes the path of a file as a shell reads it. False: it does not fit. */
static bool quote(const char *folder, const char *name, char *out, size_t size)
{
	char path[PERMISSION_HINT / 3];

	return (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path) &&
	       shell_word(path, out, size);
}

/* A group has as many members as it wants, and its entry is as long. */
#define ENTRY_MAX (1u << 20)

/* Writes the user's name, or "user 1000" if there is none. */
static void find_owner(struct permission_names *n, uid_t uid)
{
	struct passwd entry, *found = NULL;
	char *buf = NULL;

	if (n->has_owner && n->uid == uid)
		return;
	n->has_owner = true;
	n->uid = uid;
	snprintf(n->owner, sizeof(n->owner), "user %u", (unsigned)uid);
	for (size_t size = 1024; size <= ENTRY_MAX; size *= 4) {
		free(buf);
		buf = malloc(size);
		if (!buf || getpwuid_r(uid, &entry, buf, size, &found) != ERANGE)
			break;
	}
	if (buf && found)
		snprintf(n->owner, sizeof(n->owner), "%.32s", found->pw_name);
	free(buf);
}

/* Writes the name of the group of this process. */
static void find_group(struct permission_names *n)
{
	struct group entry, *found = NULL;
	char *buf = NULL;

	if (n->has_group)
		return;
	n->has_group = true;
	n->group[0] = '\0';
	for (size_t size = 1024; size <= ENTRY_MAX; size *= 4) {
		free(buf);
		buf = malloc(size);
		if (!buf || getgrgid_r(getegid(), &entry, buf, size, &found) != ERANGE)
			break;
	}
	if (buf && found)
		snprintf(n->group, sizeof(n->group), "%.32s", found->gr_name);
	free(buf);
}

void permission_hint_of_many(struct permission_names *known, int folder, const char *folder_name,
	const char *name, const char *wanted, char out[PERMISSION_HINT])
{
	mode_t need;
	char path[PERMISSION_HINT / 3];
	struct stat st;
	bool own;

	out[0] = '\0';
	if (fstatat(folder, name, &st, 0) < 0 || !quote(folder_name, name, path, sizeof(path)))
		return;
	if (st.st_size == 0)
		wanted = "rw";
	need = strchr(wanted, 'w') ? S_IRGRP | S_IWGRP : S_IRGRP;
	own = is_own_group(st.st_gid);
	if (own && (st.st_mode & need) == need)
		return;
	find_owner(known, st.st_uid);
	find_group(known);
	if (own || known->group[0] == '\0')
		snprintf(out, PERMISSION_HINT, "; it belongs to %s: chmod g+%s %s", known->owner,
			wanted, path);
	else
		snprintf(out, PERMISSION_HINT,
			"; it belongs to %s: sudo chgrp %s %s && sudo chmod g+%s %s", known->owner,
			known->group, path, wanted, path);
}

void permission_hint(int folder, const char *folder_name, const char *name, const char *wanted,
	char out[PERMISSION_HINT])
{
	struct permission_names none = {0};

	permission_hint_of_many(&none, folder, folder_name, name, wanted, out);
}
