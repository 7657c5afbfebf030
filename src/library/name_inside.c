// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/name_inside.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *folder, const char *path)
{
	struct stat here, there;

	return stat(folder, &here) == 0 && stat(path, &there) == 0 && here.st_dev == there.st_dev &&
	       here.st_ino == there.st_ino;
}

const char *name_inside(const char *path, const char *name)
{
	size_t len = strlen(path);
	char start[PATH_MAX];
	const char *rest;

	while (name[0] == '.' && name[1] == '/')
		name += 1 + strspn(name + 1, "/");
	if (*name != '/' || strlen(name) >= sizeof(start))
		return name;
	while (len > 1 && path[len - 1] == '/')
		len--;
	rest = strncmp(name, path, len) == 0 && name[len] == '/' ? name + len : NULL;
	/* The last one counts: ".." may lead out of the folder and back. */
	for (const char *p = strchr(name + 1, '/'); p; p = strchr(p + 1, '/')) {
		memcpy(start, name, (size_t)(p - name));
		start[p - name] = '\0';
		if (is_folder(path, start))
			rest = p;
	}
	if (!rest)
		return name;
	rest += strspn(rest, "/");
	return *rest ? rest : name;
}
