// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/root_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 512

void root_path(const char *root, char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	snprintf(out, size, "%s", root);
	n = strlen(out);
	va_start(ap, fmt);
	vsnprintf(out + n, size - n, fmt, ap);
	va_end(ap);
}

bool root_has(const char *root, const char *path)
{
	char full[PATH_BYTES];

	root_path(root, full, sizeof(full), "%s", path);
	return access(full, F_OK) == 0;
}

bool root_line(const char *root, const char *path, char *out, size_t size)
{
	char full[PATH_BYTES];
	size_t n;
	FILE *f;

	out[0] = '\0';
	root_path(root, full, sizeof(full), "%s", path);
	f = fopen(full, "re");
	if (!f)
		return false;
	n = fread(out, 1, size - 1, f); /* strings of the device tree end in a NUL */
	fclose(f);
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return out[0] != '\0';
}

int root_make_folder(const char *root, const char *path)
{
	char whole[PATH_BYTES];

	root_path(root, whole, sizeof(whole), "%s", path);
	for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		if (mkdir(whole, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

void root_remove(const char *root, const char *path)
{
	char whole[PATH_BYTES];

	root_path(root, whole, sizeof(whole), "%s", path);
	unlink(whole);
	*strrchr(whole, '/') = '\0';
	rmdir(whole);
}
