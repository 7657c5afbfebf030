// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/doctor_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/root_file.h"

#define GROUPS_MAX 256

static bool has_member(const struct group *g, const char *user)
{
	for (char **member = g ? g->gr_mem : NULL; member && *member; member++) {
		if (strcmp(*member, user) == 0)
			return true;
	}
	return false;
}

/* True if the user has joined the group, although this login does not know it yet. */
static bool has_joined(const struct exam *x, const char *group, const char *user)
{
	const struct group *g;
	char path[512];
	FILE *f;

	if (*x->env->root == '\0')
		return has_member(getgrnam(group), user);
	root_path(x->env->root, path, sizeof(path), "/etc/group");
	f = fopen(path, "re");
	do
		g = f ? fgetgrent(f) : NULL;
	while (g && strcmp(g->gr_name, group) != 0);
	if (f)
		fclose(f);
	return has_member(g, user);
}

static const char *user_name(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user ? user->pw_name : "\"$USER\"";
}

void report_no_access(struct exam *x)
{
	const char *user = user_name();
	char group[64];

	if (!exam_bad(x, "daemon", "it runs, but this user may not use %s", x->env->socket))
		return;
	client_group(x->env->socket, group, sizeof(group));
	if (*group == '\0' || strcmp(group, "root") == 0)
		exam_advise(x, "Run this as root: sudo mmcgadgetctl doctor.");
	else if (has_joined(x, group, user))
		exam_advise(x,
			"Log out and in again: %s is in the group %s, but logged in before. Until "
			"then: newgrp %s, or run this as root: sudo mmcgadgetctl doctor.",
			user, group, group);
	else
		exam_advise(x,
			"Join the group %s (sudo usermod -aG %s %s, then log out and in again), or "
			"run this as root: sudo mmcgadgetctl doctor.",
			group, group, user);
}

/* ---- media folders ------------------------------------------------------------------------ */

static bool is_own_group(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, groups);

	for (int i = 0; i < n; i++) {
		if (groups[i] == gid)
			return true;
	}
	return getegid() == gid;
}

/* Writes what gives the user the right to write to a folder. */
static void advise_folder(
	const struct exam *x, const char *folder, const char *path, char *out, size_t size)
{
	const char *user = user_name();
	char group[64] = "";
	struct stat st;
	bool by_group = stat(path, &st) == 0 && (st.st_mode & S_IRWXG) == S_IRWXG;

	client_group(path, group, sizeof(group));
	by_group = by_group && *group && strcmp(group, "root") != 0;
	if (by_group && has_joined(x, group, user))
		snprintf(out, size,
			"%s is in its group, %s, but logged in before: log out and in again", user,
			group);
	else if (by_group && !is_own_group(st.st_gid))
		snprintf(out, size,
			"join its group: sudo usermod -aG %s %s, then log out and in again", group,
			user);
	else
		snprintf(out, size, "sudo ls -ld \"%s\" shows who may", folder);
}

/* Returns true if the drive before this one has the same folder, which is told once. */
static bool is_told(const json_t *drives, size_t i, const char *folder)
{
	const char *before = i == 0 ? NULL
				    : json_string_value(json_object_get(
					      json_array_get(drives, i - 1), "folder"));

	return before && strcmp(before, folder) == 0;
}

void check_folders(struct exam *x)
{
	const json_t *drives = json_object_get(x->env->status, "drives"), *each;
	size_t i;

	json_array_foreach(drives, i, each)
	{
		const char *folder = json_string_value(json_object_get(each, "folder"));
		const char *problem = json_string_value(json_object_get(each, "folder_problem"));
		char path[512], advice[768];

		if (!folder || is_told(drives, i, folder))
			continue;
		root_path(x->env->root, path, sizeof(path), "%s", folder);
		if (problem && *problem) {
			if (exam_bad(x, "discs", "%s", problem))
				exam_advise(x,
					"Mount or make the folder of the discs again, %s: "
					"drives[].media "
					"in mmcgadget.conf(5) says who must be able to write to "
					"it.",
					folder);
		} else if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) < 0 &&
			   errno == EACCES) {
			advise_folder(x, folder, path, advice, sizeof(advice));
			exam_note(x, "discs", "you may not put discs into %s; %s", folder, advice);
		}
	}
}
